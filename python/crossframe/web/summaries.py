"""A column at a glance: a histogram of what can be measured, the most frequent values of what can't."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from crossframe.web.cells import texts_of

BINS = 20
TOP = 5


def summary(field: pa.Field, column: pa.ChunkedArray) -> dict[str, Any] | None:
    """Return a histogram or the top values of a column; ``None`` where neither means anything.

    Args:
        field: Its field.
        column: n values; missing ones, NaN and infinities are left out.
    """
    if _is_measured(field.type):
        return _histogram(field, column)
    if _is_counted(field.type):
        return _top(field, column)
    return None


def _is_measured(type_: pa.DataType) -> bool:
    number = pa.types.is_integer(type_) or pa.types.is_floating(type_) or pa.types.is_decimal(type_)
    return bool(number or pa.types.is_temporal(type_))


def _is_counted(type_: pa.DataType) -> bool:
    text = pa.types.is_string(type_) or pa.types.is_large_string(type_)
    return bool(text or pa.types.is_dictionary(type_) or pa.types.is_boolean(type_))


def _histogram(field: pa.Field, column: pa.ChunkedArray) -> dict[str, Any] | None:
    values = _measures(column.drop_null())
    finite = np.isfinite(values)
    if not finite.any():
        return None
    kept = values[finite]
    low, high = int(np.flatnonzero(finite)[kept.argmin()]), int(np.flatnonzero(finite)[kept.argmax()])
    with np.errstate(over="ignore"):
        span = float(kept.max() - kept.min())
    if not np.isfinite(span):
        kept = kept / 4  # so far apart that their distance has no number
    whole = pa.types.is_integer(field.type) and span < BINS
    bins = 1 if span == 0 else int(span) + 1 if whole else BINS
    counts = np.array([len(kept)]) if bins == 1 else np.histogram(kept, bins=bins)[0]
    ends = column.drop_null().take(pa.array([low, high]))
    texts = [text or "" for text in texts_of(field, ends)]
    if pa.types.is_timestamp(field.type) and texts[0][:10] != texts[1][:10]:
        texts = [text[:10] for text in texts]
    return {"kind": "histogram", "counts": counts.tolist(), "low": texts[0], "high": texts[1]}


def _measures(column: pa.ChunkedArray) -> np.ndarray[Any, np.dtype[np.float64]]:
    if pa.types.is_temporal(column.type):
        width = pa.int32() if column.type.bit_width == 32 else pa.int64()  # noqa: PLR2004 - bits
        column = column.cast(width)
    numbers = column.cast(pa.float64(), safe=False)
    return np.asarray(numbers.to_numpy(), dtype=np.float64)


def _top(field: pa.Field, column: pa.ChunkedArray) -> dict[str, Any] | None:
    plain = column.cast(field.type.value_type) if pa.types.is_dictionary(field.type) else column
    counted = pc.value_counts(plain.drop_null())
    if not len(counted):
        return None
    values, counts = counted.field("values"), counted.field("counts")
    order = pc.sort_indices(counts, sort_keys=[("", "descending")])[:TOP]
    texts = texts_of(pa.field("", values.type), pa.chunked_array([values.take(order)]))
    shown = counts.take(order).to_pylist()
    return {
        "kind": "top",
        "values": [[text, count] for text, count in zip(texts, shown, strict=True)],
        "distinct": len(counted),
        "total": pc.sum(counts).as_py(),
    }
