"""A part of a store as a store of its own: what lies below a prefix."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from crossframe.stores.checks import check_range, check_write, object_not_found
from crossframe.stores.protocol import Children

if TYPE_CHECKING:
    from collections.abc import Iterator

    from typing_extensions import Buffer

    from crossframe.stores.protocol import ObjectMeta, Store


class PrefixStore:
    """Bytes by key below a prefix of another store; keys are relative to the prefix.

    Errors name the object as the store below does: with its whole key.

    Args:
        store: The store below.
        prefix: What every key there begins with; ends in ``/``.
    """

    def __init__(self, store: Store, prefix: str) -> None:
        self._store = store
        self._prefix = prefix

    @property
    def uri(self) -> str:
        """Where the store is."""
        return f"{self._store.uri}/{self._prefix[:-1]}"

    def get(
        self, key: str, *, start: int = 0, length: int | None = None, version: str | None = None
    ) -> Buffer:
        """Return the bytes of an object, or a range of them."""
        check_range(start, length)
        return self._store.get(self._within(key), start=start, length=length, version=version)

    def put(
        self,
        key: str,
        data: Buffer,
        *,
        if_absent: bool = False,
        if_match: str | None = None,
        media_type: str | None = None,
    ) -> ObjectMeta:
        """Write an object; the whole key must be one that may be written."""
        check_write(key, if_absent=if_absent, if_match=if_match)
        whole = self._prefix + key
        meta = self._store.put(whole, data, if_absent=if_absent, if_match=if_match, media_type=media_type)
        return self._relative(meta)

    def head(self, key: str, *, version: str | None = None) -> ObjectMeta:
        """Describe one object."""
        return self._relative(self._store.head(self._within(key), version=version))

    def list(self, prefix: str = "") -> Iterator[ObjectMeta]:
        """Yield the objects whose key starts with ``prefix``, in byte order."""
        for meta in self._store.list(self._prefix + prefix):
            # Why: an object of the prefix's own name is the mark of an empty folder, with no key here.
            if meta.key != self._prefix:
                yield self._relative(meta)

    def children(self, prefix: str = "") -> Children:
        """List one level below ``prefix``."""
        found = self._store.children(self._prefix + prefix)
        return Children(
            tuple(one.removeprefix(self._prefix) for one in found.prefixes),
            tuple(self._relative(meta) for meta in found.objects if meta.key != self._prefix),
        )

    def delete(self, key: str) -> None:
        """Remove an object; no error where there is none."""
        if key:
            self._store.delete(self._prefix + key)

    def _within(self, key: str) -> str:
        if not key:
            raise object_not_found(key, self.uri)
        return self._prefix + key

    def _relative(self, meta: ObjectMeta) -> ObjectMeta:
        return replace(meta, key=meta.key.removeprefix(self._prefix))
