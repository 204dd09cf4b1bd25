"""What one running page holds: its root, its secrets, and what it must remember between two requests."""

from __future__ import annotations

import secrets
import threading
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Generic, TypeVar

from crossframe.web.keeping import Kept

if TYPE_CHECKING:
    from starlette.requests import Request

    from crossframe.stores import Location
    from crossframe.web.listing import Cursor
    from crossframe.web.places import Place

T = TypeVar("T")
GIB = 1 << 30


class Remembered(Generic[T]):
    """The last few things, each by a name nobody can guess; older ones are forgotten.

    Args:
        most: How many.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._things: OrderedDict[str, T] = OrderedDict()
        self._lock = threading.Lock()

    def add(self, thing: T) -> str:
        """Keep a thing, and return its name."""
        name = secrets.token_urlsafe(16)
        with self._lock:
            self._things[name] = thing
            while len(self._things) > self._most:
                self._things.popitem(last=False)
        return name

    def take(self, name: str) -> T | None:
        """Return a thing and forget it, so that no two requests have it at once."""
        with self._lock:
            return self._things.pop(name, None)


@dataclass(slots=True)
class Site:
    """One running page.

    Attributes:
        place: What it shows.
        read_only: Whether every change is refused.
        hosts: Names that a request's Host header may have, without port; ``None`` for those of this machine.
        token: What is in the link that opens the page.
        kept: What outlives it: the key that signs links, and what is public.
        upload_limit: Largest upload, in bytes.
        shared: Whether others can reach it, since it is bound to more than this machine.
        session: What the cookie holds.
        csrf: What every change must bring.
        cookie: Name of the cookie: another page on another port has its own.
        cursors: Listings that go on.
        deletions: What was deleted, to be brought back.
        drafts: Folders made here that hold nothing yet, as paths with their ``/``.
    """

    place: Place
    read_only: bool = False
    hosts: frozenset[str] | None = None
    token: str = field(default_factory=lambda: secrets.token_urlsafe(32))
    kept: Kept = field(default_factory=Kept)
    upload_limit: int = 64 * GIB
    shared: bool = False
    session: str = field(default_factory=lambda: secrets.token_urlsafe(32))
    csrf: str = field(default_factory=lambda: secrets.token_urlsafe(32))
    cookie: str = field(default_factory=lambda: f"crossframe-{secrets.token_hex(4)}")
    cursors: Remembered[Cursor] = field(default_factory=lambda: Remembered(64))
    deletions: Remembered[list[Location]] = field(default_factory=lambda: Remembered(20))
    drafts: set[str] = field(default_factory=set)


def site_of(request: Request) -> Site:
    """Return the page that a request is to."""
    site: Site = request.app.state.site
    return site
