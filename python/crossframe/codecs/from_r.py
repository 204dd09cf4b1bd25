"""R data frames -> Arrow tables, column by column, by the type table.

Source: R Internals, section 1.1 (SEXPTYPEs) and 1.3 (attributes); ``types.csv``.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.compute as pc

from crossframe import _rserial
from crossframe.attributes import STORAGE_KEY, UNITS_KEY, Attributes, RMetadata, to_array
from crossframe.codecs.columns import check_names
from crossframe.codecs.r_origin import ORIGIN_ATTRIBUTE, restore_origin
from crossframe.errors import DecodeError, UnsupportedTypeError

if TYPE_CHECKING:
    from collections.abc import Callable

    from crossframe._rserial import Node
    from crossframe.losses import Losses

NANOSECONDS = 10**9
MICROSECONDS = 10**6
INT64_MAX = 2**63 - 1
INT32_MAX = 2**31 - 1

# R's difftime units in seconds.
UNIT_SECONDS = {"secs": 1, "mins": 60, "hours": 3600, "days": 86400, "weeks": 604800}

_NOT_KEPT = "can't be kept exactly"


@dataclass(slots=True)
class Column:
    """One column on its way: values, what the Arrow field notes, and the R attributes left over."""

    values: pa.Array
    notes: dict[bytes, bytes] = field(default_factory=dict)
    attributes: Attributes = field(default_factory=dict)


def is_frame(node: Node) -> bool:
    """Whether an R value is a data frame."""
    return node.kind == "list" and node.inherits("data.frame")


def decode_frame(node: Node, losses: Losses) -> pa.Table:
    """Turn an R data frame into a table of n rows x k columns.

    Args:
        node: The data frame.
        losses: Takes what can't be kept.

    Raises:
        DuplicateColumnError: Two columns have one name, or a column has none.
        UnsupportedTypeError: A column has a type outside ``types.csv``.
        DecodeError: Columns differ in length, or a column contradicts its class.
    """
    names = _column_names(node)
    metadata = RMetadata()
    fields, arrays = [], []
    for name, (_, value) in zip(names, node.entries, strict=True):
        column = decode_column(name, value, losses)
        fields.append(pa.field(name, column.values.type, metadata=column.notes or None))
        arrays.append(column.values)
        metadata.columns[name] = column.attributes
    rows = _read_frame_attributes(node, metadata, arrays)
    for name, array in zip(names, arrays, strict=True):
        if len(array) != rows:
            raise DecodeError(
                "Can't read a data frame whose columns differ in length.",
                f"column '{name}' has {len(array)} values, the frame {rows} rows.",
            )
    origin = metadata.frame.pop(ORIGIN_ATTRIBUTE, None)
    table = _table(arrays, fields, rows)
    table = metadata.apply(table)
    return table if origin is None else restore_origin(table, origin)


def _table(arrays: list[pa.Array], fields: list[pa.Field], rows: int) -> pa.Table:
    if fields:
        return pa.Table.from_arrays(arrays, schema=pa.schema(fields))
    return pa.table({"x": pa.nulls(rows)}).select([])


def _column_names(node: Node) -> list[str]:
    names = node.attribute("names")
    texts = to_array(names).to_pylist() if names is not None and names.kind == "character" else []
    if len(texts) != node.length:
        raise DecodeError(f"Can't read a data frame of {node.length} columns with {len(texts)} names.")
    check_names(texts)
    return texts


def _read_frame_attributes(node: Node, metadata: RMetadata, arrays: list[pa.Array]) -> int:
    """Fill the frame's attributes and return its number of rows."""
    rows = len(arrays[0]) if arrays else 0
    for name, value in named_entries_of_attributes(node):
        if name == "row.names":
            rows, explicit = _row_names(value)
            if explicit:
                metadata.frame[name] = value
        elif name == "class":
            if _texts(value) != ["data.frame"]:
                metadata.frame[name] = value
        elif name != "names":
            metadata.frame[name] = value
    return rows


