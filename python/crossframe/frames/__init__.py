"""Arrow tables <-> what users hold: pandas, polars, and anything with an Arrow stream.

The types follow ``types.csv``; pandas' own note in the schema (key ``pandas``)
says where a frame that came from pandas had another dtype or an index, and wins
where the values still fit it. R attributes stand in ``df.attrs["r"]``::

    {"attributes": {...of the frame...},
     "columns": {"age": {"attributes": {"label": "Age"}, "units": ..., "storage": ...}}}
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pyarrow as pa

from crossframe.errors import UnsupportedTypeError, UsageError
from crossframe.values import RList, RVector, Value

if TYPE_CHECKING:
    from collections.abc import Callable

    from crossframe.losses import Losses

KINDS = ("pandas", "pyarrow", "arrow", "polars")


def to_table(frame: Any, *, nan: str = "missing") -> pa.Table:  # noqa: ANN401 - any frame
    """Turn what a user holds into a table.

    Args:
        frame: A pandas or polars DataFrame, a pyarrow Table, or any object with ``__arrow_c_stream__``.
        nan: ``"missing"`` saves pandas' NaN as missing (R's NA), ``"nan"`` as NaN.

    Raises:
        UnsupportedTypeError: It is no frame, or a column has a type outside ``types.csv``.
    """
    if nan not in {"missing", "nan"}:
        raise UsageError("Argument nan= must be 'missing' or 'nan'.", f"It is {nan!r}.")
    if isinstance(frame, pa.Table):
        return frame
    if _is_pandas(frame):
        from crossframe.frames.from_pandas import from_pandas  # noqa: PLC0415 - pandas is slow to import

        return from_pandas(frame, nan=nan)
    if hasattr(frame, "__arrow_c_stream__"):
        try:
            return _plain_strings(pa.table(frame))
        except (pa.ArrowException, TypeError):
            pass  # a single column has that method too
    raise UnsupportedTypeError(
        f"Can't save a {type(frame).__name__} as a frame.",
        hint="Give a pandas or polars DataFrame, a pyarrow Table, or an object with __arrow_c_stream__.",
    )


def to_value(held: Any, *, nan: str = "missing") -> Value:  # noqa: ANN401 - whatever the user holds
    """Turn what a user holds into a table where it is a frame, else into a value.

    Raises:
        UnsupportedTypeError: It, or something in it, has no R form.
    """
    streams = hasattr(held, "__arrow_c_stream__") and not isinstance(held, pa.ChunkedArray)
    if _is_pandas(held) or (streams and not _is_series(held)):
        return to_table(held, nan=nan)
    from crossframe.frames import values  # noqa: PLC0415 - pandas is slow to import

    return values.to_value(held, nan=nan)


def from_value(value: Value, losses: Losses, *, as_: str = "pandas") -> Any:  # noqa: ANN401 - by as_
    """Turn a table or a value into what the user asked for.

    Raises:
        UsageError: ``as_`` is none of the kinds, or ``"polars"`` for what is no frame.
    """
    if isinstance(value, pa.Table) or as_ not in KINDS:
        return from_table(value, losses, as_=as_)
    if as_ in {"pandas", "pyarrow"}:
        from crossframe.frames import values  # noqa: PLC0415 - pandas is slow to import

        return values.from_value(value, losses)
    if as_ == "polars":
        raise UsageError(
            "Can't give a polars frame of what is no data frame.", hint="Load it as pandas or arrow."
        )
    return _to_arrow_value(value)


def _to_arrow_value(value: Value) -> Any:  # noqa: ANN401 - Arrow in dicts and lists
    if isinstance(value, RVector):
        return value.table.column(0)
    if not isinstance(value, RList):
        return value
    items = [_to_arrow_value(item) for item in value.items]
    if value.names is not None and all(value.names) and len(set(value.names)) == len(items):
        return dict(zip(value.names, items, strict=True))
    return items


def from_table(table: pa.Table, losses: Losses, *, as_: str = "pandas") -> Any:  # noqa: ANN401 - by as_
    """Turn a table into the frame asked for.

    Args:
        table: n rows x k columns, R attributes under schema key ``r``.
        losses: Takes what the frame can't hold.
        as_: ``"pandas"``; ``"pyarrow"`` for pandas with Arrow-backed dtypes, which tell NA from NaN;
            ``"arrow"`` for a pyarrow Table; ``"polars"``.

    Raises:
        UsageError: ``as_`` is none of these.
    """
    if as_ not in _MAKERS:
        raise UsageError(f"Argument as_= must be one of {', '.join(KINDS)}.", f"It is {as_!r}.")
    return _MAKERS[as_](table, losses)


def _is_pandas(frame: object) -> bool:
    # Why by name: asking pandas would import it for users of Arrow only.
    return any(
        base.__module__.partition(".")[0] == "pandas" and base.__name__ == "DataFrame"
        for base in type(frame).__mro__
    )


def is_dask(frame: object) -> bool:
    """Tell whether it is a Dask DataFrame, without importing Dask."""
    return any(
        base.__module__.partition(".")[0] == "dask" and base.__name__ == "DataFrame"
        for base in type(frame).__mro__
    )


def _is_series(held: object) -> bool:
    return any(base.__name__ == "Series" for base in type(held).__mro__)


def _plain_strings(table: pa.Table) -> pa.Table:
    """Give text without the view layout that polars exports, which few writers know."""
    fields = [field.with_type(_plain_type(field.type)) for field in table.schema]
    return table.cast(pa.schema(fields, metadata=table.schema.metadata))


def _plain_type(arrow_type: pa.DataType) -> pa.DataType:
    if pa.types.is_string_view(arrow_type):
        return pa.large_string()
    if pa.types.is_dictionary(arrow_type):
        return pa.dictionary(
            arrow_type.index_type, _plain_type(arrow_type.value_type), ordered=arrow_type.ordered
        )
    return arrow_type


def _to_arrow(table: pa.Table, losses: Losses) -> pa.Table:
    del losses
    return table


def _to_pandas(table: pa.Table, losses: Losses) -> Any:  # noqa: ANN401 - a pandas frame
    from crossframe.frames.to_pandas import to_pandas  # noqa: PLC0415 - pandas is slow to import

    return to_pandas(table, losses)


def _to_polars(table: pa.Table, losses: Losses) -> Any:  # noqa: ANN401 - polars is optional
    del losses
    try:
        import polars as pl  # noqa: PLC0415 - optional
    except ImportError:
        raise UsageError(
            "Can't give a polars frame.", "polars is not installed.", "pip install 'crossframe[polars]'"
        ) from None
    return pl.from_arrow(table)


def _to_pandas_arrow(table: pa.Table, losses: Losses) -> Any:  # noqa: ANN401 - a pandas frame
    from crossframe.frames.to_pandas import to_pandas  # noqa: PLC0415 - pandas is slow to import

    return to_pandas(table, losses, arrow_backed=True)


_MAKERS: dict[str, Callable[[pa.Table, Losses], Any]] = {
    "pandas": _to_pandas,
    "pyarrow": _to_pandas_arrow,
    "arrow": _to_arrow,
    "polars": _to_polars,
}
