"""Dates, times and durations as CSV text, where pyarrow's own reading and writing does not reach.

pyarrow writes years -32767 to 32767 and reads 0001 to 9999, a fraction no finer than the column's unit, and
no numbers of hours. Everything here is exact: integers of ticks, never a float on the way, but for a
duration's number, which is R's double.

Source:
    ISO 8601-2:2019 for years beyond four digits; R's difftime units.
"""

from __future__ import annotations

import re
import warnings
from decimal import ROUND_HALF_EVEN, Decimal, localcontext
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from crossframe.codecs.csv_read import cell_error
from crossframe.errors import DecodeError, LossyConversionWarning

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

UNIT_SECONDS = {"secs": 1, "mins": 60, "hours": 3600, "days": 86400, "weeks": 604800}
TICKS = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}

_DIGITS = 9
_EPOCH_DAY = np.datetime64(0, "D")
_DATE = re.compile(r"(-?[0-9]{4,7})-([0-9]{2})-([0-9]{2})")
_TIME = re.compile(
    r"(-?[0-9]{4,12}-[0-9]{2}-[0-9]{2})[ T]([0-9]{2}):([0-9]{2}):([0-9]{2})(?:\.([0-9]{1,9}))?(Z?)"
)
_CLOCK = r"^([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\.[0-9]{1,9})?$"
_SHORT_YEAR = re.compile(r"-([0-9]{1,3})-")
# Why: 17 digits tell every double from its neighbours; a text with more is no double's but an exact number.
_DOUBLE_DIGITS = 17
_LONG = rf"^[ +-]*0*\.?0*[1-9](\.?[0-9]){{{_DOUBLE_DIGITS},}}"
_INT64 = 2**63
# pyarrow formats times between these years and marks others as out of range.
_PRINTABLE_DAYS = (-12_600_000, 11_200_000)


