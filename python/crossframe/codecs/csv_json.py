"""Nested columns <-> JSON, a cell each: lists as arrays, structs as objects.

The forms of items are those of ``tests/conformance/csv/README.md``. Writing joins the text of whole columns;
reading parses a column's cells in one go and makes arrays of each level of nesting at once.

Source:
    RFC 8259.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, field
from itertools import chain
from json.encoder import encode_basestring
from typing import Any, NoReturn

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from crossframe.codecs import csv_cells
from crossframe.codecs.csv_columns import CsvColumn, coded, is_list, list_items, list_lengths, part_values
from crossframe.codecs.csv_read import cell_error

_ESCAPED = r'["\\\x00-\x1f]'
_UNUSUAL = {"NaN": math.nan, "Inf": math.inf, "-Inf": -math.inf}
_BIG = {"int64": 2**63, "uint64": 2**64}
# Items that missing cells of matrices may stand for: what no data pays for by its own size.
_MAX_FILL = 1 << 27


def cells(column: pa.ChunkedArray, kept: CsvColumn) -> pa.ChunkedArray:
    """Return the JSON of each cell of a nested column, null where missing."""
    missing = column.is_null().combine_chunks()
    return pa.chunked_array([pc.if_else(missing, pa.scalar(None, pa.string()), _tokens(column, kept))])


def parse(texts: pa.ChunkedArray, kept: CsvColumn) -> pa.ChunkedArray:
    """Read the cells of a nested column.

    Raises:
        DecodeError: A cell is no JSON, or does not fit the type.
    """
    return pa.chunked_array([_build(_loads(texts.to_pylist(), kept), kept)], kept.field.type)


def levels_to_json(kept: CsvColumn) -> list[Any]:
    """Return a dictionary's values as items."""
    plain = CsvColumn(kept.field.with_type(kept.field.type.value_type))
    tokens = _tokens(pa.chunked_array([kept.levels]), plain)
    levels: list[Any] = json.loads(f"[{','.join(tokens.to_pylist())}]")
    return levels


def levels_from_json(values: list[Any], kept: pa.Field) -> pa.Array:
    """Return a dictionary's values; ``kept`` is its field."""
    return _build(values, CsvColumn(kept.with_type(kept.type.value_type)))


def _tokens(column: pa.ChunkedArray, kept: CsvColumn) -> pa.StringArray:
    """Return the JSON of each value, ``null`` where missing."""
    type_ = column.type
    if is_list(type_):
        written = _list_tokens(column, kept)
    elif pa.types.is_struct(type_):
        written = _struct_tokens(column, kept)
    else:
        written = _leaf_tokens(column, kept)
    return pc.if_else(column.is_null().combine_chunks(), "null", written)


def _list_tokens(column: pa.ChunkedArray, kept: CsvColumn) -> pa.StringArray:
    items = _tokens(list_items(column), kept.parts[0])
    offsets = pa.array(np.concatenate(([0], np.cumsum(list_lengths(column)))), pa.int32())
    joined = pc.binary_join(pa.ListArray.from_arrays(offsets, items), ",")
    return pc.binary_join_element_wise("[", joined, "]", "")


def _struct_tokens(column: pa.ChunkedArray, kept: CsvColumn) -> pa.StringArray:
    parts: list[Any] = []
    for part, values in zip(kept.parts, part_values(column), strict=True):
        parts += [f"{',' if parts else '{'}{encode_basestring(part.field.name)}:", _tokens(values, part)]
    if not parts:
        return pa.array(["{}"] * len(column), pa.string())
    return pc.binary_join_element_wise(*parts, "}", "")


