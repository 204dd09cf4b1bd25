"""A bucket and the connection to it: what each of the S3 store's abilities begins with."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from crossframe.stores.checks import object_not_found
from crossframe.stores.s3_request import Request
from crossframe.stores.s3_session import Connection, S3Options, connect

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from botocore import exceptions as boto

    # boto3's, as far as they matter here; its own types name every field of every call.
    Arguments = dict[str, Any]
    Answer = Mapping[str, Any]


class S3Bucket:
    """A bucket, and how it is reached.

    Args:
        bucket: Name of the bucket.
        options: How to reach the server; by default as the AWS tools find it.
        connection: A connection to use instead.
    """

    def __init__(
        self, bucket: str, options: S3Options | None = None, *, connection: Connection | None = None
    ) -> None:
        self._bucket = bucket
        self._options = options or S3Options()
        self._given = connection
        # Buckets of the class "S3 Express": their ETags are no MD5 and their listings in no order.
        self._express = bucket.endswith("--x-s3")

    @property
    def uri(self) -> str:
        """Where the store is."""
        return f"s3://{self._bucket}"

    @property
    def connection(self) -> Connection:
        """The client in use; looked up for each request, since keys are renewed and variables set."""
        return self._given or connect(self._options)

    @property
    def options(self) -> S3Options:
        """How the server is reached."""
        return self._options

    def _address(self, key: str, version: str | None = None) -> Arguments:
        """Return bucket, key and version as boto3's arguments."""
        # Why the version: asked for none by name, a server gives the newest.
        if not key or version == "":
            raise object_not_found(key, self.uri, version)
        version_id = {} if version is None else {"VersionId": version}
        return {"Bucket": self._bucket, "Key": key, **version_id}

    def _request(
        self,
        verb: str,
        key: str | None,
        permission: str,
        *,
        version: str | None = None,
        if_absent: bool = False,
        if_match: str | None = None,
    ) -> tuple[Connection, Request]:
        """Return the connection, and what its errors are to tell."""
        connection = self.connection
        request = Request(
            verb,
            self.uri,
            key,
            permission,
            endpoint=connection.endpoint,
            source=connection.source,
            connection=connection,
            version=version,
            if_absent=if_absent,
            if_match=if_match,
        )
        return connection, request


class RawAnswers:
    """Bodies of answers as they came, for what boto3 leaves out of them.

    Why: it splits a list of versions in two and drops the order, and it drops elements that it does not know.
    """

    def __init__(self) -> None:
        self._local = threading.local()

    def watch(self, connection: Connection, operation: str) -> None:
        """Keep the body of each answer to this operation; to do so again changes nothing."""
        connection.client.meta.events.register(
            f"response-received.s3.{operation}", self._keep, unique_id=f"crossframe-{operation}"
        )

    def take(self) -> bytes:
        """Return the body of this thread's last answer."""
        body: bytes = getattr(self._local, "body", b"")
        self._local.body = b""
        return body

    def _keep(self, response_dict: Mapping[str, Any] | None = None, **_: object) -> None:
        body = (response_dict or {}).get("body", b"")
        self._local.body = body if isinstance(body, bytes) else b""


raw_answers = RawAnswers()


def status_of(error: boto.ClientError) -> int:
    """Return the HTTP status of a server's refusal."""
    return int(error.response["ResponseMetadata"].get("HTTPStatusCode", 0))


def was_repeated(error: boto.ClientError) -> bool:
    """Tell whether boto3 had asked before: that time's answer may have been lost, and not its effect."""
    return bool(error.response["ResponseMetadata"].get("RetryAttempts"))
