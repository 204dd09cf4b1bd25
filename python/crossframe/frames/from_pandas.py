"""pandas frames -> Arrow tables, index and attributes included."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pyarrow as pa

from crossframe import _rserial
from crossframe.attributes import NOTES, RMetadata, character, from_python, to_array
from crossframe.errors import DuplicateColumnError, UnsupportedTypeError
from crossframe.frames.special import take_out
from crossframe.types import row_name

if TYPE_CHECKING:
    from collections.abc import Mapping

    from crossframe._rserial import Node

_INT32_MAX = 2**31 - 1


def from_pandas(frame: pd.DataFrame, *, nan: str) -> pa.Table:
    """Turn a pandas frame into a table.

    An unnamed index of distinct texts or integers becomes R's row names; any other
    index but 0..n-1 becomes leading columns, and pandas' note brings it back.

    Raises:
        DuplicateColumnError: Two columns have one name, or a name is not text.
        UnsupportedTypeError: A column holds values that Arrow has no one type for.
    """
    _check_names(frame)
    shown = frame.attrs.get("r")
    plain = frame.copy(deep=False)
    plain.attrs = {name: value for name, value in frame.attrs.items() if name != "r"}
    row_names = _row_names(plain.index)
    if row_names is None and _counts_from_one(plain.index):
        # Why: R's automatic row names are these, so pandas' note alone can tell them from 0..n-1.
        plain.index = pd.RangeIndex(1, len(plain) + 1, name=plain.index.name)
    elif row_names is not None:
        plain.index = pd.RangeIndex(len(plain))
    plain, special = take_out(plain, _robjects(shown))
    table = _arrow_table(plain, nan=nan)
    for name, values in special.items():
        position = table.schema.get_field_index(name)
        table = table.set_column(position, pa.field(name, values.type), values)
    metadata = RMetadata()
    if isinstance(shown, dict):
        table, metadata = _keep_attributes(table, shown)
    if row_names is not None:
        metadata.attributes["row.names"] = row_names
    return metadata.apply(table)


def _robjects(shown: object) -> set[str]:
    """Return the columns that are said to hold carried R values."""
    columns = _dict(_dict(shown).get("columns"))
    return {name for name, said in columns.items() if _dict(said).get("type") == "robject"}


def _check_names(frame: pd.DataFrame) -> None:
    if frame.columns.nlevels > 1:
        raise DuplicateColumnError(
            "Column names must be text.", "The columns have several levels.", "Join the levels first."
        )
    for position, name in enumerate(frame.columns, 1):
        if not isinstance(name, str):
            raise DuplicateColumnError(
                "Column names must be text.", f"The name of column {position} is {name!r}."
            )
    doubled = frame.columns[frame.columns.duplicated()]
    if len(doubled):
        raise DuplicateColumnError("Column names must differ.", f"'{doubled[0]}' names two columns.")


def _row_names(index: pd.Index) -> Node | None:
    """Return R's row names for an index that is one, else ``None``."""
    if index.name is not None or index.nlevels > 1 or not index.is_unique or index.hasnans:
        return None
    if (isinstance(index, pd.RangeIndex) and index.start == 0 and index.step == 1) or _counts_from_one(index):
        return None
    if isinstance(index.dtype, pd.StringDtype):
        return character(index.tolist())
    fits = index.dtype == np.int64 and (
        len(index) == 0 or (index.min() > -_INT32_MAX and index.max() <= _INT32_MAX)
    )
    if fits:
        return _rserial.vector(pa.array(index.to_numpy().astype(np.int32)))
    return None


def _counts_from_one(index: pd.Index) -> bool:
    size = len(index)
    return bool(
        size
        and index.nlevels == 1
        and index.dtype == np.int64
        and index[0] == 1
        and index[-1] == size
        and (index == np.arange(1, size + 1)).all()
    )


def _arrow_table(frame: pd.DataFrame, *, nan: str) -> pa.Table:
    for name, values in frame.items():
        if values.dtype == object:
            _check_one_kind(str(name), values)
    try:
        table = pa.Table.from_pandas(frame)
    except (pa.ArrowException, TypeError, OverflowError, UnicodeEncodeError) as error:
        raise _unsupported(frame, error) from None
    except ValueError as error:
        raise DuplicateColumnError("An index level can't have the name of a column.", f"{error}.") from None
    for position, field in enumerate(table.schema):
        if nan == "nan" and field.name in frame.columns and pa.types.is_floating(field.type):
            values = frame[field.name]
            if isinstance(values.dtype, np.dtype):
                array = pa.array(values.to_numpy(), from_pandas=False)
                table = table.set_column(position, field, array)
    return _in_usual_layout(_index_first(table, len(frame.columns)))


def _in_usual_layout(table: pa.Table) -> pa.Table:
    """Give text 32-bit offsets where it fits, and factors int32 codes: what the type table names.

    Why: pandas' own choice of offsets and codes depends on its versions and on the values.
    """
    for position, field in enumerate(table.schema):
        column = table.column(position)
        if pa.types.is_large_string(field.type):
            usual = _short_text(column)
        elif pa.types.is_dictionary(field.type):
            usual = _int32_codes(column)
        else:
            continue
        table = table.set_column(position, field.with_type(usual.type), usual)
    return table


def _short_text(column: pa.ChunkedArray) -> pa.ChunkedArray:
    return column.cast(pa.string()) if column.nbytes <= _INT32_MAX else column


