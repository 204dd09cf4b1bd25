"""Frames between Python and an R that runs in the same process, through rpy2 (``crossframe[r]``).

What goes over are serialized bytes, so the type table holds as for an RDS, row by row. In IPython::

    %load_ext crossframe.rbridge
    %%R -i df -o df
    df$ratio <- df$height / df$leaves

and with rpy2's own conversions::

    with rpy2.robjects.conversion.localconverter(cf.rbridge.converter):
        ...
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

from crossframe import _rserial, frames, live_r, r_converter
from crossframe.api import kind_of_frame
from crossframe.attributes import decode_node
from crossframe.codecs.r_values import decode_value, encode_value
from crossframe.errors import UnsafeDataError
from crossframe.losses import Losses

if TYPE_CHECKING:
    from crossframe._rserial import Node

    # Made when it is asked for: it starts R.
    converter: Any


def to_r(frame: Any, *, nan: str = "missing", strict: bool = False) -> Any:  # noqa: ANN401 - R's objects
    """Make a frame, or any other value that ``save()`` takes, an object of the R in this process.

    Args:
        frame: A pandas or polars DataFrame, a pyarrow Table, any object with ``__arrow_c_stream__``; or a
            Series, an array, a dict or list of such, ``None``.
        nan: ``"missing"`` gives R pandas' NaN as NA, ``"nan"`` as NaN.
        strict: Raise where a value would not come back unchanged.

    Returns:
        The object as ``rpy2.robjects`` has it: a data frame of n rows x k columns is a ``DataFrame``.

    Raises:
        UnsupportedTypeError: A column has a type outside the type table; R gets nothing.
        DuplicateColumnError: Two columns have one name; R gets nothing.
        LossyConversionError: There would be a loss, and ``strict`` is set.
        EngineMissingError: rpy2 or R is not there.
    """
    losses = Losses(strict=strict)
    data = _rserial.encode(encode_value(frames.to_value(frame, nan=nan), losses))
    losses.tell("pass the frame to R")
    return live_r.as_robject(live_r.unserialized(data))


def from_r(
    robject: Any,  # noqa: ANN401 - any of R's objects
    *,
    as_: str = "pandas",
    dtype_backend: str | None = None,
    strict: bool = False,
) -> Any:  # noqa: ANN401 - by as_
    """Make an object of the R in this process a frame, or the value it is where it is no frame.

    Args:
        robject: An object of rpy2's, of ``rpy2.robjects`` or ``rpy2.rinterface``.
        as_: ``"pandas"``, ``"arrow"`` or ``"polars"``.
        dtype_backend: ``"pyarrow"`` gives pandas frames Arrow-backed dtypes, which tell NA from NaN.
        strict: Raise where a value does not fit the frame asked for.

    Returns:
        As ``load()`` does: of a data frame of n rows x k columns a frame, typed by ``types.csv``, with R
        attributes in ``attrs["r"]``.

    Raises:
        UnsafeDataError: It is or holds code: functions, calls, environments. Those stay in R.
        UnsupportedTypeError: A column has a type outside the type table.
        UsageError: It is no object of rpy2's.
        LossyConversionError: There would be a loss, and ``strict`` is set.
        EngineMissingError: rpy2 or R is not there.
    """
    losses = Losses(strict=strict)
    kind = kind_of_frame(as_, dtype_backend)
    loaded = frames.from_value(decode_value(_node(robject), losses), losses, as_=kind)
    losses.tell("take the R object")
    return loaded


def _node(robject: Any) -> Node:  # noqa: ANN401 - any of R's objects
    for version in (3, 2):
        try:
            with live_r.serialized(robject, version) as data:
                return decode_node(data, "the R object")
        except UnsafeDataError as error:
            # Why once more: the older version writes out what version 3 leaves to a package's own code, as
            # arrow's vectors that lie in a file; from a live R these are data.
            refused = error
    hint = "Functions, calls and environments stay in R: take the data out of it there."
    raise UnsafeDataError(refused.problem, refused.detail, hint)


@functools.cache
def _converter() -> Any:  # noqa: ANN401 - rpy2's Converter
    return r_converter.make(to_r, from_r)


def __getattr__(name: str) -> Any:  # noqa: ANN401 - rpy2's Converter
    """Make the converter when it is first asked for."""
    if name != "converter":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return _converter()


def load_ipython_extension(shell: Any) -> None:  # noqa: ANN401 - IPython's shell
    """Have ``%R`` and ``%%R`` convert by the type table: what ``%load_ext crossframe.rbridge`` calls."""
    live_r.interface()
    shell.extension_manager.load_extension("rpy2.ipython")
    shell.magics_manager.registry["RMagics"].options.converter = _converter()
