"""Bytes on their way between stores and files of this machine, in bounded memory."""

from __future__ import annotations

import errno
import os
import secrets
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, cast
from urllib.parse import unquote

from crossframe.errors import (
    AccessDeniedError,
    CrossframeError,
    InvalidKeyError,
    NotSupportedError,
    ObjectExistsError,
    ObjectNotFoundError,
    UnavailableError,
)
from crossframe.extensions import split_extensions
from crossframe.formats import Choice, media_type
from crossframe.results import Stored
from crossframe.stores import Copies, Streams, with_near_miss

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from typing_extensions import Buffer

    from crossframe.stores import Location, ObjectMeta

    Watch = Callable[[int], None]

# A folder that is a store lists no such file, and cleanup() finds what a crash leaves.
_TEMPORARY = ".crossframe-tmp-"
_NO_HARD_LINKS = {errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK}


class _Watched:
    """A file that tells how far it has been read or written."""

    def __init__(self, file: BinaryIO, watch: Watch) -> None:
        self._file = file
        self._watch = watch

    def read(self, size: int = -1) -> bytes:
        data = self._file.read(size)
        self._watch(self._file.tell())
        return data

    def write(self, data: Buffer) -> int:
        count = self._file.write(data)
        self._watch(self._file.tell())
        return count

    def __getattr__(self, name: str) -> object:
        return getattr(self._file, name)


def watched(file: BinaryIO, watch: Watch | None) -> BinaryIO:
    """Return a file that tells ``watch`` its position after each read and write."""
    return file if watch is None else cast("BinaryIO", _Watched(file, watch))


def local_path(location: Location) -> Path | None:
    """Return the file of this machine that a location is, if it is one."""
    uri = location.store.uri
    return (
        Path(unquote(uri.removeprefix("file://")) + "/" + location.key) if uri.startswith("file:") else None
    )


def is_file(path: Path) -> bool:
    """Tell whether there is a file; pathlib's own raises where a name is too long."""
    return os.path.isfile(path)  # noqa: PTH113


def is_folder(path: Path) -> bool:
    """Tell whether there is a folder."""
    return os.path.isdir(path)  # noqa: PTH112


def media_type_of(key: str) -> str | None:
    """Return the content type that a key's extensions tell."""
    by_key = split_extensions(key)
    return media_type(Choice(by_key.format, by_key.compression)) if by_key.format else None


def fetch_to(location: Location, file: BinaryIO, *, version: str | None = None) -> ObjectMeta:
    """Write an object to a file; a missing key is answered with the key most like it."""
    try:
        return _get_to(location, file, version)
    except ObjectNotFoundError as error:
        raise (error if version else with_near_miss(error, location)) from None


def _get_to(location: Location, file: BinaryIO, version: str | None = None) -> ObjectMeta:
    store = location.store
    if isinstance(store, Streams):
        return store.get_to(location.key, file, version=version)
    file.write(store.get(location.key, version=version))
    return store.head(location.key, version=version)


def put_from(
    location: Location,
    file: BinaryIO,
    *,
    if_absent: bool = False,
    media_type: str | None = None,
    metadata: Mapping[str, str] | None = None,
) -> ObjectMeta:
    """Write an object from a file, from its position on."""
    store, key = location.store, location.key
    if isinstance(store, Streams):
        return store.put_from(key, file, if_absent=if_absent, media_type=media_type, metadata=metadata)
    return store.put(key, file.read(), if_absent=if_absent, media_type=media_type, metadata=metadata)


def pour(source: Location, target: Location, *, if_absent: bool = False) -> ObjectMeta:
    """Copy an object, its media type and metadata included: by the store itself where it can."""
    store = target.store
    if isinstance(store, Copies):
        other = None if store is source.store else source.store
        try:
            return store.copy(source.key, target.key, source=other, if_absent=if_absent)
        except NotSupportedError:
            pass  # not from there: through this machine, then
    path = local_path(source)
    if path is not None:
        meta = source.store.head(source.key)
        with reading(path) as file:
            return _put_like(meta, target, file, if_absent=if_absent)
    with scratch() as file:
        meta = _get_to(source, file)
        file.seek(0)
        return _put_like(meta, target, file, if_absent=if_absent)


