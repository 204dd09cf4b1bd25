"""Objects removed by the thousand, and uploads in parts that nobody ended."""

from __future__ import annotations

import itertools
import re
from datetime import UTC
from typing import TYPE_CHECKING
from urllib.parse import unquote_plus

from botocore import exceptions as boto

from crossframe import errors
from crossframe.stores.abilities import Upload
from crossframe.stores.s3_answers import error_code
from crossframe.stores.s3_errors import translate, translated
from crossframe.stores.s3_listing import UPLOADS, pages
from crossframe.stores.s3_objects import S3Objects

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import Any

    from crossframe.errors import CrossframeError
    from crossframe.stores.s3_bucket import Answer
    from crossframe.stores.s3_session import Connection

    Failures = list[tuple[str, CrossframeError]]

# Source: Amazon S3 API, DeleteObjects.
_MOST_AT_ONCE = 1000
# What XML can't carry, so that such a key is deleted by its address.
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
# What servers say that do not know the request, or not the checksum that goes with it.
_NOT_KNOWN = {
    "NotImplemented",
    "MethodNotAllowed",
    "MissingContentMD5",
    "InvalidDigest",
    "MalformedXML",
    "501",
}
_TRY_AGAIN = {"InternalError", "SlowDown", "ServiceUnavailable", "OperationAborted"}


class S3Cleaning(S3Objects):
    """Many deletions at once, and what is left of uploads."""

    def delete_many(self, keys: Iterable[str]) -> Failures:
        """Remove objects, 1,000 in a request, and return those that could not be removed, with the reason.

        Where a whole request fails the rest is not tried, and fails for the same reason.
        """
        failures: Failures = []
        refused: CrossframeError | None = None
        for chunk in _chunks(key for key in dict.fromkeys(keys) if key):
            if refused is None:
                found, refused = self._delete_chunk(chunk)
                failures += found
            if refused is not None:
                failed = {key for key, _ in failures}
                failures += [(key, refused) for key in chunk if key not in failed]
        return failures

    def _delete_chunk(self, keys: list[str]) -> tuple[Failures, CrossframeError | None]:
        plain = [key for key in keys if not _NOT_XML.search(key)]
        odd = [key for key in keys if _NOT_XML.search(key)]
        connection, request = self._request("delete objects in", None, "s3:DeleteObject")
        try:
            with translated(request):
                answer = self._ask_to_delete(connection, plain) if plain else {}
        except errors.CrossframeError as error:
            cause = error.__cause__
            if isinstance(cause, boto.ClientError) and error_code(cause) in _NOT_KNOWN:
                return self._delete_each(keys), None
            return [], error
        failures, again = self._answered(plain, answer)
        return failures + self._delete_each(again + odd), None

    def _ask_to_delete(self, connection: Connection, keys: list[str]) -> Answer:
        what: Any = {"Objects": [{"Key": key} for key in keys]}
        return connection.client.delete_objects(Bucket=self._bucket, Delete=what)

    def _answered(self, keys: list[str], answer: Answer) -> tuple[Failures, list[str]]:
        """Return what failed, and what the server has said nothing or nothing final about."""
        done = {row["Key"] for row in answer.get("Deleted", ())}
        failed = {row.get("Key", ""): row for row in answer.get("Errors", ())}
        failures: Failures = []
        again: list[str] = []
        for key in keys:
            code = failed.get(key, {}).get("Code", "")
            if key in done or code == "NoSuchKey":
                continue
            if not code or code in _TRY_AGAIN:
                again.append(key)
            else:
                _, request = self._request("delete", key, "s3:DeleteObject")
                refusal: Any = {"Error": failed[key], "ResponseMetadata": answer["ResponseMetadata"]}
                failures.append((key, translate(boto.ClientError(refusal, "DeleteObjects"), request)))
        return failures, again

    def _delete_each(self, keys: list[str]) -> Failures:
        failures: Failures = []
        for key in keys:
            try:
                self.delete(key)
            except errors.CrossframeError as error:
                failures.append((key, error))
        return failures

    def uploads(self, prefix: str = "") -> list[Upload]:
        """Return the uploads in parts that were begun and neither ended nor aborted."""
        connection, request = self._request("list the uploads in", None, "s3:ListBucketMultipartUploads")
        arguments = {"Bucket": self._bucket, "Prefix": prefix, "EncodingType": "url"}
        found: list[Upload] = []
        with translated(request):
            for page in pages(connection.client.list_multipart_uploads, arguments, UPLOADS, request):
                encoded = page.get("EncodingType") == "url"
                found += [_upload(row, encoded=encoded) for row in page.get("Uploads", ())]
        return sorted(
            (one for one in found if one.key.startswith(prefix)), key=lambda one: (one.key, one.started)
        )

    def abort(self, upload: Upload) -> None:
        """Remove the parts of an upload; no error where it is gone."""
        connection, request = self._request("abort the upload to", upload.key, "s3:AbortMultipartUpload")
        with translated(request):
            try:
                connection.client.abort_multipart_upload(
                    Bucket=self._bucket, Key=upload.key, UploadId=upload.upload_id
                )
            except boto.ClientError as error:
                if error_code(error) != "NoSuchUpload":
                    raise


def _chunks(keys: Iterator[str]) -> Iterator[list[str]]:
    while chunk := list(itertools.islice(keys, _MOST_AT_ONCE)):
        yield chunk


def _upload(row: Answer, *, encoded: bool) -> Upload:
    key = unquote_plus(row["Key"]) if encoded else row["Key"]
    return Upload(key, row["UploadId"], row["Initiated"].astimezone(UTC))
