"""Values as a table shows them: text of a cell, whatever the column's type; ``None`` where it is missing."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

from crossframe.arrow_types import COMPLEX, ROBJECT
from crossframe.attributes import UNITS_KEY

if TYPE_CHECKING:
    from collections.abc import Callable

_LONGEST = 300
_SECONDS = {"secs": 1, "mins": 60, "hours": 3600, "days": 86_400, "weeks": 604_800}
_NANOSECONDS = {"s": 1_000_000_000, "ms": 1_000_000, "us": 1000, "ns": 1}


def texts_of(field: pa.Field, column: pa.ChunkedArray) -> list[str | None]:
    """Return a column's cells as text.

    Args:
        field: Its field; the units of a duration are in its metadata.
        column: n values.

    Returns:
        n texts of at most 300 characters.
    """
    for fits, convert in _BY_TYPE:
        if fits(field.type):
            return [_short(text) for text in convert(field, column)]
    return [_short(_nested(scalar)) for scalar in column]


def number_text(value: float) -> str:
    """Return a number as briefly as it can be told apart."""
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "Inf" if value > 0 else "-Inf"
    text = repr(value)
    return text.removesuffix(".0")


def _short(text: str | None) -> str | None:
    return text if text is None or len(text) <= _LONGEST else text[: _LONGEST - 1] + "\u2026"


def _numbers(_: pa.Field, column: pa.ChunkedArray) -> list[str | None]:
    values = column.cast(pa.float64()).to_pylist()
    return [None if value is None else number_text(value) for value in values]


def _plain(_: pa.Field, column: pa.ChunkedArray) -> list[str | None]:
    texts: list[str | None] = column.cast(pa.string()).to_pylist()
    return texts


def _coded(field: pa.Field, column: pa.ChunkedArray) -> list[str | None]:
    values = column.cast(field.type.value_type)
    return texts_of(pa.field(field.name, field.type.value_type), values)


def _times(field: pa.Field, column: pa.ChunkedArray) -> list[str | None]:
    zoned = field.type.tz is not None
    try:
        local = pc.local_timestamp(column) if zoned else column
    except pa.ArrowException:  # a zone that this machine does not know
        local = column.cast(pa.timestamp(field.type.unit))
    texts = local.cast(pa.string()).to_pylist()
    return [None if text is None else _without_zeros(text) for text in texts]


def _without_zeros(text: str) -> str:
    text = text.rstrip("Z")
    return text.rstrip("0").removesuffix(".") if "." in text else text


def _durations(field: pa.Field, column: pa.ChunkedArray) -> list[str | None]:
    units = (field.metadata or {}).get(UNITS_KEY, b"secs").decode("utf-8", "replace")
    scale = _NANOSECONDS[field.type.unit] / 1_000_000_000 / _SECONDS.get(units, 1)
    unit = units if units in _SECONDS else "secs"
    values = column.cast(pa.int64()).to_pylist()
    return [None if value is None else f"{number_text(value * scale)} {unit}" for value in values]


def _complex(_: pa.Field, column: pa.ChunkedArray) -> list[str | None]:
    found: list[str | None] = []
    for scalar in column:
        pair = scalar.value.as_py() if scalar.is_valid else None
        if pair is None or None in pair:
            found.append(None)
        else:
            real, imaginary = pair
            sign = "" if imaginary < 0 else "+"
            found.append(f"{number_text(real)}{sign}{number_text(imaginary)}i")
    return found


def _bytes(_: pa.Field, column: pa.ChunkedArray) -> list[str | None]:
    return [None if value is None else repr(bytes(value))[2:-1] for value in column.to_pylist()]


def _carried(_: pa.Field, column: pa.ChunkedArray) -> list[str | None]:
    return ["R value" if one.is_valid else None for one in column]


def _nested(scalar: Any) -> str | None:  # noqa: ANN401 - any Arrow scalar
    """Return a list or a struct as text, its parts as their own columns would have them."""
    if not scalar.is_valid:
        return None
    if pa.types.is_struct(scalar.type):
        parts = [f"{field.name}: {_part(scalar[field.name])}" for field in scalar.type]
        return "{" + ", ".join(parts) + "}"
    values = getattr(scalar, "values", None)
    if values is None:
        return str(scalar)
    shown = texts_of(pa.field("", values.type), pa.chunked_array([values[:20]]))
    more = ", \u2026" if len(values) > len(shown) else ""
    return "[" + ", ".join("NA" if text is None else text for text in shown) + more + "]"


def _part(scalar: Any) -> str:  # noqa: ANN401 - any Arrow scalar
    array = pa.chunked_array([pa.array([scalar.as_py()], scalar.type)]) if scalar.is_valid else None
    return "NA" if array is None else texts_of(pa.field("", scalar.type), array)[0] or "NA"


_BY_TYPE: tuple[
    tuple[Callable[[pa.DataType], bool], Callable[[pa.Field, pa.ChunkedArray], list[str | None]]], ...
] = (
    (lambda t: t == COMPLEX, _complex),
    (lambda t: t == ROBJECT, _carried),
    (pa.types.is_floating, _numbers),
    (pa.types.is_dictionary, _coded),
    (pa.types.is_timestamp, _times),
    (pa.types.is_duration, _durations),
    (pa.types.is_binary, _bytes),
    (pa.types.is_large_binary, _bytes),
    (lambda t: not pa.types.is_nested(t), _plain),
)
