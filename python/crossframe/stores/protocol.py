"""What a store is: five verbs over bytes, and what they promise.

Keys are UTF-8, ``/``-separated, relative to the store. A store holds no cache
and knows nothing of formats or frames. What not every store can do, versions or
links, is in ``abilities``. The contract test in
``tests/python/test_store_contract.py`` runs against every store.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    # Why not collections.abc: it has Buffer from Python 3.12 on only.
    from typing_extensions import Buffer


# Why not a mapping proxy: what crosses to a worker process must pickle. One for all: listings have many keys.
_NO_METADATA: Mapping[str, str] = {}


@dataclass(frozen=True, slots=True)
class ObjectMeta:
    """What a store tells of one object.

    Attributes:
        key: Key within the store.
        size: Size in bytes.
        modified: Time of the last write, zoned, UTC.
        etag: Changes when the content is replaced; without quotes.
        version: Version id, where the store keeps versions.
        storage_class: S3 storage class; ``None`` elsewhere.
        media_type: What the writer said it is; told by ``head`` and by a write, not by listings.
        metadata: What the writer said about it; told likewise, empty in listings.
    """

    key: str
    size: int
    modified: datetime
    etag: str
    version: str | None = None
    storage_class: str | None = None
    media_type: str | None = None
    metadata: Mapping[str, str] = field(default_factory=lambda: _NO_METADATA, hash=False)


@dataclass(frozen=True, slots=True)
class Children:
    """One level of a listing.

    Attributes:
        prefixes: Prefixes one level down, each ending in ``/``, in byte order.
        objects: Objects at this level, in byte order of their keys.
    """

    prefixes: tuple[str, ...]
    objects: tuple[ObjectMeta, ...]


@dataclass(frozen=True, slots=True)
class BucketMeta:
    """What is told of one bucket.

    Attributes:
        name: Its name.
        created: When it was made, zoned, UTC; ``None`` where the server does not say.
    """

    name: str
    created: datetime | None


class Store(Protocol):
    """Bytes by key.

    Abilities that not every store has (copy, versions, sign, publish) are the protocols of
    ``abilities``; a store that has the method but can't do it raises ``NotSupportedError``.
    """

    @property
    def uri(self) -> str:
        """Where the store is, without a trailing slash, e.g. ``s3://lab-data``."""

    def get(
        self, key: str, *, start: int = 0, length: int | None = None, version: str | None = None
    ) -> Buffer:
        """Return the bytes of an object, or ``length`` of them from ``start``.

        A range is cut at the object's end, as a slice is. Verified against the store's checksum
        where the whole object is read; never short.

        Raises:
            ObjectNotFoundError: No object at ``key``.
            BucketNotFoundError: No such bucket or root folder; so for every verb that reads.
            CorruptObjectError: The bytes are not those that were stored, twice in a row.
        """

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
        """Write an object, atomically: a reader sees the old content or the new, never a part.

        The answer's ``modified`` is the store's clock at the end of the write.

        Raises:
            InvalidKeyError: The key has an empty, ``.`` or ``..`` segment or a leading slash.
            UsageError: The metadata are not short text by simple names, see ``checks.check_metadata``.
            ObjectExistsError: ``if_absent`` and the key is taken.
            PreconditionFailedError: ``if_match`` is not the object's ETag, or there is no object.
        """

    def head(self, key: str, *, version: str | None = None) -> ObjectMeta:
        """Describe one object, matched by its whole key.

        Raises:
            ObjectNotFoundError: No object at ``key``.
        """

    def list(self, prefix: str = "") -> Iterator[ObjectMeta]:
        """Yield every object whose key starts with ``prefix``, in byte order of the keys."""

    def children(self, prefix: str = "") -> Children:
        """List one level below ``prefix``, which is empty or ends in ``/``.

        An object whose key is ``prefix`` itself is listed, as S3 does.
        """

    def delete(self, key: str, *, version: str | None = None) -> None:
        """Remove an object, or one version of it for ever; no error where there is none."""
