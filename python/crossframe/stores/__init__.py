"""Stores: bytes by key in a bucket, a folder or memory, or behind a link.

What needs boto3 or urllib3 is imported when first asked for, since they are slow to import.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from crossframe.stores.abilities import (
    Copies,
    DeletesMany,
    Expires,
    KeepsUploads,
    Link,
    Pages,
    Publishes,
    ReadsMany,
    Signs,
    Streams,
    Upload,
    VersionMeta,
    Versions,
    reader_of,
)
from crossframe.stores.folder import FolderStore
from crossframe.stores.local import fill_local, open_local
from crossframe.stores.memory import MemoryStore
from crossframe.stores.near_miss import with_near_miss
from crossframe.stores.prefix import PrefixStore
from crossframe.stores.protocol import BucketMeta, Children, ObjectMeta, Store
from crossframe.stores.resolve import Location, absolute_root, get_root, list_buckets, resolve, set_root
from crossframe.stores.s3_session import S3Options

if TYPE_CHECKING:
    from crossframe.stores.http import HttpStore
    from crossframe.stores.s3 import S3Store
    from crossframe.stores.s3_buckets import make_bucket

__all__ = [
    "BucketMeta",
    "Children",
    "Copies",
    "DeletesMany",
    "Expires",
    "FolderStore",
    "HttpStore",
    "KeepsUploads",
    "Link",
    "Location",
    "MemoryStore",
    "ObjectMeta",
    "Pages",
    "PrefixStore",
    "Publishes",
    "ReadsMany",
    "S3Options",
    "S3Store",
    "Signs",
    "Store",
    "Streams",
    "Upload",
    "VersionMeta",
    "Versions",
    "absolute_root",
    "fill_local",
    "get_root",
    "list_buckets",
    "make_bucket",
    "open_local",
    "reader_of",
    "resolve",
    "set_root",
    "with_near_miss",
]


_LATER = {"HttpStore": "http", "S3Store": "s3", "make_bucket": "s3_buckets"}


def __getattr__(name: str) -> object:
    if name in _LATER:
        return getattr(import_module(f"crossframe.stores.{_LATER[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
