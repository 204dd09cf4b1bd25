"""Types and row names of a CSV without a sidecar.

The rules are those of ``tests/conformance/csv/README.md``; R follows the same. Each type has one test over
all values at once, and the first value says which tests can pass at all.
"""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from crossframe.codecs.columns import without_columns
from crossframe.codecs.csv_read import read_columns

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from crossframe.codecs.csv_read import Csv

_TRUE, _FALSE = ("true", "TRUE", "True", "T"), ("false", "FALSE", "False", "F")
_LOGICAL = pa.array(_TRUE + _FALSE)
_INTEGER = r"[+-]?(0|[1-9][0-9]*)"
_NUMBER = r"[+-]?((0|[1-9][0-9]*)(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?"
_DOUBLE = rf"({_NUMBER}|(?i:nan|[+-]?inf|[+-]?infinity))"
_DATE = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
_CLOCK = r"[ T]([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9](\.[0-9]{1,9})?)?"
_ZONE = r"(Z|[+-]([01][0-9]|2[0-3])(:?[0-5][0-9])?)"
_ZONED = _DATE + _CLOCK + _ZONE
_NAIVE = rf"{_DATE}({_CLOCK})?"
_INT32_MAX = 2**31 - 1
_ROW_NAME_HEADERS = ("", "Unnamed: 0")


@dataclass(frozen=True, slots=True)
class Inferred:
    """A CSV read without a sidecar.

    Attributes:
        table: The columns, row names taken off.
        row_names: Their row names: integers or texts; ``None`` where automatic.
    """

    table: pa.Table
    row_names: list[int] | list[str] | None


def infer_table(csv: Csv) -> pa.Table:
    """Read a CSV without a sidecar; row names go into the ``r`` metadata."""
    inferred = infer(csv)
    if inferred.row_names is None:
        return inferred.table
    return with_row_names(inferred.table, inferred.row_names)


def infer(csv: Csv) -> Inferred:
    """Read a CSV without a sidecar.

    Raises:
        DecodeError: A record has more or fewer fields than the header, or a quote is never closed.
    """
    count = len(csv.names)
    texts = read_columns(
        csv, [pa.string()] * count, missing=["", "NA"], chosen=list(range(count)), whole=False
    )
    # Why: pyarrow's kernels let go of the interpreter's lock.
    with ThreadPoolExecutor(pa.cpu_count()) as pool:
        columns = list(pool.map(infer_column, texts.columns))
    if count and csv.names[0] in _ROW_NAME_HEADERS and _names_rows(texts.column(0)):
        row_names = _row_names(texts.column(0), columns[0])
        rest = pa.table(columns[1:], names=csv.names[1:]) if count > 1 else without_columns(texts.num_rows)
        return Inferred(rest, row_names)
    return Inferred(pa.table(columns, names=csv.names) if count else texts, None)


def infer_column(texts: pa.ChunkedArray) -> pa.ChunkedArray:
    """Return the column in the first type that every value fits; text where there is none."""
    first = _first(texts)
    if first is None:
        return pa.chunked_array([pa.nulls(len(texts), pa.bool_())])
    likely = [convert for looks, convert in _TYPES if looks.fullmatch(first)]
    for values in (texts, *_trimmed(texts, needed=bool(likely))):
        for convert in likely:
            found = convert(values)
            if found is not None:
                return found
    return texts


def _trimmed(texts: pa.ChunkedArray, *, needed: bool) -> Iterator[pa.ChunkedArray]:
    """Yield the texts without the blanks around them, where there are any."""
    if needed and pc.any(pc.match_substring_regex(texts, r"^[ \t]|[ \t]$")).as_py():
        yield pc.utf8_trim(texts, " \t")


def with_row_names(table: pa.Table, row_names: list[int] | list[str]) -> pa.Table:
    """Note row names in the table's ``r`` metadata."""
    from crossframe import attributes  # noqa: PLC0415 - it loads R's serialization, which few CSVs need

    node = attributes.from_python(row_names, "row.names")
    noted = attributes.RMetadata(attributes={"row.names": node}).apply(table)
    return noted if table.num_columns else without_columns(table.num_rows, noted.schema.metadata)


def rows_of(schema: pa.Schema) -> int:
    """Return the number of rows that the row names in ``r`` tell of a frame without columns."""
    if not schema.metadata or b"r" not in schema.metadata:
        return 0
    from crossframe import attributes  # noqa: PLC0415 - as above

    node = attributes.RMetadata.of(schema).attributes.get("row.names")
    if node is None:
        return 0
    rows = attributes.compact_rows(node)
    return node.length if rows is None else rows