def _int32_codes(column: pa.ChunkedArray) -> pa.ChunkedArray:
    chunks = []
    for chunk in column.chunks:
        levels = chunk.dictionary
        if pa.types.is_large_string(levels.type) and levels.nbytes <= _INT32_MAX:
            levels = levels.cast(pa.string())
        codes = chunk.indices.cast(pa.int32())
        chunks.append(pa.DictionaryArray.from_arrays(codes, levels, ordered=column.type.ordered, safe=False))
    if not chunks:
        return column
    return pa.chunked_array(chunks)


def _index_first(table: pa.Table, count: int) -> pa.Table:
    """Move the index columns, which Arrow puts last, to the front."""
    order = [*range(count, table.num_columns), *range(count)]
    return table.select(order)


# Arrow would make a date of a number beside a date; values of several of these are no column.
_KINDS: tuple[tuple[str, tuple[type, ...]], ...] = (
    ("bool", (bool, np.bool_)),
    ("number", (int, float, np.integer, np.floating)),
    ("datetime", (dt.datetime, np.datetime64)),
    ("date", (dt.date,)),
    ("timedelta", (dt.timedelta, np.timedelta64)),
    ("str", (str,)),
)


def _kind(one: type) -> str:
    return next((kind for kind, bases in _KINDS if issubclass(one, bases)), one.__name__)


def _check_one_kind(name: str, values: pd.Series) -> None:
    types = set(map(type, values.dropna()))
    if len({_kind(one) for one in types}) > 1 or types & {set, frozenset}:
        raise _no_one_type(name, values, "The values are of several kinds, or sets.")


def _no_one_type(name: str, values: pd.Series, detail: str) -> UnsupportedTypeError:
    kinds = ", ".join(sorted({type(value).__name__ for value in values.dropna()})[:5])
    return UnsupportedTypeError(
        f"Column '{name}' must hold values of one type listed in types.csv, not {kinds}.",
        detail,
        "Convert the column first, e.g. with astype(str).",
    )


def _unsupported(frame: pd.DataFrame, error: Exception) -> UnsupportedTypeError:
    for name in frame.columns:
        try:
            pa.array(frame[name], from_pandas=True)
        except (pa.ArrowException, TypeError, OverflowError, UnicodeEncodeError) as failure:
            return _no_one_type(name, frame[name], str(failure).splitlines()[0])
        if isinstance(frame[name].dtype, pd.SparseDtype):
            return _no_one_type(name, frame[name], "The column is sparse.")
    return UnsupportedTypeError("Can't save the frame.", str(error).splitlines()[0])


def _keep_attributes(table: pa.Table, shown: Mapping[str, Any]) -> tuple[pa.Table, RMetadata]:
    """Give the table the attributes that users see, where a column still has the type they belong to."""
    metadata = RMetadata(_attributes(shown))
    schema = table.schema
    for name, said in _dict(shown.get("columns")).items():
        position = schema.get_field_index(name) if isinstance(name, str) else -1
        if position < 0:
            continue
        field = schema.field(position)
        entry = _dict(said)
        # Why: what was said of another type of values is no longer true of these.
        if entry.get("type", row_name(field.type)) != row_name(field.type):
            continue
        metadata.columns[name] = _metadata(entry, table.num_rows)
        notes = {key: str(entry[word]).encode() for word, key in NOTES.items() if word in entry}
        if notes:
            schema = schema.set(position, field.with_metadata((field.metadata or {}) | notes))
    return _with_schema(table, schema), metadata


def _with_schema(table: pa.Table, schema: pa.Schema) -> pa.Table:
    """Return the table with other field metadata."""
    if schema is table.schema:
        return table
    return pa.Table.from_arrays(table.columns, schema=schema)


def _attributes(shown: Mapping[str, Any]) -> dict[str, Node]:
    said = _dict(shown.get("attributes"))
    for name in said:
        if not isinstance(name, str):
            raise UnsupportedTypeError("Names of attributes must be text.", f"One is {name!r:.60}.")
    return {name: from_python(value, name) for name, value in said.items()}


def _metadata(shown: Mapping[str, Any], rows: int) -> RMetadata:
    columns = _dict(shown.get("columns")).items()
    return RMetadata(
        _fitting(_attributes(shown), rows),
        {name: _metadata(_dict(said), rows) for name, said in columns},
    )


def _dict(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _fitting(attributes: dict[str, Node], rows: int) -> dict[str, Node]:
    """Drop the attributes that tell the number of rows, where it is another one now."""
    if "names" in attributes and attributes["names"].length != rows:
        del attributes["names"]
    if "dim" in attributes and to_array(attributes["dim"]).to_pylist()[:1] != [rows]:
        attributes.pop("dimnames", None)
        del attributes["dim"]
    if "tsp" in attributes and _rows_of_series(attributes["tsp"]) != rows:
        attributes.pop("class", None)  # Why: a ts without its tsp is broken in R
        del attributes["tsp"]
    return attributes


def _rows_of_series(tsp: Node) -> int | None:
    """Return how many rows R's start, end and frequency span; ``None`` where they are no such thing."""
    said = to_array(tsp).to_pylist() if tsp.kind in {"integer", "double"} else []
    try:
        start, end, frequency = map(float, said)
        return round((end - start) * frequency) + 1
    except (TypeError, ValueError, OverflowError):
        return None
