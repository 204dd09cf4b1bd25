"""Columns to CSV bytes: a header, and records with text always in quotes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv

from crossframe.errors import UnsupportedTypeError

if TYPE_CHECKING:
    from collections.abc import Collection

_BATCH_ROWS = 16384


def write(
    names: list[str], columns: list[pa.ChunkedArray], delimiter: str, bare: Collection[int] = ()
) -> bytes:
    """Write columns of values that pyarrow's writer knows.

    Args:
        names: Names of the columns.
        columns: The columns.
        delimiter: The character between fields.
        bare: Positions of columns of text that needs no quotes and gets none.

    Raises:
        UnsupportedTypeError: A name or a text holds a NUL.
    """
    header = delimiter.join(_quoted(name) for name in names) + "\n"
    if "\0" in header:
        raise UnsupportedTypeError("A column's name must be text without NUL.")
    sink = pa.BufferOutputStream()
    sink.write(header.encode())
    if columns:
        body = pa.table(columns, names=[str(position) for position in range(len(names))])
        if bare:
            _write_joined(body, sink, delimiter, bare)
        else:
            options = pacsv.WriteOptions(include_header=False, batch_size=_BATCH_ROWS, delimiter=delimiter)
            pacsv.write_csv(body, sink, options)
    data: bytes = sink.getvalue().to_pybytes()
    if b"\0" in data:
        _refuse_nul(names, columns)
    return data


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'


def _write_joined(table: pa.Table, sink: pa.NativeFile, delimiter: str, bare: Collection[int]) -> None:
    """Write as pyarrow's writer does, which can't leave the quotes off some columns of text."""
    for batch in table.to_batches(max_chunksize=_BATCH_ROWS):
        texts = [_fields(column, quote=i not in bare) for i, column in enumerate(batch.columns)]
        records = pc.binary_join_element_wise(*texts, delimiter)
        whole = pa.ListArray.from_arrays(pa.array([0, len(records)], pa.int32()), records)
        sink.write(pc.binary_join(whole, "\n")[0].as_buffer())
        sink.write(b"\n")


def _fields(column: pa.Array, *, quote: bool) -> pa.StringArray:
    texts = column.cast(pa.string())
    if quote and (pa.types.is_string(column.type) or pa.types.is_large_string(column.type)):
        texts = pc.binary_join_element_wise('"', pc.replace_substring(texts, '"', '""'), '"', "")
    return pc.fill_null(texts, "")


def _refuse_nul(names: list[str], columns: list[pa.ChunkedArray]) -> None:
    for name, column in zip(names, columns, strict=True):
        textual = pa.types.is_string(column.type) or pa.types.is_large_string(column.type)
        if textual and pc.any(pc.match_substring(column, "\0")).as_py():
            raise UnsupportedTypeError(f"Column '{name}' must be text without NUL to be saved as CSV.")
