"""What an R data frame remembers of the Arrow table it was made from.

R has one integer and one double; pandas and Arrow have many. A frame that went
from Python to R keeps, in one attribute, the Arrow types that R's own types do
not bring back, and pandas' note on its index and dtypes. It is used on the way
back only for columns that still have the R type they were written with.
"""

from __future__ import annotations

import functools
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from crossframe import _rserial
from crossframe.arrow_types import ROBJECT, parse_type, type_text
from crossframe.attributes import STORAGE_KEY, to_array, with_metadata
from crossframe.errors import CrossframeError
from crossframe.pandas_note import PANDAS_KEY, read_note, says_more
from crossframe.types import row_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from crossframe._rserial import Node

ORIGIN_ATTRIBUTE = "crossframe"


@dataclass(frozen=True, slots=True)
class Origin:
    """What the attribute says.

    Attributes:
        columns: By column name, the Arrow type it came from and the R type it was written as.
        pandas: pandas' note, as in an Arrow schema; ``None`` where there was none.
    """

    columns: Mapping[str, Any] = field(default_factory=dict)
    pandas: bytes | None = None


def origin_node(schema: pa.Schema, r_types: Mapping[str, str]) -> Node | None:
    """Return the attribute's value, or ``None`` where R's types say it all.

    Args:
        schema: The table's schema.
        r_types: For each column whose Arrow type R does not bring back: the R type it was written as.
    """
    document: dict[str, Any] = {}
    if r_types:
        document["columns"] = {
            name: {"arrow": type_text(schema.field(name).type), "r": r_type}
            for name, r_type in r_types.items()
        }
    if says_more(schema):
        document["pandas"] = read_note(schema)
    if not document:
        return None
    return _rserial.vector(pa.array([json.dumps(document, ensure_ascii=False)]))


def restore_origin(
    table: pa.Table, node: Node, lists_of: Callable[[pa.Array, pa.DataType], pa.Array]
) -> pa.Table:
    """Give a table decoded from R the Arrow types that :func:`origin_node` noted, where they still fit.

    Args:
        table: The table.
        node: The attribute's value.
        lists_of: Reads cells that are carried whole as lists of a type.

    Why lenient: the attribute outlives edits in R, so what no longer fits is passed over.
    """
    origin = read_origin(node)
    if origin.columns and table.num_columns:
        table = _with_types(table, origin.columns, lists_of)
    if origin.pandas is not None:
        table = with_metadata(table, (table.schema.metadata or {}) | {PANDAS_KEY: origin.pandas})
    return table


def _with_types(
    table: pa.Table, noted: Mapping[str, Any], lists_of: Callable[[pa.Array, pa.DataType], pa.Array]
) -> pa.Table:
    """Give columns the Arrow types noted of them."""
    fields, columns = list(table.schema), list(table.columns)
    for index, one in enumerate(fields):
        restored = restored_column(columns[index], noted.get(one.name), lists_of)
        if restored is not None:
            notes = {key: value for key, value in (one.metadata or {}).items() if key != STORAGE_KEY}
            fields[index] = pa.field(one.name, restored.type, metadata=notes or None)
            columns[index] = restored
    return pa.Table.from_arrays(columns, schema=pa.schema(fields, table.schema.metadata))


def restored_column(
    values: pa.ChunkedArray, entry: object, lists_of: Callable[[pa.Array, pa.DataType], pa.Array]
) -> pa.ChunkedArray | None:
    """Give a column the Arrow type noted of it; ``None`` where none is, or it fits no longer."""
    if not isinstance(entry, dict):
        return None
    row = row_of(values.type)
    if row is None or row.type != entry.get("r"):
        return None
    return _cast(values, str(entry.get("arrow")), lists_of)


def read_origin(node: Node | None) -> Origin:
    """Return what the attribute says; nothing where it is not there, or says nothing that can be read."""
    if node is None or node.kind != "character" or node.length != 1 or node.undecodable:
        return Origin()
    text = to_array(node)[0].as_py() or ""
    return _kept(text) if len(text) < _WORTH_KEEPING else _parsed(text)


def _parsed(text: str) -> Origin:
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        return Origin()
    if not isinstance(document, dict):
        return Origin()
    columns, pandas = document.get("columns"), document.get("pandas")
    return Origin(
        columns if isinstance(columns, dict) else {},
        json.dumps(pandas).encode() if isinstance(pandas, dict) else None,
    )


# Why kept: the files of a batch are alike. What is long comes once, and takes memory.
_WORTH_KEEPING = 100_000
_kept = functools.lru_cache(maxsize=64)(_parsed)


def _cast(
    column: pa.ChunkedArray, arrow_type: str, lists_of: Callable[[pa.Array, pa.DataType], pa.Array]
) -> pa.ChunkedArray | None:
    try:
        wanted = parse_type(arrow_type)
        if pa.types.is_null(wanted) and column.null_count == len(column):
            return pa.chunked_array([pa.nulls(len(column))])
        if column.type == ROBJECT:
            return pa.chunked_array([lists_of(column.combine_chunks(), wanted)])
        return pa.chunked_array([cast_noted(one, wanted) for one in column.chunks], wanted)
    except (CrossframeError, pa.ArrowException):
        return None


def cast_noted(values: pa.Array, wanted: pa.DataType) -> pa.Array:
    """Give values that R's types bring the type that was noted of them."""
    if _is_finest(values.type) and wanted.id == values.type.id:
        values = _rounded(values, wanted.unit)
    return values.cast(wanted)


_NANOSECONDS = {"s": 10**9, "ms": 10**6, "us": 10**3, "ns": 1}


def _is_finest(arrow_type: pa.DataType) -> bool:
    temporal = pa.types.is_timestamp(arrow_type) or pa.types.is_duration(arrow_type)
    return bool(temporal and arrow_type.unit == "ns")


def _rounded(values: pa.Array, unit: str) -> pa.Array:
    """Round nanoseconds to a coarser unit.

    Why: R's double holds a time of today to 2^-22 s, so whole microseconds come back a few nanoseconds off.
    """
    ticks = _NANOSECONDS[unit]
    counts, mask = values.view(pa.int64()), None
    if counts.null_count:
        mask = counts.is_null().to_numpy(zero_copy_only=False)
        counts = counts.fill_null(0)
    rounded = np.floor_divide(counts.to_numpy() + ticks // 2, ticks)
    coarser = pa.timestamp(unit, values.type.tz) if pa.types.is_timestamp(values.type) else pa.duration(unit)
    return pa.array(rounded, mask=mask).view(coarser)
