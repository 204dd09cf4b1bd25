"""botocore's and urllib3's exceptions as ours: the one place where that is decided.

What a server answers is looked up in ``s3_errors.csv``, by error code, then by status. What fails before
or after an answer is looked up by the exception's class.
"""

from __future__ import annotations

import contextlib
import csv
import functools
import os
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib import resources
from typing import TYPE_CHECKING, Any

import urllib3.exceptions
from boto3.exceptions import Boto3Error
from botocore import exceptions as boto
from botocore.parsers import ResponseParserError

from crossframe import errors
from crossframe.stores.checks import object_exists, object_not_found, precondition_failed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from crossframe.stores.s3_session import Connection

_FIRST_SERVER_ERROR = 500
# Everything the two libraries raise while a request is made and its answer read.
FOREIGN = (
    boto.BotoCoreError,
    boto.ClientError,
    ResponseParserError,
    Boto3Error,
    urllib3.exceptions.HTTPError,
)

_SIGN_IN = (
    "Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY (and AWS_SESSION_TOKEN), "
    "or name a profile by AWS_PROFILE."
)
_RENEW = (
    "Get new keys from where these came (for single sign-on: `aws sso login`), and set all three of them."
)
_OLD_SERVER = (
    "If the server does not know the newer checksums: set AWS_REQUEST_CHECKSUM_CALCULATION=when_required."
)


@dataclass(frozen=True, slots=True)
class Request:
    """What was asked, for the message of the error that it ended in.

    Attributes:
        verb: What was to be done, as it follows "can't".
        uri: The bucket's URI.
        key: The object's key, where one was named.
        permission: The right it needs, e.g. ``s3:GetObject``.
        version: The version asked for.
        if_absent: Whether the key had to be free.
        if_match: The ETag the object had to have.
        endpoint: URL of the server.
        source: Where the endpoint came from.
        connection: What it was asked over; tells who asked.
    """

    verb: str
    uri: str
    key: str | None = None
    permission: str = ""
    version: str | None = None
    if_absent: bool = False
    if_match: str | None = None
    endpoint: str = ""
    source: str = ""
    connection: Connection | None = field(default=None, compare=False, repr=False)

    @property
    def problem(self) -> str:
        """The beginning of every message."""
        return (
            f"Can't {self.verb} {self.uri}"
            if self.key is None
            else f"Can't {self.verb} '{self.key}' in {self.uri}"
        )

    @property
    def server(self) -> str:
        """The server, and who named it."""
        return f"The endpoint is {self.endpoint or 'not known'} (from {self.source})."

    @property
    def caller(self) -> str:
        """Who asked, by which credentials, and when they ended where that has passed; empty if not known."""
        caller = self.connection.caller if self.connection is not None else None
        if caller is None:
            return ""
        ended = caller.end is not None and caller.end <= datetime.now(UTC)
        end = f" It ended at {caller.end:%Y-%m-%dT%H:%M:%SZ}." if ended else ""
        return f" Used access key '{caller.access_key}' from {caller.source}.{end}"


@contextlib.contextmanager
def translated(request: Request) -> Iterator[None]:
    """Let no exception of the libraries below pass as it is."""
    try:
        yield
    except FOREIGN as error:
        raise translate(error, request) from error


def translate(error: Exception, request: Request) -> errors.CrossframeError:
    """Return our error for one of theirs."""
    if isinstance(error, boto.ClientError):
        return _answered(error, request)
    for classes, make in _BY_CLASS:
        if isinstance(error, classes):
            return make(error, request)
    return errors.StoreError(f"{request.problem}: the request failed.", f"{_got(error)} {request.server}")


# ---- What the server answered ----


@functools.cache
def _table() -> tuple[dict[str, str], dict[int, str]]:
    """Return error by code and error by status."""
    text = resources.files("crossframe").joinpath("s3_errors.csv").read_text(encoding="utf-8")
    rows = list(csv.DictReader(text.splitlines()))
    by_code = {row["code"]: row["error"] for row in rows if row["code"]}
    return by_code, {int(row["status"]): row["error"] for row in rows if not row["code"]}


@dataclass(frozen=True, slots=True)
class _Answer:
    """A server's refusal: the fields of its ``<Error>`` and of its headers."""

    fields: dict[str, Any]
    metadata: dict[str, Any]

    @property
    def code(self) -> str:
        return str(self.fields.get("Code", ""))

    @property
    def text(self) -> str:
        """Status, code and message as one sentence."""
        message = str(self.fields.get("Message", "")).rstrip(".")
        known = self.code if not self.code.isdigit() else ""
        head = " ".join(part for part in (str(self.metadata.get("HTTPStatusCode", "")), known) if part)
        return f"The server answered {head}{': ' + message if message else ''}."


