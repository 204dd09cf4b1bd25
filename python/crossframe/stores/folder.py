"""A folder as a store: no server, no account, and the same promises as a bucket.

A write goes to a temporary file beside the target, which is synced and renamed, so that a reader
sees the old content or the new. Keys are paths below the root. Names of our own, ``.crossframe`` and
``.crossframe-tmp-*``, are no keys.

ETags are ``<size in hex>-<mtime in ns, hex>``; a write sets the time itself, later than that of the
content it replaces, since a file system's own clock ticks too slowly to tell two writes apart.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import secrets
import stat
import time
from datetime import UTC, datetime
from itertools import takewhile
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from crossframe import errors
from crossframe.stores.checks import (
    check_range,
    check_write,
    no_versions,
    object_exists,
    object_not_found,
    precondition_failed,
)
from crossframe.stores.folder_listing import Listing, is_within
from crossframe.stores.folder_names import INTERNAL, TEMPORARY, is_internal
from crossframe.stores.protocol import Children, ObjectMeta

if TYPE_CHECKING:
    from collections.abc import Iterator

    from typing_extensions import Buffer

_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_NO_SUCH_NAME = {errno.ENAMETOOLONG, errno.EILSEQ, errno.EINVAL}
_NO_HARD_LINKS = {errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK}


class FolderStore:
    """Bytes by key below a folder.

    Args:
        root: The folder; made by the first write where it does not exist.
    """

    def __init__(self, root: str | os.PathLike[str]) -> None:
        self._root = Path(root).absolute()

    @property
    def uri(self) -> str:
        """Where the store is."""
        # Why not as_uri: of the file system's root, too, a key is added after a slash.
        return f"file://{quote(str(self._root)).rstrip('/')}"

    def get(
        self, key: str, *, start: int = 0, length: int | None = None, version: str | None = None
    ) -> bytes:
        """Return the bytes of a file, or a range of them."""
        check_range(start, length)
        path, _ = self._find(key, version)
        with self._errors("read", key), path.open("rb") as file:
            file.seek(start)
            return file.read(-1 if length is None else length)

    def put(
        self,
        key: str,
        data: Buffer,
        *,
        if_absent: bool = False,
        if_match: str | None = None,
        media_type: str | None = None,  # noqa: ARG002 - a file has none
    ) -> ObjectMeta:
        """Write a file: all of it, synced, or nothing."""
        check_write(key, if_absent=if_absent, if_match=if_match)
        path = self._path(key)
        if path is None or is_internal(key):
            raise errors.InvalidKeyError(
                f"Can't write '{key}': names that begin with '{INTERNAL}' are the store's own."
            )
        content = memoryview(data).cast("B")
        with self._errors("write", key):
            # Why again: a concurrent delete may take the folder away that was just found empty.
            for last in (False, False, True):
                try:
                    _make_folder(path.parent)
                    return self._write(key, path, content, if_absent=if_absent, if_match=if_match)
                except FileNotFoundError:
                    if last:
                        raise
        raise AssertionError  # pragma: no cover - the loop returns or raises

    def head(self, key: str, *, version: str | None = None) -> ObjectMeta:
        """Describe one file."""
        _, found = self._find(key, version)
        return _meta(key, found)

    def list(self, prefix: str = "") -> Iterator[ObjectMeta]:
        """Yield the files whose key starts with ``prefix``, in byte order of the keys."""
        self._check_inside(prefix)
        with self._errors("list", prefix):
            self._check_root()
            for key, found in Listing(self._root).below(prefix):
                yield _meta(key, found)

    def children(self, prefix: str = "") -> Children:
        """List one level below ``prefix``."""
        self._check_inside(prefix)
        with self._errors("list", prefix):
            self._check_root()
            prefixes, objects = Listing(self._root).level(prefix)
            return Children(tuple(prefixes), tuple(_meta(key, found) for key, found in objects))

    def delete(self, key: str) -> None:
        """Remove a file and the folders left empty; no error where there is none."""
        path = self._path(key)
        with contextlib.suppress(errors.ObjectNotFoundError), self._errors("delete", key):
            self._check_root()
            if path is None or path.is_dir():
                return
            with self._locked(create=False):
                path.unlink()
            self._prune(path.parent)

    def _find(self, key: str, version: str | None) -> tuple[Path, os.stat_result]:
        """Return the regular file of a key."""
        if version is not None:
            raise no_versions(self.uri)
        path = self._path(key)
        with self._errors("read", key):
            self._check_root()
            if path is not None:
                found = path.stat()
                # Why regular only: a folder is no object, and opening a pipe would wait for ever.
                if stat.S_ISREG(found.st_mode):
                    if not is_within(path, self._root):
                        raise self._leads_out(key)
                    return path, found
        raise object_not_found(key, self.uri)

    def _path(self, key: str) -> Path | None:
        """Return where a key's file lies, ``None`` where there can be none.

        Raises:
            InvalidKeyError: The way there leaves the root.
        """
        self._check_inside(key)
        if "\0" in key or is_internal(key) or not {"", "."}.isdisjoint(key.split("/")):
            return None
        path = self._root / key
        if not is_within(path.parent, self._root):
            raise self._leads_out(key)
        return path

    def _check_inside(self, key: str) -> None:
        if key.startswith("/") or ".." in key.split("/"):
            raise errors.InvalidKeyError(
                f"Can't reach '{key}': the key leaves the root {self.uri}.",
                hint="Give an absolute path, or set another root.",
            )

    def _check_root(self) -> None:
        if not self._root.is_dir():
            raise errors.BucketNotFoundError(
                f"Can't find the folder '{self._root}'.", hint="It is made by the first save to it."
            )

    def _leads_out(self, key: str) -> errors.InvalidKeyError:
        return errors.InvalidKeyError(
            f"Can't reach '{key}': a symbolic link leads out of the root {self.uri}."
        )

    def _write(
        self, key: str, path: Path, content: memoryview, *, if_absent: bool, if_match: str | None
    ) -> ObjectMeta:
        temporary = path.with_name(TEMPORARY + secrets.token_hex(8))
        try:
            _write_synced(temporary, content)
            with self._locked(create=if_match is not None):
                old = _stat(path)
                if old and stat.S_ISDIR(old.st_mode):
                    old = None
                    _remove_empty(path, key)
                if if_match is not None and (old is None or _etag(old) != if_match):
                    raise precondition_failed(key, self.uri, if_match, _etag(old) if old else None)
                now = max(time.time_ns(), old.st_mtime_ns + 1 if old else 0)
                os.utime(temporary, ns=(now, now))
                new = temporary.stat()
                if not if_absent:
                    temporary.replace(path)
                elif not self._link(temporary, path):
                    raise object_exists(key, self.uri)
            _sync(path.parent)
        finally:
            temporary.unlink(missing_ok=True)
        return _meta(key, new)

    def _link(self, temporary: Path, path: Path) -> bool:
        """Give a finished file its name unless that is taken; tell whether it was free."""
        try:
            # Why a link: unlike a rename it never replaces, whoever else is writing.
            path.hardlink_to(temporary)
        except FileExistsError:
            return False
        except OSError as error:
            if error.errno not in _NO_HARD_LINKS:
                raise
            # FAT and some shares: the best to be had is a look under the lock.
            with self._locked(create=True):
                if os.path.lexists(path):
                    return False
                temporary.replace(path)
        return True

    @contextlib.contextmanager
    def _locked(self, *, create: bool) -> Iterator[None]:
        """Hold the root's lock while looking at an ETag and renaming.

        Only a conditional write makes the lock file: a folder where nobody uses them stays clean.
        """
        path = self._root / INTERNAL / "lock"
        flags = os.O_RDWR | os.O_CLOEXEC
        if create:
            path.parent.mkdir(exist_ok=True)
            flags |= os.O_CREAT
        try:
            lock = os.open(path, flags, 0o666)
        except FileNotFoundError:
            yield
            return
        try:
            if create:
                # Whoever may write in a shared folder must be able to lock it, whatever our umask.
                with contextlib.suppress(PermissionError):
                    os.fchmod(lock, 0o666)
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield
        finally:
            os.close(lock)

    def _prune(self, folder: Path) -> None:
        """Remove folders left empty, as a bucket has none; never the root."""
        _sync(folder)
        while folder != self._root:
            try:
                folder.rmdir()
            except OSError:
                return
            folder = folder.parent

    @contextlib.contextmanager
    def _errors(self, verb: str, key: str) -> Iterator[None]:
        """Turn the system's errors into ours."""
        try:
            yield
        except errors.CrossframeError:
            raise
        except OSError as error:
            raise self._translate(error, verb, key) from error

    def _translate(self, error: OSError, verb: str, key: str) -> errors.CrossframeError:
        problem = f"Can't {verb} '{key}' in {self.uri}"
        if isinstance(error, PermissionError) or error.errno == errno.EROFS:
            return errors.AccessDeniedError(
                f"{problem}: the file system refuses.",
                error.strerror,
                "Ask for the right to it, or log in anew.",
            )
        if error.errno in _FULL:
            return errors.UnavailableError(
                f"{problem}: the disk or the quota is full.", hint="What was there before is whole."
            )
        if verb == "write" and error.errno in _NO_SUCH_NAME:
            return errors.InvalidKeyError(f"{problem}: the file system can't hold that name.", error.strerror)
        if verb == "write" and isinstance(error, (FileExistsError, NotADirectoryError)):
            return errors.InvalidKeyError(
                f"{problem}: an object's key is the beginning of this one.",
                hint="A folder can't hold both 'a' and 'a/b'; a bucket can.",
            )
        if isinstance(error, (FileNotFoundError, NotADirectoryError)) or error.errno in _NO_SUCH_NAME:
            return object_not_found(key, self.uri)
        return errors.UnavailableError(f"{problem}: the file system failed.", error.strerror)


