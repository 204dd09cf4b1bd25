"""Arrow tables -> R data frames, column by column, by the type table.

Source: R Internals, section 1.1 (SEXPTYPEs) and 1.3 (attributes); ``types.csv``.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from crossframe import _rserial
from crossframe.attributes import STORAGE_KEY, UNITS_KEY, Attributes, RMetadata, character, to_array
from crossframe.codecs.columns import check_names
from crossframe.codecs.from_r import INT32_MAX, INT64_MAX, NANOSECONDS, UNIT_SECONDS, unsupported
from crossframe.codecs.r_origin import ORIGIN_ATTRIBUTE, origin_node
from crossframe.errors import UnsupportedTypeError
from crossframe.types import row_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from crossframe._rserial import Node
    from crossframe.losses import Losses

_EXACT_IN_DOUBLE = 2**53
_NOT_KEPT = "can't be kept exactly in R"
_PER_SECOND = {"s": 1, "ms": 10**3, "us": 10**6, "ns": NANOSECONDS}


@dataclass(slots=True)
class Vector:
    """An R vector on its way: values, and the attributes that its type implies."""

    values: Node
    implied: Attributes = field(default_factory=dict)


def encode_frame(table: pa.Table, losses: Losses) -> Node:
    """Turn a table of n rows x k columns into an R data frame.

    Args:
        table: The table, with R attributes under schema key ``r``.
        losses: Takes what can't be kept.

    Raises:
        DuplicateColumnError: Two columns have one name.
        UnsupportedTypeError: A column has a type outside ``types.csv``, or values no R type holds.
    """
    check_names(table.column_names)
    metadata = RMetadata.of(table.schema)
    columns: list[Node] = []
    r_types: dict[str, str] = {}
    for arrow_field, chunks in zip(table.schema, table.columns, strict=True):
        vector = _encode_column(arrow_field, _one_array(chunks), losses)
        own = metadata.columns.get(arrow_field.name, {})
        columns.append(_with_attributes(vector, own))
        written = _came_back_as(vector)
        if not _brought_back(arrow_field.type, chunks, written):
            r_types[arrow_field.name] = written
    return _rserial.generic_list(columns, _frame_attributes(table, metadata, r_types))


def _one_array(chunks: pa.ChunkedArray) -> pa.Array:
    return chunks.chunk(0) if chunks.num_chunks == 1 else chunks.combine_chunks()


def _with_attributes(vector: Vector, own: Mapping[str, Node]) -> Node:
    """Join implied and kept attributes; a kept ``NULL`` removes an implied one."""
    joined = {name: node for name, node in (vector.implied | dict(own)).items() if node.kind != "null"}
    return _rserial.vector(vector.values, list(joined.items())) if joined else vector.values


def _frame_attributes(
    table: pa.Table, metadata: RMetadata, r_types: Mapping[str, str]
) -> list[tuple[str, Node]]:
    attributes: Attributes = {
        "names": character(table.column_names),
        "class": character(["data.frame"]),
        "row.names": _rserial.vector(pa.array([None, -table.num_rows], pa.int32())),
    }
    kept = dict(metadata.frame)
    row_names = kept.get("row.names")
    if row_names is not None and row_names.length != table.num_rows:
        del kept["row.names"]
    attributes |= {name: node for name, node in kept.items() if node.kind != "null"}
    origin = origin_node(table.schema, r_types)
    if origin is not None:
        attributes[ORIGIN_ATTRIBUTE] = origin
    return list(attributes.items())


# ---- what R brings back by itself


def _came_back_as(vector: Vector) -> str:
    """Return the row of ``types.csv`` that decoding this vector will give."""
    classes = vector.implied.get("class")
    if classes is None:
        return str(vector.values.kind)
    first = to_array(classes)[0].as_py()
    rows = {"factor": "factor", "ordered": "ordered", "Date": "date", "POSIXct": "posixct"}
    return rows.get(first, str(first))


_BROUGHT_BACK = {
    "logical": pa.bool_(),
    "integer": pa.int32(),
    "double": pa.float64(),
    "character": pa.string(),
    "date": pa.date32(),
    "integer64": pa.int64(),
}


def _brought_back(arrow_type: pa.DataType, values: pa.ChunkedArray, row: str) -> bool:
    """Whether decoding gives the very Arrow type again."""
    if row in _BROUGHT_BACK:
        return bool(arrow_type == _BROUGHT_BACK[row])
    if row == "posixct":
        return arrow_type.unit == _unit_of(values) and arrow_type.tz is not None
    if row == "difftime":
        return bool(arrow_type.unit == _unit_of(values))
    return bool(arrow_type.index_type == pa.int32() and arrow_type.value_type == pa.string())


def _unit_of(values: pa.ChunkedArray) -> str:
    """Return the unit that decoding will choose: microseconds where a value is beyond nanoseconds."""
    if values.type.unit != "us":
        return "ns"
    furthest = pc.min_max(values.cast(pa.int64()))
    low, high = furthest["min"].as_py(), furthest["max"].as_py()
    return "us" if low is not None and max(-low, high) > INT64_MAX // 1000 else "ns"


# ---- columns


def _encode_column(arrow_field: pa.Field, values: pa.Array, losses: Losses) -> Vector:
    row = row_of(arrow_field.type)
    if row is None:
        raise unsupported(arrow_field.name, f"Arrow's {arrow_field.type}")
    return _BY_ROW[row.type](arrow_field, values, losses)


def _note(arrow_field: pa.Field, key: bytes) -> str | None:
    value = (arrow_field.metadata or {}).get(key)
    return None if value is None else value.decode()


def _encode_logical(arrow_field: pa.Field, values: pa.Array, losses: Losses) -> Vector:
    del arrow_field, losses
    return Vector(_rserial.vector(values.cast(pa.bool_())))


def _encode_character(arrow_field: pa.Field, values: pa.Array, losses: Losses) -> Vector:
    del arrow_field, losses
    if pa.types.is_string_view(values.type):
        values = values.cast(pa.large_string())
    return Vector(_rserial.vector(values))


def _encode_integer(arrow_field: pa.Field, values: pa.Array, losses: Losses) -> Vector:
    """Give R's integer where every value fits, else double where exact, else integer64."""
    del losses
    if values.type in {pa.int8(), pa.int16(), pa.int32(), pa.uint8(), pa.uint16()}:
        wanted = values.cast(pa.int32())
        # Why: R's NA is INT_MIN, so that one value needs a double.
        lowest = pc.min(wanted).as_py() if values.type == pa.int32() else None
        if lowest is None or lowest >= -INT32_MAX:
            return Vector(_rserial.vector(wanted))
    if _note(arrow_field, STORAGE_KEY) == "integer64":
        return _integer64(arrow_field, values)
    extremes = pc.min_max(values).as_py()
    low, high = extremes["min"], extremes["max"]
    if low is None or (low >= -INT32_MAX and high <= INT32_MAX):
        return Vector(_rserial.vector(values.cast(pa.int32())))
    if low >= -_EXACT_IN_DOUBLE and high <= _EXACT_IN_DOUBLE:
        return Vector(_rserial.vector(values.cast(pa.float64())))
    return _integer64(arrow_field, values)


