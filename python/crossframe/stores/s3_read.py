"""An object's bytes coming in: verified, and asked for again, once, where they come damaged or cut."""

from __future__ import annotations

import contextlib
import functools
import re
from typing import TYPE_CHECKING

from botocore import exceptions as boto
from urllib3.exceptions import HTTPError

from crossframe.stores.s3_answers import error_code
from crossframe.stores.s3_bucket import status_of
from crossframe.stores.s3_parallel import in_order
from crossframe.stores.s3_verify import Check, PartsCheck, check_of

if TYPE_CHECKING:
    from collections.abc import Generator
    from typing import BinaryIO

    from mypy_boto3_s3 import S3Client

    from crossframe.stores.s3_bucket import Answer, Arguments
    from crossframe.stores.s3_session import Connection

# Up to here in one request, with the answer's checksum verified by boto3.
WHOLE_BYTES = 16 * 1024 * 1024
# Why 8 MiB and 6: measured; what is in memory at once is their product.
RANGE_BYTES = 8 * 1024 * 1024
AT_ONCE = 6
# Checksums that botocore verifies on reading, whatever else is installed.
_VERIFIED = ("ChecksumCRC32", "ChecksumSHA1", "ChecksumSHA256")
_MOST_PARTS_ASKED = 1000
_NOT_THE_SAME = 412
_RANGE = re.compile(r"bytes (\d+)-\d+/(\d+)")
DAMAGED = (
    boto.FlexibleChecksumError,
    boto.ChecksumError,
    boto.IncompleteReadError,
    boto.HTTPClientError,
    HTTPError,
)


class ReplacedError(Exception):
    """The object became another one while it was read."""


def read_verified(
    connection: Connection, where: Arguments, *, md5_etag: bool = True, answer: Answer | None = None
) -> tuple[Answer, bytes]:
    """Return an object's description and its bytes.

    Args:
        connection: The server.
        where: Bucket, key and version as boto3's arguments.
        md5_etag: Whether the bucket's ETags can be trusted to be MD5 where they look so.
        answer: The server's answer, where it was asked already.
    """
    compare = _Comparison(connection, where, md5_etag=md5_etag)
    for last in (False, True):
        answer = answer or connection.client.get_object(**where, ChecksumMode="ENABLED")
        try:
            content = answer["Body"].read()
            compare.whole(answer, content)
        except DAMAGED:
            answer["Body"].close()
            if last:
                raise
            answer = None
        else:
            return answer, content
    raise AssertionError  # pragma: no cover - the loop returns or raises


def stream_verified(
    connection: Connection, where: Arguments, file: BinaryIO, *, md5_etag: bool = True
) -> Answer:
    """Write an object's bytes to a file, a few ranges of it in memory at once, and return its description.

    What was written is taken back where it proves wrong.

    Raises:
        ReplacedError: The object was replaced meanwhile, twice.
    """
    answer: Answer = connection.client.get_object(**where, ChecksumMode="ENABLED")
    if answer["ContentLength"] <= WHOLE_BYTES:
        answer, content = read_verified(connection, where, md5_etag=md5_etag, answer=answer)
        _write(file, content)
        return answer
    answer["Body"].close()
    compare = _Comparison(connection, where, md5_etag=md5_etag)
    start = file.tell() if file.seekable() else None
    for last in (False, True):
        try:
            _stream(connection.client, where, answer, file, compare)
        except (boto.ChecksumError, ReplacedError):
            _take_back(file, start)
            if last or start is None:
                raise
            answer = connection.client.head_object(**where, ChecksumMode="ENABLED")
        except BaseException:
            _take_back(file, start)
            raise
        else:
            return answer
    raise AssertionError  # pragma: no cover - the loop returns or raises


def _stream(client: S3Client, where: Arguments, answer: Answer, file: BinaryIO, compare: _Comparison) -> None:
    check = compare.of(answer)
    with contextlib.closing(_ranges(client, where, answer)) as pieces:
        for content in pieces:
            if check:
                check.update(memoryview(content))
            _write(file, content)
    compare.finish(check)


def _write(file: BinaryIO, content: bytes) -> None:
    left = memoryview(content)
    while left:
        # Why a loop: a file without a buffer may take less than it is given.
        left = left[file.write(left) :]


