"""What an R data frame remembers of the Arrow table it was made from.

R has one integer and one double; pandas and Arrow have many. A frame that went
from Python to R keeps, in one attribute, the Arrow types that R's own types do
not bring back, and pandas' note on its index and dtypes. It is used on the way
back only for columns that still have the R type they were written with.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from crossframe import _rserial
from crossframe.attributes import STORAGE_KEY, to_array
from crossframe.codecs.csv_schema import parse_type
from crossframe.errors import DecodeError
from crossframe.types import row_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from crossframe._rserial import Node

ORIGIN_ATTRIBUTE = "crossframe"
PANDAS_KEY = b"pandas"


def origin_node(schema: pa.Schema, r_types: Mapping[str, str]) -> Node | None:
    """Return the attribute's value, or ``None`` where R's types say it all.

    Args:
        schema: The table's schema.
        r_types: For each column whose Arrow type R does not bring back: the R type it was written as.
    """
    document: dict[str, Any] = {}
    if r_types:
        document["columns"] = {
            name: {"arrow": str(schema.field(name).type), "r": r_type} for name, r_type in r_types.items()
        }
    pandas = (schema.metadata or {}).get(PANDAS_KEY)
    if pandas is not None:
        document["pandas"] = json.loads(pandas)
    if not document:
        return None
    return _rserial.vector(pa.array([json.dumps(document, ensure_ascii=False)]))


def restore_origin(table: pa.Table, node: Node) -> pa.Table:
    """Give a table decoded from R the Arrow types that :func:`origin_node` noted, where they still fit.

    Why lenient: the attribute outlives edits in R, so what no longer fits is passed over.
    """
    document = _document(node)
    columns = document.get("columns")
    for name, entry in columns.items() if isinstance(columns, dict) else ():
        index = table.schema.get_field_index(name)
        if index < 0 or not isinstance(entry, dict):
            continue
        field = table.schema.field(index)
        row = row_of(field.type)
        if row is None or row.type != entry.get("r"):
            continue
        restored = _cast(table.column(index), str(entry.get("arrow")))
        if restored is not None:
            notes = {key: value for key, value in (field.metadata or {}).items() if key != STORAGE_KEY}
            table = table.set_column(index, pa.field(name, restored.type, metadata=notes or None), restored)
    pandas = document.get("pandas")
    if isinstance(pandas, dict):
        metadata = (table.schema.metadata or {}) | {PANDAS_KEY: json.dumps(pandas).encode()}
        table = table.replace_schema_metadata(metadata)
    return table


def _document(node: Node) -> dict[str, Any]:
    if node.kind != "character" or node.length != 1 or node.undecodable:
        return {}
    try:
        document = json.loads(to_array(node)[0].as_py() or "")
    except (ValueError, RecursionError):
        return {}
    return document if isinstance(document, dict) else {}


def _cast(column: pa.ChunkedArray, arrow_type: str) -> pa.ChunkedArray | None:
    try:
        return column.cast(parse_type(arrow_type))
    except (DecodeError, pa.ArrowInvalid, pa.ArrowNotImplementedError):
        return None
