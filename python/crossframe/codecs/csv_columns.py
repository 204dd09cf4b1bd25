"""Which columns CSV keeps, and what has to be said beside their text for them to come back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from crossframe.arrow_types import COMPLEX, ROBJECT, parse_type, type_text
from crossframe.codecs.columns import check_names
from crossframe.codecs.csv_time import UNIT_SECONDS
from crossframe.errors import DecodeError, UnsupportedTypeError

if TYPE_CHECKING:
    from numpy.typing import NDArray

UNITS_KEY = b"crossframe.units"
MAX_DEPTH = 32
# What becomes of a part of a nested value.
_UNWRITTEN, _MISSING, _KEPT = np.int8(0), np.int8(1), np.int8(2)


@dataclass(frozen=True, slots=True)
class CsvColumn:
    """A column, or a part of a nested one, as CSV keeps it.

    Attributes:
        field: Name, type and metadata.
        levels: Of a dictionary: its values, of which one may be null.
        missing: Of a dictionary with a null among its values: rows, from 0, that have no value at all.
        parts: Of a struct its fields, of a list its item.
    """

    field: pa.Field
    levels: pa.Array | None = None
    missing: tuple[int, ...] = ()
    parts: tuple[CsvColumn, ...] = ()

    @property
    def units(self) -> str:
        """Units of a duration."""
        units: bytes = (self.field.metadata or {}).get(UNITS_KEY, b"secs")
        return units.decode(errors="replace")


def describe(
    field: pa.Field,
    column: pa.ChunkedArray,
    where: str = "",
    depth: int = 0,
    fate: NDArray[np.int8] | None = None,
) -> CsvColumn:
    """Say what CSV keeps of a column.

    Args:
        field: Name, type and metadata.
        column: Its values.
        where: Names of the columns around it, each with a dot behind.
        depth: How many columns are around it.
        fate: Of parts: what becomes of each value, by what is around it: kept, missing, or not written.

    Raises:
        UnsupportedTypeError: Its type, or that of a part, is none that CSV keeps.
    """
    name, type_ = where + field.name, field.type
    if frictionless_type(type_) is None or depth > MAX_DEPTH:
        raise UnsupportedTypeError(
            f"Column '{name}' must have a type that CSV keeps, not {type_}.",
            hint="Could the frame be saved as parquet or rds?",
        )
    if pa.types.is_dictionary(type_):
        return _describe_levels(field, column, name, fate)
    if pa.types.is_struct(type_):
        check_names([part.name for part in type_])
    if is_nested(type_):
        fate = _fate_of_parts(column, fate)
    described = CsvColumn(
        field,
        parts=tuple(
            describe(part, values, f"{name}.", depth + 1, fate)
            for part, values in zip(part_fields(type_), part_values(column), strict=True)
        ),
    )
    if pa.types.is_duration(type_) and described.units not in UNIT_SECONDS:
        known = ", ".join(UNIT_SECONDS)
        raise UnsupportedTypeError(
            f"Column '{name}' must have units that are one of {known}, not '{described.units}'."
        )
    return described


def frictionless_type(type_: pa.DataType) -> str | None:
    """Return the Frictionless type of an Arrow type; ``None`` where CSV does not keep it."""
    if is_list(type_):
        return "array"
    if pa.types.is_struct(type_):
        return "object"
    if not _is_known(type_):
        return None
    if type_ in (COMPLEX, ROBJECT):
        return "string"
    if pa.types.is_dictionary(type_):
        return frictionless_type(type_.value_type) if _makes_levels(type_.value_type) else None
    return next(name for name, has in _FRICTIONLESS if has(type_))


def is_list(type_: pa.DataType) -> bool:
    """Whether cells are lists, of any kind and size."""
    return bool(
        pa.types.is_list(type_) or pa.types.is_large_list(type_) or pa.types.is_fixed_size_list(type_)
    )


def is_nested(type_: pa.DataType) -> bool:
    """Whether cells are written as JSON."""
    return is_list(type_) or bool(pa.types.is_struct(type_))


def part_fields(type_: pa.DataType) -> list[pa.Field]:
    """Return the fields of a struct, or the one of a list."""
    if pa.types.is_struct(type_):
        return list(type_)
    return [type_.value_field] if is_list(type_) else []


def part_values(column: pa.ChunkedArray) -> list[pa.ChunkedArray]:
    """Return the columns of a struct, or the one of all items of lists."""
    if is_list(column.type):
        return [list_items(column)]
    if not pa.types.is_struct(column.type):
        return []
    chunks = [chunk.flatten() for chunk in column.chunks]
    return [
        pa.chunked_array([parts[position] for parts in chunks], part.type)
        for position, part in enumerate(column.type)
    ]


def list_items(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Return the items of all lists in a row, with those that may lie below missing cells."""
    # Why not flatten(): with a missing cell it can't make items that hold an extension type.
    items = []
    for chunk in column.chunks:
        ends = _ends(chunk)
        items.append(chunk.values.slice(ends[0], ends[-1] - ends[0]))
    return pa.chunked_array(items, column.type.value_type)


