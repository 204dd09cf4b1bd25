"""POSIXlt columns: broken-down times <-> instants.

A POSIXlt is a list of fields, and which fields depends on the version of R. The instants go into the
Arrow column; the original stays whole in attribute ``posixlt`` and is used on the way back while its
instants are still those of the column.

Source: R's help page ``DateTimeClasses``.
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa

from crossframe import _rserial
from crossframe.attributes import STORAGE_KEY, RMetadata, character, named_entries, texts_of, to_array
from crossframe.codecs.from_r_columns import BY_CLASS, Column, is_zone, unsupported

if TYPE_CHECKING:
    from crossframe._rserial import Node
    from crossframe.losses import Losses

KEPT = "posixlt"
STORAGE = b"POSIXlt"
_WHOLE = ("min", "hour", "mday", "mon", "year", "isdst")
_TM_YEAR = 1900


def decode_posixlt(name: str, node: Node, losses: Losses) -> Column:
    """Turn a POSIXlt column into instants, with the original beside them."""
    fields = _fields(name, node)
    zone = _zone(node)
    instants = _rserial.vector(pa.array(_instants(fields, zone), from_pandas=True), _posixct(zone))
    column = BY_CLASS["POSIXct"](name, instants, losses)
    column.metadata = RMetadata({KEPT: node})
    column.notes[STORAGE_KEY] = STORAGE
    return column


def encode_posixlt(name: str, values: pa.Array, kept: Node | None, losses: Losses) -> Node:
    """Return the original where its instants are those of the column, else fields made anew, in UTC."""
    if kept is not None and decode_posixlt(name, kept, losses).values.equals(values):
        return kept
    seconds = values.cast(pa.timestamp("ns", values.type.tz)).view(pa.int64())
    return _broken_down(
        seconds.to_numpy(zero_copy_only=False), values.is_null().to_numpy(zero_copy_only=False)
    )


def _posixct(zone: str) -> list[tuple[str, Node]]:
    return [("class", character(["POSIXct", "POSIXt"])), ("tzone", character([zone]))]


def _zone(node: Node) -> str:
    names = texts_of(node.attribute("tzone"))
    return names[0] if names and names[0] and is_zone(names[0]) else "UTC"


def _fields(name: str, node: Node) -> dict[str, np.ndarray]:
    """Return the numeric fields as doubles, NaN where missing, all of the length of the longest."""
    found = {one: value for one, value in named_entries(node) if value.kind in {"integer", "double"}}
    if not {"sec", *_WHOLE} <= found.keys():
        raise unsupported(name, "POSIXlt without its fields")
    arrays = {
        one: to_array(value).cast(pa.float64()).fill_null(float("nan")).to_numpy()
        for one, value in found.items()
    }
    longest = max(map(len, arrays.values()))
    if any(len(array) not in {0, longest} and longest % len(array) for array in arrays.values()):
        raise unsupported(name, "POSIXlt with fields of unequal length")
    return {one: np.resize(array, longest) for one, array in arrays.items()}


def _instants(fields: dict[str, np.ndarray], zone: str) -> np.ndarray:
    """Return seconds since 1970 in UTC."""
    whole = {one: fields[one] for one in _WHOLE}
    valid = np.isfinite(fields["sec"]) & np.all([np.isfinite(whole[one]) for one in _WHOLE[:5]], axis=0)
    number = {one: np.where(valid, array, 0).astype(np.int64) for one, array in whole.items()}
    months = (number["year"] + _TM_YEAR - 1970) * 12 + number["mon"]
    days = months.astype("datetime64[M]").astype("datetime64[D]").astype(np.int64) + number["mday"] - 1
    local = days * 86400 + number["hour"] * 3600 + number["min"] * 60
    offsets = _offsets(fields, local, number["isdst"], zone, valid)
    return np.where(valid, (local - offsets) + np.where(valid, fields["sec"], 0), np.nan)


def _offsets(
    fields: dict[str, np.ndarray], local: np.ndarray, isdst: np.ndarray, zone: str, valid: np.ndarray
) -> np.ndarray:
    """Return seconds east of UTC: as the value says itself, else by the zone."""
    if zone in {"UTC", "GMT"}:
        return np.zeros(len(local), np.int64)
    said = fields.get("gmtoff", np.full(len(local), np.nan))
    unsaid = valid & ~np.isfinite(said)
    offsets = np.where(np.isfinite(said), said, 0).astype(np.int64)
    place = ZoneInfo(zone)
    epoch = dt.datetime(1970, 1, 1)  # noqa: DTZ001 - wall-clock time, whose zone is what is sought
    for i in np.flatnonzero(unsaid):
        try:
            wall = epoch + dt.timedelta(seconds=int(local[i]))
        except OverflowError:
            continue
        first = wall.replace(tzinfo=place)
        again = first.replace(fold=1)
        chosen = again if isdst[i] == 0 and bool(first.dst()) and not again.dst() else first
        offsets[i] = int((chosen.utcoffset() or dt.timedelta()).total_seconds())
    return offsets


def _broken_down(nanoseconds: np.ndarray, missing: np.ndarray) -> Node:
    seconds, rest = np.divmod(nanoseconds, 10**9)
    days, clock = np.divmod(seconds, 86400)
    dates = days.astype("datetime64[D]")
    months = dates.astype("datetime64[M]")
    years = dates.astype("datetime64[Y]")
    fields = {
        "min": clock // 60 % 60,
        "hour": clock // 3600,
        "mday": (dates - months).astype(np.int64) + 1,
        "mon": months.astype(np.int64) % 12,
        "year": years.astype(np.int64) + 1970 - _TM_YEAR,
        "wday": (days + 4) % 7,  # 1970-01-01 was a Thursday
        "yday": (dates - years).astype(np.int64),
    }
    nodes = {"sec": _rserial.vector(pa.array(clock % 60 + rest / 1e9, mask=missing))}
    nodes |= {
        one: _rserial.vector(pa.array(array.astype(np.int32), mask=missing)) for one, array in fields.items()
    }
    nodes["isdst"] = _rserial.vector(pa.array(np.where(missing, -1, 0).astype(np.int32)))
    attributes = {
        "names": character(list(nodes)),
        "class": character(["POSIXlt", "POSIXt"]),
        "tzone": character(["UTC"]),
    }
    return _rserial.generic_list(list(nodes.values()), list(attributes.items()))