def _etag(found: os.stat_result) -> str:
    return f"{found.st_size:x}-{found.st_mtime_ns:x}"


def _meta(key: str, found: os.stat_result) -> ObjectMeta:
    return ObjectMeta(key, found.st_size, datetime.fromtimestamp(found.st_mtime, UTC), _etag(found))


def _stat(path: Path) -> os.stat_result | None:
    try:
        return path.stat()
    except FileNotFoundError:
        return None


def _make_folder(folder: Path) -> None:
    """Make a folder and those above it, each known to its parent for good."""
    missing = takewhile(lambda one: not one.is_dir(), (folder, *folder.parents))
    for one in reversed(list(missing)):
        one.mkdir(exist_ok=True)
        _sync(one.parent)


def _remove_empty(folder: Path, key: str) -> None:
    """Make way for an object where an empty folder is: a bucket would not know of it."""
    try:
        folder.rmdir()
    except OSError as error:
        raise errors.InvalidKeyError(
            f"Can't write '{key}': there are objects below '{key}/'.",
            hint="A folder can't hold both 'a' and 'a/b'; a bucket can.",
        ) from error


def _write_synced(path: Path, content: memoryview) -> None:
    # Why not tempfile: its files are closed to the group that shares the folder.
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(descriptor)


def _sync(folder: Path) -> None:
    """Make names in a folder last: a rename is on the disk only once its folder is."""
    try:
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except (FileNotFoundError, PermissionError):
        return
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
