"""An object's bytes going out: whole or in parts, checked, and never half."""

from __future__ import annotations

import contextlib
import hashlib
import random
import time
from base64 import b64encode
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore import exceptions as boto
from botocore.config import Config

from crossframe.stores.s3_answers import error_code
from crossframe.stores.s3_bucket import status_of, was_repeated
from crossframe.stores.s3_errors import FOREIGN
from crossframe.stores.s3_parallel import collected
from crossframe.stores.s3_source import ChangedError, digests
from crossframe.stores.s3_verify import DIGEST, Crc32, is_keyed, is_md5

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import TypeVar

    from mypy_boto3_s3 import S3Client

    from crossframe.stores.s3_bucket import Answer, Arguments
    from crossframe.stores.s3_session import Connection
    from crossframe.stores.s3_source import Source

    _Answer = TypeVar("_Answer")

# Above it an object is sent in parts.
PART_BYTES = 16 * 1024 * 1024
# Why smaller than that: some of them are in memory at once.
_UPLOADED_BYTES = 8 * 1024 * 1024
_AT_ONCE = 6
_IN_MEMORY = 64 * 1024 * 1024
# Source: Amazon S3 User Guide, "Amazon S3 multipart upload limits".
MOST_PARTS = 10_000
_PRECONDITION_FAILED = 412
# How a server says that the bytes are not those that the checksum is of.
_DAMAGED = frozenset(
    {
        "BadDigest",
        "InvalidDigest",
        "XAmzContentSHA256Mismatch",
        "XAmzContentChecksumMismatch",
        "IncompleteBody",
    }
)
_WAITS_S = (0.1, 0.2, 0.4, 0.8, 1.6)


def conditional(
    send: Callable[[], _Answer],
    find_ours: Callable[[], _Answer | None],
    waits_s: tuple[float, ...] = _WAITS_S,
) -> _Answer:
    """Send a write with conditions until the server decides on them.

    A repeated request may find its own first success, whose answer was lost, in its way: what is there is
    compared with what was sent. A conflict with another writer is decided by asking again.
    """
    conflict: boto.ClientError | None = None
    for wait in (*waits_s, None):
        try:
            return send()
        except boto.ClientError as error:
            code = error_code(error)
            if code == "ConditionalRequestConflict" and wait is not None:
                conflict = error
                time.sleep(wait * random.uniform(0.5, 1))  # noqa: S311 - no secret
                continue
            lost = status_of(error) == _PRECONDITION_FAILED or code == "NoSuchUpload"
            if not lost or not (conflict or was_repeated(error)):
                raise
            found = find_ours()
            if found is not None:
                return found
            # An upload that a conflict has ended is not the answer to what was asked.
            raise (conflict or error) from error
    raise AssertionError  # pragma: no cover - the loop returns or raises


def undamaged(send: Callable[[], _Answer]) -> _Answer:
    """Send what the server may find damaged, and then once more: it has stored nothing."""
    try:
        return send()
    except boto.ClientError as error:
        if error_code(error) not in _DAMAGED:
            raise
    return send()


def checksum_arguments(connection: Connection, content: bytes | memoryview) -> Arguments:
    """Return a checksum of what is sent, for the server to compare.

    Why by hand: over TLS boto3 would send its own as a trailer, which older servers refuse.
    """
    if connection.checksums == "when_required":
        return {"ContentMD5": b64encode(hashlib.md5(content, usedforsecurity=False).digest()).decode()}
    crc = Crc32()
    crc.update(content)
    return {"ChecksumCRC32": b64encode(crc.digest()).decode()}


def check_stored(answer: Answer, checksum: Arguments, content: bytes | memoryview) -> None:
    """Compare what the server says it stored with what was sent.

    Raises:
        ChecksumError: botocore's; they differ.
    """
    sent = checksum.get("ChecksumCRC32")
    # A server that gives back the checksum has compared it; one that does not may not know it.
    if sent is not None and answer.get("ChecksumCRC32") == sent:
        return
    if is_md5(answer):
        got, want = answer["ETag"].strip('"'), hashlib.md5(content, usedforsecurity=False).hexdigest()
        if got != want:
            raise boto.ChecksumError(checksum_type="MD5", expected_checksum=want, actual_checksum=got)


