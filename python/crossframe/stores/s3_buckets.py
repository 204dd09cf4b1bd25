"""Buckets: which there are, and new ones."""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING

from botocore import exceptions as boto

from crossframe import errors
from crossframe.stores.protocol import BucketMeta
from crossframe.stores.s3_answers import error_code
from crossframe.stores.s3_bucket import was_repeated
from crossframe.stores.s3_errors import translated
from crossframe.stores.s3_request import Request
from crossframe.stores.s3_session import S3Options, connect

if TYPE_CHECKING:
    from crossframe.stores.s3_bucket import Arguments
    from crossframe.stores.s3_session import Connection

# AWS's first region is the one that must not be named.
_FIRST_REGION = "us-east-1"
_TAKEN = {"BucketAlreadyOwnedByYou", "BucketAlreadyExists"}


def list_buckets(options: S3Options | None = None) -> list[BucketMeta]:
    """Return the buckets the credentials may list, in byte order of their names."""
    connection = connect(options)
    request = Request(
        "list",
        "the buckets",
        permission="s3:ListAllMyBuckets",
        endpoint=connection.endpoint,
        source=connection.source,
    )
    with translated(request):
        pages = connection.client.get_paginator("list_buckets").paginate()
        found = [
            BucketMeta(row["Name"], row["CreationDate"].astimezone(UTC) if "CreationDate" in row else None)
            for page in pages
            for row in page.get("Buckets", ())
        ]
    return sorted(found, key=lambda bucket: bucket.name)


def make_bucket(name: str, *, versioned: bool = True, options: S3Options | None = None) -> None:
    """Make a bucket, in the region of the connection.

    Args:
        name: Its name.
        versioned: Whether it is to keep what is replaced and deleted.
        options: How to reach the server.

    Raises:
        ObjectExistsError: There is a bucket of that name, one's own or another's; it is left as it is.
        AccessDeniedError: The credentials may not make buckets.
    """
    connection = connect(options)
    request = Request(
        "make the bucket",
        f"s3://{name}",
        permission="s3:CreateBucket",
        endpoint=connection.endpoint,
        source=connection.source,
    )
    with translated(request):
        # Why first: AWS's first region says "made" to who has it already.
        if _is_there(connection, name):
            raise _exists(request)
        _create(connection, request, name)
    if versioned:
        set_versioning(name, on=True, options=options)


def set_versioning(name: str, *, on: bool, options: S3Options | None = None) -> None:
    """Have a bucket keep what is replaced and deleted from now on, or no longer."""
    connection = connect(options)
    request = Request(
        "set the versioning of",
        f"s3://{name}",
        permission="s3:PutBucketVersioning",
        endpoint=connection.endpoint,
        source=connection.source,
    )
    with translated(request):
        connection.client.put_bucket_versioning(
            Bucket=name, VersioningConfiguration={"Status": "Enabled" if on else "Suspended"}
        )


def _is_there(connection: Connection, name: str) -> bool:
    try:
        connection.client.head_bucket(Bucket=name)
    except boto.ClientError:
        # None, or not to be seen: the attempt to make it tells.
        return False
    return True


def _create(connection: Connection, request: Request, name: str) -> None:
    region = connection.client.meta.region_name
    where: Arguments = (
        {} if region == _FIRST_REGION else {"CreateBucketConfiguration": {"LocationConstraint": region}}
    )
    try:
        connection.client.create_bucket(Bucket=name, **where)
    except boto.ClientError as error:
        code = error_code(error)
        # A repeated request finds what the first one made.
        if code == "BucketAlreadyOwnedByYou" and was_repeated(error):
            return
        if code in _TAKEN:
            raise _exists(request) from error
        raise


def _exists(request: Request) -> errors.ObjectExistsError:
    return errors.ObjectExistsError(
        f"{request.problem}: there is a bucket of that name.",
        request.server,
        "Use it, or choose another name; on AWS names are shared by everybody.",
    )
