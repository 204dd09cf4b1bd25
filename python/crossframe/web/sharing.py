"""Access for others: links, public files, and what a stranger who has one is answered.

Of a bucket the links are the bucket's own; of a folder they lead to this server.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from crossframe import links
from crossframe.durations import seconds_of
from crossframe.keys import check_key
from crossframe.letters import invitation, plea
from crossframe.plans import find_one
from crossframe.sidecars import beside, has_sidecar, is_there
from crossframe.snippets import loading, uploading
from crossframe.stores import Publishes
from crossframe.web.hosts import LOOPBACK, name_in
from crossframe.web.noting import noted
from crossframe.web.objects import receive
from crossframe.web.pages import rendered
from crossframe.web.replies import RefusedError, asked, text_of
from crossframe.web.sending import send_object, send_range
from crossframe.web.signing import Signer
from crossframe.web.site import site_of

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from crossframe.durations import Duration
    from crossframe.stores import Location
    from crossframe.stores.abilities import Verb
    from crossframe.web.site import Site

_RANGE = re.compile(r"bytes=(\d{1,15})-(\d{0,15})")

Body = dict[str, Any]


def share(request: Request, body: Body) -> Body:
    """Make a link that fetches an object."""
    site, path = site_of(request), text_of(body, "path")
    location, expires = _object(site, path), _duration(body)
    if not site.place.is_folder:
        return _bucket_link(location, "get", expires, site)
    find_one(location, below=False)
    link = _own_link(request, site, "get", path, expires)
    if has_sidecar(location.key) and is_there(beside(location)):
        link["notes"].append("A CSV's types do not go along with a link. A .parquet or .rds keeps them.")
    return link


def request_upload(request: Request, body: Body) -> Body:
    """Make a link by which somebody can upload one object."""
    site, path = site_of(request), text_of(body, "path")
    location, expires = _object(site, path), _duration(body)
    if not site.place.is_folder:
        return _bucket_link(location, "put", expires, site)
    check_key(location.key)
    return _own_link(request, site, "put", path, expires)


def _object(site: Site, path: str) -> Location:
    location = site.place.locate(path)
    if not location.key or location.key.endswith("/"):
        raise RefusedError(
            400, "A link is to one file; this is a folder.", "Share the files in it, or make it public."
        )
    return location


def _duration(body: Body) -> Duration:
    found: Duration = text_of(body, "expires")
    seconds_of(found)
    return found


def _bucket_link(location: Location, verb: Verb, expires: Duration, site: Site) -> Body:
    make = links.share if verb == "get" else links.request
    with noted() as notes:
        link = make(location.uri, expires, options=site.place.options)
    return _told(str(link), link.expires, verb, location.key, notes)


def _own_link(request: Request, site: Site, verb: Verb, path: str, expires: Duration) -> Body:
    signed, ends = Signer(site.kept.link_key).path(verb, path, seconds_of(expires))
    return _told(
        base_of(request) + signed, datetime.fromtimestamp(ends, UTC), verb, path, _reach(request, site)
    )


def base_of(request: Request) -> str:
    """Return the address of this server, as the browser knows it; the name was checked."""
    return f"{request.url.scheme}://{request.headers['host']}"


def _reach(request: Request, site: Site) -> list[str]:
    """Return what a person must know who gives such a link away."""
    notes = ["The link works while this page is served: as long as 'crossframe serve' runs."]
    if not site.shared:
        notes.append(
            "Only this computer can reach it. For others, start 'crossframe serve' with --host 0.0.0.0."
        )
    elif name_in(request.headers["host"]) in LOOPBACK:
        notes.append("Open the page by this computer's name or address first, so that the link has it, too.")
    return notes


def _told(link: str, expires: datetime, verb: Verb, key: str, notes: list[str]) -> Body:
    name = key.rpartition("/")[2]
    lines = loading(link, name) if verb == "get" else uploading(link, name)
    letter = (invitation if verb == "get" else plea)(name, link, expires)
    return {
        "link": link,
        "expires": int(expires.timestamp() * 1000),
        "name": name,
        "lines": lines,
        "mail": letter.mailto,
        "notes": notes,
    }


def publish(request: Request, body: Body) -> Body:
    """Let anybody read an object, or all below a folder."""
    site, path = site_of(request), text_of(body, "path")
    location = site.place.locate(path)
    if not site.place.is_folder:
        return {"url": links.publish(location.uri, options=site.place.options), "notes": []}
    if location.key and not location.key.endswith("/"):
        find_one(location, below=False)
    site.kept.set_public(path, public=True)
    return {"url": public_url(request, path), "notes": _reach(request, site)}


def unpublish(request: Request, body: Body) -> Body:
    """Take that back."""
    site, path = site_of(request), text_of(body, "path")
    location = site.place.locate(path)
    if site.place.is_folder:
        site.kept.set_public(path, public=False)
    else:
        links.unpublish(location.uri, options=site.place.options)
    return {}


def public_url(request: Request, path: str) -> str:
    """Return where anybody finds what is public in a folder."""
    return f"{base_of(request)}/public/{quote(path, safe='/~')}"


def published(request: Request) -> Body:
    """Tell what is public: paths of the page; one that ends in ``/``, or is empty, means all below."""
    site, path = site_of(request), asked(request, "path", "")
    if site.place.is_folder:
        return {"published": sorted(site.kept.public)}
    if site.place.store is None and not path:
        return {"published": []}
    location = site.place.locate(path)
    found = location.store.published() if isinstance(location.store, Publishes) else []
    return {"published": [site.place.path_of(location.at(one)) for one in found]}


async def shared(request: Request) -> Response:
    """Answer whoever has a link to this server."""
    site = site_of(request)
    verb, path = request.path_params["verb"], request.path_params["path"]
    ends, signature = asked(request, "ends", ""), asked(request, "signature", "")
    Signer(site.kept.link_key).check(verb, path, ends, signature)
    if request.method == "PUT" and verb != "put":
        raise RefusedError(403, "This link only reads.", "Ask for one to upload.")
    location = site.place.locate(path)
    if verb == "get":
        return await _sent(request, location)
    if request.method == "PUT":
        return await receive(request, site, location, replace=True)
    name, until = path.rpartition("/")[2], datetime.fromtimestamp(int(ends), UTC)
    return rendered("request.html", name=name, ends=f"{until:%Y-%m-%d %H:%M} UTC", read_only=site.read_only)


async def public(request: Request) -> Response:
    """Answer anybody who asks for what is public."""
    site, path = site_of(request), request.path_params["path"]
    if not site.place.is_folder or path.endswith("/") or not site.kept.is_public(path):
        raise RefusedError(404, "There is nothing public at this address.")
    return await _sent(request, site.place.locate(path))


async def _sent(request: Request, location: Location) -> Response:
    found = _RANGE.fullmatch(request.headers.get("range", ""))
    if found and request.method == "GET":
        return await send_range(location, int(found[1]), int(found[2]) if found[2] else None)
    return await send_object(location, only_head=request.method == "HEAD")
