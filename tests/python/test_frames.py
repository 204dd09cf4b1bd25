"""pandas, polars and Arrow frames through tables: dtypes, index, attributes, and clear refusals."""

from __future__ import annotations

import datetime as dt
import decimal
import json
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from pandas.testing import assert_frame_equal

sys.path.insert(0, str(Path(__file__).parent))
from frames_strategies import tables

import crossframe as cf
from crossframe import errors, frames
from crossframe.attributes import RMetadata, RValue
from crossframe.codecs import rds
from crossframe.losses import Losses

FRAMES = Path(__file__).parents[1] / "conformance" / "frames"


def through(frame, *, nan="missing"):
    """Send a frame through an RDS and back, without a loss."""
    losses = Losses()
    table = frames.to_table(frame, nan=nan)
    back = frames.from_table(rds.decode_rds(rds.encode_rds(table, losses), losses), losses)
    assert not losses.found
    return back


def vector(name):
    return frames.from_table(rds.decode_rds((FRAMES / f"{name}.rds").read_bytes(), Losses()), Losses())


# ---- dtypes

CATEGORIES = pd.CategoricalDtype(["b", "unused", "a"], ordered=True)
COLUMNS = {
    "bool": pd.Series([True, False, True]),
    "boolean": pd.Series([True, None, False], dtype="boolean"),
    **{
        name: pd.Series([1, 0, 100], dtype=name)
        for name in ("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64")
    },
    **{
        name: pd.Series([1, None, 100], dtype=name)
        for name in ("Int8", "Int16", "Int32", "Int64", "UInt8", "UInt16", "UInt32", "UInt64")
    },
    "int64 big": pd.Series([2**62, -(2**62), 0]),
    "float64": pd.Series([0.1, np.nan, -np.inf]),
    "float32": pd.Series([0.1, np.nan, 2], dtype="float32"),
    "float16": pd.Series([0.5, np.nan, 2], dtype="float16"),
    "Float64": pd.Series([0.1, None, 2], dtype="Float64"),
    "Float32": pd.Series([0.1, None, 2], dtype="Float32"),
    "str": pd.Series(["a", None, "é"]),
    "string": pd.Series(["a", None, ""], dtype="string"),
    "category": pd.Series(["b", None, "a"], dtype=CATEGORIES),
    "unordered": pd.Series(["b", None, "a"], dtype="category"),
    "datetime": pd.Series(pd.to_datetime(["2020-01-01 12:00:00.25", None, "1960-01-01"], format="ISO8601")),
    "datetime s": pd.Series(pd.to_datetime(["2020-01-01", None, "1960-01-01"], format="ISO8601")).astype(
        "datetime64[s]"
    ),
    "datetime ms": pd.Series(
        pd.to_datetime(["2020-01-01 01:02:03.004", None, "1960-01-01"], format="ISO8601")
    ).astype("datetime64[ms]"),
    "zoned": pd.Series(pd.to_datetime(["2020-01-01", None, "1960-01-01"], format="ISO8601")).dt.tz_localize(
        "Europe/Vienna"
    ),
    "zoned us": pd.Series(pd.to_datetime(["2020-01-01", None, "1960-01-01"], format="ISO8601"))
    .astype("datetime64[us]")
    .dt.tz_localize("UTC"),
    "timedelta": pd.Series(pd.to_timedelta(["1h", None, "-3s"])),
    "timedelta ms": pd.Series(pd.to_timedelta(["1h", None, "-3s"])).astype("timedelta64[ms]"),
    "date[pyarrow]": pd.Series(
        [dt.date(2020, 1, 1), None, dt.date(1960, 1, 1)], dtype=pd.ArrowDtype(pa.date32())
    ),
    "int32[pyarrow]": pd.Series([1, None, 3], dtype="int32[pyarrow]"),
    "string[pyarrow]": pd.Series(["a", None, ""], dtype=pd.ArrowDtype(pa.string())),
    "double[pyarrow]": pd.Series([1.5, None, 3], dtype="double[pyarrow]"),
    "bool[pyarrow]": pd.Series([True, None, False], dtype="bool[pyarrow]"),
    "decimal[pyarrow]": pd.Series(
        [decimal.Decimal("1.50"), None, decimal.Decimal(2)], dtype=pd.ArrowDtype(pa.decimal128(5, 2))
    ),
}