def answer_text(error: boto.ClientError) -> str:
    """Return what a server answered, as one sentence."""
    response: dict[str, Any] = error.response  # type: ignore[assignment]
    return _Answer(response.get("Error", {}), response.get("ResponseMetadata", {})).text


def error_code(error: boto.ClientError) -> str:
    """Return the code of a server's refusal; the status where it gave none, as after HEAD."""
    response: dict[str, Any] = error.response  # type: ignore[assignment]
    return str(response.get("Error", {}).get("Code", ""))


def _answered(error: boto.ClientError, request: Request) -> errors.CrossframeError:
    response: dict[str, Any] = error.response  # type: ignore[assignment]
    answer = _Answer(response.get("Error", {}), response.get("ResponseMetadata", {}))
    by_code, by_status = _table()
    name = by_code.get(answer.code) or by_status.get(
        int(answer.metadata.get("HTTPStatusCode", 0)), "unavailable"
    )
    if answer.code not in by_code and "hecksum" in answer.text:
        return errors.NotSupportedError(f"{request.problem}.", answer.text, _OLD_SERVER)
    make = _BY_NAME.get(name)
    if make is not None:
        return make(request, answer)
    made: type[errors.CrossframeError] = getattr(errors, f"{name.title().replace('_', '')}Error")
    return made(f"{request.problem}.", answer.text)


def _object_not_found(request: Request, answer: _Answer) -> errors.CrossframeError:
    if request.if_match is not None:
        return precondition_failed(request.key or "", request.uri, request.if_match)
    # A listing that ends in 404 without a code, or an upload ended by somebody else.
    if request.key is None:
        return _bucket_not_found(request, answer)
    return object_not_found(request.key, request.uri, request.version)


def _bucket_not_found(request: Request, _: _Answer) -> errors.CrossframeError:
    return errors.BucketNotFoundError(
        f"Can't find the bucket {request.uri}.",
        request.server,
        "Is the name right, and the endpoint the one that has it? List the buckets to see which there are.",
    )


def _precondition_failed(request: Request, answer: _Answer) -> errors.CrossframeError:
    # Nobody knows who was first, so nothing is said of what is there.
    if answer.code == "ConditionalRequestConflict":
        return errors.PreconditionFailedError(
            f"{request.problem}: others write to it all the time.", answer.text, "Try again later."
        )
    if request.if_absent:
        return object_exists(request.key or "", request.uri)
    if request.if_match is not None:
        return precondition_failed(request.key or "", request.uri, request.if_match)
    return errors.PreconditionFailedError(f"{request.problem}.", answer.text)


def _access_denied(request: Request, answer: _Answer) -> errors.CrossframeError:
    if answer.code == "InvalidObjectState":
        return errors.AccessDeniedError(
            f"{request.problem}: it is archived.", answer.text, "Restore it from the archive first."
        )
    # Without the right to list, S3 does not tell whether a key exists.
    hint = (
        "A key that does not exist is denied, too, without s3:ListBucket."
        if "Get" in request.permission
        else None
    )
    needs = f"It needs the permission {request.permission}." if request.permission else answer.text
    needs += request.caller
    return errors.AccessDeniedError(f"{request.problem}: access denied.", needs, hint)


def _credentials(request: Request, answer: _Answer) -> errors.CrossframeError:
    return errors.CredentialsError(
        f"{request.problem}: the store does not accept the credentials.",
        f"{answer.text}{request.caller} {request.server}",
        _SIGN_IN,
    )


def _signature(request: Request, _: _Answer) -> errors.CrossframeError:
    return errors.SignatureError(
        f"{request.problem}: the signature does not match.",
        f"{request.caller} {request.server}".strip(),
        "Is AWS_SECRET_ACCESS_KEY right, and the one of this AWS_ACCESS_KEY_ID?",
    )


def _expired_token(request: Request, answer: _Answer) -> errors.CrossframeError:
    return errors.ExpiredTokenError(
        f"{request.problem}: the session token has expired.", answer.text + request.caller, _RENEW
    )


