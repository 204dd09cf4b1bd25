"""Several requests at once, their answers in order: the one place of the S3 store that starts threads."""

from __future__ import annotations

from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, TypeVar

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
    with ThreadPoolExecutor(at_once, thread_name_prefix="crossframe-s3") as pool:
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