@pytest.mark.parametrize("column", COLUMNS.values(), ids=COLUMNS)
def test_dtype_comes_back(column):
    frame = pd.DataFrame({"x": column})
    assert_frame_equal(through(frame), frame)
    # Types depend on the schema, never on the values: the same without any, and without rows.
    assert_frame_equal(through(frame.iloc[:0]), frame.iloc[:0])
    if column.isna().any():
        empty = frame.iloc[[1]].reset_index(drop=True)
        assert_frame_equal(through(empty), empty)


def test_all_of_them_in_one_frame():
    frame = pd.DataFrame(COLUMNS)
    assert_frame_equal(through(frame), frame)


@pytest.mark.parametrize("column", COLUMNS.values(), ids=COLUMNS)
def test_cells_can_be_set(column):
    for values in (column, column.dropna().reset_index(drop=True)):
        frame, expected = through(pd.DataFrame({"x": values})), pd.DataFrame({"x": values})
        frame.iloc[0, 0] = expected.iloc[0, 0] = values.dropna().iloc[-1]
        assert_frame_equal(frame, expected)


def test_cells_of_many_levels_can_be_set():
    frame = through(pd.DataFrame({"x": pd.Categorical([f"{number:05}" for number in range(2**15)])}))
    frame.iloc[0, 0] = "00001"
    assert frame["x"].iloc[0] == "00001"


@given(tables())
def test_any_table_survives_pandas(table):
    losses = Losses()
    frame = frames.from_table(table, losses)
    again = frames.from_table(rds.decode_rds(rds.encode_rds(frames.to_table(frame), losses), losses), losses)
    assert_frame_equal(again, frame)
    back = frames.to_table(frame)
    if not losses.found:
        assert [str(field.type).removeprefix("large_") for field in back.schema] == [
            str(field.type).removeprefix("large_") for field in table.schema
        ]
        assert back.to_pylist() == table.to_pylist()


def test_objects_of_text_and_dates_are_those_types():
    frame = pd.DataFrame({"s": pd.Series(["a", None], dtype=object), "d": [dt.date(2020, 1, 1), None]})
    back = through(frame)
    assert str(back["s"].dtype) in {"str", "object"}
    assert back["d"].tolist()[0] == dt.date(2020, 1, 1)
    assert str(back["d"].dtype) == "date32[day][pyarrow]"


# ---- NaN and missing


def test_nan_is_missing_unless_told_otherwise():
    frame = pd.DataFrame({"x": [1.5, np.nan], "y": np.array([np.nan, 1], dtype="float32")})
    assert frames.to_table(frame)["x"].to_pylist() == [1.5, None]
    table = frames.to_table(frame, nan="nan")
    assert table["x"].null_count == table["y"].null_count == 0
    assert str(table["y"].to_pylist()) == "[nan, 1.0]"
    with pytest.raises(errors.UsageError, match="nan= must be"):
        frames.to_table(frame, nan="NaN")


def test_nan_beside_missing_is_told_on_loading():
    losses = Losses()
    frame = frames.from_table(pa.table({"x": pa.array([1.0, None, float("nan")], from_pandas=False)}), losses)
    assert frame["x"].isna().tolist() == [False, True, True]
    (loss,) = losses.found
    assert (loss.column, loss.count) == ("x", 1)


def test_a_missing_level_is_told_on_loading():
    losses = Losses()
    values = pa.DictionaryArray.from_arrays(pa.array([0, 1, 2, None], pa.int32()), pa.array(["a", None, "b"]))
    frame = frames.from_table(pa.table({"x": values}), losses)
    assert frame["x"].tolist() == ["a", np.nan, "b", np.nan] or frame["x"].isna().tolist() == [
        False,
        True,
        False,
        True,
    ]
    assert frame["x"].cat.categories.tolist() == ["a", "b"]
    assert losses.found[0].count == 1


