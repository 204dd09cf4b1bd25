"""What an object is, and what is in it, without loading it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crossframe import api, formats
from crossframe.codecs.table import CODECS
from crossframe.errors import AccessDeniedError, CrossframeError, NotSupportedError, ObjectNotFoundError
from crossframe.keys import name_of
from crossframe.ranges import SMALL, ranged
from crossframe.results import Info
from crossframe.stores import Versions, resolve, with_near_miss

if TYPE_CHECKING:
    import os

    from crossframe.formats import Choice
    from crossframe.results import ObjectInfo
    from crossframe.stores import Location, ObjectMeta, S3Options


def info(
    uri: str | os.PathLike[str], *, version: str | None = None, options: S3Options | None = None
) -> Info:
    """Describe an object: its format, its frames, their columns in the words of R, Arrow and pandas.

    Args:
        uri: ``s3://bucket/key``, a path, or a key under the root; or the prefix of a data set of parts,
            which is described as one frame: the size of all its objects, and the time of the last written.
        version: Version id; by default the newest.
        options: How to reach S3.

    Raises:
        ObjectNotFoundError: No object at that key.
        DecodeError: The bytes are truncated, damaged or foreign.
    """
    location = resolve(uri, options=options)
    return api.either(location, version, lambda: _describe(location, version), lambda parts: parts.info())


def _describe(location: Location, version: str | None) -> Info:
    try:
        meta = location.store.head(location.key, version=version)
    except ObjectNotFoundError as error:
        raise with_near_miss(error, location, many="load_many") from None
    try:
        choice, objects = _inspected_by_parts(location, meta, version) or _inspected(location, version)
    except CrossframeError as error:
        raise api.placed(error, location.uri) from None
    return Info(
        key=location.shown,
        uri=location.uri,
        format=choice.format,
        compression=choice.compression,
        size=meta.size,
        modified=meta.modified,
        etag=meta.etag,
        version=meta.version,
        versions=_count_versions(location, meta),
        media_type=meta.media_type,
        metadata=dict(meta.metadata),
        frames=objects,
    )


def _inspected(location: Location, version: str | None) -> tuple[Choice, tuple[ObjectInfo, ...]]:
    choice, source = api.source_of(location, api.fetch(location, version=version), None, version)
    return choice, CODECS[choice.format].inspect(source)


def _inspected_by_parts(
    location: Location, meta: ObjectMeta, version: str | None
) -> tuple[Choice, tuple[ObjectInfo, ...]] | None:
    """Read of a large object what tells of it; ``None`` where that is all of it."""
    if meta.size <= SMALL:
        return None
    magic = bytes(location.store.get(location.key, start=0, length=formats.HEAD_BYTES, version=version))
    known = formats.sniff_format(magic)
    inspect = None if known is None else CODECS[known].inspect_file
    if inspect is None:
        return None
    choice = formats.choose(location.key, magic)
    return choice, inspect(name_of(location.key), ranged(location, meta.size, version))


def _count_versions(location: Location, meta: ObjectMeta) -> int | None:
    """Return how many contents of the key are kept; ``None`` where none are or it is not told."""
    store = location.store
    if meta.version is None or not isinstance(store, Versions):
        return None
    try:
        return sum(not one.deleted for one in store.versions(location.key, exact=True))
    except (AccessDeniedError, NotSupportedError):
        return None
