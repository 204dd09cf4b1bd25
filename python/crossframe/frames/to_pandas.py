"""Arrow tables -> pandas frames, dtype by dtype, index and attributes included."""

from __future__ import annotations

import copy
import functools
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from pandas.api.internals import create_dataframe_from_blocks  # type: ignore[import-not-found]  # no stubs yet

from crossframe.arrow_types import ROBJECT
from crossframe.attributes import NOTES, RMetadata, to_array, to_python
from crossframe.columnwise import convert_each
from crossframe.errors import UnsupportedTypeError
from crossframe.frames.special import is_special, to_numpy
from crossframe.levels import with_same_levels
from crossframe.pandas_note import noted_dtypes, read_note
from crossframe.types import row_name

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping

    from crossframe.losses import Losses


def to_pandas(table: pa.Table, losses: Losses, *, arrow_backed: bool = False) -> pd.DataFrame:
    """Turn a table into a pandas frame.

    Args:
        table: n rows x k columns.
        losses: Takes NaN beside missing values: pandas' float64 holds both as NaN.
        arrow_backed: Give Arrow's own dtypes, which tell the two apart; factors stay categories.
    """
    note = read_note(table.schema)
    dtypes = noted_dtypes(note)

    def convert(column: tuple[pa.Field, pa.ChunkedArray], own: Losses) -> Any:  # noqa: ANN401
        field, values = column
        noted = f"{field.type}[pyarrow]" if arrow_backed else dtypes.get(field.name)
        return _to_column(field, values, noted, own)

    converted = convert_each(
        convert, list(zip(table.schema, table.columns, strict=True)), table.num_rows, losses
    )
    frame = _frame(table.column_names, converted, table.num_rows)
    metadata = RMetadata.of(table.schema)
    frame = _restore_index(frame, note, metadata)
    attributes = _shown_attributes(table.schema, metadata)
    frame.attrs = copy.deepcopy(note["attributes"]) if note.get("attributes") else {}
    if attributes:
        frame.attrs["r"] = attributes
    return frame


def _frame(names: list[str], columns: list[Any], rows: int) -> pd.DataFrame:
    """Make a frame of columns as they are.

    Why not by pandas' constructor: it looks at each value of each column, which takes longer than decoding a
    small frame.
    """
    index = pd.RangeIndex(rows)
    if not columns:
        return pd.DataFrame(index=index)
    blocks = [
        (column.reshape(1, -1) if isinstance(column, np.ndarray) else column, np.array([place]))
        for place, column in enumerate(columns)
    ]
    frame: pd.DataFrame = create_dataframe_from_blocks(blocks, index, _labels(names))
    return frame


_STR = pd.StringDtype(na_value=np.nan)
# So many levels, or labels of columns, are kept for the next frame.
_FEW = 100


def _labels(names: list[str]) -> pd.Index:
    """Return labels of columns, or levels; few are kept, since files are alike and making them takes long."""
    # Why a view: who gives the labels of one frame a name names no other's.
    return _kept_labels(tuple(names)).view() if len(names) <= _FEW else pd.Index(names, dtype=_STR)


_kept_labels = functools.lru_cache(maxsize=256)(lambda names: pd.Index(names, dtype=_STR))


# Arrow type -> masked dtype of pandas, which tells a missing value from a number.
_MASKED: dict[pa.DataType, Any] = {
    pa.bool_(): pd.BooleanDtype,
    pa.int8(): pd.Int8Dtype,
    pa.int16(): pd.Int16Dtype,
    pa.int32(): pd.Int32Dtype,
    pa.int64(): pd.Int64Dtype,
    pa.uint8(): pd.UInt8Dtype,
    pa.uint16(): pd.UInt16Dtype,
    pa.uint32(): pd.UInt32Dtype,
    pa.uint64(): pd.UInt64Dtype,
}
_NUMPY = {"bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"}


@functools.lru_cache(maxsize=1024)
def _zone(name: str) -> dt.tzinfo | None:
    """Return the zone, or the offset such as +05:30, as pandas has it; ``None`` where it is unknown."""
    try:
        zone: dt.tzinfo = pa.lib.string_to_tzinfo(name, prefer_zoneinfo=True)
    except (pa.ArrowException, KeyError, ValueError, OSError):  # ZoneInfoNotFoundError is a KeyError
        return None
    return zone


