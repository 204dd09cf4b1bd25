"""A bucket as a store: AWS S3 and the servers that speak its protocol."""

from __future__ import annotations

import hashlib
import zlib
from base64 import b64encode
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

from botocore import exceptions as boto

from crossframe.stores.checks import check_range, check_write, object_not_found
from crossframe.stores.protocol import BucketMeta, Children, ObjectMeta
from crossframe.stores.s3_errors import Request, corrupt, error_code, translated
from crossframe.stores.s3_session import Connection, S3Options, connect
from crossframe.stores.s3_transfer import PART_BYTES, is_md5, read_verified, upload_parts

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mypy_boto3_s3 import S3Client
    from typing_extensions import Buffer

    from crossframe.stores.s3_transfer import Answer, Arguments

_CONDITION_FAILED = 412


class S3Store:
    """Bytes by key in a bucket.

    Args:
        bucket: Name of the bucket.
        options: How to reach the server; by default as the AWS tools find it.
        connection: A connection to use instead.
    """

    def __init__(
        self, bucket: str, options: S3Options | None = None, *, connection: Connection | None = None
    ) -> None:
        self._bucket = bucket
        self._options = options or S3Options()
        self._given = connection
        # Buckets of the class "S3 Express": their ETags are no MD5 and their listings in no order.
        self._express = bucket.endswith("--x-s3")

    @property
    def uri(self) -> str:
        """Where the store is."""
        return f"s3://{self._bucket}"

    @property
    def connection(self) -> Connection:
        """The client in use; looked up for each request, since keys are renewed and variables set."""
        return self._given or connect(self._options)

    def get(
        self, key: str, *, start: int = 0, length: int | None = None, version: str | None = None
    ) -> bytes:
        """Return the bytes of an object, or a range of them."""
        check_range(start, length)
        where = self._address(key, version)
        connection, request = self._request("read", key, "s3:GetObject", version=version)
        with translated(request):
            if start == 0 and length is None:
                return read_verified(connection.client, where, md5_etag=not self._express)
            if length == 0:
                self.head(key, version=version)
                return b""
            return self._get_range(connection.client, where, start, length)

    def put(
        self,
        key: str,
        data: Buffer,
        *,
        if_absent: bool = False,
        if_match: str | None = None,
        media_type: str | None = None,
    ) -> ObjectMeta:
        """Write an object: in one request, or in parts above 16 MiB; whole or not at all."""
        check_write(key, if_absent=if_absent, if_match=if_match)
        content = memoryview(data).cast("B")
        conditions: Arguments = {}
        if if_absent:
            conditions["IfNoneMatch"] = "*"
        if if_match is not None:
            conditions["IfMatch"] = f'"{if_match}"'
        where = self._address(key)
        about: Arguments = {"ContentType": media_type} if media_type else {}
        connection, request = self._request(
            "write", key, "s3:PutObject", if_absent=if_absent, if_match=if_match
        )
        with translated(request):
            if len(content) <= PART_BYTES:
                return self._put_whole(connection, request, content, where, about | conditions)
            answer = upload_parts(connection, content, where, about, conditions)
            return _written(key, len(content), answer)

    def head(self, key: str, *, version: str | None = None) -> ObjectMeta:
        """Describe one object."""
        where = self._address(key, version)
        connection, request = self._request("look at", key, "s3:GetObject", version=version)
        with translated(request):
            try:
                answer = connection.client.head_object(**where)
            except boto.ClientError as error:
                # Why: an answer to HEAD has no body and so no reason; the same by GET has one.
                if error_code(error).isdigit():
                    connection.client.get_object(**where, Range="bytes=0-0")["Body"].close()
                raise
        return ObjectMeta(
            key,
            answer["ContentLength"],
            answer["LastModified"].astimezone(UTC),
            answer["ETag"].strip('"'),
            answer.get("VersionId"),
            answer.get("StorageClass", "STANDARD"),
        )

    def list(self, prefix: str = "") -> Iterator[ObjectMeta]:
        """Yield the objects whose key starts with ``prefix``, in byte order, a page of 1,000 at a time."""
        connection, request = self._request("list", None, "s3:ListBucket")
        with translated(request):
            pages = connection.client.get_paginator("list_objects_v2").paginate(
                Bucket=self._bucket, Prefix=prefix
            )
            rows = (_listed(row) for page in pages for row in page.get("Contents", ()))
            # Why sorted: servers that keep folders list 'a/b' before 'a.b'. AWS keeps the promise.
            if connection.custom or self._express:
                yield from sorted(rows, key=lambda meta: meta.key)
            else:
                yield from rows

    def children(self, prefix: str = "") -> Children:
        """List one level below ``prefix``."""
        connection, request = self._request("list", None, "s3:ListBucket")
        prefixes: set[str] = set()
        objects: list[ObjectMeta] = []
        with translated(request):
            paginator = connection.client.get_paginator("list_objects_v2")
            for page in paginator.paginate(Bucket=self._bucket, Prefix=prefix, Delimiter="/"):
                prefixes.update(row["Prefix"] for row in page.get("CommonPrefixes", ()))
                objects.extend(_listed(row) for row in page.get("Contents", ()))
        return Children(tuple(sorted(prefixes)), tuple(sorted(objects, key=lambda meta: meta.key)))

    def delete(self, key: str) -> None:
        """Remove an object; no error where there is none."""
        if not key:
            return
        connection, request = self._request("delete", key, "s3:DeleteObject")
        with translated(request):
            try:
                connection.client.delete_object(Bucket=self._bucket, Key=key)
            except boto.ClientError as error:
                if error_code(error) != "NoSuchKey":
                    raise

    def _address(self, key: str, version: str | None = None) -> Arguments:
        """Return bucket, key and version as boto3's arguments."""
        if not key:
            raise object_not_found(key, self.uri)
        version_id = {} if version is None else {"VersionId": version}
        return {"Bucket": self._bucket, "Key": key, **version_id}

    def _request(
        self,
        verb: str,
        key: str | None,
        permission: str,
        *,
        version: str | None = None,
        if_absent: bool = False,
        if_match: str | None = None,
    ) -> tuple[Connection, Request]:
        connection = self.connection
        request = Request(
            verb,
            self.uri,
            key,
            permission,
            endpoint=connection.endpoint,
            source=connection.source,
            version=version,
            if_absent=if_absent,
            if_match=if_match,
        )
        return connection, request

    def _get_range(self, client: S3Client, where: Arguments, start: int, length: int | None) -> bytes:
        end = "" if length is None else str(start + length - 1)
        for last in (False, True):
            try:
                answer = client.get_object(**where, Range=f"bytes={start}-{end}")
            except boto.ClientError as error:
                if error_code(error) == "InvalidRange":
                    return b""
                raise
            try:
                content = answer["Body"].read()
            except boto.BotoCoreError:
                answer["Body"].close()
                if last:
                    raise
                continue
            # A server that knows no ranges sends all there is.
            return content if "ContentRange" in answer else content[start:][:length]
        raise AssertionError  # pragma: no cover - the loop returns or raises

    def _put_whole(
        self, connection: Connection, request: Request, content: memoryview, where: Arguments, more: Arguments
    ) -> ObjectMeta:
        key, md5 = where["Key"], hashlib.md5(content, usedforsecurity=False)
        # Why by hand: over TLS boto3 would send its checksum as a trailer, which older servers refuse.
        if connection.checksums == "when_required":
            checksum: Arguments = {"ContentMD5": b64encode(md5.digest()).decode()}
        else:
            checksum = {"ChecksumCRC32": b64encode(zlib.crc32(content).to_bytes(4, "big")).decode()}
        try:
            answer = connection.client.put_object(**where, **checksum, **more, Body=bytes(content))
        except boto.ClientError as error:
            # A repeated request may find its own first success, whose answer was lost, in its way.
            metadata = error.response["ResponseMetadata"]
            if metadata["HTTPStatusCode"] != _CONDITION_FAILED or not metadata.get("RetryAttempts"):
                raise
            found = self.head(key)
            if found.etag != md5.hexdigest():
                raise
            return found
        if not self._express and is_md5(answer) and answer["ETag"].strip('"') != md5.hexdigest():
            raise corrupt(
                request, f"The stored object has ETag {answer['ETag']}, sent was {md5.hexdigest()}."
            )
        return _written(key, len(content), answer)


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


def _listed(row: Answer) -> ObjectMeta:
    return ObjectMeta(
        row["Key"],
        row["Size"],
        row["LastModified"].astimezone(UTC),
        row.get("ETag", "").strip('"'),
        storage_class=row.get("StorageClass", "STANDARD"),
    )


def _written(key: str, size: int, answer: Answer) -> ObjectMeta:
    headers = answer["ResponseMetadata"]["HTTPHeaders"]
    modified = parsedate_to_datetime(headers["date"]) if "date" in headers else datetime.now(UTC)
    return ObjectMeta(key, size, modified.astimezone(UTC), answer["ETag"].strip('"'), answer.get("VersionId"))
