"""Runs ``tests/conformance/combine``; then what only Python's frames have."""

from __future__ import annotations

import datetime as dt
import json
import sys
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

sys.path.insert(0, str(Path(__file__).parent))
from frame_vectors import bits, check_attributes, expected, metadata_of

from crossframe import _rserial, errors, frames
from crossframe.attributes import RMetadata, character, from_python, to_array
from crossframe.combining import Part, combine
from crossframe.losses import Losses
from crossframe.promotion import promote

FOLDER = Path(__file__).parents[1] / "conformance" / "combine"
VECTORS = json.loads((FOLDER / "combine.json").read_text("utf-8"))
ATTRIBUTES = json.loads((FOLDER / "attributes.json").read_text("utf-8"))


def table_of(columns):
    arrays = {column["name"]: expected(column) for column in columns}
    notes = {c["name"]: {"crossframe.units": c["units"]} if "units" in c else None for c in columns}
    fields = [pa.field(name, array.type, metadata=notes[name]) for name, array in arrays.items()]
    return pa.table(list(arrays.values()), pa.schema(fields))


def put_together(*tables, losses=None, fields=(), types=None):
    parts = [
        Part(f"k{number}", table, dict(zip(types or (), values, strict=False)))
        for number, (table, values) in enumerate(
            zip(tables, fields or [()] * len(tables), strict=True), start=1
        )
    ]
    return combine(parts, Losses(strict=True) if losses is None else losses, types or {})


@pytest.mark.parametrize("vector", VECTORS, ids=[vector["name"] for vector in VECTORS])
def test_vector(vector):
    tables = [table_of(columns) for columns in vector["frames"]]
    if "error" in vector:
        with pytest.raises(errors.SchemaMismatchError) as raised:
            put_together(*tables)
        said = vector["error"]
        for word in (f"'{said['column']}'", *(f"'{key}'" for key in said["keys"]), *said["types"]):
            assert word in str(raised.value)
        return
    losses = Losses(strict=True)
    combined = put_together(*tables, losses=losses)
    assert combined.column_names == ["key", *(column["name"] for column in vector["expected"])]
    wanted = table_of(vector["expected"])
    for field in wanted.schema:
        found = combined.column(field.name)
        assert found.type == field.type
        assert bits(found.combine_chunks()) == bits(wanted.column(field.name).combine_chunks())
        assert (combined.schema.field(field.name).metadata or {}) == (field.metadata or {})
        if pa.types.is_dictionary(field.type):
            assert found.chunk(0).dictionary.equals(wanted.column(field.name).chunk(0).dictionary)
    keys = [f"k{number}" for number, table in enumerate(tables, 1) for _ in range(table.num_rows)]
    assert combined.column("key").to_pylist() == keys
    assert not losses.found


@pytest.mark.parametrize("vector", ATTRIBUTES, ids=[vector["name"] for vector in ATTRIBUTES])
def test_attributes(vector):
    tables = [metadata_of(frame).apply(table_of(frame["columns"])) for frame in vector["frames"]]
    combined = put_together(*tables)
    wanted = vector["expected"]
    for column in table_of(wanted["columns"]).schema.names:
        assert combined.column(column).to_pylist() == table_of(wanted["columns"]).column(column).to_pylist()
    kept = RMetadata.of(combined.schema)
    names = {} if wanted["row_names"] is None else {"row.names": wanted["row_names"]}
    check_attributes(kept.attributes, (wanted["attributes"] or {}) | names)
    for column in wanted["columns"]:
        check_attributes(kept.column(column["name"]).attributes, column.get("attributes"))


def array_of(dims, names):
    """Return a table of one column that is an R array of counted numbers; rows and columns have names."""
    width = int(np.prod(dims[1:]))
    values = pa.array(np.arange(float(dims[0] * width)))
    own = {"dim": from_python(dims, "dim")}
    if names is not None:
        rows = character(f"row {number}" for number in range(dims[0]))
        own["dimnames"] = _rserial.generic_list([rows, *map(character, names)])
    noted = RMetadata({}, {"x": RMetadata(own)})
    return noted.apply(pa.table({"x": pa.FixedSizeListArray.from_arrays(values, width)}))