def date_column(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Return a date column as pyarrow's writer can take it: itself, or text where years are extreme."""
    days = column.cast(pa.int32())
    if _within(days, *_PRINTABLE_DAYS):
        return column
    return _mapped(days, lambda day: _padded(str(np.datetime64(day, "D"))))


def time_column(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Return a timestamp column as pyarrow's writer can take it, in UTC where it has a zone.

    In whole seconds where no value has a fraction, else in nanoseconds, which gives nine digits; as text
    where neither holds the values.
    """
    unit, zoned = column.type.unit, column.type.tz is not None
    ticks, per = column.cast(pa.int64()), TICKS[unit]
    whole = pc.divide(ticks, per)
    fractional = not _all(pc.equal(pc.multiply(whole, per), ticks))
    low, high = (bound * 86400 for bound in _PRINTABLE_DAYS)
    if _within(whole, low, high):
        try:
            times = ticks.cast(pa.timestamp(unit)).cast(pa.timestamp("ns" if fractional else "s"))
        except pa.ArrowInvalid:
            pass
        else:
            # Why text: for times with a zone pyarrow's writer takes ten times as long.
            return pc.binary_join_element_wise(times.cast(pa.string()), "Z", "") if zoned else times
    return _mapped(
        ticks, lambda tick: _time_text(tick, per, fractional=fractional, mark="Z" if zoned else "")
    )


def duration_column(column: pa.ChunkedArray, units: str) -> pa.ChunkedArray:
    """Return a duration column as numbers of ``units``; as longer decimals where a double is too coarse."""
    per = UNIT_SECONDS[units] * TICKS[column.type.unit]
    ticks = column.cast(pa.int64())
    exact: NDArray[np.int64] = pc.fill_null(ticks, 0).to_numpy()
    numbers = _to_numbers(exact, per)
    coarse = _beyond(numbers, per)
    coarse |= _to_ticks(np.where(coarse, 0.0, numbers), per) != exact
    if not coarse.any():
        missing = ticks.is_null().to_numpy(zero_copy_only=False)
        return pa.chunked_array([pa.array(numbers, mask=missing)])
    texts = [
        None if tick is None else _long_text(tick, per) if rough else repr(number)
        for tick, number, rough in zip(ticks.to_pylist(), numbers.tolist(), coarse, strict=True)
    ]
    return pa.chunked_array([pa.array(texts, pa.string())])


def clock_column(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Return times of day in whole seconds where no value has a fraction, else in nanoseconds.

    Raises:
        OverflowError: A time is outside a day.
    """
    unit = column.type.unit
    ticks = column.cast(pa.int32() if unit in ("s", "ms") else pa.int64()).cast(pa.int64())
    if not _within(ticks, 0, 86400 * TICKS[unit] - 1):
        raise OverflowError("A time lies outside a day.")
    whole = pc.divide(ticks, TICKS[unit])
    if _all(pc.equal(pc.multiply(whole, TICKS[unit]), ticks)):
        return whole.cast(pa.int32()).cast(pa.time32("s"))
    return column.cast(pa.time64("ns"))


def parse_clocks(column: pa.ChunkedArray, name: str, type_: pa.DataType) -> pa.ChunkedArray:
    """Read times of day, with a fraction of up to nine digits."""
    fits = pc.match_substring_regex(column, _CLOCK)
    if not _all(fits):
        text = column.filter(pc.invert(fits))[0].as_py()
        raise cell_error(name, type_, f"invalid value '{text}'")
    moments = pc.binary_join_element_wise("1970-01-01", column, " ").cast(pa.timestamp("ns"))
    try:
        return moments.cast(pa.int64()).cast(pa.time64("ns")).cast(type_)
    except pa.ArrowInvalid as error:
        raise cell_error(name, type_, str(error)) from None


def parse_dates(column: pa.ChunkedArray, name: str) -> pa.ChunkedArray:
    """Read dates of any year."""

    def parse(text: str) -> int:
        found = _DATE.fullmatch(text)
        if found is None:
            raise ValueError
        days = int((np.datetime64(text, "D") - _EPOCH_DAY).astype(np.int64))
        if not -(2**31) <= days < 2**31:
            raise ValueError
        return days

    days = _parsed(column, name, pa.date32(), parse)
    return days.cast(pa.int32()).cast(pa.date32())


def parse_times(column: pa.ChunkedArray, name: str, type_: pa.TimestampType) -> pa.ChunkedArray:
    """Read times of any year, with a fraction of up to nine digits."""
    try:
        return column.cast(pa.timestamp("ns", type_.tz)).cast(type_)
    except pa.ArrowException:
        per = TICKS[type_.unit]
        zoned = type_.tz is not None
        return _parsed(column, name, type_, lambda text: _time_ticks(text, per, zoned=zoned)).cast(type_)


def parse_durations(
    column: pa.ChunkedArray, name: str, type_: pa.DurationType, units: str
) -> pa.ChunkedArray:
    """Read numbers of ``units``; NaN and infinity, which R can hold, become missing with a warning."""
    per = UNIT_SECONDS[units] * TICKS[type_.unit]
    try:
        numbers = pc.fill_null(column.cast(pa.float64()), 0.0).to_numpy()
    except pa.ArrowInvalid as error:
        raise cell_error(name, f"a number of {units}", str(error)) from None
    finite = np.isfinite(numbers)
    missing = column.is_null().to_numpy(zero_copy_only=False) | ~finite
    if not finite.all():
        message = f"Column '{name}': {int((~finite).sum())} durations are not finite and become missing."
        warnings.warn(LossyConversionWarning(message), stacklevel=2)
    numbers = np.where(finite, numbers, 0.0)
    long = pc.fill_null(pc.match_substring_regex(column, _LONG), False)
    long = long.to_numpy(zero_copy_only=False) & finite
    beyond = _beyond(numbers, per) & ~long
    if beyond.any():
        raise _too_many(column[int(beyond.argmax())].as_py(), name, type_, units)
    ticks = _to_ticks(np.where(long, 0.0, numbers), per)
    for row in np.flatnonzero(long).tolist():
        value = _decimal_ticks(column[row].as_py(), per)
        if not -_INT64 <= value < _INT64:
            raise _too_many(column[row].as_py(), name, type_, units)
        ticks[row] = value
    return pa.chunked_array([pa.array(ticks, mask=missing).cast(type_)])


def _to_numbers(ticks: NDArray[np.int64], per: int) -> NDArray[np.float64]:
    """Return ticks as numbers of units; whole units apart from the rest, so as not to round twice."""
    whole = ticks // per
    whole += (ticks < 0) & (whole * per != ticks)  # towards zero
    return whole + (ticks - whole * per) / per


def _to_ticks(numbers: NDArray[np.float64], per: int) -> NDArray[np.int64]:
    """Return the ticks nearest to numbers of units; whole units apart from the rest, which is exact."""
    whole = np.trunc(numbers)
    return whole.astype(np.int64) * per + np.rint((numbers - whole) * per).astype(np.int64)


def _beyond(numbers: NDArray[np.float64], per: int) -> NDArray[np.bool_]:
    return np.abs(numbers) >= _INT64 / per


def _too_many(text: str, name: str, type_: pa.DataType, units: str) -> DecodeError:
    return cell_error(name, type_, f"{text} {units} are too many")


def _decimal_ticks(text: str, per: int) -> int:
    with localcontext(prec=60):
        return int((Decimal(text.strip()) * per).to_integral_value(ROUND_HALF_EVEN))


def _long_text(ticks: int, per: int) -> str:
    """Return a decimal with more digits than a double's, by which the reader knows it for exact."""
    with localcontext(prec=40):
        text = format(Decimal(ticks) / per, "f")
    if re.match(_LONG, text):
        return text
    return text + ("" if "." in text else ".") + "0" * _DOUBLE_DIGITS


def _time_text(ticks: int, per: int, *, fractional: bool, mark: str) -> str:
    seconds, rest = divmod(ticks, per)
    days, second = divmod(seconds, 86400)
    day = _padded(str(np.datetime64(days, "D")))
    clock = f"{second // 3600:02d}:{second // 60 % 60:02d}:{second % 60:02d}"
    digits = f".{rest * (10**_DIGITS // per):09d}" if fractional else ""
    return f"{day} {clock}{digits}{mark}"


def _time_ticks(text: str, per: int, *, zoned: bool) -> int:
    found = _TIME.fullmatch(text)
    if found is None or bool(found[6]) != zoned:
        raise ValueError
    hour, minute, second = int(found[2]), int(found[3]), int(found[4])
    if hour > 23 or minute > 59 or second > 59:  # noqa: PLR2004 - a day's clock
        raise ValueError
    days = int((np.datetime64(found[1], "D") - _EPOCH_DAY).astype(np.int64))
    nanoseconds = int((found[5] or "").ljust(_DIGITS, "0"))
    step = 10**_DIGITS // per
    # Why rounding: R may hold a fraction finer than the unit its year leaves room for.
    ticks: int = (days * 86400 + hour * 3600 + minute * 60 + second) * per
    ticks += (nanoseconds + step // 2) // step
    if not -_INT64 <= ticks < _INT64:
        raise ValueError
    return ticks


def _padded(text: str) -> str:
    """Give a negative year four digits; numpy writes -1 as -001."""
    found = _SHORT_YEAR.match(text)
    return f"-{found[1]:0>4}{text[found.end() - 1 :]}" if found else text


def _mapped(values: pa.ChunkedArray, write: Callable[[int], str]) -> pa.ChunkedArray:
    texts = [None if value is None else write(value) for value in values.to_pylist()]
    return pa.chunked_array([pa.array(texts, pa.string())])


def _parsed(
    column: pa.ChunkedArray, name: str, type_: pa.DataType, read: Callable[[str], int]
) -> pa.ChunkedArray:
    ticks: list[int | None] = []
    for text in column.to_pylist():
        try:
            ticks.append(None if text is None else read(text))
        except (ValueError, OverflowError):
            raise cell_error(name, type_, f"invalid value '{text}'") from None
    return pa.chunked_array([pa.array(ticks, pa.int64())])


def _within(values: pa.ChunkedArray, low: int, high: int) -> bool:
    bounds = pc.min_max(values)
    least, most = bounds["min"].as_py(), bounds["max"].as_py()
    return least is None or (low <= least and most <= high)


def _all(values: pa.ChunkedArray) -> bool:
    return pc.all(values).as_py() is not False