def _to_column(field: pa.Field, values: pa.ChunkedArray, noted: str | None, losses: Losses) -> Any:  # noqa: ANN401
    arrow_type = field.type
    if pa.types.is_timestamp(arrow_type) and arrow_type.tz and _zone(arrow_type.tz) is None:
        raise UnsupportedTypeError(
            f"Column '{field.name}' must have a time zone that is known here, not '{arrow_type.tz}'.",
            hint='Load it with as_="arrow".',
        )
    if is_special(arrow_type):
        return to_numpy(field.name, values, losses)
    if pa.types.is_dictionary(arrow_type):
        return _to_categorical(field.name, values, losses)
    column = (
        None if noted is not None and noted.endswith("[pyarrow]") else _to_usual(field, values, noted, losses)
    )
    return pd.arrays.ArrowExtensionArray(values) if column is None else column


def _to_usual(field: pa.Field, values: pa.ChunkedArray, noted: str | None, losses: Losses) -> Any:  # noqa: ANN401
    """Return the values in the dtype of the type table; ``None`` where that is Arrow's own."""
    arrow_type = field.type
    if arrow_type in _MASKED:
        return _to_whole(values, noted)
    if pa.types.is_floating(arrow_type):
        return _to_float(field.name, values, noted, losses)
    if pa.types.is_string(arrow_type) or pa.types.is_large_string(arrow_type):
        return _text_dtype(noted).__from_arrow__(values)
    if pa.types.is_timestamp(arrow_type) and arrow_type.tz:
        times = pd.DatetimeTZDtype(arrow_type.unit, _zone(arrow_type.tz)).__from_arrow__(values)
        return times if np.asarray(times.view("int64")).flags.writeable else times.copy()
    if pa.types.is_timestamp(arrow_type) or pa.types.is_duration(arrow_type):
        return _own(values.to_numpy())
    return None


def _own(numbers: np.ndarray) -> np.ndarray:
    """Return numbers in memory of their own: Arrow's can't be written to, and users set cells."""
    return numbers if numbers.flags.writeable else numbers.copy()


def _to_whole(values: pa.ChunkedArray, noted: str | None) -> Any:  # noqa: ANN401 - numpy or masked
    if noted in _NUMPY and noted == _numpy_name(values.type) and not values.null_count:
        return _own(values.to_numpy())
    return _MASKED[values.type]().__from_arrow__(values)


def _to_float(name: str, values: pa.ChunkedArray, noted: str | None, losses: Losses) -> Any:  # noqa: ANN401
    if noted in {"Float32", "Float64"}:
        return pd.array(values.to_pandas(types_mapper=_masked_float), dtype=noted)
    numbers = values.to_numpy()
    nan = int(np.count_nonzero(np.isnan(numbers))) - values.null_count
    losses.add(name, nan, "NaN", "can't be told from missing in pandas' float64")
    return _own(numbers)


def _text_dtype(noted: str | None) -> Any:  # noqa: ANN401 - pandas-stubs does not know __from_arrow__
    return pd.StringDtype(na_value=pd.NA if noted == "string" else np.nan)


def _masked_float(arrow_type: pa.DataType) -> Any:  # noqa: ANN401 - a pandas dtype
    return {pa.float32(): pd.Float32Dtype(), pa.float64(): pd.Float64Dtype()}.get(arrow_type)


def _numpy_name(arrow_type: pa.DataType) -> str:
    return "bool" if pa.types.is_boolean(arrow_type) else str(arrow_type)


def _to_categorical(name: str, values: pa.ChunkedArray, losses: Losses) -> pd.Categorical:
    array = values.chunk(0) if values.num_chunks == 1 else with_same_levels(values).combine_chunks()
    if isinstance(array, pa.ChunkedArray):
        array = array.chunk(0) if array.num_chunks else pa.array([], values.type)
    levels = array.dictionary
    indices = array.indices if array.indices.type == pa.int32() else array.indices.cast(pa.int32())
    codes = (indices.fill_null(-1) if indices.null_count else indices).to_numpy(zero_copy_only=False)
    if levels.null_count or pa.types.is_floating(levels.type):
        codes, levels = _without_missing_levels(name, codes, levels, losses)
    if len(levels) <= _FEW and pa.types.is_string(levels.type):
        dtype = pd.CategoricalDtype(_labels(levels.to_pylist()), ordered=array.type.ordered)
    else:
        dtype = _category(levels, ordered=array.type.ordered)
    return pd.Categorical.from_codes(_own(codes), dtype=dtype)


