"""A bucket as a store: AWS S3 and the servers that speak its protocol."""

from __future__ import annotations

from crossframe.stores.s3_buckets import list_buckets, make_bucket
from crossframe.stores.s3_bulk import S3Bulk
from crossframe.stores.s3_cleaning import S3Cleaning
from crossframe.stores.s3_lifecycle import S3Expiry
from crossframe.stores.s3_policy import S3Publishing
from crossframe.stores.s3_versions import S3Versions

__all__ = ["S3Store", "list_buckets", "make_bucket"]


class S3Store(S3Versions, S3Publishing, S3Expiry, S3Cleaning, S3Bulk):
    """A bucket, with every ability of a store; each has a module of its own.

    Args:
        bucket: Name of the bucket.
        options: How to reach the server; by default as the AWS tools find it.
        connection: A connection to use instead.
    """
