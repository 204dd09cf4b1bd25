"""Parquet bytes to Arrow tables and back, through pyarrow.

The schema metadata (``r``, ``pandas``) and the field metadata travel in the file's ``ARROW:schema``, as R's
arrow package and pandas write and read it. Two facts Parquet has no room for get a metadata key of ours,
which is taken off again on reading: the levels of a factor without rows, and the number of rows without
columns.

Source:
    Parquet format 2.x; Arrow columnar format, "Schema message".
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq

from crossframe.codecs.columns import check_names, pick, without_columns
from crossframe.errors import DecodeError, UnsupportedTypeError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from typing_extensions import Buffer

LEVELS_KEY = b"crossframe.levels"
ROWS_KEY = b"crossframe.rows"


@dataclass(frozen=True, slots=True)
class ParquetInfo:
    """What a Parquet file says of itself without its data being read.

    Attributes:
        schema: Names, Arrow types and metadata of the columns.
        rows: Number of rows.
    """

    schema: pa.Schema
    rows: int


def encode(table: pa.Table, *, compression: str = "snappy") -> pa.Buffer:
    """Write ``table`` as one Parquet file.

    Args:
        table: n rows x k columns.
        compression: Of the pages inside the file; snappy is what every reader has.

    Returns:
        The bytes of the file.

    Raises:
        DuplicateColumnError: Two columns have one name.
        UnsupportedTypeError: Parquet has no such type.
    """
    check_names(table.schema.names)
    sink = pa.BufferOutputStream()
    try:
        pq.write_table(_with_notes(table), sink, compression=compression, version="2.6", store_schema=True)
    except (pa.ArrowException, OSError, ValueError) as error:
        raise _refused(table.schema, error) from None
    return sink.getvalue()


def decode(data: Buffer, *, columns: Sequence[str] | None = None) -> pa.Table:
    """Read one Parquet file.

    Args:
        data: The bytes of the file.
        columns: Columns to read, in this order; by default all.

    Returns:
        Table of n rows x k columns. Types are those of the file's ``ARROW:schema``; dictionary columns have
        int32 indices unless it says otherwise. Without one (other writers), Parquet's own types.

    Raises:
        DecodeError: The bytes are truncated, damaged or foreign.
        UsageError: A name in ``columns`` is no column of the file.
    """
    try:
        with pq.ParquetFile(pa.BufferReader(pa.py_buffer(data))) as file:
            schema = file.schema_arrow
            check_names(schema.names)
            if columns is not None:
                pick(schema.names, columns)
            table = file.read(columns=None if columns is None else list(columns))
            if columns is not None:
                table = (
                    table.select(columns)
                    if columns
                    else without_columns(file.metadata.num_rows, schema.metadata)
                )
        # Why: the reader believes what pages say of their text and codes.
        table.validate(full=True)
        _check_text(table.schema)
        return _without_notes(table)
    except DecodeError:
        raise
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
        raise _damaged(error) from None


def inspect(data: Buffer) -> ParquetInfo:
    """Describe a Parquet file by its footer.

    Args:
        data: The bytes of the file.

    Raises:
        DecodeError: The footer is truncated, damaged or foreign.
    """
    try:
        with pq.ParquetFile(pa.BufferReader(pa.py_buffer(data))) as file:
            _check_text(file.schema_arrow)
            empty = _without_notes(file.schema_arrow.empty_table())
            rows = _noted_rows(file.schema_arrow)
            return ParquetInfo(empty.schema, file.metadata.num_rows if rows is None else rows)
    except DecodeError:
        raise
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
        raise _damaged(error) from None


def _check_text(schema: pa.Schema) -> None:
    """Look at what the schema says in text; UnicodeDecodeError where it is none."""
    for field in schema:
        if pa.types.is_timestamp(field.type):
            _ = field.type.tz
        for key, value in (field.metadata or {}).items():
            if key.startswith(b"crossframe."):
                value.decode()


def _with_notes(table: pa.Table) -> pa.Table:
    """Note what the format would lose of a table without rows or without columns."""
    if table.num_columns == 0 and table.num_rows:
        metadata = {**(table.schema.metadata or {}), ROWS_KEY: str(table.num_rows).encode()}
        return pa.schema([], metadata=metadata).empty_table()
    if table.num_rows == 0:
        fields = [_with_levels(field, table.column(i)) for i, field in enumerate(table.schema)]
        return table.cast(pa.schema(fields, metadata=table.schema.metadata))
    return table


def _with_levels(field: pa.Field, column: pa.ChunkedArray) -> pa.Field:
    if not pa.types.is_dictionary(field.type) or not column.num_chunks:
        return field
    levels = json.dumps(column.chunk(0).dictionary.to_pylist())
    return field.with_metadata({**(field.metadata or {}), LEVELS_KEY: levels.encode()})


def _without_notes(table: pa.Table) -> pa.Table:
    rows, metadata = _noted_rows(table.schema), _less(table.schema.metadata or {}, ROWS_KEY)
    if rows is not None:
        if table.num_columns == 0:
            return without_columns(rows, metadata)
        table = table.replace_schema_metadata(metadata)
    for index, field in enumerate(table.schema):
        if field.metadata and LEVELS_KEY in field.metadata:
            table = _restored(table, index, field)
    return table


def _restored(table: pa.Table, index: int, field: pa.Field) -> pa.Table:
    """Give a column without rows its levels back."""
    plain = field.with_metadata(_less(field.metadata, LEVELS_KEY))
    column: pa.ChunkedArray | pa.Array = table.column(index)
    if pa.types.is_dictionary(field.type) and table.num_rows == 0:
        levels = pa.array(_noted_levels(field), field.type.value_type)
        column = pa.DictionaryArray.from_arrays(
            pa.array([], field.type.index_type), levels, ordered=field.type.ordered
        )
    return table.set_column(index, plain, column)


def _noted_levels(field: pa.Field) -> list[str]:
    try:
        levels = json.loads(field.metadata[LEVELS_KEY])
    except ValueError:
        levels = None
    if not isinstance(levels, list) or not all(isinstance(level, str) for level in levels):
        raise _damaged(f"The levels noted for column '{field.name}' are no list of texts.")
    return levels


def _noted_rows(schema: pa.Schema) -> int | None:
    text = (schema.metadata or {}).get(ROWS_KEY)
    if text is None:
        return None
    if not text.isdigit() or len(text) > len(str(2**31)):
        raise _damaged("The number of rows noted is no number.")
    return int(text)


def _less(metadata: dict[bytes, bytes], key: bytes) -> dict[bytes, bytes] | None:
    return {k: v for k, v in metadata.items() if k != key} or None


def _refused(schema: pa.Schema, error: Exception) -> UnsupportedTypeError:
    """Name the column that Parquet refuses: the first that can't be written even without rows."""
    for field in schema:
        try:
            pq.write_table(pa.schema([field]).empty_table(), pa.BufferOutputStream())
        except (pa.ArrowException, OSError, ValueError):
            return UnsupportedTypeError(
                f"Column '{field.name}' must have a type that Parquet can hold, not {field.type}."
            )
    return UnsupportedTypeError("Can't write the table as Parquet.", _first_line(error))


def _damaged(error: object) -> DecodeError:
    return DecodeError(
        "Can't decode the data as Parquet.", _first_line(error), "Is the object truncated or damaged?"
    )


def _first_line(error: object) -> str:
    lines: Iterable[str] = str(error).replace("input source '<Buffer>'", "data").splitlines()
    return next(iter(lines), "")
