"""The page as an ASGI application: which address is answered by what."""

from __future__ import annotations

import logging
import re
import time
from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.responses import JSONResponse
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from crossframe.errors import CrossframeError
from crossframe.web import actions, listing, objects, pages, preview, sharing
from crossframe.web.replies import answering, broken, failed, unknown
from crossframe.web.security import Guard

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from crossframe.web.site import Site

LOG = logging.getLogger("crossframe.web.access")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")


def create_app(site: Site) -> Starlette:
    """Return the application of one page."""
    app = Starlette(
        routes=_routes(),
        middleware=[Middleware(AccessLog), Middleware(Guard, site=site), Middleware(Failures)],
        exception_handlers={CrossframeError: failed, HTTPException: unknown},
    )
    app.state.site = site
    return app


def _routes() -> list[Route | Mount]:
    get = {
        "/api/list": listing.listing,
        "/api/details": preview.details,
        "/api/preview": preview.preview,
        "/api/versions": actions.versions,
        "/api/published": sharing.published,
    }
    post = {
        "/api/folder": actions.make_folder,
        "/api/move": actions.move,
        "/api/delete": actions.delete,
        "/api/undo": actions.undo,
        "/api/restore": actions.restore,
        "/api/share": sharing.share,
        "/api/request": sharing.request_upload,
        "/api/publish": sharing.publish,
        "/api/unpublish": sharing.unpublish,
    }
    return [
        Route("/", pages.page),
        *(Route(path, _telling(handler)) for path, handler in get.items()),
        *(Route(path, answering(handler), methods=["POST"]) for path, handler in post.items()),
        Route("/api/upload", objects.upload, methods=["PUT"]),
        Route("/download", objects.download),
        Route("/zip", objects.download_zip),
        Route("/shared/{verb}/{path:path}", sharing.shared, methods=["GET", "PUT"]),
        Route("/public/{path:path}", sharing.public),
        Mount("/static", StaticFiles(packages=[("crossframe.web", "static")])),
    ]


def _telling(handler: Callable[[Request], object]) -> Callable[[Request], Response]:
    """Make a route of a function that returns what is to be told; it runs in a thread."""

    def route(request: Request) -> Response:
        return JSONResponse(handler(request))

    return route


class AccessLog:
    """Logs each request: method, path, status and time, and nothing that lets anybody in.

    Args:
        app: What it stands before.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through, and log how it went."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        shown, status, start = shown_path(scope["path"]), 0, time.monotonic()

        async def noticed(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, noticed)
        finally:
            spent = (time.monotonic() - start) * 1000
            LOG.info("%s %s %s %.0f ms", scope["method"], shown, status, spent)


class Failures:
    """Answers where a handler fails in a way that nobody foresaw, or cuts off what was begun.

    Args:
        app: What it stands before.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through, and have an answer whatever happens."""
        started = False

        async def noticed(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            await self._app(scope, receive, noticed)
        except Exception as error:  # noqa: BLE001 - whatever it is, it must not end the server
            if not started:
                await broken(scope["method"], error)(scope, receive, send)
                return
            # Why no more: the server ends the connection, so that nobody takes a part for the whole.
            LOG.error(  # noqa: TRY400 - one line: it is the store that failed
                "%s was cut off: %s", scope["method"], error.__cause__ or error
            )


def shown_path(path: str) -> str:
    """Return a path as a log may have it: on one line. What lets anybody in is in the query, left out."""
    return _CONTROL.sub("?", path)
