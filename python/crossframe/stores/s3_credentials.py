"""Whose credentials: where they came from, when they end, and what is wrong with them, in our words.

boto3 finds and renews them. What goes wrong then is raised by providers that open files, run programs and
ask servers, so errors of any kind come out of them: they are turned into ours here, where they arise.
"""

from __future__ import annotations

import functools
import hashlib
import json
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from botocore.exceptions import SSOError, TokenRetrievalError
from botocore.utils import parse_timestamp

from crossframe import errors
from crossframe.stores.s3_errors import FOREIGN, Request, translate

if TYPE_CHECKING:
    from collections.abc import Callable

    import boto3

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
_WEB_IDENTITY = "assume-role-with-web-identity"


def guard(session: boto3.Session) -> None:
    """Find the session's credentials, and have all that fails then or when they are renewed be ours.

    Raises:
        CredentialsError: They can't be had; ``ExpiredTokenError`` where they have ended.
    """
    credentials: Any = _ours(session.get_credentials, session)
    refresh = getattr(credentials, "_refresh_using", None)
    if refresh is not None:
        credentials._refresh_using = functools.partial(_renewed, refresh, session, credentials.method)  # noqa: SLF001


def source_of(session: boto3.Session) -> str:
    """Return where the session's credentials came from; empty where it has none."""
    credentials = session.get_credentials()
    return _source(session, str(credentials.method)) if credentials is not None else ""


def token_end(session: boto3.Session) -> datetime | None:
    """Return when the session's credentials end; ``None`` where that is not known."""
    credentials: Any = session.get_credentials()
    if credentials is None:
        return None
    _ours(credentials.get_frozen_credentials, session)
    end: datetime | None = getattr(credentials, "_expiry_time", None)
    return end and end.astimezone(UTC)


def _renewed(refresh: Callable[[], dict[str, Any]], session: boto3.Session, method: str) -> dict[str, Any]:
    """Return renewed credentials; an error where they are no younger than the old."""
    found: dict[str, Any] = _ours(refresh, session)
    end = found.get("expiry_time") if found else None
    if end is None:
        return found
    end = parse_timestamp(end)
    if end <= datetime.now(UTC):
        raise _ended(_source(session, method), end, _how_to_renew(session, method))
    return found


def _ours(call: Callable[[], Any], session: boto3.Session) -> Any:  # noqa: ANN401 - what the call returns
    """Return what a call of botocore's providers returns, or raise our error."""
    request = Request("get credentials for", "S3", source=f"profile '{session.profile_name}'")
    try:
        return call()
    except errors.CrossframeError:
        raise
    except (SSOError, TokenRetrievalError) as error:
        end = sso_end(session)
        if end is None:
            raise translate(error, request) from error
        raise _ended(_source(session, "sso"), end, _how_to_renew(session, "sso")) from error
    except FOREIGN as error:
        raise translate(error, request) from error
    except _ODD as error:
        said = f"{type(error).__name__}: {' '.join(str(error).split())}"
        raise errors.CredentialsError(
            f"{request.problem}: they can't be read.", f"Got {said}.", _ODD_HINT
        ) from error


_ODD_HINT = (
    "Look at the file, program or service that the AWS_ variables and the profile name for credentials."
)


def _ended(source: str, end: datetime, hint: str) -> errors.ExpiredTokenError:
    now, then = (time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") for time in (datetime.now(UTC), end))
    return errors.ExpiredTokenError(
        "Can't get credentials for S3: the session has ended.",
        f"That from {source} ended at {then}; it is {now} now.",
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
    inner: Any = session._session  # noqa: SLF001
    scoped = inner.get_scoped_config()
    name = scoped.get("sso_session") or scoped.get("sso_start_url")
    if not name:
        return None
    digest = hashlib.sha1(name.encode(), usedforsecurity=False).hexdigest()
    try:
        file = Path("~/.aws/sso/cache").expanduser() / f"{digest}.json"
        end = parse_timestamp(json.loads(file.read_text(encoding="utf-8"))["expiresAt"])
    except (OSError, ValueError, KeyError, TypeError, RuntimeError):
        return None
    return end.astimezone(UTC)
