"""Columns that pyarrow and pandas do not exchange by themselves: complex numbers and carried R values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from crossframe import _rserial
from crossframe.arrow_types import COMPLEX, ROBJECT
from crossframe.attributes import RValue, decode_failures, from_python

if TYPE_CHECKING:
    from collections.abc import Collection, Hashable

    import pandas as pd

    from crossframe.losses import Losses


def is_special(arrow_type: pa.DataType) -> bool:
    """Whether a column of that type is made here."""
    return bool(arrow_type in {COMPLEX, ROBJECT})


def to_numpy(name: str, values: pa.ChunkedArray, losses: Losses) -> np.ndarray:
    """Return complex numbers as numpy has them, carried R values as objects."""
    storage = pa.concat_arrays(
        [chunk.storage for chunk in values.chunks] or [pa.array([], values.type.storage_type)]
    )
    return _to_complex(name, storage, losses) if values.type == COMPLEX else _to_robjects(name, storage)


def _to_complex(name: str, storage: pa.Array, losses: Losses) -> np.ndarray:
    pairs = storage.values  # noqa: PD011 - not pandas: all doubles, those of missing numbers too
    numbers: np.ndarray = np.array(pairs.to_numpy(zero_copy_only=False), copy=True).view(np.complex128)
    missing = storage.is_null().to_numpy(zero_copy_only=False)
    nan = np.isnan(numbers) & ~missing
    losses.add(name, int(nan.sum()), "NaN", "are NaN, which numpy does not tell from missing")
    numbers[missing] = complex(np.nan, np.nan)
    return numbers


def _to_robjects(name: str, storage: pa.Array) -> np.ndarray:
    filled = storage.fill_null(_rserial.encode(_rserial.null()))
    with decode_failures(f"column '{name}'"):
        cells = _rserial.unserialize_cells(_rserial.vector(filled)).entries
    texts = np.empty(len(cells), dtype=object)
    texts[:] = [RValue(_rserial.encode(node, ascii=True).decode("ascii")) for _, node in cells]
    return texts


def take_out(frame: pd.DataFrame, robjects: Collection[str]) -> tuple[pd.DataFrame, dict[Hashable, pa.Array]]:
    """Return the frame with stand-ins for such columns, and the columns as Arrow arrays.

    Args:
        frame: Any frame.
        robjects: Columns that held R values when they were loaded, which an empty column can't tell.
    """
    special: dict[Hashable, pa.Array] = {}
    for name in frame.columns:
        values = frame[name]
        if values.dtype.kind == "c" and isinstance(values.dtype, np.dtype):
            special[name] = _from_complex(values.to_numpy(np.complex128))
        elif values.dtype == object and _are_robjects(values, empty=name in robjects):
            special[name] = _from_robjects(values, str(name))
    if not special:
        return frame, special
    stand_ins = {name: np.zeros(len(frame), np.int8) for name in special}
    return frame.assign(**{str(name): array for name, array in stand_ins.items()}), special


def _from_complex(numbers: np.ndarray) -> pa.Array:
    flat = pa.array(np.ascontiguousarray(numbers).view(np.float64), from_pandas=False)
    storage = pa.FixedSizeListArray.from_arrays(
        flat, type=COMPLEX.storage_type, mask=pa.array(np.isnan(numbers))
    )
    return pa.ExtensionArray.from_storage(COMPLEX, storage)


def _are_robjects(values: pd.Series[Any], *, empty: bool) -> bool:
    present = values.dropna()
    return all(isinstance(value, RValue) for value in present) if len(present) else empty


def _from_robjects(values: pd.Series[Any], name: str) -> pa.Array:
    absent = values.isna().to_numpy()
    cells = [
        _rserial.encode(from_python(None if missing else value, name))
        for value, missing in zip(values, absent, strict=True)
    ]
    return pa.ExtensionArray.from_storage(ROBJECT, pa.array(cells, pa.binary()))
