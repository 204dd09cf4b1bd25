"""Bytes from and to the browser: whole, verified, bounded, and of any name."""

from __future__ import annotations

import io
import zipfile
from typing import TYPE_CHECKING

import pytest

from crossframe.web.objects import Counted
from crossframe.web.progress import Report
from crossframe.web.replies import RefusedError
from crossframe.web.zips import safe_name
from web_page import last_line

if TYPE_CHECKING:
    from web_page import Page

NAMES = [
    "plain.txt",
    "a b.txt",
    "\u00e9\u4e2d.txt",
    "50%.txt",
    "a+b=c&d.txt",
    "quo'te\"d.txt",
    "[1].csv",
    "{x}*?.csv",
    "#1.txt",
]


@pytest.mark.parametrize("name", NAMES)
def test_what_is_uploaded_comes_back_under_its_name(page, name):
    content = name.encode() * 100
    assert last_line(page.upload(f"in/{name}", content))["result"]["size"] == len(content)
    assert bytes(page.store.get(f"in/{name}")) == content
    answer = page.client.get("/download", params={"path": f"in/{name}"})
    assert answer.content == content
    assert answer.headers["content-length"] == str(len(content))
    from urllib.parse import quote

    assert f"filename*=UTF-8''{quote(name, safe='')}" in answer.headers["content-disposition"]


def test_a_large_upload_goes_to_the_store_in_parts(page):
    content = bytes(range(256)) * (20 << 12)
    lines = page.upload("big.bin", content).text.splitlines()
    assert len(lines) >= 2
    assert bytes(page.store.get("big.bin")) == content
    assert page.client.get("/download", params={"path": "big.bin"}).content == content


def test_an_empty_file_is_a_file(page):
    assert last_line(page.upload("empty", b""))["result"]["size"] == 0
    assert page.client.get("/download", params={"path": "empty"}).content == b""


def test_nothing_is_replaced_unless_that_is_said(page):
    page.upload("a.txt", b"first")
    answer = page.upload("a.txt", b"second")
    assert answer.status_code == 409
    assert answer.json()["error"]["kind"] == "object_exists"
    assert bytes(page.store.get("a.txt")) == b"first"
    assert "result" in last_line(page.upload("a.txt", b"second", replace=True))
    assert bytes(page.store.get("a.txt")) == b"second"


def test_who_comes_second_is_told_even_when_both_began_at_once(page, monkeypatch):
    monkeypatch.setattr("crossframe.web.objects.is_there", lambda _: False)
    page.upload("a.txt", b"first")
    assert last_line(page.upload("a.txt", b"second"))["error"]["kind"] == "object_exists"
    assert bytes(page.store.get("a.txt")) == b"first"


@pytest.mark.parametrize("path", ["", "a/", "/a", "a//b", "a/../b", "a/./b", "x" * 1100])
def test_a_name_that_no_key_can_have_is_refused_before_anything_is_read(page, path):
    answer = page.upload(path, b"bytes")
    assert answer.status_code == 400
    assert answer.json()["error"]["problem"]
    assert not list(page.store.list())


def test_the_content_type_is_kept(page):
    page.upload("d.parquet", b"PAR1")
    assert page.store.head("d.parquet").media_type == "application/vnd.apache.parquet"


def test_a_version_is_downloaded(page):
    page.store.put("a.txt", b"first")
    first = page.store.head("a.txt").version
    page.store.put("a.txt", b"second")
    assert page.client.get("/download", params={"path": "a.txt", "version": first}).content == b"first"


def test_what_is_not_there_is_told_with_what_is_like_it(page):
    page.store.put("visits.csv", b"a\n1\n")
    answer = page.client.get("/download", params={"path": "visit.csv"})
    assert answer.status_code == 404


def test_head_tells_the_size_and_sends_nothing(page):
    page.store.put("a.txt", b"text")
    answer = page.client.head("/download", params={"path": "a.txt"})
    assert (answer.headers["content-length"], answer.content) == ("4", b"")
    assert page.client.head("/zip", params={"path": ""}).status_code == 200


def unzipped(answer):
    assert answer.status_code == 200, answer.text
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        assert archive.testzip() is None
        return {entry.filename: archive.read(entry) for entry in archive.infolist()}


