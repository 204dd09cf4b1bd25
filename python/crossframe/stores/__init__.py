"""Stores: bytes by key in a bucket, a folder or memory.

``S3Store`` is imported when first asked for, since boto3 is slow to import.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from crossframe.stores.abilities import (
    Copies,
    DeletesMany,
    Expires,
    KeepsUploads,
    Link,
    Publishes,
    Signs,
    Streams,
    Upload,
    VersionMeta,
    Versions,
)
from crossframe.stores.folder import FolderStore
from crossframe.stores.memory import MemoryStore
from crossframe.stores.near_miss import with_near_miss
from crossframe.stores.prefix import PrefixStore
from crossframe.stores.protocol import BucketMeta, Children, ObjectMeta, Store
from crossframe.stores.resolve import Location, get_root, list_buckets, resolve, set_root
from crossframe.stores.s3_session import S3Options

if TYPE_CHECKING:
    from crossframe.stores.s3 import S3Store

__all__ = [
    "BucketMeta",
    "Children",
    "Copies",
    "DeletesMany",
    "Expires",
    "FolderStore",
    "KeepsUploads",
    "Link",
    "Location",
    "MemoryStore",
    "ObjectMeta",
    "PrefixStore",
    "Publishes",
    "S3Options",
    "S3Store",
    "Signs",
    "Store",
    "Streams",
    "Upload",
    "VersionMeta",
    "Versions",
    "get_root",
    "list_buckets",
    "resolve",
    "set_root",
    "with_near_miss",
]


def __getattr__(name: str) -> object:
    if name == "S3Store":
        from crossframe.stores.s3 import S3Store  # noqa: PLC0415 - imports boto3

        return S3Store
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
