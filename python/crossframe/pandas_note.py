"""pandas' own note in an Arrow schema (key ``pandas``): index, dtypes and attributes of the frame it was.

Source: pandas, "Developer: storing pandas DataFrame objects in Apache Parquet format".
"""

from __future__ import annotations

import functools
import json
from typing import TYPE_CHECKING, Any

import pyarrow as pa

if TYPE_CHECKING:
    from collections.abc import Mapping

PANDAS_KEY = b"pandas"

# The dtypes that the type table gives, as pandas notes them; other types have one dtype only.
_USUAL: dict[pa.DataType, str] = {
    pa.bool_(): "boolean",
    pa.float16(): "float16",
    pa.float32(): "float32",
    pa.float64(): "float64",
    pa.string(): "str",
    pa.large_string(): "str",
} | {
    getattr(pa, name.lower())(): name
    for name in ("Int8", "Int16", "Int32", "Int64", "UInt8", "UInt16", "UInt32", "UInt64")
}

# The dtypes, beside Arrow's, that a column may have had in place of the usual one.
# numpy's hold no missing value.
_NUMPY = {"boolean": "bool"} | {
    dtype: dtype.lower() for dtype in _USUAL.values() if dtype.startswith(("Int", "UInt"))
}
_OTHERS = {"float32": {"Float32", "Float64"}, "float64": {"Float32", "Float64"}, "str": {"string"}}
# Made here, whatever was noted.
_NEVER_ARROW = {"category", "complex128", "object"}


def read_note(schema: pa.Schema) -> Mapping[str, Any]:
    """Return the note; empty where there is none, or a broken one: it comes from outside."""
    return parse_note((schema.metadata or {}).get(PANDAS_KEY))


def parse_note(text: bytes | None) -> Mapping[str, Any]:
    """Return what the text of a note says, to be read only; nothing where there is none, or it is broken."""
    if text is None:
        return {}
    return _kept(text) if len(text) < _WORTH_KEEPING else _parsed(text)


def _parsed(text: bytes) -> Mapping[str, Any]:
    try:
        note = json.loads(text)
        whole = all(
            isinstance(column["field_name"], str | None)
            and isinstance(column["numpy_type"], str)
            and not isinstance(column.get("name"), list | dict)
            for column in note.get("columns", [])
        )
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return {}
    parts = isinstance(note.get("attributes", {}), dict) and isinstance(note.get("index_columns", []), list)
    return note if whole and parts else {}


# Why kept: the files of a batch are alike. What is long comes once, and takes memory.
_WORTH_KEEPING = 100_000
_kept = functools.lru_cache(maxsize=64)(_parsed)


def noted_dtypes(note: Mapping[str, Any]) -> dict[str | None, str]:
    """Return the dtype that pandas noted of each column."""
    return {column["field_name"]: column["numpy_type"] for column in note.get("columns", [])}


def dtype_word(arrow: str, usual: str, noted: str | None, missing: int | None) -> str:
    """Return the pandas dtype that a column loads as.

    Args:
        arrow: Its Arrow type.
        usual: The dtype that the type table gives it.
        noted: The dtype that pandas noted of it.
        missing: Its missing values; ``None`` where they are not known.
    """
    if noted is None:
        return usual
    if noted.endswith("[pyarrow]"):
        return usual if usual.endswith("[pyarrow]") or usual in _NEVER_ARROW else f"{arrow}[pyarrow]"
    is_numpy = noted == _NUMPY.get(usual) and not missing
    return noted if is_numpy or noted in _OTHERS.get(usual, ()) else usual


def says_more(schema: pa.Schema) -> bool:
    """Whether the note tells an index, a dtype or an attribute that the types alone do not."""
    note = read_note(schema)
    if note.get("attributes") or any(map(_is_index, note.get("index_columns", []))):
        return True
    return any(_is_unusual(column, schema) for column in note.get("columns", []))


def _is_index(entry: object) -> bool:
    """Whether pandas' note of an index level tells more than 0..n-1 without a name."""
    if not isinstance(entry, dict):
        return isinstance(entry, str)
    return entry.get("name") is not None or (entry.get("start"), entry.get("step")) != (0, 1)


def _is_unusual(column: dict[str, Any], schema: pa.Schema) -> bool:
    position = schema.get_field_index(column["field_name"] or "")
    if position < 0:
        return False
    arrow_type = schema.field(position).type
    dtype: str = column["numpy_type"]
    usual = _USUAL.get(arrow_type) if not isinstance(arrow_type, pa.BaseExtensionType) else None
    if usual is not None:
        return dtype != usual
    # Why only these: pandas has dtypes of its own for them, and for the rest none but Arrow's.
    own = pa.types.is_timestamp(arrow_type) or pa.types.is_duration(arrow_type)
    return own and dtype.endswith("[pyarrow]")


def without_usual_note(metadata: dict[bytes, bytes] | None, schema: pa.Schema) -> dict[bytes, bytes]:
    """Return schema metadata without a note that says nothing more."""
    kept = dict(metadata or {})
    if not says_more(schema):
        kept.pop(PANDAS_KEY, None)
    return kept
