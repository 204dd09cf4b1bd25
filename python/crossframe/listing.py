"""Listings as frames: what is in a bucket, below a prefix, and which buckets there are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from crossframe.stores import list_buckets, resolve

if TYPE_CHECKING:
    import os

    import pandas as pd

    from crossframe.stores import ObjectMeta, S3Options


def ls(
    uri: str | os.PathLike[str] = "", *, recursive: bool = False, options: S3Options | None = None
) -> pd.DataFrame:
    """List one level below a prefix, or everything.

    Args:
        uri: Bucket, prefix or folder; a prefix without its trailing ``/`` is given one.
        recursive: List every object below instead of one level.
        options: How to reach S3.

    Returns:
        A frame of key, size (bytes), modified (UTC), etag, storage_class, in byte order of the keys.
        A prefix one level down has its key, ending in ``/``, and nothing else.

    Raises:
        BucketNotFoundError: No such bucket or folder.
        StoreError: The store refused or failed.
    """
    location = resolve(uri, options=options)
    prefix = location.key if not location.key or location.key.endswith("/") else location.key + "/"
    if recursive:
        return frame_of(location.store.list(prefix))
    children = location.store.children(prefix)
    rows = [_row(meta) for meta in children.objects]
    rows += [{"key": one} for one in children.prefixes]
    rows.sort(key=lambda row: row["key"].encode())
    return _frame(rows)


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


def frame_of(metas: Any) -> pd.DataFrame:  # noqa: ANN401 - an iterable of ObjectMeta
    """Return object descriptions as a frame."""
    return _frame([_row(meta) for meta in metas])


def _row(meta: ObjectMeta) -> dict[str, Any]:
    return {
        "key": meta.key,
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
