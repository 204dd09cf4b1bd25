"""Arrow tables <-> pandas frames, dtype by dtype, index and attributes included."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from crossframe import _rserial
from crossframe.attributes import STORAGE_KEY, UNITS_KEY, RMetadata, character, from_python, to_array, to_python
from crossframe.errors import DuplicateColumnError, UnsupportedTypeError
from crossframe.types import row_of

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping

    from crossframe._rserial import Node
    from crossframe.losses import Losses

PANDAS_KEY = b"pandas"
_NOTES = {"units": UNITS_KEY, "storage": STORAGE_KEY}
_INT32_MAX = 2**31 - 1


# ---- to pandas


def to_pandas(table: pa.Table, losses: Losses) -> pd.DataFrame:
    """Turn a table into a pandas frame.

    Args:
        table: n rows x k columns.
        losses: Takes NaN beside missing values: pandas' float64 holds both as NaN.
    """
    note = _pandas_note(table.schema)
    dtypes = {column["field_name"]: column["numpy_type"] for column in note.get("columns", [])}
    columns: dict[Hashable, Any] = {}
    for field, values in zip(table.schema, table.columns, strict=True):
        columns[field.name] = _to_series(field, values, dtypes.get(field.name), losses)
    frame = pd.DataFrame(columns, copy=False, index=pd.RangeIndex(table.num_rows))
    metadata = RMetadata.of(table.schema)
    frame = _restore_index(frame, note, metadata)
    attributes = _shown_attributes(table.schema, metadata)
    frame.attrs = dict(note.get("attributes", {}))
    if attributes:
        frame.attrs["r"] = attributes
    return frame


def _pandas_note(schema: pa.Schema) -> dict[str, Any]:
    """Return pandas' note on the schema, or nothing where it is broken: it comes from outside."""
    text = (schema.metadata or {}).get(PANDAS_KEY)
    try:
        note = json.loads(text) if text is not None else {}
        for column in note.get("columns", []):
            if not (isinstance(column["field_name"], str | None) and isinstance(column["numpy_type"], str)):
                return {}
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return {}
    return note if isinstance(note.get("attributes", {}), dict) else {}


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


def _to_series(field: pa.Field, values: pa.ChunkedArray, noted: str | None, losses: Losses) -> Any:  # noqa: ANN401
    arrow_type = field.type
    if noted is not None and noted.endswith("[pyarrow]") and not pa.types.is_dictionary(arrow_type):
        return pd.arrays.ArrowExtensionArray(values)
    if arrow_type in _MASKED:
        if noted in _NUMPY and noted == _numpy_name(arrow_type) and not values.null_count:
            return values.to_numpy()
        return _MASKED[arrow_type]().__from_arrow__(values)
    if pa.types.is_floating(arrow_type):
        if noted in {"Float32", "Float64"}:
            return pd.array(values.to_pandas(types_mapper=_masked_float), dtype=noted)
        _note_nan(field.name, values, losses)
        return values.to_numpy()
    if pa.types.is_string(arrow_type) or pa.types.is_large_string(arrow_type):
        missing = pd.NA if noted == "string" else np.nan
        return pd.StringDtype(na_value=missing).__from_arrow__(values)
    if pa.types.is_dictionary(arrow_type):
        return _to_categorical(field.name, values, losses)
    if pa.types.is_timestamp(arrow_type) or pa.types.is_duration(arrow_type):
        return values.to_pandas()
    return pd.arrays.ArrowExtensionArray(values)


def _masked_float(arrow_type: pa.DataType) -> Any:  # noqa: ANN401 - a pandas dtype
    return {pa.float32(): pd.Float32Dtype(), pa.float64(): pd.Float64Dtype()}.get(arrow_type)


def _numpy_name(arrow_type: pa.DataType) -> str:
    return "bool" if pa.types.is_boolean(arrow_type) else str(arrow_type)


def _note_nan(name: str, values: pa.ChunkedArray, losses: Losses) -> None:
    nan = pc.sum(pc.is_nan(values)).as_py() or 0
    losses.add(name, nan, "NaN", "are NaN, which pandas' float64 does not tell from missing")


