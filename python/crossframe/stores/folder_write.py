"""A write to a folder: to a temporary file beside the target, synced, then under its name."""

from __future__ import annotations

import contextlib
import os
import secrets
import stat
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from crossframe import errors
from crossframe.stores.checks import object_exists, precondition_failed
from crossframe.stores.folder_errors import name_changed
from crossframe.stores.folder_lock import locked
from crossframe.stores.folder_names import TEMPORARY, etag_of
from crossframe.stores.folder_own import needs_file, usual_media_type, write_about
from crossframe.stores.folder_root import is_kept, lstat, sync
from crossframe.stores.folder_versions import NO_LINKS, History, count_kept, give_name
from crossframe.stores.protocol import ObjectMeta

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from typing import BinaryIO

    from crossframe.stores.folder_root import Root

# Why not tempfile's mode: its files are closed to the group that shares the folder.
_MODE = 0o666
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW
# In ns: file systems keep times by the ns, the 100 ns, the ms, the second, or two.
_TICKS = (1, 1_000, 1_000_000, 1_000_000_000, 2_000_000_000)


@dataclass(frozen=True, slots=True)
class Write:
    """What is to be written, and when not.

    Attributes:
        key: Where to.
        if_absent: Not where there is an object.
        if_match: Only where the object has this ETag.
        media_type: What the writer says it is.
        metadata: What the writer says about it.
    """

    key: str
    if_absent: bool = False
    if_match: str | None = None
    media_type: str | None = None
    metadata: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True)
class _New:
    """A file not yet under its name, and the folder it is in."""

    folder: int
    temporary: str
    name: str
    file: int


def write(root: Root, order: Write, fill: Callable[[BinaryIO], object]) -> ObjectMeta:
    """Write a file: all of it, synced, or nothing.

    Args:
        root: The folder.
        order: Where to, and when not.
        fill: Writes the content.
    """
    with _new_file(root, order.key) as new:
        with os.fdopen(new.file, "wb", closefd=False) as file:
            fill(file)
        os.fsync(new.file)
        found = _put_in_place(root, new, order)
        sync(new.folder)
    etag = etag_of(found.st_size, found.st_mtime_ns)
    return meta_of(
        order.key,
        found,
        version=etag if count_kept() else None,
        media_type=order.media_type or usual_media_type(order.key),
        metadata=order.metadata,
    )


def meta_of(
    key: str,
    found: os.stat_result,
    *,
    version: str | None = None,
    media_type: str | None = None,
    metadata: Mapping[str, str] | None = None,
) -> ObjectMeta:
    """Describe a file."""
    return ObjectMeta(
        key,
        found.st_size,
        datetime.fromtimestamp(found.st_mtime, UTC),
        etag_of(found.st_size, found.st_mtime_ns),
        version,
        media_type=media_type,
        metadata=dict(metadata or {}),
    )


@contextlib.contextmanager
def _new_file(root: Root, key: str) -> Iterator[_New]:
    """Make a temporary file beside the target, which goes with the block unless it was renamed."""
    name, temporary = key.rpartition("/")[2], TEMPORARY + secrets.token_hex(8)
    with contextlib.ExitStack() as stack:
        # Why again: a concurrent delete may take the folder away that was just found empty.
        for last in (False, False, True):
            try:
                folder, _ = stack.enter_context(root.folder_of(key, create=True))
                file = os.open(temporary, _NEW, _MODE, dir_fd=folder)
                break
            except FileNotFoundError:
                stack.close()
                if last:
                    raise
        try:
            yield _New(folder, temporary, name, file)
        finally:
            os.close(file)
            with contextlib.suppress(FileNotFoundError):
                os.unlink(temporary, dir_fd=folder)


def _put_in_place(root: Root, new: _New, order: Write) -> os.stat_result:
    about = needs_file(order.key, order.media_type, order.metadata)
    if order.if_match is None and not about:
        found = _put_first(root, new, order)
        if found:
            return found
    with locked(root):
        while True:
            found = _put_locked(root, new, order, about=about)
            if found:
                return found


def _put_first(root: Root, new: _New, order: Write) -> os.stat_result | None:
    """Give the file its name where there is none yet, which takes no lock; else ``None``."""
    if _present(new, order.key) is not None:
        if order.if_absent:
            raise object_exists(order.key, root.uri)
        return None
    found = _stamp(new.file, History(root, order.key).newest())
    try:
        os.link(new.temporary, new.name, src_dir_fd=new.folder, dst_dir_fd=new.folder, follow_symlinks=False)
    except FileExistsError as error:
        if order.if_absent:
            raise object_exists(order.key, root.uri) from error
        return None
    except OSError as error:
        if error.errno not in NO_LINKS:
            raise
        return None
    _check_name(root, new, order.key)
    return found


def _put_locked(root: Root, new: _New, order: Write, *, about: bool) -> os.stat_result | None:
    """Put the file in the place of what is there, which is kept; ``None`` where it was overtaken."""
    key, history = order.key, History(root, order.key)
    old = _present(new, key)
    _check_conditions(root, order, old)
    found = _stamp(new.file, max(history.newest(), old.st_mtime_ns if old else 0))
    if old is not None:
        if not is_kept(new.folder, new.name):
            raise name_changed(key, root.uri)
        history.keep(new.folder, new.name, old)
    if about:
        write_about(root, key, etag_of(found.st_size, found.st_mtime_ns), order.media_type, order.metadata)
    if old is not None:
        os.replace(new.temporary, new.name, src_dir_fd=new.folder, dst_dir_fd=new.folder)
    elif not give_name(new.folder, new.temporary, new.folder, new.name):
        return None
    else:
        _check_name(root, new, key)
    history.prune()
    return found


def _check_conditions(root: Root, order: Write, old: os.stat_result | None) -> None:
    if order.if_absent and old is not None:
        raise object_exists(order.key, root.uri)
    if order.if_match is None:
        return
    if old is not None and stat.S_ISLNK(old.st_mode):
        # What readers see is what the link leads to.
        file = root.open_file(order.key)
        old = os.fstat(file)
        os.close(file)
    etag = etag_of(old.st_size, old.st_mtime_ns) if old is not None else None
    if etag != order.if_match:
        raise precondition_failed(order.key, root.uri, order.if_match, etag)


def _present(new: _New, key: str) -> os.stat_result | None:
    """Return what has the name; an empty folder makes way, since a bucket would not know of it."""
    old = lstat(new.folder, new.name)
    if old is None or not stat.S_ISDIR(old.st_mode):
        return old
    try:
        os.rmdir(new.name, dir_fd=new.folder)
    except FileNotFoundError:
        pass
    except OSError as error:
        raise errors.InvalidKeyError(
            f"Can't write '{key}': there are objects below '{key}/'.",
            hint="A folder can't hold both 'a' and 'a/b'; a bucket can.",
        ) from error
    return None


def _check_name(root: Root, new: _New, key: str) -> None:
    """Take back a file that the file system gave another name."""
    if not is_kept(new.folder, new.name):
        os.unlink(new.name, dir_fd=new.folder)
        raise name_changed(key, root.uri)


def _stamp(file: int, after: int) -> os.stat_result:
    """Give a file a time later than another: a file system's own clock ticks too slowly to tell two apart."""
    now = time.time_ns()
    for tick in _TICKS:
        when = max(now, after + tick)
        os.utime(file, ns=(when, when))
        found = os.fstat(file)
        if found.st_mtime_ns > after:
            break
    return found
