"""Listings as frames: what is in a bucket, below a prefix, and which buckets there are."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from crossframe.stores import list_buckets, resolve

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pandas as pd

    from crossframe.stores import ObjectMeta, S3Options


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
    return _frame(level(uri, recursive=recursive, options=options))


def level(
    uri: str | os.PathLike[str] = "", *, recursive: bool = False, options: S3Options | None = None
) -> list[dict[str, Any]]:
    """Return what ``ls`` lists, as plain rows."""
    text = os.fspath(uri) or "."
    location = resolve(text if text.endswith("/") else text + "/", options=options)
    if recursive:
        return [_row(location.at(meta.key).shown, meta) for meta in location.store.list(location.key)]
    children = location.store.children(location.key)
    rows = [_row(location.at(meta.key).shown, meta) for meta in children.objects]
    rows += [{"key": location.at(one).shown} for one in children.prefixes]
    # Why no encoding: the order of code points is that of UTF-8 bytes.
    return sorted(rows, key=lambda row: row["key"])


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
    return _frame([_row(key, meta) for key, meta in found])


def _row(key: str, meta: ObjectMeta) -> dict[str, Any]:
    return {
        "key": key,
        "size": meta.size,
        "modified": meta.modified,
        "etag": meta.etag,
        "storage_class": meta.storage_class,
    }


def _frame(rows: list[dict[str, Any]]) -> pd.DataFrame:
    import pandas as pd  # noqa: PLC0415 - slow to import

    def column(name: str) -> list[Any]:
        return [row.get(name) for row in rows]

    return pd.DataFrame(
        {
            "key": pd.array(column("key"), dtype="str"),
            "size": pd.array(column("size"), dtype="Int64"),
            "modified": pd.to_datetime(column("modified"), utc=True),
            "etag": pd.array(column("etag"), dtype="str"),
            "storage_class": pd.array(column("storage_class"), dtype="str"),
        }
    )
