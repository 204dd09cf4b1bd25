"""Listings as frames: what is in a bucket, below a prefix, and which buckets there are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from crossframe.keys import text_of
from crossframe.stores import list_buckets, resolve

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable, Iterator

    import pandas as pd

    from crossframe.stores import Location, ObjectMeta, S3Options

_COLUMNS = ("key", "size", "modified", "etag", "storage_class")


def ls(
    uri: str | os.PathLike[str] = "", *, recursive: bool = False, options: S3Options | None = None
) -> pd.DataFrame:
    """List one level below a prefix, or everything.

    Args:
        uri: Bucket, prefix or folder, by default the root; a prefix without its trailing ``/`` is given one.
        recursive: List every object below instead of one level.
        options: How to reach S3.

    Returns:
        A frame of key, size (bytes), modified (UTC), etag, storage_class, in byte order of the keys.
        A prefix one level down has its key, ending in ``/``, and nothing else. Keys are relative to the
        root, or whole where ``uri`` is a URI or absolute path: what ``load`` and ``ls`` take.

    Raises:
        BucketNotFoundError: No such bucket or folder.
        StoreError: The store refused or failed.
    """
    return _frame(everything(uri, options=options) if recursive else level(uri, options=options))


def everything(
    uri: str | os.PathLike[str] = "", *, options: S3Options | None = None
) -> Iterator[dict[str, Any]]:
    """Yield every object below a prefix as plain rows, as they are listed."""
    location = _below(uri, options)
    return (_row(location.at(meta.key).shown, meta) for meta in location.store.list(location.key))


def level(uri: str | os.PathLike[str] = "", *, options: S3Options | None = None) -> list[dict[str, Any]]:
    """Return one level below a prefix as plain rows."""
    location = _below(uri, options)
    children = location.store.children(location.key)
    rows = [_row(location.at(meta.key).shown, meta) for meta in children.objects]
    rows += [{"key": location.at(one).shown} for one in children.prefixes]
    # Why no encoding: the order of code points is that of UTF-8 bytes.
    return sorted(rows, key=lambda row: row["key"])


def _below(uri: str | os.PathLike[str], options: S3Options | None) -> Location:
    text = text_of(uri) or "."
    return resolve(text if text.endswith("/") else text + "/", options=options)


def buckets(*, options: S3Options | None = None) -> pd.DataFrame:
    """List the buckets that the credentials may list: name and created (UTC).

    Raises:
        CredentialsError: No credentials were found.
        AccessDeniedError: They may not list buckets.
    """
    import pandas as pd  # noqa: PLC0415 - slow to import

    found = list_buckets(options)
    return pd.DataFrame(
        {
            "bucket": pd.array([one.name for one in found], dtype="str"),
            "created": pd.to_datetime(pd.Series([one.created for one in found], dtype=object), utc=True),
        }
    )


def frame_of(found: Iterable[tuple[str, ObjectMeta]]) -> pd.DataFrame:
    """Return keys, as they are shown, and what the store tells of them as a frame."""
    return _frame(_row(key, meta) for key, meta in found)


def _row(key: str, meta: ObjectMeta) -> dict[str, Any]:
    return {
        "key": key,
        "size": meta.size,
        "modified": meta.modified,
        "etag": meta.etag,
        "storage_class": meta.storage_class,
    }


def _frame(rows: Iterable[dict[str, Any]]) -> pd.DataFrame:
    import pandas as pd  # noqa: PLC0415 - slow to import

    columns: dict[str, list[Any]] = {name: [] for name in _COLUMNS}
    for row in rows:
        for name, column in columns.items():
            column.append(row.get(name))
    return pd.DataFrame(
        {
            "key": pd.array(columns["key"], dtype="str"),
            "size": pd.array(columns["size"], dtype="Int64"),
            "modified": pd.to_datetime(columns["modified"], utc=True),
            "etag": pd.array(columns["etag"], dtype="str"),
            "storage_class": pd.array(columns["storage_class"], dtype="str"),
        }
    )
