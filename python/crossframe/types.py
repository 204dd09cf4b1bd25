"""The one type table, ``types.csv``: R, Arrow and pandas words for each kind of column."""

from __future__ import annotations

import csv
import functools
from dataclasses import dataclass
from importlib import resources
from typing import TYPE_CHECKING

import pyarrow as pa

from crossframe.arrow_types import COMPLEX, ROBJECT

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


@dataclass(frozen=True, slots=True)
class TypeRow:
    """A row of ``types.csv``.

    Attributes:
        type: Name of the row.
        r_class: Class in R, ``/`` between several.
        r_storage: R's ``typeof()``.
        arrow: Arrow type that the row maps to.
        pandas: pandas dtype that the row maps to.
        note: What else to know.
    """

    type: str
    r_class: str
    r_storage: str
    arrow: str
    pandas: str
    note: str


@functools.cache
def type_table() -> Mapping[str, TypeRow]:
    """Return the table by row name, in the order of the file."""
    text = resources.files("crossframe").joinpath("types.csv").read_text(encoding="utf-8")
    return {row["type"]: TypeRow(**row) for row in csv.DictReader(text.splitlines())}


# Arrow type -> row: the first test that holds. Types that R has no exact twin for stand at the
# row they go to in R; the way back to Python is kept beside the data (codecs.r_origin).
_ROWS: tuple[tuple[Callable[[pa.DataType], bool], str], ...] = (
    (lambda t: t == COMPLEX, "complex"),
    (lambda t: t == ROBJECT, "robject"),
    (pa.types.is_boolean, "logical"),
    (pa.types.is_null, "logical"),
    (pa.types.is_int64, "integer64"),
    (pa.types.is_unsigned_integer, "integer"),
    (pa.types.is_signed_integer, "integer"),
    (pa.types.is_floating, "double"),
    (pa.types.is_decimal, "double"),
    (pa.types.is_string, "character"),
    (pa.types.is_large_string, "character"),
    (pa.types.is_string_view, "character"),
    (pa.types.is_binary, "bytes"),
    (pa.types.is_large_binary, "bytes"),
    (lambda t: pa.types.is_dictionary(t) and t.ordered, "ordered"),
    (pa.types.is_dictionary, "factor"),
    (pa.types.is_date, "date"),
    (pa.types.is_timestamp, "posixct"),
    (pa.types.is_duration, "difftime"),
    (pa.types.is_time, "hms"),
    (pa.types.is_fixed_size_list, "matrix"),
    (pa.types.is_list, "list"),
    (pa.types.is_large_list, "list"),
    (pa.types.is_struct, "struct"),
)


def row_of(arrow_type: pa.DataType) -> TypeRow | None:
    """Return the row that an Arrow type belongs to, or ``None`` outside the table."""
    for fits, name in _ROWS:
        if fits(arrow_type):
            return type_table()[name]
    return None


@dataclass(frozen=True, slots=True)
class Words:
    """A column type in three languages."""

    r: str
    arrow: str
    pandas: str


def describe(arrow_type: pa.DataType) -> Words:
    """Return an Arrow type in the words of R, Arrow and pandas; ``-`` for R outside the table."""
    row = row_of(arrow_type)
    if row is None:
        return Words("-", str(arrow_type), f"{arrow_type}[pyarrow]")
    pandas = row.pandas
    if pa.types.is_timestamp(arrow_type):
        pandas = f"datetime64[{arrow_type.unit}" + (f", {arrow_type.tz}]" if arrow_type.tz else "]")
    elif pa.types.is_duration(arrow_type):
        pandas = f"timedelta64[{arrow_type.unit}]"
    elif pa.types.is_integer(arrow_type):
        pandas = ("UInt" if pa.types.is_unsigned_integer(arrow_type) else "Int") + str(arrow_type.bit_width)
    elif pa.types.is_floating(arrow_type):
        pandas = f"float{arrow_type.bit_width}"
    return Words(row.r_class, _arrow_word(arrow_type), pandas)


def _arrow_word(arrow_type: pa.DataType) -> str:
    if pa.types.is_dictionary(arrow_type):
        return "dictionary (ordered)" if arrow_type.ordered else "dictionary"
    return str(arrow_type)


def row_name(arrow_type: pa.DataType) -> str | None:
    """Return the name of the row that an Arrow type belongs to, or ``None`` outside the table."""
    row = row_of(arrow_type)
    return None if row is None else row.type