def test_a_level_that_is_no_number_is_a_missing_one():
    losses = Losses()
    levels = pa.array([float("nan"), 1.5, None])
    values = pa.DictionaryArray.from_arrays(pa.array([0, 1, 2, None], pa.int32()), levels)
    frame = frames.from_table(pa.table({"x": values}), losses)
    assert frame["x"].cat.codes.tolist() == [-1, 0, -1, -1]
    assert frame["x"].cat.categories.tolist() == [1.5]
    assert losses.found[0].count == 2


# ---- index

INDEXES = {
    "0..n-1": pd.RangeIndex(3),
    "1..n": pd.RangeIndex(1, 4),
    "1..n integers": pd.Index([1, 2, 3]),
    "range by step": pd.RangeIndex(0, 6, 2),
    "range from 5": pd.RangeIndex(5, 8),
    "named range": pd.RangeIndex(3, name="n"),
    "integers": pd.Index([3, 1, 7]),
    "integers twice": pd.Index([3, 3, 7]),
    "big integers": pd.Index([2**40, 1, 7]),
    "int8": pd.Index([3, 1, 7], dtype="int8"),
    "text": pd.Index(["u", "v", "é"]),
    "text twice": pd.Index(["u", "u", "v"]),
    "text missing": pd.Index(["u", None, "v"]),
    "named text": pd.Index(["u", "v", "w"], name="key"),
    "named integers": pd.Index([3, 1, 7], name="key"),
    "floats": pd.Index([0.5, 1.5, 2.5]),
    "booleans": pd.Index([True, False, True]),
    "datetimes": pd.date_range("2020-01-01", periods=3, name="day"),
    "zoned": pd.date_range("2020-01-01", periods=3, tz="Europe/Vienna"),
    "categories": pd.CategoricalIndex(["a", "b", "a"], name="c"),
    "several": pd.MultiIndex.from_tuples([("a", 1), ("a", 2), ("b", 1)], names=["k", "n"]),
    "several, unnamed": pd.MultiIndex.from_tuples([("a", 1), ("a", 2), ("b", 1)]),
}


@pytest.mark.parametrize("index", INDEXES.values(), ids=INDEXES)
def test_index_comes_back(index):
    frame = pd.DataFrame({"x": [1.5, 2.5, 3.5]}, index=index)
    assert_frame_equal(through(frame), frame, check_freq=False, check_index_type="equiv")


def test_row_names_of_r():
    frame = vector("row_names_character")
    assert frame.index.tolist() == ["Mazda RX4", "café"]
    assert vector("row_names_integer").index.tolist() == [3, 1, 7]
    assert isinstance(vector("integer").index, pd.RangeIndex)
    assert RMetadata.of(frames.to_table(frame).schema).attributes["row.names"].kind == "character"


def test_rows_without_columns():
    for index in (pd.RangeIndex(3), pd.Index(["a", "b", "c"])):
        frame = pd.DataFrame(index=index)
        back = through(frame)
        assert back.shape == (3, 0)
        assert back.index.equals(index)
    assert through(pd.DataFrame()).shape == (0, 0)
    assert vector("zero_columns").shape == (5, 0)


def test_index_and_column_of_one_name():
    frame = pd.DataFrame({"x": [1, 2]}, index=pd.Index(["a", "b"], name="x"))
    assert_frame_equal(through(frame), frame)


# ---- attributes


def test_attributes_are_shown():
    shown = vector("labelled").attrs["r"]["columns"]
    assert shown["x"]["attributes"]["label"] == "Sex"
    assert isinstance(shown["x"]["attributes"]["labels"], RValue)
    assert vector("difftime").attrs["r"]["columns"]["weeks"]["units"] == "weeks"
    assert vector("tibble").attrs["r"]["attributes"]["class"] == ["tbl_df", "tbl", "data.frame"]
    assert "r" not in vector("logical").attrs


