"""The five verbs on a bucket, and the same for objects larger than memory."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from types import MappingProxyType
from typing import TYPE_CHECKING

from botocore import exceptions as boto

from crossframe import errors
from crossframe.stores.checks import (
    check_metadata,
    check_range,
    check_write,
    object_exists,
    precondition_failed,
)
from crossframe.stores.protocol import ObjectMeta
from crossframe.stores.s3_answers import error_code
from crossframe.stores.s3_errors import translated
from crossframe.stores.s3_failures import corrupt
from crossframe.stores.s3_keys import S3Keys
from crossframe.stores.s3_read import ReplacedError, read_range, read_verified, stream_verified
from crossframe.stores.s3_source import ChangedError, FileSource, MemorySource
from crossframe.stores.s3_verify import DIGEST, is_md5
from crossframe.stores.s3_write import PART_BYTES, Parts, checksum_arguments, conditional, undamaged

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import BinaryIO

    from typing_extensions import Buffer

    from crossframe.stores.s3_bucket import Answer, Arguments
    from crossframe.stores.s3_request import Request
    from crossframe.stores.s3_source import Source

_NOTHING: Mapping[str, str] = MappingProxyType({})


class S3Objects(S3Keys):
    """Bytes by key in a bucket."""

    def get(
        self, key: str, *, start: int = 0, length: int | None = None, version: str | None = None
    ) -> bytes:
        """Return the bytes of an object, or a range of them."""
        check_range(start, length)
        where = self._address(key, version)
        connection, request = self._request("read", key, "s3:GetObject", version=version)
        with translated(request):
            if start == 0 and length is None:
                return read_verified(connection, where, md5_etag=not self._express)[1]
            if length == 0:
                self.head(key, version=version)
                return b""
            return read_range(connection.client, where, start, length)

    def get_to(self, key: str, file: BinaryIO, *, version: str | None = None) -> ObjectMeta:
        """Write an object's bytes to a file, verified; ranges of a large one at once, in bounded memory."""
        where = self._address(key, version)
        connection, request = self._request("read", key, "s3:GetObject", version=version)
        with translated(request):
            try:
                answer = stream_verified(connection, where, file, md5_etag=not self._express)
            except ReplacedError as error:
                raise errors.UnavailableError(
                    f"{request.problem}: it was replaced while it was read, twice.", hint="Try again."
                ) from error
        return _described(key, answer)

    def put(
        self,
        key: str,
        data: Buffer,
        *,
        if_absent: bool = False,
        if_match: str | None = None,
        media_type: str | None = None,
        metadata: Mapping[str, str] | None = None,
    ) -> ObjectMeta:
        """Write an object: in one request, or in parts above 16 MiB; whole or not at all."""
        check_write(key, if_absent=if_absent, if_match=if_match)
        content = memoryview(data).cast("B")
        about = _about(media_type, metadata)
        if len(content) > PART_BYTES:
            return self._put_parts(key, MemorySource(content), about, if_absent=if_absent, if_match=if_match)
        return self._put_whole(key, bytes(content), about, if_absent=if_absent, if_match=if_match)

    def put_from(
        self,
        key: str,
        file: BinaryIO,
        *,
        if_absent: bool = False,
        if_match: str | None = None,
        media_type: str | None = None,
        metadata: Mapping[str, str] | None = None,
    ) -> ObjectMeta:
        """Write an object from a seekable file; in parts above 16 MiB, several at once.

        Memory is bounded by about 64 MiB up to 80 GB; a larger file needs larger parts, since there may be
        no more than 10,000.
        """
        check_write(key, if_absent=if_absent, if_match=if_match)
        about = _about(media_type, metadata)
        source = FileSource(file)
        if source.size > PART_BYTES:
            return self._put_parts(key, source, about, if_absent=if_absent, if_match=if_match)
        content = b"".join(source.pieces(PART_BYTES))
        return self._put_whole(key, content, about, if_absent=if_absent, if_match=if_match)

    def head(self, key: str, *, version: str | None = None) -> ObjectMeta:
        """Describe one object."""
        return _described(key, self._head(key, version))

    def delete(self, key: str, *, version: str | None = None) -> None:
        """Remove an object, or one version of it for ever; no error where there is none."""
        if not key:
            return
        permission = "s3:DeleteObject" if version is None else "s3:DeleteObjectVersion"
        connection, request = self._request("delete", key, permission, version=version)
        with translated(request):
            try:
                connection.client.delete_object(**self._address(key, version))
            except boto.ClientError as error:
                if error_code(error) not in {"NoSuchKey", "NoSuchVersion"}:
                    raise

    def _head(self, key: str, version: str | None = None) -> Answer:
        where = self._address(key, version)
        connection, request = self._request("look at", key, "s3:GetObject", version=version)
        with translated(request):
            try:
                return connection.client.head_object(**where)
            except boto.ClientError as error:
                # Why: an answer to HEAD has no body and so no reason; the same by GET has one.
                if error_code(error).isdigit():
                    connection.client.get_object(**where, Range="bytes=0-0")["Body"].close()
                raise

    def _put_whole(
        self, key: str, content: bytes, about: Arguments, *, if_absent: bool, if_match: str | None
    ) -> ObjectMeta:
        where, conditions = self._address(key), _conditions(if_absent=if_absent, if_match=if_match)
        connection, request = self._request(
            "write", key, "s3:PutObject", if_absent=if_absent, if_match=if_match
        )
        checksum = checksum_arguments(connection, content)
        md5 = hashlib.md5(content, usedforsecurity=False).hexdigest()

        def send() -> ObjectMeta:
            answer: Answer = connection.client.put_object(
                **where, **checksum, **about, **conditions, Body=content
            )
            if not self._express and is_md5(answer) and answer["ETag"].strip('"') != md5:
                raise corrupt(request, f"The stored object has ETag {answer['ETag']}, sent was {md5}.")
            return _written(key, len(content), answer, about)

        def find_ours() -> ObjectMeta | None:
            found = self.head(key)
            return found if found.etag == md5 else None

        with translated(request):
            return conditional(lambda: undamaged(send), find_ours)

    def _put_parts(
        self, key: str, source: Source, about: Arguments, *, if_absent: bool, if_match: str | None
    ) -> ObjectMeta:
        conditions = _conditions(if_absent=if_absent, if_match=if_match)
        connection, request = self._request(
            "write", key, "s3:PutObject", if_absent=if_absent, if_match=if_match
        )
        parts = Parts(connection, self._address(key), about, conditions, express=self._express)
        if conditions:
            self._check_conditions(key, if_absent=if_absent, if_match=if_match)
        with translated(request):
            return _written(key, source.size, self._sent(parts, source, request), about)

    def _check_conditions(self, key: str, *, if_absent: bool, if_match: str | None) -> None:
        """Look before much is sent in vain; that the server decides in the end is not replaced by it."""
        try:
            found = self.head(key)
        except errors.ObjectNotFoundError:
            found = None
        if if_absent and found is not None:
            raise object_exists(key, self.uri)
        if if_match is not None and (found is None or found.etag != if_match):
            raise precondition_failed(key, self.uri, if_match, found.etag if found else None)

    @staticmethod
    def _sent(parts: Parts, source: Source, request: Request) -> Answer:
        try:
            return parts.send(source)
        except ChangedError as error:
            raise errors.StoreError(
                f"{request.problem}: the file changed while it was read.",
                str(error),
                "Nothing was written; save again once it is at rest.",
            ) from error


