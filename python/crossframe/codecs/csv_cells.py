"""Values of columns that are not nested <-> the text of their cells.

Writing gives columns whose form pyarrow's writer turns into the text we want; reading takes what pyarrow
read as :func:`read_type` says and makes the column of it. The texts are those of
``tests/conformance/csv/README.md``.
"""

from __future__ import annotations

import base64
import binascii

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from crossframe.arrow_types import COMPLEX, ROBJECT
from crossframe.codecs import csv_time
from crossframe.codecs.csv_columns import CsvColumn, coded
from crossframe.codecs.csv_read import cell_error
from crossframe.errors import UnsupportedTypeError

_PART = r"(?:nan|na|inf|infinity|[0-9]+\.?[0-9]*(?:e[+-]?[0-9]+)?|\.[0-9]+(?:e[+-]?[0-9]+)?)"
_COMPLEX = rf"^(?P<re>[+-]?{_PART})(?P<im>[+-]{_PART})i$"


def writable(column: pa.ChunkedArray, kept: CsvColumn) -> pa.ChunkedArray:
    """Return a column whose form pyarrow's writer gives the text we want."""
    type_ = column.type
    if kept.levels is not None:
        codes, levels = coded(column)
        plain = CsvColumn(kept.field.with_type(type_.value_type))
        return writable(pa.chunked_array([levels.take(codes)]), plain)
    if type_ == COMPLEX:
        return _complex_texts(_storage(column))
    if type_ == ROBJECT or pa.types.is_binary(type_) or pa.types.is_large_binary(type_):
        return _base64_texts(_storage(column) if type_ == ROBJECT else column)
    try:
        return _plain(column, kept)
    except (pa.ArrowInvalid, OverflowError) as error:
        raise UnsupportedTypeError(
            f"Column '{kept.field.name}' holds a value that its type {type_} has no room for.", str(error)
        ) from None


def _plain(column: pa.ChunkedArray, kept: CsvColumn) -> pa.ChunkedArray:
    type_ = column.type
    if pa.types.is_date(type_):
        return csv_time.date_column(column if pa.types.is_date32(type_) else column.cast(pa.date32()))
    if pa.types.is_timestamp(type_):
        return csv_time.time_column(column)
    if pa.types.is_time(type_):
        return csv_time.clock_column(column)
    if pa.types.is_duration(type_):
        return csv_time.duration_column(column, kept.units)
    return column.cast(pa.float32()) if pa.types.is_float16(type_) else column


def texts(column: pa.ChunkedArray, kept: CsvColumn) -> pa.ChunkedArray:
    """Return the text of each cell, null where missing."""
    return writable(column, kept).cast(pa.string())


def read_type(type_: pa.DataType) -> pa.DataType:
    """Return the type to ask pyarrow for."""
    if pa.types.is_dictionary(type_):
        return read_type(type_.value_type)
    if pa.types.is_float16(type_):
        return pa.float32()
    # Why: nine digits of a fraction are more than pyarrow reads to these units.
    exact = pa.types.is_timestamp(type_) and type_.unit in ("s", "ns")
    return type_ if exact or _is_direct(type_) else pa.string()


def finish(column: pa.ChunkedArray, kept: CsvColumn) -> pa.ChunkedArray:
    """Make the column of what was read as :func:`read_type` says, or as text.

    Raises:
        DecodeError: A cell does not fit the type.
    """
    type_, name = kept.field.type, kept.field.name
    if kept.levels is not None:
        return _with_codes(column, kept)
    if column.type == type_:
        return column
    if type_ in _READERS:
        return _READERS[type_](column, name)
    if pa.types.is_temporal(type_):
        return _finish_time(column, kept)
    try:
        return column.cast(type_)
    except pa.ArrowException as error:
        raise cell_error(name, type_, str(error)) from None


def _finish_time(column: pa.ChunkedArray, kept: CsvColumn) -> pa.ChunkedArray:
    type_, name = kept.field.type, kept.field.name
    if pa.types.is_date(type_):
        days = csv_time.parse_dates(column, name)
        return days if days.type == type_ else days.cast(type_)
    if pa.types.is_time(type_):
        return csv_time.parse_clocks(column, name, type_)
    if pa.types.is_timestamp(type_):
        return csv_time.parse_times(column, name, type_)
    if kept.units not in csv_time.UNIT_SECONDS:
        raise cell_error(name, type_, f"'{kept.units}' are no units")
    return csv_time.parse_durations(column, name, type_, kept.units)


def _is_direct(type_: pa.DataType) -> bool:
    return bool(
        pa.types.is_boolean(type_)
        or pa.types.is_integer(type_)
        or pa.types.is_floating(type_)
        or pa.types.is_date32(type_)
        or pa.types.is_string(type_)
        or pa.types.is_large_string(type_)
        or pa.types.is_null(type_)
    )


