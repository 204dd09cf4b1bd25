"""One writer at a time, among threads and processes of both languages."""

from __future__ import annotations

import contextlib
import fcntl
import os
import time
from typing import TYPE_CHECKING

from crossframe.errors import UnavailableError
from crossframe.stores.folder_names import INTERNAL, LOCK

if TYPE_CHECKING:
    from collections.abc import Iterator

    from crossframe.stores.folder_root import Root

_WAIT_S = 60.0
_SHORTEST_S, _LONGEST_S = 0.0005, 0.02


@contextlib.contextmanager
def locked(root: Root) -> Iterator[None]:
    """Hold the root's lock: while contents are compared, kept and replaced.

    Only a write that needs it makes the lock's file: a folder where nothing was replaced stays clean.

    Raises:
        UnavailableError: Another process holds it for a minute.
    """
    with root.own(INTERNAL, create=True) as folder:
        name = LOCK.rpartition("/")[2]
        flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
        lock = os.open(name, flags, 0o666, dir_fd=folder)
    try:
        # Whoever may write in a shared folder must be able to lock it, whatever our umask.
        with contextlib.suppress(PermissionError):
            os.fchmod(lock, 0o666)
        _acquire(lock, root)
        yield
    finally:
        os.close(lock)


def _acquire(lock: int, root: Root) -> None:
    """Take the lock, and give up in the end: its holder may be stopped for good."""
    end, pause = time.monotonic() + _WAIT_S, _SHORTEST_S
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > end:
                raise UnavailableError(
                    f"Can't write to {root.uri}: another process is writing for {_WAIT_S:.0f} seconds.",
                    hint=f"Is a process stopped that holds '{root.path / LOCK}'?",
                ) from None
            time.sleep(pause)
            pause = min(pause * 2, _LONGEST_S)
        else:
            return
