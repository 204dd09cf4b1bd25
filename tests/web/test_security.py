"""Who gets in, what a change needs, and what an answer may be used for: a test for each promise."""

from __future__ import annotations

import logging
import tracemalloc
from typing import TYPE_CHECKING

import pytest

from crossframe.web.app import create_app, shown_path
from crossframe.web.hosts import LOOPBACK, allowed_hosts, is_allowed
from crossframe.web.places import Place
from crossframe.web.site import Site

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from web_page import Page

CHANGES = [
    ("POST", "/api/folder", {"path": "new/"}),
    ("POST", "/api/move", {"path": "a.txt", "target": "b.txt"}),
    ("POST", "/api/delete", {"paths": ["a.txt"]}),
    ("POST", "/api/undo", {"undo": "x"}),
    ("POST", "/api/restore", {"path": "a.txt"}),
    ("POST", "/api/request", {"path": "up.csv", "expires": "1d"}),
    ("POST", "/api/publish", {"path": "a.txt"}),
    ("POST", "/api/unpublish", {"path": "a.txt"}),
    ("PUT", "/api/upload?path=up.txt", b"bytes"),
]
SHARE = ("POST", "/api/share", {"path": "a.txt", "expires": "1d"})
READS = ["/api/list", "/api/details?path=a.txt", "/api/preview?path=a.txt", "/api/versions?path=a.txt"]
READS += ["/api/published", "/download?path=a.txt", "/zip?path="]


def send(client, change, headers=None):
    method, path, body = change
    given = {"content": body} if isinstance(body, bytes) else {"json": body}
    return client.request(method, path, headers=headers or {}, **given)


@pytest.fixture
def page(folder_page: Page) -> Page:
    (folder_page.folder / "a.txt").write_text("text")
    return folder_page


def everything(page):
    return {meta.key: bytes(page.store.get(meta.key)) for meta in page.store.list()}


def test_the_server_is_bound_to_this_machine_by_default():
    import inspect

    from crossframe.web.server import _bound, serve

    assert inspect.signature(serve).parameters["host"].default == "127.0.0.1"
    with _bound("127.0.0.1", 0) as listening:
        assert listening.getsockname()[0] == "127.0.0.1"


@pytest.mark.parametrize("path", ["/", *READS])
def test_a_stranger_reads_nothing(page, path):
    answer = page.stranger().get(path)
    assert answer.status_code == 401
    assert "text" not in answer.text.replace("text/", "")
    assert "crossframe serve" in answer.text


@pytest.mark.parametrize("change", [*CHANGES, SHARE], ids=lambda change: change[1])
def test_a_stranger_changes_nothing_even_with_the_csrf_token(page, change):
    before = everything(page)
    assert send(page.stranger(), change, page.headers).status_code == 401
    assert everything(page) == before


def test_the_token_is_exchanged_for_a_cookie_that_no_script_and_no_other_site_can_use(page):
    client = page.stranger()
    answer = client.get("/", params={"token": page.site.token})
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "samesite=strict" in cookie.lower()
    assert page.site.session in cookie
    assert page.site.token not in cookie + answer.text
    assert client.get("/").status_code == 200


@pytest.mark.parametrize("token", ["", "wrong", "\u00e9", "a" * 5000])
def test_a_wrong_token_opens_nothing(page, token):
    answer = page.stranger().get("/", params={"token": token})
    assert answer.status_code == 401
    assert "set-cookie" not in answer.headers


def test_tokens_are_long_and_never_the_same(tmp_path):
    one, other = (Site(Place.of(tmp_path)) for _ in range(2))
    for name in ("token", "session", "csrf", "cookie"):
        assert getattr(one, name) != getattr(other, name)
    assert min(len(one.token), len(one.session), len(one.csrf)) >= 43


@pytest.mark.parametrize("header", [None, "", "wrong", "\u00e9".encode("latin-1")])
@pytest.mark.parametrize("change", [*CHANGES, SHARE], ids=lambda change: change[1])
def test_every_change_needs_the_csrf_token(page, change, header):
    before = everything(page)
    answer = send(page.client, change, {} if header is None else {"x-csrf-token": header})
    assert answer.status_code == 403
    assert "Reload" in answer.json()["error"]["hint"]
    assert everything(page) == before


@pytest.mark.parametrize("change", [*CHANGES, SHARE], ids=lambda change: change[1])
@pytest.mark.parametrize(
    "header", [{"sec-fetch-site": "cross-site"}, {"origin": "http://evil.example"}, {"origin": "null"}]
)
def test_a_change_that_another_site_asks_for_is_refused(page, change, header):
    assert send(page.client, change, page.headers | header).status_code == 403


