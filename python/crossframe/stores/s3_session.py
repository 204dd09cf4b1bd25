"""Who asks which S3 server: endpoint, region and credentials, and where each came from.

Endpoint, in order: argument, ``AWS_ENDPOINT_URL_S3``, ``AWS_ENDPOINT_URL``, ``AWS_S3_ENDPOINT`` (aws.s3's
and Onyxia's: a host without a scheme), the profile's ``endpoint_url``, AWS. Credentials are boto3's business.
boto3 is imported by the first connection, since ``import crossframe`` must not wait for it.
"""

from __future__ import annotations

import os
import re
import threading
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from crossframe import errors

if TYPE_CHECKING:
    import boto3
    from mypy_boto3_s3 import S3Client

# Variable, and whether botocore knows it and can be told to ignore it.
_ENDPOINT_VARIABLES = (("AWS_ENDPOINT_URL_S3", True), ("AWS_ENDPOINT_URL", True), ("AWS_S3_ENDPOINT", False))
_REGION_VARIABLES = ("AWS_REGION", "AWS_DEFAULT_REGION")
_DEFAULT_REGION = "us-east-1"
_ENDPOINT = re.compile(r"https?://[^/?#@\s]+(/[^?#\s]*)?", re.IGNORECASE)
# Source: AWS General Reference, "Amazon Simple Storage Service endpoints".
_AWS_HOST = re.compile(
    r"https://(?:s3[.-])?(?:([a-z]{2}[a-z-]*-\d)\.)?amazonaws\.com(?:\.cn)?/?", re.IGNORECASE
)
# Source: Amazon S3 API, ListObjectsV2.
_LISTED_TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?Z", re.ASCII)
_CONNECTIONS_KEPT = 32
_POOL = 32


@dataclass(frozen=True, slots=True)
class S3Options:
    """How to reach S3; what is ``None`` is found as the AWS tools find it.

    Attributes:
        endpoint: URL of the server; ``https://`` where it names no scheme.
        region: Region; found from the server's answer where wrong.
        profile: Name of a profile in the AWS config files.
        access_key: Access key id; with ``secret_key``, instead of what the environment has.
        secret_key: Secret access key.
        session_token: Session token of temporary credentials.
        anonymous: Sign nothing, for public buckets.
        verify: ``False`` trusts any certificate; a path names the authorities' file.
        checksums: ``"when_required"`` for servers that refuse the newer checksum headers.
        attempts: Times a request is tried in all.
        connect_timeout_s: Seconds to wait for a connection.
        read_timeout_s: Seconds to wait for the next bytes.
    """

    endpoint: str | None = None
    region: str | None = None
    profile: str | None = None
    access_key: str | None = None
    secret_key: str | None = field(default=None, repr=False)
    session_token: str | None = field(default=None, repr=False)
    anonymous: bool = False
    verify: bool | str | None = None
    checksums: Literal["when_supported", "when_required"] | None = None
    attempts: int = 4
    connect_timeout_s: float = 10
    read_timeout_s: float = 60


