"""Contents of a folder that were replaced or deleted: kept aside, the last few of each key.

The layout is R's, too: see ``folder_names``. All that changes it is done under the root's lock.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import secrets
import shutil
import stat
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple

from crossframe.errors import CorruptObjectError, UsageError
from crossframe.stores.abilities import VersionMeta
from crossframe.stores.folder_names import (
    KEY_FILE,
    TEMPORARY,
    VERSIONS,
    content_time,
    etag_of,
    marker_of,
    marker_time,
    versions_folder,
)
from crossframe.stores.folder_own import forget_about, keep_about, read_file, write_file
from crossframe.stores.folder_root import lstat, names_in, open_own, sync

if TYPE_CHECKING:
    from collections.abc import Iterator

    from crossframe.stores.folder_root import Root

_KEPT = 10
# Where a file system or its rules allow no second name for a file.
NO_LINKS = {errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK, errno.EXDEV}
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW


class Entry(NamedTuple):
    """A version: when it was written or deleted in ns, its id, its size; ``None`` for a deletion."""

    time: int
    version: str
    size: int | None


def count_kept() -> int:
    """Return how many old contents of a key are kept.

    Raises:
        UsageError: ``CROSSFRAME_VERSIONS`` is no such number.
    """
    text = os.environ.get("CROSSFRAME_VERSIONS", "").strip()
    if not text:
        return _KEPT
    if not (text.isascii() and text.isdigit()):
        raise UsageError(f"CROSSFRAME_VERSIONS must be a whole number, 0 or more, not '{text}'.")
    return int(text)


class History:
    """The old contents of one key.

    Args:
        root: The folder.
        key: The key.
    """

    def __init__(self, root: Root, key: str) -> None:
        self._root = root
        self._key = key
        self._path = versions_folder(key)

    def entries(self) -> list[Entry]:
        """Return contents and deletions, the newest first."""
        try:
            with self._root.own(self._path) as folder:
                found = [_entry(folder, name) for name in names_in(folder)]
        except (FileNotFoundError, NotADirectoryError):
            return []
        return sorted((entry for entry in found if entry), reverse=True)

    def newest(self) -> int:
        """Return when the last of them was made, in ns; what is new must be later."""
        return max((entry.time for entry in self.entries()), default=0)

    def open(self, version: str) -> int:
        """Open an old content for reading.

        Raises:
            FileNotFoundError: There is none with that id.
            CorruptObjectError: It has lost or gained bytes.
        """
        if content_time(version) is None:
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT))
        with self._root.own(self._path) as folder:
            file = open_own(version, folder)
        found = os.fstat(file)
        if int(version.partition("-")[0], 16) != found.st_size:
            os.close(file)
            raise CorruptObjectError(
                f"Can't read version '{version}' of '{self._key}' in {self._root.uri}: it is damaged.",
                f"It has {found.st_size:,} bytes, not those its name tells.",
            )
        return file

    def keep(self, folder: int, name: str, found: os.stat_result) -> None:
        """Keep a content that is about to be replaced; it stays where it is, too."""
        if not count_kept() or not stat.S_ISREG(found.st_mode):
            return
        version = etag_of(found.st_size, found.st_mtime_ns)
        with self._root.own(self._path, create=True) as aside:
            self._note_key(aside)
            _link_or_copy(folder, name, aside, version, found)
            # Before the old name goes: a crash must not take both.
            sync(aside)
        keep_about(self._root, self._key, version)

    def bury(self, folder: int, name: str, found: os.stat_result) -> None:
        """Take a content away, keep it, and note the deletion."""
        if not count_kept() or not stat.S_ISREG(found.st_mode):
            os.unlink(name, dir_fd=folder)
            return
        self.keep(folder, name, found)
        os.unlink(name, dir_fd=folder)
        now = max(time.time_ns(), self.newest() + 1)
        with self._root.own(self._path, create=True) as aside:
            marker = marker_of(now)
            os.close(os.open(marker, _NEW, 0o666, dir_fd=aside))
            os.utime(marker, ns=(now, now), dir_fd=aside, follow_symlinks=False)

    def revive(self, folder: int, name: str) -> None:
        """Give the name to the newest content again, where the last deletion or content was removed."""
        entries = self.entries()
        if not entries or entries[0].size is None:
            return
        version = entries[0].version
        with self._root.own(self._path) as aside:
            if give_name(aside, version, folder, name):
                with contextlib.suppress(FileNotFoundError):
                    os.unlink(version, dir_fd=aside)

    def drop(self, version: str) -> None:
        """Remove a content or the mark of a deletion for ever; no error where there is none."""
        if content_time(version) is None and marker_time(version) is None:
            return
        with contextlib.suppress(FileNotFoundError), self._root.own(self._path) as aside:
            os.unlink(version, dir_fd=aside)
        forget_about(self._root, self._key, version)

    def prune(self) -> None:
        """Remove the oldest contents beyond those that are kept, and deletions older than any."""
        entries = self.entries()
        contents = [entry for entry in entries if entry.size is not None]
        kept = contents[: count_kept()]
        for entry in contents[len(kept) :]:
            self.drop(entry.version)
        for entry in entries:
            if entry.size is None and (not kept or entry.time < kept[-1].time):
                self.drop(entry.version)
        if not kept:
            self._remove()

    def _remove(self) -> None:
        """Remove the folder of a key that has no history any more."""
        with contextlib.suppress(OSError):
            with self._root.own(self._path) as aside:
                os.unlink(KEY_FILE, dir_fd=aside)
            self._root.prune(self._path)

    def _note_key(self, aside: int) -> None:
        """Write down which key the folder belongs to: a digest does not tell."""
        if read_file(self._root, f"{self._path}/{KEY_FILE}") != self._key.encode():
            write_file(aside, KEY_FILE, self._key.encode())


def give_name(source: int, temporary: str, target: int, name: str) -> bool:
    """Give a file its name unless that is taken; tell whether it was free.

    The file may keep its old name, too. Without links this is for the holder of the lock only.
    """
    try:
        # Why a link: unlike a rename it never replaces, whoever else is writing.
        os.link(temporary, name, src_dir_fd=source, dst_dir_fd=target, follow_symlinks=False)
    except FileExistsError:
        return False
    except OSError as error:
        if error.errno not in NO_LINKS:
            raise
        # FAT and some shares: the best to be had is a look under the lock.
        if lstat(target, name) is not None:
            return False
        os.rename(temporary, name, src_dir_fd=source, dst_dir_fd=target)
    return True


def versions_of(key: str, current: os.stat_result | None, entries: list[Entry]) -> Iterator[VersionMeta]:
    """Yield the versions of one key, the current content first, then the newest."""
    now = None
    if current is not None:
        now = etag_of(current.st_size, current.st_mtime_ns)
        yield VersionMeta(
            key, now, _zoned(current.st_mtime_ns), current.st_size, now, latest=True, deleted=False
        )
    for number, (time_ns, version, size) in enumerate(entries):
        # The same content twice: a writer was killed while it replaced it.
        if version != now:
            deleted = size is None
            etag, latest = "" if deleted else version, deleted and number == 0 and now is None
            yield VersionMeta(key, version, _zoned(time_ns), size or 0, etag, latest=latest, deleted=deleted)


def _zoned(time_ns: int) -> datetime:
    return datetime.fromtimestamp(time_ns / 1e9, UTC)


def keys_with_history(root: Root, prefix: str) -> Iterator[str]:
    """Yield the keys that have old contents, in no order."""
    for path in _subfolders(root, VERSIONS):
        for below in _subfolders(root, path):
            content = read_file(root, f"{below}/{KEY_FILE}")
            if content is None or hashlib.sha256(content).hexdigest() != below.rpartition("/")[2]:
                continue
            with contextlib.suppress(UnicodeDecodeError):
                key = content.decode()
                if key.startswith(prefix):
                    yield key


def _subfolders(root: Root, path: str) -> list[str]:
    try:
        with root.own(path) as folder:
            return [f"{path}/{name}" for name in names_in(folder)]
    except (FileNotFoundError, NotADirectoryError):
        return []


def _entry(folder: int, name: str) -> Entry | None:
    deleted = marker_time(name)
    if deleted is not None:
        return Entry(deleted, name, None)
    written = content_time(name)
    found = lstat(folder, name) if written is not None else None
    if written is None or found is None or not stat.S_ISREG(found.st_mode):
        return None
    return Entry(written, name, found.st_size)


def _link_or_copy(folder: int, name: str, aside: int, version: str, found: os.stat_result) -> None:
    try:
        os.link(name, version, src_dir_fd=folder, dst_dir_fd=aside, follow_symlinks=False)
    except FileExistsError:
        # Left by a writer that was killed between the link and the rename.
        return
    except OSError as error:
        if error.errno not in NO_LINKS:
            raise
        _copy(folder, name, aside, version, found)


def _copy(folder: int, name: str, aside: int, version: str, found: os.stat_result) -> None:
    temporary = TEMPORARY + secrets.token_hex(8)
    try:
        with (
            os.fdopen(open_own(name, folder), "rb") as source,
            os.fdopen(os.open(temporary, _NEW, 0o666, dir_fd=aside), "wb") as target,
        ):
            shutil.copyfileobj(source, target, 1 << 20)
            target.flush()
            os.utime(target.fileno(), ns=(found.st_atime_ns, found.st_mtime_ns))
            os.fsync(target.fileno())
        os.replace(temporary, version, src_dir_fd=aside, dst_dir_fd=aside)
    finally:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(temporary, dir_fd=aside)
