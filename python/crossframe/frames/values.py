"""Values that are no frame <-> what Python users hold.

R vectors are Series (with their names as index), matrices and arrays are numpy arrays, lists with
names are dicts and others lists, ``NULL`` is ``None``, and what Python has no form for is an
:class:`~crossframe.attributes.RValue`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from crossframe import _rserial
from crossframe.arrow_types import fixed_lists
from crossframe.attributes import RMetadata, RValue, character, from_python, to_array, to_python
from crossframe.errors import UnsupportedTypeError
from crossframe.frames.from_pandas import from_pandas
from crossframe.frames.special import is_special, to_numpy
from crossframe.frames.to_pandas import to_pandas
from crossframe.values import VECTOR_COLUMN, RList, RVector, Value

if TYPE_CHECKING:
    from crossframe.attributes import Attributes
    from crossframe.losses import Losses


class RDict(dict[str, Any]):
    """An R list with names; ``attrs["r"]`` holds its other attributes."""

    attrs: dict[str, Any]


class RSequence(list[Any]):
    """An R list without names; ``attrs["r"]`` holds its attributes."""

    attrs: dict[str, Any]


class RArray(np.ndarray):
    """An R matrix or array with attributes such as ``dimnames``, in ``attrs["r"]`` while its shape stays."""

    attrs: dict[str, Any]

    def __array_finalize__(self, source: np.ndarray | None) -> None:
        """Keep the attributes of an array of the same shape."""
        same = source is not None and source.shape == self.shape
        self.attrs = dict(getattr(source, "attrs", {})) if same else {}


# ---- to what users hold


def from_value(value: Value, losses: Losses) -> Any:  # noqa: ANN401 - whatever R held
    """Turn a value into what users hold."""
    if isinstance(value, pa.Table):
        return to_pandas(value, losses)
    if isinstance(value, RVector):
        return _from_vector(value.table, losses)
    if isinstance(value, RList):
        return _from_list(value, losses)
    return value


def _from_vector(table: pa.Table, losses: Losses) -> Any:  # noqa: ANN401 - Series or ndarray
    metadata = RMetadata.of(table.schema).column(VECTOR_COLUMN)
    if metadata.attributes.get("dim") is not None and metadata.attributes["dim"].length > 1:
        return _from_matrix(table.column(0), metadata.attributes, losses)
    frame = to_pandas(table, losses)
    series = frame[VECTOR_COLUMN].rename(None)
    series.attrs = {}
    said = frame.attrs.get("r", {}).get("columns", {}).get(VECTOR_COLUMN, {})
    names = metadata.attributes.get("names")
    if names is not None and names.kind == "character" and names.length == len(series):
        series.index = pd.Index(to_array(names).to_pylist(), dtype="str")
        said = said | {"attributes": {k: v for k, v in said["attributes"].items() if k != "names"}}
    if said.get("attributes") or said.keys() - {"attributes", "type"}:
        series.attrs["r"] = said
    return series


def _from_matrix(column: pa.ChunkedArray, attributes: Attributes, losses: Losses) -> np.ndarray:
    dims = [int(size) for size in to_array(attributes["dim"]).to_pylist()]
    array = column.combine_chunks() if column.num_chunks != 1 else column.chunk(0)
    items = array.flatten()
    if items.null_count and pa.types.is_integer(items.type):
        losses.add("value", items.null_count, "NA", "of an integer matrix make it one of floats")
    nan = pc.sum(pc.is_nan(items)).as_py() if pa.types.is_floating(items.type) else 0
    losses.add("value", nan or 0, "NaN", "of a matrix are NaN, which numpy does not tell from missing")
    # Each row holds the other dimensions, the first of them running fastest.
    if is_special(items.type):
        flat = to_numpy("value", pa.chunked_array([items]), losses)
    else:
        flat = items.to_numpy(zero_copy_only=False)
    by_row = flat.reshape([dims[0], *reversed(dims[1:])])
    order = [0, *range(len(dims) - 1, 0, -1)]
    # Why a copy: Arrow's memory can't be written to.
    plain = np.array(by_row.transpose(order), order="C")
    kept = {name: to_python(node) for name, node in attributes.items() if name != "dim"}
    if not kept:
        return plain
    with_attributes = plain.view(RArray)
    with_attributes.attrs = {"r": {"attributes": kept}}
    return with_attributes


def _from_list(value: RList, losses: Losses) -> Any:  # noqa: ANN401 - dict or list
    items = [from_value(item, losses) for item in value.items]
    attributes = {name: to_python(node) for name, node in value.attributes.items()}
    names = value.names
    if names is not None and all(names) and len(set(names)) == len(names):
        held: RDict | RSequence = RDict(zip(names, items, strict=True))
    else:
        held = RSequence(items)
        if names is not None:
            attributes["names"] = list(names)
    held.attrs = {"r": {"attributes": attributes}} if attributes else {}
    return held


# ---- from what users hold


def to_value(held: Any, *, nan: str) -> Value:  # noqa: ANN401 - whatever the user holds
    """Turn what users hold into a value.

    Raises:
        UnsupportedTypeError: It, or something in it, has no R form.
    """
    if held is None or isinstance(held, RValue | pa.Table):
        return held
    if isinstance(held, pd.DataFrame):
        return from_pandas(held, nan=nan)
    if isinstance(held, Mapping):
        return _to_list(list(held.values()), [_name(name) for name in held], held, nan)
    if isinstance(held, list | tuple):
        return _to_list(list(held), None, held, nan)
    if isinstance(held, np.ndarray) and held.ndim > 1:
        return _to_matrix(held, nan)
    return _to_vector(_series(held), nan)


def _name(name: object) -> str:
    if not isinstance(name, str):
        raise UnsupportedTypeError("Names in a dict must be text.", f"One is {name!r:.60}.")
    return name


def _to_list(items: list[Any], names: list[str] | None, held: object, nan: str) -> RList:
    attributes = _said(held)
    kept = attributes.pop("names", None)
    if names is None and kept is not None and kept.length == len(items):
        names = [text or "" for text in to_array(kept).to_pylist()]
    values = tuple(to_value(item, nan=nan) for item in items)
    return RList(values, None if names is None else tuple(names), attributes)


def _said(held: object) -> Attributes:
    """Return the attributes that a list, dict or array carries."""
    said = getattr(held, "attrs", {}).get("r", {}).get("attributes", {})
    return {name: from_python(value, name) for name, value in said.items()}


def _series(held: Any) -> pd.Series[Any]:  # noqa: ANN401 - whatever the user holds
    if isinstance(held, pd.Series):
        return held
    if isinstance(held, pa.Array | pa.ChunkedArray):
        return pd.Series(pd.arrays.ArrowExtensionArray(held))
    one = np.isscalar(held) or not hasattr(held, "__len__")
    try:
        series = pd.Series([held] if one else held)
    except UnicodeEncodeError:
        raise UnsupportedTypeError("Can't save text that is no Unicode.", f"It is {held!r:.60}.") from None
    except (TypeError, ValueError, NotImplementedError):
        series = pd.Series([held], dtype=object)
    if series.dtype == object and not all(isinstance(item, str | None) for item in series):
        raise UnsupportedTypeError(f"Can't save a {type(held).__name__}.", f"It is {held!r:.60}.")
    return series


def _to_vector(series: pd.Series[Any], nan: str) -> RVector:
    frame = pd.DataFrame({VECTOR_COLUMN: series.array})
    said = series.attrs.get("r")
    if isinstance(said, dict):
        frame.attrs["r"] = {"columns": {VECTOR_COLUMN: said}}
    table = from_pandas(frame, nan=nan)
    if isinstance(series.index.dtype, pd.StringDtype):
        metadata = RMetadata.of(table.schema)
        column = metadata.columns.setdefault(VECTOR_COLUMN, RMetadata())
        texts = pa.array(series.index, pa.string(), from_pandas=True)
        column.attributes["names"] = character(texts.to_pylist())
        table = metadata.apply(table)
    return RVector(table)


def _to_matrix(array: np.ndarray, nan: str) -> RVector:
    # R keeps arrays with the first dimension running fastest.
    flat = _to_vector(pd.Series(np.asarray(array).ravel(order="F")), nan).table
    items = flat.column(0).combine_chunks()
    rows, width = array.shape[0], int(np.prod(array.shape[1:]))
    by_row = np.arange(array.size).reshape(width, rows).T.ravel()
    values = fixed_lists(items.take(pa.array(by_row)), width, rows)
    attributes = _said(array) | {"dim": _rserial.vector(pa.array(array.shape, pa.int32()))}
    metadata = RMetadata(columns={VECTOR_COLUMN: RMetadata(attributes)})
    return RVector(metadata.apply(pa.table({VECTOR_COLUMN: values})))
