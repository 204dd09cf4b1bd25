"""What the commands print: rows in columns, JSON, a bar."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterable

    from crossframe.plans import Copy

Done = TypeVar("Done")


def with_progress(done: Iterable[Done], copies: list[Copy], verb: str, *, quiet: bool) -> Iterable[Done]:
    """Yield what is done, with a bar where somebody is watching and it is not over at once."""
    if quiet or len(copies) < 2 or not sys.stderr.isatty():  # noqa: PLR2004 - one needs no bar
        yield from done
        return
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

    parts = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    with Progress(*parts, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task(verb, total=sum(copy.size for copy in copies))
        for copy, one in zip(copies, done, strict=True):
            progress.update(task, advance=copy.size, description=copy.source.key[-40:])
            yield one


def show_rows(rows: list[dict[str, Any]], shown: list[str], *, as_json: bool) -> None:
    """Print rows: the columns shown, or all as JSON."""
    if as_json:
        show_json(rows)
    else:
        show_table(rows, shown, header=False)


def show_table(rows: list[dict[str, Any]], names: list[str], *, header: bool = True) -> None:
    """Print rows in columns, numbers to the right; plain text, so that it goes through pipes as it looks."""
    lines = [[as_text(row.get(name)) for name in names] for row in rows]
    if header:
        lines.insert(0, list(names))
    widths = [max((len(line[i]) for line in lines), default=0) for i in range(len(names))]
    right = [any(isinstance(row.get(name), (int, float)) for row in rows) for name in names]
    for line in lines:
        cells = [c.rjust(w) if r else c.ljust(w) for c, w, r in zip(line, widths, right, strict=True)]
        print("  ".join(cells).rstrip())


def as_text(value: object) -> str:
    """Return a value as a table shows it."""
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:.6g}"
    if hasattr(value, "isoformat"):
        time: str = value.isoformat(*((" ", "seconds") if hasattr(value, "hour") else ()))
        return time
    return str(value).replace("\n", "\\n")


def show_json(value: object) -> None:
    """Print a value as JSON; times as text."""
    print(json.dumps(value, ensure_ascii=False, indent=1, default=_plain, allow_nan=True))


def _plain(value: Any) -> str:  # noqa: ANN401 - whatever JSON does not know
    return value.isoformat() if hasattr(value, "isoformat") else str(value)
