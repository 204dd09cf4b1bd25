"""rpy2's conversion rules, with the type table's for data: frames, factors, dates, times.

What has no row in the type table (functions, models, environments) and plain vectors stay what rpy2 makes of
them, so that R's functions can be called as ever.

Source: rpy2's documentation, "Mapping rpy2 objects to arbitrary python objects".
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from crossframe import live_r

if TYPE_CHECKING:
    from collections.abc import Callable

# R's classes that come to Python, by the vectors below them.
_CLASSES = {
    "FloatSexpVector": ("Date", "POSIXct", "difftime", "integer64"),
    "IntSexpVector": ("factor", "Date", "POSIXct", "difftime"),
    "ListSexpVector": ("data.frame", "POSIXlt"),
}


@runtime_checkable
class _Stream(Protocol):
    """What polars' and others' frames have in common."""

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object: ...


def make(to_r: Callable[[Any], Any], from_r: Callable[[Any], Any]) -> Any:  # noqa: ANN401 - rpy2's Converter
    """Make a converter: rpy2's default rules, and over them these two functions.

    Args:
        to_r: Makes a frame, Series or array an object of R.
        from_r: Makes an object of R a frame or Series.

    Raises:
        EngineMissingError: rpy2 or R is not there.
    """
    rinterface = live_r.interface()
    import numpy as np  # noqa: PLC0415 - slow to import
    import pandas as pd  # noqa: PLC0415 - slow to import
    from rpy2 import robjects  # noqa: PLC0415 - interface() has imported it

    made = robjects.conversion.Converter("crossframe", template=robjects.default_converter)
    # Why the first two by name: rules for them that come from another converter would win over a protocol.
    for kind in (pd.DataFrame, pd.Series, np.ndarray, _Stream):
        made.py2rpy.register(kind, to_r)
    for vector, classes in _CLASSES.items():
        made.rpy2py_nc_map[getattr(rinterface, vector)].update(dict.fromkeys(classes, from_r))
    return made