def _take_back(file: BinaryIO, start: int | None) -> None:
    if start is not None:
        file.seek(start)
        file.truncate()


def _ranges(client: S3Client, where: Arguments, answer: Answer) -> Generator[bytes]:
    size = answer["ContentLength"]
    same = {**where, "IfMatch": answer["ETag"]}
    if answer.get("VersionId"):
        same["VersionId"] = answer["VersionId"]

    def read(start: int) -> bytes:
        length = min(RANGE_BYTES, size - start)
        try:
            content = read_range(client, same, start, length)
        except boto.ClientError as error:
            if status_of(error) == _NOT_THE_SAME:
                raise ReplacedError from error
            raise
        if len(content) != length:
            raise boto.IncompleteReadError(actual_bytes=len(content), expected_bytes=length)
        return content

    yield from in_order(read, range(0, size, RANGE_BYTES), at_once=AT_ONCE)


def read_range(client: S3Client, where: Arguments, start: int, length: int | None) -> bytes:
    """Return a range of an object's bytes; cut at its end, empty beyond."""
    end = "" if length is None else str(start + length - 1)
    for last in (False, True):
        try:
            answer = client.get_object(**where, Range=f"bytes={start}-{end}")
        except boto.ClientError as error:
            if error_code(error) == "InvalidRange":
                return b""
            raise
        try:
            return _cut(answer, answer["Body"].read(), start, length)
        except DAMAGED:
            answer["Body"].close()
            if last:
                raise
    raise AssertionError  # pragma: no cover - the loop returns or raises


def _cut(answer: Answer, content: bytes, start: int, length: int | None) -> bytes:
    """Return what was asked for of what came."""
    # A server that knows no ranges sends all there is.
    if "ContentRange" not in answer:
        return content[start:][:length]
    told = _RANGE.fullmatch(answer["ContentRange"])
    if told:
        first, size = int(told[1]), int(told[2])
        want = size - start if length is None else min(length, size - start)
        # Why: a well announced answer may still be another than the one asked for.
        if first != start or len(content) != want:
            raise boto.IncompleteReadError(actual_bytes=len(content), expected_bytes=want)
    return content


class _Comparison:
    """One read's comparison with what was stored, over its two attempts."""

    def __init__(self, connection: Connection, where: Arguments, *, md5_etag: bool) -> None:
        self._connection = connection
        self._where = where
        self._md5_etag = md5_etag
        self._before: bytes | None = None

    def of(self, answer: Answer) -> Check | None:
        sizes = functools.partial(
            _part_sizes, self._connection.client, self._where, answer, exact=self._before is not None
        )
        return check_of(answer, md5_etag=self._md5_etag, part_sizes=sizes)

    def whole(self, answer: Answer, content: bytes) -> None:
        # Why: boto3 has compared them by now, and returns damaged bytes as they are without.
        if any(answer.get(name) and "-" not in answer[name] for name in _VERIFIED):
            return
        check = self.of(answer)
        if check:
            check.update(memoryview(content))
        self.finish(check)

    def finish(self, check: Check | None) -> None:
        try:
            if check:
                check.finish()
        except boto.ChecksumError:
            # Some servers make the ETag of parts in another way: what comes twice alike is what they have.
            before, self._before = self._before, check.digest() if check else None
            if not (isinstance(check, PartsCheck) and self._connection.custom and before == self._before):
                raise


def _part_sizes(
    client: S3Client, where: Arguments, answer: Answer, count: int, *, exact: bool
) -> list[int] | None:
    """Return the sizes of an object's parts; ``None`` where the server does not tell.

    Mostly all are alike but the last, and that is taken for granted until the comparison fails.
    """
    same = where | ({"VersionId": answer["VersionId"]} if answer.get("VersionId") else {})
    total = answer["ContentLength"]
    with contextlib.suppress(boto.ClientError):
        first = client.head_object(**same, PartNumber=1)
        size = first["ContentLength"]
        if first.get("PartsCount") != count:
            return None
        if not exact and size * (count - 1) < total <= size * count:
            return [size] * (count - 1) + [total - size * (count - 1)]
        if count <= _MOST_PARTS_ASKED:
            sizes = [
                client.head_object(**same, PartNumber=number)["ContentLength"]
                for number in range(1, count + 1)
            ]
            return sizes if sum(sizes) == total else None
    return None