@pytest.mark.parametrize(
    ("dims", "names"),
    [([2, 3], ["abc"]), ([2, 3], None), ([1, 3, 2], ["abc", "de"]), ([4, 3, 2], None)],
)
def test_arrays_below_each_other_are_one(dims, names):
    combined = put_together(array_of([5, *dims[1:]], names), array_of(dims, names))
    own = RMetadata.of(combined.schema).column("x").attributes
    assert to_array(own["dim"]).to_pylist() == [5 + dims[0], *dims[1:]]
    if names is None:
        assert "dimnames" not in own
    else:
        (_, rows), *columns = own["dimnames"].entries
        assert rows.kind == "null"
        assert [to_array(node).to_pylist() for _, node in columns] == [list(text) for text in names]


def test_arrays_of_other_shapes_have_no_shape_in_common():
    for one, other in [(([2, 6], None), ([2, 3, 2], None)), (([2, 3], ["abc"]), ([2, 3], ["abd"]))]:
        own = RMetadata.of(put_together(array_of(*one), array_of(*other)).schema).column("x").attributes
        assert "dimnames" not in own
        assert ("dim" in own) == (len(one[0]) == len(other[0]))


def test_frames_as_columns_have_no_rows_of_their_own():
    inner = {name: from_python(["a", "b"], name) for name in ("row.names", "sorted", "label")}
    cells = RMetadata({"names": from_python(["a", "b"], "names"), "label": from_python("x", "label")})
    noted = RMetadata({}, {"s": RMetadata(inner, {"x": cells})})
    table = noted.apply(pa.table({"s": pa.array([{"x": 1.0}, {"x": 2.0}])}))
    kept = RMetadata.of(put_together(table, table).schema).column("s")
    assert list(kept.attributes) == ["label"]
    assert list(kept.column("x").attributes) == ["label"]
    assert RMetadata.of(put_together(table).schema).column("s").attributes.keys() == inner.keys()


def test_fields_become_columns():
    table = pa.table({"x": [1, 2]})
    types = {"site": pa.string(), "n": pa.int64(), "day": pa.date32()}
    values = [("oslo", 1, dt.date(2024, 5, 1)), ("rome", 2, None)]
    combined = put_together(table, table.slice(0, 1), fields=values, types=types)
    assert combined.column_names == ["key", "site", "n", "day", "x"]
    assert combined.column("site").type == pa.dictionary(pa.int32(), pa.string())
    assert combined.select(["site", "n", "day"]).to_pylist()[1:] == [
        {"site": "oslo", "n": 1, "day": dt.date(2024, 5, 1)},
        {"site": "rome", "n": 2, "day": None},
    ]


def test_a_column_of_the_frames_wins_over_a_field():
    table = pa.table({"site": ["here"], "key": ["mine"]})
    combined = put_together(table, table, fields=[("a",), ("b",)], types={"site": pa.string()})
    assert combined.to_pydict() == {"site": ["here"] * 2, "key": ["mine"] * 2}


@pytest.mark.parametrize(
    ("one", "other", "wanted"),
    [
        (pa.int8(), pa.int32(), pa.int32()),
        (pa.uint8(), pa.int8(), pa.int16()),
        (pa.uint32(), pa.int8(), pa.int64()),
        (pa.uint64(), pa.int64(), pa.float64()),
        (pa.uint8(), pa.uint16(), pa.uint16()),
        (pa.int16(), pa.float32(), pa.float32()),
        (pa.int32(), pa.float32(), pa.float64()),
        (pa.float16(), pa.float32(), pa.float32()),
        (pa.null(), pa.date32(), pa.date32()),
        (pa.string(), pa.large_string(), pa.large_string()),
        (pa.timestamp("ns", "UTC"), pa.timestamp("us", "UTC"), pa.timestamp("us", "UTC")),
        (pa.duration("s"), pa.duration("ns"), pa.duration("s")),
        (pa.timestamp("ns"), pa.timestamp("ns", "UTC"), None),
        (pa.bool_(), pa.int8(), None),
        (pa.bool_(), pa.float64(), None),
        (pa.date32(), pa.string(), None),
        (pa.list_(pa.int32()), pa.list_(pa.float64()), None),
        (pa.binary(), pa.string(), None),
    ],
)
def test_promotion(one, other, wanted):
    assert promote(one, other) == wanted
    assert promote(other, one) == wanted
    assert promote(one, one) == one


