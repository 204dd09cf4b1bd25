"""Arrow tables -> R data frames; structs -> data frames as columns.

Source: R Internals, section 1.1 (SEXPTYPEs) and 1.3 (attributes); ``types.csv``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from crossframe import _rserial
from crossframe.attributes import STORAGE_KEY, Attributes, RMetadata, character
from crossframe.codecs.columns import check_names
from crossframe.codecs.from_r import decode_column
from crossframe.codecs.from_r_columns import INT32_MAX, INT64_MAX, unsupported
from crossframe.codecs.posixlt import KEPT, STORAGE, encode_posixlt
from crossframe.codecs.r_origin import ORIGIN_ATTRIBUTE, origin_node
from crossframe.codecs.to_r_cells import encode_list, encode_matrix, encode_robjects, is_list_of_vectors
from crossframe.codecs.to_r_columns import BY_ROW, Vector
from crossframe.columnwise import convert_each
from crossframe.levels import with_same_levels
from crossframe.losses import Losses
from crossframe.types import row_name

if TYPE_CHECKING:
    from collections.abc import Mapping

    from crossframe._rserial import Node


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

    def encode(column: tuple[pa.Field, pa.ChunkedArray], own: Losses) -> tuple[Node, str | None]:
        field, chunks = column
        node = encode_column(field, _one_array(chunks), metadata.column(field.name), own)
        return node, _brought_back(field.type, chunks, node)

    encoded = convert_each(
        encode, list(zip(table.schema, table.columns, strict=True)), table.num_rows, losses
    )
    r_types = {
        name: row for name, (_, row) in zip(table.column_names, encoded, strict=True) if row is not None
    }
    return _rserial.generic_list([node for node, _ in encoded], _frame_attributes(table, metadata, r_types))


def _one_array(chunks: pa.ChunkedArray) -> pa.Array:
    if chunks.num_chunks > 1 and pa.types.is_string(chunks.type) and chunks.nbytes > INT32_MAX:
        # Why: 32-bit offsets reach to the end of each chunk, and not of all together.
        chunks = chunks.cast(pa.large_string())
    array = chunks.chunk(0) if chunks.num_chunks == 1 else with_same_levels(chunks).combine_chunks()
    if isinstance(array, pa.ChunkedArray):  # none
        return array.chunk(0) if array.num_chunks else pa.array([], chunks.type)
    return array


def _frame_attributes(
    table: pa.Table, metadata: RMetadata, r_types: Mapping[str, str]
) -> list[tuple[str, Node]]:
    attributes: Attributes = {
        "names": character(table.column_names),
        "class": character(["data.frame"]),
        "row.names": _rserial.vector(pa.array([None, -table.num_rows], pa.int32())),
    }
    kept = dict(metadata.attributes)
    row_names = kept.get("row.names")
    if row_names is not None and row_names.length != table.num_rows:
        del kept["row.names"]
    attributes |= {name: node for name, node in kept.items() if node.kind != "null"}
    origin = origin_node(table.schema, r_types)
    if origin is not None:
        attributes[ORIGIN_ATTRIBUTE] = origin
    return list(attributes.items())


# ---- columns


def encode_column(field: pa.Field, values: pa.Array, metadata: RMetadata, losses: Losses) -> Node:
    """Turn one column into an R vector with its attributes.

    Raises:
        UnsupportedTypeError: The column has a type outside ``types.csv``, or values no R type holds.
    """
    own = metadata.attributes
    row = row_name(field.type)
    if row == "struct":
        return _encode_struct(field, values, metadata, losses)
    if row == "posixct" and (field.metadata or {}).get(STORAGE_KEY) == STORAGE:
        return encode_posixlt(field.name, values, own.get(KEPT), losses)
    if row == "matrix":
        vector = encode_matrix(field, values, own, losses)
    elif row == "list" and is_list_of_vectors(field.type):
        vector = _encode_vectors(field, values, losses)
    elif row == "list":
        vector = encode_list(field, values, losses)
    elif row == "robject":
        vector = encode_robjects(field, values)
    elif row in BY_ROW:
        vector = BY_ROW[row](field, values, losses)
    else:
        raise unsupported(field.name, f"Arrow's {field.type}")
    return _with_attributes(vector, own, s4=(field.metadata or {}).get(STORAGE_KEY) == b"S4")


def _encode_vectors(field: pa.Field, values: pa.Array, losses: Losses) -> Vector:
    """Turn lists into an R list whose cells are vectors with a class, or lists; a missing one is ``NULL``."""
    item = pa.field(field.name, field.type.value_type)
    cells = [
        encode_column(item, cell.values, RMetadata(), losses) if cell.is_valid else _rserial.null()
        for cell in values
    ]
    return Vector(_rserial.generic_list(cells))


def _with_attributes(vector: Vector, own: Mapping[str, Node], *, s4: bool) -> Node:
    """Join implied and kept attributes; a kept ``NULL`` removes an implied one."""
    joined = {name: node for name, node in (vector.implied | dict(own)).items() if node.kind != "null"}
    if not joined and not s4:
        return vector.values
    return _rserial.with_attributes(vector.values, list(joined.items()), s4=s4)


def _encode_struct(field: pa.Field, values: pa.Array, metadata: RMetadata, losses: Losses) -> Node:
    losses.add(field.name, values.null_count, "a missing row", "of a struct become rows of missing values")
    inner = [field.type.field(i) for i in range(field.type.num_fields)]
    check_names([one.name for one in inner])
    columns = [
        encode_column(one, array, metadata.column(one.name), losses)
        for one, array in zip(inner, values.flatten(), strict=True)
    ]
    attributes: Attributes = {
        "names": character([one.name for one in inner]),
        "class": character(["data.frame"]),
        "row.names": _rserial.vector(pa.array([None, -len(values)], pa.int32())),
    } | {name: node for name, node in metadata.attributes.items() if node.kind != "null"}
    return _rserial.generic_list(columns, list(attributes.items()))


# ---- what R brings back by itself

_EXACT = {
    pa.bool_(): "logical",
    pa.int32(): "integer",
    pa.float64(): "double",
    pa.string(): "character",
}


def _brought_back(arrow_type: pa.DataType, values: pa.ChunkedArray, column: Node) -> str | None:
    """Return ``None`` where decoding gives the very Arrow type again, else the row it will give."""
    if _EXACT.get(arrow_type) == column.kind and not column.inherits("integer64"):
        return None
    if _is_usual(arrow_type, values):
        return None
    if pa.types.is_nested(arrow_type):
        column = _rserial.decode(_rserial.encode(column))
    # Why decoded: what comes back is then known, not foretold; such columns are few.
    decoded = decode_column("", column, Losses()).values.type
    same = decoded == arrow_type and not pa.types.is_large_string(arrow_type)
    return None if same else row_name(decoded)


def _is_usual(arrow_type: pa.DataType, values: pa.ChunkedArray) -> bool:
    if arrow_type == pa.date32():
        return True
    if pa.types.is_large_string(arrow_type):
        # What 32-bit offsets can't reach is decoded as it is here.
        return bool((pc.sum(pc.binary_length(values)).as_py() or 0) > INT32_MAX)
    if pa.types.is_dictionary(arrow_type):
        return bool(arrow_type.index_type == pa.int32() and arrow_type.value_type == pa.string())
    if pa.types.is_timestamp(arrow_type):
        return bool(arrow_type.tz is not None and arrow_type.unit == _unit_of(values))
    return bool(pa.types.is_duration(arrow_type) and arrow_type.unit == _unit_of(values))


def _unit_of(values: pa.ChunkedArray) -> str:
    """Return the unit that decoding will choose: microseconds where a value is beyond nanoseconds."""
    if values.type.unit != "us":
        return "ns"
    furthest = pc.min_max(values.cast(pa.int64()))
    low, high = furthest["min"].as_py(), furthest["max"].as_py()
    return "us" if low is not None and max(-low, high) > INT64_MAX // 1000 else "ns"
