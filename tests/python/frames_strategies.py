"""Arrow tables of every type that R's types bring back, for property tests."""

from __future__ import annotations

import pyarrow as pa
from hypothesis import strategies as st

TEXT = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=12)
UNITS = {"secs": 1, "mins": 60, "hours": 3600, "days": 86400, "weeks": 604800}
# Times in quarters of a unit: R's doubles hold those.
QUARTER = 250_000_000


def _array(values, arrow_type):
    return lambda rows: st.lists(st.none() | values, min_size=rows, max_size=rows).map(
        lambda drawn: pa.array(drawn, arrow_type, from_pandas=False)
    )


def _factor(ordered):
    @st.composite
    def draw(draw_one, rows):
        levels = draw_one(st.lists(TEXT, unique=True, max_size=4))
        codes = st.none() | st.integers(0, len(levels) - 1) if levels else st.none()
        indices = pa.array(draw_one(st.lists(codes, min_size=rows, max_size=rows)), pa.int32())
        return pa.DictionaryArray.from_arrays(indices, pa.array(levels, pa.string()), ordered=ordered)

    return draw


def _ticks(arrow_type, seconds=1):
    limit = 10**9 // seconds
    counts = _array(st.integers(-limit, limit).map(lambda n: n * seconds * QUARTER), pa.int64())
    return lambda rows: counts(rows).map(lambda drawn: drawn.cast(arrow_type))


FLOATS = st.floats(allow_subnormal=True)
COLUMNS = {
    "logical": _array(st.booleans(), pa.bool_()),
    "integer": _array(st.integers(-(2**31) + 1, 2**31 - 1), pa.int32()),
    "double": _array(FLOATS, pa.float64()),
    "character": _array(TEXT, pa.string()),
    "factor": _factor(ordered=False),
    "ordered": _factor(ordered=True),
    "date": _array(st.dates(), pa.date32()),
    "posixct": _ticks(pa.timestamp("ns", "UTC")),
    "zoned": _ticks(pa.timestamp("ns", "Europe/Vienna")),
    **{f"difftime in {units}": _ticks(pa.duration("ns"), seconds=each) for units, each in UNITS.items()},
    "integer64": _array(st.integers(-(2**63) + 1, 2**63 - 1), pa.int64()),
}


def _metadata(kind):
    if kind.startswith("difftime"):
        return {b"crossframe.units": kind.removeprefix("difftime in ").encode()}
    return {b"crossframe.storage": b"integer64"} if kind == "integer64" else None


@st.composite
def tables(draw, max_rows=5):
    """Draw a table of 0 to 5 rows x 0 to 5 columns."""
    rows = draw(st.integers(0, max_rows))
    names = draw(st.lists(TEXT, unique=True, max_size=5))
    fields, arrays = [], []
    for name in names:
        kind = draw(st.sampled_from(sorted(COLUMNS)))
        arrays.append(draw(COLUMNS[kind](rows)))
        fields.append(pa.field(name, arrays[-1].type, metadata=_metadata(kind)))
    if not names:
        return pa.table({"x": pa.nulls(rows)}).select([])
    return pa.table(arrays, schema=pa.schema(fields))
