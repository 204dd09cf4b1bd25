"""Whose credentials: where they came from, when they end, and what is wrong with them, in our words.

boto3 finds and renews them. What goes wrong then is raised by providers that open files, run programs and
ask servers, so errors of any kind come out of them: they are turned into ours here, where they arise.
"""

from __future__ import annotations

import functools
import hashlib
import json
import os
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from botocore.credentials import Credentials, RefreshableCredentials
from botocore.exceptions import ClientError, SSOError, TokenRetrievalError
from botocore.utils import parse_timestamp

from crossframe import errors
from crossframe.stores.s3_answers import answer_text
from crossframe.stores.s3_errors import FOREIGN, translate
from crossframe.stores.s3_request import Request
from crossframe.stores.s3_session import Caller

if TYPE_CHECKING:
    from collections.abc import Callable

    import boto3
    from botocore.credentials import ReadOnlyCredentials
    from mypy_boto3_s3 import S3Client

# Besides botocore's own: files, programs and answers that are not what they should be.
_ODD = (OSError, ValueError, KeyError, RuntimeError)
# By botocore's name for the provider; the same words in r-package/R/s3-credentials.R.
_SOURCES = {
    "explicit": "the arguments",
    "env": "the environment (AWS_ACCESS_KEY_ID)",
    "shared-credentials-file": "{profile}",
    "config-file": "{profile}",
    "assume-role": "{profile} (role_arn)",
    "sso": "{profile} (single sign-on)",
    "login": "{profile} (aws login)",
    "custom-process": "{profile} (credential_process)",
    "container-role": "the container's role",
    "iam-role": "the machine's role",
}
_UNSENDABLE = re.compile(r"[\x00-\x1f\x7f]")
_WEB_IDENTITY = "assume-role-with-web-identity"


def found_by(call: Callable[[], S3Client], session: boto3.Session, request: Request) -> S3Client:
    """Return the client that a call makes, which looks for credentials; all that fails then is ours.

    What fails when they are renewed later will be ours, too.

    Raises:
        CredentialsError: They can't be had; ``ExpiredTokenError`` where they have ended.
        ValueError: The endpoint is no URL.
    """
    client: S3Client = _ours(call, session, request)
    keys = _keys(client)
    if isinstance(keys, Credentials) and not isinstance(keys, RefreshableCredentials):
        source = _source(session, str(keys.method))
        _check({"access key": keys.access_key, "secret key": keys.secret_key, "token": keys.token}, source)
    refresh = getattr(keys, "_refresh_using", None)
    if refresh is not None and getattr(refresh, "func", None) is not _renewed:
        keys._refresh_using = functools.partial(_renewed, refresh, session, keys.method)  # noqa: SLF001
    return client


def caller_of(client: S3Client, session: boto3.Session) -> Caller | None:
    """Return whose credentials the client has now, without renewing them; ``None`` where it has none."""
    keys = _keys(client)
    if keys is None:
        return None
    # Why the private name first: the public one renews.
    access_key = getattr(keys, "_access_key", None) or ("" if _is_renewed(keys) else keys.access_key)
    end: datetime | None = getattr(keys, "_expiry_time", None)
    return Caller(access_key, _source(session, str(keys.method)), end and end.astimezone(UTC))


def _is_renewed(keys: Any) -> bool:  # noqa: ANN401 - one of botocore's several kinds
    return hasattr(keys, "_refresh_using")


def current_caller(client: S3Client, session: boto3.Session) -> Caller | None:
    """Return the same, renewed first where they are near their end.

    Raises:
        CredentialsError: They can't be renewed; ``ExpiredTokenError`` where they have ended.
    """
    keys = _keys(client)
    if keys is not None:
        _ours(keys.get_frozen_credentials, session)
    return caller_of(client, session)


def signing_keys(client: S3Client, session: boto3.Session | None) -> ReadOnlyCredentials:
    """Return what the client signs with now, renewed first where that is near its end.

    Raises:
        CredentialsError: There are none, or they can't be renewed.
    """
    keys = _keys(client)
    if keys is None or session is None:
        raise errors.CredentialsError("Can't sign a request to S3: there are no credentials.")
    found: ReadOnlyCredentials = _ours(keys.get_frozen_credentials, session)
    return found


def _keys(client: S3Client) -> Any:  # noqa: ANN401 - one of botocore's several kinds
    """Return the client's credentials, without a second search of the places they may be in."""
    signer: Any = client._request_signer  # type: ignore[attr-defined]  # noqa: SLF001
    return signer._credentials  # noqa: SLF001


def _renewed(refresh: Callable[[], dict[str, Any]], session: boto3.Session, method: str) -> dict[str, Any]:
    """Return renewed credentials; an error where they are no younger than the old."""
    found: dict[str, Any] = _ours(refresh, session)
    for name in ("access_key", "secret_key", "token"):
        _check({name.replace("_", " "): found.get(name) if found else None}, _source(session, method))
    end = found.get("expiry_time") if found else None
    if end is None:
        return found
    end = parse_timestamp(end)
    if end <= datetime.now(UTC):
        raise _ended(_source(session, method), end, _how_to_renew(session, method))
    return found


