"""What a folder keeps of the past: where, how much, and that nothing hostile gets in by it."""

from __future__ import annotations

import hashlib
import io
import json
import os
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from crossframe import errors
from crossframe.stores import FolderStore, Upload

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "secret").write_bytes(b"secret")
    (tmp_path / "root").mkdir()
    return tmp_path / "root"


@pytest.fixture
def store(root: Path) -> FolderStore:
    return FolderStore(root)


def aside(root: Path, key: str) -> Path:
    digest = hashlib.sha256(key.encode()).hexdigest()
    return root / ".crossframe" / "versions" / digest[:2] / digest


def about(root: Path, key: str, version: str = "") -> Path:
    digest = hashlib.sha256(key.encode()).hexdigest()
    return root / ".crossframe" / "metadata" / digest[:2] / f"{digest}{version and '.' + version}.json"


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def contents(store: FolderStore, key: str) -> list[str]:
    return [
        "-" if one.deleted else store.get(key, version=one.version).decode()
        for one in store.versions(key, exact=True)
    ]


class TestLayout:
    def test_of_a_replaced_content(self, store: FolderStore, root: Path) -> None:
        old = store.put("a/ü.csv", b"old")
        new = store.put("a/ü.csv", b"newer")
        folder = aside(root, "a/ü.csv")
        assert names(folder) == sorted(["key", old.etag])
        assert (folder / "key").read_bytes() == "a/ü.csv".encode()
        assert (folder / old.etag).read_bytes() == b"old"
        assert old.etag == old.version == f"3-{(folder / old.etag).stat().st_mtime_ns:x}"
        assert new.version == store.head("a/ü.csv").version == new.etag
        assert names(root / ".crossframe") == ["lock", "versions"]

    def test_of_a_deleted_content(self, store: FolderStore, root: Path) -> None:
        old = store.put("k", b"old")
        store.delete("k")
        folder = aside(root, "k")
        (marker,) = set(names(folder)) - {"key", old.etag}
        assert (folder / marker).read_bytes() == b""
        assert marker == f"{(folder / marker).stat().st_mtime_ns:x}.deleted"

    def test_of_metadata(self, store: FolderStore, root: Path) -> None:
        old = store.put("k", b"old", media_type="text/x-lab", metadata={"owner": "lab"})
        want = {"etag": old.etag, "media_type": "text/x-lab", "metadata": {"owner": "lab"}}
        assert json.loads(about(root, "k").read_bytes()) == want
        store.put("k", b"new")
        assert not about(root, "k").exists()
        assert json.loads(about(root, "k", old.etag).read_bytes()) == want
        assert store.head("k").metadata == {}
        assert store.head("k", version=old.etag).metadata == {"owner": "lab"}

    def test_of_expiry(self, store: FolderStore, root: Path) -> None:
        store.expire("tmp/", 30)
        found = json.loads((root / ".crossframe/expire.json").read_bytes())
        assert found == {"rules": [{"prefix": "tmp/", "days": 30}]}

    def test_a_usual_media_type_needs_no_file(self, store: FolderStore, root: Path) -> None:
        store.put("d.csv", b"", media_type="text/csv")
        store.put("d.rds", b"", media_type="application/x-r-rds")
        store.put("d.csv.gz", b"", media_type="application/gzip")
        assert names(root) == ["d.csv", "d.csv.gz", "d.rds"]
        assert [store.head(key).media_type for key in names(root)] == [
            "text/csv",
            "application/gzip",
            "application/x-r-rds",
        ]