def _row_names(value: Node) -> tuple[int, bool]:
    """Return the number of rows and whether the row names say more than 1..n.

    Source: R Internals has none; ``row.names.c`` in R: ``c(NA, -n)`` stands for 1..n.
    """
    if value.kind != "integer":
        return value.length, True
    numbers = to_array(value)
    if len(numbers) == 2 and not numbers[0].is_valid and numbers[1].is_valid:  # noqa: PLR2004 - c(NA, -n)
        return abs(numbers[1].as_py()), False
    return len(numbers), not numbers.equals(pa.array(range(1, len(numbers) + 1), pa.int32()))


def named_entries_of_attributes(node: Node) -> list[tuple[str, Node]]:
    """Return a value's attributes by name."""
    return [(name, value) for name, value in node.attributes if name]


def _texts(node: Node | None) -> list[str | None]:
    if node is None or node.kind != "character":
        return []
    texts: list[str | None] = to_array(node).to_pylist()
    return texts


# ---- columns


def decode_column(name: str, node: Node, losses: Losses) -> Column:
    """Turn one column into an Arrow array, its field's notes and the attributes left over.

    Raises:
        UnsupportedTypeError: The column has a type outside ``types.csv``.
    """
    dim = node.attribute("dim")
    if dim is not None and dim.length > 1:
        raise unsupported(name, "matrix")
    for class_name, decode in _BY_CLASS.items():
        if node.inherits(class_name):
            return decode(name, node, losses)
    if node.kind not in _PLAIN or node.inherits("POSIXlt"):
        classes = _texts(node.attribute("class"))
        raise unsupported(name, "/".join(str(one) for one in classes) or node.kind)
    if node.undecodable:
        raise unsupported(name, "character marked as bytes, or broken UTF-8")
    return Column(to_array(node), attributes=dict(named_entries_of_attributes(node)))


_PLAIN = {"logical", "integer", "double", "character"}


def unsupported(column: str, kind: str) -> UnsupportedTypeError:
    """Say that a column's type is outside the table."""
    return UnsupportedTypeError(
        f"Column '{column}' must have a type listed in types.csv, not {kind}.",
        hint="Drop or convert the column first.",
    )


def _left_over(node: Node, *, plain_class: list[str], without: tuple[str, ...] = ()) -> Attributes:
    """Return the attributes that the Arrow type does not imply."""
    attributes = dict(named_entries_of_attributes(node))
    if _texts(attributes.get("class")) == plain_class:
        del attributes["class"]
    for name in without:
        attributes.pop(name, None)
    return attributes


def _decode_factor(name: str, node: Node, losses: Losses) -> Column:
    del losses
    levels = node.attribute("levels")
    if node.kind != "integer" or levels is None or levels.kind != "character":
        raise DecodeError(f"Can't read factor '{name}'.", "Its codes are no integers, or it has no levels.")
    if levels.undecodable:
        raise unsupported(name, "factor with levels marked as bytes")
    texts = to_array(levels)
    if pc.count_distinct(texts, mode="all").as_py() != len(texts):
        raise DecodeError(f"Can't read factor '{name}'.", "Two of its levels are the same.")
    try:
        indices = to_array(_rserial.to_indices(node, len(texts)))
    except _rserial.DecodeError as failure:
        raise DecodeError(f"Can't read factor '{name}'.", f"{failure}.") from None
    ordered = node.inherits("ordered")
    values = pa.DictionaryArray.from_arrays(indices, texts.cast(pa.string()), ordered=ordered, safe=False)
    plain_class = ["ordered", "factor"] if ordered else ["factor"]
    attributes = _left_over(node, plain_class=plain_class, without=("levels",))
    if levels.attributes:  # Why: levels may have names of their own
        attributes["levels"] = levels
    return Column(values, attributes=attributes)


