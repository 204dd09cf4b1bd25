"""R columns that are atomic vectors -> Arrow arrays, by the type table.

Source: R Internals, section 1.1 (SEXPTYPEs) and 1.3 (attributes); ``types.csv``.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.compute as pc

from crossframe import _rserial
from crossframe.arrow_types import COMPLEX
from crossframe.attributes import STORAGE_KEY, UNITS_KEY, RMetadata, texts_of, to_array
from crossframe.errors import DecodeError, UnsupportedTypeError

if TYPE_CHECKING:
    from collections.abc import Callable

    from crossframe._rserial import Node
    from crossframe.attributes import Attributes
    from crossframe.losses import Losses

NANOSECONDS = 10**9
MICROSECONDS = 10**6
INT64_MAX = 2**63 - 1
INT32_MAX = 2**31 - 1
DAY = 86400 * NANOSECONDS

# R's difftime units in seconds.
UNIT_SECONDS = {"secs": 1, "mins": 60, "hours": 3600, "days": 86400, "weeks": 604800}

_FEW = 1000

_NOT_KEPT = "can't be kept exactly"


@dataclass(slots=True)
class Column:
    """One column on its way.

    Attributes:
        values: As Arrow has them.
        notes: What the Arrow field says beyond its type.
        metadata: The R attributes left over, and those of the columns within.
    """

    values: pa.Array
    notes: dict[bytes, bytes] = field(default_factory=dict)
    metadata: RMetadata = field(default_factory=RMetadata)


def own_attributes(node: Node) -> Attributes:
    """Return a value's attributes by name."""
    return {name: value for name, value in node.attributes if name}


def unsupported(column: str, kind: str) -> UnsupportedTypeError:
    """Say that a column's type is outside the table."""
    return UnsupportedTypeError(
        f"Column '{column}' must have a type listed in types.csv, not {kind}.",
        hint="Drop or convert the column first.",
    )


def _left_over(node: Node, *, plain_class: list[str], without: tuple[str, ...] = ()) -> Attributes:
    """Return the attributes that the Arrow type does not imply."""
    attributes = own_attributes(node)
    if texts_of(attributes.get("class")) == plain_class:
        del attributes["class"]
    for name in without:
        attributes.pop(name, None)
    return attributes


def _decode_factor(name: str, node: Node, losses: Losses) -> Column:
    del losses
    levels = node.attribute("levels")
    if node.kind != "integer" or levels is None or levels.kind != "character":
        raise DecodeError(f"Can't read factor '{name}'.", "Its codes are no integers, or it has no levels.")
    if levels.undecodable:
        raise unsupported(name, "factor with levels marked as bytes")
    texts = to_array(levels)
    if not _are_distinct(texts):
        raise DecodeError(f"Can't read factor '{name}'.", "Two of its levels are the same.")
    try:
        indices = to_array(_rserial.to_indices(node, len(texts)))
    except _rserial.DecodeError as failure:
        raise DecodeError(f"Can't read factor '{name}'.", f"{failure}.") from None
    ordered = node.inherits("ordered")
    if not pa.types.is_string(texts.type):
        texts = texts.cast(pa.string())
    values = pa.DictionaryArray.from_arrays(indices, texts, ordered=ordered, safe=False)
    plain_class = ["ordered", "factor"] if ordered else ["factor"]
    attributes = _left_over(node, plain_class=plain_class, without=("levels",))
    if levels.attributes:  # Why: levels may have names of their own
        attributes["levels"] = levels
    return Column(values, metadata=RMetadata(attributes))


def _are_distinct(texts: pa.Array) -> bool:
    # Why not always Arrow's: its start takes longer than a set of few.
    if len(texts) <= _FEW:
        return len(set(texts.to_pylist())) == len(texts)
    return bool(pc.count_distinct(texts, mode="all").as_py() == len(texts))


def _storage(node: Node) -> dict[bytes, bytes]:
    return {STORAGE_KEY: b"integer"} if node.kind == "integer" else {}


def _ticks(
    name: str, node: Node, per_unit: tuple[int, ...], limit: int, losses: Losses
) -> tuple[pa.Array, int]:
    """Return int64 ticks and how many make a unit: the first of ``per_unit`` that no value overflows."""
    if node.kind not in {"integer", "double"}:
        raise unsupported(name, f"{node.kind} with a class of numbers")
    values = to_array(node)
    if node.kind == "integer":
        values = values.cast(pa.float64())
        node = _rserial.vector(values)
    for ticks in per_unit:
        out, lost, first = _rserial.to_ticks(node, ticks, limit)
        if not lost or ticks == per_unit[-1] or not _overflows(values, limit / ticks):
            break
    if lost:
        losses.add(name, lost, values[first].as_py(), _NOT_KEPT)
    return to_array(out), ticks


def _overflows(values: pa.Array, largest: float) -> bool:
    finite = values.filter(pc.is_finite(values))
    extremes = pc.min_max(pc.abs(finite))
    return bool(extremes["max"].is_valid and extremes["max"].as_py() > largest)


def _decode_date(name: str, node: Node, losses: Losses) -> Column:
    told = len(losses.found)
    days, _ = _ticks(name, node, (1,), INT32_MAX, losses)
    if len(losses.found) > told:
        # Why not the nearest day: a fraction is a time of the day that R shows.
        whole = _rserial.vector(pc.floor(to_array(node)))
        days = to_array(_rserial.to_ticks(whole, 1, INT32_MAX)[0])
    values = days.cast(pa.int32()).view(pa.date32())
    return Column(values, _storage(node), RMetadata(_left_over(node, plain_class=["Date"])))


