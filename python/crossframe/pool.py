"""Work on many keys at once: the one place with threads for it."""

from __future__ import annotations

import os
from collections import deque
from contextlib import AbstractContextManager, closing, nullcontext
from threading import BoundedSemaphore, Event
from typing import TYPE_CHECKING, TypeVar

from crossframe.threads import Threads

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Sequence
    from concurrent.futures import Future

WORKERS = 8
# Of work that mostly waits: for the answers of a server that may be far away.
WAITERS = 24
# Of work that keeps a processor busy.
COMPUTERS = max(2, min(8, os.cpu_count() or 1))
# Most small items that a thread fetches in a row: with more the last ones are late where each waits long.
_TOGETHER = 2
# Why: a store moves a large object in several parts at once, so that two fill the line, and more the memory.
_LARGE = 16 * 1024 * 1024
_LARGE_AT_ONCE = BoundedSemaphore(2)

Item = TypeVar("Item")
Fetched = TypeVar("Fetched")
Result = TypeVar("Result")


def in_order(
    work: Callable[[Item], Result],
    items: Iterable[Item],
    workers: int = WORKERS,
    *,
    ahead: int | None = None,
) -> Generator[tuple[Item, Future[Result]], None, None]:
    """Do ``work`` on each item in threads, and yield the items in their order.

    Closing the iterator early, or an interrupt, drops what has not begun and waits for what has: no thread is
    left running.

    Args:
        work: Called with an item.
        items: Taken as there is room for them.
        workers: Most threads.
        ahead: Most items in work or done, and the one just yielded; by default twice the threads.
    """
    # Why not all at once: what is done and not yet taken stays in memory.
    ahead = 2 * workers if ahead is None else ahead
    pending: deque[tuple[Item, Future[Result]]] = deque()
    pool = Threads(min(workers, ahead), "crossframe")
    try:
        for item in items:
            pending.append((item, pool.submit(work, item)))
            if len(pending) >= ahead:
                yield pending.popleft()
        while pending:
            yield pending.popleft()
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def in_two_steps(
    fetch: Callable[[Item], Fetched],
    work: Callable[[Item, Fetched], Result],
    items: Iterable[Item],
    *,
    most: int | None = None,
) -> Generator[Result, None, None]:
    """Do what waits and then what computes on each item, and yield what comes of them in their order.

    Why in threads of two kinds: where many do both, they take the interpreter's lock from each other all the
    time. Closing the iterator early, or an interrupt, leaves no thread running, as with ``in_order``.

    Args:
        fetch: Waits; called with an item.
        work: Computes; called with an item and what ``fetch`` returned.
        items: Taken as there is room for them.
        most: Most items fetched or worked on, the one just yielded included; by default what keeps both busy.
    """
    most = 2 * WAITERS if most is None else most
    pending: deque[Future[Result]] = deque()
    waiters = Threads(min(WAITERS, most), "crossframe-fetch")
    computers = Threads(min(COMPUTERS, most), "crossframe-work")

    def second(item: Item, fetching: list[Future[Fetched]]) -> Result:
        # Why taken off: what is fetched is held until it is worked on, and no longer.
        return work(item, fetching.pop().result())

    try:
        for item in items:
            pending.append(computers.submit(second, item, [waiters.submit(fetch, item)]))
            if len(pending) >= most:
                yield pending.popleft().result()
        while pending:
            yield pending.popleft().result()
    finally:
        # Why in this order: who computes may be waiting for what will not be fetched any more.
        waiters.shutdown(wait=False, cancel_futures=True)
        computers.shutdown(wait=True, cancel_futures=True)
        waiters.shutdown(wait=True)


def fetch_ahead(
    fetch: Callable[[Item], Fetched], work: Callable[[Item, Fetched], Result], items: Sequence[Item]
) -> Generator[Result, None, None]:
    """Fetch items in threads, several in a row each, and work on them where the results are wanted, in order.

    For what is little work: to hand it to another thread and back, past the interpreter's lock, takes longer.
    Closing the iterator early, or an interrupt, leaves no thread running, as with ``in_order``.

    Args:
        fetch: Waits; called with an item.
        work: Computes, in the caller's thread; called with an item and what ``fetch`` returned.
        items: Each with little to fetch.
    """
    together = max(1, min(_TOGETHER, len(items) // (2 * WAITERS)))
    rows = (items[start : start + together] for start in range(0, len(items), together))
    ended = Event()

    def fetch_row(row: Sequence[Item]) -> list[Fetched]:
        return [fetch(item) for item in row if not ended.is_set()]

    with closing(in_order(fetch_row, rows, WAITERS)) as fetching:
        try:
            for row, future in fetching:
                fetched = future.result()
                fetched.reverse()
                for item in row:
                    yield work(item, fetched.pop())
        finally:
            ended.set()


def turn_to_move(size: int) -> AbstractContextManager[object]:
    """Wait for a turn to move an object of that many bytes; small ones need none."""
    return _LARGE_AT_ONCE if size > _LARGE else nullcontext()
