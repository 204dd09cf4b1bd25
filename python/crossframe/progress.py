"""A bar on the error stream while many keys are worked on: where somebody is watching, or is asked for."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable

Item = TypeVar("Item")


def with_bar(
    items: Iterable[Item], total: int, verb: str, name: Callable[[Item], str], *, wanted: bool | None = None
) -> Generator[Item]:
    """Yield items, with a bar that tells how many of ``total`` came, and the last one's name.

    Args:
        items: What is worked on, in its order.
        total: How many there are.
        verb: What is being done.
        name: Of an item, to be shown.
        wanted: Whether there is a bar; by default where the error stream is a terminal.
    """
    if wanted is False or (wanted is None and (total < 2 or not sys.stderr.isatty())):  # noqa: PLR2004 - one is over at once
        yield from items
        return
    from rich.console import Console  # noqa: PLC0415 - nobody else needs it
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn  # noqa: PLC0415

    parts = (
        TextColumn(verb),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.description}", markup=False),
    )
    # Why transient by default: a bar that came by itself leaves by itself.
    with Progress(*parts, console=Console(stderr=True), transient=wanted is None) as progress:
        task = progress.add_task("", total=total)
        for item in items:
            progress.update(task, advance=1, description=name(item)[-40:])
            yield item