def test_every_route_that_changes_is_in_this_file(page):
    app = create_app(page.site)
    changing = {
        route.path
        for route in app.routes
        if {"POST", "PUT", "DELETE"} & set(getattr(route, "methods", None) or ())
    }
    named = {path.partition("?")[0] for _, path, _ in [*CHANGES, SHARE]}
    assert changing == named | {"/shared/{verb}/{path:path}"}


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change[1])
def test_a_read_only_page_refuses_every_change(page, change):
    page.site.read_only = True
    before = everything(page)
    answer = send(page.client, change, page.headers)
    assert answer.status_code == 403
    assert "only reads" in answer.json()["error"]["problem"]
    assert everything(page) == before
    assert not page.site.drafts
    assert not page.site.kept.public


def test_a_read_only_page_refuses_uploads_by_a_link_made_before(page):
    link = page.post("/api/request", {"path": "up.csv", "expires": "1d"}).json()["link"]
    page.site.read_only = True
    assert page.stranger().put(link, content=b"a").status_code == 403
    assert "Nothing can be uploaded" in page.stranger().get(link).text
    assert "up.csv" not in everything(page)


def test_a_read_only_page_still_shares(page):
    page.site.read_only = True
    link = send(page.client, SHARE, page.headers).json()["link"]
    assert page.stranger().get(link).text == "text"


@pytest.mark.parametrize(
    "host",
    ["evil.example", "evil.example:8765", "", "127.0.0.1.evil.example", "127.0.0.1@evil", "[::1", "a b"],
)
@pytest.mark.parametrize("path", ["/", "/api/list", "/static/app.css", "/public/a.txt"])
def test_a_request_to_another_name_is_refused(page, host, path):
    answer = page.client.get(path, headers={"host": host})
    assert answer.status_code == 421
    assert page.site.session not in answer.text + str(answer.headers)


def test_the_token_is_not_taken_under_another_name(page):
    answer = page.stranger().get("/", params={"token": page.site.token}, headers={"host": "evil.example"})
    assert answer.status_code == 421
    assert "set-cookie" not in answer.headers


@pytest.mark.parametrize("host", ["127.0.0.1:8765", "localhost:8765", "[::1]:8765", "LOCALHOST"])
def test_this_machine_goes_by_its_names(page, host):
    assert page.client.get("/api/list", headers={"host": host}).status_code == 200


def test_bound_to_all_addresses_any_address_is_allowed_and_no_strange_name():
    import socket

    hosts = allowed_hosts("0.0.0.0")
    assert is_allowed("192.168.1.7:8765", hosts)
    assert is_allowed("[fe80::1]:8765", hosts)
    assert is_allowed(socket.gethostname(), hosts)
    assert not is_allowed("evil.example", hosts)


def test_bound_to_one_address_it_goes_by_that():
    hosts = allowed_hosts("192.168.1.7")
    assert is_allowed("192.168.1.7:80", hosts)
    assert not is_allowed("192.168.1.8", hosts)
    assert allowed_hosts("127.0.0.1") == LOOPBACK


HOSTILE = {
    "page.html": b"<script>alert(1)</script>",
    "page.svg": b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>",
    "noextension": b"<html><script>alert(1)</script></html>",
    "x.csv": b"<script>alert(1)</script>\n1\n",
    "x.js": b"alert(1)",
    "x.css": b"*{}",
    "x.xhtml": b"<html xmlns='http://www.w3.org/1999/xhtml'/>",
    'a"b\\c;\u00e9\u2028.html': b"<b>",
}


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize("way", ["download", "shared", "public"])
def test_content_is_a_file_to_be_kept_and_never_a_page_of_this_origin(page, name, way):
    page.store.put(name, HOSTILE[name])
    if way == "download":
        answer = page.client.get("/download", params={"path": name})
    elif way == "shared":
        answer = page.stranger().get(page.post("/api/share", {"path": name, "expires": "1h"}).json()["link"])
    else:
        answer = page.stranger().get(page.post("/api/publish", {"path": name}).json()["url"])
    assert answer.content == HOSTILE[name]
    headers = answer.headers
    assert headers["content-disposition"].startswith("attachment; ")
    assert headers["x-content-type-options"] == "nosniff"
    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "sandbox" in policy
    assert "script-src" not in policy
    kind = headers["content-type"].partition(";")[0]
    assert kind in {"application/octet-stream", "text/csv", "image/svg+xml"}
    assert "set-cookie" not in headers


