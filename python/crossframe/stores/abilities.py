"""What some stores can do beside the five verbs: one small protocol for each ability.

A store of ours has every method; where it can't keep the promise, the method raises ``NotSupportedError``,
naming the store and what to do instead. A foreign store may lack the method: ``need`` tells.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, Protocol, runtime_checkable

from crossframe.errors import NotSupportedError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from datetime import datetime
    from typing import BinaryIO, Self

    from typing_extensions import Buffer

    from crossframe.errors import CrossframeError
    from crossframe.stores.protocol import Children, ObjectMeta, Store

Verb = Literal["get", "put"]


@dataclass(frozen=True, slots=True)
class VersionMeta:
    """What a store tells of one version of one object.

    Attributes:
        key: Key within the store.
        version: Version id, for ``get``, ``restore`` and ``delete``.
        modified: When it was written, or deleted; zoned, UTC.
        size: Size in bytes; 0 for a deletion.
        etag: The content's ETag, without quotes; empty for a deletion.
        latest: Whether it is what the key holds now.
        deleted: Whether it is no content, but the mark of a deletion.
    """

    key: str
    version: str
    modified: datetime
    size: int
    etag: str
    latest: bool
    deleted: bool


@dataclass(frozen=True, slots=True)
class Upload:
    """A write that was begun and neither ended nor given up.

    Attributes:
        key: Where it was to go.
        upload_id: What the store calls it.
        started: When it was begun; zoned, UTC.
    """

    key: str
    upload_id: str
    started: datetime


class Link(str):
    """A link that reads or writes one object for whoever holds it, until it expires.

    Its text is a secret: it belongs in no log.

    Attributes:
        expires: When it ends; where the session that signed it ends earlier, then. Zoned, UTC.
        verb: ``"get"`` reads, ``"put"`` writes.
        warning: What its maker must be told, such as an end earlier than asked for.
    """

    __slots__ = ("expires", "verb", "warning")

    expires: datetime
    verb: Verb
    warning: str | None

    def __new__(cls, url: str, *, expires: datetime, verb: Verb = "get", warning: str | None = None) -> Self:
        """Make a link of a URL."""
        link = super().__new__(cls, url)
        link.expires, link.verb, link.warning = expires, verb, warning
        return link

    def __getnewargs_ex__(self) -> tuple[tuple[str], dict[str, object]]:
        """Tell pickle and copy how to make it again."""
        return (str(self),), {"expires": self.expires, "verb": self.verb, "warning": self.warning}


@runtime_checkable
class Streams(Protocol):
    """Objects larger than memory, from and to files."""

    def get_to(self, key: str, file: BinaryIO, *, version: str | None = None) -> ObjectMeta:
        """Write an object's bytes to a file open for writing, from its position on, in bounded memory.

        Verified as a whole. What came damaged or cut is taken back and asked for again, once.

        Raises:
            ObjectNotFoundError: No object at ``key``.
            CorruptObjectError: The bytes are not those that were stored, twice in a row.
        """

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
        """Write an object from a seekable file, from its position to its end, in bounded memory.

        Promises what ``put`` does: all of it or nothing.
        """


@runtime_checkable
class ReadsMany(Protocol):
    """Many objects, each read whole."""

    def reader(self) -> Callable[[ObjectMeta], Buffer]:
        """Return a function that reads an object, as it was listed, from any of several threads.

        It promises what ``get`` does, and may be faster.
        """


@runtime_checkable
class Copies(Protocol):
    """Copies that the store makes itself."""

    def copy(
        self,
        key: str,
        target: str,
        *,
        source: Store | None = None,
        version: str | None = None,
        if_absent: bool = False,
    ) -> ObjectMeta:
        """Copy an object, its media type and metadata included, to ``target`` in this store.

        Args:
            key: What is copied.
            target: Where to.
            source: Where ``key`` is, if not in this store.
            version: A version of it.
            if_absent: Refuse where there is an object already.

        Raises:
            NotSupportedError: This store can't copy from that source: get and put instead.
            ObjectExistsError: ``if_absent`` and the target is taken.
        """


@runtime_checkable
class DeletesMany(Protocol):
    """Many deletions at once."""

    def delete_many(self, keys: Iterable[str]) -> list[tuple[str, CrossframeError]]:
        """Remove objects, and return those that could not be removed, with the reason."""


@runtime_checkable
class Pages(Protocol):
    """Levels that come a page at a time."""

    def child_pages(self, prefix: str = "") -> Iterator[Children]:
        """Yield one level below ``prefix``, each page asked for when it is wanted; in order within a page."""


@runtime_checkable
class Versions(Protocol):
    """Contents that were replaced or deleted, and are still there."""

    def versions(self, prefix: str = "", *, exact: bool = False) -> Iterator[VersionMeta]:
        """Yield every version of the keys that start with ``prefix``, the current ones included.

        Keys in byte order; of one key the newest first.

        Args:
            prefix: What the keys start with.
            exact: Only the key that is ``prefix``.
        """

    def restore(self, key: str, version: str | None = None) -> ObjectMeta:
        """Make a version the key's newest content again; nothing is lost by it.

        Args:
            key: The key.
            version: Which; by default the last content, so that a deletion is undone. A key that
                was not deleted is left as it is.

        Raises:
            ObjectNotFoundError: No such version, or none at all.
        """


@runtime_checkable
class Signs(Protocol):
    """Links for those without an account."""

    def sign(
        self,
        key: str,
        *,
        verb: Verb,
        expires_s: int,
        version: str | None = None,
        media_type: str | None = None,
    ) -> Link:
        """Return a link that reads or writes one object until it expires.

        Raises:
            UsageError: More than 7 days, or less than a second.
        """


@runtime_checkable
class Publishes(Protocol):
    """Objects that anybody may read."""

    def publish(self, prefix: str) -> str:
        """Let anybody read what is below a prefix, or one key, and return its URL.

        Args:
            prefix: All below where it ends in ``/`` or is empty; else that key.
        """

    def unpublish(self, prefix: str) -> None:
        """Take that back; no error where it was not published."""

    def published(self) -> list[str]:
        """Return what was published by us."""


@runtime_checkable
class Expires(Protocol):
    """Objects that go by themselves."""

    def expire(self, prefix: str, days: int | None) -> None:
        """Remove what is below a prefix that many days after it was written; ``None`` takes that back."""

    def expiries(self) -> dict[str, int]:
        """Return the days by prefix."""


@runtime_checkable
class KeepsUploads(Protocol):
    """Writes begun and left behind."""

    def uploads(self, prefix: str = "") -> list[Upload]:
        """Return them, for keys that start with ``prefix``."""

    def abort(self, upload: Upload) -> None:
        """Remove what is left of one; no error where it is gone."""


def reader_of(store: Store) -> Callable[[ObjectMeta], Buffer]:
    """Return a store's reader of many objects, or its ``get``."""
    return store.reader() if isinstance(store, ReadsMany) else lambda meta: store.get(meta.key)


def need(store: Store, method: str) -> Any:  # noqa: ANN401 - any of the methods above
    """Return a method that not every store has.

    Raises:
        NotSupportedError: This store has none of that name.
    """
    found = getattr(store, method, None)
    if found is None:
        raise NotSupportedError(
            f"Can't do '{method.replace('_', ' ')}' in {store.uri}: this kind of store has no such ability.",
            hint="Use a bucket or a folder.",
        )
    return found
