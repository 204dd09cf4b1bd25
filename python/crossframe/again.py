"""Work of a Dask worker, tried again where the store was out of reach.

Why beside the retries of a request: a worker's part of the work is minutes long, and an outage of seconds
must not end the work of all the others.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, TypeVar

from crossframe.errors import EndpointError, UnavailableError

if TYPE_CHECKING:
    from collections.abc import Callable

Result = TypeVar("Result")

PASSING = (EndpointError, UnavailableError)
"""What may be better the next time."""
_PAUSE_S = 0.5


def again(work: Callable[[], Result], retries: int) -> Result:
    """Do the work; up to ``retries`` times more where it fails by what passes, each after twice the pause."""
    for attempt in range(retries):
        try:
            return work()
        except PASSING:
            time.sleep(_PAUSE_S * 2**attempt)
    return work()