def _conditions(*, if_absent: bool, if_match: str | None) -> Arguments:
    conditions: Arguments = {"IfNoneMatch": "*"} if if_absent else {}
    if if_match is not None:
        conditions["IfMatch"] = f'"{if_match}"'
    return conditions


def _about(media_type: str | None, metadata: Mapping[str, str] | None) -> Arguments:
    about: Arguments = {"ContentType": media_type} if media_type else {}
    checked = check_metadata(metadata)
    return about | ({"Metadata": checked} if checked else {})


def user_metadata(answer: Answer) -> dict[str, str]:
    """Return an object's metadata without our own digest."""
    return {name: value for name, value in answer.get("Metadata", _NOTHING).items() if name != DIGEST}


def _described(key: str, answer: Answer) -> ObjectMeta:
    """Return what GET and HEAD tell."""
    return ObjectMeta(
        key,
        answer["ContentLength"],
        answer["LastModified"].astimezone(UTC),
        answer["ETag"].strip('"'),
        answer.get("VersionId"),
        answer.get("StorageClass", "STANDARD"),
        answer.get("ContentType"),
        user_metadata(answer),
    )


def _written(key: str, size: int, answer: Answer, about: Arguments) -> ObjectMeta:
    headers = answer["ResponseMetadata"]["HTTPHeaders"]
    modified = parsedate_to_datetime(headers["date"]) if "date" in headers else datetime.now(UTC)
    return ObjectMeta(
        key,
        size,
        modified.astimezone(UTC),
        answer["ETag"].strip('"'),
        answer.get("VersionId"),
        media_type=about.get("ContentType"),
        metadata=about.get("Metadata", {}),
    )
