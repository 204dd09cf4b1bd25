"""Columns that Parquet can't give back as they were, and what is noted in their field's metadata for it.

- dictionaries without rows, of other values than text, or with a null among their values: the levels;
- times in whole seconds and date64, which are stored in other units: the type;
- lists of size zero, stored as lists of any size: the type;
- structs without fields, stored as booleans: the type.

The fields of a struct and the items of lists have notes of their own.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

from crossframe.arrow_types import parse_type, type_text
from crossframe.codecs import csv_cells, csv_json
from crossframe.codecs.csv_columns import CsvColumn, coded, describe, frictionless_type

if TYPE_CHECKING:
    from collections.abc import Callable

LEVELS_KEY = b"crossframe.levels"
MISSING_KEY = b"crossframe.missing"
TYPE_KEY = b"crossframe.arrow"
_NO_FIELDS = "struct<>"
_KEYS = (LEVELS_KEY, MISSING_KEY, TYPE_KEY)

Column = tuple[pa.Field, pa.ChunkedArray]


def noted_column(field: pa.Field, column: pa.ChunkedArray) -> Column | None:
    """Return the column as Parquet can hold it, with notes; ``None`` where none is needed."""
    type_ = field.type
    if pa.types.is_struct(type_):
        return _noted_struct(field, column)
    if pa.types.is_dictionary(type_):
        return _noted_levels(field, column)
    if pa.types.is_fixed_size_list(type_) and type_.list_size == 0:
        return _changed(field, pa.list_(type_.value_field), column)
    if _is_list(type_):
        return _with_items(field, column, noted_column)
    if type_ in (pa.date64(), pa.time32("s")) or (pa.types.is_timestamp(type_) and type_.unit == "s"):
        return field.with_metadata(_with(field, {TYPE_KEY: type_text(type_)})), column
    return None


def restored_column(field: pa.Field, column: pa.ChunkedArray) -> Column | None:
    """Return the column as it was before :func:`noted_column`; ``None`` where nothing is noted.

    Raises:
        DecodeError: A note does not fit the column.
        ValueError: A note is not what we write.
        TypeError: The same.
    """
    notes = {key: value.decode() for key, value in (field.metadata or {}).items() if key in _KEYS}
    if pa.types.is_struct(field.type):
        return _restored_struct(field, column)
    if not notes:
        return _with_items(field, column, restored_column) if _is_list(field.type) else None
    metadata = {key: value for key, value in field.metadata.items() if key not in notes}
    if notes.get(TYPE_KEY) == _NO_FIELDS:
        return field.with_type(pa.struct([])).with_metadata(metadata or None), _fieldless(column)
    type_ = parse_type(notes[TYPE_KEY]) if TYPE_KEY in notes else field.type
    plain = pa.field(field.name, type_, nullable=field.nullable, metadata=metadata or None)
    if pa.types.is_dictionary(type_):
        return plain, _restored_levels(plain, column, notes)
    if pa.types.is_fixed_size_list(type_):
        return plain, _empty_lists(column, type_)
    return plain, column if column.type == type_ else column.cast(type_)


def _noted_struct(field: pa.Field, column: pa.ChunkedArray) -> Column | None:
    if not field.type.num_fields:
        noted = field.with_type(pa.bool_()).with_metadata(_with(field, {TYPE_KEY: _NO_FIELDS}))
        return noted, pc.if_else(column.is_valid(), pa.scalar(value=True), pa.scalar(None, pa.bool_()))
    return _with_parts(field, column, noted_column)


def _restored_struct(field: pa.Field, column: pa.ChunkedArray) -> Column | None:
    return _with_parts(field, column, restored_column)


def _with_parts(
    field: pa.Field, column: pa.ChunkedArray, change: Callable[[pa.Field, pa.ChunkedArray], Column | None]
) -> Column | None:
    """Return a struct whose fields are changed; ``None`` where none is."""
    array = _one_array(column)
    parts = [field.type.field(i) for i in range(field.type.num_fields)]
    before = [(part, pa.chunked_array([values])) for part, values in zip(parts, array.flatten(), strict=True)]
    after = [change(*one) for one in before]
    if all(one is None for one in after):
        return None
    columns = [old if new is None else new for old, new in zip(before, after, strict=True)]
    arrays = [_one_array(values) for _, values in columns]
    struct = pa.StructArray.from_arrays(arrays, fields=[part for part, _ in columns], mask=array.is_null())
    return field.with_type(struct.type), pa.chunked_array([struct])


def _is_list(type_: pa.DataType) -> bool:
    return bool(
        pa.types.is_list(type_) or pa.types.is_large_list(type_) or pa.types.is_fixed_size_list(type_)
    )


def _with_items(
    field: pa.Field, column: pa.ChunkedArray, change: Callable[[pa.Field, pa.ChunkedArray], Column | None]
) -> Column | None:
    """Return lists whose items are changed; ``None`` where they are not."""
    array = _one_array(column)
    fixed = pa.types.is_fixed_size_list(field.type)
    if fixed:
        # Why not flatten(): it leaves out the items of missing lists, which have room here.
        items = array.values.slice(array.offset * field.type.list_size, len(array) * field.type.list_size)
    else:
        items = array.flatten()
    changed = change(field.type.value_field, pa.chunked_array([items]))
    if changed is None:
        return None
    item, values = changed
    if fixed:
        type_ = pa.list_(item, field.type.list_size)
        lists = pa.FixedSizeListArray.from_arrays(_one_array(values), type=type_, mask=array.is_null())
    else:
        large = pa.types.is_large_list(field.type)
        type_ = pa.large_list(item) if large else pa.list_(item)
        ends = pc.cumulative_sum(pc.list_value_length(array).fill_null(0))
        offsets = pa.concat_arrays([pa.array([0], ends.type), ends])
        kind = pa.LargeListArray if large else pa.ListArray
        lists = kind.from_arrays(offsets, _one_array(values), type=type_, mask=array.is_null())
    return field.with_type(lists.type), pa.chunked_array([lists])


def _one_array(column: pa.ChunkedArray) -> pa.Array:
    if column.num_chunks == 1:
        return column.chunk(0)
    if column.num_chunks == 0:
        # Why nulls: pyarrow makes no empty array of a struct that holds an extension type.
        return pa.nulls(0, column.type)
    return column.combine_chunks()


def _fieldless(column: pa.ChunkedArray) -> pa.ChunkedArray:
    present = column.is_valid().to_pylist()
    return pa.chunked_array([pa.array([{} if one else None for one in present], pa.struct([]))])


def _noted_levels(field: pa.Field, column: pa.ChunkedArray) -> Column | None:
    type_ = field.type
    textual = pa.types.is_string(type_.value_type)
    holed = any(chunk.dictionary.null_count for chunk in column.chunks)
    if (textual and len(column) and not holed) or frictionless_type(type_) is None:
        return None
    kept = describe(field, column)
    codes, levels = coded(column)
    notes = {TYPE_KEY: type_text(type_), LEVELS_KEY: json.dumps(csv_json.levels_to_json(kept))}
    if kept.missing:
        notes[MISSING_KEY] = json.dumps(kept.missing)
    values = levels.take(codes)
    if textual:
        # Why still a dictionary: other readers make a factor of it.
        known = levels.drop_null()
        values = pa.DictionaryArray.from_arrays(pc.index_in(values, value_set=known), known)
    noted = field.with_type(values.type).with_metadata(_with(field, notes))
    return noted, pa.chunked_array([values])


def _restored_levels(field: pa.Field, column: pa.ChunkedArray, notes: dict[bytes, str]) -> pa.ChunkedArray:
    levels: Any = json.loads(notes.get(LEVELS_KEY, "[]"))
    missing: Any = json.loads(notes.get(MISSING_KEY, "[]"))
    if not isinstance(levels, list):
        raise TypeError("The levels are no list.")
    if not isinstance(missing, list) or not all(type(row) is int for row in missing):
        raise TypeError("The rows without a value are no list of numbers.")
    values = csv_json.levels_from_json(levels, field)
    if len(pc.unique(values)) != len(values):
        raise ValueError("A level is there twice.")
    # Why: a file is described by its schema, as a table without rows.
    kept = CsvColumn(field, values, tuple(missing) if len(column) else ())
    return csv_cells.finish(column.cast(field.type.value_type), kept)


def _changed(field: pa.Field, stored: pa.DataType, column: pa.ChunkedArray) -> Column:
    noted = field.with_type(stored).with_metadata(_with(field, {TYPE_KEY: type_text(field.type)}))
    return noted, _empty_lists(column, stored)


def _empty_lists(column: pa.ChunkedArray, type_: pa.DataType) -> pa.ChunkedArray:
    present = column.is_valid().to_pylist()
    return pa.chunked_array([pa.array([[] if one else None for one in present], type_)])


def _with(field: pa.Field, notes: dict[bytes, str]) -> dict[bytes, bytes]:
    return {**(field.metadata or {}), **{key: text.encode() for key, text in notes.items()}}
