"""Factors in chunks, and the one set of levels that holds for all of them."""

from __future__ import annotations

import pyarrow as pa


def with_same_levels(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Return a column whose chunks all have the same levels, in first-seen order, where it has levels."""
    try:
        return column.unify_dictionaries()
    except pa.ArrowInvalid:
        # Why: Arrow unites none of which one is missing, nor more than the type of the codes has room for.
        return _by_hand(column)


def with_wide_codes(kind: pa.DataType) -> pa.DataType:
    """Return a factor's type with codes that have room for the levels of many; any other type as it is."""
    if pa.types.is_dictionary(kind) and kind.index_type.bit_width < pa.int32().bit_width:
        return pa.dictionary(pa.int32(), kind.value_type, kind.ordered)
    return kind


def _by_hand(column: pa.ChunkedArray) -> pa.ChunkedArray:
    kind = with_wide_codes(column.type)
    if pa.types.is_struct(kind):
        return _fields_by_hand(column)
    if not pa.types.is_dictionary(kind):
        return column
    levels = [chunk.dictionary.to_pylist() for chunk in column.chunks]
    places = {level: place for place, level in enumerate(dict.fromkeys(one for own in levels for one in own))}
    united = pa.array(list(places), kind.value_type)
    chunks = []
    for chunk, own in zip(column.chunks, levels, strict=True):
        codes = pa.array([places[one] for one in own], kind.index_type).take(chunk.indices)
        chunks.append(pa.DictionaryArray.from_arrays(codes, united, ordered=kind.ordered))
    return pa.chunked_array(chunks, kind)


def _fields_by_hand(column: pa.ChunkedArray) -> pa.ChunkedArray:
    fields = list(column.type)
    parts = [
        with_same_levels(pa.chunked_array([chunk.field(place) for chunk in column.chunks], field.type)).chunks
        for place, field in enumerate(fields)
    ]
    kept = [field.with_type(own[0].type) if own else field for field, own in zip(fields, parts, strict=True)]
    chunks = [
        pa.StructArray.from_arrays([own[number] for own in parts], fields=kept, mask=chunk.is_null())
        for number, chunk in enumerate(column.chunks)
    ]
    return pa.chunked_array(chunks, pa.struct(kept))