def _with_codes(column: pa.ChunkedArray, kept: CsvColumn) -> pa.ChunkedArray:
    """Turn values into codes; a missing one is the missing level, where there is one."""
    type_, name = kept.field.type, kept.field.name
    plain = CsvColumn(kept.field.with_type(type_.value_type))
    values = finish(column, plain).combine_chunks()
    codes = pc.index_in(values, value_set=kept.levels)
    unknown = pc.and_(codes.is_null(), values.is_valid())
    if pc.any(unknown).as_py():
        raise cell_error(name, "one of its levels", f"invalid value '{values.filter(unknown)[0].as_py()}'")
    if kept.missing:
        rows = np.array(kept.missing)
        if rows.max() >= len(codes) or rows.min() < 0:
            raise cell_error(name, type_, f"row {rows.max()} is said to be missing, but there is none")
        mask = np.zeros(len(codes), bool)
        mask[rows] = True
        codes = pc.if_else(pa.array(mask), None, codes)
    try:
        codes = codes.cast(type_.index_type)
    except pa.ArrowInvalid:
        raise cell_error(name, type_, "it has too many levels") from None
    return pa.chunked_array(
        [pa.DictionaryArray.from_arrays(codes, kept.levels, ordered=type_.ordered)], type_
    )


def _storage(column: pa.ChunkedArray) -> pa.ChunkedArray:
    return pa.chunked_array([chunk.storage for chunk in column.chunks], column.type.storage_type)


def _complex_texts(pairs: pa.ChunkedArray) -> pa.ChunkedArray:
    present = pairs.is_valid()
    # Why first: a missing pair may have no parts, and parts of their own are taken row by row.
    parts = pc.fill_null(pairs.drop_null().combine_chunks().flatten().cast(pa.string()), "na")
    rows = np.arange(len(parts) // 2) * 2
    real, imaginary = parts.take(pa.array(rows)), parts.take(pa.array(rows + 1))
    sign = pc.if_else(pc.starts_with(imaginary, "-"), "", "+")
    written = pc.binary_join_element_wise(real, sign, imaginary, "i", "")
    return pa.chunked_array([_spread(written, present.combine_chunks())])


def _parse_complex(column: pa.ChunkedArray, name: str) -> pa.ChunkedArray:
    texts = pc.utf8_lower(pc.utf8_trim(column.combine_chunks(), " \t"))
    parts = pc.extract_regex(texts, _COMPLEX)
    if parts.null_count != column.null_count:
        odd = column.combine_chunks().filter(pc.and_(parts.is_null(), texts.is_valid()))[0].as_py()
        raise cell_error(name, "complex numbers", f"invalid value '{odd}'")
    doubles = []
    for part in ("re", "im"):
        half = pc.struct_field(parts, part)
        half = pc.if_else(pc.match_substring_regex(half, r"^[+-]?na$"), None, half)
        doubles.append(half.cast(pa.float64()))
    # One after the other, then in turns.
    count = len(texts)
    order = np.arange(2 * count).reshape(2, count).T.reshape(-1)
    pairs = pa.chunked_array(doubles).combine_chunks().take(pa.array(order))
    storage = pa.FixedSizeListArray.from_arrays(pairs, type=COMPLEX.storage_type, mask=texts.is_null())
    return pa.chunked_array([pa.ExtensionArray.from_storage(COMPLEX, storage)])


def _spread(values: pa.Array, present: pa.Array) -> pa.Array:
    """Put values into the rows that have one."""
    if len(values) == len(present):
        return values
    rows = pc.cumulative_sum(present.cast(pa.int64()))
    return values.take(pc.if_else(present, pc.subtract(rows, 1), None))


def _base64_texts(column: pa.ChunkedArray) -> pa.ChunkedArray:
    written = [
        None if cell is None else base64.b64encode(cell).decode("ascii") for cell in column.to_pylist()
    ]
    return pa.chunked_array([pa.array(written, pa.string())])


def _parse_base64(column: pa.ChunkedArray, name: str) -> list[bytes | None]:
    try:
        return [
            None if text is None else binascii.a2b_base64(text, strict_mode=True)
            for text in column.to_pylist()
        ]
    except ValueError as error:
        raise cell_error(name, "base64", str(error)) from None


def _parse_robject(column: pa.ChunkedArray, name: str) -> pa.ChunkedArray:
    cells = pa.array(_parse_base64(column, name), pa.binary())
    return pa.chunked_array([pa.ExtensionArray.from_storage(ROBJECT, cells)])


def _parse_binary(column: pa.ChunkedArray, name: str) -> pa.ChunkedArray:
    return pa.chunked_array([pa.array(_parse_base64(column, name), pa.binary())])


def _parse_large_binary(column: pa.ChunkedArray, name: str) -> pa.ChunkedArray:
    return pa.chunked_array([pa.array(_parse_base64(column, name), pa.large_binary())])


_READERS = {
    COMPLEX: _parse_complex,
    ROBJECT: _parse_robject,
    pa.binary(): _parse_binary,
    pa.large_binary(): _parse_large_binary,
}
