"""Threads that have ended when they were waited for, whatever came between."""

from __future__ import annotations

import itertools
import threading
import time
from concurrent.futures import ThreadPoolExecutor

_numbers = itertools.count()
# A thread that has not begun by then never will: the interrupt came before it could.
_START_S = 1.0


class Threads(ThreadPoolExecutor):
    """A pool whose threads have all ended after ``shutdown(wait=True)``.

    Why: where an interrupt comes while a thread starts, the pool does not know of it, nor wait for it.

    Args:
        most: Most threads.
        name: Begins their names.
    """

    def __init__(self, most: int, name: str) -> None:
        self._prefix = f"{name}-{next(_numbers)}"
        super().__init__(most, thread_name_prefix=self._prefix)

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Begin nothing more, and wait for what has begun."""
        super().shutdown(wait, cancel_futures=cancel_futures)
        end = time.monotonic() + _START_S
        while wait and (left := self._left()):
            alive = [one for one in left if one.is_alive()]
            for one in alive:
                one.join()
            if not alive and time.monotonic() > end:
                break
            time.sleep(0.001)

    def _left(self) -> list[threading.Thread]:
        return [one for one in threading.enumerate() if one.name.startswith(f"{self._prefix}_")]
