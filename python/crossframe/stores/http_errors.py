"""What a server says instead of giving what a link leads to, in our words.

The query of a link is a secret, since it holds the signature: it stands in no message and no log.
"""

from __future__ import annotations

import logging
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

import urllib3.exceptions as http

from crossframe import errors
from crossframe.stores.checks import object_not_found

if TYPE_CHECKING:
    from collections.abc import Mapping

_CODE = re.compile(rb"<Code>([A-Za-z0-9.]{1,64})</Code>")
_UNSIGNED = {
    "SignatureDoesNotMatch",
    "InvalidSignature",
    "AuthorizationQueryParametersError",
    "AuthorizationHeaderMalformed",
}
_EXPIRED = re.compile(rb"(?i)request has expired|<Code>ExpiredToken</Code>|<Code>ExpiredRequest</Code>")
_NOT_YET = re.compile(rb"(?i)RequestTimeTooSkewed|RequestNotYetValid|not valid yet")


class _WithoutQueries(logging.Filter):
    """Takes the signature out of what urllib3 tells of its requests."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Change the record's arguments where one of them is a signed path."""
        if isinstance(record.args, tuple):
            record.args = tuple(
                one.partition("?")[0] if isinstance(one, str) and "ignature=" in one else one
                for one in record.args
            )
        return True


logging.getLogger("urllib3.connectionpool").addFilter(_WithoutQueries())


def expiry_of(url: str) -> datetime | None:
    """Return when a signed link ends, ``None`` where it does not tell.

    Source:
        Amazon S3 API reference, "Authenticating requests: using query parameters"; of version 2, "REST
        authentication: query string request authentication alternative".
    """
    query = {name.lower(): values[0] for name, values in parse_qs(urlsplit(url).query).items()}
    try:
        if "x-amz-date" in query:
            start = datetime.strptime(query["x-amz-date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
            return start + timedelta(seconds=int(query["x-amz-expires"]))
        if "awsaccesskeyid" in query:
            return datetime.fromtimestamp(int(query["expires"]), UTC)
    except (KeyError, ValueError, OverflowError, OSError):
        pass
    return None


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer that is none of success, as far as it was read."""

    status: int
    headers: Mapping[str, str]
    body: bytes


def refusal(url: str, key: str, uri: str, answer: Answer) -> errors.CrossframeError:
    """Return the error for an answer that is none of success.

    Args:
        url: The link, whole.
        key: What it names, for the message.
        uri: Where that is, for the message.
        answer: What the server said.
    """
    problem, code = f"Can't read '{key}' in {uri}", _code(answer)
    said = f"The server answered {answer.status}{f' {code}' if code else ''}."
    if answer.status in {400, 401, 403}:
        about_link = _about_link(url, problem, said, answer)
        if about_link:
            return about_link
    if answer.status in {401, 403}:
        hint = "Ask its owner to share or publish it."
        return errors.AccessDeniedError(f"{problem}: access denied.", said, hint)
    if code == "NoSuchBucket":
        return errors.BucketNotFoundError(f"{problem}: there is no such bucket.", said)
    if answer.status in {404, 410}:
        return object_not_found(key, uri)
    return errors.UnavailableError(f"{problem}: the server does not give it.", said)


def _about_link(url: str, problem: str, said: str, answer: Answer) -> errors.CrossframeError | None:
    """Return the error where it is the link that is wrong, and not what it leads to."""
    ends, code = expiry_of(url), _code(answer)
    if _EXPIRED.search(answer.body) or (ends and ends <= _clock(answer.headers)):
        when = f"It ended at {ends:%Y-%m-%d %H:%M:%S} UTC." if ends else said
        return errors.ExpiredTokenError(f"{problem}: the link has expired.", when, "Ask for a new link.")
    if code in _UNSIGNED:
        hint = "Was it cut off or changed on its way?"
        return errors.SignatureError(f"{problem}: the link is not as it was signed.", said, hint)
    if _NOT_YET.search(answer.body):
        hint = "Was the clock right where it was made?"
        return errors.ClockSkewError(f"{problem}: the link is not valid yet.", said, hint)
    if code == "InvalidAccessKeyId":
        told = f"{problem}: the key that made the link is not known any more."
        return errors.CredentialsError(told, said, "Ask for a new link.")
    return None


def _code(answer: Answer) -> str:
    found = _CODE.search(answer.body)
    return found[1].decode() if found else ""


def _clock(headers: Mapping[str, str]) -> datetime:
    """Return the server's time, else ours."""
    try:
        return parsedate_to_datetime(headers["date"]).astimezone(UTC)
    except (KeyError, ValueError, TypeError):
        return datetime.now(UTC)


def failure(key: str, uri: str, error: Exception) -> errors.CrossframeError:
    """Return the error for a request that got no answer, or half of one."""
    problem, host = f"Can't read '{key}' in {uri}", urlsplit(uri).netloc
    if isinstance(error, http.SSLError):
        hint = "Name the authority's certificate by AWS_CA_BUNDLE."
        return errors.EndpointError(f"{problem}: no trusted connection.", _reason(error), hint)
    if isinstance(error, http.NameResolutionError):
        return errors.EndpointError(f"{problem}: the name '{host}' is not known.", hint="Is it right?")
    if isinstance(error, (http.NewConnectionError, http.ConnectTimeoutError, http.ProxyError)):
        hint = "Is the address right, and the network up?"
        return errors.EndpointError(f"{problem}: '{host}' can't be reached.", _reason(error), hint)
    if isinstance(error, http.TimeoutError):
        return errors.UnavailableError(f"{problem}: the server fell silent.", hint="Try again later.")
    return errors.UnavailableError(f"{problem}: the connection broke off.", hint="Try again later.")


def _reason(error: BaseException) -> str | None:
    """Return the system's reason; urllib3's own words name the address, query and all."""
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, OSError) and seen.strerror:
            return seen.strerror
        verify = getattr(seen, "verify_message", "")
        if verify:
            return str(verify)
        seen = seen.__cause__ or seen.__context__
    return None