def _clock_skew(request: Request, answer: _Answer) -> errors.CrossframeError:
    headers = answer.metadata.get("HTTPHeaders", {})
    here = answer.fields.get("RequestTime") or datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    there = answer.fields.get("ServerTime") or headers.get("date", "not known")
    return errors.ClockSkewError(
        f"{request.problem}: this machine's clock is wrong.",
        f"Time of the request: {here}; time of the server: {there}.",
        "Set the clock, e.g. by `timedatectl set-ntp true`.",
    )


def _corrupt_upload(request: Request, answer: _Answer) -> errors.CrossframeError:
    return errors.CorruptObjectError(
        f"{request.problem}: the bytes were damaged on their way.",
        answer.text,
        "What was there before is whole.",
    )


def _not_supported(request: Request, answer: _Answer) -> errors.CrossframeError:
    return errors.NotSupportedError(f"{request.problem}: the server can't.", answer.text, _OLD_SERVER)


def _unavailable(request: Request, answer: _Answer) -> errors.CrossframeError:
    attempts = int(answer.metadata.get("RetryAttempts", 0)) + 1
    detail = f"{answer.text} {request.server}"
    if attempts == 1 and int(answer.metadata.get("HTTPStatusCode", 0)) < _FIRST_SERVER_ERROR:
        return errors.UnavailableError(f"{request.problem}: the server refuses.", detail)
    times = "once" if attempts == 1 else f"{attempts} times"
    return errors.UnavailableError(
        f"{request.problem}: the server failed {times}.", detail, "Try again later."
    )


def _wrong_endpoint(request: Request, answer: _Answer) -> errors.CrossframeError:
    return errors.EndpointError(
        f"{request.problem}: the bucket is elsewhere.",
        f"{answer.text} {request.server}",
        "Set the bucket's region by AWS_REGION, or its endpoint.",
    )


_BY_NAME: dict[str, Callable[[Request, _Answer], errors.CrossframeError]] = {
    "access_denied": _access_denied,
    "bucket_not_found": _bucket_not_found,
    "clock_skew": _clock_skew,
    "corrupt_object": _corrupt_upload,
    "credentials": _credentials,
    "endpoint": _wrong_endpoint,
    "expired_token": _expired_token,
    "not_supported": _not_supported,
    "object_not_found": _object_not_found,
    "precondition_failed": _precondition_failed,
    "signature": _signature,
    "unavailable": _unavailable,
}


# ---- What failed without an answer ----


# What their words may show: header values, a proxy's password, a link's signature.
_SECRETS = (
    (re.compile(r"(Invalid header value) .*"), r"\1"),
    (re.compile(r"//[^/@\s]*@"), "//"),
    (re.compile(r"(X-Amz-(?:Signature|Credential|Security-Token)=)[^&\s'\"]*", re.IGNORECASE), r"\1..."),
)


def _got(error: Exception) -> str:
    text = " ".join(str(error).split()).rstrip(".")
    for pattern, shown in _SECRETS:
        text = pattern.sub(shown, text)
    return f"{type(error).__name__}: {text}."


def _no_credentials(_: Exception, request: Request) -> errors.CrossframeError:
    return errors.CredentialsError(
        "Can't find credentials for S3.", f"{request.problem} without. {request.server}", _SIGN_IN
    )


def _bad_credentials(error: Exception, request: Request) -> errors.CrossframeError:
    return errors.CredentialsError(
        f"{request.problem}: the credentials can't be used.", _got(error), _SIGN_IN
    )


def _no_profile(error: Exception, _: Request) -> errors.CrossframeError:
    name = error.kwargs["profile"] if isinstance(error, boto.ProfileNotFound) else ""
    files = (
        os.environ.get("AWS_SHARED_CREDENTIALS_FILE", "~/.aws/credentials"),
        os.environ.get("AWS_CONFIG_FILE", "~/.aws/config"),
    )
    return errors.CredentialsError(
        f"Can't find the profile '{name}'.",
        f"Looked in {' and '.join(files)}.",
        "Is AWS_PROFILE right? `aws configure list-profiles` shows which there are.",
    )


def _bad_profile(error: Exception, _: Request) -> errors.CrossframeError:
    return errors.CredentialsError(
        "Can't read the AWS profile.",
        _got(error),
        "Is AWS_PROFILE right? `aws configure list-profiles` shows which there are.",
    )


def _bad_token(error: Exception, request: Request) -> errors.CrossframeError:
    return errors.ExpiredTokenError(f"{request.problem}: the sign-in has ended.", _got(error), _RENEW)


