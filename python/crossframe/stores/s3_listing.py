"""Listings, a page at a time, that are whole or fail: what one leaves out would be lost without a word."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from botocore.exceptions import ResponseStreamingError
from botocore.parsers import ResponseParserError

from crossframe import errors

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
    ask: Callable[..., Answer], arguments: Arguments, kind: Pages, request: Request
) -> Iterator[Answer]:
    """Yield a listing's pages.

    Raises:
        UnavailableError: A page is not what a server sends that is well.
    """
    marks: Arguments = {}
    while True:
        page = _ask(ask, arguments | marks)
        problem = _problem(page, kind)
        if problem:
            raise _not_whole(request, problem)
        yield page
        if not page["IsTruncated"]:
            return
        following = {name: page[field] for field, name in kind.marks.items() if page.get(field)}
        if following == marks:
            raise _not_whole(request, "The server says twice to go on at the same place.")
        marks = following


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