def _storage(node: Node) -> dict[bytes, bytes]:
    return {STORAGE_KEY: b"integer"} if node.kind == "integer" else {}


def _ticks(
    name: str, node: Node, per_unit: tuple[int, ...], limit: int, losses: Losses
) -> tuple[pa.Array, int]:
    """Return int64 ticks and how many make a unit: the first of ``per_unit`` that no value overflows."""
    if node.kind not in {"integer", "double"}:
        raise unsupported(name, f"{node.kind} with a class of numbers")
    values = to_array(node)
    if node.kind == "integer":
        values = values.cast(pa.float64())
        node = _rserial.vector(values)
    for ticks in per_unit:
        out, lost, first = _rserial.to_ticks(node, ticks, limit)
        if not lost or ticks == per_unit[-1] or not _overflows(values, limit / ticks):
            break
    if lost:
        losses.add(name, lost, values[first].as_py(), _NOT_KEPT)
    return to_array(out), ticks


def _overflows(values: pa.Array, largest: float) -> bool:
    finite = values.filter(pc.is_finite(values))
    extremes = pc.min_max(pc.abs(finite))
    return bool(extremes["max"].is_valid and extremes["max"].as_py() > largest)


def _decode_date(name: str, node: Node, losses: Losses) -> Column:
    days, _ = _ticks(name, node, (1,), INT32_MAX, losses)
    values = days.cast(pa.int32()).view(pa.date32())
    return Column(values, _storage(node), _left_over(node, plain_class=["Date"]))


def _decode_posixct(name: str, node: Node, losses: Losses) -> Column:
    ticks, per_second = _ticks(name, node, (NANOSECONDS, MICROSECONDS), INT64_MAX, losses)
    unit = "ns" if per_second == NANOSECONDS else "us"
    attributes = _left_over(node, plain_class=["POSIXct", "POSIXt"])
    zone = "UTC"
    tzone = attributes.get("tzone")
    names = _texts(tzone)
    if tzone is None:
        attributes["tzone"] = _rserial.null()
    elif len(names) == 1 and names[0] and not tzone.attributes and is_zone(names[0]):
        zone = names[0]
        del attributes["tzone"]
    return Column(ticks.view(pa.timestamp(unit, zone)), _storage(node), attributes)


@functools.lru_cache(maxsize=1024)
def is_zone(name: str) -> bool:
    """Whether the name is a time zone that Python knows too."""
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):  # ZoneInfoNotFoundError is a KeyError
        return False
    return True


def _decode_difftime(name: str, node: Node, losses: Losses) -> Column:
    units = _texts(node.attribute("units"))
    if len(units) != 1 or units[0] not in UNIT_SECONDS:
        raise unsupported(name, f"difftime in units {units}")
    seconds = UNIT_SECONDS[units[0]]
    per_unit = (seconds * NANOSECONDS, seconds * MICROSECONDS)
    ticks, used = _ticks(name, node, per_unit, INT64_MAX, losses)
    values = ticks.view(pa.duration("ns" if used == per_unit[0] else "us"))
    notes = {UNITS_KEY: units[0].encode()} | _storage(node)
    return Column(values, notes, _left_over(node, plain_class=["difftime"], without=("units",)))


def _decode_integer64(name: str, node: Node, losses: Losses) -> Column:
    del losses
    if node.kind != "double":
        raise unsupported(name, f"integer64 kept as {node.kind}")
    values = to_array(_rserial.to_integer64(node))
    return Column(values, {STORAGE_KEY: b"integer64"}, _left_over(node, plain_class=["integer64"]))


# First class that a column inherits from decides; any other S3 class is carried as attributes.
_BY_CLASS: dict[str, Callable[[str, Node, Losses], Column]] = {
    "factor": _decode_factor,
    "Date": _decode_date,
    "POSIXct": _decode_posixct,
    "difftime": _decode_difftime,
    "integer64": _decode_integer64,
}