class TestHowMany:
    def test_ten(self, store: FolderStore) -> None:
        for number in range(15):
            store.put("k", str(number).encode())
        assert contents(store, "k") == [str(number) for number in range(14, 3, -1)]

    def test_as_many_as_are_asked_for(self, store: FolderStore, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("CROSSFRAME_VERSIONS", "2")
        for number in range(5):
            store.put("k", str(number).encode(), metadata={"n": str(number)})
        assert contents(store, "k") == ["4", "3", "2"]
        assert len(names(about(store._root.path, "k").parent)) == 3

    def test_none(self, store: FolderStore, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        store.put("k", b"1")
        store.put("k", b"2")
        monkeypatch.setenv("CROSSFRAME_VERSIONS", "0")
        assert store.put("k", b"3").version is None
        assert contents(store, "k") == ["3"]
        assert not aside(root, "k").exists()
        store.delete("k")
        assert contents(store, "k") == []
        with pytest.raises(errors.ObjectNotFoundError):
            store.restore("k")

    @pytest.mark.parametrize("text", ["-1", "ten", "1.5", "٣"])
    def test_a_number(self, store: FolderStore, monkeypatch: pytest.MonkeyPatch, text: str) -> None:
        store.put("k", b"old")
        monkeypatch.setenv("CROSSFRAME_VERSIONS", text)
        with pytest.raises(errors.UsageError, match="CROSSFRAME_VERSIONS"):
            store.put("k", b"new")
        monkeypatch.undo()
        assert store.get("k") == b"old"

    def test_deletions_go_with_what_was_before(
        self, store: FolderStore, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("CROSSFRAME_VERSIONS", "2")
        for number in range(4):
            store.put("k", str(number).encode())
            store.delete("k")
        assert contents(store, "k") == ["-", "3", "-", "2"]

    def test_the_oldest_by_their_time(
        self, store: FolderStore, root: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (root / "k").write_bytes(b"from 1970")
        os.utime(root / "k", ns=(5, 5))
        monkeypatch.setenv("CROSSFRAME_VERSIONS", "1")
        store.put("k", b"1")
        assert contents(store, "k") == ["1", "from 1970"]
        store.put("k", b"2")
        assert contents(store, "k") == ["2", "1"]


class TestRestore:
    def test_more_than_once(self, store: FolderStore) -> None:
        first = store.put("a/k", b"first")
        store.put("a/k", b"second")
        for _ in range(3):
            store.delete("a/k")
            store.restore("a/k", first.etag)
            assert store.get("a/k") == b"first"
        assert store.restore("a/k", first.etag).etag == store.head("a/k").etag != first.etag

    def test_a_new_object_is_later_than_what_was_deleted(self, store: FolderStore, root: Path) -> None:
        store.put("k", b"bytes")
        os.utime(root / "k", ns=(2**62, 2**62))
        store.delete("k")
        store.put("k", b"BYTES")
        assert contents(store, "k") == ["BYTES", "-", "bytes"]

    def test_without_hard_links(self, store: FolderStore, monkeypatch: pytest.MonkeyPatch) -> None:
        def refuse(*args: object, **more: object) -> None:
            raise PermissionError(1, "no links here")

        monkeypatch.setattr(os, "link", refuse)
        for content in (b"1", b"2", b"3"):
            store.put("k", content)
        store.delete("k")
        assert contents(store, "k") == ["-", "3", "2", "1"]
        store.delete("k", version=next(store.versions("k")).version)
        assert contents(store, "k") == ["3", "2", "1"]

    def test_a_writer_killed_between_link_and_rename(
        self, store: FolderStore, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def killed(*args: object, **more: object) -> None:
            raise KeyboardInterrupt

        old = store.put("k", b"old")
        with monkeypatch.context() as patch:
            patch.setattr(os, "replace", killed)
            with pytest.raises(KeyboardInterrupt):
                store.put("k", b"new")
        assert contents(store, "k") == ["old"]
        store.put("k", b"new")
        assert contents(store, "k") == ["new", "old"]
        assert store.get("k", version=old.etag) == b"old"


class TestHostile:
    @pytest.mark.parametrize(
        "version",
        ["../../../../../outside/secret", "key", "6-0/../../x", "", ".", "..", "\0", "a" * 300, "6-é"],
    )
    def test_versions_can_not_lead_out(self, store: FolderStore, root: Path, version: str) -> None:
        store.put("k", b"old")
        store.put("k", b"new")
        for verb in (
            store.get,
            store.head,
            store.restore,
            lambda key, version: store.copy(key, "c", version=version),
        ):
            with pytest.raises(errors.ObjectNotFoundError):
                verb("k", version=version)
        store.delete("k", version=version)
        assert contents(store, "k") == ["new", "old"]
        assert (root / "../outside/secret").exists()

    def test_links_among_the_versions(self, store: FolderStore, root: Path) -> None:
        store.put("k", b"old")
        store.put("k", b"new")
        (aside(root, "k") / "6-1").symlink_to(root.parent / "outside" / "secret")
        assert contents(store, "k") == ["new", "old"]
        with pytest.raises(errors.ObjectNotFoundError):
            store.get("k", version="6-1")
        with pytest.raises(errors.ObjectNotFoundError):
            store.restore("k", "6-1")

    @pytest.mark.parametrize("which", [".crossframe", ".crossframe/versions", ".crossframe/metadata"])
    def test_our_own_folder_as_a_link(self, store: FolderStore, root: Path, which: str) -> None:
        store.put("k", b"old")
        (root / which).parent.mkdir(exist_ok=True)
        (root / which).symlink_to(root.parent / "outside")
        with pytest.raises(errors.InvalidKeyError, match="symbolic link"):
            store.put("k", b"new", metadata={"a": "b"})
        with pytest.raises(errors.InvalidKeyError, match="symbolic link"):
            list(store.versions("k", exact=True)) if "metadata" not in which else store.head("k")
        assert names(root.parent / "outside") == ["secret"]

    @pytest.mark.parametrize("target", [".crossframe", ".crossframe/versions"])
    def test_links_to_our_own_folder(self, store: FolderStore, root: Path, target: str) -> None:
        store.put("k", b"old")
        store.put("k", b"new")
        (root / "way").symlink_to(target)
        (root / "lock").symlink_to(".crossframe/lock")
        assert [meta.key for meta in store.list()] == ["k"]
        for key in ("lock", "way/lock"):
            with pytest.raises(errors.ObjectNotFoundError):
                store.get(key)
        with pytest.raises(errors.InvalidKeyError):
            store.put("way/new", b"")

    def test_a_version_that_lost_bytes(self, store: FolderStore, root: Path) -> None:
        old = store.put("k", b"old")
        store.put("k", b"new")
        with (aside(root, "k") / old.etag).open("wb") as file:
            file.write(b"o")
        with pytest.raises(errors.CorruptObjectError, match="damaged"):
            store.get("k", version=old.etag)

    def test_what_is_no_history_is_passed_over(self, store: FolderStore, root: Path) -> None:
        store.put("k", b"old")
        store.put("k", b"new")
        (root / ".crossframe/versions/zz").write_bytes(b"")
        other = aside(root, "other")
        other.mkdir(parents=True)
        (other / "key").write_bytes(b"not other")
        no_text = root / ".crossframe/versions/aa" / hashlib.sha256(b"\xff").hexdigest()
        no_text.mkdir(parents=True)
        (no_text / "key").write_bytes(b"\xff")
        (aside(root, "k") / "notes.txt").write_bytes(b"")
        (aside(root, "k") / "3-10000000000000000").write_bytes(b"abc")
        assert [one.key for one in store.versions()] == ["k", "k"]

    @pytest.mark.parametrize(
        "damage",
        [
            b"",
            b"{",
            b"[]",
            b"null",
            b'{"etag": 1}',
            b"\xff",
            b"[" * 100_000,
            b" " * 70_000,
            b'{"metadata": [1]}',
        ],
    )
    def test_damaged_metadata_are_none(self, store: FolderStore, root: Path, damage: bytes) -> None:
        store.put("k", b"bytes", metadata={"a": "b"})
        about(root, "k").write_bytes(damage)
        assert store.head("k").metadata == {}
        store.put("k", b"again", metadata={"a": "c"})
        assert store.head("k").metadata == {"a": "c"}

    def test_metadata_of_another_kind(self, store: FolderStore, root: Path) -> None:
        etag = store.put("k", b"bytes", metadata={"a": "b"}).etag
        damage = {"etag": etag, "media_type": 7, "metadata": {"a": 1, "c": "d"}}
        about(root, "k").write_text(json.dumps(damage))
        head = store.head("k")
        assert (head.media_type, head.metadata) == (None, {"c": "d"})

    @pytest.mark.parametrize(
        "damage",
        [b"", b"{}", b'{"rules": [{"prefix": "a", "days": 0}]}', b'{"rules": [{"prefix": 1, "days": 1}]}'],
    )
    def test_damaged_expiry_is_told(self, store: FolderStore, root: Path, damage: bytes) -> None:
        store.expire("tmp/", 1)
        (root / ".crossframe/expire.json").write_bytes(damage)
        with pytest.raises(errors.CorruptObjectError, match=r"expire\.json"):
            store.expiries()
        with pytest.raises(errors.CorruptObjectError):
            store.expire("other/", 1)
        assert (root / ".crossframe/expire.json").read_bytes() == damage


class TestLeftovers:
    def test_are_uploads(self, store: FolderStore, root: Path) -> None:
        (root / "a").mkdir()
        for name in ("a/.crossframe-tmp-1", ".crossframe-tmp-2", "a/k"):
            (root / name).write_bytes(b"")
        os.utime(root / "a/.crossframe-tmp-1", (1_600_000_000, 1_600_000_000))
        found = store.uploads()
        assert [one.key for one in found] == [".crossframe-tmp-2", "a/.crossframe-tmp-1"]
        assert found[1].started == datetime.fromtimestamp(1_600_000_000, UTC)
        assert [one.key for one in store.uploads("a/")] == ["a/.crossframe-tmp-1"]
        store.delete("a/k")
        for one in found:
            store.abort(one)
        assert store.uploads() == []
        assert names(root) == [".crossframe"]

    @pytest.mark.parametrize("key", ["k", "../outside/.crossframe-tmp-1", "a/../k", "way/.crossframe-tmp-1"])
    def test_nothing_else_is_aborted(self, store: FolderStore, root: Path, key: str) -> None:
        store.put("k", b"bytes")
        (root.parent / "outside" / ".crossframe-tmp-1").write_bytes(b"theirs")
        (root / "way").symlink_to(root.parent / "outside")
        with pytest.raises(errors.UsageError):
            store.abort(Upload(key, "x", datetime.now(UTC)))
        assert store.get("k") == b"bytes"
        assert (root.parent / "outside" / ".crossframe-tmp-1").exists()


def test_a_file_written_in_place_is_told(store: FolderStore, root: Path) -> None:
    """A foreign writer that does not rename is seen by the size."""

    class Growing(io.BytesIO):
        def write(self, data: object) -> int:
            with (root / "k").open("ab") as file:
                file.write(b"more")
            return super().write(data)  # type: ignore[arg-type]

    store.put("k", b"bytes")
    file = Growing()
    with pytest.raises(errors.CorruptObjectError, match="in place"):
        store.get_to("k", file)
    assert file.getvalue() == b""
