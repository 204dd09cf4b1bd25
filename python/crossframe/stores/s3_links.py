"""Links for those without an account: signed ones, and the addresses of what everybody may read."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from botocore import UNSIGNED
from botocore import exceptions as boto

from crossframe import errors
from crossframe.stores.abilities import Link
from crossframe.stores.s3_bucket import S3Bucket
from crossframe.stores.s3_errors import translated
from crossframe.stores.s3_session import S3Options, connect

if TYPE_CHECKING:
    from typing import Any

    from crossframe.stores.abilities import Verb
    from crossframe.stores.s3_bucket import Answer, Arguments
    from crossframe.stores.s3_session import Connection

# Source: Amazon S3 User Guide, "Download and upload objects with presigned URLs".
LONGEST_S = 7 * 24 * 3600
_UNTIL_THE_SESSION_ENDS = (
    "Its keys belong to a session; the link ends with that, if sooner, and nobody here knows when that is."
)


class S3Links(S3Bucket):
    """Presigned links to a bucket's objects."""

    def sign(
        self,
        key: str,
        *,
        verb: Verb,
        expires_s: int,
        version: str | None = None,
        media_type: str | None = None,
    ) -> Link:
        """Return a link that reads or writes one object until it expires, or its session does.

        Nothing is asked of the server, but where AWS has the bucket; so it is not known whether the object
        is there, nor whether the credentials may read it.

        Args:
            key: The object's key.
            verb: ``"get"`` or ``"put"``.
            expires_s: Seconds from now.
            version: A version, to be read.
            media_type: What the reader is told it is; or what the writer has to say it is, as
                ``Content-Type``.

        Raises:
            UsageError: More than 7 days, or less than a second.
            CredentialsError: There is nothing to sign with.
        """
        _check(key, verb, expires_s, version)
        where: Arguments = self._address(key, version)
        if media_type:
            where["ContentType" if verb == "put" else "ResponseContentType"] = media_type
        right = "s3:GetObject" if verb == "get" else "s3:PutObject"
        _, request = self._request("sign a link to", key, right)
        with translated(request):
            connection = self._at_home(self._options)
            end, warning = _end(connection, expires_s)
            now = datetime.now(UTC)
            _sign_by_version_4(connection)
            url = connection.client.generate_presigned_url(f"{verb}_object", where, int(expires_s))
        asked = now + timedelta(seconds=int(expires_s))
        if end is not None and end <= now:
            raise errors.ExpiredTokenError(f"{request.problem}: the session token has expired.")
        if end is not None and end < asked:
            warning = f"The link ends at {end:%Y-%m-%d %H:%M:%S} UTC, with the session that signed it."
            asked = end
        return Link(url, expires=asked.replace(microsecond=0), verb=verb, warning=warning)

    def _public_url(self, key: str) -> str:
        """Return the address of an object that everybody may read."""
        given = self._given
        if given is None:
            options = replace(
                self._options,
                access_key=None,
                secret_key=None,
                session_token=None,
                profile=None,
                anonymous=True,
            )
            # Why the endpoint: it may be the profile's.
            connection = self.connection
            if connection.custom:
                options = replace(options, endpoint=connection.endpoint)
            given = self._at_home(options)
        url = given.client.generate_presigned_url(
            "get_object", {"Bucket": self._bucket, "Key": key or "k"}, HttpMethod="GET"
        )
        url = url.partition("?")[0]
        return url if key else url.removesuffix("k")

    def _at_home(self, options: S3Options) -> Connection:
        """Return a connection to the bucket's own region: a link can't be redirected."""
        connection = self._given or connect(options)
        if connection.custom or self._given:
            return connection
        answer: Answer
        try:
            answer = self.connection.client.head_bucket(Bucket=self._bucket)["ResponseMetadata"]
        except boto.ClientError as error:
            answer = error.response["ResponseMetadata"]
        region = answer.get("HTTPHeaders", {}).get("x-amz-bucket-region")
        if not region or region == connection.client.meta.region_name:
            return connection
        return connect(replace(options, region=region))


def _check(key: str, verb: str, expires_s: int, version: str | None) -> None:
    if verb not in {"get", "put"}:
        raise errors.UsageError(f"Verb must be 'get' or 'put', not '{verb}'.")
    if verb == "put" and version is not None:
        raise errors.UsageError(f"Can't sign a link that writes a version of '{key}': a write makes its own.")
    if not 1 <= expires_s <= LONGEST_S:
        raise errors.UsageError(
            f"A link lasts from 1 second to 7 days, not {expires_s} seconds.",
            hint="For longer, sign another one later, or publish the object.",
        )


def _sign_by_version_4(connection: Connection) -> None:
    """Have links signed as requests are: boto3's default for links is the older way, which AWS gives up."""

    def choose(signature_version: object = None, **_: object) -> str | None:
        asked = isinstance(signature_version, str) and signature_version.endswith("-query")
        return "s3v4-query" if asked else None

    events: Any = connection.client.meta.events
    events.register_first("choose-signer.s3", choose, unique_id="crossframe-sign-by-version-4")


def _end(connection: Connection, expires_s: int) -> tuple[datetime | None, str | None]:
    """Return when the signing session ends, or what to say where that is not known."""
    config: Any = connection.client.meta.config
    if connection.anonymous or config.signature_version is UNSIGNED:
        raise errors.CredentialsError("Can't sign a link without credentials.", hint="Or publish the object.")
    end = connection.token_end
    if end is not None:
        return end.astimezone(UTC), None
    credentials = connection.session.get_credentials() if connection.session else None
    if credentials is None:
        raise boto.NoCredentialsError
    token = credentials.get_frozen_credentials().token
    return None, _UNTIL_THE_SESSION_ENDS if token and expires_s else None
