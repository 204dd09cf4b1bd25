"""Parquet bytes to Arrow tables and back, through pyarrow.

The schema metadata (``r``, ``pandas``) and the field metadata travel in the file's ``ARROW:schema``, as R's
arrow package and pandas write and read it. What Parquet has no room for gets a metadata key of ours, which is
taken off again on reading: the number of rows without columns, and what ``parquet_notes`` lists.

Source:
    Parquet format 2.x; Arrow columnar format, "Schema message".
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq

from crossframe.codecs.columns import check_names, pick, without_columns
from crossframe.codecs.parquet_footer import count_missing
from crossframe.codecs.parquet_notes import noted_column, restored_column
from crossframe.errors import CrossframeError, DecodeError, UnsupportedTypeError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from typing import BinaryIO

    from typing_extensions import Buffer

ROWS_KEY = b"crossframe.rows"
# The footer's length and the magic word.
_TAIL = 8
# Smaller files are read before a second thread has begun; many of them are read at once anyway.
_WORTH_THREADS = 1 << 20
_HEAD_BUFFER = 64 * 1024


@dataclass(frozen=True, slots=True)
class ParquetInfo:
    """What a Parquet file says of itself without its data being read.

    Attributes:
        schema: Names, Arrow types and metadata of the columns.
        rows: Number of rows.
        missing: Number of missing values by column, of the columns whose statistics tell it.
    """

    schema: pa.Schema
    rows: int
    missing: Mapping[str, int]


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
        raise _refused(table, error) from None
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
            table = file.read(
                columns=None if columns is None else list(columns),
                use_threads=memoryview(data).nbytes > _WORTH_THREADS,
            )
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


def inspect(file: BinaryIO) -> ParquetInfo:
    """Describe a Parquet file by its footer.

    Args:
        file: Seekable; its reads are what is read of the object.

    Raises:
        DecodeError: The footer is truncated, damaged or foreign.
    """
    try:
        with pq.ParquetFile(pa.PythonFile(file, mode="r")) as parquet:
            _check_text(parquet.schema_arrow)
            rows = _noted_rows(parquet.schema_arrow)
            schema = _schema_without_notes(parquet.schema_arrow)
            rows = parquet.metadata.num_rows if rows is None else rows
        return ParquetInfo(schema, rows, _missing(_end_of(file), schema))
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
        if isinstance(error, CrossframeError):
            raise
        raise _damaged(error) from None


def _missing(data: memoryview, schema: pa.Schema) -> dict[str, int]:
    """Return what the footer, with which the data end, counts of the columns that hold single values."""
    size = int.from_bytes(data[-_TAIL:-4], "little")
    counted = count_missing(data[max(0, len(data) - _TAIL - size) : -_TAIL])
    nested = {field.name for field in schema if pa.types.is_nested(field.type)}
    return {name: count for name, count in counted.items() if name not in nested}


def _end_of(file: BinaryIO) -> memoryview:
    """Return the end of a file that its footer lies in."""
    end = file.seek(0, io.SEEK_END)
    file.seek(max(0, end - _TAIL))
    size = int.from_bytes(file.read(_TAIL)[:4], "little")
    file.seek(max(0, end - _TAIL - size))
    return memoryview(file.read(size + _TAIL))


def like(file: BinaryIO) -> pa.Table:
    """Return the table without its rows, by the footer; beside that, only ordered factors are read.

    Args:
        file: Seekable; its reads are what is read of the object.

    Raises:
        DecodeError: What was read is truncated, damaged or foreign.
    """
    try:
        # Why buffered before: a column is read at once, not page by page.
        with pq.ParquetFile(pa.PythonFile(file, mode="r"), pre_buffer=True) as parquet:
            _check_text(parquet.schema_arrow)
            empty = _schema_without_notes(parquet.schema_arrow).empty_table()
            # Why those only: levels in an order can't be united with others, so they must be known.
            ordered = [one.name for one in empty.schema if _is_ordered(one.type)]
            if not ordered:
                return empty
            read = parquet.read(columns=ordered)
        read.validate(full=True)
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
        if isinstance(error, CrossframeError):
            raise
        raise _damaged(error) from None
    read = _without_notes(read).slice(0, 0)
    for name in ordered:
        position = empty.schema.get_field_index(name)
        empty = empty.set_column(position, empty.schema.field(position), read.column(name))
    return empty


def _is_ordered(kind: pa.DataType) -> bool:
    return bool(pa.types.is_dictionary(kind) and kind.ordered)


def head(file: BinaryIO, rows: int) -> tuple[pa.Table, int, dict[str, int]]:
    """Read the first rows of a file, and of the file no more than these take.

    Args:
        file: Seekable; its reads are what is read of the object.
        rows: How many rows.

    Returns:
        The first rows, the number of all rows, and the missing values of all rows by column, of those whose
        statistics tell.

    Raises:
        DecodeError: What was read is truncated, damaged or foreign.
    """
    try:
        source = pa.PythonFile(file, mode="r")
        # Why a buffer: without one a column's whole chunk is read for its first page.
        with pq.ParquetFile(source, buffer_size=_HEAD_BUFFER, pre_buffer=False) as parquet:
            schema = parquet.schema_arrow
            check_names(schema.names)
            _check_text(schema)
            noted = _noted_rows(schema)
            table = _first_rows(parquet, rows)
            table.validate(full=True)
            count = parquet.metadata.num_rows if noted is None else noted
        missing = _missing(_end_of(file), schema)
    except DecodeError:
        raise
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
        if isinstance(error, CrossframeError):
            raise
        raise _damaged(error) from None
    try:
        return _without_notes(table), count, missing
    except DecodeError:
        # What is noted of rows further down does not fit the first.
        return table, count, missing


def _first_rows(parquet: pq.ParquetFile, rows: int) -> pa.Table:
    batches: list[pa.RecordBatch] = []
    if parquet.schema_arrow.names:
        for batch in parquet.iter_batches(batch_size=rows, use_threads=False):
            batches.append(batch)
            if sum(one.num_rows for one in batches) >= rows:
                break
    return pa.Table.from_batches(batches, parquet.schema_arrow).slice(0, rows)


def _check_text(schema: pa.Schema) -> None:
    """Look at what the schema says in text; UnicodeDecodeError where it is none."""
    for field in schema:
        if pa.types.is_timestamp(field.type):
            _ = field.type.tz
        for key, value in (field.metadata or {}).items():
            if key.startswith(b"crossframe."):
                value.decode()


def _with_notes(table: pa.Table) -> pa.Table:
    """Note what the format would lose."""
    if table.num_columns == 0 and table.num_rows:
        metadata = {**(table.schema.metadata or {}), ROWS_KEY: str(table.num_rows).encode()}
        return pa.schema([], metadata=metadata).empty_table()
    for index, field in enumerate(table.schema):
        if noted := noted_column(field, table.column(index)):
            table = table.set_column(index, *noted)
    return table


def _without_notes(table: pa.Table) -> pa.Table:
    rows, metadata = _noted_rows(table.schema), _less(table.schema.metadata or {}, ROWS_KEY)
    if rows is not None:
        if table.num_columns == 0:
            return without_columns(rows, metadata)
        table = table.replace_schema_metadata(metadata)
    for index, field in enumerate(table.schema):
        if restored := _restored(field, table.column(index)):
            table = table.set_column(index, *restored)
    return table


def _restored(field: pa.Field, column: pa.ChunkedArray) -> tuple[pa.Field, pa.ChunkedArray] | None:
    try:
        return restored_column(field, column)
    except (DecodeError, pa.ArrowException, ValueError, TypeError) as error:
        detail = error.detail if isinstance(error, DecodeError) else _first_line(error)
        raise _damaged(f"What is noted of column '{field.name}' does not fit: {detail}") from None


def _schema_without_notes(schema: pa.Schema) -> pa.Schema:
    restored = [_restored(field, pa.chunked_array([], field.type)) for field in schema]
    fields = [found[0] if found else field for field, found in zip(schema, restored, strict=True)]
    return pa.schema(fields, metadata=_less(schema.metadata or {}, ROWS_KEY))


def _noted_rows(schema: pa.Schema) -> int | None:
    text = (schema.metadata or {}).get(ROWS_KEY)
    if text is None:
        return None
    if not text.isdigit() or len(text) > len(str(2**31)):
        raise _damaged("The number of rows noted is no number.")
    return int(text)


def _less(metadata: dict[bytes, bytes], key: bytes) -> dict[bytes, bytes] | None:
    return {k: v for k, v in metadata.items() if k != key} or None


def _refused(table: pa.Table, error: Exception) -> UnsupportedTypeError:
    """Name the column that Parquet refuses: the first that can't be written alone."""
    for position, field in enumerate(table.schema):
        try:
            pq.write_table(table.select([position]), pa.BufferOutputStream())
        except (pa.ArrowException, OSError, ValueError) as alone:
            return UnsupportedTypeError(
                f"Column '{field.name}' must have a type that Parquet can hold, not {field.type}.",
                _first_line(alone),
            )
    return UnsupportedTypeError("Can't write the table as Parquet.", _first_line(error))


def _damaged(error: object) -> DecodeError:
    return DecodeError(
        "Can't decode the data as Parquet.", _first_line(error), "Is the object truncated or damaged?"
    )


def _first_line(error: object) -> str:
    lines: Iterable[str] = str(error).replace("input source '<Buffer>'", "data").splitlines()
    return next(iter(lines), "")
