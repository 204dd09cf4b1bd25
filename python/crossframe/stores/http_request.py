"""A request for what a link leads to: redirected, tried again, and never waited for without end."""

from __future__ import annotations

import os
import random
import threading
import time
from typing import TYPE_CHECKING
from urllib.parse import urljoin, urlsplit
from urllib.request import getproxies, proxy_bypass

import urllib3
import urllib3.exceptions as http

from crossframe import errors
from crossframe.keys import without_secrets
from crossframe.stores.http_errors import Answer, failure, refusal

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from crossframe.stores.s3_session import S3Options

_REDIRECTS = {301, 302, 303, 307, 308}
_MOST_REDIRECTS = 5
_AGAIN = {408, 429, 500, 502, 503, 504}
_FAILED = 400
_RANGE_BEYOND = 416
_ERROR_BYTES = 64 * 1024
_CHUNK = 256 * 1024
_LONGEST_PAUSE_S = 10.0
# Slower than this for a minute is as good as silent.
_SLOW_S = 60.0
_SLOW_BYTES_PER_S = 1024
_pools: dict[tuple[object, ...], urllib3.PoolManager] = {}
_lock = threading.Lock()


class Requests:
    """Requests for one link.

    Args:
        url: The link, whole.
        key: What it names, for messages.
        uri: Where that is, for messages.
        options: Times, attempts and trust; the rest is S3's.
    """

    def __init__(self, url: str, key: str, uri: str, options: S3Options) -> None:
        self._url = url.partition("#")[0]
        self._key = key
        self._uri = uri
        self._options = options

    def get(self, headers: Mapping[str, str]) -> urllib3.BaseHTTPResponse:
        """Return an answer of success, or 416, its body not yet read.

        Raises:
            StoreError: Any other, when it had its tries.
        """
        headers = {"User-Agent": "crossframe", "Accept-Encoding": "identity", **headers}
        tries = max(1, self._options.attempts)
        for number in range(1, tries + 1):
            try:
                answer = self._follow(headers)
            except http.HTTPError as error:
                if number == tries or isinstance(error, (http.SSLError, http.LocationValueError)):
                    raise failure(self._key, self._uri, error) from error
                _pause(number, "")
                continue
            if answer.status < _FAILED or answer.status == _RANGE_BEYOND:
                return answer
            if answer.status not in _AGAIN or number == tries:
                raise self._refusal(answer)
            answer.close()
            _pause(number, answer.headers.get("Retry-After", ""))
        raise AssertionError  # pragma: no cover - the loop returns or raises

    def chunks(self, answer: urllib3.BaseHTTPResponse) -> Iterator[bytes]:
        """Yield an answer's body as it comes.

        Raises:
            HTTPError: urllib3's; the body is cut, or has stopped.
        """
        start, got = time.monotonic(), 0
        try:
            while chunk := answer.read1(_CHUNK, decode_content=False):
                got += len(chunk)
                took = time.monotonic() - start
                if took > _SLOW_S and got < took * _SLOW_BYTES_PER_S:
                    raise http.TimeoutError
                yield chunk
        except http.HTTPError:
            raise
        except OSError as error:
            raise http.ProtocolError(error) from error
        finally:
            answer.close() if answer.length_remaining else answer.release_conn()

    def _follow(self, headers: Mapping[str, str]) -> urllib3.BaseHTTPResponse:
        url = self._url
        for _ in range(_MOST_REDIRECTS + 1):
            answer = self._ask(url, headers)
            if answer.status not in _REDIRECTS or "Location" not in answer.headers:
                return answer
            answer.close()
            url = self._redirected(url, answer.headers["Location"])
        raise errors.UnavailableError(
            f"Can't read '{self._key}' in {self._uri}: it was redirected {_MOST_REDIRECTS} times."
        )

    def _redirected(self, url: str, location: str) -> str:
        target = urljoin(url, location)
        scheme = urlsplit(target).scheme.lower()
        if scheme != "https" and (scheme != "http" or urlsplit(url).scheme.lower() != "http"):
            raise errors.UnavailableError(
                f"Can't read '{self._key}' in {self._uri}: it was redirected to where nothing is encrypted.",
                f"To '{without_secrets(target.partition('?')[0])}'.",
            )
        return target.partition("#")[0]

    def _ask(self, url: str, headers: Mapping[str, str]) -> urllib3.BaseHTTPResponse:
        return _pool(url, self._options.verify).request(
            "GET",
            url,
            headers=headers,
            preload_content=False,
            redirect=False,
            retries=False,
            timeout=urllib3.Timeout(
                connect=self._options.connect_timeout_s, read=self._options.read_timeout_s
            ),
        )

    def _refusal(self, answer: urllib3.BaseHTTPResponse) -> errors.CrossframeError:
        try:
            body = answer.read(_ERROR_BYTES, decode_content=False)
        except (http.HTTPError, OSError):
            body = b""
        answer.close()
        return refusal(self._url, self._key, self._uri, Answer(answer.status, answer.headers, body))


def _pause(number: int, asked: str) -> None:
    """Wait before the next try, longer each time; as long as the server asks, within reason."""
    longest = 0.2 * 2**number
    pause = float(asked) if asked.isascii() and asked.isdigit() else random.uniform(0, longest)  # noqa: S311
    time.sleep(min(pause, _LONGEST_PAUSE_S))


def _pool(url: str, verify: bool | str | None) -> urllib3.PoolManager:
    """Return the connections to use, kept by what the environment says."""
    parts = urlsplit(url)
    proxy = None if proxy_bypass(parts.hostname or "") else getproxies().get(parts.scheme.lower())
    bundle = os.environ.get("AWS_CA_BUNDLE") or os.environ.get("REQUESTS_CA_BUNDLE") or None
    authorities = verify if isinstance(verify, str) else bundle
    with _lock:
        found = _pools.get((proxy, verify, authorities))
        if found is None:
            trust = {"cert_reqs": "CERT_NONE"} if verify is False else {"ca_certs": authorities}
            found = urllib3.ProxyManager(proxy, **trust) if proxy else urllib3.PoolManager(**trust)
            _pools[proxy, verify, authorities] = found
        return found
