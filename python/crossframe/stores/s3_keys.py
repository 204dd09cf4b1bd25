"""Which objects there are in a bucket: all that begin with a prefix, or one level."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC
from itertools import chain
from typing import TYPE_CHECKING

from botocore import exceptions as boto

from crossframe import errors
from crossframe.stores.protocol import Children, ObjectMeta
from crossframe.stores.s3_bucket import S3Bucket
from crossframe.stores.s3_errors import translated
from crossframe.stores.s3_listing import OBJECTS, pages
from crossframe.stores.s3_order import DisorderError, in_byte_order
from crossframe.stores.s3_rows import read_rows

if TYPE_CHECKING:
    from collections.abc import Iterator

    from crossframe.stores.s3_bucket import Answer
    from crossframe.stores.s3_request import Request
    from crossframe.stores.s3_session import Connection

# Servers, by the beginning of their names for themselves, that list by bytes or as a walk through folders.
_IN_ORDER = ("SeaweedFS", "MinIO", "Ceph")
# Enough for a folder, an object of its name, and one that comes between it and what follows.
_LATE_ASKED = 10


class S3Keys(S3Bucket):
    """Listings of a bucket."""

    def list(self, prefix: str = "") -> Iterator[ObjectMeta]:
        """Yield the objects whose key starts with ``prefix``, in byte order, a page of 1,000 at a time.

        All are taken to memory and sorted first where the server lists in no order that is known.
        """
        connection, request = self._request("list", None, "s3:ListBucket")
        arguments = {"Bucket": self._bucket, "Prefix": prefix}
        read_rows(connection)
        with translated(request):
            found = pages(connection.client.list_objects_v2, arguments, OBJECTS, request, ahead=True)
            first = next(found)
            rows = (_listed(row) for page in chain((first,), found) for row in page.get("Contents", ()))
            if not connection.custom and not self._express:
                yield from rows
            elif first["IsTruncated"] and self._lists_in_order(connection, first):
                yield from self._ordered(rows, prefix, connection, request)
            else:
                yield from sorted(rows, key=lambda meta: meta.key)

    def children(self, prefix: str = "") -> Children:
        """List one level below ``prefix``."""
        prefixes: set[str] = set()
        objects: list[ObjectMeta] = []
        for page in self.child_pages(prefix):
            prefixes.update(page.prefixes)
            objects.extend(page.objects)
        return Children(tuple(sorted(prefixes)), tuple(sorted(objects, key=lambda meta: meta.key)))

    def child_pages(self, prefix: str = "") -> Iterator[Children]:
        """Yield one level below ``prefix``, at most 1,000 names at a time, as they are wanted."""
        connection, request = self._request("list", None, "s3:ListBucket")
        arguments = {"Bucket": self._bucket, "Prefix": prefix, "Delimiter": "/"}
        read_rows(connection)
        with translated(request):
            for page in pages(connection.client.list_objects_v2, arguments, OBJECTS, request):
                below = {row["Prefix"] for row in page.get("CommonPrefixes", ())}
                objects = [_listed(row) for row in page.get("Contents", ())]
                yield Children(tuple(sorted(below)), tuple(sorted(objects, key=lambda meta: meta.key)))

    def _lists_in_order(self, connection: Connection, page: Answer) -> bool:
        server = page["ResponseMetadata"]["HTTPHeaders"].get("server", "")
        if self._express or not server.startswith(_IN_ORDER):
            return False
        # Why: a bucket that keeps versions SeaweedFS lists in no order, and one may keep some unseen.
        with suppress(boto.ClientError):
            return "Status" not in connection.client.get_bucket_versioning(Bucket=self._bucket)
        return False

    def _ordered(
        self, rows: Iterator[ObjectMeta], prefix: str, connection: Connection, request: Request
    ) -> Iterator[ObjectMeta]:
        def has_late(name: str) -> bool:
            level = connection.client.list_objects_v2(
                Bucket=self._bucket, Prefix=name, Delimiter="/", MaxKeys=_LATE_ASKED
            )
            found = [row["Key"] for row in level.get("Contents", ())]
            found += [row["Prefix"] for row in level.get("CommonPrefixes", ())]
            return any(name < one < f"{name}/" for one in found)

        try:
            yield from in_byte_order(rows, prefix[: prefix.rfind("/") + 1], has_late)
        except DisorderError as error:
            raise errors.UnavailableError(
                f"{request.problem}: the server changed the order of its listing.",
                f"{error} {request.server}",
                "Try again.",
            ) from error


def _listed(row: Answer) -> ObjectMeta:
    return ObjectMeta(
        row["Key"],
        row["Size"],
        row["LastModified"].astimezone(UTC),
        row.get("ETag", "").strip('"'),
        storage_class=row.get("StorageClass", "STANDARD"),
    )
