"""Rows in columns: as they are through a pipe, fitted to the width of a terminal."""

from __future__ import annotations

import shutil
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_GAP = 2
# A column is never squeezed below this: what is left of it would say nothing.
_NARROWEST = 8


def show_table(
    rows: Iterable[dict[str, Any]],
    names: Sequence[str],
    *,
    heading: Sequence[Sequence[str]] = (),
    whole: bool = False,
) -> None:
    """Print rows in columns, numbers to the right.

    Args:
        rows: Cell by column name.
        names: The columns to show, in this order.
        heading: Lines above the rows, a word for each column.
        whole: Cut nothing off, however wide it gets: keys are there to be copied.
    """
    cells: list[list[str]] = []
    right = [False] * len(names)
    # Why each once: there may be many, made as they come. Widths need all of them, but only their text.
    for row in rows:
        values = [row.get(name) for name in names]
        cells.append([as_text(value) for value in values])
        right = [known or isinstance(value, (int, float)) for known, value in zip(right, values, strict=True)]
    lines = [*(list(line) for line in heading), *cells]
    widths = [max((len(line[at]) for line in lines), default=0) for at in range(len(names))]
    hidden = 0
    if sys.stdout.isatty() and not whole:
        widths, hidden = fit(widths, shutil.get_terminal_size().columns)
    for line in lines:
        shown = zip(line, widths, right, strict=False)  # columns that are hidden have no width
        print((" " * _GAP).join(_padded(*cell) for cell in shown).rstrip())
    if hidden:
        more = "1 more column," if hidden == 1 else f"{hidden} more columns, {names[-hidden]} to"
        print(f"... and {more} {names[-1]}")


def fit(widths: list[int], room: int) -> tuple[list[int], int]:
    """Return widths that fit into the room, and how many of the last columns are hidden for it."""
    shown = list(widths)
    while len(shown) > 1 and sum(min(width, _NARROWEST) + _GAP for width in shown) - _GAP > room:
        shown.pop()
    while shown and (over := sum(shown) + _GAP * (len(shown) - 1) - room) > 0:
        widest = max(shown)
        if widest <= _NARROWEST:
            break
        # The widest shrink first, down to the next widest.
        next_widest = max((width for width in shown if width < widest), default=_NARROWEST)
        count = shown.count(widest)
        less = max(1, min(widest - max(next_widest, _NARROWEST), -(-over // count)))
        shown = [width - less if width == widest else width for width in shown]
    return shown, len(widths) - len(shown)


def _padded(text: str, width: int, right: bool) -> str:
    if len(text) > width:
        text = text[: width - 1] + "…"
    return text.rjust(width) if right else text.ljust(width)


def as_text(value: object) -> str:
    """Return a value as a table shows it: on one line, with nothing that a terminal would obey."""
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:.6g}"
    if hasattr(value, "isoformat"):
        time: str = value.isoformat(*((" ", "seconds") if hasattr(value, "hour") else ()))
        return time
    text = str(value)
    return text if text.isprintable() else "".join(map(_printable, text))


def _printable(letter: str) -> str:
    return letter if letter.isprintable() else letter.encode("unicode_escape").decode()
