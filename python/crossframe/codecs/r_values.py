"""R objects <-> values: data frames, vectors, lists of these; anything else is carried as it is.

Source: R Internals, section 1.1 (SEXPTYPEs).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa

from crossframe import _rserial
from crossframe.attributes import RMetadata, RValue, character, from_python, texts_of
from crossframe.codecs.from_r import decode_column, decode_frame, is_frame
from crossframe.codecs.from_r_columns import own_attributes
from crossframe.codecs.to_r import encode_column, encode_frame
from crossframe.errors import DecodeError, UnsupportedTypeError
from crossframe.values import VECTOR_COLUMN, RList, RVector, Value

if TYPE_CHECKING:
    from crossframe._rserial import Node
    from crossframe.losses import Losses

_ATOMIC = {"logical", "integer", "double", "complex", "character", "raw"}
# Lists nested deeper are carried as they are: Python's own recursion ends at a thousand.
_DEPTH = 100


def decode_value(node: Node, losses: Losses, *, depth: int = _DEPTH) -> Value:
    """Turn an R object into a value.

    Raises:
        UnsupportedTypeError: A column of a data frame has a type outside ``types.csv``.
        DecodeError: An object contradicts its class.
    """
    if node.kind == "null":
        return None
    if is_frame(node):
        return decode_frame(node, losses)
    if node.kind in _ATOMIC or node.inherits("POSIXlt"):
        return _decode_vector(node, losses)
    if node.kind == "list" and depth:
        return _decode_list(node, losses, depth)
    return RValue(_rserial.encode(node, ascii=True).decode("ascii"))


def _decode_vector(node: Node, losses: Losses) -> RVector:
    column = decode_column(VECTOR_COLUMN, node, losses)
    field = pa.field(VECTOR_COLUMN, column.values.type, metadata=column.notes or None)
    table = pa.Table.from_arrays([column.values], schema=pa.schema([field]))
    return RVector(RMetadata(columns={VECTOR_COLUMN: column.metadata}).apply(table))


def _decode_list(node: Node, losses: Losses, depth: int) -> RList:
    attributes = own_attributes(node)
    names = attributes.pop("names", None)
    texts = tuple(text or "" for text in texts_of(names)) if names is not None else None
    if texts is not None and len(texts) != node.length:
        raise DecodeError(f"Can't read a list of {node.length} elements with {len(texts)} names.")
    items = tuple(decode_value(item, losses, depth=depth - 1) for _, item in node.entries)
    return RList(items, texts, attributes)


def encode_value(value: Value, losses: Losses) -> Node:
    """Turn a value into an R object.

    Raises:
        UnsupportedTypeError: A column or vector has a type outside ``types.csv``.
    """
    if value is None:
        return _rserial.null()
    if isinstance(value, pa.Table):
        return encode_frame(value, losses)
    if isinstance(value, RVector):
        return _encode_vector(value, losses)
    if isinstance(value, RList):
        return _encode_list(value, losses)
    if isinstance(value, RValue):
        return from_python(value, "value")
    raise UnsupportedTypeError(f"Can't turn a {type(value).__name__} into an R object.")


def _encode_vector(value: RVector, losses: Losses) -> Node:
    field = value.table.schema.field(0)
    array = value.table.column(0).combine_chunks()
    if isinstance(array, pa.ChunkedArray):
        array = array.chunk(0) if array.num_chunks else pa.array([], field.type)
    metadata = RMetadata.of(value.table.schema).column(field.name)
    return encode_column(field, array, metadata, losses)


def _encode_list(value: RList, losses: Losses) -> Node:
    attributes = dict(value.attributes)
    if value.names is not None:
        attributes["names"] = character(value.names)
    return _rserial.generic_list(
        [encode_value(item, losses) for item in value.items], list(attributes.items())
    )