def list_lengths(column: pa.ChunkedArray) -> NDArray[np.int64]:
    """Return the number of items that :func:`list_items` has of each cell."""
    return np.concatenate([np.diff(_ends(chunk)) for chunk in column.chunks] or [np.zeros(0, np.int64)])


def _ends(lists: pa.Array) -> NDArray[np.int64]:
    """Return where the cells of a list array begin, and where the last one ends."""
    if pa.types.is_fixed_size_list(lists.type):
        starts: NDArray[np.int64] = (lists.offset + np.arange(len(lists) + 1)) * lists.type.list_size
        return starts
    ends: NDArray[np.int64] = lists.offsets.to_numpy().astype(np.int64)
    return ends


def coded(column: pa.ChunkedArray) -> tuple[pa.Array, pa.Array]:
    """Return the codes and the values of a dictionary column; one set of values for all chunks."""
    chunks = column.chunks
    if not chunks:
        return pa.array([], column.type.index_type), pa.array([], column.type.value_type)
    levels = chunks[0].dictionary
    if all(chunk.dictionary.equals(levels) for chunk in chunks[1:]):
        return pa.chunked_array([chunk.indices for chunk in chunks]).combine_chunks(), levels
    levels = pc.unique(pa.chunked_array([chunk.dictionary for chunk in chunks]).combine_chunks())
    codes = [pc.index_in(chunk.dictionary, value_set=levels).take(chunk.indices) for chunk in chunks]
    return pa.chunked_array(codes).combine_chunks(), levels


def _fate_of_parts(column: pa.ChunkedArray, fate: NDArray[np.int8] | None) -> NDArray[np.int8]:
    cells = np.where(column.is_valid().to_numpy(), _KEPT, _MISSING)
    if fate is not None:
        cells = np.minimum(cells, fate)
    if pa.types.is_struct(column.type):
        return cells
    # A missing matrix is read back with all its items, a missing list with none.
    if not pa.types.is_fixed_size_list(column.type):
        cells[cells == _MISSING] = _UNWRITTEN
    return np.repeat(cells, list_lengths(column))


def _describe_levels(
    field: pa.Field, column: pa.ChunkedArray, name: str, fate: NDArray[np.int8] | None
) -> CsvColumn:
    codes, levels = coded(column)
    if len(pc.unique(levels)) != len(levels):
        raise UnsupportedTypeError(f"Column '{name}' must have levels that differ from each other.")
    rows: list[int] = []
    if levels.null_count and codes.null_count:
        missing = codes.is_null().to_numpy(zero_copy_only=False)
        rows = np.flatnonzero(missing if fate is None else missing[fate != _UNWRITTEN]).tolist()
    return CsvColumn(field, levels, tuple(rows))


def _is_known(type_: pa.DataType) -> bool:
    try:
        return bool(parse_type(type_text(type_)) == type_)
    except DecodeError:
        return False


def _makes_levels(type_: pa.DataType) -> bool:
    return not (
        pa.types.is_nested(type_)
        or pa.types.is_dictionary(type_)
        or pa.types.is_null(type_)
        or pa.types.is_float16(type_)
        or type_ in (COMPLEX, ROBJECT)
    )


_FRICTIONLESS = (
    ("any", pa.types.is_null),
    ("boolean", pa.types.is_boolean),
    ("integer", pa.types.is_integer),
    ("number", pa.types.is_floating),
    ("number", pa.types.is_decimal),
    ("number", pa.types.is_duration),
    ("date", pa.types.is_date),
    ("time", pa.types.is_time),
    ("datetime", pa.types.is_timestamp),
    ("string", lambda _: True),  # text and bytes
)
