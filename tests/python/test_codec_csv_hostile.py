"""Sidecars and cells that say what they should not: a table or our error, never another."""

from __future__ import annotations

import contextlib
import json
import random
import warnings
from pathlib import Path

import pyarrow as pa
import pytest

from crossframe import errors
from crossframe.codecs import csv

VECTORS = json.loads((Path(__file__).parents[1] / "conformance" / "csv" / "sidecar.json").read_text("utf-8"))
LISTS = {"name": "x", "arrow": "list<item: int32>"}
MATRIX = {"name": "x", "arrow": "fixed_size_list<item: int32>[2]"}
STRUCT = {"name": "x", "arrow": "struct", "fields": [{"name": "a", "arrow": "int32"}]}
NEEDED = {"name": "a", "arrow": "double", "constraints": {"required": True}}
HUGE = {"name": "x", "arrow": "fixed_size_list<item: double>[999999999]"}
HALF = {"name": "x", "arrow": "dictionary<values=string, indices=int8, ordered=0>", "constraints": {}}
TOKENS = [
    *'{}[],:1"',
    "null",
    "NaN",
    "Infinity",
    "1e999",
    "9" * 20,
    '""',
    "\\ud800",
    "\\u0000",
    *("struct", "list", "int8", "binary", "halffloat", "uint64", "time64[ns]", "duration[ns]"),
    "fixed_size_list[99999]",
    "extension<crossframe.complex>",
    "decimal128(5, 2)",
    "dictionary<values=double, indices=int8, ordered=0>",
]


def quoted(text):
    return '"' + text.replace('"', '""') + '"'


@pytest.mark.parametrize(
    ("field", "cells", "message"),
    [
        (LISTS, ["[1", "2]"], "column 'x' must be list<item: int32>: invalid JSON '\\[1'"),
        (LISTS, ["[1,NaN,2]"], "NaN must be in quotes"),
        (LISTS, ["[1],NaN,[2]"], "invalid JSON"),
        (LISTS, ["1"], "invalid value 1"),
        (LISTS, ['{"a":1}'], "invalid value"),
        (LISTS, ["[1.5]"], "column 'item' must be int32: invalid value 1.5"),
        (LISTS, ["[true]"], "invalid value true"),
        (LISTS, ["[2147483648]"], "column 'item' must be int32"),
        (LISTS, ["[" * 100_000], "invalid JSON"),
        (LISTS, ["[" + "1" * 5000 + "]"], "invalid JSON"),
        (MATRIX, ["[1]"], "a list must have 2 items"),
        (HUGE, ["", ""], "too many cells are missing"),
        (STRUCT, ["[1]"], "invalid value"),
        (STRUCT, ['{"a":"1"}'], "column 'a' must be int32: invalid value \"1\""),
        ({**STRUCT, "fields": [NEEDED]}, ["{}"], "column 'a' must be double: a value is missing"),
        ({"name": "x", "arrow": "list<item: int64>"}, ['["1e3"]'], "invalid value '1e3'"),
        ({"name": "x", "arrow": "list<item: string>"}, ['["\\ud800"]'], "column 'item' must be string"),
        ({"name": "x", "arrow": "list<item: double>"}, ['["1"]'], "invalid value '1'"),
        ({"name": "x", "arrow": "extension<crossframe.complex>"}, ["1+2"], "invalid value '1\\+2'"),
        ({"name": "x", "arrow": "extension<crossframe.robject>"}, ["_"], "must be base64"),
        ({"name": "x", "arrow": "time64[ns]"}, ["24:00:00"], "invalid value '24:00:00'"),
        ({"name": "x", "arrow": "time32[s]"}, ["23:00:00.5"], "must be time32"),
        ({"name": "x", "arrow": "decimal128(3, 1)"}, ["1.25"], "must be decimal128"),
        ({**STRUCT, "fields": 1}, [], "fields of field 'x' must be a list"),
        ({"name": "x", "arrow": "list", "fields": []}, [], "fields of field 'x' must be one"),
        ({"name": "x", "arrow": "list<item: " * 40 + "int8" + ">" * 40}, [], "is no Arrow type"),
        ({"name": "x", "arrow": "list<item: dictionary<values=string, indices=int8, ordered=0>>"}, [], "own"),
        ({"name": "\ud800", "arrow": "int8"}, [], "half a character"),
        (HALF | {"constraints": {"enum": ["a"]}, "crossframe": {"missing": [5]}}, ["a"], "row 5 is said"),
        (HALF | {"constraints": {"enum": ["a"]}, "crossframe": {"missing": "a"}}, ["a"], "a list of rows"),
        (HALF | {"constraints": {"enum": [f"{i}" for i in range(200)]}}, ["150"], "too many levels"),
    ],
)
def test_what_does_not_fit(field, cells, message):
    body = "".join(f"{quoted(cell) if cell else cell}\n" for cell in cells)
    with pytest.raises(errors.DecodeError, match=message):
        csv.decode(f"x\n{body}".encode(), json.dumps({"fields": [field]}))


def test_fields_too_deep():
    field = {"name": "x", "arrow": "int8"}
    for _ in range(40):
        field = {"name": "x", "arrow": "struct", "fields": [field]}
    with pytest.raises(errors.DecodeError, match="too deep"):
        csv.decode(b"x\n", json.dumps({"fields": [field]}))
    type_ = pa.int32()
    for _ in range(40):
        type_ = pa.list_(type_)
    with pytest.raises(errors.UnsupportedTypeError, match="a type that CSV keeps"):
        csv.encode(pa.table({"x": pa.nulls(1, type_)}))


@pytest.mark.parametrize("vector", VECTORS, ids=[vector["name"] for vector in VECTORS])
def test_changed_vectors(vector):
    chance = random.Random(vector["name"])

    def changed(text):
        start = chance.randrange(len(text) + 1)
        return text[:start] + chance.choice(TOKENS) + text[start + chance.choice([0, 1, 2, 20]) :]

    schema, text = json.dumps(vector["schema"]), vector["csv"]
    for _ in range(60):
        with warnings.catch_warnings(), contextlib.suppress(errors.CrossframeError):
            warnings.simplefilter("ignore", errors.CrossframeWarning)
            data = (changed(text) if chance.random() < 0.6 else text).encode()
            table = csv.decode(data, changed(schema) if chance.random() < 0.6 else schema)
            table.validate(full=True)
            csv.encode(table)
