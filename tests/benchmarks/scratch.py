"""A folder for what a benchmark moves, which the next run clears away where a run was killed."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

PREFIX = "crossframe-bench-"


@contextlib.contextmanager
def scratch(parent: str | os.PathLike[str] | None = None) -> Iterator[Path]:
    """Make a folder, by default among the temporary ones, after removing those of runs that have ended.

    Why a lock tells: the kernel takes it from a process however that ends.
    """
    base = Path(tempfile.gettempdir() if parent is None else parent)
    # Why: a folder that is not locked yet must not look like one of a run that has ended.
    with _locked(base):
        _sweep(base)
        folder = Path(tempfile.mkdtemp(prefix=PREFIX, dir=base))
        held = contextlib.ExitStack()
        held.enter_context(_locked(folder))
    with held:
        try:
            yield folder
        finally:
            shutil.rmtree(folder)


def _sweep(base: Path) -> None:
    for left in base.glob(f"{PREFIX}*/"):
        # A run that goes on, or somebody else's.
        with contextlib.suppress(BlockingIOError, PermissionError), _locked(left, fcntl.LOCK_NB):
            shutil.rmtree(left)


@contextlib.contextmanager
def _locked(folder: Path, how: int = 0) -> Iterator[None]:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | how)
        yield
    finally:
        os.close(descriptor)
