"""Lengths of time as users write them: ``"45s"``, ``"30m"``, ``"12h"``, ``"1d"``, ``"2w"``. Pure text.

Vectors: ``tests/conformance/keys/durations.json`` and ``days.json``.
"""

from __future__ import annotations

import math
import re
from datetime import timedelta

from crossframe.errors import UsageError

Duration = str | float | timedelta
"""Text with its unit, a number of seconds, or a timedelta."""

_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}
_TEXT = re.compile(r"([0-9]{1,12})([smhdw])")
# Why a limit: 100 years are meant for ever, and still a date in every language.
_LONGEST = 100 * 366 * 86_400


def seconds_of(duration: Duration) -> int:
    """Return a length of time in whole seconds; what a number has beyond them is cut off.

    Args:
        duration: ``"45s"``, ``"30m"`` (minutes), ``"12h"``, ``"1d"``, ``"2w"``, a number of seconds, or a
            timedelta.

    Raises:
        UsageError: It is none of these, negative, or longer than 100 years.
    """
    seconds = _seconds(duration)
    if seconds is None or not 0 <= seconds <= _LONGEST:
        raise UsageError(
            f"Can't use {duration!r} as a length of time.",
            "must be a whole number with its unit (s, m, h, d, w), or a number of seconds; at most 100 years",
            'Is it "30m", "12h", "1d" or "2w"?',
        )
    return math.floor(seconds)


def days_of(duration: Duration) -> int:
    """Return a length of time in days, as stores count the life of what is temporary.

    Raises:
        UsageError: It is no length of time, or not a whole number of days from 1 up.
    """
    days, rest = divmod(seconds_of(duration), _SECONDS["d"])
    if rest or not days:
        raise UsageError(
            f"Can't use {duration!r} here.", "must be a whole number of days, at least 1", 'Is it "30d"?'
        )
    return days


def _seconds(duration: object) -> float | None:
    if isinstance(duration, timedelta):
        return duration.total_seconds()
    if isinstance(duration, str):
        found = _TEXT.fullmatch(duration)
        return int(found[1]) * _SECONDS[found[2]] if found else None
    if isinstance(duration, bool) or not isinstance(duration, (int, float)):
        return None
    # Why compared: NaN is no length of time, and an int may be too long for a float.
    return duration if 0 <= duration <= _LONGEST else None
