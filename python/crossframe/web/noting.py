"""Warnings of the package as notes for the page."""

from __future__ import annotations

import threading
import warnings
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

# Why: what is done with warnings holds for the whole process, whichever thread asked for it.
_LOCK = threading.Lock()


@contextmanager
def noted() -> Iterator[list[str]]:
    """Give a list that holds, once the block has ended, the warnings in it, each once."""
    notes: list[str] = []
    with _LOCK, warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        yield notes
        notes += dict.fromkeys(str(one.message) for one in caught)
