"""What is known of the way to S3, row by row, for ``doctor``."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from crossframe import errors
from crossframe.results import Check
from crossframe.stores.s3_errors import FOREIGN, translate
from crossframe.stores.s3_request import Request
from crossframe.stores.s3_session import Connection, connect

if TYPE_CHECKING:
    from crossframe.stores.s3_session import Caller, S3Options

_NEAR_S = 15 * 60
# S3 refuses what was signed by a clock this far off.
_SKEW_S = 15 * 60
_SIGN_IN = (
    "Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY (and AWS_SESSION_TOKEN), "
    "or name a profile by AWS_PROFILE."
)
_AWS = "AWS's default"
_ROWS = ("endpoint", "region", "credentials", "identity", "token end", "server", "clock")


def diagnose(options: S3Options | None, *, wanted: bool) -> list[Check]:
    """Return the rows on S3; nothing is wrong where S3 is neither ``wanted`` nor set up.

    One request each is sent to STS, where it is the server's, and to the server.
    """
    try:
        connection = connect(options)
    except errors.CrossframeError as error:
        failed = "endpoint" if isinstance(error, errors.EndpointError) else "credentials"
        return [_failed(name, error) if name == failed else Check(name, "not known") for name in _ROWS]
    found = [
        Check("endpoint", connection.endpoint, connection.source),
        Check("region", str(connection.client.meta.region_name), connection.region_source),
    ]
    if connection.anonymous:
        nobody = [Check(name, "none", "the anonymous argument") for name in ("credentials", "identity")]
        return [*found, *nobody, Check("token end", "none"), *_server(connection)]
    try:
        caller = connection.renewed_caller()
    except errors.CrossframeError as error:
        rest = [Check(name, "not known") for name in ("identity", "token end", "server", "clock")]
        return [*found, _failed("credentials", error), *rest]
    if caller is None:
        missing = False if wanted or connection.source != _AWS else None
        rest = [Check(name, "not known") for name in ("identity", "token end", "server", "clock")]
        return [*found, Check("credentials", "none", ok=missing, hint=_SIGN_IN), *rest]
    found.append(Check("credentials", shortened(caller.access_key), caller.source, ok=True))
    return [*found, _identity(connection, caller), _end(caller), *_server(connection)]


def shortened(access_key: str) -> str:
    """Return enough of an access key id to know it again."""
    return f"{access_key[:4]}...{access_key[-4:]}" if len(access_key) > 12 else f"{access_key[:2]}..."  # noqa: PLR2004


def _failed(name: str, error: errors.CrossframeError) -> Check:
    said = " ".join(part for part in (error.problem, error.detail) if part)
    return Check(name, said, ok=False, hint=error.hint or "")


def _identity(connection: Connection, caller: Caller) -> Check:
    """Ask STS where it is the server's own; the keys of another server are nothing for AWS to see."""
    key = Check("identity", shortened(caller.access_key), "the access key")
    session: Any = connection.session
    quick = Config(connect_timeout=5, read_timeout=10, retries={"total_max_attempts": 1})
    try:
        client = session.client("sts", region_name=connection.client.meta.region_name, config=quick)
        endpoint = str(client.meta.endpoint_url)
        if connection.custom and endpoint.rstrip("/").endswith((".amazonaws.com", ".amazonaws.com.cn")):
            return key
        return Check("identity", str(client.get_caller_identity()["Arn"]), f"STS at {endpoint}", ok=True)
    except (BotoCoreError, ClientError, KeyError, ValueError):
        return key


def _end(caller: Caller) -> Check:
    if caller.end is None:
        return Check("token end", "none is known", caller.source)
    left = (caller.end - datetime.now(UTC)).total_seconds()
    value = f"{caller.end:%Y-%m-%dT%H:%M:%SZ}, in {time_left(left)}"
    near = left < _NEAR_S
    hint = "Near its end: renew it before long work." if near else ""
    return Check("token end", value, caller.source, ok=None if near else True, hint=hint)


def time_left(seconds: float) -> str:
    """Return a length of time in its two largest units."""
    minutes = max(int(seconds // 60), 0)
    days, hours, minutes = minutes // 1440, minutes // 60 % 24, minutes % 60
    if days:
        return f"{days} d {hours} h"
    return f"{hours} h {minutes} min" if hours else f"{minutes} min"


def _server(connection: Connection) -> list[Check]:
    """Ask for the buckets: whether the server answers and takes the keys, and what time it has."""
    request = Request(
        "list",
        "the buckets",
        permission="s3:ListAllMyBuckets",
        endpoint=connection.endpoint,
        source=connection.source,
        connection=connection,
    )
    try:
        answer: Any = connection.client.list_buckets()
    except FOREIGN as error:
        ours = translate(error, request)
        response: Any = getattr(error, "response", {})
        server = _failed("server", ours)
        if isinstance(ours, errors.AccessDeniedError):
            server = Check("server", "answers; these keys may not list buckets", connection.endpoint, ok=True)
        return [server, _clock(response)]
    except errors.CrossframeError as error:
        return [_failed("server", error), Check("clock", "not known")]
    count = len(answer.get("Buckets", ()))
    buckets = "1 bucket" if count == 1 else f"{count:,} buckets"
    return [Check("server", f"answers, {buckets}", connection.endpoint, ok=True), _clock(answer)]


def _clock(answer: dict[str, Any]) -> Check:
    said = answer.get("ResponseMetadata", {}).get("HTTPHeaders", {}).get("date")
    try:
        there = parsedate_to_datetime(said)
    except (TypeError, ValueError):
        return Check("clock", "not known")
    apart = (datetime.now(UTC) - there.astimezone(UTC)).total_seconds()
    way = "ahead of" if apart > 0 else "behind"
    hint = "Set the clock, e.g. by `timedatectl set-ntp true`."
    close = abs(apart) < _SKEW_S
    # Why whole seconds, less one: the header is cut to them.
    value = f"{abs(apart):.0f} s {way} the server's" if abs(apart) >= 2 else "the server's"  # noqa: PLR2004
    return Check("clock", value, f"the answer of {said}", ok=close, hint="" if close else hint)
