"""A store in this process's memory, for tests and examples."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from threading import Lock
from typing import TYPE_CHECKING

from crossframe.stores.checks import (
    check_range,
    check_write,
    no_versions,
    object_exists,
    object_not_found,
    precondition_failed,
)
from crossframe.stores.protocol import Children, ObjectMeta

if TYPE_CHECKING:
    from collections.abc import Iterator

    from typing_extensions import Buffer


class MemoryStore:
    """Bytes by key in a dict; gone with the object.

    Args:
        name: What the store is called in its URI, ``memory://name``.
    """

    def __init__(self, name: str = "memory") -> None:
        self._name = name
        self._objects: dict[str, tuple[bytes, ObjectMeta]] = {}
        self._lock = Lock()

    @property
    def uri(self) -> str:
        """Where the store is."""
        return f"memory://{self._name}"

    def get(
        self, key: str, *, start: int = 0, length: int | None = None, version: str | None = None
    ) -> bytes:
        """Return the bytes of an object, or a range of them."""
        check_range(start, length)
        content, _ = self._find(key, version)
        return content if start == 0 and length is None else content[start:][:length]

    def put(
        self,
        key: str,
        data: Buffer,
        *,
        if_absent: bool = False,
        if_match: str | None = None,
        media_type: str | None = None,  # noqa: ARG002 - nobody asks memory for one
    ) -> ObjectMeta:
        """Keep a copy of the bytes."""
        check_write(key, if_absent=if_absent, if_match=if_match)
        content = bytes(data)
        etag = hashlib.md5(content, usedforsecurity=False).hexdigest()
        with self._lock:
            _, old = self._objects.get(key, (b"", None))
            if if_absent and old:
                raise object_exists(key, self.uri)
            if if_match is not None and (old is None or old.etag != if_match):
                raise precondition_failed(key, self.uri, if_match, old.etag if old else None)
            meta = ObjectMeta(key, len(content), datetime.now(UTC), etag)
            self._objects[key] = (content, meta)
        return meta

    def head(self, key: str, *, version: str | None = None) -> ObjectMeta:
        """Describe one object."""
        return self._find(key, version)[1]

    def list(self, prefix: str = "") -> Iterator[ObjectMeta]:
        """Yield the objects whose key starts with ``prefix``, in byte order."""
        with self._lock:
            found = [meta for key, (_, meta) in self._objects.items() if key.startswith(prefix)]
        # Why no encoding: the order of code points is that of UTF-8 bytes.
        return iter(sorted(found, key=lambda meta: meta.key))

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

    def delete(self, key: str) -> None:
        """Remove an object; no error where there is none."""
        with self._lock:
            self._objects.pop(key, None)

    def _find(self, key: str, version: str | None) -> tuple[bytes, ObjectMeta]:
        if version is not None:
            raise no_versions(self.uri)
        found = self._objects.get(key)
        if found is None:
            raise object_not_found(key, self.uri)
        return found
