"""Is a request signed as AWS demands, and is its body the one that was signed?

botocore's own signer computes the signature of the request as it came in; nothing of the code under test
takes part. Source: AWS, "Signature Version 4 signing process", and S3's "Error responses".
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import zlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote_plus, unquote_to_bytes

from botocore.auth import S3SigV4Auth, S3SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_AUTHORIZATION = re.compile(
    r"AWS4-HMAC-SHA256\s+Credential=([^,\s]+),\s*SignedHeaders=([^,\s]+),\s*Signature=([0-9a-f]+)\s*"
)
_SHA256 = re.compile("[0-9a-f]{64}")
_MOST_SKEW = timedelta(minutes=15)
_LONGEST_LINK_S = 7 * 24 * 3600
_DIGESTS: dict[str, Callable[[bytes], bytes]] = {
    "content-md5": lambda body: hashlib.md5(body).digest(),
    "x-amz-checksum-crc32": lambda body: zlib.crc32(body).to_bytes(4, "big"),
    "x-amz-checksum-sha1": lambda body: hashlib.sha1(body).digest(),
    "x-amz-checksum-sha256": lambda body: hashlib.sha256(body).digest(),
}


class Refused(Exception):  # noqa: N818 - an answer, and no fault of the gate's
    """The answer that S3 would give."""

    def __init__(self, status: int, code: str, message: str, **fields: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.fields = fields


@dataclass(frozen=True, slots=True)
class Received:
    """A request as it came in; names of headers in lower case, several of one name joined by a comma."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def path(self) -> str:
        """The path in canonical form."""
        return quote(unquote_to_bytes(self.target.partition("?")[0]), safe="/-_.~")

    @property
    def query(self) -> list[tuple[str, str]]:
        """Names and values of the query, decoded."""
        pairs = (part.partition("=") for part in self.target.partition("?")[2].split("&") if part)
        return [(unquote_plus(name), unquote_plus(value)) for name, _, value in pairs]


@dataclass(frozen=True, slots=True)
class _Claim:
    """What a request says of its own signature."""

    credential: str
    signed_headers: list[str]
    signature: str
    time: datetime
    token: str
    link: bool
    lifetime: timedelta


def check_request(request: Received, keys: Mapping[str, str], region: str, now: datetime) -> None:
    """Pass a request that S3 would take, or an anonymous one.

    Args:
        request: What came in.
        keys: Secret key by access key.
        region: The region that the server is in.
        now: The server's clock.

    Raises:
        Refused: S3 would refuse it.
    """
    claim = _claim(request)
    if claim is not None:
        _check_time(claim, now)
        _check_headers(claim, request)
        _check_signature(claim, request, keys, region)
    _check_body(request)