def test_what_a_promotion_loses_is_told():
    losses = Losses()
    combined = put_together(
        pa.table({"x": pa.array([2**53 + 1, 5, None])}), pa.table({"x": [0.5]}), losses=losses
    )
    assert combined.column("x").to_pylist() == [2.0**53, 5.0, None, 0.5]
    assert [(loss.column, loss.count, loss.example) for loss in losses.found] == [("x", 1, str(2**53 + 1))]


@pytest.mark.parametrize("kind", [pa.float16(), pa.float32()])
def test_nan_is_nan_in_a_wider_float(kind):
    narrow = pa.table({"x": pa.array(np.array([np.nan, 0.5], kind.to_pandas_dtype()), kind)})
    combined = put_together(narrow, pa.table({"x": pa.array([0.5, None])}), losses=Losses(strict=True))
    assert bits(combined.column("x").combine_chunks()) == ["NaN", *bits(pa.array([0.5, 0.5, None]))]


def factor(codes, levels, kind="int32"):
    return pa.DictionaryArray.from_arrays(pa.array(codes, kind), pa.array(levels, pa.string()))


def test_a_missing_level_is_no_missing_value():
    column = put_together(
        pa.table({"x": factor([0, None], "a")}), pa.table({"x": factor([1, 0], ["b", None])})
    )["x"]
    assert [chunk.indices.to_pylist() for chunk in column.chunks] == [[0, None], [2, 1]]
    assert column.chunk(0).dictionary.to_pylist() == ["a", "b", None]


def test_a_missing_level_within_a_frame_as_a_column():
    def nested(*levels):
        return pa.StructArray.from_arrays([factor([0, 1], levels)], ["f"], mask=pa.array([False, True]))

    column = put_together(pa.table({"x": nested("a", None)}), pa.table({"x": nested(None, "b")}))["x"]
    assert column.to_pylist() == [{"f": "a"}, None, {"f": None}, None]
    assert column.chunk(1).field("f").dictionary.to_pylist() == ["a", None, "b"]


def test_codes_have_room_for_the_levels_of_all():
    tables = [pa.table({"x": factor(range(100), [f"{n}{m}" for m in range(100)], "int8")}) for n in "abc"]
    column = put_together(*tables).column("x")
    assert column.type == pa.dictionary(pa.int32(), pa.string())
    assert column.to_pylist() == [f"{n}{m}" for n in "abc" for m in range(100)]


@pytest.mark.parametrize(
    ("fine", "coarse"),
    [(pa.timestamp("us", "UTC"), pa.timestamp("s", "UTC")), (pa.duration("ms"), pa.duration("s"))],
)
def test_a_loss_beyond_pythons_own_times_is_told(fine, coarse):
    losses = Losses()
    count = 2**62 + 1
    put_together(
        pa.table({"x": pa.array([count], fine)}), pa.table({"x": pa.array([0], coarse)}), losses=losses
    )
    assert [(loss.count, loss.example) for loss in losses.found] == [(1, f"{count} as {fine}")]


def test_attributes_stay_where_all_agree():
    one = pa.table({"x": [1.0], "y": [2.0]})
    both = {"label": "x in kg"}
    first = frames.to_table(one.to_pandas())
    frame = one.to_pandas()
    frame.attrs["r"] = {"columns": {"x": {"attributes": both}, "y": {"attributes": {"label": "one"}}}}
    other = frame.copy()
    other.attrs["r"] = {"columns": {"x": {"attributes": both}, "y": {"attributes": {"label": "two"}}}}
    losses = Losses()
    combined = put_together(frames.to_table(frame), frames.to_table(other), losses=losses)
    kept = RMetadata.of(combined.schema)
    assert list(kept.column("x").attributes) == ["label"]
    assert not kept.column("y").attributes
    assert [(loss.column, loss.example) for loss in losses.found] == [("y", "attribute 'label'")]
    assert first.num_rows == 1


