"""Copies that the server makes itself."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from botocore import exceptions as boto

from crossframe import errors
from crossframe.stores.checks import check_write, object_exists
from crossframe.stores.protocol import ObjectMeta
from crossframe.stores.s3_errors import translated
from crossframe.stores.s3_failures import corrupt
from crossframe.stores.s3_objects import S3Objects, user_metadata
from crossframe.stores.s3_parallel import collected
from crossframe.stores.s3_verify import DIGEST, is_md5
from crossframe.stores.s3_write import MOST_PARTS, aborted_on_failure, complete, conditional

if TYPE_CHECKING:
    from crossframe.stores.protocol import Store
    from crossframe.stores.s3_bucket import Answer, Arguments
    from crossframe.stores.s3_request import Request
    from crossframe.stores.s3_session import Connection

# Source: Amazon S3 API, CopyObject: above it an object is copied in parts.
COPY_WHOLE_BYTES = 5 * 1024**3
COPY_PART_BYTES = 512 * 1024**2
_AT_ONCE = 4
# What an upload in parts has to be told again, by the names of HEAD's answer.
_ABOUT = (
    "CacheControl",
    "ContentDisposition",
    "ContentEncoding",
    "ContentLanguage",
    "ContentType",
    "StorageClass",
    "WebsiteRedirectLocation",
)


class S3Copies(S3Objects):
    """Copies within a bucket, and from another one on the same server."""

    def copy(
        self,
        key: str,
        target: str,
        *,
        source: Store | None = None,
        version: str | None = None,
        if_absent: bool = False,
    ) -> ObjectMeta:
        """Copy an object, its media type and metadata included; in parts above 5 GiB.

        ``if_absent`` looks first, and tells the server: one that does not know the condition on copies
        can't decide a race.
        """
        check_write(target, if_absent=if_absent, if_match=None)
        place = self._source(source)
        found = place._head(key, version)  # noqa: SLF001 - one of our own kind
        if if_absent and self._exists(target):
            raise object_exists(target, self.uri)
        if place._bucket == self._bucket and key == target and version is None:  # noqa: SLF001
            return self.head(key)
        connection, request = self._request(
            "copy to", target, "s3:PutObject, and s3:GetObject on what is copied", if_absent=if_absent
        )
        one = _Copy(connection, place._address(key, version), self._address(target), found, if_absent)  # noqa: SLF001
        with translated(request):
            answer = one.in_parts() if found["ContentLength"] > COPY_WHOLE_BYTES else one.whole(request)
        return _copied(target, found, answer)

    def _source(self, source: Store | None) -> S3Objects:
        if source is None or source is self:
            return self
        if isinstance(source, S3Objects):
            here, there = self.connection, source.connection
            if here is there or (here.endpoint == there.endpoint and self._options == source.options):
                return source
        raise errors.NotSupportedError(
            f"Can't copy from {source.uri} to {self.uri} within the server: it is another one, "
            "or is reached by other credentials.",
            hint="Get the object and put it.",
        )

    def _exists(self, key: str) -> bool:
        try:
            self._head(key)
        except errors.ObjectNotFoundError:
            return False
        return True


class _Copy:
    """One copy, of an object as it was found."""

    def __init__(
        self, connection: Connection, source: Arguments, target: Arguments, found: Answer, if_absent: bool
    ) -> None:
        self._client = connection.client
        self._source = source
        self._target = target
        self._found = found
        self._conditions: Arguments = {"IfNoneMatch": "*"} if if_absent else {}
        # Why the ETag: what is copied is what was looked at, in every part.
        self._from: Arguments = {"CopySource": source, "CopySourceIfMatch": found["ETag"]}

    def whole(self, request: Request) -> Answer:
        def send() -> Answer:
            answer: Answer = self._client.copy_object(**self._target, **self._conditions, **self._from)
            result = answer.get("CopyObjectResult", {})
            if not result.get("ETag"):
                return self._client.head_object(**self._target)
            # Both whole and by MD5: then they are equal.
            same = result["ETag"].strip('"') == self._found["ETag"].strip('"')
            if is_md5(self._found) and is_md5(answer | result) and not same:
                raise corrupt(
                    request, f"The copy has ETag {result['ETag']}, the object {self._found['ETag']}."
                )
            return answer

        return conditional(send, self._ours)

    def in_parts(self) -> Answer:
        about = {name: self._found[name] for name in _ABOUT if self._found.get(name)}
        started = self._client.create_multipart_upload(
            **self._target, **about, Metadata=self._found.get("Metadata", {})
        )
        upload: Arguments = {**self._target, "UploadId": started["UploadId"]}
        size = self._found["ContentLength"]
        step = max(COPY_PART_BYTES, -(-size // MOST_PARTS))

        def part(start: int) -> Arguments:
            number, end = 1 + start // step, min(start + step, size) - 1
            answer = self._client.upload_part_copy(
                **upload, **self._from, PartNumber=number, CopySourceRange=f"bytes={start}-{end}"
            )
            return {"PartNumber": number, "ETag": answer["CopyPartResult"]["ETag"]}

        with aborted_on_failure(self._client, upload):
            parts = collected(part, range(0, size, step), at_once=_AT_ONCE)
            return complete(self._client, upload, parts, self._conditions, self._ours)

    def _ours(self) -> Answer | None:
        """Return what is at the target where it is the copy: its first answer may have been lost."""
        try:
            there: Answer = self._client.head_object(**self._target)
        except boto.ClientError:
            return None
        digest = self._found.get("Metadata", {}).get(DIGEST)
        same = there["ETag"] == self._found["ETag"] or (
            digest is not None and there.get("Metadata", {}).get(DIGEST) == digest
        )
        return there if same and there["ContentLength"] == self._found["ContentLength"] else None


def _copied(key: str, found: Answer, answer: Answer) -> ObjectMeta:
    result = answer.get("CopyObjectResult", answer)
    modified: Any = result.get("LastModified")
    return ObjectMeta(
        key,
        found["ContentLength"],
        modified.astimezone(UTC) if modified else datetime.now(UTC),
        result["ETag"].strip('"'),
        answer.get("VersionId"),
        media_type=found.get("ContentType"),
        metadata=user_metadata(found),
    )
