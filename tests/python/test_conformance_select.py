"""Runs ``tests/conformance/select``: matching and combining, over a store that notes what it is asked."""

from __future__ import annotations

import datetime as dt
import json
import sys
from pathlib import Path

import pyarrow as pa
import pytest

sys.path.insert(0, str(Path(__file__).parent))
from test_combining import table_of
from test_conformance_keys import CLASSES, READ, tagged

from crossframe import errors, matching, stores
from crossframe.combining import Part, combine, field_types
from crossframe.keys import compile_pattern
from crossframe.losses import Losses
from crossframe.selection import select

DATA = Path(__file__).parents[1] / "conformance" / "select"


def vectors(name):
    return [pytest.param(one, id=one["name"]) for one in json.loads((DATA / name).read_text("utf-8"))]


def moment(text):
    return dt.datetime.fromisoformat(text)


class Listing:
    """A store that has a listing and nothing else."""

    uri = "memory://listing"

    def __init__(self, rows):
        self.asked = []
        full = [row if isinstance(row, list) else [row, 1, "2024-05-01T00:00:00Z"] for row in rows]
        self.metas = sorted(
            (stores.ObjectMeta(key, size, moment(time), "etag") for key, size, time in full),
            key=lambda meta: meta.key.encode(),
        )

    def list(self, prefix=""):
        self.asked.append(prefix)
        return (meta for meta in self.metas if meta.key.startswith(prefix))


@pytest.fixture
def found(monkeypatch):
    def find(listing, arguments):
        store = Listing(listing)
        monkeypatch.setattr(
            matching, "resolve", lambda text, options=None: stores.Location(store, text.removeprefix("."))
        )
        target = matching.open_pattern(arguments.pop("pattern"), **arguments)
        matches = matching.matches_of(target)
        keys = [[one.meta.key, tagged(target.pattern, one.fields)] for one in matches]
        return {"keys": keys, "prefixes": sorted(store.asked)}

    return find


@pytest.mark.parametrize("vector", vectors("select.json"))
def test_select(vector, found):
    if "error" in vector:
        with pytest.raises(getattr(errors, CLASSES[vector["error"]])):
            found(vector["listing"], dict(vector["arguments"]))
    else:
        assert found(vector["listing"], dict(vector["arguments"])) == vector["expected"]


@pytest.mark.parametrize("vector", vectors("times.json"))
def test_times(vector):
    if "error" in vector:
        with pytest.raises(getattr(errors, CLASSES[vector["error"]])):
            select("*", modified_after=vector["input"])
        return
    chosen = select("*", modified_after=vector["input"], modified_before=vector["input"])
    assert chosen.after == chosen.before
    assert chosen.after.replace(microsecond=0) == moment(vector["expected"])


def found_type(column):
    """Return a column of the expectation as Arrow has it."""
    kinds = {"int": pa.int64(), "date": pa.date32()}
    if column["type"] not in kinds:
        return table_of([column]).column(0)
    read = READ[column["type"]]
    return pa.chunked_array([pa.array([read(text) for text in column["values"]], kinds[column["type"]])])


@pytest.mark.parametrize("vector", vectors("fields.json"))
def test_fields(vector):
    pattern = compile_pattern(vector["pattern"])
    parts = [Part(key, table_of(columns), pattern.match(key)) for key, columns in vector["frames"]]
    combined = combine(parts, Losses(strict=True), field_types(pattern))
    wanted = vector["expected"]["columns"]
    assert combined.column_names == [column["name"] for column in wanted]
    for column in wanted:
        got, want = combined.column(column["name"]), found_type(column)
        assert got.type == want.type
        assert got.to_pylist() == want.to_pylist()
        if "levels" in column:
            levels = [chunk.dictionary.to_pylist() for chunk in got.chunks]
            assert levels == [column["levels"]] * len(levels)
