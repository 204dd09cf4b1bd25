"""Arrow columns of one value a row -> R vectors, by the type table.

Source: R Internals, section 1.1 (SEXPTYPEs) and 1.3 (attributes); ``types.csv``.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from crossframe import _rserial
from crossframe.attributes import STORAGE_KEY, UNITS_KEY, character, to_array
from crossframe.codecs.from_r_columns import INT32_MAX, NANOSECONDS, UNIT_SECONDS, unsupported
from crossframe.errors import UnsupportedTypeError

if TYPE_CHECKING:
    from collections.abc import Callable

    from crossframe._rserial import Node
    from crossframe.attributes import Attributes
    from crossframe.losses import Losses

_EXACT_IN_DOUBLE = 2**53
_NOT_KEPT = "can't be kept exactly in R"
_PER_SECOND = {"s": 1, "ms": 10**3, "us": 10**6, "ns": NANOSECONDS}


@dataclass(slots=True)
class Vector:
    """An R vector on its way: values, and the attributes that its type implies."""

    values: Node
    implied: Attributes = field(default_factory=dict)


def note(arrow_field: pa.Field, key: bytes) -> str | None:
    """Return what the field's metadata note under a key."""
    value = (arrow_field.metadata or {}).get(key)
    return None if value is None else value.decode()


def _encode_logical(arrow_field: pa.Field, values: pa.Array, losses: Losses) -> Vector:
    del arrow_field, losses
    return Vector(_rserial.vector(values.cast(pa.bool_())))


def _encode_character(arrow_field: pa.Field, values: pa.Array, losses: Losses) -> Vector:
    del arrow_field, losses
    if pa.types.is_string_view(values.type):
        values = values.cast(pa.large_string())
    return Vector(_rserial.vector(values))


def _encode_integer(arrow_field: pa.Field, values: pa.Array, losses: Losses) -> Vector:
    """Give R's integer where every value fits, else double where exact, else integer64."""
    del losses
    if note(arrow_field, STORAGE_KEY) == "raw" and values.type == pa.uint8() and not values.null_count:
        return Vector(_rserial.vector(values))
    if values.type in {pa.int8(), pa.int16(), pa.int32(), pa.uint8(), pa.uint16()}:
        wanted = values.cast(pa.int32())
        # Why: R's NA is INT_MIN, so that one value needs a double.
        lowest = pc.min(wanted).as_py() if values.type == pa.int32() else None
        if lowest is None or lowest >= -INT32_MAX:
            return Vector(_rserial.vector(wanted))
    if note(arrow_field, STORAGE_KEY) == "integer64":
        return _integer64(arrow_field, values)
    extremes = pc.min_max(values).as_py()
    low, high = extremes["min"], extremes["max"]
    if low is None or (low >= -INT32_MAX and high <= INT32_MAX):
        return Vector(_rserial.vector(values.cast(pa.int32())))
    if low >= -_EXACT_IN_DOUBLE and high <= _EXACT_IN_DOUBLE:
        return Vector(_rserial.vector(values.cast(pa.float64())))
    return _integer64(arrow_field, values)


def _integer64(arrow_field: pa.Field, values: pa.Array) -> Vector:
    extremes = pc.min_max(values).as_py()
    if extremes["max"] is not None and (extremes["max"] > 2**63 - 1 or extremes["min"] == -(2**63)):
        raise UnsupportedTypeError(
            f"Column '{arrow_field.name}' must fit R's integer64.",
            f"Its values go from {extremes['min']} to {extremes['max']}.",
            "Save it as text or as float64.",
        )
    return Vector(_rserial.vector(values.cast(pa.int64())), {"class": character(["integer64"])})


def _encode_double(arrow_field: pa.Field, values: pa.Array, losses: Losses) -> Vector:
    if pa.types.is_decimal(values.type):
        doubles = values.cast(pa.float64())
        again = doubles.cast(values.type, safe=False)
        changed = pc.sum(pc.not_equal(again, values)).as_py() or 0
        losses.add(arrow_field.name, changed, values.type, "of a decimal can't be kept exactly in R")
        values = doubles
    return Vector(_rserial.vector(values.cast(pa.float64())))