def _decode_posixct(name: str, node: Node, losses: Losses) -> Column:
    ticks, per_second = _ticks(name, node, (NANOSECONDS, MICROSECONDS), INT64_MAX, losses)
    unit = "ns" if per_second == NANOSECONDS else "us"
    attributes = _left_over(node, plain_class=["POSIXct", "POSIXt"])
    zone = "UTC"
    tzone = attributes.get("tzone")
    names = texts_of(tzone)
    if tzone is None:
        attributes["tzone"] = _rserial.null()
    elif len(names) == 1 and names[0] and not tzone.attributes and is_zone(names[0]):
        zone = names[0]
        del attributes["tzone"]
    return Column(ticks.view(pa.timestamp(unit, zone)), _storage(node), RMetadata(attributes))


@functools.lru_cache(maxsize=1024)
def is_zone(name: str) -> bool:
    """Whether the name is a time zone that Python knows too."""
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):  # ZoneInfoNotFoundError is a KeyError
        return False
    return True


def _decode_difftime(name: str, node: Node, losses: Losses) -> Column:
    units = texts_of(node.attribute("units"))
    if len(units) != 1 or units[0] not in UNIT_SECONDS:
        raise unsupported(name, f"difftime in units {units}")
    seconds = UNIT_SECONDS[units[0]]
    per_unit = (seconds * NANOSECONDS, seconds * MICROSECONDS)
    ticks, used = _ticks(name, node, per_unit, INT64_MAX, losses)
    values = ticks.view(pa.duration("ns" if used == per_unit[0] else "us"))
    notes = {UNITS_KEY: units[0].encode()} | _storage(node)
    return Column(values, notes, RMetadata(_left_over(node, plain_class=["difftime"], without=("units",))))


def _decode_integer64(name: str, node: Node, losses: Losses) -> Column:
    del losses
    if node.kind != "double":
        raise unsupported(name, f"integer64 kept as {node.kind}")
    values = to_array(_rserial.to_integer64(node))
    return Column(values, {STORAGE_KEY: b"integer64"}, RMetadata(_left_over(node, plain_class=["integer64"])))


def _decode_hms(name: str, node: Node, losses: Losses) -> Column:
    """Give times of a day where all are, durations else."""
    column = _decode_difftime(name, node, losses)
    extremes = pc.min_max(column.values.view(pa.int64())).as_py()
    within = extremes["min"] is None or (extremes["min"] >= 0 and extremes["max"] < DAY)
    plain = texts_of(node.attribute("class")) == ["hms", "difftime"]
    if not within or not plain or column.values.type.unit != "ns" or column.notes[UNITS_KEY] != b"secs":
        return column
    attributes = _left_over(node, plain_class=["hms", "difftime"], without=("units",))
    return Column(column.values.view(pa.time64("ns")), _storage(node), RMetadata(attributes))


def decode_plain(name: str, node: Node, losses: Losses) -> Column:
    """Turn an atomic vector without a class of ours into an array; its attributes stay beside it.

    Raises:
        UnsupportedTypeError: It is no atomic vector.
    """
    decode = _BY_KIND.get(node.kind)
    if decode is None:
        raise unsupported(name, "/".join(map(str, texts_of(node.attribute("class")))) or node.kind)
    column = decode(name, node, losses)
    if node.s4:
        column.notes[STORAGE_KEY] = b"S4"
    column.metadata = RMetadata(own_attributes(node))
    return column


def _decode_vector(name: str, node: Node, losses: Losses) -> Column:
    del name, losses
    return Column(to_array(node))


def _decode_character(name: str, node: Node, losses: Losses) -> Column:
    """Give text; where some is no UTF-8, bytes."""
    if not node.undecodable:
        return Column(to_array(node))
    values = pa.array(node)
    losses.add(name, _lost_marks(node, values), "text", "of other encodings lose their mark")
    return Column(values, {STORAGE_KEY: b"bytes"})


def _lost_marks(node: Node, values: pa.Array) -> int:
    """Return how many strings marked as bytes would come back as UTF-8, which they are too."""
    again = _rserial.vector(values)
    same = _rserial.encode(_rserial.with_attributes(node, [])) == _rserial.encode(again)
    return 0 if same else 1


def _decode_raw(name: str, node: Node, losses: Losses) -> Column:
    del name, losses
    return Column(to_array(node), {STORAGE_KEY: b"raw"})


def _decode_complex(name: str, node: Node, losses: Losses) -> Column:
    del name, losses
    parts = _rserial.parts(node)
    missing = to_array(_rserial.wholly_missing(parts))
    storage = pa.FixedSizeListArray.from_arrays(to_array(parts), type=COMPLEX.storage_type, mask=missing)
    return Column(pa.ExtensionArray.from_storage(COMPLEX, storage))


_BY_KIND: dict[str, Callable[[str, Node, Losses], Column]] = {
    "logical": _decode_vector,
    "integer": _decode_vector,
    "double": _decode_vector,
    "character": _decode_character,
    "raw": _decode_raw,
    "complex": _decode_complex,
}

# First class that a column inherits from decides; any other S3 class is carried as attributes.
BY_CLASS: dict[str, Callable[[str, Node, Losses], Column]] = {
    "factor": _decode_factor,
    "Date": _decode_date,
    "POSIXct": _decode_posixct,
    "hms": _decode_hms,
    "difftime": _decode_difftime,
    "integer64": _decode_integer64,
}
