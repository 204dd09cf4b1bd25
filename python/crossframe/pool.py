"""Work on many keys at once: the one place with threads for it."""

from __future__ import annotations

from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable

WORKERS = 8
# Why not all at once: what is done and not yet taken stays in memory.
_AHEAD = 2 * WORKERS

Item = TypeVar("Item")
Result = TypeVar("Result")


def in_order(
    work: Callable[[Item], Result], items: Iterable[Item], workers: int = WORKERS
) -> Generator[tuple[Item, Future[Result]], None, None]:
    """Do ``work`` on each item in threads, a bounded number ahead, and yield the items in their order.

    Closing the iterator early drops what has not begun.
    """
    pending: deque[tuple[Item, Future[Result]]] = deque()
    pool = ThreadPoolExecutor(workers, thread_name_prefix="crossframe")
    try:
        for item in items:
            pending.append((item, pool.submit(work, item)))
            if len(pending) >= _AHEAD:
                yield pending.popleft()
        while pending:
            yield pending.popleft()
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