def test_a_range_and_a_zip_are_files_too(page):
    page.store.put("x.html", b"<script>")
    link = page.post("/api/share", {"path": "x.html", "expires": "1h"}).json()["link"]
    part = page.stranger().get(link, headers={"range": "bytes=1-3"})
    assert (part.status_code, part.content) == (206, b"scr")
    for answer in (part, page.client.get("/zip", params={"path": ""})):
        assert answer.headers["content-disposition"].startswith("attachment")
        assert "sandbox" in answer.headers["content-security-policy"]


@pytest.mark.parametrize("path", ["/", "/static/main.js", "/api/list", "/nowhere"])
def test_pages_run_their_own_scripts_only_and_in_no_frame(page, path):
    headers = page.client.get(path).headers
    policy = dict(part.strip().split(" ", 1) for part in headers["content-security-policy"].split(";"))
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == policy["connect-src"] == "'self'"
    assert policy["frame-ancestors"] == policy["form-action"] == policy["base-uri"] == "'none'"
    assert headers["x-frame-options"] == "DENY"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cross-origin-resource-policy"] == "same-origin"
    assert headers["cache-control"] == "no-store"


def test_nothing_is_fetched_from_elsewhere():
    from importlib.resources import files

    for folder in ("static", "templates"):
        for file in files("crossframe.web").joinpath(folder).iterdir():
            text = file.read_text("utf-8").replace("http://www.w3.org/2000/svg", "")
            assert "http:" not in text, file.name
            assert "https:" not in text, file.name
            assert "//cdn" not in text, file.name
            assert "innerHTML" not in text, file.name
            assert " style=" not in text, file.name
            assert "eval(" not in text, file.name


class Endless:
    """A body that nobody could hold."""

    def __init__(self, size: int) -> None:
        self.size = size

    def __iter__(self) -> Iterator[bytes]:
        piece = bytes(1 << 20)
        for _ in range(self.size >> 20):
            yield piece


def test_an_upload_above_the_limit_is_refused_by_its_length_and_by_its_bytes(page):
    page.site.upload_limit = 1 << 20
    told = page.upload("big.bin", bytes((1 << 20) + 1))
    assert told.status_code == 413
    assert "crossframe cp" in told.json()["error"]["hint"]
    untold = page.upload("big.bin", iter([bytes(1 << 20), b"x"]))
    assert untold.status_code == 413
    assert "big.bin" not in everything(page)


def test_a_request_body_that_is_no_upload_is_bounded(page):
    answer = page.client.post("/api/share", content=bytes(5 << 20), headers=page.headers)
    assert answer.status_code == 413


def test_an_upload_is_never_whole_in_memory(page, serving):
    import http.client

    size = 192 << 20
    with serving(page.site) as address:
        connection = http.client.HTTPConnection(address.removeprefix("http://"))
        tracemalloc.start()
        try:
            headers = page.headers | {
                "cookie": f"{page.site.cookie}={page.site.session}",
                "content-length": str(size),
            }
            connection.request("PUT", "/api/upload?path=big.bin", body=Endless(size), headers=headers)
            answer = connection.getresponse()
            said = answer.read()
            most = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
            connection.close()
    assert answer.status == 200, said
    assert (page.folder / "big.bin").stat().st_size == size
    assert most < 48 << 20


def test_an_upload_that_is_cut_off_leaves_nothing(page, serving):
    import http.client
    import time

    with serving(page.site) as address:
        connection = http.client.HTTPConnection(address.removeprefix("http://"))
        headers = page.headers | {
            "cookie": f"{page.site.cookie}={page.site.session}",
            "content-length": "1000000",
        }
        connection.putrequest("PUT", "/api/upload?path=cut.bin")
        for name, value in headers.items():
            connection.putheader(name, value)
        connection.endheaders()
        connection.send(bytes(1000))
        connection.close()
        time.sleep(0.3)
    assert everything(page) == {"a.txt": b"text"}
    assert not list(page.folder.rglob(".crossframe-tmp-*"))


OUTSIDE = [
    "../secret.txt",
    "sub/../../secret.txt",
    "/etc/hostname",
    "..",
    "../",
    "./../secret.txt",
    "sub/./../../secret.txt",
    "..\\secret.txt",
    "%2e%2e/secret.txt",
    "file:///etc/hostname",
    "link/secret.txt",
    "link.txt",
    ".crossframe/versions/x",
    "a.txt/../../secret.txt",
    "\0",
    "a\0.txt",
    "~root/.profile",
    "~/.profile",
]


@pytest.fixture
def walled(page: Page, tmp_path: Path) -> Page:
    """Put a secret beside the root, and ways to it into the root."""
    (tmp_path / "secret.txt").write_text("the secret")
    (page.folder / "link").symlink_to(tmp_path)
    (page.folder / "link.txt").symlink_to(tmp_path / "secret.txt")
    return page


