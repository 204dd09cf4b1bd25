"""The few pages of HTML there are; all else is drawn by the script."""

from __future__ import annotations

from typing import TYPE_CHECKING

import jinja2
from starlette.responses import HTMLResponse

from crossframe.web.site import site_of

if TYPE_CHECKING:
    from starlette.requests import Request

_TEMPLATES = jinja2.Environment(
    loader=jinja2.PackageLoader("crossframe.web", "templates"),
    autoescape=True,
    undefined=jinja2.StrictUndefined,
)


def rendered(template: str, status: int = 200, **values: object) -> HTMLResponse:
    """Return a page."""
    return HTMLResponse(_TEMPLATES.get_template(template).render(**values), status)


def message(status: int, problem: str, hint: str) -> HTMLResponse:
    """Return a page that says one thing."""
    return rendered("message.html", status, problem=problem, hint=hint)


def entered() -> HTMLResponse:
    """Return the page that follows the token.

    Why no redirect: from another site's link the browser would follow it without the new, strict cookie.
    """
    return rendered("entered.html")


def page(request: Request) -> HTMLResponse:
    """Show the page itself."""
    site = site_of(request)
    return rendered(
        "page.html",
        csrf=site.csrf,
        title=site.place.title,
        kind="buckets" if site.place.store is None else "folder" if site.place.is_folder else "bucket",
        read_only=site.read_only,
        shared=site.shared,
    )
