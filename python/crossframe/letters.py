"""What to tell somebody who gets a link: the lines that load it, and a text ready to send."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote

from crossframe.extensions import split_extensions

if TYPE_CHECKING:
    from datetime import datetime


@dataclass(frozen=True, slots=True)
class Letter:
    """A text to be sent.

    Attributes:
        subject: One line.
        body: Its lines.
    """

    subject: str
    body: str

    @property
    def mailto(self) -> str:
        """The address that opens it in a mail program (RFC 6068)."""
        body = self.body.replace("\n", "\r\n")
        return f"mailto:?subject={quote(self.subject, safe='')}&body={quote(body, safe='')}"


def ways_to_load(name: str, link: str) -> dict[str, str]:
    """Return the line that loads a link, by language or tool.

    Args:
        name: Name of the object, whose extension tells whether it is a frame.
        link: The link.
    """
    ways = {}
    if split_extensions(name).format:
        ways["R"] = f'd <- crossframe::cf_load("{link}")'
        ways["Python"] = f'd = crossframe.load("{link}")'
    ways["Shell"] = f"curl --output {_quoted(name)} {_quoted(link)}"
    return ways


def way_to_upload(name: str, link: str) -> str:
    """Return the shell's line that uploads a file by a link."""
    return f"curl --upload-file {_quoted(name)} {_quoted(link)}"


def invitation(name: str, link: str, expires: datetime) -> Letter:
    """Return a text that tells somebody of a link, how to load it and until when.

    Args:
        name: Name of the object.
        link: The link.
        expires: When it ends.
    """
    # Why: a name may hold what would begin another line of a mail's head.
    shown = " ".join(name.split())
    lines = [
        "Hello,",
        "",
        f"I share '{shown}' with you. Whoever has this link can fetch it, until {_day(expires)}:",
        "",
        f"  {link}",
        "",
        "A browser opens it. Or:",
        "",
        *(f"  {tool + ':':7} {line}" for tool, line in ways_to_load(shown, link).items()),
        "",
    ]
    return Letter(f"Data for you: {shown}", "\n".join(lines))


def _day(time: datetime) -> str:
    return f"{time:%Y-%m-%d %H:%M} UTC"


def _quoted(text: str) -> str:
    """Return a text between single quotes, as a shell reads it."""
    return "'" + text.replace("'", "'\\''") + "'"
