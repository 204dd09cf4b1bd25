"""A part of a store as a store of its own: what lies below a prefix."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from crossframe.stores.abilities import Pages, need, reader_of
from crossframe.stores.checks import check_range, check_write, object_not_found
from crossframe.stores.protocol import Children

if TYPE_CHECKING:
    import builtins
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from typing import BinaryIO

    from typing_extensions import Buffer

    from crossframe.errors import CrossframeError
    from crossframe.stores.abilities import Link, Upload, Verb, VersionMeta
    from crossframe.stores.protocol import ObjectMeta, Store


def unwrap(store: Store, key: str) -> tuple[Store, str]:
    """Return the store that holds a key and its whole key there, whatever prefixes lie between."""
    while isinstance(store, PrefixStore):
        store, key = store.whole(key)
    return store, key


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

    def whole(self, key: str) -> tuple[Store, str]:
        """Return the store below and the key there."""
        return self._store, self._prefix + key

    def get(
        self, key: str, *, start: int = 0, length: int | None = None, version: str | None = None
    ) -> Buffer:
        """Return the bytes of an object, or a range of them."""
        check_range(start, length)
        return self._store.get(self._within(key), start=start, length=length, version=version)

    def reader(self) -> Callable[[ObjectMeta], Buffer]:
        """Return a function that reads objects, as they were listed here."""
        read = reader_of(self._store)
        return lambda meta: read(replace(meta, key=self._within(meta.key)))

    def get_to(self, key: str, file: BinaryIO, *, version: str | None = None) -> ObjectMeta:
        """Write an object's bytes to a file."""
        return self._relative(self._need("get_to")(self._within(key), file, version=version))

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
        """Write an object; the whole key must be one that may be written."""
        check_write(key, if_absent=if_absent, if_match=if_match)
        meta = self._store.put(
            self._prefix + key,
            data,
            if_absent=if_absent,
            if_match=if_match,
            media_type=media_type,
            metadata=metadata,
        )
        return self._relative(meta)

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
        """Write an object from a file."""
        check_write(key, if_absent=if_absent, if_match=if_match)
        meta = self._need("put_from")(
            self._prefix + key,
            file,
            if_absent=if_absent,
            if_match=if_match,
            media_type=media_type,
            metadata=metadata,
        )
        return self._relative(meta)

    def copy(
        self,
        key: str,
        target: str,
        *,
        source: Store | None = None,
        version: str | None = None,
        if_absent: bool = False,
    ) -> ObjectMeta:
        """Copy an object to here, from here or from another store of the kind below."""
        check_write(target, if_absent=if_absent, if_match=None)
        if source is None:
            self._within(key)
        store, whole = unwrap(self if source is None else source, key)
        return self._relative(
            self._need("copy")(
                whole, self._prefix + target, source=store, version=version, if_absent=if_absent
            )
        )

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
        return self._level(self._store.children(self._prefix + prefix))

    def child_pages(self, prefix: str = "") -> Iterator[Children]:
        """Yield one level below ``prefix``, a page at a time where the store below can."""
        if not isinstance(self._store, Pages):
            yield self.children(prefix)
            return
        for page in self._store.child_pages(self._prefix + prefix):
            yield self._level(page)

    def _level(self, found: Children) -> Children:
        return Children(
            tuple(one.removeprefix(self._prefix) for one in found.prefixes),
            tuple(self._relative(meta) for meta in found.objects if meta.key != self._prefix),
        )

    def delete(self, key: str, *, version: str | None = None) -> None:
        """Remove an object, or one version of it for ever; no error where there is none."""
        if key:
            self._store.delete(self._prefix + key, version=version)

    def delete_many(self, keys: Iterable[str]) -> builtins.list[tuple[str, CrossframeError]]:
        """Remove objects, and return those that could not be removed."""
        failed = self._need("delete_many")([self._prefix + key for key in keys if key])
        return [(key.removeprefix(self._prefix), error) for key, error in failed]

    def versions(self, prefix: str = "", *, exact: bool = False) -> Iterator[VersionMeta]:
        """Yield every version of the keys that start with ``prefix``."""
        for meta in self._need("versions")(self._prefix + prefix, exact=exact):
            if meta.key != self._prefix:
                yield replace(meta, key=meta.key.removeprefix(self._prefix))

    def restore(self, key: str, version: str | None = None) -> ObjectMeta:
        """Make a version the key's newest content again."""
        return self._relative(self._need("restore")(self._within(key), version))

    def sign(
        self,
        key: str,
        *,
        verb: Verb,
        expires_s: int,
        version: str | None = None,
        media_type: str | None = None,
    ) -> Link:
        """Return a link that reads or writes one object until it expires."""
        link: Link = self._need("sign")(
            self._within(key), verb=verb, expires_s=expires_s, version=version, media_type=media_type
        )
        return link

    def publish(self, prefix: str) -> str:
        """Let anybody read what is below a prefix, or one key, and return its URL."""
        return str(self._need("publish")(self._prefix + prefix))

    def unpublish(self, prefix: str) -> None:
        """Take that back."""
        self._need("unpublish")(self._prefix + prefix)

    def published(self) -> builtins.list[str]:
        """Return what was published by us, here."""
        return [one.removeprefix(self._prefix) for one in self._need("published")() if self._is_here(one)]

    def expire(self, prefix: str, days: int | None) -> None:
        """Remove what is below a prefix that many days after it was written."""
        self._need("expire")(self._prefix + prefix, days)

    def expiries(self) -> dict[str, int]:
        """Return the days by prefix, of those here."""
        found: dict[str, int] = self._need("expiries")()
        return {one.removeprefix(self._prefix): days for one, days in found.items() if self._is_here(one)}

    def uploads(self, prefix: str = "") -> builtins.list[Upload]:
        """Return the writes begun and left behind, here."""
        found = self._need("uploads")(self._prefix + prefix)
        return [replace(one, key=one.key.removeprefix(self._prefix)) for one in found]

    def abort(self, upload: Upload) -> None:
        """Remove what is left of one."""
        self._need("abort")(replace(upload, key=self._prefix + upload.key))

    def _need(self, method: str) -> Any:  # noqa: ANN401 - as need()
        return need(self._store, method)

    def _is_here(self, prefix: str) -> bool:
        return prefix.startswith(self._prefix)

    def _within(self, key: str) -> str:
        if not key:
            raise object_not_found(key, self.uri)
        return self._prefix + key

    def _relative(self, meta: ObjectMeta) -> ObjectMeta:
        return replace(meta, key=meta.key.removeprefix(self._prefix))