def _certificate(error: Exception, request: Request) -> errors.CrossframeError:
    hint = "Name the authority's certificate by AWS_CA_BUNDLE."
    if "WRONG_VERSION_NUMBER" in str(error) or "wrong version number" in str(error):
        hint = "Does the server speak plain http? Then write http:// in front of the endpoint."
    elif "[Errno" in str(error) or "NO_CERTIFICATE" in str(error):
        hint = "Is there a certificate in the file that verify= or AWS_CA_BUNDLE names?"
    return errors.EndpointError(
        f"{request.problem}: no trusted connection.", f"{_got(error)} {request.server}", hint
    )


def _unreachable(error: Exception, request: Request) -> errors.CrossframeError:
    return errors.EndpointError(
        f"{request.problem}: the server can't be reached.",
        f"{request.server} {_got(error)}",
        "Is the endpoint right, and the network up?",
    )


def _corrupt(error: Exception, request: Request) -> errors.CrossframeError:
    return corrupt(request, _got(error))


def corrupt(request: Request, detail: str) -> errors.CorruptObjectError:
    """Return the error for bytes that came wrong, again."""
    return errors.CorruptObjectError(
        f"{request.problem}: the bytes that came are not those that were stored, twice.", detail
    )


def _unreadable(error: Exception, request: Request) -> errors.CrossframeError:
    return errors.UnavailableError(
        f"{request.problem}: the answer can't be read.",
        f"{_got(error)} {request.server}",
        "Is this an S3 server?",
    )


def _misuse(error: Exception, request: Request) -> errors.CrossframeError:
    return errors.UsageError(f"{request.problem}: an argument is not valid.", _got(error))


def _bad_setting(error: Exception, request: Request) -> errors.CrossframeError:
    return errors.UsageError(
        f"{request.problem}: a setting is not valid.",
        _got(error),
        "It is an argument, a variable that begins with AWS_, or a line of the profile.",
    )


def _no_proxy(error: Exception, request: Request) -> errors.CrossframeError:
    return errors.EndpointError(
        f"{request.problem}: the proxy can't be reached.",
        f"{request.server} {_got(error)}",
        "Is HTTPS_PROXY (for http:// HTTP_PROXY) right? NO_PROXY names the hosts that need none.",
    )


def _newer(name: str) -> tuple[type[Exception], ...]:
    """Return an exception that only later versions of botocore have."""
    found = getattr(boto, name, None)
    return (found,) if found else ()


# The first row that fits decides.
_BY_CLASS: tuple[
    tuple[tuple[type[Exception], ...], Callable[[Exception, Request], errors.CrossframeError]], ...
] = (
    ((boto.NoCredentialsError, boto.NoAuthTokenError), _no_credentials),
    ((boto.ProfileNotFound,), _no_profile),
    (
        (boto.ConfigNotFound, boto.ConfigParseError, boto.InvalidConfigError),
        _bad_profile,
    ),
    ((boto.TokenRetrievalError, boto.SSOError, *_newer("LoginError")), _bad_token),
    (
        (
            boto.PartialCredentialsError,
            boto.CredentialRetrievalError,
            boto.UnknownCredentialError,
            boto.RefreshWithMFAUnsupportedError,
            boto.MetadataRetrievalError,
            boto.UnknownTokenProviderError,
        ),
        _bad_credentials,
    ),
    (
        (
            boto.FlexibleChecksumError,
            boto.ChecksumError,
            boto.IncompleteReadError,
            boto.ResponseStreamingError,
        ),
        _corrupt,
    ),
    ((boto.SSLError, urllib3.exceptions.SSLError), _certificate),
    ((boto.ProxyConnectionError, boto.InvalidProxiesConfigError, urllib3.exceptions.ProxyError), _no_proxy),
    ((urllib3.exceptions.ProtocolError,), _corrupt),
    (
        (
            boto.HTTPClientError,
            boto.ConnectionError,
            boto.BaseEndpointResolverError,
            boto.EndpointProviderError,
            boto.InvalidRegionError,
            boto.InvalidEndpointConfigurationError,
            urllib3.exceptions.HTTPError,
        ),
        _unreachable,
    ),
    ((ResponseParserError, boto.PaginationError), _unreadable),
    ((boto.ParamValidationError, boto.ValidationError), _misuse),
    (
        (
            boto.InvalidRetryConfigurationError,
            boto.InvalidRetryModeError,
            boto.InvalidDefaultsMode,
            boto.InvalidS3AddressingStyleError,
            *_newer("InvalidChecksumConfigError"),
        ),
        _bad_setting,
    ),
)