def _check(keys: dict[str, str | None], source: str) -> None:
    """Refuse what can't be sent in a header.

    Why before: the libraries below would show it in their error.
    """
    for name, text in keys.items():
        if text and (_UNSENDABLE.search(text) or text != text.strip()):
            raise errors.CredentialsError(
                "Can't get credentials for S3: they can't be read.",
                f"The {name} from {source} has a space or a line's end before, in or after it.",
                "Copy it again, without what stands around it.",
            )


def _ours(call: Callable[[], Any], session: boto3.Session, request: Request | None = None) -> Any:  # noqa: ANN401 - what the call returns
    """Return what a call of botocore's providers returns, or raise our error."""
    request = request or Request("get credentials for", "S3", source=f"profile '{session.profile_name}'")
    try:
        return call()
    except errors.CrossframeError:
        raise
    except (SSOError, TokenRetrievalError) as error:
        raise _signed_out(error, session) from error
    except ClientError as error:
        raise _refused(error, request) from error
    except FOREIGN as error:
        raise translate(error, request) from error
    except _ODD as error:
        if re.match("Invalid (endpoint|IPv6 URL)", str(error)):
            raise
        # botocore looks for a sign-in's file that is no JSON in vain.
        if isinstance(error, KeyError) and _sso_name(session):
            raise _signed_out(error, session) from error
        said = f"{type(error).__name__}: {' '.join(str(error).split())}"
        raise errors.CredentialsError(
            "Can't get credentials for S3: they can't be read.", f"Got {said}.", _ODD_HINT
        ) from error


_ODD_HINT = (
    "Look at the file, program or service that the AWS_ variables and the profile name for credentials."
)


def _refused(error: ClientError, request: Request) -> errors.CrossframeError:
    """Return our error for the refusal of a service that gives out credentials."""
    operation = error.operation_name
    service = "sts" if operation.startswith("AssumeRole") else "sso"
    made = translate(error, request)
    status = error.response["ResponseMetadata"]["HTTPStatusCode"]
    known = isinstance(made, _KINDS) and (status >= _FAILED or not isinstance(made, errors.UnavailableError))
    kind = type(made) if known else errors.CredentialsError
    said = answer_text(error)
    return kind(request.problem + ".", f"{said} It needs the permission {service}:{operation}.", _ODD_HINT)


_FAILED = 500
_KINDS = (
    errors.AccessDeniedError,
    errors.ClockSkewError,
    errors.ExpiredTokenError,
    errors.SignatureError,
    errors.UnavailableError,
)


def _ended(source: str, end: datetime, hint: str) -> errors.ExpiredTokenError:
    now, then = (time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") for time in (datetime.now(UTC), end))
    return errors.ExpiredTokenError(
        "Can't get credentials for S3: the session has ended.",
        f"That from {source} ended at {then}; it is {now} now.",
        hint,
    )


def _signed_out(error: Exception, session: boto3.Session) -> errors.ExpiredTokenError:
    """Return the error for a sign-in that has ended, was taken back or never was."""
    end, hint = sso_end(session), _how_to_renew(session, "sso")
    if end is not None and end <= datetime.now(UTC):
        return _ended(_source(session, "sso"), end, hint)
    said = "There has been no sign-in on this machine."
    if end is not None:
        said = f"Got {type(error).__name__}: {error}"
    return errors.ExpiredTokenError(
        "Can't get credentials for S3: the sign-in has ended.",
        f"Profile '{session.profile_name}' signs in by single sign-on. {said}",
        hint,
    )


def _how_to_renew(session: boto3.Session, method: str) -> str:
    if method == "sso":
        return f"Sign in again: `aws sso login --profile {session.profile_name}`."
    if method == "env":
        return "Get new keys from where these came, and set all three of them and AWS_CREDENTIAL_EXPIRATION."
    return "Get new ones from where these came."


def _source(session: boto3.Session, method: str) -> str:
    profile = f"profile '{session.profile_name}'"
    if method == _WEB_IDENTITY:
        variable = "AWS_WEB_IDENTITY_TOKEN_FILE"
        return f"the environment ({variable})" if os.environ.get(variable) else f"{profile} (web identity)"
    return _SOURCES.get(method, method).format(profile=profile)


def sso_end(session: boto3.Session) -> datetime | None:
    """Return when the sign-in of the session's profile ends or ended; ``None`` where there was none."""
    name = _sso_name(session)
    if not name:
        return None
    digest = hashlib.sha1(name.encode(), usedforsecurity=False).hexdigest()
    try:
        file = Path("~/.aws/sso/cache").expanduser() / f"{digest}.json"
        end = parse_timestamp(json.loads(file.read_text(encoding="utf-8"))["expiresAt"])
    except (OSError, ValueError, KeyError, TypeError, RuntimeError):
        return None
    return end.astimezone(UTC)


def _sso_name(session: boto3.Session) -> str:
    """Return what the file of the sign-in is named after; empty where the profile has none."""
    inner: Any = session._session  # noqa: SLF001
    scoped: dict[str, str] = inner.get_scoped_config()
    return scoped.get("sso_session") or scoped.get("sso_start_url") or ""
