"""What is a folder's own: keys stay inside, writes are whole, and a bucket has no empty folders."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from crossframe import errors
from crossframe.stores import Children, FolderStore


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "secret").write_bytes(b"secret")
    (tmp_path / "root").mkdir()
    return tmp_path / "root"


@pytest.fixture
def store(root: Path) -> FolderStore:
    return FolderStore(root)


def keys(store: FolderStore, prefix: str = "") -> list[str]:
    return [meta.key for meta in store.list(prefix)]


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


class TestStaysInside:
    @pytest.mark.parametrize("key", ["../outside/secret", "a/../../outside/secret", "/etc/hostname", ".."])
    def test_dots_and_absolute_paths(self, store: FolderStore, root: Path, key: str) -> None:
        for call in (store.get, store.head, store.delete, lambda key: store.put(key, b"")):
            with pytest.raises(errors.InvalidKeyError):
                call(key)
        with pytest.raises(errors.InvalidKeyError):
            list(store.list(key))
        with pytest.raises(errors.InvalidKeyError):
            store.children(key + "/")
        assert (root / "../outside/secret").read_bytes() == b"secret"

    def test_links_out(self, store: FolderStore, root: Path) -> None:
        (root / "file").symlink_to("../outside/secret")
        (root / "folder").symlink_to("../outside")
        (root / "absolute").symlink_to(root.parent / "outside")
        for key in ("file", "folder/secret", "absolute/secret"):
            for call in (store.get, store.head):
                with pytest.raises(errors.InvalidKeyError, match="symbolic link"):
                    call(key)
        for key in ("folder/new", "absolute/new", "folder/deep/new"):
            with pytest.raises(errors.InvalidKeyError, match="symbolic link"):
                store.put(key, b"")
        with pytest.raises(errors.InvalidKeyError, match="symbolic link"):
            store.delete("folder/secret")
        assert keys(store) == keys(store, "folder/") == keys(store, "folder/s") == []
        assert store.children() == store.children("folder/") == Children((), ())
        assert names(root.parent / "outside") == ["secret"]

    def test_a_link_out_is_replaced_not_followed(self, store: FolderStore, root: Path) -> None:
        (root / "file").symlink_to("../outside/secret")
        store.put("file", b"mine")
        assert store.get("file") == b"mine"
        assert (root / "../outside/secret").read_bytes() == b"secret"

    def test_links_within_are_followed(self, store: FolderStore, root: Path) -> None:
        store.put("a/2024.csv", b"bytes")
        (root / "a" / "latest.csv").symlink_to("2024.csv")
        (root / "b").symlink_to("a")
        (root / "a" / "round").symlink_to("..")
        (root / "dangling").symlink_to("nowhere")
        (root / "itself").symlink_to("itself")
        assert keys(store) == ["a/2024.csv", "a/latest.csv", "b/2024.csv", "b/latest.csv"]
        assert store.get("b/latest.csv") == b"bytes"
        assert store.children().prefixes == ("a/", "b/")
        with pytest.raises(errors.ObjectNotFoundError):
            store.get("dangling")

    def test_the_root_itself_may_be_a_link(self, store: FolderStore, root: Path) -> None:
        store.put("a/k", b"bytes")
        (root.parent / "link").symlink_to("root")
        linked = FolderStore(root.parent / "link")
        assert keys(linked) == ["a/k"]
        assert linked.get("a/k") == b"bytes"


class TestOwnNames:
    @pytest.mark.parametrize(
        "key", [".crossframe/lock", "a/.crossframe/x", ".crossframe-tmp-1", "a/.crossframe-tmp-1"]
    )
    def test_are_no_keys(self, store: FolderStore, root: Path, key: str) -> None:
        (root / key).parent.mkdir(parents=True, exist_ok=True)
        (root / key).write_bytes(b"")
        assert keys(store) == keys(store, "a/") == keys(store, ".cross") == []
        assert store.children() == store.children("a/") == Children((), ())
        assert store.children(".crossframe/") == Children((), ())
        with pytest.raises(errors.ObjectNotFoundError):
            store.get(key)
        with pytest.raises(errors.InvalidKeyError, match="the store's own"):
            store.put(key, b"")
        store.delete(key)
        assert (root / key).exists()

    def test_names_alike_are_keys(self, store: FolderStore) -> None:
        for key in (".crossframe-notes", ".crossframes/a", "x.crossframe"):
            store.put(key, b"")
        assert len(keys(store)) == 3


class TestFilesAndFolders:
    def test_an_object_and_objects_below_it(self, store: FolderStore) -> None:
        store.put("a/b", b"bytes")
        for key in ("a/b/c", "a/b/c/d"):
            with pytest.raises(errors.InvalidKeyError, match=r"can't hold both"):
                store.put(key, b"")
        for condition in (False, True):
            with pytest.raises(errors.InvalidKeyError, match="objects below 'a/'"):
                store.put("a", b"", if_absent=condition)
        assert keys(store) == ["a/b"]
        assert store.get("a/b") == b"bytes"

    def test_empty_folders_are_not_there(self, store: FolderStore, root: Path) -> None:
        (root / "a/b").mkdir(parents=True)
        (root / "c").mkdir()
        assert store.children() == Children((), ())
        assert keys(store) == []
        store.put("c", b"")
        assert keys(store) == ["c"]

    def test_a_delete_leaves_no_empty_folder_and_keeps_the_root(self, store: FolderStore, root: Path) -> None:
        store.put("a/b/c/d", b"")
        store.put("a/e", b"")
        store.delete("a/b/c/d")
        assert names(root / "a") == ["e"]
        store.delete("a/e")
        assert names(root) == [".crossframe"]

    def test_only_regular_files(self, store: FolderStore, root: Path) -> None:
        os.mkfifo(root / "pipe")
        assert keys(store) == []
        with pytest.raises(errors.ObjectNotFoundError):
            store.get("pipe")

    def test_names_that_are_no_text(self, store: FolderStore, root: Path) -> None:
        (root / os.fsdecode(b"latin-\xe9")).write_bytes(b"")
        store.put("k", b"")
        assert keys(store) == ["k"]

    def test_deep(self, store: FolderStore) -> None:
        key = "/".join("d" * 100) + "/k"
        store.put(key, b"")
        assert keys(store) == [key]
        store.delete(key)
        assert keys(store) == []

    def test_uri_is_encoded(self, tmp_path: Path) -> None:
        assert FolderStore(tmp_path / "a b%").uri == f"file://{tmp_path}/a%20b%25"


class TestWrites:
    def test_etag_is_size_and_time(self, store: FolderStore, root: Path) -> None:
        meta = store.put("k", b"bytes")
        found = (root / "k").stat()
        assert meta.etag == f"{5:x}-{found.st_mtime_ns:x}" == store.head("k").etag

    def test_a_file_from_the_future_is_replaced_by_a_later_one(self, store: FolderStore, root: Path) -> None:
        old = store.put("k", b"bytes")
        os.utime(root / "k", ns=(2**62, 2**62))
        new = store.put("k", b"BYTES")
        assert new.etag == f"5-{2**62 + 1:x}"
        assert new.modified > old.modified

    def test_nothing_half_written(
        self, store: FolderStore, root: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        store.put("k", b"old")

        def killed(*args: object, **more: object) -> None:
            raise KeyboardInterrupt

        monkeypatch.setattr(os, "replace", killed)
        with pytest.raises(KeyboardInterrupt):
            store.put("k", b"new")
        monkeypatch.undo()
        assert store.get("k") == b"old"
        assert names(root) == [".crossframe", "k"]
        assert [version.latest for version in store.versions("k")] == [True]
        assert store.uploads() == []

    def test_the_group_can_read(self, store: FolderStore, root: Path) -> None:
        umask = os.umask(0o027)
        try:
            store.put("k", b"")
        finally:
            os.umask(umask)
        assert (root / "k").stat().st_mode & 0o777 == 0o640

    @pytest.mark.parametrize("taken", [False, True])
    def test_without_hard_links(
        self, store: FolderStore, monkeypatch: pytest.MonkeyPatch, taken: bool
    ) -> None:
        def refuse(*args: object, **more: object) -> None:
            raise PermissionError(1, "no links here")

        monkeypatch.setattr(os, "link", refuse)
        if taken:
            store.put("k", b"old")
            with pytest.raises(errors.ObjectExistsError):
                store.put("k", b"new", if_absent=True)
        else:
            store.put("k", b"old", if_absent=True)
        assert store.get("k") == b"old"
        assert keys(store) == ["k"]

    def test_a_folder_where_nothing_was_replaced_stays_clean(self, store: FolderStore, root: Path) -> None:
        store.put("a/k.csv", b"", if_absent=True, media_type="text/csv")
        store.put("a/l", b"")
        assert names(root) == ["a"]
        store.put("a/l", b"")
        assert names(root) == [".crossframe", "a"]

    def test_conditions_hold_between_processes(self, store: FolderStore, root: Path) -> None:
        store.put("count", b"0")
        program = textwrap.dedent("""
            import sys
            from crossframe import errors
            from crossframe.stores import FolderStore

            store, done = FolderStore(sys.argv[1]), 0
            while done < 25:
                old = store.head("count")
                count = int(store.get("count"))
                try:
                    store.put("count", str(count + 1).encode(), if_match=old.etag)
                    done += 1
                except errors.PreconditionFailedError:
                    pass
        """)
        command = [sys.executable, "-c", program, str(root)]
        writers = [subprocess.Popen(command) for _ in range(3)]
        assert [writer.wait(timeout=60) for writer in writers] == [0, 0, 0]
        assert store.get("count") == b"75"