def _integer64(arrow_field: pa.Field, values: pa.Array) -> Vector:
    extremes = pc.min_max(values).as_py()
    if extremes["max"] is not None and (extremes["max"] > 2**63 - 1 or extremes["min"] == -(2**63)):
        raise UnsupportedTypeError(
            f"Column '{arrow_field.name}' must fit R's integer64.",
            f"Its values go from {extremes['min']} to {extremes['max']}.",
            "Save it as text or as float64.",
        )
    return Vector(_rserial.vector(values.cast(pa.int64())), {"class": character(["integer64"])})


def _encode_double(arrow_field: pa.Field, values: pa.Array, losses: Losses) -> Vector:
    if pa.types.is_decimal(values.type):
        doubles = values.cast(pa.float64())
        again = doubles.cast(values.type, safe=False)
        changed = pc.sum(pc.not_equal(again, values)).as_py() or 0
        losses.add(arrow_field.name, changed, values.type, "of a decimal can't be kept exactly in R")
        values = doubles
    return Vector(_rserial.vector(values.cast(pa.float64())))


def _encode_factor(arrow_field: pa.Field, values: pa.Array, losses: Losses) -> Vector:
    del losses
    levels = values.dictionary
    if not (pa.types.is_string(levels.type) or pa.types.is_large_string(levels.type)):
        raise unsupported(arrow_field.name, f"category of {levels.type}")
    if pc.count_distinct(levels, mode="all").as_py() != len(levels):
        # Arrow may hold a text twice, R's levels may not.
        once = pc.unique(levels)
        values = pa.DictionaryArray.from_arrays(
            pc.index_in(levels, once).take(values.indices), once, ordered=values.type.ordered
        )
        levels = once
    codes = pc.add(values.indices.cast(pa.int32()), pa.scalar(1, pa.int32()))
    classes = ["ordered", "factor"] if values.type.ordered else ["factor"]
    return Vector(_rserial.vector(codes), {"levels": _rserial.vector(levels), "class": character(classes)})


