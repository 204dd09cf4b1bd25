"""CSV bytes to Arrow tables and back; the types travel in a sidecar, see ``csv_schema``.

What a CSV means is laid down in ``tests/conformance/csv/README.md`` and is the same in R.
"""

from __future__ import annotations

import re
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv

from crossframe.codecs import csv_infer, csv_schema, csv_time
from crossframe.codecs.columns import check_names, pick, without_columns
from crossframe.codecs.csv_read import CellError, Csv, bad, cell_error, read_columns, split_header
from crossframe.errors import StaleSchemaWarning, UnsupportedTypeError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from typing_extensions import Buffer

_BATCH_ROWS = 16384
_NUL = re.compile(b"\0")


@dataclass(frozen=True, slots=True)
class EncodedCsv:
    """A table as CSV.

    Attributes:
        data: The CSV.
        schema: The sidecar for ``data`` as it is; ``None`` where none was asked for.
    """

    data: bytes
    schema: str | None

    def schema_for(self, stored: Buffer) -> str | None:
        """Return the sidecar for the data as it is stored, e.g. compressed."""
        return None if self.schema is None else csv_schema.restamp(self.schema, stored)


def encode(table: pa.Table, *, schema: bool = True, delimiter: str = ",") -> EncodedCsv:
    """Write ``table`` as CSV.

    Args:
        table: n rows x k columns.
        schema: Whether to make the sidecar.
        delimiter: The character between fields.

    Raises:
        DuplicateColumnError: Two columns have one name.
        UnsupportedTypeError: A column has a type that CSV does not keep, or text with a NUL.
    """
    check_names(table.schema.names)
    for field in table.schema:
        _check_column(field, table.column(field.name))
    levels: dict[str, list[str]] = {}
    columns = [_writable(field, table.column(field.name), levels) for field in table.schema]
    data = _write(table.schema.names, columns, delimiter)
    rows = None if table.num_columns else table.num_rows
    return EncodedCsv(data, csv_schema.write(table.schema, levels, data, rows) if schema else None)


def decode(
    data: Buffer,
    schema: str | None = None,
    *,
    stored: Buffer | None = None,
    columns: Sequence[str] | None = None,
    delimiter: str = ",",
) -> pa.Table:
    """Read a CSV.

    Args:
        data: The CSV, not compressed.
        schema: The sidecar, where there is one. Without it types are inferred and R's or pandas' row names
            are found.
        stored: The bytes that the sidecar describes, where ``data`` was compressed.
        columns: Columns to read, in this order; by default all.
        delimiter: The character between fields: one byte, and no quote, letter, digit or sign.

    Returns:
        Table of n rows x k columns, with the metadata of the sidecar.

    Raises:
        DecodeError: The bytes are no CSV or UTF-8, are truncated, or a cell does not fit its type.
        DuplicateColumnError: Two columns have one name.
        UsageError: A name in ``columns`` is no column.

    Warns:
        StaleSchemaWarning: The sidecar does not belong to this data and was not used.
    """
    view = memoryview(data).cast("B")
    if b"\0" in data if isinstance(data, bytes) else _NUL.search(view):
        raise bad("It holds a NUL byte. Is it UTF-16, or no text?")
    csv = split_header(view, delimiter)
    if schema is not None:
        sidecar = csv_schema.parse(schema)
        if sidecar.schema.names == csv.names and sidecar.fits(view if stored is None else stored):
            return _typed(csv, sidecar, columns)
        message = "The schema beside the CSV belongs to other data and was not used; types are inferred."
        warnings.warn(StaleSchemaWarning(message), stacklevel=2)
    table = csv_infer.infer_table(csv)
    if columns is None:
        return table
    pick(table.schema.names, columns)
    return table.select(columns)


def _check_column(field: pa.Field, column: pa.ChunkedArray) -> None:
    if csv_schema.frictionless_type(field.type) is None:
        raise UnsupportedTypeError(
            f"Column '{field.name}' must have a type that CSV keeps, not {field.type}.",
            hint="Could the frame be saved as parquet or rds?",
        )
    if pa.types.is_duration(field.type) and _units(field) not in csv_time.UNIT_SECONDS:
        known = ", ".join(csv_time.UNIT_SECONDS)
        raise UnsupportedTypeError(
            f"Column '{field.name}' must have units that are one of {known}, not '{_units(field)}'."
        )
    for chunk in column.chunks if pa.types.is_dictionary(field.type) else ():
        levels = chunk.dictionary
        if levels.null_count or len(pc.unique(levels)) != len(levels):
            raise UnsupportedTypeError(
                f"Column '{field.name}' must have levels that are present and differ from each other."
            )


def _units(field: pa.Field) -> str:
    units: bytes = (field.metadata or {}).get(b"crossframe.units", b"secs")
    return units.decode(errors="replace")


def _writable(field: pa.Field, column: pa.ChunkedArray, levels: dict[str, list[str]]) -> pa.ChunkedArray:
    """Return a column whose form pyarrow's writer gives the text we want."""
    type_ = field.type
    if pa.types.is_dictionary(type_):
        column = column.unify_dictionaries()
        known = column.chunk(0).dictionary if column.num_chunks else pa.array([], type_.value_type)
        levels[field.name] = known.to_pylist()
        return column.cast(type_.value_type)
    if pa.types.is_date(type_):
        return csv_time.date_column(column)
    if pa.types.is_timestamp(type_):
        return csv_time.time_column(column)
    if pa.types.is_duration(type_):
        return csv_time.duration_column(column, _units(field))
    return column


