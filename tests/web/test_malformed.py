"""Requests that no browser sends, to every route: none breaks the server, and none leads out of the root."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.routing import Mount

from crossframe.web.app import create_app
from crossframe.web.signing import Signer

if TYPE_CHECKING:
    from pathlib import Path

    from web_page import Page

SECRET = b"what lies beside the root"

SEGMENTS = st.sampled_from(
    [
        "..",
        ".",
        "",
        "a.txt",
        "sub",
        "secret.txt",
        "link",
        "~",
        ".crossframe",
        "%2e%2e",
        "d.csv",
        "s3:",
        "file:",
        "C:",
    ]
) | st.text(max_size=8)
PATHS = st.lists(SEGMENTS, max_size=6).map("/".join) | st.text(max_size=30)
JSON: Any = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | PATHS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=6,
)
FIELDS = st.sampled_from(["path", "target", "paths", "expires", "version", "undo", "replace"])
BODIES = st.dictionaries(FIELDS, JSON, max_size=5)
NAMES = st.sampled_from(
    [
        "path",
        "what",
        "text",
        "rows",
        "cursor",
        "object",
        "sort",
        "descending",
        "version",
        "replace",
        "token",
        "ends",
        "signature",
    ]
)
PARAMS = st.lists(
    st.tuples(NAMES, PATHS | st.sampled_from(["level", "below", "deleted", "yes", "-1", "9" * 40])),
    max_size=5,
)
HEADERS = st.dictionaries(
    st.sampled_from(["range", "content-length", "content-type", "cookie", "accept", "if-match", "origin"]),
    st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=20)
    | st.sampled_from(["bytes=0-", "bytes=5-2"]),
    max_size=2,
)
FEW = settings(
    max_examples=80,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@pytest.fixture
def walled(folder_page: Page, tmp_path: Path) -> Page:
    """Return a page on a folder beside which a secret lies."""
    (tmp_path / "secret.txt").write_bytes(SECRET)
    (folder_page.folder / "link").symlink_to(tmp_path)
    (folder_page.folder / "sub").mkdir()
    for name in ("a.txt", "sub/b.txt"):
        (folder_page.folder / name).write_text("text")
    (folder_page.folder / "d.csv").write_text("a,b\n1,2\n")
    return folder_page


def routes(page: Page) -> list[tuple[str, str]]:
    """Return every route with each of its methods."""
    found = []
    for route in create_app(page.site).routes:
        if isinstance(route, Mount):
            found.append(("GET", f"{route.path}/{{path:path}}"))
        else:
            found += [(method, route.path) for method in sorted(route.methods or ())]
    return found


def check(page: Page, answer: Any, folder: Path) -> None:
    assert answer.status_code < 500, answer.text
    assert SECRET not in answer.content
    assert b"root:x:0" not in answer.content
    assert (folder / "secret.txt").read_bytes() == SECRET
    # Of what hypothesis makes, nothing may land beside the root.
    assert {file.name for file in folder.iterdir()} == {"root", "secret.txt"}
    assert page.folder.is_dir()


@FEW
@given(data=st.data())
def test_every_route_withstands_malformed_requests(walled: Page, tmp_path: Path, data: st.DataObject):
    method, path = data.draw(st.sampled_from(routes(walled)))
    key = data.draw(PATHS)
    verb = data.draw(st.sampled_from(["get", "put", "delete", "\0"]))
    address = path.replace("{verb}", quote(verb)).replace(
        "{path:path}", quote(key.encode("utf-8", "replace"))
    )
    params = data.draw(PARAMS)
    known = data.draw(st.booleans() | st.just(True))
    client = walled.client if known else walled.stranger()
    given_body = (
        {"json": data.draw(BODIES)}
        if data.draw(st.booleans())
        else {"content": data.draw(st.binary(max_size=40))}
    )
    headers = data.draw(HEADERS) | walled.headers
    if method in {"GET", "HEAD"}:
        given_body = {}
    else:
        headers.pop("content-length", None)
    if not known:
        headers.pop("cookie", None)
    try:
        answer = client.request(method, address, params=_encodable(params), headers=headers, **given_body)
    except (ValueError, UnicodeEncodeError):
        return  # the client itself can't write that
    check(walled, answer, tmp_path)


def _encodable(params: list[tuple[str, str]]) -> list[tuple[str, str]]:
    return [(name, value.encode("utf-8", "replace").decode()) for name, value in params]


@FEW
@given(path=PATHS, verb=st.sampled_from(["get", "put"]))
def test_a_link_signed_for_any_key_stays_in_the_root(walled: Page, tmp_path: Path, path: str, verb: Any):
    path = path.encode("utf-8", "replace").decode()
    signed, _ = Signer(walled.site.kept.link_key).path(verb, path, 60)
    stranger = walled.stranger()
    answer = stranger.get(signed) if verb == "get" else stranger.put(signed, content=b"by a link")
    check(walled, answer, tmp_path)


@FEW
@given(path=PATHS, body=st.binary(max_size=30), name=PATHS)
def test_uploads_moves_and_deletions_stay_in_the_root(
    walled: Page, tmp_path: Path, path: str, body: bytes, name: str
):
    path, name = (one.encode("utf-8", "replace").decode() for one in (path, name))
    check(walled, walled.upload(path, body, replace=True), tmp_path)
    check(walled, walled.post("/api/move", {"path": path, "target": name, "replace": True}), tmp_path)
    check(walled, walled.post("/api/delete", {"paths": [name]}), tmp_path)
    check(walled, walled.client.get("/api/preview", params={"path": name}), tmp_path)
