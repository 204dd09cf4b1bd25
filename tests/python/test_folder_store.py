"""What is a folder's own: keys stay inside, writes are whole, and a bucket has no empty folders."""

from __future__ import annotations

import contextlib
import fcntl
import io
import os
import stat
import subprocess
import sys
import textwrap
import threading
import time
import unicodedata
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from crossframe import errors
from crossframe.stores import (
    Children,
    FolderStore,
    folder_lock,
    folder_root,
    folder_versions,
    folder_write,
)

if TYPE_CHECKING:
    from collections.abc import Iterator


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


def run(program: str, *arguments: object) -> subprocess.Popen[str]:
    """Start a program that has ``FolderStore``, ``errors`` and ``sys``."""
    start = "import os, sys, time\nfrom crossframe import errors\nfrom crossframe.stores import FolderStore\n"
    command = [sys.executable, "-c", start + textwrap.dedent(program), *map(str, arguments)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


class TestProcesses:
    def test_one_winner_of_twelve(self, store: FolderStore, root: Path) -> None:
        program = """
            store, number = FolderStore(sys.argv[1]), sys.argv[2]
            print("ready", flush=True)
            while not os.path.exists(sys.argv[1] + "/go"):
                time.sleep(0.001)
            try:
                store.put("k", number.encode() * 100_000, if_absent=True)
                print("won")
            except errors.ObjectExistsError:
                print("lost")
        """
        racers = [run(program, root, f"{number:02}") for number in range(12)]
        for racer in racers:
            assert racer.stdout is not None
            assert racer.stdout.readline() == "ready\n"
        (root / "go").write_bytes(b"")
        ends = [racer.communicate(timeout=60)[0] for racer in racers]
        assert sorted(ends) == ["lost\n"] * 11 + ["won\n"]
        assert store.get("k") == f"{ends.index('won' + chr(10)):02}".encode() * 100_000
        assert names(root) == ["go", "k"]

    def test_a_thousand_reads_are_never_torn(self, store: FolderStore, root: Path) -> None:
        size = 100_000
        store.put("k", b"0" * size)
        program = """
            store, number = FolderStore(sys.argv[1]), 0
            while True:
                number += 1
                store.put("k", str(number % 10).encode() * int(sys.argv[2]))
        """
        writers = [run(program, root, size) for _ in range(2)]
        try:
            seen = set()
            for _ in range(1000):
                content = store.get("k")
                assert len(content) == size
                assert content == content[:1] * size
                seen.add(content[:1])
            # Once more until they have surely written, however slow the machine is.
            deadline = time.monotonic() + 60
            while len(seen) < 3 and time.monotonic() < deadline:
                seen.add(store.get("k", length=1))
            assert len(seen) >= 3
        finally:
            for writer in writers:
                writer.kill()
                writer.communicate()

    @pytest.mark.parametrize("verb", ["put", "delete", "restore"])
    def test_killed_in_mid_save(self, store: FolderStore, root: Path, verb: str) -> None:
        """Whenever a writer is killed, what is there is old or new, and the next writer is not stopped."""
        size = 2_000_000
        program = """
            store, size, verb = FolderStore(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
            print("ready", flush=True)
            number = 0
            while True:
                number += 1
                store.put("k", str(number % 10).encode() * size)
                if verb == "delete":
                    store.delete("k")
                if verb == "restore":
                    store.restore("k", list(store.versions("k"))[-1].version)
        """
        for attempt in range(6):
            writer = run(program, root, size, verb)
            assert writer.stdout is not None
            assert writer.stdout.readline() == "ready\n"
            time.sleep(0.01 + 0.02 * attempt)
            writer.kill()
            writer.communicate()
            for one in store.versions("k"):
                if not one.deleted:
                    content = store.get("k", version=one.version)
                    assert content == content[:1] * size
            assert len(list(store.versions("k"))) <= 22
            store.put("k", b"x" * size)
            assert store.get("k") == b"x" * size
        for left in store.uploads():
            store.abort(left)
        assert store.uploads() == []

    def test_a_lock_that_is_held_for_ever(
        self, store: FolderStore, root: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        store.put("k", b"old")
        store.put("k", b"old")
        monkeypatch.setattr(folder_lock, "_WAIT_S", 0.1)
        with (root / ".crossframe" / "lock").open() as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            with pytest.raises(errors.UnavailableError, match="another process is writing"):
                store.put("k", b"new")
            with pytest.raises(errors.UnavailableError):
                store.delete("k")
            # Reading and the first write of a key wait for nobody.
            assert store.get("k") == b"old"
            store.put("other", b"bytes")
        store.put("k", b"new")
        assert store.uploads() == []

    def test_whoever_may_write_may_lock_and_keep(self, store: FolderStore, root: Path) -> None:
        root.chmod(0o2770)
        umask = os.umask(0o077)
        try:
            store.put("k", b"1", metadata={"a": "b"})
            store.put("k", b"2")
        finally:
            os.umask(umask)
        own = root / ".crossframe"
        assert own.joinpath("lock").stat().st_mode & 0o777 == 0o666
        folders = [Path(folder) for folder, _, _ in os.walk(own)]
        assert len(folders) == 6
        assert {folder.stat().st_mode & 0o7777 for folder in folders} == {0o2770}


class TestSwappedForALink:
    """Somebody who may write to the folder puts a link where a folder was, at the worst moment."""

    @pytest.mark.parametrize("verb", ["get", "put", "delete", "versions", "copy"])
    def test_between_look_and_use(
        self, store: FolderStore, root: Path, monkeypatch: pytest.MonkeyPatch, verb: str
    ) -> None:
        store.put("a/secret", b"mine")
        real = os.path.realpath

        def swapped(path: str) -> str:
            found = real(path)
            if (root / "a").is_dir() and not (root / "a").is_symlink() and "/root/a" in str(path):
                (root / "a").rename(root / "b")
                (root / "a").symlink_to(root.parent / "outside")
            return found

        monkeypatch.setattr(os.path, "realpath", swapped)
        calls = {
            "get": lambda: store.get("a/secret"),
            "put": lambda: store.put("a/secret", b"theirs"),
            "delete": lambda: store.delete("a/secret"),
            "versions": lambda: list(store.versions("a/secret", exact=True)),
            "copy": lambda: store.copy("a/secret", "copy"),
        }
        with pytest.raises(errors.InvalidKeyError, match="symbolic link"):
            calls[verb]()
        assert (root / "a").is_symlink()
        assert (root.parent / "outside" / "secret").read_bytes() == b"secret"
        assert names(root.parent / "outside") == ["secret"]

    def test_in_a_race(self, store: FolderStore, root: Path) -> None:
        store.put("a/secret", b"mine")
        outside, stop = root.parent / "outside", threading.Event()

        def swap() -> None:
            while not stop.is_set():
                (root / "a").rename(root / "b")
                (root / "a").symlink_to(outside)
                (root / "a").unlink()
                (root / "b").rename(root / "a")

        swapper = threading.Thread(target=swap)
        swapper.start()
        try:
            for _ in range(300):
                with contextlib.suppress(errors.ObjectNotFoundError, errors.InvalidKeyError):
                    assert store.get("a/secret") == b"mine"
        finally:
            stop.set()
            swapper.join()
        assert names(outside) == ["secret"]


class TestNamesThatAFileSystemChanges:
    """As on a file system that knows no capitals, or writes accents its own way."""

    @pytest.fixture
    def no_capitals(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def lstat(folder: int, name: str) -> os.stat_result | None:
            for one in folder_root.names_in(folder):
                if one.lower() == name.lower():
                    return os.stat(one, dir_fd=folder, follow_symlinks=False)
            return None

        for module in (folder_root, folder_write, folder_versions):
            monkeypatch.setattr(module, "lstat", lstat)

    @pytest.mark.usefixtures("no_capitals")
    def test_capitals(self, store: FolderStore, root: Path) -> None:
        store.put("data/Readme", b"old")
        store.put("data/Readme", b"new")
        with pytest.raises(errors.InvalidKeyError, match="would change that name"):
            store.put("data/README", b"other")
        assert store.get("data/Readme") == b"new"
        assert names(root / "data") == ["Readme"]

    @pytest.mark.usefixtures("no_capitals")
    def test_capitals_of_a_folder(
        self, store: FolderStore, root: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        store.put("Data/k", b"old")
        real = os.open

        def opened(path: str, flags: int, mode: int = 0o777, *, dir_fd: int | None = None) -> int:
            return real("Data" if path == "data" else path, flags, mode, dir_fd=dir_fd)

        monkeypatch.setattr(os, "open", opened)
        with pytest.raises(errors.InvalidKeyError, match="would change that name"):
            store.put("data/l", b"other")
        assert names(root / "Data") == ["k"]

    def test_accents(self, store: FolderStore, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        link, unlink, stat_of = os.link, os.unlink, os.stat

        def decomposed(name: object) -> object:
            return unicodedata.normalize("NFD", name) if isinstance(name, str) else name

        monkeypatch.setattr(os, "link", lambda old, new, **more: link(old, decomposed(new), **more))
        monkeypatch.setattr(os, "unlink", lambda name, **more: unlink(decomposed(name), **more))
        monkeypatch.setattr(os, "stat", lambda name, **more: stat_of(decomposed(name), **more))
        with pytest.raises(errors.InvalidKeyError, match="would change that name"):
            store.put("\u00fc", b"bytes")
        assert names(root) == []
        store.put("u\u0308", b"bytes")
        assert names(root) == ["u\u0308"]

    def test_twins_that_are_two_files(self, store: FolderStore) -> None:
        for key in ("a", "A", "\u00fc", "u\u0308"):
            store.put(key, key.encode())
        assert keys(store) == ["A", "a", "u\u0308", "\u00fc"]


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of a mebibyte."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(disk)]
    if os.geteuid() or subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("may not mount")
    try:
        yield disk
    finally:
        subprocess.run(["umount", "-l", str(disk)], check=True)


class TestFullDisk:
    @pytest.mark.parametrize("write", ["put", "put_from", "copy"])
    def test_the_old_is_whole(self, small_disk: Path, tmp_path: Path, write: str) -> None:
        store = FolderStore(small_disk / "root")
        store.put("a/k", b"old" * 100_000)
        other = FolderStore(tmp_path / "other")
        big = b"new!" * 250_000
        other.put("big", big)
        calls = {
            "put": lambda: store.put("a/k", big),
            "put_from": lambda: store.put_from("a/k", io.BytesIO(big)),
            "copy": lambda: store.copy("big", "a/k", source=other),
        }
        with pytest.raises(errors.UnavailableError, match="full") as caught:
            calls[write]()
        assert "is whole" in str(caught.value)
        assert store.get("a/k") == b"old" * 100_000
        assert names(small_disk / "root" / "a") == ["k"]
        assert store.uploads() == []
        with pytest.raises(errors.UnavailableError, match="full"):
            store.put("new/deep/key", big)
        assert keys(store) == ["a/k"]
        store.put("a/k", b"small")
        assert store.get("a/k") == b"small"

    def test_no_room_for_what_is_kept(self, small_disk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """Where the old content has to be copied to be kept, and can't: it stays."""

        def refuse(*args: object, **more: object) -> None:
            raise PermissionError(1, "no links here")

        store = FolderStore(small_disk / "root")
        store.put("k", b"old" * 200_000)
        monkeypatch.setattr(os, "link", refuse)
        with pytest.raises(errors.UnavailableError, match="full"):
            store.put("k", b"new")
        assert store.get("k") == b"old" * 200_000
        assert store.uploads() == []


def test_a_write_is_synced_before_it_has_its_name(
    store: FolderStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the order of the system's calls: file, name, folder."""
    store.put("a/k", b"old")
    done: list[str] = []
    sync, replace = os.fsync, os.replace

    def synced(file: int) -> None:
        sync(file)
        done.append("folder" if stat.S_ISDIR(os.fstat(file).st_mode) else "file")

    def replaced(*names: str, **more: int) -> None:
        replace(*names, **more)
        done.append("name" if names[1] == "k" else "own")

    monkeypatch.setattr(os, "fsync", synced)
    monkeypatch.setattr(os, "replace", replaced)
    store.put("a/k", b"new")
    assert done[0] == "file"
    assert done[-2:] == ["name", "folder"]
    assert done.index("folder") < done.index("name")