@dataclass(frozen=True, slots=True)
class Connection:
    """A boto3 client with what its errors must tell.

    Attributes:
        client: Safe to share between threads.
        endpoint: URL of the server.
        source: Where the endpoint came from: an argument, a variable, a profile, AWS.
        custom: Whether the server is not AWS.
        session: The boto3 session that made the client.
        region_source: Where the region came from.
        anonymous: Whether nothing is signed.
    """

    client: S3Client
    endpoint: str
    source: str
    custom: bool
    session: boto3.Session | None = field(default=None, compare=False, repr=False)
    region_source: str = ""
    anonymous: bool = False

    @property
    def checksums(self) -> str:
        """What boto3 was told about checksums on requests."""
        config: Any = self.client.meta.config
        return str(config.request_checksum_calculation).lower()

    @property
    def caller(self) -> Caller | None:
        """Who asks, as far as is known without asking anybody."""
        from crossframe.stores.s3_credentials import caller_of  # noqa: PLC0415 - imports botocore

        return None if self.anonymous or self.session is None else caller_of(self.client, self.session)

    @property
    def token_end(self) -> datetime | None:
        """When the credentials end, renewed first where they are near it; ``None`` where that is not known.

        Raises:
            CredentialsError: They can't be renewed; ``ExpiredTokenError`` where they have ended.
        """
        caller = self.renewed_caller()
        return caller.end if caller is not None else None

    def renewed_caller(self) -> Caller | None:
        """Return who asks, with credentials that are not at their end; ``None`` where nothing is signed.

        Raises:
            CredentialsError: They can't be renewed; ``ExpiredTokenError`` where they have ended.
        """
        from crossframe.stores.s3_credentials import current_caller  # noqa: PLC0415 - imports botocore

        return None if self.anonymous or self.session is None else current_caller(self.client, self.session)


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks.

    Attributes:
        access_key: Access key id.
        source: Where the credentials came from.
        end: When they end; ``None`` where that is not known.
    """

    access_key: str
    source: str
    end: datetime | None


_connections: dict[tuple[object, ...], Connection] = {}
_lock = threading.Lock()


def connect(options: S3Options | None = None) -> Connection:
    """Return the connection for these options and this environment, made when first asked for.

    Raises:
        CredentialsError: The profile does not exist or can't be read.
        EndpointError: The endpoint is no URL.
    """
    options = options or S3Options()
    key = (options, *fingerprint())
    # Why a lock: boto3 sessions, unlike clients, are not safe to use from two threads.
    with _lock:
        found = _connections.get(key)
        if found is None:
            found = _open(options)
            while len(_connections) >= _CONNECTIONS_KEPT:
                _connections.pop(next(iter(_connections)))
            _connections[key] = found
        return found


def fingerprint() -> tuple[object, ...]:
    """Return what decides on a connection besides the options: renewed keys must be noticed."""
    variables = tuple(sorted(item for item in os.environ.items() if item[0].startswith("AWS_")))
    files = (
        os.environ.get("AWS_SHARED_CREDENTIALS_FILE", "~/.aws/credentials"),
        os.environ.get("AWS_CONFIG_FILE", "~/.aws/config"),
    )
    return (variables, *(_modified(file) for file in files))


def _modified(file: str) -> int | None:
    try:
        return Path(file).expanduser().stat().st_mtime_ns
    except (OSError, RuntimeError):
        return None


def find_endpoint(argument: str | None, *, ignored: bool | None = None) -> tuple[str | None, str]:
    """Return the endpoint's URL and where it came from; ``None`` leaves it to the profile and AWS.

    Args:
        argument: What the caller was given.
        ignored: Whether the variables that botocore knows are ignored; by default as
            ``AWS_IGNORE_CONFIGURED_ENDPOINT_URLS`` says.

    Raises:
        EndpointError: The text found is no URL.
    """
    if ignored is None:
        ignored = os.environ.get("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "").lower() == "true"
    candidates = [(argument, "the endpoint argument")]
    candidates += [
        (os.environ.get(name), name) for name, botocores in _ENDPOINT_VARIABLES if not (ignored and botocores)
    ]
    for text, source in candidates:
        if text:
            url = text if "://" in text else f"https://{text}"
            if not _ENDPOINT.fullmatch(url):
                raise _bad_endpoint(text, source)
            return url.rstrip("/"), source
    return None, "AWS's default"


def _bad_endpoint(text: str, source: str) -> errors.EndpointError:
    problem = f"Endpoint must be http(s)://host[:port], not '{text}'."
    return errors.EndpointError(problem, f"It came from {source}.")


def _open(options: S3Options) -> Connection:
    from crossframe.stores.s3_credentials import found_by  # noqa: PLC0415 - imports botocore
    from crossframe.stores.s3_errors import translated  # noqa: PLC0415
    from crossframe.stores.s3_request import Request  # noqa: PLC0415

    with translated(Request("connect to", "S3", source="the profile")):
        session = _session(options)
        scoped: dict[str, Any] = session._session.get_scoped_config()  # noqa: SLF001
        ignored: Any = session._session.get_config_variable(  # noqa: SLF001
            "ignore_configured_endpoint_urls"
        )
    url, source = find_endpoint(options.endpoint, ignored=bool(ignored))
    aws = _AWS_HOST.fullmatch(url) if url else None
    region, region_source = _region(options, aws, session)
    if aws:
        # aws.s3's users name AWS itself; then its own rules for hosts serve better.
        url = None
    request = Request("connect to", "S3", endpoint=url or "", source=source)
    with translated(request):
        try:
            client = found_by(lambda: _client(session, options, url, region), session, request)
        except errors.CrossframeError:
            # Why: some of ours are ValueErrors, too, and say what is wrong.
            raise
        except ValueError as error:
            raise _bad_endpoint(url or "", source) from error
        endpoint = client.meta.endpoint_url
        custom = not re.search(r"\.amazonaws\.com(\.cn)?$", endpoint)
        if custom and url is None:
            source = _profile_source(session, scoped, endpoint)
            client = _client(session, options, endpoint, region)
    return Connection(client, endpoint, source, custom, session, region_source, options.anonymous)


def _region(options: S3Options, aws: re.Match[str] | None, session: boto3.Session) -> tuple[str, str]:
    """Return the region and where it came from."""
    candidates = [(options.region, "the region argument"), (aws and aws[1], "the endpoint")]
    candidates += [(os.environ.get(name), name) for name in _REGION_VARIABLES]
    candidates += [(session.region_name, f"profile '{session.profile_name}'")]
    return next(((found, source) for found, source in candidates if found), (_DEFAULT_REGION, "the default"))


def _profile_source(session: boto3.Session, scoped: dict[str, Any], endpoint: str) -> str:
    profile = f"profile '{session.profile_name}'"
    return profile if scoped.get("endpoint_url") == endpoint else f"the services of {profile}"


def _session(options: S3Options) -> boto3.Session:
    import boto3  # noqa: PLC0415 - slow, see the module's docstring

    if (options.access_key is None) != (options.secret_key is None):
        raise errors.CredentialsError(
            "Credentials must be an access key and its secret key, not one of the two."
        )
    session = boto3.Session(
        aws_access_key_id=options.access_key,
        aws_secret_access_key=options.secret_key,
        aws_session_token=options.session_token,
        profile_name=options.profile,
    )
    inner: Any = session._session  # noqa: SLF001 - boto3 has no way to it
    inner.get_component("response_parser_factory").set_parser_defaults(timestamp_parser=read_timestamp)
    return session


def read_timestamp(value: Any) -> datetime:  # noqa: ANN401 - text or number, by protocol
    """Read a time as a server writes it.

    Why not botocore's own for all: it takes any form, and of a listing of many keys more than half the time.
    """
    if isinstance(value, str) and _LISTED_TIME.fullmatch(value):
        with suppress(ValueError):
            return datetime.fromisoformat(value)
    from botocore.utils import parse_timestamp  # noqa: PLC0415 - slow, see the module's docstring

    found: datetime = parse_timestamp(value)
    return found


def _client(session: boto3.Session, options: S3Options, url: str | None, region: str) -> S3Client:
    from botocore import UNSIGNED  # noqa: PLC0415 - slow, see the module's docstring
    from botocore.config import Config  # noqa: PLC0415

    config: dict[str, Any] = {
        "connect_timeout": options.connect_timeout_s,
        "read_timeout": options.read_timeout_s,
        "retries": {"mode": "standard", "total_max_attempts": options.attempts},
        "max_pool_connections": _POOL,
        # Why path: few servers beside AWS have a host name for each bucket.
        "s3": {"addressing_style": "path" if url else "auto"},
        "user_agent_extra": "crossframe",
    }
    if options.anonymous:
        config["signature_version"] = UNSIGNED
    if options.checksums:
        config["request_checksum_calculation"] = options.checksums
    return session.client(
        "s3", endpoint_url=url, region_name=region, verify=options.verify, config=Config(**config)
    )
