"""The shared CSV vectors: see tests/conformance/csv/README.md."""

from __future__ import annotations

import base64
import json
import math
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from crossframe import errors
from crossframe.codecs import csv, csv_infer, csv_read, csv_schema

VECTORS = Path(__file__).parents[1] / "conformance" / "csv"
TYPES = {
    "logical": pa.bool_(),
    "integer": pa.int32(),
    "integer64": pa.int64(),
    "double": pa.float64(),
    "character": pa.string(),
    "date": pa.date32(),
    "factor": pa.dictionary(pa.int32(), pa.string()),
    "ordered": pa.dictionary(pa.int32(), pa.string(), ordered=True),
    "difftime": pa.duration("ns"),
}
NANOSECONDS = {"secs": 10**9, "mins": 60 * 10**9, "hours": 3600 * 10**9, "days": 86400 * 10**9}


def vectors(name):
    listed = json.loads((VECTORS / name).read_text("utf-8"))
    return pytest.mark.parametrize("vector", listed, ids=[v["name"] for v in listed])


def data_of(vector):
    return base64.b64decode(vector["csv_base64"]) if "csv_base64" in vector else vector["csv"].encode()


def expected(column):
    kind, texts = column["type"], column["values"]
    if kind == "posixct":
        ticks = [None if t is None else int(np.datetime64(t, "ns").astype(np.int64)) for t in texts]
        return pa.array(ticks, pa.int64()).cast(pa.timestamp("ns", column["tz"]))
    if kind in ("factor", "ordered"):
        codes = [None if t is None else column["levels"].index(t) for t in texts]
        return pa.DictionaryArray.from_arrays(
            pa.array(codes, pa.int32()), column["levels"], ordered=kind == "ordered"
        )
    if kind == "difftime":
        per = NANOSECONDS[column["units"]]
        return pa.array([None if t is None else round(float(t) * per) for t in texts], pa.duration("ns"))
    read = {"logical": "true".__eq__, "double": float, "character": str}.get(kind, int)
    if kind == "date":
        return pa.array([None if t is None else np.datetime64(t, "D").item() for t in texts], pa.date32())
    return pa.array([None if t is None else read(t) for t in texts], TYPES[kind])


def check(vector, table, row_names):
    assert table.column_names == [column["name"] for column in vector["columns"]]
    for column in vector["columns"]:
        want, got = expected(column), table[column["name"]].combine_chunks()
        assert got.type == want.type
        if want.type == pa.float64():
            assert [x is not None and math.isnan(x) for x in got.to_pylist()] == [
                x is not None and math.isnan(x) for x in want.to_pylist()
            ]
            assert str(got.to_pylist()) == str(want.to_pylist())
        else:
            assert (
                got.to_pylist() == want.to_pylist() if pa.types.is_dictionary(want.type) else got.equals(want)
            )
    names = vector["row_names"]
    if names is None:
        assert row_names is None
    else:
        convert = int if names["type"] == "integer" else str
        assert row_names == [convert(text) for text in names["values"]]


@vectors("infer.json")
def test_inference(vector):
    inferred = csv_infer.infer(csv_read.split_header(memoryview(data_of(vector))))
    check(vector, inferred.table, inferred.row_names)


@vectors("sidecar.json")
def test_sidecar(vector):
    data = data_of(vector)
    table = csv.decode(data, csv_schema.restamp(json.dumps(vector["schema"]), data))
    check(vector, table, vector["row_names"])


@vectors("bad.json")
def test_bad(vector):
    wanted = {"decode": errors.DecodeError, "duplicate_column": errors.DuplicateColumnError}[vector["error"]]
    with pytest.raises(wanted):
        csv.decode(data_of(vector))
