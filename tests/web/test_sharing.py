"""Links and public files: good for one key, one verb and their time, and for nothing else."""

from __future__ import annotations

import json
import subprocess
import urllib.error
import urllib.request
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, quote, unquote, urlsplit

import pandas as pd
import pytest

import crossframe as cf
from crossframe.snippets import loading, uploading
from crossframe.web import signing
from crossframe.web.replies import RefusedError
from crossframe.web.signing import Signer
from web_page import bucket_page, last_line

if TYPE_CHECKING:
    from web_page import Page

FRAME = pd.DataFrame({"n": pd.array([1, None, 3], dtype="Int32"), "site": pd.Categorical(["a", "b", "a"])})


def share(page, path, expires="1d"):
    answer = page.post("/api/share", {"path": path, "expires": expires})
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_a_link_fetches_its_file_and_ends(folder_page: Page, monkeypatch):
    folder_page.store.put("a b/\u00e9 %.txt", b"text")
    made = share(folder_page, "a b/\u00e9 %.txt", "1h")
    stranger = folder_page.stranger()
    assert stranger.get(made["link"]).content == b"text"
    assert stranger.head(made["link"]).headers["content-length"] == "4"
    later = made["expires"] / 1000 + 1
    monkeypatch.setattr(signing.time, "time", lambda: later)
    answer = stranger.get(made["link"])
    assert answer.status_code == 403
    assert "expired" in answer.json()["error"]["problem"]


def test_a_link_is_for_one_key_one_verb_and_its_time(folder_page: Page):
    for name in ("a.txt", "b.txt"):
        folder_page.store.put(name, name.encode())
    link = share(folder_page, "a.txt")["link"]
    query = dict(parse_qsl(urlsplit(link).query))
    ends, signature = query["ends"], query["signature"]
    stranger = folder_page.stranger()
    forged = [
        ("get/b.txt", ends, signature),
        ("get/a.txt/", ends, signature),
        ("put/a.txt", ends, signature),
        ("delete/a.txt", ends, signature),
        ("get/a.txt", str(int(ends) + 1), signature),
        ("get/a.txt", "-" + ends, signature),
        ("get/a.txt", "9" * 400, signature),
        ("get/a.txt", "", signature),
        ("get/a.txt", ends, signature[:-1]),
        ("get/a.txt", ends, signature[:-2] + "AA"),
        ("get/a.txt", ends, signature.lower()),
        ("get/a.txt", ends, "\0"),
        ("get/a.txt", ends, ""),
    ]
    for path, *rest in forged:
        params = dict(zip(("ends", "signature"), rest, strict=True))
        assert stranger.get(f"/shared/{path}", params=params).status_code == 403, (path, rest)
    for method in ("PUT", "POST", "DELETE", "PATCH", "OPTIONS"):
        assert stranger.request(method, link).status_code == 405
    assert stranger.get("/api/list").status_code == 401
    assert bytes(folder_page.store.get("a.txt")) == b"a.txt"


def test_another_server_takes_no_link_of_this_one(folder_page: Page):
    folder_page.store.put("a.txt", b"text")
    link = share(folder_page, "a.txt")["link"]
    folder_page.site.kept = type(folder_page.site.kept)()
    assert folder_page.stranger().get(link).status_code == 403


def test_signatures_differ_for_whatever_differs():
    signer = Signer(b"key")
    made = {signer.path(verb, path, 60)[0] for verb in ("get", "put") for path in ("a", "a/b", "b", "1 a")}
    assert len(made) == 8
    for seconds in (0, -1, signing.LONGEST_S + 1):
        with pytest.raises(RefusedError):
            signer.path("get", "a", seconds)


@pytest.mark.parametrize("expires", ["1x", "", "8d", "0s", "-1d", "99999999999999d"])
@pytest.mark.parametrize("route", ["share", "request"])
def test_a_link_needs_a_time_of_at_most_a_week(page, route, expires):
    page.store.put("a.txt", b"text")
    answer = page.post(f"/api/{route}", {"path": "a.txt", "expires": expires})
    assert answer.status_code == 400
    assert answer.json()["error"]["problem"]


@pytest.mark.parametrize("path", ["", "folder/"])
def test_a_link_is_to_a_file(page, path):
    for route in ("share", "request"):
        assert page.post(f"/api/{route}", {"path": path, "expires": "1d"}).status_code == 400


def test_what_is_not_there_can_not_be_shared(page):
    assert page.post("/api/share", {"path": "no.txt", "expires": "1d"}).status_code == 404