def again(frame):
    """Return what R would get: the R attributes by column, after saving."""
    table = rds.decode_rds(rds.encode_rds(frames.to_table(frame), Losses()), Losses())
    return table, RMetadata.of(table.schema)


def test_attributes_survive_what_users_do():
    frame = vector("labelled")
    for derived in (
        frame.copy(),
        frame.head(2),
        frame[["y", "x"]],
        frame.assign(new=1),
        frame.rename(columns={"z": "w"}),
        frame.sort_values("y"),
        frame[frame["x"] > 0],
        frame.fillna({"y": "c"}),
        pd.concat([frame, frame], ignore_index=True),
        frame.set_index("z"),
    ):
        _, metadata = again(derived)
        assert set(metadata.columns["x"].attributes) == {"label", "labels", "format.spss", "class"}
        assert set(metadata.columns["y"].attributes) == {"label"}


def test_frames_that_are_alike_share_nothing_that_can_be_changed():
    frame = pd.DataFrame({"x": [1.5], "g": pd.Categorical(["a"])})
    frame.attrs = {"units": {"x": "mg"}}
    first, second = through(frame), through(frame)
    first.columns.name = first["g"].cat.categories.name = "named"
    first.attrs["units"]["x"] = "kg"
    first["y"] = 1
    for untouched in (second, through(frame)):
        assert_frame_equal(untouched, frame)
        assert untouched.columns.name is None
        assert untouched["g"].cat.categories.name is None
        assert untouched.attrs == {"units": {"x": "mg"}}


def test_attributes_go_where_the_dtype_changed():
    frame = vector("labelled")
    frame["x"] = ["now", "text", None]
    table, metadata = again(frame)
    assert not metadata.columns.get("x")
    assert table["x"].to_pylist() == ["now", "text", None]
    assert set(metadata.columns["y"].attributes) == {"label"}


def test_attributes_that_tell_the_rows_go_with_the_rows():
    frame = vector("ts")
    assert set(again(frame)[1].columns["x"].attributes) == {"tsp", "class"}
    assert not again(frame.head(2))[1].columns.get("x")
    assert not again(vector("names_on_values").head(1))[1].columns.get("x")


def test_units_and_storage_survive():
    table, _ = again(vector("difftime"))
    assert table.schema.field("weeks").metadata == {b"crossframe.units": b"weeks"}
    table, metadata = again(vector("date_integer"))
    assert table.schema.field("x").metadata == {b"crossframe.storage": b"integer"}
    assert not metadata


@pytest.mark.parametrize(
    "attrs",
    [
        None,
        7,
        [],
        {"columns": 3},
        {"columns": {"x": 4}},
        {"attributes": "no"},
        {"columns": {"x": {"attributes": 1}}},
        {"columns": {5: {"attributes": {"label": "of none"}}}},
    ],
)
def test_attributes_of_another_shape_are_passed_over(attrs):
    frame = pd.DataFrame({"x": [1]})
    frame.attrs["r"] = attrs
    assert not again(frame)[1]


@pytest.mark.parametrize(
    "entry",
    [{"tsp": "nonsense"}, {"tsp": [1.0, 2.0]}, {"tsp": [1.0, float("inf"), 1.0]}, {"dim": "x"}, {"names": 1}],
)
def test_attributes_that_make_no_sense_are_no_crash(entry):
    frame = pd.DataFrame({"x": [1.0, 2.0]})
    frame.attrs["r"] = {"columns": {"x": {"attributes": entry}}}
    try:
        again(frame)
    except errors.CrossframeError as error:
        assert "x" in str(error)  # noqa: PT017 - either way is right