@pytest.mark.parametrize("path", OUTSIDE)
def test_no_key_reads_outside_the_root(walled, path):
    for route in ("/download", "/zip", "/api/details", "/api/preview", "/api/versions", "/api/list"):
        answer = walled.client.get(route, params={"path": path})
        assert answer.status_code < 500, (route, answer.text)
        assert b"the secret" not in answer.content
        if route != "/api/list":
            assert answer.status_code >= 400, (route, answer.text)
    listed = walled.client.get("/api/list", params={"path": path.rstrip("/") + "/"})
    assert listed.status_code < 500
    assert b"secret.txt" not in listed.content.replace(path.encode(), b"")


@pytest.mark.parametrize("path", OUTSIDE)
def test_no_key_writes_or_deletes_outside_the_root(walled, tmp_path, path):
    walled.upload(path, b"overwritten", replace=True)
    walled.post("/api/move", {"path": "a.txt", "target": path, "replace": True})
    walled.post("/api/delete", {"paths": [path]})
    walled.post("/api/folder", {"path": path + "/"})
    walled.post("/api/restore", {"path": path})
    assert (tmp_path / "secret.txt").read_text() == "the secret"
    outside = {file.name for file in tmp_path.iterdir()}
    assert outside == {"root", "secret.txt"}


@pytest.mark.parametrize("path", OUTSIDE)
def test_no_link_leads_outside_the_root(walled, path):
    from urllib.parse import quote

    from crossframe.web.signing import Signer

    shared = walled.post("/api/share", {"path": path, "expires": "1d"})
    assert shared.status_code >= 400
    # Even a link that this server signed itself leads nowhere else.
    signed, _ = Signer(walled.site.kept.link_key).path("get", path, 60)
    walled.site.kept.set_public("", public=True)
    for address in (signed, f"/public/{quote(path)}"):
        answer = walled.stranger().get(address)
        assert 400 <= answer.status_code < 500
        assert b"the secret" not in answer.content


def test_nothing_secret_is_in_the_log(page, serving, caplog):
    import urllib.request

    caplog.set_level(logging.DEBUG)
    link = page.post("/api/share", {"path": "a.txt", "expires": "1d"}).json()["link"]
    with serving(page.site) as address:
        opened = link.replace("http://127.0.0.1:8765", address)
        with urllib.request.urlopen(opened) as answer:
            assert answer.read() == b"text"
        with urllib.request.urlopen(f"{address}/?token={page.site.token}") as answer:
            answer.read()
    page.client.get("/download", params={"path": "a.txt"})
    page.client.get("/api/list", params={"path": "", "text": "private words"})
    logged = "\n".join(
        record.getMessage() for record in caplog.records if not record.name.startswith(("httpx", "httpcore"))
    )
    assert "GET /shared/get/a.txt 200" in logged
    assert "GET /download 200" in logged
    secrets = [page.site.token, page.site.session, page.site.csrf, link.rpartition("=")[2], "private words"]
    assert not [one for one in secrets if one in logged]


def test_a_log_line_is_one_line():
    assert shown_path("/public/a\r\nGET / 200") == "/public/a??GET / 200"


def test_what_goes_wrong_inside_says_nothing_of_it(page, monkeypatch):
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("a private path /home/someone")

    monkeypatch.setattr(type(page.site.place), "locate", broken)
    answer = page.client.get("/api/details", params={"path": "a.txt"})
    assert answer.status_code == 500
    assert answer.json()["error"]["kind"] == "bug"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert "someone" not in answer.text


def test_the_key_that_signs_is_kept_from_others_and_no_link_is_for_two_roots(tmp_path):
    from crossframe.web.keeping import Kept

    folder = tmp_path / "state"
    one, again, other = (Kept(root, folder) for root in ("/a", "/a", "/b"))
    assert one.link_key == again.link_key != other.link_key
    assert (folder / "link-key").stat().st_mode & 0o077 == 0
    one.set_public("x/", public=True)
    assert Kept("/a", folder).is_public("x/y")
    assert not Kept("/b", folder).public
    one.set_public("x/", public=False)
    assert not Kept("/a", folder).public


def test_a_state_file_that_is_damaged_makes_nothing_public(tmp_path):
    from crossframe.web.keeping import Kept

    Kept("/a", tmp_path).set_public("x", public=True)
    file = next(tmp_path.glob("public-*.json"))
    for text in ("{", '{"a": 1}', "[1, null]"):
        file.write_text(text)
        assert not Kept("/a", tmp_path).public