@pytest.mark.parametrize(("labels", "lost"), [(("one", None), 1), ((None, "one"), 0), (("one", "one"), 0)])
def test_the_first_to_have_a_column_says_its_attributes(labels, lost):
    tables = [
        RMetadata({}, {"z": RMetadata({"label": character([label])} if label else {})}).apply(
            pa.table({"z": [1]})
        )
        for label in labels
    ]
    losses = Losses()
    kept = RMetadata.of(put_together(pa.table({"x": [1]}), *tables, losses=losses).schema)
    assert list(kept.column("z").attributes) == (["label"] if labels[0] == labels[1] else [])
    assert [loss.column for loss in losses.found] == ["z"] * lost


def test_row_names_stay_where_they_name_every_row():
    def named(*names):
        return frames.to_table(pd.DataFrame({"x": np.arange(float(len(names)))}, index=list(names)))

    def back(*tables, losses):
        return frames.from_table(put_together(*tables, losses=losses), Losses())

    assert list(back(named("a", "b"), named("c"), losses=Losses(strict=True)).index) == ["a", "b", "c"]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        losses = Losses()
        back(named("a", "b"), frames.to_table(pd.DataFrame({"x": [1.0]})), losses=losses)


def test_the_first_note_of_pandas_is_kept():
    def noted(dtype):
        return frames.to_table(pd.DataFrame({"x": pd.array([1, 2], dtype=dtype)}))

    combined = put_together(noted("int64"), noted("Int64"), noted("int64"))
    assert str(frames.from_table(combined, Losses())["x"].dtype) == "int64"
    combined = put_together(noted("Int64"), noted("int64"), noted("Int64"))
    assert str(frames.from_table(combined, Losses())["x"].dtype) == "Int64"


def test_extension_types_may_be_missing():
    complex_table = frames.to_table(pd.DataFrame({"z": [1 + 2j], "x": [1.0]}))
    combined = put_together(complex_table, pa.table({"x": [2.0]}))
    assert frames.from_table(combined, Losses())["z"].isna().tolist() == [False, True]


def test_tables_without_columns_keep_their_rows():
    none = pa.table({"x": [1, 2]}).select([])
    assert put_together(none, none).column("key").to_pylist() == ["k1", "k1", "k2", "k2"]


@pytest.mark.parametrize("order", ["123", "321", "1213", "3132"])
def test_what_is_noted_of_a_column_is_that_of_all_parts(order):
    def noted(metadata, nullable=True):
        field = pa.field("x", pa.float64(), nullable, metadata)
        return pa.table([pa.array([1.5])], pa.schema([field], metadata={"rows": "one"}))

    units = {b"crossframe.units": b"kg"}
    tables = {
        "1": noted(units | {b"crossframe.storage": b"double"}),
        "2": noted(units | {b"crossframe.storage": b"double"}, nullable=False),
        "3": noted(units | {b"crossframe.storage": b"integer"}),
    }
    combined = put_together(*(tables[one] for one in order))
    assert combined.schema.field("x").equals(pa.field("x", pa.float64(), metadata=units), check_metadata=True)
    assert combined.column("x").to_pylist() == [1.5] * len(order)
    assert not combined.schema.metadata


def test_ordered_levels_are_compared_with_every_part():
    def levels(*texts):
        codes = pa.array([0], pa.int32())
        return pa.table({"x": pa.DictionaryArray.from_arrays(codes, list(texts), ordered=True)})

    same = put_together(levels("a", "b"), levels("a", "b"), levels("a", "b"))
    assert same.column("x").to_pylist() == ["a", "a", "a"]
    with pytest.raises(errors.SchemaMismatchError, match=r"'k1'.*'k3'"):
        put_together(levels("a", "b"), levels("a", "b"), levels("b", "a"))