def test_an_attribute_that_r_has_no_value_for():
    frame = pd.DataFrame({"x": [1]})
    frame.attrs["r"] = {"columns": {"x": {"attributes": {"label": object()}}}}
    with pytest.raises(errors.UnsupportedTypeError, match="attribute 'label'"):
        frames.to_table(frame)
    frame.attrs["r"] = {"columns": {"x": {"attributes": {"label": "\ud800"}}}}
    with pytest.raises(errors.UnsupportedTypeError, match="attribute 'label' as an R text"):
        frames.to_table(frame)
    frame.attrs["r"] = {"attributes": {5: "five"}}
    with pytest.raises(errors.UnsupportedTypeError, match="Names of attributes must be text"):
        frames.to_table(frame)


def test_other_attrs_come_back():
    frame = pd.DataFrame({"x": [1]})
    frame.attrs = {"source": "lab", "run": 7}
    assert through(frame).attrs == frame.attrs


def test_plain_to_parquet_works_beside_r_attributes(tmp_path):
    for name in ("labelled", "grouped_data", "everything", "difftime"):
        frame = vector(name)
        frame.to_parquet(tmp_path / "x.parquet")
        back = pd.read_parquet(tmp_path / "x.parquet")
        assert back.attrs["r"] == json.loads(json.dumps(frame.attrs["r"]))
        # And what came back saves as the first did.
        assert RMetadata.of(frames.to_table(back).schema).columns.keys() == (
            RMetadata.of(frames.to_table(frame).schema).columns.keys()
        )


def test_saving_leaves_the_frame_alone():
    frame = vector("labelled")
    before = frame.copy(deep=True)
    frames.to_table(frame)
    assert_frame_equal(frame, before)
    assert frame.attrs == before.attrs


# ---- refusals


@pytest.mark.parametrize("names", [["x", "x"], [1, 2], ["x", None], [("a", "b"), ("a", "c")]])
def test_column_names(names):
    frame = pd.DataFrame([[1, 2]])
    frame.columns = pd.Index(names) if not isinstance(names[0], tuple) else pd.MultiIndex.from_tuples(names)
    with pytest.raises(errors.DuplicateColumnError):
        frames.to_table(frame)


@pytest.mark.parametrize(
    "values",
    [
        [1, "a"],
        [object(), object()],
        [b"x", "y"],
        [{1}, {2}],
        [1, 2**70],
        [dt.date(2020, 1, 1), 5],
    ],
)
def test_an_object_column_is_refused_by_name(values):
    frame = pd.DataFrame({"fine": [1, 2], "odd": pd.Series(values, dtype=object)})
    with pytest.raises(errors.UnsupportedTypeError, match="'odd'"):
        rds.encode_rds(frames.to_table(frame), Losses())


@pytest.mark.parametrize(
    "values",
    [
        pd.Series([[{"a": 1}], [{"a": 2}]]),
        pd.Series(pd.period_range("2020", periods=2, freq="D")),
        pd.Series(pd.interval_range(0, 2)),
        pd.Series([1, 2], dtype="category"),
        pd.Series([b"a", b"b"]),
        pd.Series(pd.arrays.SparseArray([0, 1])),
    ],
    ids=lambda values: str(values.dtype),
)
def test_dtypes_outside_the_table_are_refused_by_name(values):
    with pytest.raises(errors.UnsupportedTypeError, match="'odd'"):
        rds.encode_rds(frames.to_table(pd.DataFrame({"odd": values})), Losses())


def test_unsigned_beyond_r_is_refused_by_name():
    frame = pd.DataFrame({"odd": np.array([1, 2**64 - 1], dtype="uint64")})
    with pytest.raises(errors.UnsupportedTypeError, match="'odd' must fit R's integer64"):
        rds.encode_rds(frames.to_table(frame), Losses())


@pytest.mark.parametrize("thing", [1, "text", [1, 2], None, pd.Series([1]), np.array([[1]])])
def test_what_is_no_frame(thing):
    with pytest.raises(errors.UnsupportedTypeError, match=f"Can't save a {type(thing).__name__} as a frame"):
        frames.to_table(thing)


# ---- other frames