def _claim(request: Received) -> _Claim | None:
    query = dict(request.query)
    if "authorization" in request.headers:
        found = _AUTHORIZATION.fullmatch(request.headers["authorization"])
        if found is None:
            raise Refused(400, "AuthorizationHeaderMalformed", "The authorization header is malformed.")
        if "x-amz-content-sha256" not in request.headers:
            raise Refused(400, "InvalidRequest", "Missing required header: x-amz-content-sha256")
        time = request.headers.get("x-amz-date", "")
        token, lifetime = request.headers.get("x-amz-security-token", ""), timedelta()
        credential, signed, signature = found.groups()
    elif "X-Amz-Signature" in query:
        credential, signed = query["X-Amz-Credential"], query["X-Amz-SignedHeaders"]
        signature, time = query["X-Amz-Signature"], query["X-Amz-Date"]
        token = query.get("X-Amz-Security-Token", "")
        lifetime = timedelta(seconds=int(query["X-Amz-Expires"]))
    else:
        return None
    try:
        at = datetime.strptime(time, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    except ValueError:
        raise Refused(403, "AccessDenied", "A valid Date or x-amz-date header is required.") from None
    link = "authorization" not in request.headers
    return _Claim(credential, signed.split(";"), signature, at, token, link, lifetime)


def _check_time(claim: _Claim, now: datetime) -> None:
    if claim.link:
        if not 1 <= claim.lifetime.total_seconds() <= _LONGEST_LINK_S:
            raise Refused(400, "AuthorizationQueryParametersError", "X-Amz-Expires must be less than a week.")
        if now > claim.time + claim.lifetime:
            raise Refused(403, "AccessDenied", "Request has expired", ServerTime=f"{now:%Y-%m-%dT%H:%M:%SZ}")
    elif abs(now - claim.time) > _MOST_SKEW:
        raise Refused(
            403,
            "RequestTimeTooSkewed",
            "The difference between the request time and the current time is too large.",
            RequestTime=f"{claim.time:%Y%m%dT%H%M%SZ}",
            ServerTime=f"{now:%Y-%m-%dT%H:%M:%SZ}",
        )


def _check_headers(claim: _Claim, request: Received) -> None:
    absent = [name for name in claim.signed_headers if name not in request.headers]
    if absent:
        raise Refused(403, "SignatureDoesNotMatch", f"Signed, but not sent: {absent}.")
    unsigned = [
        name for name in request.headers if name.startswith("x-amz-") and name not in claim.signed_headers
    ]
    if unsigned or "host" not in claim.signed_headers or claim.signed_headers != sorted(claim.signed_headers):
        raise Refused(403, "AccessDenied", f"There were headers present which were not signed: {unsigned}.")


def _check_signature(claim: _Claim, request: Received, keys: Mapping[str, str], region: str) -> None:
    access_key, _, scope = claim.credential.partition("/")
    if access_key not in keys:
        raise Refused(403, "InvalidAccessKeyId", "The AWS Access Key Id you provided does not exist.")
    want_scope = f"{claim.time:%Y%m%d}/{region}/s3/aws4_request"
    if scope != want_scope:
        raise Refused(
            400, "AuthorizationHeaderMalformed", f"The scope is {scope}, not {want_scope}.", Region=region
        )
    credentials = Credentials(access_key, keys[access_key], claim.token or None)
    want = _signature(claim, request, credentials, region)
    if not hmac.compare_digest(want, claim.signature):
        raise Refused(403, "SignatureDoesNotMatch", "The request signature we calculated does not match.")


def _signature(claim: _Claim, request: Received, credentials: Credentials, region: str) -> str:
    """Let botocore sign the canonical form of the request."""
    kind = S3SigV4QueryAuth if claim.link else S3SigV4Auth
    signer = kind(credentials, "s3", region)
    pairs = sorted(
        (quote(name, safe="-_.~"), quote(value, safe="-_.~"))
        for name, value in request.query
        if name != "X-Amz-Signature"
    )
    query = "&".join(f"{name}={value}" for name, value in pairs)
    url = f"http://{request.headers['host']}{request.path}{'?' + query if query else ''}"
    asked = AWSRequest(method=request.method, url=url, data=request.body)
    asked.context["timestamp"] = f"{claim.time:%Y%m%dT%H%M%SZ}"
    for name in claim.signed_headers:
        asked.headers[name] = request.headers[name]
    return str(signer.signature(signer.string_to_sign(asked, signer.canonical_request(asked)), asked))


def _check_body(request: Received) -> None:
    """Compare the body with the digests that came along, as a server does before it stores anything."""
    sha256 = request.headers.get("x-amz-content-sha256", "")
    if _SHA256.fullmatch(sha256) and hashlib.sha256(request.body).hexdigest() != sha256:
        raise Refused(400, "XAmzContentSHA256Mismatch", "The body is not the one that was signed.")
    # Why: in chunks with signatures of their own the body is not the object.
    if sha256.startswith("STREAMING-"):
        return
    for name, digest in _DIGESTS.items():
        if (
            name in request.headers
            and base64.b64encode(digest(request.body)).decode() != request.headers[name]
        ):
            raise Refused(400, "BadDigest", f"The {name} you specified did not match what we received.")