def _put_like(meta: ObjectMeta, target: Location, file: BinaryIO, *, if_absent: bool) -> ObjectMeta:
    kind = meta.media_type or media_type_of(target.key)
    return put_from(target, file, if_absent=if_absent, media_type=kind, metadata=meta.metadata)


def told(location: Location, meta: ObjectMeta) -> Stored:
    """Return what is told of an object that was written."""
    return Stored(location.shown, location.uri, meta.size, meta.etag, meta.version)


@contextmanager
def scratch() -> Iterator[BinaryIO]:
    """Give a temporary file without a name; it lies where ``TMPDIR`` says."""
    with _errors("write", Path(tempfile.gettempdir())), tempfile.TemporaryFile() as file:
        yield cast("BinaryIO", file)


@contextmanager
def reading(path: Path) -> Iterator[BinaryIO]:
    """Open a file of this machine for reading."""
    with _errors("read", path), path.open("rb") as file:
        yield file


@contextmanager
def landing(path: Path, *, overwrite: bool = True) -> Iterator[BinaryIO]:
    """Give a file that takes a path's place when all went well; else what was there stays.

    Raises:
        ObjectExistsError: ``overwrite=False`` and there is a file.
    """
    if not overwrite and os.path.lexists(path):
        raise _taken(path)
    temporary = path.with_name(_TEMPORARY + secrets.token_hex(8))
    with _errors("write", path):
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            # Why not tempfile: its files are closed to everybody else.
            descriptor = os.open(temporary, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666)
            with os.fdopen(descriptor, "w+b") as file:
                yield file
            if overwrite:
                temporary.replace(path)
            else:
                _link(temporary, path)
        finally:
            temporary.unlink(missing_ok=True)


def remove_file(path: Path) -> None:
    """Remove a file of this machine; no error where there is none."""
    with _errors("delete", path):
        path.unlink(missing_ok=True)


def make_folder(path: Path) -> None:
    """Make a folder of this machine and those above it; no error where it is there."""
    with _errors("make", path):
        path.mkdir(parents=True, exist_ok=True)


def _link(temporary: Path, path: Path) -> None:
    try:
        # Why a link: unlike a rename it never replaces, whoever else is writing.
        path.hardlink_to(temporary)
    except FileExistsError:
        raise _taken(path) from None
    except OSError as error:
        if error.errno not in _NO_HARD_LINKS:
            raise
        if os.path.lexists(path):
            raise _taken(path) from None
        temporary.replace(path)


def _taken(path: Path) -> ObjectExistsError:
    return ObjectExistsError(
        f"Can't write the file '{path}': there is one already.",
        hint="Choose another name, or allow it to be replaced (overwrite=True).",
    )


@contextmanager
def _errors(verb: str, path: Path) -> Iterator[None]:
    """Turn the system's errors about a file of this machine into ours."""
    try:
        yield
    except CrossframeError:
        raise
    except OSError as error:
        raise _translated(error, f"Can't {verb} the file '{path}'") from error


def _translated(error: OSError, problem: str) -> CrossframeError:
    reason = error.strerror
    if isinstance(error, FileNotFoundError):
        return ObjectNotFoundError(f"{problem}: there is none.")
    if isinstance(error, PermissionError) or error.errno == errno.EROFS:
        return AccessDeniedError(f"{problem}: the file system refuses.", reason)
    if error.errno in {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}:
        return UnavailableError(f"{problem}: the disk or the quota is full.", hint="What was there is whole.")
    if isinstance(error, (IsADirectoryError, NotADirectoryError, FileExistsError)):
        return InvalidKeyError(f"{problem}: a folder and a file have the same name.", reason)
    if error.errno in {errno.ENAMETOOLONG, errno.EILSEQ, errno.EINVAL}:
        return InvalidKeyError(f"{problem}: the file system can't hold that name.", reason)
    return UnavailableError(f"{problem}: the file system failed.", reason)
