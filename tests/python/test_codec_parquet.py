"""Parquet: types, levels and metadata come back; other writers' files are read; damage is named."""

from __future__ import annotations

import contextlib
import datetime as dt
import io
import random

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from crossframe import arrow_types, errors
from crossframe.codecs import parquet


def everything():
    schema = pa.schema(
        [
            pa.field("l", pa.bool_()),
            pa.field("i", pa.int32()),
            pa.field("i64", pa.int64()),
            pa.field("x", pa.float64()),
            pa.field("s", pa.string()),
            pa.field("ls", pa.large_string()),
            pa.field("f", pa.dictionary(pa.int32(), pa.string(), ordered=True)),
            pa.field("d", pa.date32(), metadata={"crossframe.storage": "integer"}),
            pa.field("t", pa.timestamp("ns", "Europe/Paris")),
            pa.field("n", pa.timestamp("ns")),
            pa.field("us", pa.timestamp("us", "UTC")),
            pa.field("h", pa.duration("ns"), metadata={"crossframe.units": "hours"}),
            pa.field("u8", pa.uint8()),
            pa.field("u64", pa.uint64()),
            pa.field("f32", pa.float32(), nullable=False),
        ],
        metadata={"r": "A\n3\n", "pandas": '{"index_columns": []}'},
    )
    int64 = pa.array([2**63 - 1, -(2**63), None], pa.int64())
    arrays = [
        pa.array([True, None, False]),
        pa.array([2**31 - 1, -(2**31), None], pa.int32()),
        int64,
        pa.array([0.1, None, -0.0]),
        pa.array(["", None, "é\n"]),
        pa.array(["", None, "é\n"], pa.large_string()),
        pa.DictionaryArray.from_arrays(pa.array([2, None, 0], pa.int32()), ["z", "y", "x"], ordered=True),
        pa.array([2**31 - 1, None, -(2**31)], pa.int32()).view(pa.date32()),
        *(int64.view(field.type) for field in list(schema)[8:12]),
        pa.array([255, None, 0], pa.uint8()),
        pa.array([2**64 - 1, None, 0], pa.uint64()),
        pa.array([0.1, 1, 2], pa.float32()),
    ]
    return pa.Table.from_arrays(arrays, schema=schema)


def levels(table, name):
    return table[name].chunk(0).dictionary.to_pylist()


@pytest.mark.parametrize("rows", [0, 1, 3])
@pytest.mark.parametrize("compression", ["snappy", "zstd", "none"])
def test_everything_comes_back(rows, compression):
    table = everything().slice(0, rows)
    back = parquet.decode(parquet.encode(table, compression=compression))
    assert back.equals(table, check_metadata=True)
    assert levels(back, "f") == ["z", "y", "x"]


def test_nan_and_missing_stay_apart():
    back = parquet.decode(parquet.encode(pa.table({"x": pa.array([float("nan"), None])})))
    assert str(back["x"].to_pylist()) == "[nan, None]"


def test_levels_in_many_row_groups_and_too_many_for_a_page():
    names = [f"level {i:09d}" for i in range(150_000, 0, -1)]
    codes = pa.array([*range(150_000), None], pa.int32())
    back = parquet.decode(parquet.encode(pa.table({"f": pa.DictionaryArray.from_arrays(codes, names)})))
    assert back["f"].type == pa.dictionary(pa.int32(), pa.string())
    assert back["f"].unify_dictionaries().chunk(0).dictionary.to_pylist() == names


@pytest.mark.parametrize("rows", [0, 4])
def test_no_columns(rows):
    table = pa.table({"x": pa.nulls(rows)}, metadata={"r": "A"}).select([])
    data = parquet.encode(table)
    back = parquet.decode(data)
    assert back.shape == (rows, 0)
    assert back.schema.metadata == {b"r": b"A"}
    assert parquet.inspect(io.BytesIO(data)) == parquet.ParquetInfo(table.schema, rows, {})


def test_inspect_reads_no_data():
    data = parquet.encode(everything())
    info = parquet.inspect(io.BytesIO(data))
    assert info.rows == 3
    assert info.schema.equals(everything().schema, check_metadata=True)


