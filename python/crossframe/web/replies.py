"""Answers in JSON, errors among them, and what a request brings."""

from __future__ import annotations

import functools
import json
import logging
from typing import TYPE_CHECKING, Any

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response

from crossframe import errors
from crossframe.errors import CrossframeError, UsageError, row_name

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from starlette.requests import Request

LOG = logging.getLogger("crossframe.web")
_BODY_BYTES = 4 << 20
# The first that an error is one of decides.
_STATUS: tuple[tuple[type[CrossframeError], int], ...] = (
    (errors.ObjectNotFoundError, 404),
    (errors.BucketNotFoundError, 404),
    (errors.ObjectExistsError, 409),
    (errors.NameClashError, 409),
    (errors.PreconditionFailedError, 412),
    (errors.AccessDeniedError, 403),
    (errors.NotSupportedError, 422),
    (errors.CredentialsError, 502),
    (errors.StoreError, 503),
    (errors.CodecError, 422),
    (errors.ConversionError, 422),
    (errors.UsageError, 400),
)


class RefusedError(UsageError):
    """What the server itself refuses, with the status that says so."""

    def __init__(self, status: int, problem: str, hint: str | None = None) -> None:
        """Take a status beside the message."""
        super().__init__(problem, hint=hint)
        self.status = status

    def __reduce__(self) -> tuple[object, ...]:
        """Pickle by what it was made of."""
        return (type(self), (self.status, self.problem, self.hint))


def told(error: CrossframeError) -> dict[str, Any]:
    """Return an error as the page shows it."""
    return {
        "kind": "refused" if isinstance(error, RefusedError) else row_name(type(error)),
        "problem": error.problem,
        "detail": error.detail,
        "hint": error.hint,
    }


def status_of(error: CrossframeError) -> int:
    """Return the HTTP status of an error."""
    if isinstance(error, RefusedError):
        return error.status
    return next((status for kind, status in _STATUS if isinstance(error, kind)), 400)


def failed(_: Request, error: Exception) -> Response:
    """Answer with an error of ours."""
    assert isinstance(error, CrossframeError)  # noqa: S101 - registered for these only
    return JSONResponse({"error": told(error)}, status_of(error))


def unknown(_: Request, error: Exception) -> Response:
    """Answer with what the framework refuses: no such route, no such method."""
    status = error.status_code if isinstance(error, HTTPException) else 400
    problem = "There is no such page here." if status == 404 else "That can't be done here."  # noqa: PLR2004
    return JSONResponse({"error": {"kind": "refused", "problem": problem}}, status)


def broken(method: str, error: Exception) -> Response:
    """Answer where we are wrong ourselves."""
    LOG.error("%s failed", method, exc_info=error)
    problem = {"kind": "bug", "problem": "Something went wrong in crossframe itself.", "hint": "Try again."}
    return JSONResponse({"error": problem}, 500)


async def body_of(request: Request) -> dict[str, Any]:
    """Return the JSON object that a request brings, bounded.

    Raises:
        RefusedError: It is no such object, or too large.
    """
    content = bytearray()
    async for chunk in request.stream():
        content += chunk
        if len(content) > _BODY_BYTES:
            raise RefusedError(413, "The request is too large.")
    try:
        found = json.loads(bytes(content))
    except (ValueError, RecursionError):
        raise RefusedError(400, "The request is not JSON.") from None
    if not isinstance(found, dict):
        raise RefusedError(400, "The request is no JSON object.")
    return found


def text_of(body: dict[str, Any], name: str) -> str:
    """Return a text that a request brings.

    Raises:
        RefusedError: It is missing or no text.
    """
    found = body.get(name)
    if not isinstance(found, str):
        raise RefusedError(400, f"The request must have a text '{name}'.")
    return found


def answering(
    handler: Callable[[Request, dict[str, Any]], Any],
) -> Callable[[Request], Awaitable[Response]]:
    """Make a route of a function that takes a request's JSON and returns what is to be told.

    It runs in a thread: stores block. What it returns is told as JSON, unless it is an answer already.
    """

    @functools.wraps(handler)
    async def route(request: Request) -> Response:
        found = await run_in_threadpool(handler, request, await body_of(request))
        return found if isinstance(found, Response) else JSONResponse(found)

    return route


def asked(request: Request, name: str, default: str | None = None) -> str:
    """Return a parameter of the request's address.

    Raises:
        RefusedError: It is missing and has no default.
    """
    found = request.query_params.get(name, default)
    if found is None:
        raise RefusedError(400, f"The address must have '{name}='.")
    return found
