"""What objects were before: list the versions, bring one back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from crossframe.errors import NotSupportedError, ObjectNotFoundError
from crossframe.sidecars import beside, current, has_sidecar, md5_of, of_version
from crossframe.stores import Versions, resolve, with_near_miss
from crossframe.streams import fetch_to, scratch, told

if TYPE_CHECKING:
    import os
    from datetime import datetime

    import pandas as pd

    from crossframe.results import Stored
    from crossframe.stores import Location, ObjectMeta, S3Options, VersionMeta

COLUMNS = ("key", "version", "modified", "size", "etag", "latest", "deleted")


def versions(uri: str | os.PathLike[str], *, options: S3Options | None = None) -> pd.DataFrame:
    """List the versions of a key, or of all keys below a prefix.

    Args:
        uri: A key; a prefix with its ``/``, or a bucket.
        options: How to reach S3.

    Returns:
        A frame of key, version (id), modified (UTC), size (bytes), etag, latest (whether it is what the key
        holds now) and deleted (whether it is the mark of a deletion): keys in byte order, of each the newest
        first. ``load(uri, version=)`` loads one, ``restore`` brings it back.

    Raises:
        ObjectNotFoundError: The key never held anything, or the store has forgotten.
        NotSupportedError: The store keeps no versions.
    """
    import pandas as pd  # noqa: PLC0415 - slow to import

    rows = version_rows(uri, options=options)
    column = {name: [row[name] for row in rows] for name in COLUMNS}
    return pd.DataFrame(
        {
            "key": pd.array(column["key"], dtype="str"),
            "version": pd.array(column["version"], dtype="str"),
            "modified": pd.to_datetime(column["modified"], utc=True),
            "size": pd.array(column["size"], dtype="Int64"),
            "etag": pd.array(column["etag"], dtype="str"),
            "latest": pd.array(column["latest"], dtype="bool"),
            "deleted": pd.array(column["deleted"], dtype="bool"),
        }
    )


def version_rows(uri: str | os.PathLike[str], *, options: S3Options | None = None) -> list[dict[str, Any]]:
    """Return what ``versions`` lists, as plain rows."""
    return rows_at(resolve(uri, options=options))


def rows_at(location: Location) -> list[dict[str, Any]]:
    """Return what ``versions`` lists of a location, as plain rows."""
    exact = bool(location.key) and not location.key.endswith("/")
    found = list(_versioned(location).versions(location.key, exact=exact))
    if exact and not found:
        error = ObjectNotFoundError(f"Can't find a version of '{location.key}' in {location.store.uri}.")
        raise with_near_miss(error, location)
    return [_row(location, one) for one in found]


def restore(
    uri: str | os.PathLike[str], version: str | None = None, *, options: S3Options | None = None
) -> Stored:
    """Make a version the newest again, or undo a deletion; what is there now stays a version.

    The schema of a CSV comes back with it.

    Args:
        uri: A key.
        version: Version id; by default the last content, so that a deletion is undone.
        options: How to reach S3.

    Returns:
        What the key holds now.

    Raises:
        ObjectNotFoundError: No such version.
        NotSupportedError: The store keeps no versions.
    """
    return restore_at(resolve(uri, options=options), version)


def restore_at(location: Location, version: str | None = None) -> Stored:
    """Do what ``restore`` does, at a location."""
    store = _versioned(location)
    written = _written(location, version) if has_sidecar(location.key) else None
    meta = store.restore(location.key, version)
    if has_sidecar(location.key):
        _restore_schema(location, meta, written)
    return told(location, meta)


def _written(location: Location, version: str | None) -> datetime | None:
    """Return when a version, by default the last content, was written."""
    found = _versioned(location).versions(location.key, exact=True)
    return next((one.modified for one in found if not one.deleted and version in (None, one.version)), None)


def _restore_schema(location: Location, meta: ObjectMeta, written: datetime | None) -> None:
    with scratch() as file:
        fetch_to(location, file)
        file.seek(0)
        md5 = md5_of(file)
    found = of_version(location, meta.size, md5, written)
    if found is not None and found[0] != current(location):
        _versioned(location).restore(beside(location).key, found[1])


def _versioned(location: Location) -> Versions:
    if isinstance(location.store, Versions):
        return location.store
    raise NotSupportedError(f"Can't tell versions in {location.store.uri}: this store keeps none.")


def _row(location: Location, one: VersionMeta) -> dict[str, Any]:
    return {
        "key": location.at(one.key).shown,
        "version": one.version,
        "modified": one.modified,
        "size": one.size,
        "etag": one.etag,
        "latest": one.latest,
        "deleted": one.deleted,
    }
