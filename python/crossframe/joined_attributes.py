"""R's attributes of tables below each other: those in which the tables agree.

What rows below each other make untrue goes without a word: it is listed in ``row_bound.csv``.
"""

from __future__ import annotations

import csv
import functools
from importlib import resources
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from crossframe import _rserial
from crossframe.attributes import R_KEY, RMetadata, character, texts_of, to_array

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from crossframe._rserial import Node
    from crossframe.attributes import Attributes
    from crossframe.losses import Losses

_ROWS = "row.names"
_NOT_KEPT = "differ between the keys and are not kept"


@functools.cache
def row_bound(of: str) -> frozenset[str]:
    """Return the names of what is true of one table's rows only.

    Args:
        of: ``"frame"`` or ``"column"`` for attributes, or ``"class"``.
    """
    text = resources.files("crossframe").joinpath("row_bound.csv").read_text(encoding="utf-8")
    return frozenset(row["name"] for row in csv.DictReader(text.splitlines()) if row["of"] == of)


def joined_attributes(tables: Sequence[pa.Table], losses: Losses) -> RMetadata:
    """Return the attributes of the first table to have them, where no other contradicts.

    Args:
        tables: One or more, whose rows are put below each other.
        losses: Takes those in which they differ.
    """
    # Why by text: mostly all tables have one, and to read it takes as long as all else that is done of them.
    said_of = [_said(table) for table in tables]
    schemas = {said: table.schema for said, table in zip(reversed(said_of), reversed(tables), strict=True)}
    noted = {said: RMetadata.of(schemas[said]) for said in dict.fromkeys(said_of)}
    rows = [noted[said].attributes.get(_ROWS) for said in said_of]
    for one in noted.values():
        one.attributes.pop(_ROWS, None)
    shapes: dict[str, Attributes] = {}
    if len(tables) > 1:
        count = sum(table.num_rows for table in tables)
        names = {name for schema in schemas.values() for name in schema.names}
        shapes = _shapes(noted.values(), names, count)
        noted = {said: _frame_unbound(one, schemas[said]) for said, one in noted.items()}
    kept = noted[said_of[0]]
    _keep_agreed("the frame", kept.attributes, [one.attributes for one in noted.values()], losses)
    for said, one in noted.items():
        for name in schemas[said].names:
            column = kept.columns.setdefault(name, one.column(name))
            _keep_agreed(name, column.attributes, [one.column(name).attributes], losses)
    for name, shape in shapes.items():
        kept.columns[name].attributes.update(shape)
    _keep_row_names(kept, rows, losses)
    return kept


def _said(table: pa.Table) -> tuple[bytes | None, ...]:
    """Return R's text with the columns it is about: without a text, too, a column says that it has none."""
    text: bytes | None = (table.schema.metadata or {}).get(R_KEY)
    return (text, *(name.encode() for name in table.column_names))


def _frame_unbound(noted: RMetadata, fields: Iterable[pa.Field]) -> RMetadata:
    """Return what is true of a frame and its columns whatever rows there are."""
    columns = {}
    for field in fields:
        column = noted.column(field.name)
        if pa.types.is_struct(field.type):
            columns[field.name] = _frame_unbound(column, field.type)
        else:
            columns[field.name] = RMetadata(_unbound(column.attributes, "column"), column.columns)
    return RMetadata(_unbound(noted.attributes, "frame"), columns)


def _unbound(attributes: Attributes, of: str) -> Attributes:
    kept = {name: node for name, node in attributes.items() if name not in row_bound(of)}
    classes = texts_of(kept.get("class"))
    left = [name for name in classes if name not in row_bound("class")]
    if left != classes:
        del kept["class"]
        if left not in ([], ["data.frame"]):
            kept["class"] = character(left)
    return kept


def _shapes(noted: Iterable[RMetadata], names: Iterable[str], rows: int) -> dict[str, Attributes]:
    """Return the shapes of columns that are arrays, with all the rows."""
    found = {}
    for name in names:
        arrays = [one.columns[name].attributes for one in noted if "dim" in one.column(name).attributes]
        shape = _shape(arrays, rows)
        if shape:
            found[name] = shape
    return found


def _shape(arrays: Sequence[Attributes], rows: int) -> Attributes:
    """Return ``dim``, and ``dimnames`` but for the rows', where all arrays have the same; else nothing."""
    dims = [_sizes(array["dim"]) for array in arrays]
    if not dims or any(len(one) <= 1 or one[1:] != dims[0][1:] for one in dims):
        return {}
    shape = {"dim": _rserial.vector(pa.array([rows, *dims[0][1:]], pa.int32()))}
    names = [_names_of_columns(array.get("dimnames")) for array in arrays]
    if names[0] and all(len(one) == len(names[0]) and all(map(_same, one, names[0])) for one in names):
        shape["dimnames"] = _rserial.generic_list([_rserial.null(), *names[0]])
    return shape


def _sizes(dim: Node) -> list[int | None]:
    return to_array(dim).to_pylist() if dim.kind in {"integer", "double"} else []


def _names_of_columns(dimnames: Node | None) -> list[Node]:
    names = [] if dimnames is None else [node for _, node in dimnames.entries[1:]]
    return names if any(node.kind != "null" for node in names) else []


def _keep_row_names(kept: RMetadata, rows: Sequence[Node | None], losses: Losses) -> None:
    """Keep row names where every table has texts, no two of them the same."""
    given = [one for one in rows if one is not None]
    if not given:
        return
    texts = [one.kind == "character" for one in given]
    if len(given) == len(rows) and all(texts):
        names = pa.concat_arrays([to_array(one) for one in given])
        if len(pc.unique(names)) == len(names):
            kept.attributes["row.names"] = _rserial.vector(names)
            return
    # Numbers, such as a subset has, name nothing among the rows of others.
    if not any(texts):
        return
    losses.add(
        "row names",
        sum(one.length for one in given),
        "the first",
        "are not one for each row and are not kept",
    )


def _keep_agreed(
    column: str, kept: dict[str, Node], others: Sequence[Mapping[str, Node]], losses: Losses
) -> None:
    for name in list(kept):
        if any(name not in other or not _same(kept[name], other[name]) for other in others):
            del kept[name]
            losses.add(column, 1, f"attribute '{name}'", _NOT_KEPT)


def _same(one: Node, other: Node) -> bool:
    return one is other or _rserial.encode(one) == _rserial.encode(other)