@pytest.mark.parametrize("format", ["rds", "csv"])
@pytest.mark.parametrize("kind", ["folder", "seaweedfs"])
def test_the_lines_beside_a_link_load_it(request, kind, format, serving):
    page = request.getfixturevalue("folder_page") if kind == "folder" else None
    if page is None:
        page = bucket_page(request.getfixturevalue(kind))
    cf.save(FRAME, f"{page.root}/d.{format}", schema=False, options=page.site.place.options)
    with serving(page.site) as address:
        made = json.loads(_post(f"{address}/api/share", page, {"path": f"d.{format}", "expires": "1h"}))
        assert made["link"] in made["lines"]["R"]
        scope: dict[str, object] = {}
        exec(made["lines"]["Python"], scope)
        loaded = scope["d"]
    assert loaded["n"].tolist()[::2] == [1, 3]
    assert loaded["site"].tolist() == ["a", "b", "a"]


def _post(url, page, body):
    headers = page.headers | {
        "cookie": f"{page.site.cookie}={page.site.session}",
        "content-type": "application/json",
    }
    with urllib.request.urlopen(urllib.request.Request(url, json.dumps(body).encode(), headers)) as answer:
        return answer.read()


def test_r_loads_a_link_by_its_line(folder_page: Page, serving):
    cf.save(FRAME, f"{folder_page.root}/d.rds")
    with serving(folder_page.site) as address:
        made = json.loads(_post(f"{address}/api/share", folder_page, {"path": "d.rds", "expires": "1h"}))
        code = f"{made['lines']['R']}; cat(d$n, as.character(d$site))"
        done = subprocess.run(
            ["Rscript", "--vanilla", "-e", code], capture_output=True, text=True, check=True
        )
    assert done.stdout == "1 NA 3 a b a"


def test_somebody_uploads_by_a_request_with_curl(folder_page: Page, serving, tmp_path):
    (tmp_path / "d.csv").write_bytes(b"a,b\n1,2\n")
    with serving(folder_page.site) as address:
        body = {"path": "in/d.csv", "expires": "1h"}
        made = json.loads(_post(f"{address}/api/request", folder_page, body))
        with urllib.request.urlopen(made["link"]) as answer:
            shown = answer.read().decode()
        subprocess.run(made["lines"]["Shell"], shell=True, cwd=tmp_path, check=True, capture_output=True)
        exec(made["lines"]["Python"].replace('Path("d.csv")', f'Path("{tmp_path}/d.csv")'))
        with pytest.raises(urllib.error.HTTPError, match="403"):
            urllib.request.urlopen(made["link"].replace("/put/", "/get/"))
    assert "d.csv" in shown
    assert "UTC" in shown
    assert bytes(folder_page.store.get("in/d.csv")) == b"a,b\n1,2\n"


def test_a_request_of_a_bucket_is_the_buckets_own(seaweedfs, tmp_path):
    page = bucket_page(seaweedfs)
    (tmp_path / "d.csv").write_bytes(b"a\n1\n")
    made = page.post("/api/request", {"path": "d.csv", "expires": "1h"}).json()
    assert made["link"].startswith(seaweedfs.server.endpoint)
    subprocess.run(made["lines"]["Shell"], shell=True, cwd=tmp_path, check=True, capture_output=True)
    assert bytes(page.store.get("d.csv")) == b"a\n1\n"


def test_an_upload_by_a_link_is_bounded_too(folder_page: Page):
    folder_page.site.upload_limit = 10
    link = folder_page.post("/api/request", {"path": "d.csv", "expires": "1h"}).json()["link"]
    assert folder_page.stranger().put(link, content=bytes(11)).status_code == 413
    assert last_line(folder_page.stranger().put(link, content=bytes(10)))["result"]["size"] == 10


def test_a_csvs_lost_types_are_told(page):
    cf.save(FRAME, f"{page.root}/d.csv", options=page.site.place.options)
    notes = share(page, "d.csv")["notes"]
    if page.folder is None:
        assert any("without its schema" in note for note in notes)


def test_a_folder_says_how_far_its_links_reach(folder_page: Page):
    folder_page.store.put("a.txt", b"text")
    assert any("--host" in note for note in share(folder_page, "a.txt")["notes"])
    folder_page.site.shared = True
    assert any("name or address" in note for note in share(folder_page, "a.txt")["notes"])
    folder_page.site.hosts = None
    answer = folder_page.client.post(
        "/api/share",
        json={"path": "a.txt", "expires": "1d"},
        headers=folder_page.headers | {"host": "192.168.1.7:8765"},
    )
    assert answer.json()["link"].startswith("http://192.168.1.7:8765/shared/get/")
    assert len(answer.json()["notes"]) == 1


