"""The two Arrow types that this package adds, registered with pyarrow on import.

Both are extension types, so that a reader without this package sees their storage: pairs of doubles,
or bytes.

Source: Arrow columnar format, "Extension types".
"""

from __future__ import annotations

import contextlib
import re

import pyarrow as pa
import pyarrow.compute as pc

from crossframe.errors import DecodeError


class ComplexType(pa.ExtensionType):  # type: ignore[misc] # pyarrow is untyped
    """Complex numbers: real and imaginary part of each."""

    def __init__(self) -> None:
        """Lay out two doubles a value."""
        super().__init__(pa.list_(pa.float64(), 2), "crossframe.complex")

    def __arrow_ext_serialize__(self) -> bytes:
        """Return nothing: the type has no parameters."""
        return b""

    @classmethod
    def __arrow_ext_deserialize__(cls, storage_type: pa.DataType, serialized: bytes) -> ComplexType:
        """Make the type of a schema that was read."""
        del storage_type, serialized
        return cls()

    def __hash__(self) -> int:
        """Hash by the name: pyarrow defines equality of extension types and no hash."""
        return hash(self.extension_name)


class RObjectType(pa.ExtensionType):  # type: ignore[misc] # pyarrow is untyped
    """R values that are carried and not understood: each one's serialization (XDR, version 3)."""

    def __init__(self) -> None:
        """Lay out bytes."""
        super().__init__(pa.binary(), "crossframe.robject")

    def __arrow_ext_serialize__(self) -> bytes:
        """Return nothing: the type has no parameters."""
        return b""

    @classmethod
    def __arrow_ext_deserialize__(cls, storage_type: pa.DataType, serialized: bytes) -> RObjectType:
        """Make the type of a schema that was read."""
        del storage_type, serialized
        return cls()

    def __hash__(self) -> int:
        """Hash by the name: pyarrow defines equality of extension types and no hash."""
        return hash(self.extension_name)


COMPLEX = ComplexType()
ROBJECT = RObjectType()

for _type in (COMPLEX, ROBJECT):
    with contextlib.suppress(pa.ArrowKeyError):  # registered already, where a module is loaded twice
        pa.register_extension_type(_type)


def lists_of_size(items: pa.Array, rows: int, size: int) -> pa.Array:
    """Return so many lists of ``size`` items each."""
    type_ = pa.list_(items.type, size)
    if size == 0:
        # Why by hand: pyarrow's own way divides by the size, which ends the process.
        return pa.Array.from_buffers(type_, rows, [None], children=[items])
    return pa.FixedSizeListArray.from_arrays(items, type=type_)


def with_one_dictionary(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Return a column whose chunks have one dictionary.

    Why not always pyarrow's own way: it can't where a missing value is among the levels.
    """
    if not pa.types.is_dictionary(column.type) or not any(one.dictionary.null_count for one in column.chunks):
        return column.unify_dictionaries()
    levels = pc.unique(pa.concat_arrays([one.dictionary for one in column.chunks]))
    chunks = [
        pa.DictionaryArray.from_arrays(
            pc.index_in(one.dictionary, value_set=levels).take(one.indices).cast(column.type.index_type),
            levels,
            ordered=column.type.ordered,
        )
        for one in column.chunks
    ]
    return pa.chunked_array(chunks, column.type)


def type_text(arrow_type: pa.DataType) -> str:
    """Return an Arrow type as the text that :func:`parse_type` reads, if it is one that it knows."""
    if isinstance(arrow_type, pa.ExtensionType):
        return f"extension<{arrow_type.extension_name}>"
    if pa.types.is_list(arrow_type):
        return f"list<item: {type_text(arrow_type.value_type)}>"
    if pa.types.is_large_list(arrow_type):
        return f"large_list<item: {type_text(arrow_type.value_type)}>"
    if pa.types.is_fixed_size_list(arrow_type):
        return f"fixed_size_list<item: {type_text(arrow_type.value_type)}>[{arrow_type.list_size}]"
    return str(arrow_type)


_UNITS = ("s", "ms", "us", "ns")
_PLAIN: dict[str, pa.DataType] = {
    str(one): one
    for one in (
        pa.null(),
        pa.bool_(),
        *(getattr(pa, f"{sign}int{bits}")() for sign in ("", "u") for bits in (8, 16, 32, 64)),
        pa.float16(),
        pa.float32(),
        pa.float64(),
        pa.string(),
        pa.large_string(),
        pa.binary(),
        pa.large_binary(),
        pa.date32(),
        pa.date64(),
        pa.time32("s"),
        pa.time32("ms"),
        pa.time64("us"),
        pa.time64("ns"),
        *(pa.timestamp(unit) for unit in _UNITS),
        *(pa.duration(unit) for unit in _UNITS),
    )
} | {type_text(one): one for one in (COMPLEX, ROBJECT)}
_ZONED = re.compile(r"timestamp\[(s|ms|us|ns), tz=([A-Za-z0-9_+\-/:]{1,64})\]")
_DICTIONARY = re.compile(r"dictionary<values=(.+), indices=(u?int\d+), ordered=([01])>")
_LIST = re.compile(
    r"(large_list|list|fixed_size_list)<(?:item|element): (.+?)(?: not null)?>(?:\[(\d{1,9})\])?"
)
_DECIMAL = re.compile(r"decimal(32|64|128|256)\((\d{1,2}), (-?\d{1,2})\)")
_DEPTH = 32


def parse_type(text: str, *, _depth: int = 0) -> pa.DataType:
    """Return the Arrow type that a text such as ``timestamp[ns, tz=UTC]`` names.

    Structs are not named by text: their fields are entries of their own.

    Raises:
        DecodeError: It names no type that this package writes.
    """
    if text in _PLAIN:
        return _PLAIN[text]
    if zoned := _ZONED.fullmatch(text):
        return pa.timestamp(zoned[1], zoned[2])
    coded = _DICTIONARY.fullmatch(text)
    if coded and coded[2] in _PLAIN and _depth < _DEPTH:
        values = parse_type(coded[1], _depth=_depth + 1)
        return pa.dictionary(_PLAIN[coded[2]], values, ordered=coded[3] == "1")
    if decimal := _DECIMAL.fullmatch(text):
        with contextlib.suppress(ValueError):  # more digits than the type has
            return getattr(pa, f"decimal{decimal[1]}")(int(decimal[2]), int(decimal[3]))
    listed = _LIST.fullmatch(text) if _depth < _DEPTH else None
    if listed and (listed[1] == "fixed_size_list") == (listed[3] is not None):
        item = parse_type(listed[2], _depth=_depth + 1)
        if listed[3] is not None:
            return pa.list_(item, int(listed[3]))
        return pa.large_list(item) if listed[1] == "large_list" else pa.list_(item)
    raise DecodeError("Can't read a schema.", f"'{text[:80]}' is no Arrow type that is kept as text.")
