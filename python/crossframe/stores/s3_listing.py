"""Listings, a page at a time, that are whole or fail: what one leaves out would be lost without a word."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from botocore.exceptions import ResponseStreamingError
from botocore.parsers import ResponseParserError

from crossframe import errors
from crossframe.stores import s3_parallel

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from crossframe.stores.s3_bucket import Answer, Arguments
    from crossframe.stores.s3_request import Request

_BROKEN = (ResponseParserError, ResponseStreamingError)


@dataclass(frozen=True, slots=True)
class Pages:
    """How one kind of listing goes on.

    Attributes:
        marks: Name of the argument that says where to go on, by the name of the answer's field that tells it.
        rows: Names of the answer's lists.
    """

    marks: dict[str, str]
    rows: tuple[str, ...]


OBJECTS = Pages({"NextContinuationToken": "ContinuationToken"}, ("Contents", "CommonPrefixes"))
VERSIONS = Pages(
    {"NextKeyMarker": "KeyMarker", "NextVersionIdMarker": "VersionIdMarker"}, ("Versions", "DeleteMarkers")
)
UPLOADS = Pages({"NextKeyMarker": "KeyMarker", "NextUploadIdMarker": "UploadIdMarker"}, ("Uploads",))


def pages(
    ask: Callable[..., Answer], arguments: Arguments, kind: Pages, request: Request, *, ahead: bool = False
) -> Iterator[Answer]:
    """Yield a listing's pages.

    Args:
        ask: Asks for a page.
        arguments: Its arguments, but for those that say where to go on.
        kind: What is listed.
        request: What was asked, for errors.
        ahead: Ask for each page while the one before it is worked on, once two were wanted.

    Raises:
        UnavailableError: A page is not what a server sends that is well.
    """
    marks: Arguments = {}
    page = _ask(ask, arguments)
    while True:
        problem = _problem(page, kind)
        if problem:
            raise _not_whole(request, problem)
        if not page["IsTruncated"]:
            yield page
            return
        following = {name: page[field] for field, name in kind.marks.items() if page.get(field)}
        if following == marks:
            raise _not_whole(request, "The server says twice to go on at the same place.")
        # Why not before the second: of many listings only the beginning is wanted.
        begun = s3_parallel.ahead(partial(_ask, ask, arguments | following)) if ahead and marks else None
        yield page
        marks = following
        page = begun.result() if begun is not None else _ask(ask, arguments | marks)


def _ask(ask: Callable[..., Answer], arguments: Arguments) -> Answer:
    try:
        return ask(**arguments)
    except _BROKEN:
        # Cut on its way, or no S3 server: the second answer tells.
        return ask(**arguments)


def _problem(page: Answer, kind: Pages) -> str | None:
    if "IsTruncated" not in page:
        return "The answer does not say whether it is all there is."
    # Why: then botocore's page is the beginning of what the server sent.
    count, found = page.get("KeyCount"), sum(len(page.get(name, ())) for name in kind.rows)
    if count is not None and count > found:
        return f"The server speaks of {count} keys and sent {found}."
    if page["IsTruncated"] and not any(page.get(field) for field in kind.marks):
        return "The server has more, and does not say how to go on."
    return None


def _not_whole(request: Request, problem: str) -> errors.UnavailableError:
    return errors.UnavailableError(
        f"{request.problem}: the listing is not whole.", f"{problem} {request.server}", "Try again later."
    )
