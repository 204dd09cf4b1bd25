"""What was asked of S3, and the words that the messages about it share."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from crossframe.stores.s3_session import Connection

SIGN_IN = (
    "Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY (and AWS_SESSION_TOKEN), "
    "or name a profile by AWS_PROFILE."
)
RENEW = "Get new keys from where these came (for single sign-on: `aws sso login`), and set all three of them."


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