def _stored(arrow_field: pa.Field, values: Node) -> Node:
    """Return doubles as integers where R kept them so, and they still are."""
    if _note(arrow_field, STORAGE_KEY) != "integer":
        return values
    try:
        return _rserial.vector(to_array(values).cast(pa.int32()))
    except pa.ArrowInvalid:
        return values


def _from_ticks(arrow_field: pa.Field, values: pa.Array, ticks: int, losses: Losses) -> Node:
    counts = _rserial.vector(
        values.cast(pa.int64()) if pa.types.is_date(values.type) else values.view(pa.int64())
    )
    out, lost, first = _rserial.from_ticks(counts, ticks)
    if lost:
        losses.add(arrow_field.name, lost, values[first], _NOT_KEPT)
    return _stored(arrow_field, out)


def _encode_date(arrow_field: pa.Field, values: pa.Array, losses: Losses) -> Vector:
    del losses
    days = values.cast(pa.date32()).view(pa.int32()).cast(pa.float64())
    return Vector(_stored(arrow_field, _rserial.vector(days)), {"class": character(["Date"])})


def _encode_posixct(arrow_field: pa.Field, values: pa.Array, losses: Losses) -> Vector:
    seconds = _from_ticks(arrow_field, values, _PER_SECOND[values.type.unit], losses)
    implied = {"class": character(["POSIXct", "POSIXt"]), "tzone": character([values.type.tz or "UTC"])}
    return Vector(seconds, implied)


def _encode_difftime(arrow_field: pa.Field, values: pa.Array, losses: Losses) -> Vector:
    units = _note(arrow_field, UNITS_KEY)
    if units not in UNIT_SECONDS:
        units = "secs"
    ticks = UNIT_SECONDS[units] * _PER_SECOND[values.type.unit]
    amounts = _from_ticks(arrow_field, values, ticks, losses)
    return Vector(amounts, {"class": character(["difftime"]), "units": character([units])})


_BY_ROW: dict[str, Callable[[pa.Field, pa.Array, Losses], Vector]] = {
    "logical": _encode_logical,
    "integer": _encode_integer,
    "integer64": _encode_integer,
    "double": _encode_double,
    "character": _encode_character,
    "factor": _encode_factor,
    "ordered": _encode_factor,
    "date": _encode_date,
    "posixct": _encode_posixct,
    "difftime": _encode_difftime,
}
