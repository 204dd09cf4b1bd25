"""Values that are no frame: what Python users hold goes to R and comes back."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

import crossframe as cf
from crossframe import errors
from crossframe.frames.values import RArray, RDict, RSequence

MULTI = pd.MultiIndex.from_tuples([("a", 1)])


@pytest.fixture(autouse=True)
def root(monkeypatch, tmp_path):
    monkeypatch.setenv("CROSSFRAME_ROOT", str(tmp_path))


def again(value, key="v.rds", **how):
    cf.save(value, key)
    return cf.load(key, **how)


@pytest.mark.parametrize(
    "series",
    [
        pd.Series([1, None, 3], dtype="Int32"),
        pd.Series([1.5, None]),
        pd.Series(["a", None, ""], dtype="str"),
        pd.Series([True, None], dtype="boolean"),
        pd.Series(pd.Categorical(["u", "v"], categories=["v", "u", "w"], ordered=True)),
        pd.Series(pd.to_datetime(["2024-01-01", None]).as_unit("ns").tz_localize("Europe/Vienna")),
        pd.Series([1 + 2j, complex("nan+nanj")]),
        pd.Series([1.0, 2.0], index=pd.Index(["a", "b"], dtype="str")),
        pd.Series([1.0, 2.0], index=pd.Index(["a", None], dtype="str")),
        pd.Series([], dtype="str"),
    ],
    ids=lambda series: str(series.dtype),
)
def test_series_are_vectors(series):
    pd.testing.assert_series_equal(again(series), series)


@pytest.mark.parametrize(
    "array",
    [
        np.arange(6.0).reshape(2, 3),
        np.arange(6.0).reshape(6, 1),
        np.arange(24, dtype="int32").reshape(2, 3, 4),
        *(np.zeros(shape) for shape in [(3, 0), (0, 3), (0, 0), (2, 3, 0), (2, 0, 3)]),
        np.zeros((3, 0), complex),
        np.empty((0, 3), dtype="int32"),
        np.array([[1j, 2, complex("nan+nanj")], [3, 4 - 1j, 0]]),
        np.arange(24).reshape(2, 3, 4) * 1j,
    ],
    ids=lambda array: "x".join(map(str, array.shape)) + array.dtype.char,
)
def test_arrays_are_matrices(array):
    back = again(array)
    assert type(back) is np.ndarray
    np.testing.assert_array_equal(back, array)
    assert (back.shape, back.dtype) == (array.shape, array.dtype)
    assert back.flags.writeable


@pytest.mark.filterwarnings("ignore::PendingDeprecationWarning")
def test_numpys_own_matrix_is_one():
    np.testing.assert_array_equal(again(np.asmatrix([[1.0, 2.0]])), [[1.0, 2.0]])


def test_names_of_a_matrix_stay_while_its_shape_does():
    array = np.eye(2).view(RArray)
    array.attrs = {"r": {"attributes": {"note": "unit"}}}
    back = again(array)
    assert back.attrs == array.attrs
    assert (back + 1).attrs == array.attrs
    assert back[:1].attrs == {}


def test_dicts_are_named_lists_and_lists_are_lists():
    back = again({"a": 1, "b": {"c": "x", "d": None}, "e": [True, 2.5], "f": pd.DataFrame({"x": [1.5]})})
    assert isinstance(back, RDict)
    assert back["a"].tolist() == [1]
    assert back["b"]["c"].tolist() == ["x"]
    assert back["b"]["d"] is None
    assert isinstance(back["e"], RSequence)
    assert [one.tolist() for one in back["e"]] == [[True], [2.5]]
    pd.testing.assert_frame_equal(back["f"], pd.DataFrame({"x": [1.5]}))


def test_a_class_stays_with_its_list():
    held = RDict({"x": pd.Series([1.0])})
    held.attrs = {"r": {"attributes": {"class": "thing"}}}
    assert again(held).attrs == held.attrs


def test_nothing_is_null():
    assert again(None) is None


def test_objects_of_an_rdata():
    back = again({"d": pd.DataFrame({"x": [1.5]}), "n": 3, "z": None}, "all.RData")
    assert list(back) == ["d", "n", "z"]
    assert back["n"].tolist() == [3]
    assert cf.load("all.RData", name="n").tolist() == [3]


def test_arrow_of_values():
    assert again({"a": pd.Series([1.5, None])}, as_="arrow")["a"].to_pylist() == [1.5, None]
    with pytest.raises(errors.UsageError, match="polars"):
        again({"a": 1}, as_="polars")


@pytest.mark.parametrize("value", [object(), {1: "a"}, [object()], {"a": {object()}}, "\ud800", MULTI])
def test_what_has_no_r_form_is_refused(value):
    with pytest.raises(errors.UnsupportedTypeError):
        cf.save(value, "v.rds")


@pytest.mark.parametrize("extension", ["csv", "parquet"])
@pytest.mark.parametrize("value", [{"a": 1}, [1], pd.Series([1]), np.eye(2)])
def test_formats_of_frames_refuse_values(extension, value):
    with pytest.raises((errors.UnsupportedTypeError, errors.UsageError)):
        cf.save(value, f"v.{extension}")


def test_lists_nested_without_end_are_carried():
    value = 1
    for _ in range(300):
        value = [value]
    cf.save(value, "deep.rds")
    once = cf.load("deep.rds")
    cf.save(once, "again.rds")
    table = [cf.load(key, as_="arrow") for key in ("deep.rds", "again.rds")]
    assert table[0] == table[1]


def test_info_tells_of_values_without_converting_them():
    whole = pd.Series([1, None], dtype="Int32")
    cf.save({"d": pd.DataFrame({"x": whole}), "m": np.eye(3), "t": "a"}, "all.RData")
    d, m, t = cf.info("all.RData").frames
    assert (d.kind, d.rows, d.dim) == ("data.frame", 2, (2, 1))
    assert (d.columns[0].r, d.columns[0].missing) == ("integer", 1)
    assert (m.kind, m.rows, m.dim) == ("double", None, (3, 3))
    assert (t.kind, t.length) == ("character", 1)


def test_arrow_backed_dtypes_tell_na_from_nan():
    table = pa.table({"x": pa.array([1.5, None, float("nan")], from_pandas=False)})
    cf.save(table, "x.rds")
    back = cf.load("x.rds", dtype_backend="pyarrow")
    assert str(back.dtypes["x"]) == "double[pyarrow]"
    assert cf.load("x.rds", as_="arrow")["x"].null_count == 1
    cf.save(back, "y.rds")
    assert cf.load("y.rds", as_="arrow")["x"].null_count == 1
    with pytest.raises(errors.UsageError, match="dtype_backend"):
        cf.load("x.rds", dtype_backend="numpy")