def _leaf_tokens(column: pa.ChunkedArray, kept: CsvColumn) -> pa.StringArray:
    type_ = column.type
    if kept.levels is not None:
        codes, levels = coded(column)
        tokens = _leaf_tokens(pa.chunked_array([levels]), CsvColumn(kept.field.with_type(type_.value_type)))
        return tokens.take(codes)
    texts = csv_cells.texts(column, kept).combine_chunks()
    if pa.types.is_floating(type_) or pa.types.is_duration(type_):
        return _number_tokens(texts)
    if pa.types.is_boolean(type_) or _is_small(type_) or pa.types.is_null(type_):
        return texts
    if pc.any(pc.match_substring_regex(texts, _ESCAPED)).as_py():
        quoted = [None if text is None else encode_basestring(text) for text in texts.to_pylist()]
        return pa.array(quoted, pa.string())
    return pc.binary_join_element_wise('"', texts, '"', "")


def _number_tokens(texts: pa.StringArray) -> pa.StringArray:
    for written, token in (("nan", '"NaN"'), ("inf", '"Inf"'), ("-inf", '"-Inf"'), ("-0", "-0.0")):
        same = pc.equal(texts, written)
        if pc.any(same).as_py():
            texts = pc.if_else(same, token, texts)
    return texts


def _is_small(type_: pa.DataType) -> bool:
    """Whether every JSON reader keeps such a whole number exactly."""
    return bool(pa.types.is_integer(type_)) and str(type_) not in _BIG


class _Digits(str):
    """A number with a fraction or exponent, as it stands: a duration may have more digits than a double."""

    __slots__ = ()


@dataclass(slots=True)
class _Marks:
    """Counts the ends of cells, each written as a bare ``NaN``, which no cell may hold."""

    seen: int = 0
    mark: object = field(default_factory=object)

    def __call__(self, constant: str) -> object:
        if constant != "NaN":
            raise ValueError(constant)
        self.seen += 1
        return self.mark


def _loads(texts: list[str | None], kept: CsvColumn) -> list[Any]:
    """Parse cells, all in one go: a JSON array of them with a mark after each.

    Every mark must stand right behind one value, so that no cell can run into the next.
    """
    marks = _Marks()
    document = ",NaN,".join("null" if text is None else text for text in texts)
    try:
        values: list[Any] = []
        if texts:
            values = json.loads(f"[{document},NaN]", parse_constant=marks, parse_float=_number(kept))
    except (ValueError, RecursionError):
        return [_load(text, kept) for text in texts]
    fits = len(values) == 2 * len(texts) and marks.seen == len(texts)
    if fits and all(value is marks.mark for value in values[1::2]):
        return values[::2]
    return [_load(text, kept) for text in texts]


def _load(text: str | None, kept: CsvColumn) -> object:
    try:
        return None if text is None else json.loads(text, parse_constant=_refuse, parse_float=_number(kept))
    except (ValueError, RecursionError) as error:
        _fail(kept, f"invalid JSON '{(text or '')[:80]}': {error}")


def _number(kept: CsvColumn) -> type[_Digits] | None:
    """Return what to make of numbers that are not whole; ``None`` is a double."""
    exact = pa.types.is_duration(kept.field.type) or any(_number(part) for part in kept.parts)
    return _Digits if exact else None


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} must be in quotes")


def _build(values: list[Any], kept: CsvColumn) -> pa.Array:
    """Make an array of parsed values."""
    type_ = kept.field.type
    try:
        if is_list(type_):
            return _build_lists(values, kept)
        if pa.types.is_struct(type_):
            return _build_structs(values, kept)
        if kept.levels is not None:
            plain = CsvColumn(kept.field.with_type(type_.value_type))
            read = pa.chunked_array([_build(values, plain)])
            return csv_cells.finish(read, kept).combine_chunks()
        return _build_leaves(values, kept)
    except (pa.ArrowException, OverflowError, UnicodeError) as error:
        _fail(kept, str(error))