def test_a_folder_is_one_zip_with_all_below_it(page):
    files = {
        "runs/a.csv": b"a\n" * 5000,
        "runs/deep/b.rds": bytes(1000),
        "runs/\u00e9.txt": b"x",
        "other.txt": b"no",
    }
    for key, content in files.items():
        page.store.put(key, content)
    answer = page.client.get("/zip", params={"path": "runs/"})
    assert 'filename="runs.zip"' in answer.headers["content-disposition"]
    assert unzipped(answer) == {key: content for key, content in files.items() if key.startswith("runs/")}


def test_several_things_are_one_zip(page):
    for key in ("a.txt", "b/c.txt", "d.txt"):
        page.store.put(key, key.encode())
    answer = page.client.get("/zip", params={"path": ["a.txt", "b/"]})
    assert unzipped(answer) == {"a.txt": b"a.txt", "b/c.txt": b"b/c.txt"}


def test_a_zip_of_nothing_is_told_before_it_begins(page):
    answer = page.client.get("/zip", params={"path": "empty/"})
    assert answer.status_code == 404
    assert answer.json()["error"]["problem"]
    assert page.client.get("/zip").status_code == 400


def test_a_zip_that_fails_on_its_way_is_no_whole_zip(folder_page: Page, monkeypatch, serving):
    import http.client

    for name in ("a", "b"):
        folder_page.store.put(f"{name}.txt", b"x")
    from crossframe.web import zips

    real = zips.fetch_to

    def fails(location, file, **more):
        if location.key == "b.txt":
            (folder_page.folder / "b.txt").unlink()
        return real(location, file, **more)

    monkeypatch.setattr(zips, "fetch_to", fails)
    with serving(folder_page.site) as address:
        connection = http.client.HTTPConnection(address.removeprefix("http://"))
        headers = {"cookie": f"{folder_page.site.cookie}={folder_page.site.session}"}
        connection.request("GET", "/zip?path=", headers=headers)
        answer = connection.getresponse()
        with pytest.raises(http.client.IncompleteRead):
            answer.read()
        connection.close()


def test_a_full_disk_is_told(folder_page: Page, monkeypatch):
    import errno

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("crossframe.web.objects._land", full)
    answer = folder_page.upload("a.txt", b"bytes")
    assert answer.status_code == 503
    assert "full" in answer.json()["error"]["problem"]


@pytest.mark.parametrize(
    ("key", "name"),
    [
        ("a/b.txt", "a/b.txt"),
        ("../../etc/passwd", "__/__/etc/passwd"),
        ("/etc/passwd", "etc/passwd"),
        ("a//b/./c", "a/b/c"),
        ("..\\up", ".._up"),
        ("C:/x", "C_/x"),
        ("/", "_"),
    ],
)
def test_names_in_a_zip_stay_below_where_it_is_unpacked(key, name):
    assert safe_name(key) == name


def test_hostile_keys_of_a_bucket_stay_below_too(moto):
    from web_page import bucket_page

    page = bucket_page(moto)
    bucket = page.root.removeprefix("s3://")
    for key in ("up/../../x.txt", "up//y.txt", "up/z.txt"):
        moto.client.put_object(Bucket=bucket, Key=key, Body=b"1")
    assert set(unzipped(page.client.get("/zip", params={"path": "up/"}))) == {
        "up/__/__/x.txt",
        "up/y.txt",
        "up/z.txt",
    }


def test_a_file_stops_being_read_when_nobody_waits():
    report = Report(lambda _: None)
    file = Counted(io.BytesIO(b"bytes"), 5, report)
    assert (file.readable(), file.seekable()) == (True, True)
    assert file.read(2) == b"by"
    report.cancelled.set()
    with pytest.raises(RefusedError, match="Cancelled"):
        file.read(2)


def test_an_upload_that_is_cancelled_while_the_store_takes_it_leaves_nothing(page, monkeypatch):
    from crossframe.web import progress

    real = progress.Report.__call__

    def cancelled(report, done, total):
        if done > 1 << 20:
            report.cancelled.set()
        real(report, done, total)

    monkeypatch.setattr(progress.Report, "__call__", cancelled)
    told = last_line(page.upload("big.bin", bytes(20 << 20)))
    assert told["error"]["problem"] == "Cancelled."
    assert not list(page.store.list())