def _first(texts: pa.ChunkedArray) -> str | None:
    """Return the first value that is not missing, without the blanks around it."""
    for chunk in texts.chunks:
        if chunk.null_count < len(chunk):
            text: str = chunk.drop_null()[0].as_py() if chunk.null_count else chunk[0].as_py()
            return text.strip(" \t")
    return None


def _fits(texts: pa.ChunkedArray, pattern: str) -> bool:
    return pc.all(pc.match_substring_regex(texts, f"^{pattern}$")).as_py() is True


def _logical(texts: pa.ChunkedArray) -> pa.ChunkedArray | None:
    if not _all_in(texts, _LOGICAL):
        return None
    return pc.if_else(texts.is_valid(), pc.is_in(texts, pa.array(_TRUE)), pa.scalar(None, pa.bool_()))


def _all_in(texts: pa.ChunkedArray, known: pa.Array) -> bool:
    return pc.all(pc.or_(pc.is_in(texts, known), texts.is_null())).as_py() is True


def _integer(texts: pa.ChunkedArray) -> pa.ChunkedArray | None:
    numbers = _cast(texts, pa.int64())
    if numbers is None or not _all_equal(numbers.cast(pa.string()), texts):
        # Why: pyarrow also reads 007 and 0x1F, and does not read +5.
        if not _fits(texts, _INTEGER):
            return None
        numbers = _cast(pc.replace_substring_regex(texts, r"^\+", ""), pa.int64())
        if numbers is None:
            return None
    bounds = pc.min_max(numbers)
    least, most = bounds["min"].as_py(), bounds["max"].as_py()
    if least >= -_INT32_MAX and most <= _INT32_MAX:
        return numbers.cast(pa.int32())
    return numbers if least > -(2**63) else None


def _double(texts: pa.ChunkedArray) -> pa.ChunkedArray | None:
    return _cast(texts, pa.float64()) if _fits(texts, _DOUBLE) else None


def _date(texts: pa.ChunkedArray) -> pa.ChunkedArray | None:
    return _cast(texts, pa.date32()) if _fits(texts, _DATE) and not _year_zero(texts) else None


def _zoned(texts: pa.ChunkedArray) -> pa.ChunkedArray | None:
    return _times(texts, "UTC") if _fits(texts, _ZONED) else None


def _naive(texts: pa.ChunkedArray) -> pa.ChunkedArray | None:
    return _times(texts, None) if _fits(texts, _NAIVE) else None


def _times(texts: pa.ChunkedArray, zone: str | None) -> pa.ChunkedArray | None:
    if _year_zero(texts):
        return None
    found = _cast(texts, pa.timestamp("ns", zone))
    if found is not None:
        return found
    # Why: years before 1678 and after 2261 need microseconds, so the digits below those are dropped.
    coarse = pc.replace_substring_regex(texts, r"(\.[0-9]{6})[0-9]+", r"\1")
    return _cast(coarse, pa.timestamp("us", zone))


def _year_zero(texts: pa.ChunkedArray) -> bool:
    return pc.any(pc.starts_with(texts, "0000")).as_py() is True


def _cast(texts: pa.ChunkedArray, type_: pa.DataType) -> pa.ChunkedArray | None:
    try:
        return texts.cast(type_)
    except pa.ArrowException:
        return None


def _all_equal(left: pa.ChunkedArray, right: pa.ChunkedArray) -> bool:
    return pc.all(pc.equal(left, right)).as_py() is True


_TYPES: tuple[tuple[re.Pattern[str], Callable[[pa.ChunkedArray], pa.ChunkedArray | None]], ...] = (
    (re.compile("|".join(_TRUE + _FALSE)), _logical),
    (re.compile(_INTEGER), _integer),
    (re.compile(_DOUBLE), _double),
    (re.compile(_DATE), _date),
    (re.compile(_ZONED), _zoned),
    (re.compile(_NAIVE), _naive),
)


def _names_rows(texts: pa.ChunkedArray) -> bool:
    return texts.null_count == 0 and len(pc.unique(texts)) == len(texts)


def _row_names(texts: pa.ChunkedArray, column: pa.ChunkedArray) -> list[int] | list[str] | None:
    """Return row names as R has them; ``None`` for the automatic 1..n, which pandas counts from 0."""
    if len(texts) == 0:
        return None
    if column.type != pa.int32():
        names: list[str] = texts.to_pylist()
        return names
    numbers: list[int] = column.to_pylist()
    automatic = numbers in (list(range(1, len(numbers) + 1)), list(range(len(numbers))))
    return None if automatic else numbers
