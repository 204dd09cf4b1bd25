"""Several requests at once: the one place of the S3 store that starts threads."""

from __future__ import annotations

import threading
from collections import deque
from concurrent.futures import FIRST_COMPLETED, FIRST_EXCEPTION, Future, wait
from typing import TYPE_CHECKING, TypeVar

from crossframe.threads import Threads

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")


def in_order(work: Callable[[_Item], _Result], items: Iterable[_Item], *, at_once: int) -> Generator[_Result]:
    """Yield the results of ``work`` in the order of ``items``.

    Items are taken as there is room for them, so that no more than ``at_once`` of them, with their results,
    are in memory beside the one that the caller holds. The first failure ends it, once the requests under
    way have ended: nothing is still being written when it is raised.
    """
    with Threads(at_once, "crossframe-s3") as pool:
        waiting: deque[Future[_Result]] = deque()
        try:
            for item in items:
                waiting.append(pool.submit(work, item))
                if len(waiting) == at_once:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for one in waiting:
                one.cancel()


def collected(work: Callable[[_Item], _Result], items: Iterable[_Item], *, at_once: int) -> list[_Result]:
    """Return the results of ``work`` in the order of ``items``.

    Items are taken as there is room for them: any that is done makes room, so that a slow one holds up no
    other. No more than ``at_once`` of them are in memory beside the one that waits; results must be small.
    The first failure ends it, once the requests under way have ended.
    """
    with Threads(at_once, "crossframe-s3") as pool:
        begun: list[Future[_Result]] = []
        under_way: set[Future[_Result]] = set()
        for item in items:
            begun.append(pool.submit(work, item))
            under_way.add(begun[-1])
            if len(under_way) == at_once:
                done, under_way = wait(under_way, return_when=FIRST_COMPLETED)
                for one in done:
                    one.result()
        for one in wait(under_way, return_when=FIRST_EXCEPTION).done:
            one.result()
        return [one.result() for one in begun]


def one_behind(work: Callable[[_Item], object], items: Iterable[_Item]) -> None:
    """Do ``work`` on each item in their order, while the next one is being made."""
    with Threads(1, "crossframe-s3") as pool:
        before: Future[object] | None = None
        for item in items:
            now = pool.submit(work, item)
            if before is not None:
                before.result()
            before = now
        if before is not None:
            before.result()


def ahead(work: Callable[[], _Result]) -> Future[_Result]:
    """Begin a request that may turn out not to be wanted: nobody waits for its thread, ever."""
    begun: Future[_Result] = Future()

    def run() -> None:
        try:
            begun.set_result(work())
        except BaseException as error:  # noqa: BLE001 - raised where the result is asked for
            begun.set_exception(error)

    threading.Thread(target=run, name="crossframe-s3-ahead", daemon=True).start()
    return begun
