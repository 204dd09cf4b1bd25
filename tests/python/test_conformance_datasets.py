"""Runs ``tests/conformance/datasets``."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pyarrow as pa
import pytest

sys.path.insert(0, str(Path(__file__).parent))
from frame_vectors import bits, expected

import crossframe as cf
from crossframe import errors
from crossframe.attributes import RMetadata, to_python
from crossframe.types import describe

FOLDER = Path(__file__).parents[1] / "conformance" / "datasets"
VECTORS = json.loads((FOLDER / "datasets.json").read_text("utf-8"))
ERRORS = {
    errors.row_name(kind): kind
    for kind in vars(errors).values()
    if isinstance(kind, type) and issubclass(kind, errors.CrossframeError)
}


def uri_of(vector):
    # Why not a Path: that takes the slash away.
    return f"{FOLDER}/sets/{vector['uri']}"


@pytest.mark.parametrize("vector", VECTORS, ids=[vector["name"] for vector in VECTORS])
def test_vector(vector):
    if "error" in vector:
        with pytest.raises(ERRORS[vector["error"]]) as raised:
            cf.load(uri_of(vector), columns=vector.get("columns"), as_="arrow")
        assert errors.row_name(raised.type) == vector["error"]
        for text in vector["says"]:
            assert text in str(raised.value)
        return
    table = cf.load(uri_of(vector), columns=vector.get("columns"), as_="arrow", strict=True)
    assert table.column_names == [column["name"] for column in vector["expected"]]
    for column in vector["expected"]:
        check(table, column)


def check(table, column):
    found, wanted = table.column(column["name"]), expected(column)
    assert found.type == wanted.type
    assert bits(found.combine_chunks()) == bits(wanted)
    if pa.types.is_dictionary(wanted.type):
        assert all(chunk.dictionary.to_pylist() == column["levels"] for chunk in found.chunks)
    noted = RMetadata.of(table.schema).column(column["name"]).attributes
    wanted_notes = {name: value["values"] for name, value in column.get("attributes", {}).items()}
    assert {name: [to_python(node)] for name, node in noted.items()} == wanted_notes


@pytest.mark.parametrize("vector", [one for one in VECTORS if "expected" in one], ids=lambda one: one["name"])
def test_info(vector):
    told = cf.info(uri_of(vector))
    whole = cf.load(uri_of(vector), as_="arrow")
    (frame,) = told.frames
    assert frame.name == vector["name"]
    assert frame.rows == whole.num_rows
    assert [(one.name, one.r) for one in frame.columns] == [
        (field.name, describe(field.type).r) for field in whole.schema
    ]
    files = [path for path in (FOLDER / "sets" / vector["name"]).iterdir() if path.name in used(vector)]
    assert told.size == sum(path.stat().st_size for path in files)


def used(vector):
    folder = FOLDER / "sets" / vector["name"]
    if vector["name"].startswith("listed"):
        listed = json.loads((folder / "_crossframe.json").read_text("utf-8"))
        return {"_crossframe.json", *(part["key"] for part in listed["parts"])}
    return {
        path.name for path in folder.iterdir() if path.name.startswith("part.") or path.suffix == ".part"
    } - {path.name for path in folder.iterdir() if path.name.endswith(".schema.json")}


def test_a_pattern_takes_each_part_for_itself():
    for name in ("numbers", "listed_parquet"):
        frames = cf.load_many(f"{FOLDER}/sets/{name}/", as_="arrow")
        assert (
            list(frames)
            == {
                "numbers": ["part.0", "part.1", "part.10", "part.2"],
                "listed_parquet": ["part.0", "part.1"],
            }[name]
        )
        whole = cf.load(f"{FOLDER}/sets/{name}/", as_="arrow")
        assert sum(frame.num_rows for frame in frames.values()) == whole.num_rows