def public_bytes(page, url):
    """Return what a stranger gets: of a folder from the page, of a bucket from its server."""
    if page.folder is not None:
        return page.stranger().get(url)
    import httpx2

    return httpx2.get(url)


@pytest.fixture(params=["folder", "seaweedfs"])
def open_page(request):
    """Return a page on a root whose public files anybody can really read."""
    if request.param == "folder":
        return request.getfixturevalue("folder_page")
    return bucket_page(request.getfixturevalue(request.param))


def test_a_file_is_public_and_private_again(open_page):
    page = open_page
    page.store.put("open/a b.txt", b"text")
    page.store.put("open/other.txt", b"other")
    made = page.post("/api/publish", {"path": "open/a b.txt"}).json()
    assert public_bytes(page, made["url"]).content == b"text"
    assert page.get("/api/published", path="open/")["published"] == ["open/a b.txt"]
    assert public_bytes(page, made["url"].replace(quote("a b"), "other")).status_code >= 400
    assert page.post("/api/unpublish", {"path": "open/a b.txt"}).status_code == 200
    assert page.get("/api/published", path="open/")["published"] == []
    assert public_bytes(page, made["url"]).status_code >= 400


def test_a_folder_is_public_with_what_will_be_in_it(open_page):
    page = open_page
    url = page.post("/api/publish", {"path": "open/"}).json()["url"]
    page.store.put("open/later/c.txt", b"text")
    page.store.put("opened.txt", b"private")
    assert public_bytes(page, url + "later/c.txt").content == b"text"
    assert public_bytes(page, url.removesuffix("open/") + "opened.txt").status_code >= 400
    page.post("/api/unpublish", {"path": "open/"})
    assert public_bytes(page, url + "later/c.txt").status_code >= 400


def test_a_public_address_lists_nothing_and_changes_nothing(folder_page: Page):
    folder_page.store.put("open/a.txt", b"text")
    url = folder_page.post("/api/publish", {"path": "open/"}).json()["url"]
    stranger = folder_page.stranger()
    assert stranger.get(url).status_code == 404
    assert stranger.put(url + "a.txt", content=b"x").status_code == 405
    assert stranger.get(url + "../open/../secret").status_code == 404
    assert unquote(url).endswith("/public/open/")


@pytest.mark.parametrize("way", ["share", "publish"])
@pytest.mark.parametrize(
    ("header", "status", "content"),
    [
        ("bytes=0-0", 206, b"0"),
        ("bytes=2-", 206, b"23456789"),
        ("bytes=8-99", 206, b"89"),
        ("bytes=10-", 416, b""),
        ("bytes=5-2", 416, b""),
        ("bytes=-3", 200, b"0123456789"),
        ("bytes=0-1,3-4", 200, b"0123456789"),
        ("nonsense", 200, b"0123456789"),
    ],
)
def test_parts_are_sent_where_they_are_asked_for(folder_page: Page, way, header, status, content):
    folder_page.store.put("a.txt", b"0123456789")
    made = folder_page.post(f"/api/{way}", {"path": "a.txt", "expires": "1d"}).json()
    answer = folder_page.stranger().get(made.get("link") or made["url"], headers={"range": header})
    assert (answer.status_code, answer.content) == (status, content)


def test_lines_quote_whatever_a_name_holds():
    name = 'it\'s "q" \\ $HOME `x`.csv'
    lines = loading(f"/data/{name}", name)
    scope: dict[str, str] = {}
    exec(lines["Python"].replace("import crossframe as cf\nd = cf.load(", "d = ("), scope)
    assert scope["d"] == f"/data/{name}"
    echoed = subprocess.run(
        lines["Shell"].replace("crossframe cp", "printf %s"),
        shell=True,
        capture_output=True,
        text=True,
        check=True,
    )
    assert echoed.stdout == f"/data/{name}."
    assert set(uploading("http://x/y", name)) == {"R", "Python", "Shell"}
    assert "cf_download" in loading("/data/a.txt.unknown", "a.txt.unknown")["R"]
    assert "cf_load" in loading("https://x/y/d.csv", "d.csv")["R"]