def _build_lists(values: list[Any], kept: CsvColumn) -> pa.Array:
    type_ = kept.field.type
    _check(values, (list,), kept)
    missing = np.fromiter((value is None for value in values), bool, len(values))
    if not pa.types.is_fixed_size_list(type_):
        lengths = np.fromiter((len(value or ()) for value in values), np.int64, len(values))
        items = _items(list(chain.from_iterable(value for value in values if value)), kept)
        large = pa.types.is_large_list(type_)
        offsets = pa.array(np.concatenate(([0], np.cumsum(lengths))), pa.int64() if large else pa.int32())
        make = pa.LargeListArray if large else pa.ListArray
        return make.from_arrays(offsets, items, type=type_, mask=pa.array(missing))
    size = type_.list_size
    if any(value is not None and len(value) != size for value in values):
        _fail(kept, f"a list must have {size} items")
    if size == 0:
        return pa.array([None if gone else [] for gone in missing], type_)
    if int(missing.sum()) * size > _MAX_FILL:
        _fail(kept, "too many cells are missing")
    filler = [None] * size
    items = _items(list(chain.from_iterable(value or filler for value in values)), kept)
    return pa.FixedSizeListArray.from_arrays(items, type=type_, mask=pa.array(missing))


def _items(values: list[Any], kept: CsvColumn) -> pa.Array:
    return _build(values, kept.parts[0])


def _build_structs(values: list[Any], kept: CsvColumn) -> pa.Array:
    _check(values, (dict,), kept)
    if not kept.parts:
        return pa.array([None if value is None else {} for value in values], kept.field.type)
    arrays = []
    for part in kept.parts:
        name = part.field.name
        items = [None if value is None else value.get(name) for value in values]
        if not part.field.nullable and any(
            item is None and value is not None for item, value in zip(items, values, strict=True)
        ):
            _fail(part, "a value is missing")
        arrays.append(_build(items, part))
    missing = pa.array([value is None for value in values], pa.bool_())
    return pa.StructArray.from_arrays(arrays, fields=list(kept.field.type), mask=missing)


def _build_leaves(values: list[Any], kept: CsvColumn) -> pa.Array:
    type_ = kept.field.type
    if pa.types.is_null(type_):
        _check(values, (), kept)
        return pa.nulls(len(values))
    if pa.types.is_boolean(type_):
        _check(values, (bool,), kept)
        return pa.array(values, type_)
    if pa.types.is_integer(type_):
        _check(values, (int,) if _is_small(type_) else (int, str), kept)
        return pa.array([_whole(value, kept) if isinstance(value, str) else value for value in values], type_)
    if pa.types.is_floating(type_):
        _check(values, (int, float, str, _Digits), kept)
        doubles = pa.array(
            [None if value is None else _double(value, kept) for value in values], pa.float64()
        )
        return doubles.cast(type_, safe=False) if type_ != pa.float64() else doubles
    if pa.types.is_duration(type_):
        _check(values, (int, float, str, _Digits), kept)
        values = [None if value is None else str(value) for value in values]
    _check(values, (str,), kept)
    read = pa.chunked_array([pa.array(values, pa.string())])
    return csv_cells.finish(read, kept).combine_chunks()


def _check(values: list[Any], allowed: tuple[type, ...], kept: CsvColumn) -> None:
    """Refuse values that are neither missing nor of an allowed type."""
    odd = set(map(type, values)) - {type(None), *allowed}
    if odd:
        value = next(value for value in values if type(value) in odd)
        _fail(kept, f"invalid value {json.dumps(value)[:80]}")


def _whole(text: str, kept: CsvColumn) -> int:
    digits = text.removeprefix("-")
    if not (digits.isascii() and digits.isdigit() and len(digits) < 20):  # noqa: PLR2004 - of 2^64
        _fail(kept, f"invalid value '{text[:80]}'")
    return int(text)


def _double(value: float | str, kept: CsvColumn) -> float:
    if isinstance(value, str) and not isinstance(value, _Digits):
        if value not in _UNUSUAL:
            _fail(kept, f"invalid value '{value[:80]}'")
        return _UNUSUAL[value]
    return float(value)


def _fail(kept: CsvColumn, detail: str) -> NoReturn:
    raise cell_error(kept.field.name, kept.field.type, detail)
