"""What is in a folder, what is below it that matches, and what was deleted there: a page at a time.

A listing goes on by its cursor: the store is asked for its next page when the browser wants it, and for no
more. Nothing is kept of what was told.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING, Any

from crossframe.codecs.names import SIDECAR_SUFFIX
from crossframe.sidecars import has_sidecar
from crossframe.stores import Children, Pages, Versions, list_buckets
from crossframe.web.places import check_path
from crossframe.web.replies import RefusedError, asked
from crossframe.web.site import site_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from starlette.requests import Request

    from crossframe.stores import Location, ObjectMeta, Store
    from crossframe.web.site import Site

PAGE_ROWS = 500
MOST_ROWS = 10_000
# A search tells what it has found so far, and goes on when asked.
_SLICE_S = 0.25
_LOOK_EVERY = 256

Row = dict[str, Any]


@dataclass(slots=True)
class Cursor:
    """A listing that was begun.

    Attributes:
        rows: The rows to come; ``None`` for one that was looked at and is not to be told.
        looked: How many were looked at.
    """

    rows: Iterator[Row | None]
    looked: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def take(self, most: int) -> tuple[list[Row], bool]:
        """Return the next rows, and whether there may be more."""
        found: list[Row] = []
        end = time.monotonic() + _SLICE_S
        for row in self.rows:
            self.looked += 1
            if row is not None:
                found.append(row)
            if len(found) >= most or (not self.looked % _LOOK_EVERY and time.monotonic() > end):
                return found, True
        return found, False


def listing(request: Request) -> Row:
    """Tell the rows of a folder (``what=level``), of a search below it, or of what was deleted there."""
    site = site_of(request)
    cursor = _cursor(request, site)
    with cursor.lock:
        rows, more = cursor.take(_count(request))
    return {"rows": rows, "looked": cursor.looked, "cursor": site.cursors.add(cursor) if more else None}


def _cursor(request: Request, site: Site) -> Cursor:
    name = request.query_params.get("cursor")
    if name is not None:
        found = site.cursors.take(name)
        if found is None:
            raise RefusedError(410, "This listing was begun too long ago.", "Reload the folder.")
        return found
    path, what = asked(request, "path", ""), asked(request, "what", "level")
    check_path(path)
    if path and not path.endswith("/"):
        raise RefusedError(400, "A folder's path must end in '/'.")
    if what not in _KINDS:
        raise RefusedError(400, "There is no such listing.", f"Ask for one of {', '.join(_KINDS)}.")
    return Cursor(_KINDS[what](site, path, asked(request, "text", "")))


def _count(request: Request) -> int:
    text = asked(request, "rows", str(PAGE_ROWS))
    if not (text.isascii() and text.isdigit() and len(text) < 7):  # noqa: PLR2004 - no more digits than that
        raise RefusedError(400, "The number of rows must be a number.")
    return max(1, min(int(text), MOST_ROWS))


def _level(site: Site, path: str, _: str) -> Iterator[Row]:
    if not path and site.place.store is None:
        for one in list_buckets(site.place.options):
            yield {"name": one.name + "/", "path": one.name + "/"}
        return
    location = site.place.locate(path)
    yield from _drafts(site, path)
    told: set[str] = set()
    data: set[str] = set()
    for page in level_pages(location.store, location.key):
        for prefix in page.prefixes:
            if prefix not in told:
                told.add(prefix)
                row = _folder(site, location, prefix)
                site.drafts.discard(row["path"])
                yield row
        for meta in page.objects:
            if not _is_hidden(meta, location.key, data):
                yield _object(site, location, meta, len(location.key))


def level_pages(store: Store, prefix: str) -> Iterator[Children]:
    """Yield one level, a page at a time where the store can."""
    if isinstance(store, Pages):
        yield from store.child_pages(prefix)
        return
    level = store.children(prefix)
    # Why in pieces: what is told first should not wait for the rest to be turned into rows.
    objects = iter(level.objects)
    yield Children(level.prefixes, ())
    while some := tuple(islice(objects, PAGE_ROWS)):
        yield Children((), some)


def _drafts(site: Site, path: str) -> Iterator[Row]:
    """Tell the folders made here that hold nothing yet."""
    for one in sorted(site.drafts):
        parent, _, _ = one[:-1].rpartition("/")
        if (parent + "/" if parent else "") == path:
            yield {"name": one[len(path) :], "path": one, "draft": True}


def _below(site: Site, path: str, text: str) -> Iterator[Row | None]:
    """Search all below a path for keys in which every word of a text stands, whatever their case."""
    words = text.casefold().split()
    location = site.place.locate(path)
    data: set[str] = set()
    for meta in location.store.list(location.key):
        name = meta.key[len(location.key) :].casefold()
        hidden = _is_hidden(meta, location.key, data)
        fits = not hidden and all(word in name for word in words)
        yield _object(site, location, meta, len(location.key)) if fits else None


def _deleted(site: Site, path: str, _: str) -> Iterator[Row | None]:
    location = site.place.locate(path)
    if not isinstance(location.store, Versions):
        return
    for one in location.store.versions(location.key):
        if one.latest and one.deleted and not one.key.endswith(SIDECAR_SUFFIX):
            name = one.key[len(location.key) :]
            place = site.place.path_of(location.at(one.key))
            yield {"name": name, "path": place, "deleted": _milliseconds(one.modified.timestamp())}
        else:
            yield None


_KINDS: dict[str, Callable[[Site, str, str], Iterator[Row | None]]] = {
    "level": _level,
    "below": _below,
    "deleted": _deleted,
}


def _is_hidden(meta: ObjectMeta, folder: str, data: set[str]) -> bool:
    """Tell whether an object is no file to people: the mark of a folder, or a CSV's schema."""
    if meta.key == folder or meta.key.endswith("/"):
        return True
    if has_sidecar(meta.key):
        data.add(meta.key)
    return meta.key.removesuffix(SIDECAR_SUFFIX) in data and meta.key.endswith(SIDECAR_SUFFIX)


def _folder(site: Site, location: Location, prefix: str) -> Row:
    return {"name": prefix[len(location.key) :], "path": site.place.path_of(location.at(prefix))}


def _object(site: Site, location: Location, meta: ObjectMeta, start: int) -> Row:
    return {
        "name": meta.key[start:],
        "path": site.place.path_of(location.at(meta.key)),
        "size": meta.size,
        "modified": _milliseconds(meta.modified.timestamp()),
    }


def _milliseconds(seconds: float) -> int:
    return int(seconds * 1000)
