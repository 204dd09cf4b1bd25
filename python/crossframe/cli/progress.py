"""A bar for what moves: how far it is, how fast, and how long it will take."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from crossframe.plans import Copy

    Watch = Callable[[Copy], Callable[[int], None] | None]

# What moves faster than anybody could watch needs no bar.
_WORTH_A_BAR = 8 * 1024 * 1024


@contextmanager
def watching(copies: Sequence[Copy], verb: str, *, quiet: bool) -> Iterator[Watch]:
    """Give a function that gives each copy's own: it takes the bytes moved of it so far.

    There is a bar on standard error where somebody is watching and it is not over at once.
    """
    total = sum(copy.size for copy in copies)
    if quiet or not sys.stderr.isatty() or (len(copies) == 1 and total < _WORTH_A_BAR):
        yield lambda _: None
        return
    with _bar() as progress:
        task = progress.add_task(verb, total=total)
        yield partial(_watch, progress, task, {})


def _watch(progress: Any, task: Any, moved: dict[int, int], copy: Copy) -> Callable[[int], None]:  # noqa: ANN401 - rich's
    def note(position: int) -> None:
        moved[id(copy)] = min(position, copy.size)
        progress.update(task, completed=sum(list(moved.values())), description=copy.source.key[-40:])

    return note


def _bar() -> Any:  # noqa: ANN401 - rich's Progress, which is slow to import
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        DownloadColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
        TransferSpeedColumn,
    )

    parts = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
    )
    return Progress(*parts, console=Console(stderr=True), transient=True)