def test_chosen_columns_in_the_order_asked_for():
    data = bytes(parquet.encode(everything()))
    assert parquet.decode(data, columns=["x", "i"]).equals(
        everything().select(["x", "i"]), check_metadata=True
    )
    assert parquet.decode(data, columns=[]).shape == (3, 0)
    with pytest.raises(errors.UsageError, match="Can't find column 'nope'"):
        parquet.decode(data, columns=["nope"])


def foreign(table, **options):
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink, store_schema=False, **options)
    return sink.getvalue()


def test_files_of_other_writers():
    table = everything().select(["l", "i", "x", "s", "d", "t", "n", "us", "u64"])
    back = parquet.decode(foreign(table))
    utc = table.set_column(5, "t", table["t"].cast(pa.timestamp("ns", "UTC")))
    assert back.replace_schema_metadata(None).equals(utc.replace_schema_metadata(None))
    old = pa.table({"t": pa.array([1_577_923_200 * 10**9]).cast(pa.timestamp("ns"))})
    assert parquet.decode(foreign(old, use_deprecated_int96_timestamps=True)).equals(old)


@pytest.mark.parametrize("data", [b"", b"PAR1", b"PAR1" + b"x" * 50 + b"PAR1", b"a,b\n1,2\n"])
def test_no_parquet(data):
    for read in (parquet.decode, lambda data: parquet.inspect(io.BytesIO(data))):
        with pytest.raises(errors.DecodeError, match="Can't decode the data as Parquet") as caught:
            read(data)
        assert "Buffer" not in str(caught.value)


def test_truncated():
    data = bytes(parquet.encode(everything()))
    for size in range(0, len(data), 97):
        with pytest.raises(errors.DecodeError):
            parquet.decode(data[:size])


def test_damage_gives_a_table_or_our_error():
    data = bytes(parquet.encode(everything()))
    chance = random.Random(7)
    for _ in range(400):
        damaged = bytearray(data)
        damaged[chance.randrange(len(data))] = chance.randrange(256)
        with contextlib.suppress(errors.CrossframeError):
            parquet.decode(damaged)


def test_notes_that_others_wrote():
    field = pa.field("f", pa.dictionary(pa.int32(), pa.string()), metadata={"crossframe.levels": "1"})
    sink = pa.BufferOutputStream()
    pq.write_table(pa.schema([field]).empty_table(), sink)
    with pytest.raises(errors.DecodeError, match="noted of column 'f'"):
        parquet.decode(sink.getvalue())
    sink = pa.BufferOutputStream()
    pq.write_table(pa.schema([], metadata={"crossframe.rows": "-1"}).empty_table(), sink)
    with pytest.raises(errors.DecodeError, match="number of rows noted"):
        parquet.decode(sink.getvalue())


def test_duplicate_names():
    table = pa.Table.from_arrays([pa.array([1]), pa.array([2])], names=["x", "x"])
    with pytest.raises(errors.DuplicateColumnError, match="two are named 'x'"):
        parquet.encode(table)
    with pytest.raises(errors.DuplicateColumnError, match="two are named 'x'"):
        parquet.decode(foreign(table))


def test_a_type_parquet_can_not_hold():
    table = pa.table({"ok": [1], "odd": pa.array([pa.MonthDayNano([1, 2, 3])])})
    with pytest.raises(
        errors.UnsupportedTypeError, match="Column 'odd' must have a type that Parquet can hold"
    ):
        parquet.encode(table)


