"""R data frames -> Arrow tables; a column that is a frame -> a struct.

Source: R Internals, section 1.1 (SEXPTYPEs) and 1.3 (attributes); ``types.csv``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from crossframe.arrow_types import ROBJECT
from crossframe.attributes import UNITS_KEY, RMetadata, compact_rows, decode_node, texts_of, to_array
from crossframe.codecs.columns import check_names
from crossframe.codecs.from_r_cells import decode_list, decode_matrix
from crossframe.codecs.from_r_columns import BY_CLASS, Column, decode_plain, own_attributes
from crossframe.codecs.posixlt import decode_posixlt
from crossframe.codecs.r_origin import ORIGIN_ATTRIBUTE, cast_noted, restore_origin
from crossframe.columnwise import convert_each
from crossframe.errors import DecodeError
from crossframe.losses import Losses

if TYPE_CHECKING:
    from crossframe._rserial import Node


@dataclass(slots=True)
class _Body:
    """A data frame's columns, rows and attributes."""

    fields: list[pa.Field]
    arrays: list[pa.Array]
    rows: int
    metadata: RMetadata


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
    body = _decode_body(node, losses)
    origin = body.metadata.attributes.pop(ORIGIN_ATTRIBUTE, None)
    table = body.metadata.apply(_table(body))
    return table if origin is None else restore_origin(table, origin, lists_of)


def _decode_body(node: Node, losses: Losses) -> _Body:
    names = _column_names(node)
    vectors = [value for _, value in node.entries]
    longest = max((vector.length for vector in vectors), default=0)
    columns = convert_each(
        lambda named, own: decode_column(*named, own), list(zip(names, vectors, strict=True)), longest, losses
    )
    fields = [
        pa.field(name, column.values.type, metadata=column.notes or None)
        for name, column in zip(names, columns, strict=True)
    ]
    arrays = [column.values for column in columns]
    metadata = RMetadata(columns={name: column.metadata for name, column in zip(names, columns, strict=True)})
    rows = _read_frame_attributes(node, metadata, arrays)
    for name, array in zip(names, arrays, strict=True):
        if len(array) != rows:
            raise DecodeError(
                "Can't read a data frame whose columns differ in length.",
                f"column '{name}' has {len(array)} values, the frame {rows} rows.",
            )
    return _Body(fields, arrays, rows, metadata)


def _table(body: _Body) -> pa.Table:
    if body.fields:
        return pa.Table.from_arrays(body.arrays, schema=pa.schema(body.fields))
    return pa.table({"x": pa.nulls(body.rows)}).select([])


def _decode_struct(node: Node, losses: Losses) -> Column:
    body = _decode_body(node, losses)
    if not body.fields:
        # Why by hand: a struct without fields does not know its rows, and they may be any number.
        values = pa.Array.from_buffers(pa.struct([]), body.rows, [None])
    else:
        values = pa.StructArray.from_arrays(body.arrays, fields=body.fields)
    return Column(values, metadata=body.metadata)


def decode_column(name: str, node: Node, losses: Losses) -> Column:
    """Turn one column into an Arrow array, its field's notes and the attributes left over.

    Raises:
        UnsupportedTypeError: The column has a type outside ``types.csv``.
    """
    if is_frame(node):
        return _decode_struct(node, losses)
    if node.inherits("POSIXlt"):
        return decode_posixlt(name, node, losses)
    dim = node.attribute("dim")
    if dim is not None and dim.length > 1 and node.kind != "list":
        return decode_matrix(name, node, losses)
    for class_name, decode in BY_CLASS.items():
        if node.inherits(class_name):
            return decode(name, node, losses)
    if node.kind == "list":
        return decode_list(node)
    return decode_plain(name, node, losses)


def lists_of(cells: pa.Array, wanted: pa.DataType) -> pa.Array:
    """Read cells that are carried whole, and hold vectors of one type, as lists of it."""
    if not (pa.types.is_list(wanted) or pa.types.is_large_list(wanted)):
        raise DecodeError(f"Can't read a list column as {wanted}.")
    nodes = [decode_node(cell, "a list column's cell") for cell in cells.storage.to_pylist()]
    parts = [None if node.kind == "null" else _items_of(node, wanted.value_type) for node in nodes]
    offsets = np.cumsum([0, *(0 if part is None else len(part) for part in parts)])
    items = [part for part in parts if part is not None]
    kind = pa.LargeListArray if pa.types.is_large_list(wanted) else pa.ListArray
    return kind.from_arrays(
        pa.array(offsets, pa.int64() if kind is pa.LargeListArray else pa.int32()),
        pa.concat_arrays(items) if items else pa.array([], wanted.value_type),
        mask=pa.array([part is None for part in parts], pa.bool_()),
    )


def _items_of(node: Node, wanted: pa.DataType) -> pa.Array:
    losses = Losses()
    column = decode_column("", node, losses)
    # What R added to a cell, a list's items have no place for: the cell then stays as R has it.
    if column.metadata or losses.found or column.notes not in ({}, {UNITS_KEY: b"secs"}):
        raise DecodeError("Can't read a list column's cell as items.", "It has more than values.")
    values = column.values
    if values.null_count == len(values):  # nothing tells their type
        return pa.nulls(len(values), wanted)
    if values.type == ROBJECT:
        return lists_of(values, wanted)
    return cast_noted(values, wanted)


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
    for name, value in own_attributes(node).items():
        if name == "row.names":
            rows, explicit = _row_names(value)
            if explicit:
                metadata.attributes[name] = value
        elif name == "class":
            if texts_of(value) != ["data.frame"]:
                metadata.attributes[name] = value
        elif name != "names":
            metadata.attributes[name] = value
    return rows


def _row_names(value: Node) -> tuple[int, bool]:
    """Return the number of rows and whether the row names say more than 1..n."""
    if value.kind != "integer":
        return value.length, True
    rows = compact_rows(value)
    if rows is not None:
        return rows, False
    numbers = to_array(value)
    return len(numbers), not numbers.equals(pa.array(np.arange(1, len(numbers) + 1, dtype=np.int32)))
