"""A store in this process's memory, for tests and examples."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import count
from threading import RLock
from typing import TYPE_CHECKING

from crossframe import errors
from crossframe.stores.abilities import VersionMeta
from crossframe.stores.checks import (
    check_days,
    check_metadata,
    check_range,
    check_write,
    object_exists,
    object_not_found,
    precondition_failed,
)
from crossframe.stores.prefix import unwrap
from crossframe.stores.protocol import Children, ObjectMeta
from crossframe.stores.without_links import WithoutLinks

if TYPE_CHECKING:
    import builtins
    from collections.abc import Iterable, Iterator, Mapping
    from typing import BinaryIO

    from typing_extensions import Buffer

    from crossframe.stores.abilities import Upload
    from crossframe.stores.protocol import Store


@dataclass(frozen=True, slots=True)
class _Version:
    """A content, or a deletion where there is none."""

    content: bytes | None
    meta: ObjectMeta


class MemoryStore(WithoutLinks):
    """Bytes by key in a dict; gone with the object. Every version is kept.

    Args:
        name: What the store is called in its URI, ``memory://name``.
    """

    def __init__(self, name: str = "memory") -> None:
        self._name = name
        # Of each key the oldest first; none is empty.
        self._versions: dict[str, list[_Version]] = {}
        self._numbers = count(1)
        self._days: dict[str, int] = {}
        self._lock = RLock()

    @property
    def uri(self) -> str:
        """Where the store is."""
        return f"memory://{self._name}"

    def get(
        self, key: str, *, start: int = 0, length: int | None = None, version: str | None = None
    ) -> bytes:
        """Return the bytes of an object, or a range of them."""
        check_range(start, length)
        content = self.find(key, version)[0]
        return content if start == 0 and length is None else content[start:][:length]

    def get_to(self, key: str, file: BinaryIO, *, version: str | None = None) -> ObjectMeta:
        """Write an object's bytes to a file."""
        content, meta = self.find(key, version)
        file.write(content)
        return meta

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
        """Keep a copy of the bytes."""
        check_write(key, if_absent=if_absent, if_match=if_match)
        about = check_metadata(metadata)
        content = bytes(data)
        etag = hashlib.md5(content, usedforsecurity=False).hexdigest()
        with self._lock:
            old = self._current(key)
            if if_absent and old:
                raise object_exists(key, self.uri)
            if if_match is not None and (old is None or old.meta.etag != if_match):
                raise precondition_failed(key, self.uri, if_match, old.meta.etag if old else None)
            return self._add(key, content, etag, media_type, about)

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
        """Keep a copy of what is left of a file."""
        return self.put(
            key,
            file.read(),
            if_absent=if_absent,
            if_match=if_match,
            media_type=media_type,
            metadata=metadata,
        )

    def copy(
        self,
        key: str,
        target: str,
        *,
        source: Store | None = None,
        version: str | None = None,
        if_absent: bool = False,
    ) -> ObjectMeta:
        """Copy an object of this store or another in memory."""
        check_write(target, if_absent=if_absent, if_match=None)
        store, key = unwrap(self if source is None else source, key)
        if not isinstance(store, MemoryStore):
            raise errors.NotSupportedError(
                f"Can't copy '{key}' from {store.uri} to {self.uri} in memory.",
                hint="Read it there and write it here.",
            )
        content, meta = store.find(key, version)
        return self.put(
            target, content, if_absent=if_absent, media_type=meta.media_type, metadata=meta.metadata
        )

    def head(self, key: str, *, version: str | None = None) -> ObjectMeta:
        """Describe one object."""
        return self.find(key, version)[1]

    def list(self, prefix: str = "") -> Iterator[ObjectMeta]:
        """Yield the objects whose key starts with ``prefix``, in byte order."""
        with self._lock:
            found = [self._current(key) for key in self._keys(prefix)]
        return (
            replace(one.meta, version=None, media_type=None, metadata={}) for one in found if one is not None
        )

    def children(self, prefix: str = "") -> Children:
        """List one level below ``prefix``."""
        prefixes: dict[str, None] = {}
        objects: list[ObjectMeta] = []
        for meta in self.list(prefix):
            name, slash, _ = meta.key[len(prefix) :].partition("/")
            if slash:
                prefixes[prefix + name + slash] = None
            else:
                objects.append(meta)
        return Children(tuple(prefixes), tuple(objects))

    def delete(self, key: str, *, version: str | None = None) -> None:
        """Remove an object, or one version of it for ever; no error where there is none."""
        with self._lock:
            if version is None:
                if self._current(key):
                    self._add(key, None, "", None, {})
                return
            left = [one for one in self._versions.pop(key, []) if one.meta.version != version]
            if left:
                self._versions[key] = left

    def delete_many(self, keys: Iterable[str]) -> builtins.list[tuple[str, errors.CrossframeError]]:
        """Remove objects; none can fail."""
        for key in keys:
            self.delete(key)
        return []

    def versions(self, prefix: str = "", *, exact: bool = False) -> Iterator[VersionMeta]:
        """Yield every version, the current ones included."""
        with self._lock:
            keys = [prefix] * (prefix in self._versions) if exact else self._keys(prefix)
            found = [(key, tuple(reversed(self._versions[key]))) for key in keys]
        for key, versions in found:
            for number, one in enumerate(versions):
                meta = one.meta
                yield VersionMeta(
                    key,
                    str(meta.version),
                    meta.modified,
                    meta.size,
                    meta.etag,
                    latest=number == 0,
                    deleted=one.content is None,
                )

    def restore(self, key: str, version: str | None = None) -> ObjectMeta:
        """Make a version the newest content again."""
        with self._lock:
            current = self._current(key)
            if current and version in {None, current.meta.version}:
                return current.meta
            if version is None:
                contents = [one for one in self._versions.get(key, ()) if one.content is not None]
                if not contents:
                    raise object_not_found(key, self.uri)
                version = contents[-1].meta.version
            return self.copy(key, key, version=version)

    def expire(self, prefix: str, days: int | None) -> None:
        """Note that what is below a prefix goes after so many days; ``crossframe cleanup`` removes it."""
        check_days(days)
        with self._lock:
            self._days.pop(prefix, None)
            if days is not None:
                self._days[prefix] = days

    def expiries(self) -> dict[str, int]:
        """Return the days by prefix."""
        return dict(self._days)

    def uploads(self, prefix: str = "") -> builtins.list[Upload]:  # noqa: ARG002 - there are none
        """Return nothing: a write to memory ends or was never begun."""
        return []

    def abort(self, upload: Upload) -> None:
        """Do nothing: there are none."""

    def _keys(self, prefix: str) -> builtins.list[str]:
        # Why no encoding: the order of code points is that of UTF-8 bytes.
        return sorted(key for key in self._versions if key.startswith(prefix))

    def _add(
        self, key: str, content: bytes | None, etag: str, media_type: str | None, about: dict[str, str]
    ) -> ObjectMeta:
        meta = ObjectMeta(
            key,
            len(content or b""),
            datetime.now(UTC),
            etag,
            str(next(self._numbers)),
            media_type=media_type,
            metadata=about,
        )
        self._versions.setdefault(key, []).append(_Version(content, meta))
        return meta

    def _current(self, key: str) -> _Version | None:
        """Return what a key holds now."""
        newest = self._versions.get(key, [None])[-1]
        return newest if newest and newest.content is not None else None

    def find(self, key: str, version: str | None) -> tuple[bytes, ObjectMeta]:
        """Return a content with what it is."""
        with self._lock:
            found = self._current(key)
            if version is not None:
                found = next(
                    (one for one in self._versions.get(key, ()) if one.meta.version == version), None
                )
        if found is None or found.content is None:
            raise object_not_found(key, self.uri, version)
        return found.content, found.meta
