"""A server's refusals as our errors: ``s3_errors.csv`` says which, by error code, then by status."""

from __future__ import annotations

import csv
import functools
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import resources
from typing import TYPE_CHECKING, Any

from crossframe import errors
from crossframe.stores.checks import object_exists, object_not_found, precondition_failed
from crossframe.stores.s3_request import RENEW, SIGN_IN

if TYPE_CHECKING:
    from collections.abc import Callable

    from botocore import exceptions as boto

    from crossframe.stores.s3_request import Request

_FIRST_SERVER_ERROR = 500
_OLD_SERVER = (
    "If the server does not know the newer checksums: set AWS_REQUEST_CHECKSUM_CALCULATION=when_required."
)


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


def refused(error: boto.ClientError, request: Request) -> errors.CrossframeError:
    """Return our error for a server's refusal."""
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
        SIGN_IN,
    )


def _signature(request: Request, _: _Answer) -> errors.CrossframeError:
    return errors.SignatureError(
        f"{request.problem}: the signature does not match.",
        f"{request.caller} {request.server}".strip(),
        "Is AWS_SECRET_ACCESS_KEY right, and the one of this AWS_ACCESS_KEY_ID?",
    )


def _expired_token(request: Request, answer: _Answer) -> errors.CrossframeError:
    return errors.ExpiredTokenError(
        f"{request.problem}: the session token has expired.", answer.text + request.caller, RENEW
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
