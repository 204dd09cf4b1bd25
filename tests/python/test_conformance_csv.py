"""The shared CSV vectors: see tests/conformance/csv/README.md."""

from __future__ import annotations

import base64
import json
import re
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from crossframe import errors
from crossframe.arrow_types import COMPLEX, ROBJECT
from crossframe.codecs import csv, csv_infer, csv_read, csv_schema

VECTORS = Path(__file__).parents[1] / "conformance" / "csv"
TYPES = {
    "logical": pa.bool_(),
    "integer": pa.int32(),
    "raw": pa.uint8(),
    "integer64": pa.int64(),
    "double": pa.float64(),
    "character": pa.string(),
    "date": pa.date32(),
    "factor": pa.dictionary(pa.int32(), pa.string()),
    "ordered": pa.dictionary(pa.int32(), pa.string(), ordered=True),
    "difftime": pa.duration("ns"),
    "hms": pa.time64("ns"),
}
NANOSECONDS = {"secs": 10**9, "mins": 60 * 10**9, "hours": 3600 * 10**9, "days": 86400 * 10**9}


def vectors(name):
    listed = json.loads((VECTORS / name).read_text("utf-8"))
    return pytest.mark.parametrize("vector", listed, ids=[v["name"] for v in listed])


def data_of(vector):
    return base64.b64decode(vector["csv_base64"]) if "csv_base64" in vector else vector["csv"].encode()


def ticks(texts, seconds=1):
    return [None if t is None else round(float(t) * seconds * 10**9) for t in texts]


def expected(column):
    return NESTED.get(column["type"], expected_plain)(column)


def expected_plain(column):
    kind, texts = column["type"], column["values"]
    if kind in ("posixct", "posixlt"):
        instants = [None if t is None else int(np.datetime64(t, "ns").astype(np.int64)) for t in texts]
        return pa.array(instants, pa.int64()).cast(pa.timestamp("ns", column["tz"]))
    if kind in ("factor", "ordered"):
        codes = [None if t is None else column["levels"].index(t) for t in texts]
        if "codes" in column:
            codes = [None if code is None else int(code) - 1 for code in column["codes"]]
        return pa.DictionaryArray.from_arrays(
            pa.array(codes, pa.int32()), pa.array(column["levels"], pa.string()), ordered=kind == "ordered"
        )
    if kind == "difftime":
        return pa.array(ticks(texts, NANOSECONDS[column["units"]] // 10**9), pa.duration("ns"))
    if kind == "hms":
        return pa.array(ticks(texts), pa.int64()).cast(pa.time64("ns"))
    read = {"logical": "true".__eq__, "double": float, "character": str}.get(kind, int)
    if kind == "date":
        return pa.array([None if t is None else np.datetime64(t, "D").item() for t in texts], pa.date32())
    return pa.array([None if t is None else read(t) for t in texts], TYPES[kind])


def expected_complex(column):
    pairs = []
    for text in column["values"]:
        found = text and re.fullmatch(r"(.+?(?<!e))([+-].+)i", text)
        pairs.append(found and [None if part.strip("+") == "na" else float(part) for part in found.groups()])
    return pa.ExtensionArray.from_storage(COMPLEX, pa.array(pairs, COMPLEX.storage_type))


def expected_lists(column):
    size = int(column.get("size", -1))
    filled = [[None] * size if cell is None and size >= 0 else cell for cell in column["values"]]
    items = expected_plain(
        {"type": column["item"], "values": [text for cell in filled for text in cell or ()]}
    )
    type_ = pa.list_(items.type, size)
    values = iter(items.to_pylist())
    return pa.array([None if cell is None else [next(values) for _ in cell] for cell in filled], type_)


def expected_struct(column):
    parts = {part["name"]: expected(part) for part in column["columns"]}
    return pa.StructArray.from_arrays(list(parts.values()), names=list(parts))


def expected_robject(column):
    cells = [base64.b64decode(text) for text in column["values"]]
    return pa.ExtensionArray.from_storage(ROBJECT, pa.array(cells, pa.binary()))


NESTED = {
    "complex": expected_complex,
    "list": expected_lists,
    "matrix": expected_lists,
    "struct": expected_struct,
    "robject": expected_robject,
}


def filled(array):
    """Return an array in which missing matrix rows and structs are ones of missing values, as in R."""
    if pa.types.is_fixed_size_list(array.type):
        return str([cell or [None] * array.type.list_size for cell in array.to_pylist()])
    if pa.types.is_struct(array.type):
        return [filled(part) for part in array.flatten()]
    if pa.types.is_dictionary(array.type):
        return [array.dictionary.to_pylist(), array.indices.to_pylist()]
    return str((array.storage if isinstance(array, pa.ExtensionArray) else array).to_pylist())


def check(vector, table, row_names):
    assert table.column_names == [column["name"] for column in vector["columns"]]
    for column in vector["columns"]:
        want, got = expected(column), table[column["name"]].combine_chunks()
        assert got.type == want.type
        assert filled(got) == filled(want)
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
    if vector.get("written"):
        written = csv.encode(table)
        assert written.data.decode() == vector["csv"]
        ours, theirs = json.loads(written.schema), vector["schema"]
        assert ours["fields"] == theirs["fields"]


@vectors("bad.json")
def test_bad(vector):
    wanted = {"decode": errors.DecodeError, "duplicate_column": errors.DuplicateColumnError}[vector["error"]]
    with pytest.raises(wanted):
        csv.decode(data_of(vector))
