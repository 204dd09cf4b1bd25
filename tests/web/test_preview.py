"""What the page shows of a file, and how much of it is read for that."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import crossframe as cf
from crossframe import heads
from crossframe.errors import DecodeError, UsageError
from crossframe.heads import head
from crossframe.ranges import Ranges
from crossframe.stores import Location, MemoryStore
from crossframe.values import RList, RVector
from crossframe.web.cells import number_text, texts_of
from crossframe.web.summaries import summary
from crossframe.web.trees import MOST_NODES, tree

if TYPE_CHECKING:
    from web_page import Page

CONFORMANCE = Path(os.environ["CROSSFRAME_CONFORMANCE"])
FRAMES = sorted(
    file.name
    for file in (CONFORMANCE / "frames").iterdir()
    if file.suffix in {".rds", ".RData", ".rda", ".parquet", ".csv", ".tsv", ".gz", ".bz2", ".xz", ".zst"}
)
BAD = sorted(file.name for file in (CONFORMANCE / "bad").iterdir() if file.suffix in {".rds", ".RData"})


class Counting(MemoryStore):
    """A store that counts the bytes that are read of it."""

    def __init__(self) -> None:
        super().__init__("counting")
        self.read: list[int] = []

    def get(self, key: str, *, start: int = 0, length: int | None = None, version: str | None = None) -> Any:
        found = super().get(key, start=start, length=length, version=version)
        self.read.append(len(memoryview(found)))
        return found


def stored(content: bytes, key: str) -> tuple[Location, Counting]:
    store = Counting()
    store.put(key, content)
    return Location(store, key), store


def large_table(rows: int) -> pa.Table:
    rng = np.random.default_rng(1)
    return pa.table(
        {
            "n": pa.array(np.arange(rows), pa.int32()),
            "x": rng.normal(size=rows),
            "y": pa.array([None, *rng.normal(size=rows - 1)]),
            "site": pa.array(rng.choice(["a", "b", "c"], rows)).dictionary_encode(),
        }
    )


def encoded(table: pa.Table, **options: Any) -> bytes:
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink, **options)
    return sink.getvalue().to_pybytes()


@pytest.mark.parametrize(
    ("options", "most"),
    [
        ({"row_group_size": 1_000_000, "use_dictionary": False}, 800_000),
        ({"row_group_size": 20_000, "use_dictionary": False}, 800_000),
        # Each of three columns begins with a dictionary of a megabyte.
        ({"row_group_size": 1_000_000}, 4_000_000),
    ],
)
def test_of_a_large_parquet_its_footer_and_first_pages_are_read(options, most):
    rows = 400_000
    location, store = stored(encoded(large_table(rows), compression="none", **options), "d.parquet")
    assert store.head("d.parquet").size > heads.SMALL
    found = head(location, 200)
    assert found.value.num_rows == 200
    assert found.value.column("n").to_pylist() == list(range(200))
    assert found.info.rows == rows
    assert [column.missing for column in found.info.columns] == [0, 0, 1, 0]
    assert not found.whole
    assert sum(store.read) < most


def test_of_a_large_csv_its_first_bytes_are_read(little):
    content = b"n,text\n" + b"".join(b'%d,"a ""quoted"", line\nbreak"\n' % i for i in range(20_000))
    location, store = stored(content, "d.csv")
    found = head(location, 200)
    assert found.value.num_rows == 200
    assert found.value.column("text").to_pylist()[199] == 'a "quoted", line\nbreak'
    assert found.info.rows is None
    assert sum(store.read) <= heads.CSV_BYTES + 64


@pytest.fixture
def little(monkeypatch):
    """Let a few kilobytes be large."""
    monkeypatch.setattr(heads, "SMALL", 64_000)
    monkeypatch.setattr(heads, "CSV_BYTES", 30_000)


@pytest.mark.parametrize("compression", ["gzip", "zstd", "bzip2", "xz"])
def test_of_a_large_packed_csv_as_well(little, compression):
    from crossframe.codecs.compression import compress

    rng = np.random.default_rng(2)
    text = pd.DataFrame({"x": rng.random(40_000), "n": range(40_000)}).to_csv(index=False).encode()
    packed = compress(text, compression)
    assert len(packed) > heads.SMALL
    end = {"gzip": "gz", "zstd": "zst", "bzip2": "bz2", "xz": "xz"}[compression]
    location, store = stored(packed, f"d.csv.{end}")
    found = head(location, 200)
    assert found.choice.compression == compression
    assert found.value.slice(0, 2).column("n").to_pylist() == [0, 1]
    # Why: where the first bytes expand to nothing, a block of the format is larger than they are.
    if compression in {"gzip", "xz"} or not found.whole:
        assert found.value.num_rows == 200
        assert sum(store.read) <= heads.CSV_BYTES + 64


def test_a_large_csv_keeps_the_types_of_its_schema(little):
    from crossframe.codecs import csv

    rows = 10_000
    days = pa.array(np.zeros(rows, dtype=np.int32)).cast(pa.date32())
    made = csv.encode(pa.table({"day": days, "code": ["7"] * rows}))
    store = Counting()
    store.put("d.csv", made.data)
    store.put("d.csv.schema.json", made.schema.encode())
    assert [column.r for column in head(Location(store, "d.csv")).info.columns] == ["Date", "character"]
    store.put("d.csv", made.data + b"1970-01-01,8\n")
    assert [column.r for column in head(Location(store, "d.csv")).info.columns] == ["Date", "integer"]


def test_a_record_without_end_is_told(little):
    location, _ = stored(b'a\n"' + b"x" * (heads.SMALL + 1), "d.csv")
    found = head(location, 200)
    assert found.value.num_rows == 0
    location, _ = stored(b'"' + b"x" * (heads.SMALL + 1), "d.csv")
    with pytest.raises(DecodeError, match="No record ends"):
        head(location, 200)


def test_an_rds_too_large_for_memory_is_not_read(monkeypatch):
    monkeypatch.setattr(heads, "SMALL", 10)
    monkeypatch.setattr(heads, "LARGEST", 20)
    content = (CONFORMANCE / "frames" / next(name for name in FRAMES if name.endswith(".rds"))).read_bytes()
    location, store = stored(content, "d.rds")
    with pytest.raises(UsageError, match="can only be read whole"):
        head(location, 200)
    assert sum(store.read) < heads.CSV_BYTES + 65


def test_ranges_are_a_file():
    location, store = stored(b"0123456789", "k")
    file = Ranges(location, 10)
    assert (file.readable(), file.seekable()) == (True, True)
    assert (file.seek(-3, 2), file.tell(), file.read(10), file.read(1)) == (7, 7, b"789", b"")
    assert (file.seek(2), file.read(2), file.seek(1, 1), file.read(1)) == (2, b"23", 5, b"5")
    assert store.read == [3, 2, 1]


def test_a_store_that_fails_while_a_parquet_is_read_says_so_itself(monkeypatch):
    from crossframe.errors import UnavailableError

    location, store = stored(encoded(large_table(400_000), compression="none"), "d.parquet")
    real = Counting.get

    def fails(self: Any, key: str, *, start: int = 0, **more: Any) -> Any:
        if start > 0:
            raise UnavailableError("The store is away.")
        return real(self, key, start=start, **more)

    monkeypatch.setattr(Counting, "get", fails)
    with pytest.raises(UnavailableError, match="away"):
        head(location, 200)
    assert store.read == [64]


def test_every_frame_of_the_vectors_is_shown_and_sorted(folder_page: Page):
    for name in FRAMES:
        folder_page.store.put(name, (CONFORMANCE / "frames" / name).read_bytes())
        found = folder_page.get("/api/preview", path=name)
        assert found["kind"] in {"table", "tree"}, name
        assert all(len(cells) == found["count"] for cells in found.get("cells", [])), name
        for column in found.get("columns", [])[:1]:
            params = {"path": name, "object": found["object"], "sort": column["name"]}
            answer = folder_page.client.get("/api/preview", params=params)
            assert answer.status_code == 200 or "no order" in answer.json()["error"]["problem"], name


def test_every_bad_file_of_the_vectors_is_an_error_or_a_report(folder_page: Page):
    reports = []
    for name in BAD:
        folder_page.store.put(name, (CONFORMANCE / "bad" / name).read_bytes())
        answer = folder_page.client.get("/api/preview", params={"path": name})
        assert answer.status_code in {200, 422}, (name, answer.text)
        body = answer.json()
        if answer.status_code == 422:
            assert body["error"]["problem"], name
        elif body["kind"] == "report":
            assert body["report"]["status"] == "unsafe", name
            reports.append(name)
    assert len(reports) > 40


def test_a_promise_is_a_report_and_no_data(page):
    page.store.put("from-a-stranger.rds", (CONFORMANCE / "bad" / "code_promise.rds").read_bytes())
    found = page.get("/api/preview", path="from-a-stranger.rds")
    assert found["kind"] == "report"
    assert found["report"]["status"] == "unsafe"
    assert "promise" in found["report"]["refused"][0]["kind"]
    assert "cells" not in found


def test_a_table_has_types_missing_counts_charts_and_an_order(page):
    frame = pd.DataFrame(
        {
            "n": pd.array([3, 1, None, 2], dtype="Int32"),
            "size": pd.Categorical(
                ["small", "large", "small", "mid"], ["small", "mid", "large"], ordered=True
            ),
            "when": pd.to_datetime(
                ["2026-01-01 10:00", "2026-03-01 00:00", None, "2026-02-01 00:00"]
            ).tz_localize("Europe/Paris"),
            "ok": pd.array([True, None, False, True], dtype="boolean"),
        }
    )
    for name in ("d.parquet", "d.rds", "d.csv"):
        cf.save(frame, f"{page.root}/{name}", options=page.site.place.options)
        found = page.get("/api/preview", path=name)
        assert (found["rows"], found["count"], found["whole"]) == (4, 4, True)
        words = {one["name"]: (one["r"], one["missing"]) for one in found["columns"]}
        assert words == {
            "n": ("integer", 1),
            "size": ("ordered/factor", 0),
            "when": ("POSIXct/POSIXt", 1),
            "ok": ("logical", 1),
        }
        assert [one["pandas"] for one in found["columns"]][:2] == ["Int32", "category"]
        assert found["cells"][0] == ["3", "1", None, "2"]
        assert found["cells"][2][0] == "2026-01-01 10:00:00"
        assert found["columns"][0]["summary"] == {
            "kind": "histogram",
            "counts": [1, 1, 1],
            "low": "1",
            "high": "3",
        }
        assert found["columns"][1]["summary"]["values"][0] == ["small", 2]
        by_number = page.get("/api/preview", path=name, sort="n", descending="yes")
        assert by_number["cells"][0] == ["3", "2", "1", None]
        by_level = page.get("/api/preview", path=name, sort="size")
        assert by_level["cells"][1] == ["small", "small", "mid", "large"]
        wrong = page.client.get("/api/preview", params={"path": name, "sort": "none"})
        assert wrong.status_code == 400


def test_only_the_first_rows_are_told_and_all_are_sorted(folder_page: Page):
    cf.save(pd.DataFrame({"n": range(1000)}), f"{folder_page.root}/d.rds")
    found = folder_page.get("/api/preview", path="d.rds")
    assert (found["rows"], found["count"], len(found["cells"][0])) == (1000, 200, 200)
    assert folder_page.get("/api/preview", path="d.rds", sort="n", descending="yes")["cells"][0][0] == "999"


def test_an_object_of_an_rdata_is_chosen(page):
    objects = {"first": pd.DataFrame({"a": [1]}), "second": {"x": np.array([1.0, 2.0]), "y": {"z": "deep"}}}
    cf.save(objects, f"{page.root}/all.RData", options=page.site.place.options)
    found = page.get("/api/preview", path="all.RData")
    assert [(one["name"], one["kind"], one["rows"]) for one in found["objects"]] == [
        ("first", "data.frame", 1),
        ("second", "list", None),
    ]
    assert found["kind"] == "table"
    second = page.get("/api/preview", path="all.RData", object="second")
    assert second["tree"]["children"][1]["children"][0]["text"] == "deep"
    assert page.client.get("/api/preview", params={"path": "all.RData", "object": "third"}).status_code == 400


def test_row_names_are_told_and_follow_the_order(page):
    frame = pd.DataFrame({"x": [2.0, 1.0]}, index=pd.Index(["b", "a"]))
    cf.save(frame, f"{page.root}/d.rds", options=page.site.place.options)
    assert page.get("/api/preview", path="d.rds")["row_names"] == ["b", "a"]
    assert page.get("/api/preview", path="d.rds", sort="x")["row_names"] == ["a", "b"]


def test_a_version_is_shown(page):
    page.store.put("d.csv", b"a\n1\n")
    first = page.store.head("d.csv").version
    page.store.put("d.csv", b"a\n2\n")
    assert page.get("/api/preview", path="d.csv", version=first)["cells"] == [["1"]]


@pytest.mark.parametrize(
    ("name", "content", "kind"),
    [
        ("README.md", b"# Hello\n", "text"),
        ("notes.txt", b"a,b\n1,2\n", "text"),
        ("half.log", b"x" * 65_535 + "\u00e9".encode(), "text"),
        ("x.bin", b"\xff\xfe\x00\x01", "none"),
        ("nul.log", b"a\0b", "none"),
        ("empty.log", b"", "text"),
        ("prose.csv", b"a,b\n1\nonly one\n", "text"),
        ("plot.png", b"no matter what", "image"),
        ("plot.SVG", b"<svg/>", "image"),
        ("saved-by-s3save", None, "table"),
    ],
)
def test_other_files(page, name, content, kind):
    if content is None:
        cf.save(
            pd.DataFrame({"a": [1]}), f"{page.root}/{name}", format="rdata", options=page.site.place.options
        )
    else:
        page.store.put(name, content)
    found = page.get("/api/preview", path=name)
    assert found["kind"] == kind
    if name == "prose.csv":
        assert "A record has 1 field, but the header has 2." in found["problem"]


def test_a_picture_is_sent_as_one(page):
    page.store.put("plot.png", b"\x89PNG")
    assert page.client.get("/download", params={"path": "plot.png"}).headers["content-type"] == "image/png"
    assert page.client.get("/api/preview", params={"path": "no.png"}).status_code == 404


def test_details_and_the_lines_that_load_it(page):
    cf.save(
        pd.DataFrame({"a": [1]}),
        f"{page.root}/d.rds",
        metadata={"by": "lab"},
        options=page.site.place.options,
    )
    found = page.get("/api/details", path="d.rds")
    assert found["metadata"] == {"by": "lab"}
    assert found["restorable"] is True
    where = f"{page.folder}/d.rds" if page.folder else f"{page.root}/d.rds"
    assert found["where"] == where
    assert found["lines"]["R"] == f'd <- crossframe::cf_load("{where}")'
    assert where in found["lines"]["Python"]
    assert where in found["lines"]["Shell"]
    assert page.client.get("/api/details", params={"path": "no.rds"}).status_code == 404
    assert page.client.get("/api/details", params={"path": ""}).status_code == 400


def texts(array: pa.Array, **metadata: str) -> list[str | None]:
    field = pa.field("x", array.type, metadata=metadata or None)
    return texts_of(field, pa.chunked_array([array]))


def test_cells_of_every_type():
    assert texts(pa.array([1, None], pa.int8())) == ["1", None]
    assert texts(pa.array([1.0, 0.1, float("nan"), float("inf"), float("-inf"), None])) == [
        "1",
        "0.1",
        "NaN",
        "Inf",
        "-Inf",
        None,
    ]
    assert texts(pa.array([True, None])) == ["true", None]
    assert texts(pa.array(["a", "", None])) == ["a", "", None]
    assert texts(pa.array(["b", "b", None]).dictionary_encode()) == ["b", "b", None]
    assert texts(pa.array([0, None], pa.date32())) == ["1970-01-01", None]
    assert texts(pa.array([0], pa.timestamp("ns"))) == ["1970-01-01 00:00:00"]
    assert texts(pa.array([1], pa.timestamp("ns"))) == ["1970-01-01 00:00:00.000000001"]
    assert texts(pa.array([0], pa.timestamp("us", "Europe/Paris"))) == ["1970-01-01 01:00:00"]
    assert texts(pa.array([0], pa.timestamp("us", "Nowhere/AtAll"))) == ["1970-01-01 00:00:00"]
    assert texts(pa.array([90], pa.duration("s"))) == ["90 secs"]
    assert texts(pa.array([90], pa.duration("s")), **{"crossframe.units": "mins"}) == ["1.5 mins"]
    assert texts(pa.array([3600], pa.time32("s"))) == ["01:00:00"]
    assert texts(pa.array([b"\xffa", None])) == ["\\xffa", None]
    assert texts(pa.array([[1, None], [], None])) == ["[1, NA]", "[]", None]
    assert texts(pa.array([list(range(30))])) == ["[" + ", ".join(map(str, range(20))) + ", \u2026]"]
    assert texts(pa.array([{"a": 1, "b": None}, None])) == ["{a: 1, b: NA}", None]
    assert texts(pa.array([[1, 2]], pa.list_(pa.int32(), 2))) == ["[1, 2]"]
    assert texts(pa.array(["x" * 1000])) == ["x" * 299 + "\u2026"]
    assert texts(pa.nulls(2)) == [None, None]
    assert number_text(1e300) == "1e+300"


def chart(array: pa.Array) -> dict[str, Any] | None:
    return summary(pa.field("x", array.type), pa.chunked_array([array]))


def test_charts_of_every_type():
    assert chart(pa.array([1, 1, 2])) == {"kind": "histogram", "counts": [2, 1], "low": "1", "high": "2"}
    spread = chart(pa.array(np.arange(1000, dtype=float)))
    assert (len(spread["counts"]), sum(spread["counts"])) == (20, 1000)
    assert chart(pa.array([float("nan"), float("inf"), None])) is None
    assert chart(pa.array([], pa.float64())) is None
    assert chart(pa.array([None], pa.string())) is None
    assert sum(chart(pa.array([1e308, -1e308]))["counts"]) == 2
    assert chart(pa.array([0, 366], pa.date32()))["high"] == "1971-01-02"
    assert chart(pa.array([0, 86_400], pa.timestamp("s")))["low"] == "1970-01-01"
    assert chart(pa.array([0, 60], pa.timestamp("s")))["low"] == "1970-01-01 00:00:00"
    assert chart(pa.array([5], pa.duration("s")))["low"] == "5 secs"
    top = chart(pa.array(list("aaabbcdefg")))
    assert (top["values"][0], top["distinct"], top["total"]) == (["a", 3], 7, 10)
    assert len(top["values"]) == 5
    assert chart(pa.array([True, True, False]))["values"] == [["true", 2], ["false", 1]]
    assert chart(pa.array([[1]])) is None
    assert chart(pa.array([2**63 - 1, -(2**63)])) is not None
    assert chart(pa.array([2**64 - 1], pa.uint64())) is not None


def test_trees_are_bounded():
    number = RVector(pa.table({"value": [float(i) for i in range(30)]}))
    wide = RList(tuple(number for _ in range(MOST_NODES * 2)))
    drawn = tree(wide, "wide")
    assert len(drawn["children"]) == MOST_NODES - 1
    assert drawn["more"] == MOST_NODES + 1
    assert drawn["children"][0]["text"].endswith("\u2026 (30 values)")
    deep: Any = None
    for _ in range(90):
        deep = RList((deep,), ("inner",))
    json.dumps(tree(deep))
    assert tree(None, "x") == {"name": "x", "kind": "NULL", "text": ""}
