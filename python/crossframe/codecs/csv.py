"""CSV bytes to Arrow tables and back; the types travel in a sidecar, see ``csv_schema``.

What a CSV means is laid down in ``tests/conformance/csv/README.md`` and is the same in R.
"""

from __future__ import annotations

import re
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pyarrow as pa

from crossframe.arrow_types import COMPLEX
from crossframe.codecs import csv_cells, csv_infer, csv_json, csv_schema
from crossframe.codecs.columns import check_names, pick, without_columns
from crossframe.codecs.csv_columns import CsvColumn, describe, is_nested
from crossframe.codecs.csv_read import CellError, Csv, bad, cell_error, read_columns, split_header
from crossframe.codecs.csv_write import write
from crossframe.errors import StaleSchemaWarning, UnsupportedTypeError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from typing_extensions import Buffer

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
    columns = [describe(field, column) for field, column in zip(table.schema, table.columns, strict=True)]
    texts = [_writable(column, kept) for column, kept in zip(table.columns, columns, strict=True)]
    bare = {position for position, field in enumerate(table.schema) if field.type == COMPLEX}
    data = write(table.schema.names, texts, delimiter, bare)
    rows = None if table.num_columns else table.num_rows
    return EncodedCsv(data, csv_schema.write(table.schema, columns, data, rows) if schema else None)


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


def _writable(column: pa.ChunkedArray, kept: CsvColumn) -> pa.ChunkedArray:
    """Return a column whose form pyarrow's writer gives the text we want."""
    try:
        return (csv_json.cells if is_nested(column.type) else csv_cells.writable)(column, kept)
    except pa.ArrowException as error:
        # What no array has room for: 2 GiB of text in a nested column.
        raise UnsupportedTypeError(
            f"Column '{kept.field.name}' can't be written as CSV.", str(error)
        ) from None


def _typed(csv: Csv, sidecar: csv_schema.Sidecar, columns: Sequence[str] | None) -> pa.Table:
    """Read by the sidecar."""
    if not csv.names:
        if bytes(csv.body).strip(b"\r\n"):
            raise bad("The header is empty, but records follow.")
        rows = csv_infer.rows_of(sidecar.schema) if sidecar.rows is None else sidecar.rows
        return without_columns(rows, sidecar.schema.metadata)
    chosen = list(range(len(csv.names))) if columns is None else pick(csv.names, columns)
    kept = sidecar.columns
    types = [
        pa.string() if is_nested(one.field.type) else csv_cells.read_type(one.field.type) for one in kept
    ]
    table = _read_flexibly(csv, types, kept, chosen)
    arrays = [_finished(table.column(str(i)), kept[i]) for i in chosen]
    schema = pa.schema([kept[i].field for i in chosen], metadata=sidecar.schema.metadata)
    if not chosen:
        return without_columns(table.num_rows, schema.metadata)
    _check_required(schema, arrays)
    return pa.Table.from_arrays(arrays, schema=schema)


def _finished(column: pa.ChunkedArray, kept: CsvColumn) -> pa.ChunkedArray:
    return (csv_json.parse if is_nested(kept.field.type) else csv_cells.finish)(column, kept)


def _read_flexibly(csv: Csv, types: list[pa.DataType], kept: list[CsvColumn], chosen: list[int]) -> pa.Table:
    """Read; a date or time that pyarrow can't, such as one of the year 10000, is read again as text."""
    while True:
        try:
            return read_columns(csv, types, missing=[""], chosen=chosen, whole=True)
        except CellError as error:
            index = error.column
            if not (pa.types.is_date(types[index]) or pa.types.is_timestamp(types[index])):
                field, detail = kept[index].field, str(error.detail).rpartition(": ")[2]
                raise cell_error(field.name, field.type, detail) from None
            types[index] = pa.string()


def _check_required(schema: pa.Schema, arrays: list[pa.ChunkedArray]) -> None:
    for field, array in zip(schema, arrays, strict=True):
        if not field.nullable and array.null_count:
            raise cell_error(field.name, field.type, "a value is missing")