def test_polars_and_anything_with_an_arrow_stream():
    pl = pytest.importorskip("polars")
    frame = pl.DataFrame({"s": ["a", None], "i": [1, 2], "c": pl.Series(["u", "v"], dtype=pl.Categorical)})
    losses = Losses()
    back = frames.from_table(
        rds.decode_rds(rds.encode_rds(frames.to_table(frame), losses), losses), losses, as_="polars"
    )
    assert back.to_dicts() == frame.to_dicts()
    reader = pa.RecordBatchReader.from_batches(pa.schema([("x", pa.int32())]), [])
    assert frames.to_table(reader).column_names == ["x"]


def test_kinds_of_frames():
    table = pa.table({"x": [1]})
    assert frames.from_table(table, Losses(), as_="arrow") is table
    with pytest.raises(errors.UsageError, match="pandas, pyarrow, arrow, polars"):
        frames.from_table(table, Losses(), as_="dask")


@pytest.mark.parametrize(
    "note",
    [
        b"no json",
        b"[]",
        b"7",
        b'{"columns": 3}',
        b'{"columns": [1]}',
        b'{"columns": [], "index_columns": [{"kind": "range"}]}',
        b'{"index_columns": ["nope"]}',
        b'{"index_columns": 4}',
        b'{"index_columns": ["x"], "columns": [{"field_name": "x", "numpy_type": "int32", "name": [1]}]}',
        b'{"index_columns": [{"kind": "range", "start": 0, "stop": 9223372036854775808, "step": 1}]}',
        b'{"index_columns": [{"kind": "range", "start": 0, "stop": 1e999, "step": 1}]}',
        b'{"attributes": 3}',
        b"[" * 100_000,
    ],
)
def test_a_broken_pandas_note_is_passed_over(note):
    table = pa.table({"x": pa.array([1, None], pa.int32())}).replace_schema_metadata({"pandas": note})
    frame = frames.from_table(table, Losses())
    assert_frame_equal(frame, pd.DataFrame({"x": pd.array([1, None], dtype="Int32")}))


def test_an_index_noted_without_its_name():
    table = pa.table({"x": [1], "y": [2]}).replace_schema_metadata({"pandas": b'{"index_columns": ["x"]}'})
    frame = frames.from_table(table, Losses())
    assert_frame_equal(frame, pd.DataFrame({"y": pd.array([2])}, index=[1]), check_index_type=False)


def test_text_that_is_none_is_refused_by_name():
    frame = pd.DataFrame({"fine": ["a"], "x": pd.Series(["\ud800"], dtype=object)})
    with pytest.raises(errors.UnsupportedTypeError, match="Column 'x'"):
        frames.to_table(frame)


@pytest.mark.parametrize("format", ["rds", "parquet"])
def test_rarer_dtypes_come_back(format, monkeypatch, tmp_path):
    frame = pd.DataFrame(
        {
            "complex": [1 + 2j, complex("nan+nanj"), -0.5j],
            "time": pd.array([dt.time(1, 2, 3, 4), None, dt.time(0)], dtype=pd.ArrowDtype(pa.time64("ns"))),
            "list": pd.array([[1.5, None], None, []], dtype=pd.ArrowDtype(pa.list_(pa.float64()))),
            "texts": pd.array([["a", None], None, []], dtype=pd.ArrowDtype(pa.list_(pa.string()))),
            "struct": pd.array(
                [{"a": 1, "b": "x"}, {"a": None, "b": None}, {"a": 3, "b": ""}],
                dtype=pd.ArrowDtype(pa.struct([("a", pa.int32()), ("b", pa.string())])),
            ),
            "matrix": pd.array([[1, 2], [3, None], [5, 6]], dtype=pd.ArrowDtype(pa.list_(pa.int32(), 2))),
            "whole": pd.array([[1], [2, 3], None], dtype=pd.ArrowDtype(pa.list_(pa.int64()))),
        }
    )
    monkeypatch.setenv("CROSSFRAME_ROOT", str(tmp_path))
    cf.save(frame, f"rare.{format}")
    pd.testing.assert_frame_equal(cf.load(f"rare.{format}"), frame)
