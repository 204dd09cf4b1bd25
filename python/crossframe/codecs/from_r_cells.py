"""R columns whose cells hold more than one value -> Arrow arrays: lists and matrices.

Source: ``types.csv``, rows list, robject and matrix.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from crossframe import _rserial
from crossframe.arrow_types import ROBJECT, fixed_lists
from crossframe.attributes import RMetadata, to_array
from crossframe.codecs.from_r_columns import Column, decode_plain, own_attributes
from crossframe.errors import DecodeError

if TYPE_CHECKING:
    from crossframe._rserial import Node
    from crossframe.losses import Losses


def decode_list(node: Node) -> Column:
    """Turn a list column into lists of one atomic type, else into each cell's serialization."""
    flat = None if node.s4 else _rserial.flatten(node)
    values = _opaque(node) if flat is None else _lists(*flat)
    return Column(values, metadata=RMetadata(own_attributes(node)))


def _lists(values: Node, lengths: Node) -> pa.Array:
    counts = to_array(lengths)
    offsets = np.zeros(len(counts) + 1, np.int64)
    np.cumsum(counts.fill_null(0).to_numpy(), out=offsets[1:])
    items = to_array(values)
    if pa.types.is_large_string(items.type) and items.nbytes < _INT32_MAX:
        items = items.cast(pa.string())
    kind = pa.LargeListArray if offsets[-1] > _INT32_MAX else pa.ListArray
    offset_type = pa.int64() if kind is pa.LargeListArray else pa.int32()
    return kind.from_arrays(pa.array(offsets).cast(offset_type), items, mask=counts.is_null())


_INT32_MAX = 2**31 - 1
# Why: numpy counts bytes, and a size of zero hides how large the others are.
_MOST_CELLS = 2**48


def _opaque(node: Node) -> pa.Array:
    cells = pa.array(_rserial.serialize_cells(node))
    return pa.ExtensionArray.from_storage(ROBJECT, cells.cast(pa.binary()))


def decode_matrix(name: str, node: Node, losses: Losses) -> Column:
    """Turn a matrix of n rows x k columns, or an array of n first, into n lists of k values.

    Why ``dim`` stays an attribute: it tells a matrix from an array, and says k where there are no rows.
    """
    dim = node.attribute("dim")
    dims = [] if dim is None or dim.kind != "integer" else to_array(dim).to_pylist()
    if any(size is None or size < 0 for size in dims) or int(np.prod(dims, dtype=object)) != node.length:
        raise DecodeError(f"Can't read matrix '{name}'.", f"Its dim {dims} is not its length, {node.length}.")
    spanned = [max(size, 1) for size in dims]
    if math.prod(spanned[1:]) > _INT32_MAX or math.prod(spanned) > _MOST_CELLS:
        raise DecodeError(f"Can't read matrix '{name}'.", f"Its dim {dims} is beyond what can be counted.")
    column = decode_plain(name, node, losses)
    rows, width = dims[0], int(np.prod(dims[1:], dtype=object))
    # R keeps matrices by column, Arrow's lists go by row.
    by_row = np.arange(node.length).reshape(width, rows).T.ravel()
    items = column.values.take(pa.array(by_row))
    column.values = fixed_lists(items, width, rows)
    return column
