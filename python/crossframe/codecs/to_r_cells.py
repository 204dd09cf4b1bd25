"""Arrow columns whose cells hold more than one value -> R lists and matrices.

Source: ``types.csv``, rows list, robject and matrix.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from crossframe import _rserial
from crossframe.attributes import decode_failures, to_array
from crossframe.codecs.from_r_columns import unsupported
from crossframe.codecs.to_r_columns import BY_ROW, Vector
from crossframe.types import row_name

if TYPE_CHECKING:
    from crossframe._rserial import Node
    from crossframe.attributes import Attributes
    from crossframe.losses import Losses

_ITEM_ROWS = {"logical", "integer", "integer64", "double", "character"}
_CELL_ROWS = {"date", "posixct", "difftime", "hms"}


def _encode_items(field: pa.Field, items: pa.Array, losses: Losses) -> Node:
    """Turn the items of all cells into one plain R vector."""
    row = row_name(items.type)
    if row not in _ITEM_ROWS:
        raise unsupported(field.name, str(field.type))
    vector = BY_ROW[row](field.with_type(items.type), items, losses)
    if vector.implied:
        raise unsupported(field.name, f"{field.type} with integers beyond R's")
    return vector.values


def encode_list(field: pa.Field, values: pa.Array, losses: Losses) -> Vector:
    """Turn lists of one atomic type into an R list of vectors; a missing list is ``NULL``."""
    lengths = pc.list_value_length(values).cast(pa.int32())
    items = _encode_items(field, values.flatten(), losses)
    return Vector(_rserial.split(items, _rserial.vector(lengths)))


def is_list_of_vectors(arrow_type: pa.DataType) -> bool:
    """Whether the cells are R vectors with a class, or lists again: each is then encoded as a column is."""
    item = arrow_type.value_type
    row = row_name(item)
    return row in _CELL_ROWS or (row == "list" and (is_list_of_vectors(item) or _holds_items(item)))


def _holds_items(arrow_type: pa.DataType) -> bool:
    return row_name(arrow_type.value_type) in _ITEM_ROWS


def encode_matrix(field: pa.Field, values: pa.Array, own: Attributes, losses: Losses) -> Vector:
    """Turn lists of k values into an R matrix of n rows x k columns, or the array that ``dim`` says."""
    rows, width = len(values), field.type.list_size
    losses.add(field.name, values.null_count, "a missing row", "of a matrix become rows of missing values")
    by_column = np.arange(rows * width).reshape(rows, width).T.ravel()
    items = pa.concat_arrays([values]).values if values.offset else values.values[: rows * width]
    missing = np.isin(by_column // width, np.flatnonzero(values.is_null())) if values.null_count else None
    ordered = items.take(pa.array(by_column, mask=missing))
    row = row_name(items.type)
    if row not in BY_ROW:
        raise unsupported(field.name, str(field.type))
    vector = BY_ROW[row](field.with_type(items.type), ordered, losses)
    vector.implied["dim"] = _rserial.vector(pa.array([rows, width], pa.int32()))
    _forget_other_shape(own, rows, width)
    return vector


def _forget_other_shape(own: Attributes, rows: int, width: int) -> None:
    """Drop the shape that was kept, where the column has another one by now."""
    kept = own.get("dim")
    if kept is None or kept.kind not in {"integer", "double"}:
        return
    dims = to_array(kept).to_pylist()
    if dims[0] != rows or None in dims or int(np.prod(dims[1:], dtype=object)) != width:
        own.pop("dim")
        own.pop("dimnames", None)


def encode_robjects(field: pa.Field, values: pa.Array) -> Vector:
    """Turn each cell's serialization into the R value it is.

    Raises:
        DecodeError: A cell is no serialization.
        UnsafeDataError: A cell holds code.
    """
    cells = pa.concat_arrays([values.storage])
    if cells.null_count:
        cells = cells.fill_null(_rserial.encode(_rserial.null()))
    with decode_failures(f"column '{field.name}'"):
        return Vector(_rserial.unserialize_cells(_rserial.vector(cells)))
