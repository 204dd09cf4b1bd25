"""Texts ready to send, for somebody who gets a link."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote

from crossframe import snippets

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


def invitation(name: str, link: str, expires: datetime) -> Letter:
    """Return a text that tells somebody how to fetch what a link leads to, and until when.

    Args:
        name: Name of the object.
        link: The link.
        expires: When it ends; UTC.
    """
    shown = _on_one_line(name)
    intro = f"I share '{shown}' with you. Whoever has this link can fetch it, until {_minute(expires)}:"
    return Letter(
        f"Data for you: {shown}",
        _body(intro, link, "A browser opens it. Or:", snippets.loading(link, shown)),
    )


def plea(name: str, link: str, expires: datetime) -> Letter:
    """Return a text that asks somebody to upload by a link, and says how and until when.

    Args:
        name: Name of the object to be.
        link: The link.
        expires: When it ends; UTC.
    """
    shown = _on_one_line(name)
    intro = f"Please send '{shown}' by this link. Whoever has it can upload, until {_minute(expires)}:"
    return Letter(
        f"Please send: {shown}", _body(intro, link, "This uploads it:", snippets.uploading(link, shown))
    )


def _body(intro: str, link: str, how: str, lines: snippets.Lines) -> str:
    return "\n".join(["Hello,", "", intro, "", f"  {link}", "", how, "", *told(lines), ""])


def told(lines: snippets.Lines) -> list[str]:
    """Return the lines of each language below each other, its name before the first."""
    width = max(map(len, lines)) + 1
    return [
        f"  {(language + ':') * (not at):{width}} {line}"
        for language, text in lines.items()
        for at, line in enumerate(text.splitlines())
    ]


def _on_one_line(name: str) -> str:
    # Why: a name may hold what would begin another line of a mail's head.
    return " ".join(name.split())


def _minute(time: datetime) -> str:
    return f"{time:%Y-%m-%d %H:%M} UTC"