def _write(names: list[str], columns: list[pa.ChunkedArray], delimiter: str) -> bytes:
    header = delimiter.join('"' + name.replace('"', '""') + '"' for name in names) + "\n"
    if "\0" in header:
        raise UnsupportedTypeError("A column's name must be text without NUL.")
    sink = pa.BufferOutputStream()
    sink.write(header.encode())
    if columns:
        body = pa.table(columns, names=[str(position) for position in range(len(names))])
        options = pacsv.WriteOptions(include_header=False, batch_size=_BATCH_ROWS, delimiter=delimiter)
        pacsv.write_csv(body, sink, options)
    data: bytes = sink.getvalue().to_pybytes()
    if b"\0" in data:
        _refuse_nul(names, columns)
    return data


def _refuse_nul(names: list[str], columns: list[pa.ChunkedArray]) -> None:
    for name, column in zip(names, columns, strict=True):
        textual = pa.types.is_string(column.type) or pa.types.is_large_string(column.type)
        if textual and pc.any(pc.match_substring(column, "\0")).as_py():
            raise UnsupportedTypeError(f"Column '{name}' must be text without NUL to be saved as CSV.")


def _typed(csv: Csv, sidecar: csv_schema.Sidecar, columns: Sequence[str] | None) -> pa.Table:
    """Read by the sidecar."""
    if not csv.names:
        if bytes(csv.body).strip(b"\r\n"):
            raise bad("The header is empty, but records follow.")
        rows = csv_infer.rows_of(sidecar.schema) if sidecar.rows is None else sidecar.rows
        return without_columns(rows, sidecar.schema.metadata)
    chosen = list(range(len(csv.names))) if columns is None else pick(csv.names, columns)
    fields = list(sidecar.schema)
    types = [_read_type(field.type) for field in fields]
    table = _read_flexibly(csv, types, fields, chosen)
    arrays = [_converted(table.column(str(i)), fields[i], sidecar.levels) for i in chosen]
    schema = pa.schema([fields[i] for i in chosen], metadata=sidecar.schema.metadata)
    if not chosen:
        return without_columns(table.num_rows, schema.metadata)
    _check_required(schema, arrays)
    return pa.Table.from_arrays(arrays, schema=schema)


def _read_type(type_: pa.DataType) -> pa.DataType:
    """Return the type to ask pyarrow for."""
    if pa.types.is_dictionary(type_):
        return type_.value_type
    # Why: nine digits of a fraction are more than pyarrow reads to these units.
    coarse = pa.types.is_timestamp(type_) and type_.unit in ("ms", "us")
    return pa.string() if coarse or pa.types.is_duration(type_) else type_


def _read_flexibly(csv: Csv, types: list[pa.DataType], fields: list[pa.Field], chosen: list[int]) -> pa.Table:
    """Read; a date or time that pyarrow can't, such as one of the year 10000, is read again as text."""
    while True:
        try:
            return read_columns(csv, types, missing=[""], chosen=chosen, whole=True)
        except CellError as error:
            index = error.column
            if not (pa.types.is_date(types[index]) or pa.types.is_timestamp(types[index])):
                detail = str(error.detail).rpartition(": ")[2]
                raise cell_error(fields[index].name, fields[index].type, detail) from None
            types[index] = pa.string()


def _converted(column: pa.ChunkedArray, field: pa.Field, levels: dict[str, list[str]]) -> pa.ChunkedArray:
    type_ = field.type
    if pa.types.is_dictionary(type_):
        return _coded(column, field, levels[field.name])
    if pa.types.is_duration(type_):
        if _units(field) not in csv_time.UNIT_SECONDS:
            raise cell_error(field.name, type_, f"'{_units(field)}' are no units")
        return csv_time.parse_durations(column, field.name, type_, _units(field))
    if column.type == type_:
        return column
    if pa.types.is_date(type_):
        return csv_time.parse_dates(column, field.name)
    return csv_time.parse_times(column, field.name, type_)


def _coded(column: pa.ChunkedArray, field: pa.Field, levels: list[str]) -> pa.ChunkedArray:
    type_ = field.type
    known = pa.array(levels, type_.value_type)
    codes = pc.index_in(column, value_set=known)
    if codes.null_count != column.null_count:
        unknown = column.filter(pc.and_(codes.is_null(), column.is_valid()))[0].as_py()
        raise cell_error(field.name, "one of its levels", f"invalid value '{unknown}'")
    chunks = [
        pa.DictionaryArray.from_arrays(chunk.cast(type_.index_type), known, ordered=type_.ordered)
        for chunk in (codes.chunks or [pa.array([], pa.int32())])
    ]
    return pa.chunked_array(chunks, type_)


def _check_required(schema: pa.Schema, arrays: list[pa.ChunkedArray]) -> None:
    for field, array in zip(schema, arrays, strict=True):
        if not field.nullable and array.null_count:
            raise cell_error(field.name, field.type, "a value is missing")
