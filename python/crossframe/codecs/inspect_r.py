"""What an RDS or RData holds, told without converting any of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crossframe.attributes import compact_rows, texts_of, to_array
from crossframe.codecs.from_r import is_frame
from crossframe.codecs.from_r_columns import is_zone
from crossframe.results import ColumnInfo, ObjectInfo
from crossframe.types import type_table

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
        names = texts_of(node.attribute("names"))
        columns = tuple(
            _describe_column(one or "", column) for one, (_, column) in zip(names, node.entries, strict=False)
        )
        rows = _rows(node)
        return ObjectInfo(name, kind, rows, columns, dim=(rows, node.length))
    dim = node.attribute("dim")
    dims = tuple(int(size or 0) for size in to_array(dim).to_pylist()) if dim is not None else None
    return ObjectInfo(name, kind, None, (), length=node.length, dim=dims)


def _rows(node: Node) -> int:
    row_names = node.attribute("row.names")
    if row_names is None:
        return node.entries[0][1].length if node.length else 0
    rows = compact_rows(row_names)
    return row_names.length if rows is None else rows


def _describe_column(name: str, node: Node) -> ColumnInfo:
    row = type_table()[_row(node)]
    arrow, pandas = row.arrow, row.pandas
    zones = texts_of(node.attribute("tzone"))
    if row.type == "posixct" and len(zones) == 1 and zones[0] and is_zone(zones[0]):
        arrow, pandas = arrow.replace("UTC", zones[0]), pandas.replace("UTC", zones[0])
    if row.type == "factor" and node.inherits("ordered"):
        row = type_table()["ordered"]
    if arrow.startswith("dictionary"):
        arrow = "dictionary (ordered)" if row.type == "ordered" else "dictionary"
    return ColumnInfo(name, row.r_class, arrow, pandas, node.null_count)


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
