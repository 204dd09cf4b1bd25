"""Long work that tells how far it is, a JSON line at a time, and that ends when nobody listens."""

from __future__ import annotations

import asyncio
import contextlib
import json
import threading
import time
from typing import TYPE_CHECKING, Any

from starlette.responses import StreamingResponse

from crossframe.errors import CrossframeError
from crossframe.web.replies import LOG, RefusedError, told

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

_PAUSE_S = 0.1


class Report:
    """What long work tells, and by which it learns that it is no longer wanted.

    Args:
        tell: Takes a line.
    """

    def __init__(self, tell: Callable[[dict[str, Any] | None], object]) -> None:
        self._tell = tell
        self._last = 0.0
        self.cancelled = threading.Event()

    def __call__(self, done: int, total: int) -> None:
        """Tell how much is done.

        Raises:
            RefusedError: Nobody listens any more.
        """
        if self.cancelled.is_set():
            raise RefusedError(400, "Cancelled.")
        now = time.monotonic()
        if now - self._last >= _PAUSE_S:
            self._last = now
            self._tell({"done": done, "total": total})

    def finish(self, work: Callable[[Report], dict[str, Any]]) -> None:
        """Do the work and tell how it ended."""
        try:
            self._tell({"result": work(self)})
        except CrossframeError as error:
            self._tell({"error": told(error)})
        except Exception as error:  # noqa: BLE001 - whatever it is, the page must hear that it ended
            LOG.exception("Long work failed", exc_info=error)
            problem = "Something went wrong in crossframe itself."
            self._tell(
                {"error": {"kind": "bug", "problem": problem, "hint": "Look at the folder, then try again."}}
            )
        finally:
            self._tell(None)


def streamed(work: Callable[[Report], dict[str, Any]]) -> StreamingResponse:
    """Answer with the lines of a work that runs in a thread: how far it is, and last how it ended."""
    return StreamingResponse(_lines(work), media_type="application/x-ndjson")


async def _lines(work: Callable[[Report], dict[str, Any]]) -> AsyncIterator[bytes]:
    loop = asyncio.get_running_loop()
    queue: asyncio.Queue[dict[str, Any] | None] = asyncio.Queue()

    def tell(line: dict[str, Any] | None) -> None:
        # The server may have ended before the work did.
        with contextlib.suppress(RuntimeError):
            loop.call_soon_threadsafe(queue.put_nowait, line)

    report = Report(tell)
    thread = threading.Thread(target=report.finish, args=(work,), daemon=True)
    thread.start()
    try:
        while (line := await queue.get()) is not None:
            yield json.dumps(line, ensure_ascii=False).encode() + b"\n"
    finally:
        report.cancelled.set()
