"""Many tables to one: rows below each other, columns by name.

What R's attributes and pandas' note say of the parts is kept where the parts agree.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from crossframe.arrow_types import type_text, with_one_dictionary
from crossframe.attributes import STORAGE_KEY, with_metadata
from crossframe.errors import SchemaMismatchError
from crossframe.joined_attributes import joined_attributes
from crossframe.pandas_note import PANDAS_KEY, read_note
from crossframe.promotion import promote
from crossframe.types import describe

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from crossframe.losses import Losses
    from crossframe.patterns import Pattern

KEY_COLUMN = "key"
_FIELD_TYPES = {"str": pa.string(), "int": pa.int64(), "float": pa.float64(), "date": pa.date32()}


@dataclass(frozen=True, slots=True)
class Part:
    """One table and where it is from.

    Attributes:
        key: Its key, as shown.
        table: n rows x k columns.
        fields: What the key says by its pattern's fields.
    """

    key: str
    table: pa.Table
    fields: Mapping[str, Any]


@dataclass(slots=True)
class _Column:
    """A column in the making: its type so far, and the first key that has it so."""

    field: pa.Field
    key: str


def combine(parts: Sequence[Part], losses: Losses, field_types: Mapping[str, pa.DataType] | None) -> pa.Table:
    """Put tables below each other.

    Args:
        parts: One or more.
        losses: Takes what a promotion can't hold, and attributes in which the parts differ.
        field_types: Type of each field of the pattern; text becomes a factor. ``None`` for parts of one data
            set, whose keys say nothing: there is no ``key`` then either.

    Returns:
        All rows in the order of the parts. Its columns: ``key``, the fields, then the parts' columns in the
        order in which they are first seen. A part without a column has missing values there. A column of the
        parts wins over a field of its name, and over ``key``.

    Raises:
        SchemaMismatchError: A column has types in two parts that no type holds both of.
    """
    columns = _unite(parts)
    schema = pa.schema([column.field for column in columns.values()])
    joined = pa.concat_tables([_fitted(part, schema, losses) for part in parts])
    if columns:
        # Why again: of tables that differ in their notes only, the first's are kept.
        joined = pa.table([with_one_dictionary(column) for column in joined.columns], schema)
    if field_types is None:
        return _with_notes(joined, parts, losses)
    told = {name: values for name, values in _told(parts, field_types).items() if name not in columns}
    # Why by hand: a table without columns has no rows to add a column to.
    arrays = [*told.values(), *joined.columns]
    fields = [*(pa.field(name, values.type) for name, values in told.items()), *joined.schema]
    joined = pa.table(arrays, pa.schema(fields))
    return _with_notes(joined, parts, losses)


def field_types(pattern: Pattern) -> dict[str, pa.DataType]:
    """Return the type of the column of each of a pattern's fields."""
    return {name: _FIELD_TYPES[kind] for name, kind in zip(pattern.fields, pattern.types, strict=True)}


def _unite(parts: Sequence[Part]) -> dict[str, _Column]:
    """Return every column with the type that holds it in all parts."""
    columns: dict[str, _Column] = {}
    levels: dict[str, tuple[str, pa.Array]] = {}
    last: pa.Schema | None = None
    ordered: list[str] = []
    for part in parts:
        # Why without its notes: they tell the number of rows too, and differ where all else is alike.
        schema = part.table.schema.remove_metadata()
        is_new = last is None or not schema.equals(last, check_metadata=True)
        if is_new:
            ordered = [field.name for field in schema if _is_ordered(field.type)]
        for name in ordered:
            _check_order(part, name, levels)
        if is_new:
            _take_in(columns, schema, part.key)
        last = schema
    return columns


def _take_in(columns: dict[str, _Column], schema: pa.Schema, key: str) -> None:
    """Let the columns hold a part's, too."""
    for field in schema:
        known = columns.get(field.name)
        if known is None:
            columns[field.name] = _Column(field.with_nullable(True), key)
        else:
            _widen(known, field, key)


def _is_ordered(kind: pa.DataType) -> bool:
    return pa.types.is_dictionary(kind) and bool(kind.ordered)


def _widen(column: _Column, field: pa.Field, key: str) -> None:
    """Let a column hold what another part has under its name."""
    known = column.field
    united = promote(known.type, field.type)
    if united is None:
        raise _mismatch(field.name, (known.type, column.key), (field.type, key))
    column.field = pa.field(field.name, united, metadata=_notes(known, field, united))
    if known.type != united:
        column.key = key


def _notes(one: pa.Field, other: pa.Field, united: pa.DataType) -> dict[bytes, bytes]:
    """Return a field's notes: the first's, and how R stores it where that holds for the united type."""
    notes = (one.metadata or {}) | {}
    storages = {(field.metadata or {}).get(STORAGE_KEY) for field in (one, other) if field.type == united}
    notes.pop(STORAGE_KEY, None)
    storage = storages.pop() if len(storages) == 1 else None
    return notes if storage is None else notes | {STORAGE_KEY: storage}


