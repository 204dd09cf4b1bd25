"""Contents of a bucket that were replaced or deleted: listed, and brought back."""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from crossframe import errors
from crossframe.stores.abilities import VersionMeta
from crossframe.stores.checks import object_not_found
from crossframe.stores.s3_bucket import raw_answers
from crossframe.stores.s3_copy import S3Copies
from crossframe.stores.s3_errors import translated
from crossframe.stores.s3_listing import VERSIONS, pages

if TYPE_CHECKING:
    from collections.abc import Iterator

    from crossframe.stores.protocol import ObjectMeta
    from crossframe.stores.s3_bucket import Answer


class S3Versions(S3Copies):
    """What a bucket keeps of its past, where its versioning is on."""

    def versions(self, prefix: str = "", *, exact: bool = False) -> Iterator[VersionMeta]:
        """Yield every version of the keys that start with ``prefix``: keys in byte order, newest first.

        In a bucket without versioning the current contents, as version ``null``.
        """
        connection, request = self._request("list the versions in", None, "s3:ListBucketVersions")
        raw_answers.watch(connection, "ListObjectVersions")
        arguments = {"Bucket": self._bucket, "Prefix": prefix}
        with translated(request):
            found = pages(connection.client.list_object_versions, arguments, VERSIONS, request)
            rows = (_version(row) for page in found for row in _as_sent(page, raw_answers.take()))
            ours = (row for row in rows if not exact or row.key == prefix)
            # Why sorted: as for the listing of objects. AWS keeps the promise.
            if connection.custom or self._express:
                yield from sorted(sorted(ours, key=_newest_first), key=lambda row: row.key)
            else:
                yield from ours

    def restore(self, key: str, version: str | None = None) -> ObjectMeta:
        """Make a version the key's newest content again, by a copy; a deletion before it is kept, too."""
        try:
            now = self.head(key)
        except errors.ObjectNotFoundError:
            version = version or self._last(key)
        else:
            if version is None or version == (now.version or "null"):
                return now
        try:
            return self.copy(key, key, version=version)
        except errors.NotSupportedError as error:
            # What a server says to HEAD and GET of a deletion.
            raise object_not_found(key, self.uri, version) from error

    def _last(self, key: str) -> str:
        for row in self.versions(key, exact=True):
            if not row.deleted:
                return row.version
        missing = object_not_found(key, self.uri)
        raise errors.ObjectNotFoundError(
            missing.problem,
            "No version of it is kept.",
            "Only a bucket whose versioning was on by then keeps what is deleted.",
        )


def _as_sent(page: Answer, body: bytes) -> Iterator[Answer]:
    """Yield a page's rows in the server's order.

    Why: boto3 gives contents and deletions apart, and times in seconds do not tell which was first.
    """
    rows = {"Version": iter(page.get("Versions", ())), "DeleteMarker": iter(page.get("DeleteMarkers", ()))}
    for element in ET.fromstring(body) if body else ():  # noqa: S314 - boto3 has parsed it
        row = next(rows.get(element.tag.rpartition("}")[2], iter(())), None)
        if row is not None:
            yield row
    for left in rows.values():
        yield from left


def _version(row: Answer) -> VersionMeta:
    return VersionMeta(
        row["Key"],
        row.get("VersionId", "null"),
        row["LastModified"].astimezone(UTC),
        row.get("Size", 0),
        row.get("ETag", "").strip('"'),
        bool(row.get("IsLatest")),
        # boto3's rows of deletions have neither.
        "Size" not in row and "ETag" not in row,
    )


def _newest_first(row: VersionMeta) -> tuple[bool, float]:
    return not row.latest, -row.modified.timestamp()