def _to_categorical(name: str, values: pa.ChunkedArray, losses: Losses) -> pd.Categorical:
    array = values.unify_dictionaries().combine_chunks()
    if isinstance(array, pa.ChunkedArray):
        array = array.chunk(0) if array.num_chunks else pa.array([], values.type)
    levels = array.dictionary
    codes = array.indices.cast(pa.int32()).fill_null(-1).to_numpy(zero_copy_only=False)
    if levels.null_count:
        position = pc.index(pc.is_null(levels), pa.scalar(value=True)).as_py()
        losses.add(name, int((codes == position).sum()) or 1, "a missing level", "of a missing level become missing")
        codes = np.where(codes == position, -1, codes - (codes > position))
        levels = levels.drop_null()
    categories = pd.Index(levels.to_pandas(types_mapper={pa.string(): _STR, pa.large_string(): _STR}.get))
    return pd.Categorical.from_codes(codes, categories=categories, ordered=array.type.ordered)


_STR = pd.StringDtype(na_value=np.nan)


def _restore_index(frame: pd.DataFrame, note: Mapping[str, Any], metadata: RMetadata) -> pd.DataFrame:
    """Set R's row names, or the index that pandas noted."""
    row_names = metadata.frame.get("row.names")
    if row_names is not None and row_names.length == len(frame) and row_names.kind in {"character", "integer"}:
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
        names = {column["field_name"]: column.get("name") for column in note["columns"]}
        frame = frame.set_index(columns)
        frame.index.names = [names.get(name) for name in columns]
    return frame


def _restore_range(frame: pd.DataFrame, noted: Mapping[str, Any]) -> pd.DataFrame:
    try:
        index = pd.RangeIndex(noted["start"], noted["stop"], noted["step"], name=noted.get("name"))
    except (KeyError, TypeError, ValueError):
        return frame
    if len(index) == len(frame):
        frame.index = index
    return frame


def _shown_attributes(schema: pa.Schema, metadata: RMetadata) -> dict[str, Any]:
    shown: dict[str, Any] = {}
    frame = {name: to_python(node) for name, node in metadata.frame.items() if name != "row.names"}
    if frame:
        shown["attributes"] = frame
    columns: dict[str, Any] = {}
    for field in schema:
        entry: dict[str, Any] = {}
        own = metadata.columns.get(field.name)
        if own:
            entry["attributes"] = {name: to_python(node) for name, node in own.items()}
            entry["type"] = _row_name(field)
        for word, key in _NOTES.items():
            if key in (field.metadata or {}):
                entry[word] = field.metadata[key].decode()
        if entry:
            columns[field.name] = entry
    if columns:
        shown["columns"] = columns
    return shown


# ---- from pandas


def from_pandas(frame: pd.DataFrame, losses: Losses, *, nan: str) -> pa.Table:
    """Turn a pandas frame into a table.

    An unnamed index of distinct texts or integers becomes R's row names; any other
    index but 0..n-1 becomes leading columns, and pandas' note brings it back.

    Raises:
        DuplicateColumnError: Two columns have one name, or a name is not text.
        UnsupportedTypeError: A column holds values that Arrow has no one type for.
    """
    del losses
    _check_names(frame)
    shown = frame.attrs.get("r")
    plain = frame.copy(deep=False)
    plain.attrs = {name: value for name, value in frame.attrs.items() if name != "r"}
    row_names = _row_names(plain.index)
    if row_names is not None:
        plain.index = pd.RangeIndex(len(plain))
    table = _arrow_table(plain, nan=nan)
    metadata = RMetadata()
    if isinstance(shown, dict):
        table, metadata = _keep_attributes(table, shown)
    if row_names is not None:
        metadata.frame["row.names"] = row_names
    return metadata.apply(table)


def _check_names(frame: pd.DataFrame) -> None:
    if frame.columns.nlevels > 1:
        raise DuplicateColumnError("Column names must be text.", "The columns have several levels.", "Join the levels first.")
    for position, name in enumerate(frame.columns, 1):
        if not isinstance(name, str):
            raise DuplicateColumnError("Column names must be text.", f"The name of column {position} is {name!r}.")
    doubled = frame.columns[frame.columns.duplicated()]
    if len(doubled):
        raise DuplicateColumnError("Column names must differ.", f"'{doubled[0]}' names two columns.")


