"""Folders, a page at a time: what is told, in which order, and how much of the store it takes."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import count
from typing import TYPE_CHECKING

import pytest

from crossframe.stores import Children, MemoryStore, ObjectMeta, PrefixStore
from crossframe.web import listing
from crossframe.web.places import Place
from crossframe.web.site import Site

if TYPE_CHECKING:
    from collections.abc import Iterator

    from web_page import Page


def names(rows):
    return [row["name"] for row in rows]


def whole(page, **params):
    """Return all rows of a listing, and how many requests it took."""
    found = page.get("/api/list", **params)
    rows, asked = found["rows"], 1
    while found["cursor"]:
        found = page.get("/api/list", cursor=found["cursor"], rows=params.get("rows", 500))
        rows += found["rows"]
        asked += 1
    return rows, asked


def fill(page, *keys):
    for key in keys:
        page.store.put(key, key.encode())


def test_one_level_folders_and_files_with_size_and_time(page):
    fill(page, "b.txt", "a/x.csv", "a/deep/y.csv", "c d/\u00e9 %20+.txt")
    rows, _ = whole(page)
    assert {row["path"] for row in rows} == {"a/", "c d/", "b.txt"}
    (file,) = (row for row in rows if row["path"] == "b.txt")
    assert file["size"] == 5
    assert abs(file["modified"] / 1000 - datetime.now(UTC).timestamp()) < 60
    assert {row["path"] for row in whole(page, path="a/")[0]} == {"a/deep/", "a/x.csv"}
    assert names(whole(page, path="c d/")[0]) == ["\u00e9 %20+.txt"]


def test_a_csvs_schema_is_no_file_of_its_own(page):
    fill(page, "d.csv", "d.csv.schema.json", "alone.csv.schema.json")
    assert sorted(names(whole(page)[0])) == ["alone.csv.schema.json", "d.csv"]
    assert sorted(names(whole(page, what="below", text="csv")[0])) == ["alone.csv.schema.json", "d.csv"]


def test_a_folder_comes_in_pages_and_nothing_is_told_twice_or_left_out(page):
    keys = [f"k/{number:03}.txt" for number in range(57)]
    fill(page, *keys)
    rows, asked = whole(page, path="k/", rows=10)
    assert sorted(row["path"] for row in rows) == keys
    assert asked >= 6


def test_search_below_finds_every_word_whatever_its_case(page):
    fill(page, "Runs/2026/Visits.csv", "Runs/2025/visits.rds", "notes.txt", "Runs/\u00c9t\u00e9.txt")
    assert sorted(names(whole(page, what="below", text="VISITS 2026")[0])) == ["Runs/2026/Visits.csv"]
    assert len(whole(page, what="below", text="visits")[0]) == 2
    assert names(whole(page, path="Runs/", what="below", text="\u00e9t\u00e9")[0]) == ["\u00c9t\u00e9.txt"]
    assert whole(page, what="below", text="nothing like it")[0] == []


def test_what_was_deleted_is_told_until_it_is_back(page):
    fill(page, "a/x.txt", "a/y.txt")
    page.store.delete("a/x.txt")
    (row,) = whole(page, path="a/", what="deleted")[0]
    assert (row["name"], row["path"]) == ("x.txt", "a/x.txt")
    assert abs(row["deleted"] / 1000 - datetime.now(UTC).timestamp()) < 60
    assert page.post("/api/restore", {"path": "a/x.txt"}).status_code == 200
    assert whole(page, path="a/", what="deleted")[0] == []


def test_all_buckets_are_a_list_of_folders(moto):
    from web_page import Page

    bucket = moto.make_bucket()
    moto.client.put_object(Bucket=bucket, Key="a/b.txt", Body=b"text")
    buckets = Page(Site(Place.of("s3://", moto.options())), f"s3://{bucket}")
    buckets.site.hosts = frozenset({"127.0.0.1"})
    assert f"{bucket}/" in {row["path"] for row in whole(buckets)[0]}
    assert whole(buckets, path=f"{bucket}/")[0] == [{"name": "a/", "path": f"{bucket}/a/"}]
    (file,) = whole(buckets, path=f"{bucket}/a/")[0]
    assert file["path"] == f"{bucket}/a/b.txt"
    assert buckets.client.get("/download", params={"path": file["path"]}).text == "text"
    assert buckets.get("/api/details", path=file["path"])["where"] == f"s3://{bucket}/a/b.txt"
    assert buckets.post("/api/delete", {"paths": [f"{bucket}/"]}).status_code == 400
    assert buckets.work("/api/delete", {"paths": [file["path"]]})["result"]["deleted"] == 1


def test_a_prefix_of_a_bucket_is_a_root_that_nothing_leads_out_of(moto):
    from web_page import Page

    bucket = moto.make_bucket()
    for key in ("lab/a.txt", "laboratory.txt", "other.txt"):
        moto.client.put_object(Bucket=bucket, Key=key, Body=key.encode())
    root = f"s3://{bucket}/lab"
    lab = Page(Site(Place.of(root, moto.options()), hosts=frozenset({"127.0.0.1"})), root)
    assert names(whole(lab)[0]) == ["a.txt"]
    for path in ("../other.txt", "oratory.txt", "/other.txt"):
        assert lab.client.get("/download", params={"path": path}).status_code == 404


@pytest.mark.parametrize(
    "params",
    [
        {"path": "a"},
        {"what": "nothing"},
        {"rows": "x"},
        {"rows": "-1"},
        {"rows": "9" * 30},
        {"cursor": "unknown"},
        {"cursor": ""},
    ],
)
def test_a_listing_that_makes_no_sense_is_refused_with_what_to_do(folder_page, params):
    answer = folder_page.client.get("/api/list", params=params)
    assert answer.status_code in {400, 410}
    assert answer.json()["error"]["problem"]


class Endless(MemoryStore):
    """A store that never ends, and says how much of it was asked for."""

    def __init__(self) -> None:
        super().__init__("endless")
        self.pages = self.listed = 0

    def child_pages(self, prefix: str = "") -> Iterator[Children]:
        for number in count():
            self.pages += 1
            metas = [self._meta(f"{prefix}{number:06}-{i:04}.txt") for i in range(1000)]
            yield Children((), tuple(metas))

    def list(self, prefix: str = "") -> Iterator[ObjectMeta]:
        for number in count():
            self.listed += 1
            yield self._meta(f"{prefix}{number:09}.txt")

    @staticmethod
    def _meta(key: str) -> ObjectMeta:
        return ObjectMeta(key, 1, datetime.now(UTC), "etag")


@pytest.fixture
def endless():
    from web_page import Page

    store = Endless()
    return Page(Site(Place(store), hosts=frozenset({"127.0.0.1"})), "memory:endless"), store


def test_pages_come_from_the_store_as_they_are_needed(endless, monkeypatch):
    # An answer ends early where the machine is slow, too.
    monkeypatch.setattr(listing, "_SLICE_S", 60.0)
    page, store = endless
    found = page.get("/api/list")
    assert (len(found["rows"]), store.pages) == (500, 1)
    found = page.get("/api/list", cursor=found["cursor"])
    assert store.pages == 1
    page.get("/api/list", cursor=found["cursor"], rows=2500)
    assert store.pages == 4


def test_a_search_tells_what_it_has_so_far_and_never_hangs(endless):
    page, store = endless
    found = page.get("/api/list", what="below", text="nothing like it")
    assert found["rows"] == []
    assert found["cursor"]
    looked = found["looked"]
    assert 0 < looked == store.listed
    assert page.get("/api/list", cursor=found["cursor"])["looked"] > looked


def test_a_cursor_is_good_once_and_the_oldest_are_forgotten(endless):
    page, _ = endless
    cursors = [page.get("/api/list")["cursor"] for _ in range(70)]
    assert page.client.get("/api/list", params={"cursor": cursors[0]}).status_code == 410
    assert page.client.get("/api/list", params={"cursor": cursors[-1]}).status_code == 200
    again = page.client.get("/api/list", params={"cursor": cursors[-1]})
    assert again.status_code == 410
    assert "Reload" in again.json()["error"]["hint"]


def test_the_first_page_of_a_very_large_folder_is_a_small_answer(folder_page: Page):
    for number in range(3000):
        (folder_page.folder / f"file-{number:06}.txt").touch()
    answer = folder_page.client.get("/api/list")
    assert len(answer.json()["rows"]) == 500
    assert len(answer.content) < 100_000


def test_a_store_without_pages_is_told_in_pieces():
    store = MemoryStore("pieces")
    for number in range(1100):
        store.put(f"{number:04}", b"")
    store.put("folder/x", b"")
    sizes = [len(page.objects) for page in listing.level_pages(store, "")]
    assert sizes == [0, 500, 500, 100]


def test_the_pages_of_a_level_are_the_level(page):
    fill(page, "a/1.txt", "a/b/2.txt", "a/b.txt", "a/c/3.txt", "other.txt")
    for prefix in ("", "a/", "a/b/", "none/"):
        level, pages = page.store.children(prefix), list(page.store.child_pages(prefix))
        assert tuple(one for some in pages for one in some.prefixes) == level.prefixes
        assert tuple(one for some in pages for one in some.objects) == level.objects


def test_a_large_folder_comes_in_pages_in_one_order(folder_page: Page):
    for number in range(2500):
        (folder_page.folder / f"{number:04}").touch()
    (folder_page.folder / "1500.d").mkdir()
    (folder_page.folder / "1500.d" / "x").touch()
    (folder_page.folder / "loop").symlink_to("loop")
    pages = list(folder_page.store.child_pages())
    assert len(pages) == 3
    assert [meta.key for some in pages for meta in some.objects] == [f"{number:04}" for number in range(2500)]
    assert [prefix for some in pages for prefix in some.prefixes] == ["1500.d/"]


def test_a_part_of_a_store_without_pages_has_one():
    store = MemoryStore("part")
    store.put("lab/a/1", b"")
    store.put("lab/b", b"")
    (only,) = PrefixStore(store, "lab/").child_pages()
    assert only.prefixes == ("a/",)
    assert [meta.key for meta in only.objects] == ["b"]


def test_a_bucket_that_is_gone_is_told(moto):
    from web_page import Page

    root = "s3://no-such-bucket-here"
    gone = Page(Site(Place.of(root, moto.options()), hosts=frozenset({"127.0.0.1"})), root)
    answer = gone.client.get("/api/list")
    assert answer.status_code == 404
    assert "no-such-bucket-here" in answer.json()["error"]["problem"]
