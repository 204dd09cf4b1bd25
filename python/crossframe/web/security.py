"""What stands before every handler: who is asked, who asks, what may be done, and how an answer may be used.

- The Host header must name this server.
- The token in the link is exchanged for a cookie that no script and no other site can use.
- A change must bring the CSRF token, come from this page, and not be asked of a read-only page.
- Every answer says that it is no page of a stranger's making.

Source:
    OWASP Cross-Site Request Forgery Prevention Cheat Sheet; Fetch Metadata Request Headers (W3C).
"""

from __future__ import annotations

import secrets
from http.cookies import CookieError, SimpleCookie
from typing import TYPE_CHECKING

from starlette.datastructures import URL, Headers, MutableHeaders, QueryParams
from starlette.responses import JSONResponse, Response

from crossframe.web.hosts import is_allowed
from crossframe.web.pages import entered, message
from crossframe.web.replies import RefusedError, told

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from crossframe.web.site import Site

SAFE = frozenset({"GET", "HEAD"})
# What a stranger may ask for: what is signed or public, and the page's own dress.
OPEN = ("/shared/", "/public/", "/static/")
# Why allowed on a read-only page: a link to read changes nothing.
HARMLESS = frozenset({"/api/share"})
PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
FILE_POLICY = "default-src 'none'; sandbox; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
_HEADERS = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "x-frame-options": "DENY",
}


class Guard:
    """The first to see a request and the last to see an answer.

    Args:
        app: What it stands before.
        site: The page.
    """

    def __init__(self, app: ASGIApp, site: Site) -> None:
        self._app = app
        self._site = site

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through, or answer it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def dressed(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    headers.setdefault(name, value)
                headers.setdefault("content-security-policy", PAGE_POLICY)
                headers.setdefault("cache-control", "no-store")
            await send(message)

        answer = self._answer(scope)
        await (answer or self._app)(scope, receive, dressed)

    def _answer(self, scope: Scope) -> Response | None:
        """Return what a request is refused with; ``None`` where it may go on."""
        headers, path, method = Headers(scope=scope), scope["path"], scope["method"]
        if not is_allowed(headers.get("host", ""), self._site.hosts):
            return _refusal(421, "This server goes by another name.", "Open the link it printed.")
        if path.startswith(OPEN):
            return None if method in SAFE else self._stranger(path, method)
        if path == "/" and method == "GET":
            token = _parameter(scope, "token")
            if token is not None:
                return self._enter(token)
        if not self._is_known(headers):
            if path == "/":
                return message(401, "This page is closed to strangers.", _HOW_TO_ENTER)
            return _refusal(401, "This page is closed to strangers.", _HOW_TO_ENTER)
        return None if method in SAFE else self._change(headers, path)

    def _stranger(self, path: str, method: str) -> Response | None:
        if not (path.startswith("/shared/put/") and method == "PUT"):
            return _refusal(405, "That can't be done here.")
        if self._site.read_only:
            return _read_only()
        return None

    def _enter(self, token: str) -> Response:
        if not _same(token, self._site.token):
            return message(401, "This link is not, or no longer, valid.", _HOW_TO_ENTER)
        answer = entered()
        answer.set_cookie(self._site.cookie, self._site.session, httponly=True, samesite="strict", path="/")
        return answer

    def _is_known(self, headers: Headers) -> bool:
        cookies: SimpleCookie = SimpleCookie()
        try:
            cookies.load(headers.get("cookie", ""))
        except CookieError:
            return False
        found = cookies.get(self._site.cookie)
        return found is not None and _same(found.value, self._site.session)

    def _change(self, headers: Headers, path: str) -> Response | None:
        if headers.get("sec-fetch-site", "same-origin") != "same-origin" or not _is_own_origin(headers):
            return _refusal(403, "Another site asked for this.", "Reload the page and try again.")
        if not _same(headers.get("x-csrf-token", ""), self._site.csrf):
            return _refusal(403, "This page is out of date.", "Reload it and try again.")
        if self._site.read_only and path not in HARMLESS:
            return _read_only()
        return None


_HOW_TO_ENTER = "Open the link that 'crossframe serve' printed where it was started."


def _refusal(status: int, problem: str, hint: str | None = None) -> Response:
    return JSONResponse({"error": told(RefusedError(status, problem, hint))}, status)


def _read_only() -> Response:
    return _refusal(403, "This page only reads.", "Start it without --read-only to change what is here.")


def _same(one: str, other: str) -> bool:
    return secrets.compare_digest(one.encode("utf-8", "replace"), other.encode())


def _is_own_origin(headers: Headers) -> bool:
    origin = headers.get("origin")
    if origin is None:
        return True
    try:
        return URL(origin).netloc == headers.get("host", "")
    except ValueError:
        return False


def _parameter(scope: Scope, name: str) -> str | None:
    return QueryParams(scope.get("query_string", b"")).get(name)
