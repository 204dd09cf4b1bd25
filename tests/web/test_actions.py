"""Folders made, things renamed, moved, deleted, brought back."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pandas as pd
import pytest

import crossframe as cf
from crossframe.web.progress import Report
from web_page import bucket_page, last_line

if TYPE_CHECKING:
    from web_page import Page


def content(page):
    return {meta.key: bytes(page.store.get(meta.key)) for meta in page.store.list()}


def fill(page, *keys):
    for key in keys:
        page.store.put(key, key.encode())


def paths(page, path=""):
    return {row["path"] for row in page.get("/api/list", path=path)["rows"]}


def test_a_new_folder_is_there_and_stays_until_something_lies_in_it(page):
    assert page.post("/api/folder", {"path": "new/"}).json() == {"path": "new/"}
    assert paths(page) == {"new/"}
    assert not content(page)
    fill(page, "new/a.txt")
    (row,) = page.get("/api/list")["rows"][-1:]
    assert row["path"] == "new/"
    assert not page.site.drafts
    assert page.get("/api/list")["rows"] == [{"name": "new/", "path": "new/"}]


@pytest.mark.parametrize("path", ["new", "/", "//", "a//", "../", "a/../", ""])
def test_a_folder_needs_a_name_that_a_key_can_have(page, path):
    assert page.post("/api/folder", {"path": path}).status_code == 400
    assert not page.site.drafts


def test_a_folder_that_is_there_is_not_made_again(page):
    fill(page, "old/a.txt")
    assert page.post("/api/folder", {"path": "old/"}).status_code == 409


def test_a_folder_without_content_can_be_renamed_and_deleted(page):
    page.post("/api/folder", {"path": "new/"})
    page.work("/api/move", {"path": "new/", "target": "newer/"})
    assert paths(page) == {"newer/"}
    page.work("/api/delete", {"paths": ["newer/"]})
    assert paths(page) == set()


@pytest.mark.parametrize(
    ("old", "new"), [("a.txt", "b.txt"), ("x/a.txt", "y/z/a.txt"), ("[1]*.txt", "{2}?.txt"), ("~a", "s3:b")]
)
def test_a_file_is_renamed_and_moved_whatever_its_name(page, old, new):
    fill(page, old, "other.txt")
    assert page.work("/api/move", {"path": old, "target": new})["result"] == {"moved": 1}
    assert content(page) == {new: old.encode(), "other.txt": b"other.txt"}


def test_a_csv_takes_its_schema_along(page):
    frame = pd.DataFrame({"day": pd.array(["2026-01-01"], dtype="date32[pyarrow]")})
    cf.save(frame, f"{page.root}/d.csv", options=page.site.place.options)
    page.work("/api/move", {"path": "d.csv", "target": "e.csv"})
    assert sorted(content(page)) == ["e.csv", "e.csv.schema.json"]
    page.work("/api/delete", {"paths": ["e.csv"]})
    assert not content(page)


def test_a_folder_is_moved_with_all_below_it(page):
    fill(page, "a/1.txt", "a/deep/2.txt", "a.txt", "ab/3.txt")
    told = page.work("/api/move", {"path": "a/", "target": "b/c/"})
    assert told["result"] == {"moved": 2}
    assert sorted(content(page)) == ["a.txt", "ab/3.txt", "b/c/1.txt", "b/c/deep/2.txt"]


def test_nothing_is_replaced_unless_that_is_said(page):
    fill(page, "a.txt", "b.txt")
    told = page.work("/api/move", {"path": "a.txt", "target": "b.txt"})
    assert told["error"]["kind"] == "object_exists"
    assert content(page) == {"a.txt": b"a.txt", "b.txt": b"b.txt"}
    page.work("/api/move", {"path": "a.txt", "target": "b.txt", "replace": True})
    assert content(page) == {"b.txt": b"a.txt"}


@pytest.mark.parametrize(
    ("path", "target"),
    [
        ("a/", "a/b/"),
        ("a/", "b"),
        ("a/1.txt", "b/"),
        ("a/", "a/"),
        ("a/1.txt", "a/1.txt"),
        ("", "b/"),
        ("a/1.txt", "../x"),
        ("a/", "//"),
    ],
)
def test_a_move_that_makes_no_sense_is_refused(page, path, target):
    fill(page, "a/1.txt")
    assert page.post("/api/move", {"path": path, "target": target}).status_code == 400
    assert content(page) == {"a/1.txt": b"a/1.txt"}


def test_what_is_not_there_can_not_be_moved_or_deleted(page):
    for path, target in (("no.txt", "x.txt"), ("no/", "x/")):
        assert page.work("/api/move", {"path": path, "target": target})["error"]["kind"] == "object_not_found"
    assert page.work("/api/delete", {"paths": ["no.txt"]})["error"]["kind"] == "object_not_found"


def test_files_and_folders_are_deleted_and_the_deletion_undone(page):
    fill(page, "a.txt", "b/1.txt", "b/deep/2.txt", "keep.txt")
    before = content(page)
    told = page.work("/api/delete", {"paths": ["a.txt", "b/"]})["result"]
    assert told["deleted"] == 3
    assert content(page) == {"keep.txt": b"keep.txt"}
    assert page.work("/api/undo", {"undo": told["undo"]})["result"] == {"restored": 3}
    assert content(page) == before


def test_an_undo_is_good_once(page):
    fill(page, "a.txt")
    name = page.work("/api/delete", {"paths": ["a.txt"]})["result"]["undo"]
    page.work("/api/undo", {"undo": name})
    again = page.post("/api/undo", {"undo": name})
    assert again.status_code == 410
    assert "deleted files" in again.json()["error"]["hint"]


def test_names_that_look_like_patterns_are_one_file(page):
    fill(page, "a*.txt", "ab.txt", "[a].txt", "a.txt")
    page.work("/api/delete", {"paths": ["a*.txt"]})
    page.work("/api/delete", {"paths": ["[a].txt"]})
    assert sorted(content(page)) == ["a.txt", "ab.txt"]


@pytest.mark.parametrize(
    "body", [{}, {"paths": []}, {"paths": "a.txt"}, {"paths": [1]}, {"paths": [""]}, {"paths": ["a.txt", ""]}]
)
def test_a_deletion_names_what(page, body):
    fill(page, "a.txt")
    assert page.post("/api/delete", body).status_code == 400
    assert content(page)


def test_a_bucket_without_versions_says_that_nothing_comes_back(moto):
    page = bucket_page(moto, versioned=False)
    fill(page, "a.txt")
    assert page.get("/api/details", path="a.txt")["restorable"] is False
    assert page.work("/api/delete", {"paths": ["a.txt"]})["result"] == {"deleted": 1, "undo": None}


def test_a_folder_that_keeps_nothing_says_so(folder_page: Page, monkeypatch):
    fill(folder_page, "a.txt")
    assert folder_page.get("/api/details", path="a.txt")["restorable"] is True
    monkeypatch.setenv("CROSSFRAME_VERSIONS", "0")
    assert folder_page.get("/api/details", path="a.txt")["restorable"] is False
    assert folder_page.work("/api/delete", {"paths": ["a.txt"]})["result"]["undo"] is None


def test_versions_are_told_newest_first_and_one_is_brought_back(page):
    for text in (b"first", b"second!"):
        page.store.put("a.txt", text)
    found = page.get("/api/versions", path="a.txt")["versions"]
    assert [(one["size"], one["latest"], one["deleted"]) for one in found] == [
        (7, True, False),
        (5, False, False),
    ]
    assert page.post("/api/restore", {"path": "a.txt", "version": found[1]["version"]}).json()["size"] == 5
    assert bytes(page.store.get("a.txt")) == b"first"
    page.work("/api/delete", {"paths": ["a.txt"]})
    found = page.get("/api/versions", path="a.txt")["versions"]
    assert found[0]["deleted"]
    assert page.post("/api/restore", {"path": "a.txt"}).status_code == 200
    assert bytes(page.store.get("a.txt")) == b"first"


def test_a_version_that_is_not_there_is_told(page):
    fill(page, "a.txt")
    assert page.post("/api/restore", {"path": "a.txt", "version": 3}).status_code == 400
    assert page.post("/api/restore", {"path": "no.txt"}).status_code == 404
    assert page.client.get("/api/versions", params={"path": "no.txt"}).status_code == 404
    assert page.client.get("/api/versions", params={"path": "folder/"}).status_code == 400


def test_long_work_tells_how_far_it_is(page):
    fill(page, *(f"a/{number}.txt" for number in range(30)))
    answer = page.post("/api/delete", {"paths": ["a/"]})
    assert answer.headers["content-type"] == "application/x-ndjson"
    lines = [json.loads(line) for line in answer.text.splitlines()]
    assert lines[0] == {"done": 0, "total": 30}
    assert lines[-1]["result"]["deleted"] == 30


def test_work_that_nobody_waits_for_stops(folder_page: Page, monkeypatch):
    fill(folder_page, *(f"a/{number:03}.txt" for number in range(40)))
    real = Report.__call__

    def cancelled(report, done, total):
        if done >= 5:
            report.cancelled.set()
        real(report, done, total)

    monkeypatch.setattr(Report, "__call__", cancelled)
    told = folder_page.work("/api/move", {"path": "a/", "target": "b/"})
    assert told["error"]["problem"] == "Cancelled."
    left = content(folder_page)
    assert len(left) == 40
    assert any(key.startswith("a/") for key in left)


def test_a_failure_of_ours_in_long_work_is_told_and_logged(folder_page: Page, monkeypatch, caplog):
    def broken(*_: object) -> None:
        raise ZeroDivisionError

    fill(folder_page, "a.txt")
    monkeypatch.setattr("crossframe.web.actions.remove", broken)
    told = last_line(folder_page.post("/api/delete", {"paths": ["a.txt"]}))
    assert told["error"]["kind"] == "bug"
    assert "Long work failed" in caplog.text


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b"null", b'{"path": 1}', b"\xff", b"[" * 100_000])
@pytest.mark.parametrize(
    "route", ["folder", "move", "delete", "undo", "restore", "share", "request", "publish", "unpublish"]
)
def test_a_body_that_is_none_is_refused(folder_page: Page, route, body):
    answer = folder_page.client.post(f"/api/{route}", content=body, headers=folder_page.headers)
    assert answer.status_code == 400
    assert answer.json()["error"]["problem"]