PAIRS = pa.array([[1.5, -0.0], None, [None, float("inf")]], arrow_types.COMPLEX.storage_type)
COLUMNS = {
    "complex": pa.ExtensionArray.from_storage(arrow_types.COMPLEX, PAIRS),
    "robject": pa.ExtensionArray.from_storage(arrow_types.ROBJECT, pa.array([b"X\n", b"", b"\0"])),
    "list": pa.array([[1, None], None, []], pa.list_(pa.int32())),
    "matrix": pa.array([[1, 2], None, [None, 3]], pa.list_(pa.int32(), 2)),
    "no columns": pa.array([[], None, []], pa.list_(pa.float64(), 0)),
    "null": pa.nulls(3),
    "half": pa.array(np.array([1.5, 0.1, -0.0], np.float16)),
    "decimal": pa.array(["1.5", None, "-2"]).cast(pa.decimal128(5, 2)),
    "time": pa.array([0, None, 86399]).cast(pa.time64("ns")),
    "whole seconds": pa.array([0, None, 86399], pa.int32()).cast(pa.time32("s")),
    "instants": pa.array([0, None, -1]).cast(pa.timestamp("s", "Europe/Paris")),
    "date64": pa.array([0, None, -86_400_000]).cast(pa.date64()),
    "large": pa.array(["a", None, "b"], pa.large_string()),
    "holed": pa.DictionaryArray.from_arrays(pa.array([1, None, 0], pa.int32()), pa.array(["a", None, "u"])),
    "numbers": pa.DictionaryArray.from_arrays(pa.array([1, None, 0], pa.int8()), pa.array([7, 5, 6])),
    "days": pa.DictionaryArray.from_arrays(
        pa.array([1, None, 0], pa.int8()), pa.array([7, None], pa.int32()).cast(pa.date32()), ordered=True
    ),
    "wide": pa.DictionaryArray.from_arrays(
        pa.array([0, None, 0], pa.uint32()), pa.array(["a", "u"], pa.large_string())
    ),
}
COLUMNS["struct"] = pa.StructArray.from_arrays(
    [COLUMNS["complex"], pa.array([1, None, 3], pa.duration("ns")), COLUMNS["robject"]],
    fields=[
        pa.field("z", arrow_types.COMPLEX),
        pa.field("h", pa.duration("ns"), metadata={"crossframe.units": "hours"}),
        pa.field("o", arrow_types.ROBJECT),
    ],
    mask=pa.array([False, True, False]),
)


@pytest.mark.parametrize("rows", [0, 1, 3])
@pytest.mark.parametrize("name", COLUMNS)
def test_every_row_of_the_type_table(name, rows):
    column = COLUMNS[name].slice(0, rows)
    field = pa.field("x", column.type, metadata={"crossframe.storage": "some"})
    table = pa.Table.from_arrays([column], schema=pa.schema([field]))
    data = parquet.encode(table)
    back = parquet.decode(data)
    back.validate(full=True)
    assert back.schema.field("x").type == column.type
    assert back.schema.field("x").metadata == field.metadata
    assert parquet.inspect(io.BytesIO(data)).schema.field("x").type == column.type
    got = back["x"].combine_chunks()
    if isinstance(column.type, pa.DictionaryType):
        assert got.dictionary.equals(column.dictionary)
        assert got.indices.to_pylist() == column.indices.to_pylist()
    else:
        assert str(got.to_pylist()) == str(column.to_pylist())
    if name == "struct":
        assert back.schema.field("x").type.field("h").metadata == {b"crossframe.units": b"hours"}


NOON = dt.datetime(2024, 2, 29, 12, tzinfo=dt.UTC)
CODES = pa.array([2, None, 0, 2], pa.int32())


def lists(items):
    return pa.ListArray.from_arrays(
        pa.array([0, 2, 2, 4], pa.int32()), items, mask=pa.array([False, True, False])
    )


ITEMS = {
    "factors": lists(pa.DictionaryArray.from_arrays(CODES, pa.array(["z", "unused", "a"]), ordered=True)),
    "missing level": lists(pa.DictionaryArray.from_arrays(CODES, pa.array(["z", None, "a"]))),
    "number levels": lists(pa.DictionaryArray.from_arrays(CODES, pa.array([3, 7, 1]))),
    "no factors": pa.array([[], None, []], pa.list_(pa.dictionary(pa.int32(), pa.string()))),
    "seconds": pa.array([[NOON, None], None, []], pa.large_list(pa.timestamp("s"))),
    "time of day": pa.array([[dt.time(1, 2)], None, [None]], pa.list_(pa.time32("s"))),
    "date64": pa.array([[dt.date(2020, 1, 1)], None, [None]], pa.list_(pa.date64())),
    "lists of seconds": pa.array([[[NOON], None], None, []], pa.list_(pa.list_(pa.timestamp("s")))),
    "matrix": pa.array([[NOON, None], None, [NOON, NOON]], pa.list_(pa.timestamp("s"), 2)),
    "lists of nothing": pa.array([[[], None], None, []], pa.list_(pa.list_(pa.float64(), 0))),
    "structs": pa.array([[{"t": NOON}], None, []], pa.list_(pa.struct([("t", pa.timestamp("s"))]))),
    "structs without fields": pa.array([[{}], None, []], pa.list_(pa.struct([]))),
}


