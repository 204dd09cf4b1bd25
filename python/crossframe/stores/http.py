"""A link as a store: what it leads to can be read, and nothing else.

A link is one object. Where it is not signed, what lies beside it (a sidecar) can be read, too.
"""

from __future__ import annotations

import re
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, NoReturn, TypeVar
from urllib.parse import quote, unquote, urlsplit

import urllib3.exceptions as http
from botocore.exceptions import ChecksumError

from crossframe import errors
from crossframe.stores.checks import check_range, object_not_found
from crossframe.stores.http_errors import failure
from crossframe.stores.http_request import Requests
from crossframe.stores.protocol import ObjectMeta
from crossframe.stores.s3_session import S3Options
from crossframe.stores.s3_verify import DIGEST, check_of
from crossframe.stores.without_links import WithoutLinks

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from typing import BinaryIO

    import urllib3
    from typing_extensions import Buffer

    from crossframe.stores.protocol import Children
    from crossframe.stores.s3_verify import Check

T = TypeVar("T")
_PARTIAL, _RANGE_BEYOND = 206, 416
_CONTENT_RANGE = re.compile(r"bytes (?:(\d+)-(\d+)|\*)/(\d+)")
_ABOUT = "x-amz-meta-"


class HttpStore(WithoutLinks):
    """The object that a link leads to.

    Args:
        url: The link, with its query.
        options: Times, attempts and trust; the rest is S3's.
    """

    _instead = "Give on the link itself."

    def __init__(self, url: str, options: S3Options | None = None) -> None:
        parts = urlsplit(url)
        self._url = url
        folder, _, name = parts.path.rpartition("/")
        self._base = f"{parts.scheme}://{parts.netloc}{folder}"
        self._signed = bool(parts.query)
        self._options = options or S3Options()
        self.key = unquote(name)

    @property
    def uri(self) -> str:
        """Where the store is, without the query."""
        return self._base

    def get(
        self, key: str, *, start: int = 0, length: int | None = None, version: str | None = None
    ) -> bytes:
        """Return the bytes of the object, or a range of them."""
        check_range(start, length)
        if start == 0 and length is None:
            content = bytearray()
            self._read(key, version, content.extend, content.clear)
            return bytes(content)
        if length == 0:
            self.head(key, version=version)
            return b""
        return self._twice(key, lambda: self._get_range(key, version, start, length))

    def get_to(self, key: str, file: BinaryIO, *, version: str | None = None) -> ObjectMeta:
        """Write the object's bytes to a file."""
        start = file.tell()

        def take_back() -> None:
            file.seek(start)
            file.truncate()

        return self._read(key, version, file.write, take_back)

    def head(self, key: str, *, version: str | None = None) -> ObjectMeta:
        """Describe the object, by its first byte: a signed link allows no HEAD."""
        with closing(self._requests(key, version).get({"Range": "bytes=0-0"})) as answer:
            return _meta(key, answer)

    def list(self, prefix: str = "") -> Iterator[ObjectMeta]:  # noqa: ARG002 - refused whatever is asked
        """Refuse."""
        raise errors.NotSupportedError(
            f"Can't list {self.uri}: a link leads to one object.",
            hint="Name the bucket: s3://bucket/prefix/.",
        )

    def children(self, prefix: str = "") -> Children:
        """Refuse."""
        self.list(prefix)
        raise AssertionError  # pragma: no cover - list refuses

    def put(
        self,
        key: str,
        data: Buffer,  # noqa: ARG002 - refused whatever is given
        *,
        if_absent: bool = False,  # noqa: ARG002
        if_match: str | None = None,  # noqa: ARG002
        media_type: str | None = None,  # noqa: ARG002
        metadata: Mapping[str, str] | None = None,  # noqa: ARG002
    ) -> ObjectMeta:
        """Refuse."""
        self._refuse("write", key)

    def put_from(
        self,
        key: str,
        file: BinaryIO,  # noqa: ARG002 - refused whatever is given
        *,
        if_absent: bool = False,  # noqa: ARG002
        if_match: str | None = None,  # noqa: ARG002
        media_type: str | None = None,  # noqa: ARG002
        metadata: Mapping[str, str] | None = None,  # noqa: ARG002
    ) -> ObjectMeta:
        """Refuse."""
        self._refuse("write", key)

    def delete(self, key: str, *, version: str | None = None) -> None:  # noqa: ARG002
        """Refuse."""
        self._refuse("delete", key)

    def _refuse(self, verb: str, key: str) -> NoReturn:
        raise errors.NotSupportedError(
            f"Can't {verb} '{key}' in {self.uri}: links are for reading.",
            hint="Name the bucket: s3://bucket/key.",
        )

    def _requests(self, key: str, version: str | None) -> Requests:
        if version is not None:
            raise errors.NotSupportedError(
                f"Can't read a version of '{key}' in {self.uri}: a link is to one version.",
                hint="Ask for a link to that version.",
            )
        if key == self.key:
            return Requests(self._url, key, self.uri, self._options)
        # The signature of a link is good for its own object only.
        if self._signed or not key or not {"", ".", ".."}.isdisjoint(key.split("/")):
            raise object_not_found(key, self.uri)
        return Requests(f"{self._base}/{quote(key, safe='/~')}", key, self.uri, self._options)

    def _read(
        self,
        key: str,
        version: str | None,
        take: Callable[[bytes], object],
        take_back: Callable[[], object],
    ) -> ObjectMeta:
        def once() -> ObjectMeta:
            requests = self._requests(key, version)
            answer = requests.get({})
            meta, check, size = _meta(key, answer), _check(answer), 0
            for chunk in requests.chunks(answer):
                take(chunk)
                size += len(chunk)
                if check:
                    check.update(memoryview(chunk))
            if check:
                check.finish()
            return replace(meta, size=size)

        return self._twice(key, once, take_back)

    def _get_range(self, key: str, version: str | None, start: int, length: int | None) -> bytes:
        end = "" if length is None else str(start + length - 1)
        requests = self._requests(key, version)
        answer = requests.get({"Range": f"bytes={start}-{end}"})
        if answer.status == _RANGE_BEYOND:
            answer.close()
            return b""
        found = _CONTENT_RANGE.fullmatch(answer.headers.get("Content-Range", ""))
        content = b"".join(requests.chunks(answer))
        if answer.status != _PARTIAL:
            # A server that knows no ranges sends all there is.
            return content[start:][:length]
        if not found or found[1] is None or int(found[1]) != start:
            raise http.ProtocolError
        if len(content) != int(found[2]) - start + 1:
            raise http.ProtocolError
        return content[:length]

    def _twice(self, key: str, read: Callable[[], T], take_back: Callable[[], object] = bytes) -> T:
        """Read, and once more where the bytes came damaged or cut."""
        for last in (False, True):
            try:
                return read()
            except (http.HTTPError, ChecksumError) as error:
                take_back()
                if last:
                    raise self._damaged(key, error) from error
        raise AssertionError  # pragma: no cover - the loop returns or raises

    def _damaged(self, key: str, error: Exception) -> errors.CrossframeError:
        if isinstance(error, http.TimeoutError):
            return failure(key, self.uri, error)
        how = "is not what was stored" if isinstance(error, ChecksumError) else "was cut off"
        return errors.CorruptObjectError(
            f"Can't read '{key}' in {self.uri}: what came {how}, twice in a row.", hint="Try again later."
        )