def _encode_factor(arrow_field: pa.Field, values: pa.Array, losses: Losses) -> Vector:
    del losses
    levels = values.dictionary
    if not (pa.types.is_string(levels.type) or pa.types.is_large_string(levels.type)):
        raise unsupported(arrow_field.name, f"category of {levels.type}")
    if pc.count_distinct(levels, mode="all").as_py() != len(levels):
        # Arrow may hold a text twice, R's levels may not.
        once = pc.unique(levels)
        values = pa.DictionaryArray.from_arrays(
            pc.index_in(levels, once).take(values.indices), once, ordered=values.type.ordered
        )
        levels = once
    codes = pc.add(values.indices.cast(pa.int32()), pa.scalar(1, pa.int32()))
    classes = ["ordered", "factor"] if values.type.ordered else ["factor"]
    return Vector(_rserial.vector(codes), {"levels": _rserial.vector(levels), "class": character(classes)})


def _stored(arrow_field: pa.Field, values: Node) -> Node:
    """Return doubles as integers where R kept them so, and they still are."""
    if note(arrow_field, STORAGE_KEY) != "integer":
        return values
    try:
        return _rserial.vector(to_array(values).cast(pa.int32()))
    except pa.ArrowInvalid:
        return values


def _from_ticks(arrow_field: pa.Field, values: pa.Array, ticks: int, losses: Losses) -> Node:
    counts = _rserial.vector(
        values.cast(pa.int64()) if pa.types.is_date(values.type) else values.view(pa.int64())
    )
    out, lost, first = _rserial.from_ticks(counts, ticks)
    if lost:
        losses.add(arrow_field.name, lost, values[first], _NOT_KEPT)
    return _stored(arrow_field, out)


def _encode_date(arrow_field: pa.Field, values: pa.Array, losses: Losses) -> Vector:
    del losses
    days = values.cast(pa.date32()).view(pa.int32()).cast(pa.float64())
    return Vector(_stored(arrow_field, _rserial.vector(days)), {"class": character(["Date"])})


def _encode_posixct(arrow_field: pa.Field, values: pa.Array, losses: Losses) -> Vector:
    seconds = _from_ticks(arrow_field, values, _PER_SECOND[values.type.unit], losses)
    implied = {"class": character(["POSIXct", "POSIXt"]), "tzone": character([values.type.tz or "UTC"])}
    return Vector(seconds, implied)


def _encode_difftime(arrow_field: pa.Field, values: pa.Array, losses: Losses) -> Vector:
    units = note(arrow_field, UNITS_KEY)
    if units not in UNIT_SECONDS:
        units = "secs"
    ticks = UNIT_SECONDS[units] * _PER_SECOND[values.type.unit]
    amounts = _from_ticks(arrow_field, values, ticks, losses)
    return Vector(amounts, {"class": character(["difftime"]), "units": character([units])})


def _encode_time(arrow_field: pa.Field, values: pa.Array, losses: Losses) -> Vector:
    counts = values.cast(pa.time64("ns"))
    seconds = _from_ticks(arrow_field, counts, NANOSECONDS, losses)
    return Vector(seconds, {"class": character(["hms", "difftime"]), "units": character(["secs"])})


def _encode_complex(arrow_field: pa.Field, values: pa.Array, losses: Losses) -> Vector:
    del arrow_field, losses
    # Why flatten by hand: Arrow's own leaves out what is missing.
    storage = pa.concat_arrays([values.storage])
    flat = storage.values
    return Vector(_rserial.from_parts(_rserial.vector(flat), _rserial.vector(storage.is_null())))


def _encode_bytes(arrow_field: pa.Field, values: pa.Array, losses: Losses) -> Vector:
    del losses
    if note(arrow_field, STORAGE_KEY) != "bytes":
        raise unsupported(arrow_field.name, str(values.type))
    return Vector(_rserial.vector(values))


BY_ROW: dict[str, Callable[[pa.Field, pa.Array, Losses], Vector]] = {
    "logical": _encode_logical,
    "integer": _encode_integer,
    "integer64": _encode_integer,
    "double": _encode_double,
    "character": _encode_character,
    "factor": _encode_factor,
    "ordered": _encode_factor,
    "date": _encode_date,
    "posixct": _encode_posixct,
    "difftime": _encode_difftime,
    "hms": _encode_time,
    "complex": _encode_complex,
    "bytes": _encode_bytes,
}