def _without_missing_levels(
    name: str, codes: np.ndarray, levels: pa.Array, losses: Losses
) -> tuple[np.ndarray, pa.Array]:
    """Return codes and levels without those levels that are missing, or NaN."""
    missing = levels.is_null(nan_is_null=True)
    gone = missing.to_numpy(zero_copy_only=False)
    if not gone.any():
        return codes, levels
    losses.add(
        name,
        int(np.isin(codes, np.flatnonzero(gone)).sum()) or 1,
        "a missing level",
        "of a missing level can't be told from missing in pandas",
    )
    # The last is for the codes of what is missing already: -1.
    left = np.append(np.where(gone, -1, np.cumsum(~gone) - 1), -1)
    return left[codes], levels.filter(pc.invert(missing))


def _category(levels: pa.Array, *, ordered: bool) -> pd.CategoricalDtype:
    texts = levels.to_pandas(types_mapper={pa.string(): _STR, pa.large_string(): _STR}.get)
    return pd.CategoricalDtype(pd.Index(texts), ordered=ordered)


def _restore_index(frame: pd.DataFrame, note: Mapping[str, Any], metadata: RMetadata) -> pd.DataFrame:
    """Set R's row names, or the index that pandas noted."""
    row_names = metadata.attributes.get("row.names")
    if (
        row_names is not None
        and row_names.length == len(frame)
        and row_names.kind in {"character", "integer"}
    ):
        texts = to_array(row_names)
        dtype = _STR if row_names.kind == "character" else "int64"
        if not texts.null_count:
            frame.index = pd.Index(texts.to_pylist(), dtype=dtype)
        return frame
    columns = note.get("index_columns") or []
    if not isinstance(columns, list):
        return frame
    if len(columns) == 1 and isinstance(columns[0], dict) and columns[0].get("kind") == "range":
        return _restore_range(frame, columns[0])
    if columns and all(isinstance(name, str) and name in frame.columns for name in columns):
        names = {column["field_name"]: column.get("name") for column in note.get("columns", [])}
        frame = frame.set_index(columns)
        frame.index.names = [names.get(name) for name in columns]
    return frame


def _restore_range(frame: pd.DataFrame, noted: Mapping[str, Any]) -> pd.DataFrame:
    if noted == {"kind": "range", "name": None, "start": 0, "stop": len(frame), "step": 1}:
        return frame
    try:
        index = pd.RangeIndex(noted["start"], noted["stop"], noted["step"], name=noted.get("name"))
        fits = len(index) == len(frame)
    except (KeyError, TypeError, ValueError, OverflowError):
        return frame
    if fits:
        frame.index = index
    return frame


def _shown_attributes(schema: pa.Schema, metadata: RMetadata) -> dict[str, Any]:
    """Return what users see in ``attrs["r"]``."""
    without_rows = {name: node for name, node in metadata.attributes.items() if name != "row.names"}
    shown = _shown(RMetadata(without_rows))
    columns: dict[str, Any] = {}
    for field in schema:
        own, noted = metadata.columns.get(field.name), field.metadata
        entry = _shown(own) if own else {}
        if entry or field.type == ROBJECT:
            entry["type"] = row_name(field.type)
        if noted:
            entry |= {word: noted[key].decode() for word, key in NOTES.items() if key in noted}
        if entry:
            columns[field.name] = entry
    if columns:
        shown["columns"] = columns
    return shown


def _shown(metadata: RMetadata) -> dict[str, Any]:
    shown: dict[str, Any] = {}
    if metadata.attributes:
        shown["attributes"] = {name: to_python(node) for name, node in metadata.attributes.items()}
    columns = {name: _shown(column) for name, column in metadata.columns.items() if column}
    if columns:
        shown["columns"] = columns
    return shown
