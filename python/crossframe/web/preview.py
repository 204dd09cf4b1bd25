"""What is in a file: rows, a tree, text, a picture, or why it is better not opened."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

from crossframe.arrow_types import with_one_dictionary
from crossframe.attributes import RMetadata, to_array
from crossframe.errors import CrossframeError, DecodeError, UnknownFormatError, UnsafeDataError, UsageError
from crossframe.extensions import split_extensions
from crossframe.heads import Head, head
from crossframe.safety import check_at
from crossframe.snippets import loading
from crossframe.types import describe
from crossframe.values import RVector
from crossframe.web.actions import is_restorable
from crossframe.web.cells import texts_of
from crossframe.web.noting import noted
from crossframe.web.places import uri_of
from crossframe.web.replies import RefusedError, asked
from crossframe.web.sending import image_type
from crossframe.web.site import site_of
from crossframe.web.summaries import summary
from crossframe.web.trees import tree

if TYPE_CHECKING:
    from starlette.requests import Request

    from crossframe.results import ColumnInfo
    from crossframe.stores import Location

ROWS = 200
_MOST_COLUMNS = 500
_TEXT_BYTES = 64 * 1024
_R_KINDS = {"rds", "rdata"}

Body = dict[str, Any]


def details(request: Request) -> Body:
    """Tell what the store tells of an object, and the lines that load it."""
    site = site_of(request)
    path = asked(request, "path")
    location = _object(site.place.locate(path))
    meta = location.store.head(location.key)
    where, name = uri_of(location), location.key.rpartition("/")[2]
    return {
        "path": path,
        "name": name,
        "size": meta.size,
        "modified": int(meta.modified.timestamp() * 1000),
        "etag": meta.etag,
        "version": meta.version,
        "storage_class": meta.storage_class,
        "media_type": meta.media_type,
        "metadata": dict(meta.metadata),
        "restorable": is_restorable(location),
        "where": where,
        "lines": loading(where, name),
    }


def preview(request: Request) -> Body:
    """Tell what is in an object; of a large one no more is read than shown."""
    location = _object(site_of(request).place.locate(asked(request, "path")))
    version = request.query_params.get("version")
    if image_type(location.key):
        location.store.head(location.key, version=version)
        return {"kind": "image"}
    if location.key.lower().endswith(".txt"):
        return _text(location, version)
    name = request.query_params.get("object")
    with noted() as notes:
        found = _content(request, location, name, version)
    return found | {"notes": notes}


def _object(location: Location) -> Location:
    if not location.key or location.key.endswith("/"):
        raise RefusedError(400, "That is a folder, and no file.")
    return location


def _content(request: Request, location: Location, name: str | None, version: str | None) -> Body:
    try:
        found = head(location, ROWS, name=name, version=version)
    except UnknownFormatError:
        return _text(location, version)
    except UnsafeDataError:
        return {"kind": "report", "report": check_at(location, version=version).as_dict()}
    except DecodeError as error:
        if split_extensions(location.key).format in _R_KINDS | {"parquet"}:
            raise
        shown = _text(location, version)
        return shown | {"problem": error.problem + (f" {error.detail}" if error.detail else "")}
    order = request.query_params.get("sort")
    return _shown(found, order, descending=request.query_params.get("descending") == "yes")


def _shown(found: Head, order: str | None, *, descending: bool) -> Body:
    objects = [{"name": one.name, "kind": one.kind, "rows": one.rows} for one in found.objects]
    body = {
        "format": found.choice.format,
        "compression": found.choice.compression,
        "objects": objects,
        "object": found.info.name,
    }
    value = found.value
    if isinstance(value, RVector):
        table, rows = value.table, value.table.num_rows
    elif isinstance(value, pa.Table):
        table, rows = value, found.info.rows
    else:
        return body | {"kind": "tree", "tree": tree(value, found.info.name)}
    return (
        body
        | _table(table, found.info.columns, order, descending=descending)
        | {
            "rows": rows,
            "whole": found.whole,
            "read": table.num_rows,
        }
    )


def _table(table: pa.Table, infos: tuple[ColumnInfo, ...], order: str | None, *, descending: bool) -> Body:
    positions = range(min(table.num_columns, _MOST_COLUMNS))
    shown, names = table.slice(0, ROWS), _row_names(table)
    if order is not None:
        rows = _sorted(table, order, descending=descending)
        shown = table.take(rows)
        names = None if names is None else [names[row] for row in rows.to_pylist()]
    cells = [texts_of(table.schema.field(i), shown.column(i)) for i in positions]
    return {
        "kind": "table",
        "columns": [_column(table, i, infos[i] if i < len(infos) else None) for i in positions],
        "cells": cells,
        "count": shown.num_rows,
        "row_names": None if names is None else names[:ROWS],
        "more_columns": table.num_columns - len(positions),
    }


def _column(table: pa.Table, position: int, info: ColumnInfo | None) -> Body:
    field, column = table.schema.field(position), table.column(position)
    words = describe(field.type)
    return {
        "name": field.name,
        "r": info.r if info else words.r,
        "pandas": info.pandas if info else words.pandas,
        "missing": info.missing if info else column.null_count,
        "missing_read": column.null_count,
        "number": bool(pa.types.is_integer(field.type) or pa.types.is_floating(field.type)),
        "summary": _summary(field, column),
    }


def _summary(field: pa.Field, column: pa.ChunkedArray) -> Body | None:
    try:
        return summary(field, column)
    except (pa.ArrowException, CrossframeError, ValueError, OverflowError):
        return None  # a glance is no reason not to show the rows


def _sorted(table: pa.Table, order: str, *, descending: bool) -> pa.Array:
    """Return the first rows in the order of a column; factors by their levels, what is missing last."""
    position = table.schema.get_field_index(order)
    if position < 0:
        raise UsageError(f"Can't sort by '{order}'.", "There is no such column.")
    column = table.column(position)
    if pa.types.is_dictionary(column.type):
        column = with_one_dictionary(column)
        column = pa.chunked_array([chunk.indices for chunk in column.chunks], column.type.index_type)
    direction = "descending" if descending else "ascending"
    try:
        rows = pc.sort_indices(pa.table({"x": column}), sort_keys=[("x", direction)])
    except pa.ArrowException:
        raise RefusedError(422, f"Can't sort by '{order}': its values have no order.") from None
    return rows[:ROWS]


def _row_names(table: pa.Table) -> list[str] | None:
    """Return the row names of a frame that has other ones than numbers from 1."""
    node = RMetadata.of(table.schema).attributes.get("row.names")
    if node is None or node.length < table.num_rows or node.kind not in {"character", "integer"}:
        return None
    if node.undecodable:
        return None
    values = to_array(node).to_pylist()
    return ["" if one is None else str(one) for one in values]


def _text(location: Location, version: str | None) -> Body:
    meta = location.store.head(location.key, version=version)
    data = location.store.get(location.key, start=0, length=min(meta.size, _TEXT_BYTES), version=version)
    start = bytes(data)
    if b"\0" in start:
        return {"kind": "none", "size": meta.size}
    # A character may be cut in two at the end.
    for cut in range(4):
        try:
            text = start[: len(start) - cut].decode()
        except UnicodeDecodeError:
            continue
        return {"kind": "text", "text": text, "whole": meta.size <= len(start), "size": meta.size}
    return {"kind": "none", "size": meta.size}
