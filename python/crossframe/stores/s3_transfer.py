"""An object's bytes on their way: verified when they come, sent in parts when they are many."""

from __future__ import annotations

import contextlib
import hashlib
import re
import zlib
from base64 import b64encode
from typing import TYPE_CHECKING, Any

from botocore import exceptions as boto
from urllib3.exceptions import HTTPError

from crossframe.stores.s3_errors import FOREIGN, error_code

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mypy_boto3_s3 import S3Client

    from crossframe.stores.s3_session import Connection

    # boto3's, as far as they matter here; its own types name every field of every call.
    Arguments = dict[str, Any]
    Answer = Mapping[str, Any]

PART_BYTES = 16 * 1024 * 1024
# Source: Amazon S3 User Guide, "Amazon S3 multipart upload limits".
_MOST_PARTS = 10_000
# Name of the object's metadata that holds our own digest, where the ETag will be no MD5.
_DIGEST = "crossframe-sha256"
# Checksums that botocore verifies on reading, whatever else is installed.
_VERIFIED = ("ChecksumCRC32", "ChecksumSHA1", "ChecksumSHA256")
_MD5 = re.compile(r'"?[0-9a-f]{32}"?')
_DAMAGED = (
    boto.FlexibleChecksumError,
    boto.ChecksumError,
    boto.IncompleteReadError,
    boto.HTTPClientError,
    HTTPError,
)


def is_md5(answer: Answer) -> bool:
    """Tell whether an answer's ETag is the content's MD5: sent whole, and not encrypted by a key."""
    keyed = answer.get("SSECustomerAlgorithm") or str(answer.get("ServerSideEncryption", "")).startswith(
        "aws:kms"
    )
    return not keyed and bool(_MD5.fullmatch(answer.get("ETag", "")))


def read_verified(client: S3Client, where: Arguments, *, md5_etag: bool = True) -> bytes:
    """Return an object's bytes, compared with what was stored; asked for again, once, where they differ.

    Args:
        client: boto3's client.
        where: Bucket, key and version as its arguments.
        md5_etag: Whether the bucket's ETags can be trusted to be MD5 where they look so.
    """
    for last in (False, True):
        answer = client.get_object(**where, ChecksumMode="ENABLED")
        try:
            content = answer["Body"].read()
            _verify(content, answer, md5_etag=md5_etag)
        except _DAMAGED:
            answer["Body"].close()
            if last:
                raise
        else:
            return content
    raise AssertionError  # pragma: no cover - the loop returns or raises


def _verify(content: bytes, answer: Answer, *, md5_etag: bool) -> None:
    """Compare with the stored checksum, else the ETag, else our digest.

    Why: boto3 returns damaged bytes as they are where the object has none of its checksums.
    """
    # A checksum of the parts' checksums ends in their count and says nothing of the whole.
    if any(answer.get(name) and "-" not in answer[name] for name in _VERIFIED):
        return
    ours = answer.get("Metadata", {}).get(_DIGEST)
    if md5_etag and is_md5(answer):
        kind, want = "MD5", answer["ETag"].strip('"')
        got = hashlib.md5(content, usedforsecurity=False).hexdigest()
    elif ours:
        kind, want, got = "SHA256", ours, hashlib.sha256(content).hexdigest()
    else:
        return
    if got != want:
        raise boto.ChecksumError(checksum_type=kind, expected_checksum=want, actual_checksum=got)


def upload_parts(
    connection: Connection, content: memoryview, where: Arguments, about: Arguments, conditions: Arguments
) -> Answer:
    """Send an object in parts; ended without a trace where that fails.

    Returns:
        The answer, with the ETag of what is stored.
    """
    client = connection.client
    digest = hashlib.sha256(content).hexdigest()
    algorithm: Arguments = {} if connection.checksums == "when_required" else {"ChecksumAlgorithm": "CRC32"}
    started = client.create_multipart_upload(**where, **about, **algorithm, Metadata={_DIGEST: digest})
    upload: Arguments = {**where, "UploadId": started["UploadId"]}
    size = max(PART_BYTES, -(-len(content) // _MOST_PARTS))
    try:
        parts = [
            _send_part(
                client, upload, 1 + start // size, content[start : start + size], crc32=bool(algorithm)
            )
            for start in range(0, len(content), size)
        ]
        return _complete(client, upload, parts, conditions, digest)
    except BaseException:
        # Whatever ended it, Ctrl-C included: parts left behind are paid for and never seen.
        with contextlib.suppress(*FOREIGN):
            client.abort_multipart_upload(**upload)
        raise


def _send_part(
    client: S3Client, upload: Arguments, number: int, part: memoryview, *, crc32: bool
) -> Arguments:
    if crc32:
        checksum: Arguments = {"ChecksumCRC32": b64encode(zlib.crc32(part).to_bytes(4, "big")).decode()}
    else:
        checksum = {"ContentMD5": b64encode(hashlib.md5(part, usedforsecurity=False).digest()).decode()}
    answer = client.upload_part(**upload, **checksum, PartNumber=number, Body=bytes(part))
    return {"PartNumber": number, "ETag": answer["ETag"], **(checksum if crc32 else {})}


def _complete(
    client: S3Client, upload: Arguments, parts: list[Arguments], conditions: Arguments, digest: str
) -> Answer:
    arguments: Arguments = {**upload, **conditions, "MultipartUpload": {"Parts": parts}}
    try:
        return client.complete_multipart_upload(**arguments)
    except boto.ClientError as error:
        # A repeated request may find its own first success, whose answer was lost, in its way.
        if not error.response["ResponseMetadata"].get("RetryAttempts") or error_code(error) not in {
            "NoSuchUpload",
            "PreconditionFailed",
        }:
            raise
        found = client.head_object(Bucket=upload["Bucket"], Key=upload["Key"])
        if found["Metadata"].get(_DIGEST) != digest:
            raise
        return found
