"""A folder as a store: no server, no account, and the same promises as a bucket.

A write goes to a temporary file beside the target, which is synced and renamed, so that a reader
sees the old content or the new. Keys are paths below the root. Names of our own, ``.crossframe`` and
``.crossframe-tmp-*``, are no keys. Replaced and deleted contents are kept below ``.crossframe``.

ETags are ``<size in hex>-<mtime in ns, hex>``, and so are version ids; a write sets the time itself,
later than that of the content it replaces.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import stat
from typing import TYPE_CHECKING

from crossframe import errors
from crossframe.stores.checks import (
    check_days,
    check_metadata,
    check_range,
    check_write,
    object_not_found,
)
from crossframe.stores.folder_errors import as_ours
from crossframe.stores.folder_leftovers import leftovers, remove_leftover
from crossframe.stores.folder_listing import Listing
from crossframe.stores.folder_lock import locked
from crossframe.stores.folder_names import etag_of, names_of
from crossframe.stores.folder_own import read_about, read_expiries, write_expiries
from crossframe.stores.folder_root import Root, lstat, sync
from crossframe.stores.folder_versions import History, count_kept, keys_with_history, versions_of
from crossframe.stores.folder_write import Write, meta_of, write
from crossframe.stores.prefix import unwrap
from crossframe.stores.protocol import Children
from crossframe.stores.without_links import WithoutLinks

if TYPE_CHECKING:
    import builtins
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from typing import BinaryIO

    from typing_extensions import Buffer

    from crossframe.stores.abilities import Upload, VersionMeta
    from crossframe.stores.protocol import ObjectMeta, Store

_CHUNK = 1 << 20


class FolderStore(WithoutLinks):
    """Bytes by key below a folder.

    Args:
        root: The folder; made by the first write where it does not exist.
    """

    _instead = (
        "Run 'crossframe serve' to show the folder in a browser, or copy it to a bucket and share that."
    )

    def __init__(self, root: str | os.PathLike[str]) -> None:
        self._root = Root(root)

    @property
    def uri(self) -> str:
        """Where the store is."""
        return self._root.uri

    def get(
        self, key: str, *, start: int = 0, length: int | None = None, version: str | None = None
    ) -> bytes:
        """Return the bytes of a file, or a range of them."""
        check_range(start, length)
        with self._reading(key, version) as (file, _):
            file.seek(start)
            return file.read(-1 if length is None else length)

    def open(self, key: str, *, version: str | None = None) -> BinaryIO:
        """Open a file for reading, unbuffered."""
        with as_ours("read", key, self.uri):
            return os.fdopen(self._open(key, version), "rb", buffering=0)

    def get_to(self, key: str, file: BinaryIO, *, version: str | None = None) -> ObjectMeta:
        """Write a file's bytes to another file."""
        start = file.tell()
        for _ in range(2):
            with self._reading(key, version) as (source, found):
                left = found.st_size
                # Why no further: what somebody appends to would never end.
                while left and (chunk := source.read(min(left, _CHUNK))):
                    file.write(chunk)
                    left -= len(chunk)
                if not left and os.fstat(source.fileno()).st_size == found.st_size:
                    return self._described(key, found)
            file.seek(start)
            file.truncate()
        raise errors.CorruptObjectError(
            f"Can't read '{key}' in {self.uri}: somebody writes to it in place.",
            hint="Writers must write to another file and rename it.",
        )

    def put(
        self,
        key: str,
        data: Buffer,
        *,
        if_absent: bool = False,
        if_match: str | None = None,
        media_type: str | None = None,
        metadata: Mapping[str, str] | None = None,
    ) -> ObjectMeta:
        """Write a file: all of it, synced, or nothing."""
        content = memoryview(data).cast("B")
        return self.put_by(
            key,
            lambda file: file.write(content),
            if_absent=if_absent,
            if_match=if_match,
            media_type=media_type,
            metadata=metadata,
        )

    def put_from(
        self,
        key: str,
        file: BinaryIO,
        *,
        if_absent: bool = False,
        if_match: str | None = None,
        media_type: str | None = None,
        metadata: Mapping[str, str] | None = None,
    ) -> ObjectMeta:
        """Write a file from another, from its position to its end."""
        return self.put_by(
            key,
            lambda target: shutil.copyfileobj(file, target, _CHUNK),
            if_absent=if_absent,
            if_match=if_match,
            media_type=media_type,
            metadata=metadata,
        )

    def put_by(
        self,
        key: str,
        fill: Callable[[BinaryIO], object],
        *,
        if_absent: bool = False,
        if_match: str | None = None,
        media_type: str | None = None,
        metadata: Mapping[str, str] | None = None,
    ) -> ObjectMeta:
        """Write a file by what fills it; nothing is written where that raises."""
        order = _order(key, if_absent, if_match, media_type, metadata)
        with as_ours("write", key, self.uri):
            return write(self._root, order, fill)

    def copy(
        self,
        key: str,
        target: str,
        *,
        source: Store | None = None,
        version: str | None = None,
        if_absent: bool = False,
    ) -> ObjectMeta:
        """Copy a file of this folder or another."""
        store, key = unwrap(self if source is None else source, key)
        if not isinstance(store, FolderStore):
            raise errors.NotSupportedError(
                f"Can't copy '{key}' from {store.uri} to {self.uri} by the file system.",
                hint="Read it there and write it here.",
            )
        check_write(target, if_absent=if_absent, if_match=None)
        with store.reading(key, version) as (file, meta):
            return self.put_from(
                target, file, if_absent=if_absent, media_type=meta.media_type, metadata=meta.metadata
            )

    @contextlib.contextmanager
    def reading(self, key: str, version: str | None) -> Iterator[tuple[BinaryIO, ObjectMeta]]:
        """Open a content for reading; yield it with what it is."""
        with self._reading(key, version) as (file, found):
            yield file, self._described(key, found)

    def head(self, key: str, *, version: str | None = None) -> ObjectMeta:
        """Describe one file."""
        with self._reading(key, version) as (_, found):
            return self._described(key, found)

    def list(self, prefix: str = "") -> Iterator[ObjectMeta]:
        """Yield the files whose key starts with ``prefix``, in byte order of the keys."""
        for key, found in self._below(prefix):
            yield meta_of(key, found)

    def children(self, prefix: str = "") -> Children:
        """List one level below ``prefix``."""
        self._root.check_inside(prefix)
        with as_ours("list", prefix, self.uri):
            self._root.check_there()
            prefixes, objects = Listing(self._root.path).level(prefix)
            return Children(tuple(prefixes), tuple(meta_of(key, found) for key, found in objects))

    def child_pages(self, prefix: str = "") -> Iterator[Children]:
        """Yield one level below ``prefix``, at most 1,000 names at a time, looked at as they are wanted."""
        self._root.check_inside(prefix)
        with as_ours("list", prefix, self.uri):
            self._root.check_there()
            for prefixes, objects in Listing(self._root.path).level_pages(prefix):
                yield Children(tuple(prefixes), tuple(meta_of(key, found) for key, found in objects))

    def delete(self, key: str, *, version: str | None = None) -> None:
        """Remove a file and the folders left empty, or a version for ever; no error where there is none."""
        with contextlib.suppress(errors.ObjectNotFoundError), as_ours("delete", key, self.uri):
            self._root.check_there()
            if self._root.holds_none(key):
                return
            if version is not None:
                self._delete_version(key, version)
                return
            with self._root.folder_of(key) as (folder, where):
                name = key.rpartition("/")[2]
                if not _is_object(lstat(folder, name)):
                    return
                with locked(self._root):
                    found = lstat(folder, name)
                    if found is not None and _is_object(found):
                        history = History(self._root, key)
                        history.bury(folder, name, found)
                        history.prune()
                sync(folder)
            self._root.prune(where)

    def delete_many(self, keys: Iterable[str]) -> builtins.list[tuple[str, errors.CrossframeError]]:
        """Remove files one by one."""
        failed = []
        for key in keys:
            try:
                self.delete(key)
            except errors.CrossframeError as error:
                failed.append((key, error))
        return failed

    def versions(self, prefix: str = "", *, exact: bool = False) -> Iterator[VersionMeta]:
        """Yield the current and the kept contents of keys, and deletions."""
        if exact:
            yield from self._versions_of(prefix)
            return
        aside = sorted(keys_with_history(self._root, prefix), reverse=True)
        for key, found in self._below(prefix):
            while aside and aside[-1] < key:
                yield from self._versions_of(aside.pop())
            if aside and aside[-1] == key:
                aside.pop()
            yield from versions_of(key, found, History(self._root, key).entries())
        while aside:
            yield from self._versions_of(aside.pop())

    def restore(self, key: str, version: str | None = None) -> ObjectMeta:
        """Make a version the newest content again, as a new file of its bytes."""
        try:
            current = self.head(key)
            if version in {None, current.etag}:
                return current
        except errors.ObjectNotFoundError:
            pass
        if version is None:
            entries = [] if self._root.holds_none(key) else History(self._root, key).entries()
            version = next((entry.version for entry in entries if entry.size is not None), None)
            if version is None:
                raise object_not_found(key, self.uri)
        return self.copy(key, key, version=version)

    def expire(self, prefix: str, days: int | None) -> None:
        """Note that what is below a prefix goes after so many days; ``crossframe cleanup`` removes it."""
        check_days(days)
        self._root.check_inside(prefix)
        with as_ours("write", prefix, self.uri), locked(self._root):
            found = read_expiries(self._root)
            found.pop(prefix, None)
            write_expiries(self._root, found if days is None else {**found, prefix: days})

    def expiries(self) -> dict[str, int]:
        """Return the days by prefix."""
        with as_ours("read", "", self.uri):
            self._root.check_there()
            return read_expiries(self._root)

    def uploads(self, prefix: str = "") -> builtins.list[Upload]:
        """Return the temporary files of writes that have not ended."""
        self._root.check_inside(prefix)
        with as_ours("list", prefix, self.uri):
            self._root.check_there()
            return leftovers(self._root, prefix)

    def abort(self, upload: Upload) -> None:
        """Remove one of them; no error where it is gone."""
        with as_ours("delete", upload.key, self.uri):
            remove_leftover(self._root, upload)

    @contextlib.contextmanager
    def _reading(self, key: str, version: str | None) -> Iterator[tuple[BinaryIO, os.stat_result]]:
        """Open a content, and tell what it is."""
        with as_ours("read", key, self.uri), os.fdopen(self._open(key, version), "rb") as file:
            yield file, os.fstat(file.fileno())

    def _open(self, key: str, version: str | None) -> int:
        none = self._root.holds_none(key)
        self._root.check_there()
        if none:
            raise object_not_found(key, self.uri, version)
        if version is None:
            return self._root.open_file(key)
        with contextlib.suppress(FileNotFoundError, NotADirectoryError):
            current = self._root.open_file(key)
            if _etag(os.fstat(current)) == version:
                return current
            os.close(current)
        try:
            return History(self._root, key).open(version)
        except (FileNotFoundError, NotADirectoryError):
            raise object_not_found(key, self.uri, version) from None

    def _described(self, key: str, found: os.stat_result) -> ObjectMeta:
        etag = _etag(found)
        media_type, metadata = read_about(self._root, key, etag)
        version = etag if count_kept() else None
        return meta_of(key, found, version=version, media_type=media_type, metadata=metadata)

    def _below(self, prefix: str) -> Iterator[tuple[str, os.stat_result]]:
        self._root.check_inside(prefix)
        with as_ours("list", prefix, self.uri):
            self._root.check_there()
            yield from Listing(self._root.path).below(prefix)

    def _versions_of(self, key: str) -> Iterator[VersionMeta]:
        current = None
        with contextlib.suppress(errors.ObjectNotFoundError), self._reading(key, None) as (_, found):
            current = found
        entries = [] if self._root.holds_none(key) else History(self._root, key).entries()
        yield from versions_of(key, current, entries)

    def _delete_version(self, key: str, version: str) -> None:
        """Remove a version; where it was the latest, what was before it is the content again."""
        history, name = History(self._root, key), key.rpartition("/")[2]
        with locked(self._root), self._root.folder_of(key, create=True) as (folder, where):
            found, entries = lstat(folder, name), history.entries()
            if found is not None and stat.S_ISREG(found.st_mode):
                latest = _etag(found)
                if latest == version:
                    os.unlink(name, dir_fd=folder)
            else:
                latest = entries[0].version if entries and found is None else ""
            history.drop(version)
            if latest == version:
                history.revive(folder, name)
            history.prune()
            sync(folder)
        self._root.prune(where)


def _order(
    key: str,
    if_absent: bool,
    if_match: str | None,
    media_type: str | None,
    metadata: Mapping[str, str] | None,
) -> Write:
    check_write(key, if_absent=if_absent, if_match=if_match)
    names_of(key)
    return Write(key, if_absent, if_match, media_type, check_metadata(metadata))


def _is_object(found: os.stat_result | None) -> bool:
    return found is not None and not stat.S_ISDIR(found.st_mode)


def _etag(found: os.stat_result) -> str:
    return etag_of(found.st_size, found.st_mtime_ns)