def _row_names(index: pd.Index) -> Node | None:
    """Return R's row names for an index that is one, else ``None``."""
    if index.name is not None or index.nlevels > 1 or not index.is_unique or index.hasnans:
        return None
    if isinstance(index, pd.RangeIndex) and index.start == 0 and index.step == 1:
        return None
    if isinstance(index.dtype, pd.StringDtype):
        return character(index.tolist())
    fits = index.dtype == np.int64 and (len(index) == 0 or (index.min() > -_INT32_MAX and index.max() <= _INT32_MAX))
    if fits:
        return _rserial.vector(pa.array(index.to_numpy().astype(np.int32)))
    return None


def _arrow_table(frame: pd.DataFrame, *, nan: str) -> pa.Table:
    try:
        table = pa.Table.from_pandas(frame)
    except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError, OverflowError) as error:
        raise _unsupported(frame, error) from None
    except ValueError as error:
        raise DuplicateColumnError("An index level can't have the name of a column.", f"{error}.") from None
    for position, field in enumerate(table.schema):
        if nan == "nan" and field.name in frame.columns and pa.types.is_floating(field.type):
            values = frame[field.name]
            if isinstance(values.dtype, np.dtype):
                array = pa.array(values.to_numpy(), from_pandas=False)
                table = table.set_column(position, field, array)
    return _index_first(table, len(frame.columns))


def _index_first(table: pa.Table, count: int) -> pa.Table:
    """Move the index columns, which Arrow puts last, to the front."""
    order = [*range(count, table.num_columns), *range(count)]
    return table.select(order)


def _unsupported(frame: pd.DataFrame, error: Exception) -> UnsupportedTypeError:
    for name in frame.columns:
        try:
            pa.array(frame[name], from_pandas=True)
        except (pa.ArrowException, OverflowError) as failure:
            kinds = ", ".join(sorted({type(value).__name__ for value in frame[name].dropna()})[:5])
            return UnsupportedTypeError(
                f"Column '{name}' must hold values of one type listed in types.csv, not {kinds}.",
                str(failure).splitlines()[0],
                "Convert the column first, e.g. with astype(str).",
            )
    return UnsupportedTypeError("Can't save the frame.", str(error).splitlines()[0])


def _keep_attributes(table: pa.Table, shown: Mapping[str, Any]) -> tuple[pa.Table, RMetadata]:
    """Give the table the attributes that users see, where a column still has the type they belong to."""
    metadata = RMetadata()
    for name, value in _dict(shown.get("attributes")).items():
        metadata.frame[name] = from_python(value, name)
    schema = table.schema
    for name, entry in _dict(shown.get("columns")).items():
        position = schema.get_field_index(name)
        if position < 0:
            continue
        field = schema.field(position)
        entry = _dict(entry)
        # Why: what was said of another type of values is no longer true of these.
        if entry.get("type", _row_name(field)) != _row_name(field):
            continue
        own = {one: from_python(value, one) for one, value in _dict(entry.get("attributes")).items()}
        metadata.columns[name] = _fitting(own, table.num_rows)
        notes = {key: str(entry[word]).encode() for word, key in _NOTES.items() if word in entry}
        if notes:
            schema = schema.set(position, field.with_metadata((field.metadata or {}) | notes))
    return table.cast(schema) if schema is not table.schema else table, metadata


def _dict(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _row_name(field: pa.Field) -> str | None:
    row = row_of(field.type)
    return None if row is None else row.type


def _fitting(attributes: dict[str, Node], rows: int) -> dict[str, Node]:
    """Drop the attributes that tell the number of rows, where it is another one now."""
    if "names" in attributes and attributes["names"].length != rows:
        del attributes["names"]
    if "dim" in attributes and to_array(attributes["dim"]).to_pylist() != [rows]:
        attributes.pop("dimnames", None)
        del attributes["dim"]
    if "tsp" in attributes:
        start, end, frequency = to_array(attributes["tsp"]).to_pylist()
        if round((end - start) * frequency) + 1 != rows:
            attributes.pop("class", None)  # Why: a ts without its tsp is broken in R
            del attributes["tsp"]
    return attributes
