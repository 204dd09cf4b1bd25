"""What fails before or after a server's answer as our errors: by the exception's class."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

import urllib3.exceptions
from botocore import exceptions as boto
from botocore.parsers import ResponseParserError

from crossframe import errors
from crossframe.stores.s3_request import RENEW, SIGN_IN

if TYPE_CHECKING:
    from collections.abc import Callable

    from crossframe.stores.s3_request import Request

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
        "Can't find credentials for S3.", f"{request.problem} without. {request.server}", SIGN_IN
    )


def _bad_credentials(error: Exception, request: Request) -> errors.CrossframeError:
    return errors.CredentialsError(f"{request.problem}: the credentials can't be used.", _got(error), SIGN_IN)


def _no_profile(error: Exception, _: Request) -> errors.CrossframeError:
    name = error.kwargs["profile"] if isinstance(error, boto.ProfileNotFound) else ""
    files = (
        os.environ.get("AWS_SHARED_CREDENTIALS_FILE", "~/.aws/credentials"),
        os.environ.get("AWS_CONFIG_FILE", "~/.aws/config"),
    )
    return errors.CredentialsError(
        f"Can't find the profile '{name}'.",
        f"Looked in {' and '.join(files)}.",
        "Is its name right? `aws configure list-profiles` shows which there are.",
    )


def _bad_profile(error: Exception, _: Request) -> errors.CrossframeError:
    return errors.CredentialsError(
        "Can't read the AWS profile.",
        _got(error),
        "Is its name right? `aws configure list-profiles` shows which there are.",
    )


def _bad_token(error: Exception, request: Request) -> errors.CrossframeError:
    return errors.ExpiredTokenError(f"{request.problem}: the sign-in has ended.", _got(error), RENEW)


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


def failed(error: Exception, request: Request) -> errors.CrossframeError:
    """Return our error for a request that ended without an answer, or with one that can't be used."""
    for classes, make in _BY_CLASS:
        if isinstance(error, classes):
            return make(error, request)
    return errors.StoreError(f"{request.problem}: the request failed.", f"{_got(error)} {request.server}")