@dataclass(frozen=True, slots=True)
class Parts:
    """An upload in parts.

    Attributes:
        connection: The server.
        where: Bucket and key as boto3's arguments.
        about: Media type and metadata likewise.
        conditions: What must be so for the object to be written.
        express: Whether the bucket's ETags are no MD5.
    """

    connection: Connection
    where: Arguments
    about: Arguments
    conditions: Arguments
    express: bool = False

    def send(self, source: Source) -> Answer:
        """Send an object, several parts at once; ended without a trace where that fails.

        Raises:
            ChangedError: The source gave other bytes when it was read again.
        """
        client = self.connection.client
        _leave_bodies_unsigned(client)
        digest, crc = digests(source)
        metadata = {**self.about.get("Metadata", {}), DIGEST: digest}
        algorithm: Arguments = (
            {} if self.connection.checksums == "when_required" else {"ChecksumAlgorithm": "CRC32"}
        )
        started = client.create_multipart_upload(
            **self.where, **(self.about | {"Metadata": metadata}), **algorithm
        )
        upload: Arguments = {**self.where, "UploadId": started["UploadId"]}
        with aborted_on_failure(client, upload):
            parts = self._send_parts(upload, source, crc)
            return complete(client, upload, parts, self.conditions, _same_digest(client, self.where, digest))

    def _send_parts(self, upload: Arguments, source: Source, crc: bytes) -> list[Arguments]:
        size = max(_UPLOADED_BYTES, -(-source.size // MOST_PARTS))
        again = Crc32()

        def numbered() -> Iterator[tuple[int, bytes]]:
            for number, piece in enumerate(source.pieces(size), 1):
                again.update(piece)
                yield number, bytes(piece)

        parts = collected(
            lambda part: self._send_part(upload, *part),
            numbered(),
            at_once=max(1, min(_AT_ONCE, _IN_MEMORY // size)),
        )
        if again.digest() != crc:
            raise ChangedError("Its bytes changed.")
        return parts

    def _send_part(self, upload: Arguments, number: int, part: bytes) -> Arguments:
        checksum = checksum_arguments(self.connection, part)
        client = self.connection.client
        answer = undamaged(lambda: client.upload_part(**upload, **checksum, PartNumber=number, Body=part))
        if not self.express and not is_keyed(answer):
            check_stored(answer, checksum, part)
        kept = {name: value for name, value in checksum.items() if name != "ContentMD5"}
        return {"PartNumber": number, "ETag": answer["ETag"], **kept}


def _leave_bodies_unsigned(client: S3Client) -> None:
    """Have a part signed without its body.

    Why: the whole's SHA-256 is signed with the metadata and each part's checksum with its headers, and boto3
    would hash every byte once more.
    """

    def adapt(**given: object) -> None:
        request: Any = given["request"]
        config = request.context.get("client_config")
        if config is not None:
            s3: Any = {**(config.s3 or {}), "payload_signing_enabled": False}
            request.context["client_config"] = config.merge(Config(s3=s3))

    events: Any = client.meta.events
    events.register("before-sign.s3.UploadPart", adapt, unique_id="crossframe-bodies-unsigned")


def _same_digest(client: S3Client, where: Arguments, digest: str) -> Callable[[], Answer | None]:
    def find() -> Answer | None:
        with contextlib.suppress(boto.ClientError):
            found = client.head_object(**where)
            if found["Metadata"].get(DIGEST) == digest:
                return found
        return None

    return find


@contextlib.contextmanager
def aborted_on_failure(client: S3Client, upload: Arguments) -> Iterator[None]:
    """End an upload whatever ends it, Ctrl-C included: parts left behind are paid for and never seen."""
    try:
        yield
    except BaseException:
        with contextlib.suppress(*FOREIGN):
            client.abort_multipart_upload(**upload)
        raise


def complete(
    client: S3Client,
    upload: Arguments,
    parts: list[Arguments],
    conditions: Arguments,
    find_ours: Callable[[], Answer | None],
) -> Answer:
    """Make an object of its parts, and return the answer or, where that was lost, the object's head."""

    def send() -> Answer:
        whole: Arguments = {**upload, **conditions, "MultipartUpload": {"Parts": parts}}
        answer: Answer = client.complete_multipart_upload(**whole)
        # It may say 200 first and fail later; boto3 reads that, but not that nothing was said.
        found = answer if answer.get("ETag") else find_ours()
        if found is None:
            raise boto.ClientError(
                {
                    "Error": {"Code": "InternalError", "Message": "The answer names no ETag"},
                    "ResponseMetadata": answer["ResponseMetadata"],
                },
                "CompleteMultipartUpload",
            )
        return found

    return conditional(send, find_ours)
