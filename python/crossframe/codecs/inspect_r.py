"""What an RDS or RData holds; converted are only columns that came from other types than R's."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pyarrow as pa

from crossframe.attributes import compact_rows, texts_of, to_array
from crossframe.codecs.from_r import decode_column, is_frame, lists_of
from crossframe.codecs.from_r_columns import is_zone
from crossframe.codecs.r_origin import ORIGIN_ATTRIBUTE, read_origin, restored_column
from crossframe.errors import CrossframeError
from crossframe.losses import Losses
from crossframe.pandas_note import dtype_word, noted_dtypes, parse_note
from crossframe.results import ColumnInfo, ObjectInfo
from crossframe.types import describe, type_table

if TYPE_CHECKING:
    from crossframe._rserial import Node

_CLASSES = {
    "factor": "factor",
    "Date": "date",
    "POSIXct": "posixct",
    "POSIXlt": "posixlt",
    "hms": "hms",
    "difftime": "difftime",
    "integer64": "integer64",
}


def describe_object(name: str, node: Node) -> ObjectInfo:
    """Return an object's kind, length and dimensions, and a data frame's columns."""
    classes = tuple(text or "" for text in texts_of(node.attribute("class")))
    kind = "/".join(classes) or ("NULL" if node.kind == "null" else node.kind)
    if is_frame(node):
        columns = _describe_columns(node)
        rows = _rows(node)
        return ObjectInfo(name, kind, rows, columns, dim=(rows, node.length))
    dim = node.attribute("dim")
    dims = None
    if dim is not None and dim.kind == "integer":
        dims = tuple(int(size or 0) for size in to_array(dim).to_pylist())
    return ObjectInfo(name, kind, None, (), length=node.length, dim=dims)


def _rows(node: Node) -> int:
    row_names = node.attribute("row.names")
    if row_names is None:
        return node.entries[0][1].length if node.length else 0
    rows = compact_rows(row_names)
    return row_names.length if rows is None else rows


def _describe_columns(node: Node) -> tuple[ColumnInfo, ...]:
    origin = read_origin(node.attribute(ORIGIN_ATTRIBUTE))
    dtypes = noted_dtypes(parse_note(origin.pandas))
    columns = []
    for name, (_, column) in zip(texts_of(node.attribute("names")), node.entries, strict=False):
        found = _describe_column(name or "", column, origin.columns.get(name or ""))
        pandas = dtype_word(found.arrow, found.pandas, dtypes.get(name), found.missing)
        columns.append(replace(found, pandas=pandas))
    return tuple(columns)


def _describe_column(name: str, node: Node, noted: object) -> ColumnInfo:
    row = type_table()[_row(node)]
    arrow, pandas = row.arrow, row.pandas
    zones = texts_of(node.attribute("tzone"))
    if row.type == "posixct" and len(zones) == 1 and zones[0] and is_zone(zones[0]):
        arrow, pandas = arrow.replace("UTC", zones[0]), pandas.replace("UTC", zones[0])
    if row.type == "factor" and node.inherits("ordered"):
        row = type_table()["ordered"]
    if arrow.startswith("dictionary"):
        arrow = "dictionary (ordered)" if row.type == "ordered" else "dictionary"
    came_as = None if noted is None else _restored_type(name, node, noted)
    if came_as is not None:
        words = describe(came_as)
        arrow, pandas = words.arrow, words.pandas
    return ColumnInfo(name, row.r_class, arrow, pandas, node.null_count)


def _restored_type(name: str, node: Node, noted: object) -> pa.DataType | None:
    """Return the Arrow type that a column is given back; ``None`` where it is R's own."""
    try:
        values = decode_column(name, node, Losses()).values
    except CrossframeError:
        return None
    restored = restored_column(pa.chunked_array([values]), noted, lists_of)
    return None if restored is None else restored.type


def _row(node: Node) -> str:
    """Return the row of ``types.csv`` that a column will be read by."""
    if is_frame(node):
        return "struct"
    for class_name, row in _CLASSES.items():
        if node.inherits(class_name):
            return row
    dim = node.attribute("dim")
    if dim is not None and dim.length > 1 and node.kind != "list":
        return "matrix"
    if node.kind == "character" and node.undecodable:
        return "bytes"
    return node.kind if node.kind in type_table() else "robject"
