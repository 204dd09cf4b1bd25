"""The one type that columns of one name take when frames are put below each other.

Equal types stay. Beyond that only what loses no meaning: numbers become wider numbers, factors unite their
levels, a factor that meets text becomes text, and a column without any value takes the other's type. The same
rules in R are the vectors of ``tests/conformance/combine``.
"""

from __future__ import annotations

import functools

import pyarrow as pa

_SIGNED = (pa.int8(), pa.int16(), pa.int32(), pa.int64())
_UNSIGNED = (pa.uint8(), pa.uint16(), pa.uint32(), pa.uint64())
_FLOATS = (pa.float16(), pa.float32(), pa.float64())


@functools.lru_cache(maxsize=4096)
def promote(one: pa.DataType, other: pa.DataType) -> pa.DataType | None:
    """Return the type that holds the values of both, ``None`` where there is none.

    Whole numbers become the wider; signed and unsigned the next signed that holds both, and float64 beyond
    int64. A whole number and a float become float64, but for whole numbers that a float32 holds exactly.
    Times of one zone, and durations, take the coarser unit: the finer may not reach as far.
    """
    if one == other:
        return one
    for first, second in ((one, other), (other, one)):
        if pa.types.is_null(first):
            return second
    number = _numbers(one, other)
    if number is not None:
        return number
    if _is_text(one) and _is_text(other):
        return _text(one, other)
    return _factors(one, other) or _times(one, other)


def _numbers(one: pa.DataType, other: pa.DataType) -> pa.DataType | None:
    if one in _FLOATS and other in _FLOATS:
        return max(one, other, key=_FLOATS.index)
    whole, real = (one, other) if other in _FLOATS else (other, one)
    if real in _FLOATS:
        return _whole_and_real(whole, real) if whole in _SIGNED + _UNSIGNED else None
    for kind in (_SIGNED, _UNSIGNED):
        if one in kind and other in kind:
            return max(one, other, key=kind.index)
    signed, unsigned = (one, other) if one in _SIGNED else (other, one)
    if signed not in _SIGNED or unsigned not in _UNSIGNED:
        return None
    wider = max(_SIGNED.index(signed), _UNSIGNED.index(unsigned) + 1)
    return _SIGNED[wider] if wider < len(_SIGNED) else pa.float64()


def _whole_and_real(whole: pa.DataType, real: pa.DataType) -> pa.DataType:
    small = whole.bit_width <= 16  # noqa: PLR2004 - what a float32's 24 bits hold
    return pa.float32() if small and real != pa.float64() else pa.float64()


def _is_text(kind: pa.DataType) -> bool:
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))


def _is_factor(kind: pa.DataType) -> bool:
    return pa.types.is_dictionary(kind) and _is_text(kind.value_type)


def _text(one: pa.DataType, other: pa.DataType) -> pa.DataType:
    return pa.large_string() if pa.large_string() in (one, other) else pa.string()


def _factors(one: pa.DataType, other: pa.DataType) -> pa.DataType | None:
    if _is_factor(one) and _is_factor(other) and one.ordered == other.ordered:
        return pa.dictionary(pa.int32(), _text(one.value_type, other.value_type), one.ordered)
    for factor, text in ((one, other), (other, one)):
        if _is_factor(factor) and _is_text(text):
            return _text(factor.value_type, text)
    return None


_COARSEST_FIRST = ("s", "ms", "us", "ns")


def _times(one: pa.DataType, other: pa.DataType) -> pa.DataType | None:
    stamps = pa.types.is_timestamp(one) and pa.types.is_timestamp(other)
    spans = pa.types.is_duration(one) and pa.types.is_duration(other)
    if not (stamps and one.tz == other.tz) and not spans:
        return None
    return min(one, other, key=lambda kind: _COARSEST_FIRST.index(kind.unit))
