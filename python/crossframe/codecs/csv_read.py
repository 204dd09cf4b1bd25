"""CSV bytes to columns of given types: the header by hand, the records by pyarrow.

The rules are those of ``tests/conformance/csv/README.md``.

Source:
    RFC 4180.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.csv as pc

from crossframe.codecs.columns import check_names, without_columns
from crossframe.errors import DecodeError

if TYPE_CHECKING:
    from collections.abc import Sequence

_BOM = b"\xef\xbb\xbf"
# One field of the header and what ends it; text behind a closing quote belongs to the field.
_FIELD = rb'(?:"((?:[^"]|"")*+)"([^%b\r\n]*)|((?!")[^%b\r\n]*))(%b|\r\n|\n|\r|\Z)'
_BLOCK = 4 << 20
_MAX_BLOCK = (1 << 31) - 1
_CELL = re.compile(r"In CSV column #(\d+): .*?conversion error to (.*?): (.*)", re.DOTALL)
_SHAPE = re.compile(r"Expected (\d+) columns, got (\d+)")


class CellError(DecodeError):
    """A cell does not fit its column's type; ``column`` is its position among those read."""

    column: int = -1


@dataclass(frozen=True, slots=True)
class Csv:
    """CSV bytes with the header taken off.

    Attributes:
        names: Names of the columns.
        body: The records, as bytes.
        delimiter: The character between fields.
    """

    names: list[str]
    body: memoryview
    delimiter: str = ","


def split_header(data: memoryview, delimiter: str = ",") -> Csv:
    """Take the header off.

    Raises:
        DecodeError: No byte at all, a quote never closed, not UTF-8, or a NUL.
        DuplicateColumnError: Two columns have one name.
    """
    start = len(_BOM) if data[: len(_BOM)] == _BOM else 0
    if start == len(data):
        raise bad("There is no header: the data is empty.")
    names: list[str] = []
    between = delimiter.encode()
    field = re.compile(_FIELD % ((re.escape(between),) * 3))
    unquoted, end, at = False, between, start
    while end == between:
        found = field.match(data, at)
        if found is None:
            raise bad("A quote in the header is never closed.")
        quoted, after, plain, end = found.groups()
        unquoted = plain is not None
        raw = plain if unquoted else quoted.replace(b'""', b'"') + after
        names.append(_header_text(raw))
        at = found.end()
    if len(names) == 1 and unquoted and not names[0]:
        names = []
    check_names(names)
    return Csv(names, data[at:], delimiter)


def read_columns(
    csv: Csv, types: Sequence[pa.DataType], *, missing: Sequence[str], chosen: Sequence[int], whole: bool
) -> pa.Table:
    """Read the records.

    Args:
        csv: What ``split_header`` gave.
        types: Type of each column, as pyarrow reads it.
        missing: Texts that stand for a missing value where they are not quoted.
        chosen: Positions of the columns wanted.
        whole: Whether the bytes are known to be all there. If not, a quote left open is looked for.

    Returns:
        Table whose columns are named by their position in the file.

    Raises:
        DecodeError: A record has more or fewer fields than the header, or a quote is never closed.
        CellError: A cell does not fit its type.
    """
    count = len(csv.names)
    if count == 0:
        if bytes(csv.body).strip(b"\r\n"):
            raise bad("The header is empty, but records follow.")
        return without_columns(0)
    body = csv.body if whole else _with_sentinel(csv.body, csv.delimiter.encode() * (count - 1))
    names = [str(position) for position in range(count)]
    if _is_blank(body, count):
        return pa.table({names[i]: pa.array([], types[i]) for i in chosen})
    options = pc.ConvertOptions(
        column_types={names[i]: types[i] for i in chosen},
        include_columns=[names[i] for i in chosen],
        null_values=list(missing),
        strings_can_be_null=True,
        quoted_strings_can_be_null=False,
        true_values=["true", "TRUE", "True"],
        false_values=["false", "FALSE", "False"],
    )
    if not chosen:
        # One column is read, to count the rows.
        options = pc.ConvertOptions(include_columns=names[:1], column_types={names[0]: pa.binary()})
    parsing = pc.ParseOptions(delimiter=csv.delimiter, newlines_in_values=True, ignore_empty_lines=count > 1)
    table = _read(body, names, parsing, options, _BLOCK).select([names[i] for i in chosen])
    return table if whole else _without_sentinel(table)


def bad(detail: str) -> DecodeError:
    """Return the error of bytes that are no CSV."""
    hint = "Is it a whole CSV in UTF-8, with commas between the fields?"
    return DecodeError("Can't decode the data as CSV.", detail, hint)


def cell_error(name: str, type_: object, detail: str) -> DecodeError:
    """Return the error of a cell that does not fit its column's type."""
    return DecodeError("Can't decode the data as CSV.", f"column '{name}' must be {type_}: {detail}")


def _header_text(raw: bytes) -> str:
    try:
        name = raw.decode()
    except UnicodeDecodeError:
        raise bad("The header is not UTF-8.") from None
    if "\0" in name:
        raise bad("The header holds a NUL byte.")
    return name


def _is_blank(body: memoryview, count: int) -> bool:
    if count == 1:
        return not body
    head = bytes(body[:64]).strip(b"\r\n")
    return not head and not bytes(body).strip(b"\r\n")


def _with_sentinel(body: memoryview, record: bytes) -> memoryview:
    """Append a record of missing values, which a quote left open would swallow (pyarrow accepts that)."""
    ended = not body or body[-1] in b"\r\n"
    # Why the same: a CR and our LF would be one line end.
    end = b"\r" if body and body[-1] in b"\r" else b"\n"
    return memoryview(b"".join((body, b"" if ended else end, record, end)))


def _without_sentinel(table: pa.Table) -> pa.Table:
    last = table.num_rows - 1
    if last < 0 or any(column[last].is_valid for column in table.columns):
        raise bad("A quote is never closed. Is the object truncated?")
    return table.slice(0, last)


def _read(
    body: memoryview, names: list[str], parsing: pc.ParseOptions, options: pc.ConvertOptions, block: int
) -> pa.Table:
    try:
        return pc.read_csv(
            pa.BufferReader(pa.py_buffer(body)),
            read_options=pc.ReadOptions(column_names=names, block_size=block),
            parse_options=parsing,
            convert_options=options,
        )
    except pa.ArrowInvalid as error:
        text = str(error)
        if "straddling" in text and block < min(len(body) + 1, _MAX_BLOCK):
            return _read(body, names, parsing, options, min(len(body) + 1, _MAX_BLOCK))
        raise _ours(text) from None
    except (pa.ArrowException, OSError) as error:
        raise bad(str(error)) from None


def _ours(text: str) -> DecodeError:
    if "invalid UTF8" in text:
        return bad("The text is not UTF-8.")
    if cell := _CELL.match(text):
        error = CellError("Can't decode the data as CSV.", f"column {cell[1]} must be {cell[2]}: {cell[3]}")
        error.column = int(cell[1])
        return error
    if shape := _SHAPE.search(text):
        fields = "1 field" if shape[2] == "1" else f"{shape[2]} fields"
        return bad(f"A record has {fields}, but the header has {shape[1]}.")
    return bad(text)