@pytest.mark.parametrize("start", [0, 1, 3])
@pytest.mark.parametrize("name", ITEMS)
def test_items_of_lists_have_notes_too(name, start):
    table = pa.table({"x": ITEMS[name]}).slice(start)
    back = parquet.decode(parquet.encode(table))
    back.validate(full=True)
    # Parquet calls an item "element".
    assert str(back.schema.field("x").type).replace("element", "item") == str(ITEMS[name].type)
    assert back["x"].to_pylist() == table["x"].to_pylist()


@pytest.mark.parametrize(
    "notes",
    [
        {"crossframe.levels": "["},
        {"crossframe.levels": "1", "crossframe.arrow": "dictionary<values=string, indices=int8, ordered=0>"},
        {"crossframe.arrow": "dictionary<values=string, indices=int8, ordered=0>"},
        {"crossframe.arrow": "int"},
        {"crossframe.arrow": "int32"},
        {"crossframe.arrow": "fixed_size_list<item: int32>[3]"},
        {"crossframe.arrow": b"\xff"},
        {
            "crossframe.arrow": "dictionary<values=string, indices=int8, ordered=0>",
            "crossframe.levels": '["a"]',
            "crossframe.missing": "[9]",
        },
    ],
)
def test_notes_that_do_not_fit(notes):
    field = pa.field("x", pa.string(), metadata=notes)
    sink = pa.BufferOutputStream()
    pq.write_table(pa.Table.from_arrays([pa.array(["a"])], schema=pa.schema([field])), sink)
    with contextlib.suppress(errors.DecodeError):
        assert parquet.decode(sink.getvalue()).schema.field("x").type == pa.string()


def test_a_level_noted_twice():
    notes = {
        "crossframe.arrow": "dictionary<values=string, indices=int8, ordered=0>",
        "crossframe.levels": '["a", "a"]',
    }
    sink = pa.BufferOutputStream()
    pq.write_table(pa.schema([pa.field("x", pa.string(), metadata=notes)]).empty_table(), sink)
    with pytest.raises(errors.DecodeError, match="twice"):
        parquet.decode(sink.getvalue())


def test_files_of_polars():
    polars = pytest.importorskip("polars")
    frame = polars.DataFrame(
        {"l": [[1, None], None], "s": [{"a": 1}, {"a": None}], "c": ["u", "v"], "t": [dt.time(1, 2), None]},
        schema_overrides={"c": polars.Categorical, "l": polars.List(polars.Int32)},
    )
    sink = io.BytesIO()
    frame.write_parquet(sink)
    table = parquet.decode(sink.getvalue())
    assert table.to_pylist() == frame.to_dicts()
    assert table.schema.field("l").type == pa.large_list(pa.int32())


def test_very_wide_and_very_long():
    wide = pa.table({f"c{i}": [i] for i in range(5000)})
    assert parquet.decode(parquet.encode(wide)).equals(wide)
    long = pa.table({"x": ["x" * 1000] * 100_000})
    assert parquet.decode(parquet.encode(long)).equals(long)


def test_missing_values_are_counted_by_the_footer():
    table = pa.table({"x": [1, None, 3, None], "s": ["a", None, None, None], "l": [[1], None, [], None]})
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink, row_group_size=2)
    assert parquet.inspect(io.BytesIO(sink.getvalue())).missing == {"x": 2, "s": 3}
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink, write_statistics=["x"])
    assert parquet.inspect(io.BytesIO(sink.getvalue())).missing == {"x": 2}