def _check(answer: urllib3.BaseHTTPResponse) -> Check | None:
    """Return what the bytes are to be compared with; ``None`` where nothing is known of them."""
    headers = answer.headers
    told = {
        "ETag": headers.get("ETag", ""),
        "ServerSideEncryption": headers.get("x-amz-server-side-encryption", ""),
        "SSECustomerAlgorithm": headers.get("x-amz-server-side-encryption-customer-algorithm", ""),
        "ChecksumType": headers.get("x-amz-checksum-type", ""),
        "Metadata": {DIGEST: headers.get(_ABOUT + DIGEST, "")},
        **{
            f"Checksum{name}": headers.get(f"x-amz-checksum-{name}", "")
            for name in ("CRC32", "SHA256", "SHA1")
        },
    }
    # Other servers have ETags that look like an MD5 and are none of the content.
    return check_of(told, md5_etag="x-amz-request-id" in headers)


def _meta(key: str, answer: urllib3.BaseHTTPResponse) -> ObjectMeta:
    headers = answer.headers
    partial = _CONTENT_RANGE.fullmatch(headers.get("Content-Range", ""))
    size = partial[3] if partial else headers.get("Content-Length", "")
    about = {name.lower().removeprefix(_ABOUT): text for name, text in headers.items() if _is_about(name)}
    return ObjectMeta(
        key,
        int(size) if size.isascii() and size.isdigit() else 0,
        _modified(headers),
        headers.get("ETag", "").removeprefix("W/").strip('"'),
        headers.get("x-amz-version-id"),
        headers.get("x-amz-storage-class"),
        None if answer.status == _RANGE_BEYOND else headers.get("Content-Type"),
        about,
    )


def _is_about(name: str) -> bool:
    return name.lower().startswith(_ABOUT) and name.lower() != _ABOUT + DIGEST


def _modified(headers: Mapping[str, str]) -> datetime:
    """Return when the object was written, as far as the server tells."""
    for name in ("Last-Modified", "Date"):
        try:
            return parsedate_to_datetime(headers[name]).astimezone(UTC)
        except (KeyError, ValueError, TypeError):
            continue
    return datetime.now(UTC)
