"""Times one way to take a frame from a live R and to give it back. Arguments: way, file, a small file."""

from __future__ import annotations

import sys
import warnings
from typing import TYPE_CHECKING, Any

from time_python import timed

if TYPE_CHECKING:
    from collections.abc import Callable

Way = tuple["Callable[[Any], Any]", "Callable[[Any], Any]"]


def crossframe() -> Way:
    """This package."""
    import crossframe as cf

    return cf.from_r, cf.to_r


def pandas2ri() -> Way:
    """rpy2's own."""
    from rpy2 import robjects
    from rpy2.robjects import pandas2ri as peer

    # For as long as the process lives.
    rules = (robjects.default_converter + peer.converter).context().__enter__()
    return rules.rpy2py, rules.py2rpy


WAYS = {"crossframe": crossframe, "pandas2ri": pandas2ri}


def main() -> None:
    """Run one way once."""
    way, file, small = sys.argv[1:]
    # What pandas2ri warns of is told by the last line: whether the frame is the same.
    warnings.simplefilter("ignore")
    from rpy2 import rinterface

    rinterface.initr()
    baseenv = rinterface.baseenv
    take, give = WAYS[way]()
    give(take(baseenv["readRDS"](small)))
    held = baseenv["readRDS"](file)
    frame = timed("from", lambda: take(held))
    back = timed("to", lambda: give(frame))
    print("identical", int(baseenv["identical"](held, back)[0]))


if __name__ == "__main__":
    main()
