"""Columns as the vectors of ``tests/conformance`` write them, as Arrow arrays."""

from __future__ import annotations

import math
import struct
from fractions import Fraction

import pyarrow as pa

from crossframe import _rserial
from crossframe.attributes import RMetadata

UNITS = {"secs": 1, "mins": 60, "hours": 3600, "days": 86400, "weeks": 604800}
SHOWN_AS_UTC = {"", "Mars/Olympus"}
BASE = {
    "logical": pa.bool_(),
    "integer": pa.int32(),
    "integer64": pa.int64(),
    "double": pa.float64(),
    "character": pa.string(),
}


def number(text):
    return None if text is None else float.fromhex(text) if "x" in text else float(text)


def ticks(column, per_second):
    unit = UNITS[column["units"]] if "units" in column else 1
    numbers = [number(text) for text in column["values"]]
    return [None if x is None else round(Fraction(x) * unit * per_second) for x in numbers]


def in_ticks(column, make):
    counts = ticks(column, 10**9)
    if all(count is None or abs(count) < 2**63 for count in counts):
        return pa.array(counts, pa.int64()).cast(make("ns"))
    return pa.array(ticks(column, 10**6), pa.int64()).cast(make("us"))


def zone(column):
    names = column.get("tzone", [])
    return names[0] if len(names) == 1 and names[0] not in SHOWN_AS_UTC else "UTC"


def expected(column):
    kind, texts = column["type"], column["values"]
    if kind in ("factor", "ordered"):
        codes = [None if text is None else column["levels"].index(text) for text in texts]
        if "codes" in column:
            codes = [int(code) - 1 for code in column["codes"]]
        levels = pa.array(column["levels"], pa.string())
        return pa.DictionaryArray.from_arrays(pa.array(codes, pa.int32()), levels, ordered=kind == "ordered")
    if kind == "date":
        return pa.array([None if t is None else int(number(t)) for t in texts], pa.int32()).cast(pa.date32())
    if kind == "posixct":
        return in_ticks(column, lambda unit: pa.timestamp(unit, zone(column)))
    if kind == "difftime":
        return in_ticks(column, pa.duration)
    read = {"logical": "true".__eq__, "double": number, "character": str}.get(kind, int)
    return pa.array([None if text is None else read(text) for text in texts], BASE[kind])


def bits(values):
    """Return what two arrays must share: -0 is not 0, and a NaN equals a NaN."""
    if values.type != pa.float64():
        return values.to_pylist()
    shown = ["NaN" if x is not None and math.isnan(x) else x for x in values.to_pylist()]
    return [struct.pack(">d", x) if isinstance(x, float) else x for x in shown]


def check_tagged(node, said):
    assert node.kind == said["type"].lower()
    if node.kind == "list":
        for (_, own), one in zip(node.entries, said["values"], strict=True):
            check_tagged(own, one)
    elif node.kind == "raw":
        assert [f"{byte:02x}" for byte in pa.array(node).to_pylist()] == said["values"]
    elif node.kind in BASE:
        assert bits(pa.array(node).cast(BASE[node.kind])) == bits(expected(said))
    check_attributes(dict(node.attributes), said.get("attributes"), also={".Environment"})


def check_attributes(attributes, said, also=frozenset()):
    said = said or {}
    assert set(attributes) - also == set(said)
    for name, one in said.items():
        check_tagged(attributes[name], one)


def tagged(said):
    """Return a tagged value as an R value."""
    if said["type"] == "list":
        node = _rserial.generic_list([tagged(one) for one in said["values"]])
    else:
        node = _rserial.vector(expected(said))
    own = said.get("attributes") or {}
    return _rserial.with_attributes(node, [(name, tagged(one)) for name, one in own.items()])


def metadata_of(said):
    """Return the attributes of a frame and its columns."""
    noted = RMetadata({name: tagged(one) for name, one in (said["attributes"] or {}).items()})
    if said["row_names"] is not None:
        noted.attributes["row.names"] = tagged(said["row_names"])
    for column in said["columns"]:
        own = column.get("attributes") or {}
        noted.columns[column["name"]] = RMetadata({name: tagged(one) for name, one in own.items()})
    return noted
