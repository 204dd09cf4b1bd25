"""The columns of one frame, converted side by side where they are long."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, TypeVar

from crossframe.losses import Losses

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

Item = TypeVar("Item")
Result = TypeVar("Result")

# Fewer values are converted before a second thread has started.
_WORTH_THREADS = 1 << 20


def convert_each(
    convert: Callable[[Item, Losses], Result], columns: Sequence[Item], rows: int, losses: Losses
) -> list[Result]:
    """Convert each column, and return the results in their order.

    Why threads: Arrow, numpy and the native codec let go of the interpreter's lock.

    Args:
        convert: Called with a column, and what takes its losses.
        columns: The columns.
        rows: Values of each.
        losses: Takes the losses, in the order of the columns.

    Raises:
        Exception: What ``convert`` raises of the first column of which it raises anything.
    """
    own = [Losses(losses.strict) for _ in columns]
    if len(columns) <= 1 or rows * len(columns) < _WORTH_THREADS:
        results = [convert(column, found) for column, found in zip(columns, own, strict=True)]
    else:
        with ThreadPoolExecutor(min(len(columns), os.cpu_count() or 1)) as pool:
            results = list(pool.map(convert, columns, own))
    losses.found += [loss for one in own for loss in one.found]
    return results