def _check_order(part: Part, name: str, levels: dict[str, tuple[str, pa.Array]]) -> None:
    """Refuse an ordered factor whose levels differ from another part's: no order holds for both."""
    for chunk in part.table.column(name).chunks:
        key, known = levels.setdefault(name, (part.key, chunk.dictionary))
        if not known.equals(chunk.dictionary):
            raise _mismatch(name, (_order(known), key), (_order(chunk.dictionary), part.key))


def _order(levels: pa.Array) -> str:
    return f"ordered {' < '.join(map(str, levels.to_pylist()))}"


def _mismatch(
    name: str, one: tuple[pa.DataType | str, str], other: tuple[pa.DataType | str, str]
) -> SchemaMismatchError:
    return SchemaMismatchError(
        f"Can't combine column '{name}': its types differ.",
        f"{_words(one[0])} in '{one[1]}', {_words(other[0])} in '{other[1]}'",
        "Leave it out (columns=), or load the frames one by one and convert it.",
    )


def _words(kind: pa.DataType | str) -> str:
    return kind if isinstance(kind, str) else f"{describe(kind).r} ({type_text(kind)})"


def _fitted(part: Part, schema: pa.Schema, losses: Losses) -> pa.Table:
    """Return a part's table with every column, in its type; the notes may be its own."""
    table = part.table
    if table.schema.equals(schema):
        return table
    arrays = []
    for name, wanted in zip(schema.names, schema.types, strict=True):
        position = table.schema.get_field_index(name)
        if position < 0:
            arrays.append(pa.chunked_array([pa.nulls(table.num_rows, wanted)], wanted))
        else:
            arrays.append(_cast(name, table.column(position), wanted, losses))
    return pa.table(arrays, schema)


def _cast(name: str, values: pa.ChunkedArray, wanted: pa.DataType, losses: Losses) -> pa.ChunkedArray:
    if values.type == wanted:
        return values
    if pa.types.is_null(values.type):
        return pa.chunked_array([pa.nulls(len(values), wanted)], wanted)
    if pa.types.is_dictionary(values.type) and not pa.types.is_dictionary(wanted):
        return values.cast(values.type.value_type).cast(wanted)
    cast = values.cast(wanted, safe=False)
    if not (pa.types.is_dictionary(wanted) or wanted in (pa.string(), pa.large_string())):
        same = pc.equal(cast.cast(values.type, safe=False), values)
        lost = pc.sum(pc.invert(same)).as_py() or 0
        if lost:
            first = values.filter(pc.invert(same))[0]
            losses.add(name, lost, first, f"do not fit into {wanted}")
    return cast


def _told(parts: Sequence[Part], field_types: Mapping[str, pa.DataType]) -> dict[str, pa.Array]:
    """Return the key and the fields of every row."""
    rows = [part.table.num_rows for part in parts]
    told = {KEY_COLUMN: _repeated([part.key for part in parts], pa.string(), rows)}
    for name, kind in field_types.items():
        told[name] = _repeated([part.fields[name] for part in parts], kind, rows)
    return told


def _repeated(values: Sequence[Any], kind: pa.DataType, rows: Sequence[int]) -> pa.Array:
    one_each = pa.array(values, kind)
    # Why text only: R has factors of nothing else.
    encoded = one_each.dictionary_encode() if kind == pa.string() else one_each
    if kind == pa.string() and not encoded.indices.null_count:
        # Why not taken as below: numpy is ten times as fast at it.
        codes = np.repeat(encoded.indices.to_numpy(), rows)
        return pa.DictionaryArray.from_arrays(pa.array(codes, pa.int32()), encoded.dictionary)
    return encoded.take(pa.array(np.repeat(np.arange(len(values)), rows)))


def _with_notes(table: pa.Table, parts: Sequence[Part], losses: Losses) -> pa.Table:
    """Give the whole what R and pandas noted of its parts, where that holds for all of them."""
    table = with_metadata(table, {})
    noted = joined_attributes([part.table for part in parts], losses)
    if noted:
        table = noted.apply(table)
    note = _pandas_note(parts)
    if note is None:
        return table
    return with_metadata(table, {**(table.schema.metadata or {}), PANDAS_KEY: note})


def _pandas_note(parts: Sequence[Part]) -> bytes | None:
    """Return pandas' note of the first, where all have the same index columns or a plain range."""
    # Why by text: mostly all parts have one, and to read it takes as long as all else that is done of a part.
    by_text: dict[bytes | None, pa.Schema] = {}
    for part in parts:
        schema = part.table.schema
        by_text.setdefault((schema.metadata or {}).get(PANDAS_KEY), schema)
    notes = [read_note(schema) for schema in by_text.values()]
    indexes = [[one for one in note.get("index_columns", []) if isinstance(one, str)] for note in notes]
    if not any(notes) or any(index != indexes[0] for index in indexes):
        return None
    note = dict(notes[0]) | {"index_columns": indexes[0]}
    return json.dumps(note).encode()
