"""save, load and info on memory and folder roots: one key, its format, its frames, and clear refusals."""

from __future__ import annotations

import datetime as dt
import io
import json
import pickle
import warnings
from functools import partial

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from pandas.testing import assert_frame_equal

import crossframe as cf
from crossframe import api, description, errors
from crossframe.attributes import RMetadata, from_python
from crossframe.ranges import Ranges
from crossframe.stores import Location, MemoryStore

FRAME = pd.DataFrame(
    {
        "n": pd.array([1, None, 3], dtype="Int32"),
        "x": [0.5, np.nan, -1.0],
        "s": pd.Series(["a", None, "é"]),
        "f": pd.Categorical(["u", None, "v"], categories=["v", "unused", "u"], ordered=True),
        "t": pd.to_datetime(["2020-01-01", None, "1960-06-01"]).tz_localize("Europe/Vienna"),
        "ok": pd.array([True, None, False], dtype="boolean"),
    }
)
FORMATS = ["csv", "csv.gz", "parquet", "rds", "RData"]


@pytest.fixture(params=["memory", "folder"])
def root(request, tmp_path, monkeypatch):
    """Lay keys into an empty store."""
    if request.param == "folder":
        monkeypatch.setenv("CROSSFRAME_ROOT", str(tmp_path))
        return
    store = MemoryStore("test")
    for module in (api, description):
        monkeypatch.setattr(
            module, "resolve", lambda uri, **_: Location(store, uri.removeprefix(f"{store.uri}/"))
        )


@pytest.mark.parametrize("extension", FORMATS)
def test_a_frame_comes_back(root, extension):
    saved = cf.save(FRAME, f"deep/er/d.{extension}", strict=True)
    assert (saved.key, saved.rows, saved.columns) == (f"deep/er/d.{extension}", 3, 6)
    assert saved.bytes > 0
    assert saved.etag
    frame = cf.load(f"deep/er/d.{extension}", strict=True)
    assert_frame_equal(frame, FRAME)
    assert_frame_equal(cf.load(saved.uri), FRAME)


@pytest.mark.parametrize("extension", FORMATS)
def test_kinds_of_frames(root, extension):
    cf.save(FRAME, f"d.{extension}")
    table = cf.load(f"d.{extension}", as_="arrow")
    assert isinstance(table, pa.Table)
    cf.save(table, f"e.{extension}")
    assert_frame_equal(cf.load(f"e.{extension}"), FRAME)
    polars = cf.load(f"d.{extension}", as_="polars")
    assert polars["s"].to_list() == ["a", None, "é"]
    with pytest.raises(errors.UsageError, match="as_="):
        cf.load(f"d.{extension}", as_="numpy")


@pytest.mark.parametrize("extension", FORMATS)
def test_chosen_columns(root, extension):
    cf.save(FRAME, f"d.{extension}")
    assert_frame_equal(cf.load(f"d.{extension}", columns=["s", "n"]), FRAME[["s", "n"]])
    with pytest.raises(errors.UsageError, match="'nope'"):
        cf.load(f"d.{extension}", columns=["nope"])


def test_an_rdata_of_several(root):
    small = pd.DataFrame({"y": pd.array([7], dtype="Int32")})
    saved = cf.save({"d": FRAME, "e": small}, "both.RData")
    assert (saved.rows, saved.columns) == (4, 7)
    back = cf.load("both.RData")
    assert list(back) == ["d", "e"]
    assert_frame_equal(back["d"], FRAME)
    assert_frame_equal(cf.load("both.RData", name="e"), small)
    assert [one.name for one in cf.info("both.RData").frames] == ["d", "e"]
    with pytest.raises(errors.UsageError, match=r"'f'[\s\S]*'d', 'e'"):
        cf.load("both.RData", name="f")
    with pytest.raises(errors.UsageError, match="several frames"):
        cf.save({"d": FRAME}, "both.csv")


def test_the_name_of_an_object(root):
    cf.save(FRAME, "d.RData", name="other")
    assert_frame_equal(cf.load("d.RData", name="other"), FRAME)
    assert_frame_equal(cf.load("d.RData"), FRAME)
    cf.save(FRAME, "d.rds")
    assert_frame_equal(cf.load("d.rds", name="d"), FRAME)
    with pytest.raises(errors.UsageError, match=r"'other'[\s\S]*'d'"):
        cf.load("d.rds", name="other")


def test_format_and_compression(root):
    for compression, head in {
        "gzip": b"\x1f\x8b",
        "bzip2": b"BZh",
        "xz": b"\xfd7zXZ",
        "none": b"X\n",
    }.items():
        saved = cf.save(FRAME, "plain", format="rds", compression=compression)
        assert saved.compression == (None if compression == "none" else compression)
        assert cf.info("plain").format == "rds"
        assert_frame_equal(cf.load("plain"), FRAME)
        assert head_of("plain").startswith(head)
    for version in (2, 3):
        cf.save(FRAME, "d.RData", serialization=version, compression="none")
        assert head_of("d.RData").startswith(f"RDX{version}\n".encode())
        assert_frame_equal(cf.load("d.RData"), FRAME)
    with pytest.raises(errors.UnknownFormatError):
        cf.save(FRAME, "plain")
    with pytest.raises(errors.UnknownFormatError):
        cf.save(FRAME, "d.rds", format="xlsx")


def head_of(key):
    location = api.resolve(key)
    return bytes(location.store.get(location.key))[:16]


def test_magic_wins_with_a_warning(root):
    with pytest.warns(errors.FormatMismatchWarning, match="Saving 'd.parquet' as rds"):
        cf.save(FRAME, "d.parquet", format="rds")
    with pytest.warns(errors.FormatMismatchWarning):
        assert_frame_equal(cf.load("d.parquet"), FRAME)


def test_info_tells_columns_without_loading(root):
    cf.save(FRAME, "d.rds")
    info = cf.info("d.rds")
    assert (info.format, info.compression, info.frames[0].rows) == ("rds", "gzip", 3)
    told = {column.name: (column.r, column.pandas, column.missing) for column in info.frames[0].columns}
    assert told["n"] == ("integer", "Int32", 1)
    assert told["f"] == ("ordered/factor", "category", 1)
    assert told["t"][0] == "POSIXct/POSIXt"
    assert info.modified.tzinfo == dt.UTC
    assert info.as_dict()["frames"][0]["columns"][0]["name"] == "n"


def test_info_of_a_large_parquet_reads_its_footer(root, monkeypatch):
    rows = 1_000_000
    table = pa.table({"x": np.random.default_rng(1).random(rows), "n": pa.array([None, *range(rows - 1)])})
    cf.save(table, "d.parquet")
    read = []
    monkeypatch.setattr(description, "ranged", partial(counted, read))
    info = cf.info("d.parquet")
    assert info.size > 8_000_000
    assert info.frames[0].rows == rows
    assert [(one.name, one.missing) for one in info.frames[0].columns] == [("x", 0), ("n", 1)]
    assert 0 < sum(read) < 200_000
    # It tells the same as all of it does; other formats are read whole.
    for name in ("small.parquet", "small.rds"):
        cf.save(FRAME, name)
        whole = cf.info(name)
        with monkeypatch.context() as patched:
            patched.setattr(description, "SMALL", 10)
            assert cf.info(name) == whole


def counted(read, location, size, version=None):
    class Counted(Ranges):
        def readinto(self, buffer):
            read.append(super().readinto(buffer))
            return read[-1]

    return io.BufferedReader(Counted(location, size, version), 1)


def test_info_of_what_is_not_there_tells_what_is_like_it(root):
    cf.save(FRAME, "there.parquet")
    with pytest.raises(errors.ObjectNotFoundError, match=r"there\.parquet"):
        cf.info("their.parquet")


DTYPES = pd.DataFrame(
    {
        "numpy": [1, 2],
        "masked": pd.array([1, None], "Int64"),
        "large": [1, 2**60],
        "byte": pd.array([1, 2], "uint8"),
        "short": pd.array([1, None], "Int8"),
        "single": pd.array([1.5, 2], "float32"),
        "float": pd.array([1.5, None], "Float64"),
        "truth": [True, False],
        "truths": pd.array([True, None], "boolean"),
        "naive": pd.to_datetime(["2024-01-01", "2024-02-01"]).astype("datetime64[us]"),
        "zoned": pd.date_range("2024", periods=2, tz="Europe/Oslo", unit="s"),
        "length": pd.to_timedelta([1, 2], unit="s"),
        "text": ["a", None],
        "string": pd.array(["a", None], "string"),
        "factor": pd.Categorical(["a", "b"], ordered=True),
        "arrow": pd.array([1, 2], pd.ArrowDtype(pa.int16())),
        "arrow_text": pd.array(["a", "b"], pd.ArrowDtype(pa.string())),
        "day": pd.array([dt.date(2024, 1, 1)] * 2, pd.ArrowDtype(pa.date32())),
        "numbers": pd.array([1j, 2], "complex128"),
    }
)


@pytest.mark.parametrize("format", ["rds", "RData", "parquet", "csv"])
def test_info_tells_the_dtypes_that_load_gives(root, format):
    cf.save(DTYPES, f"d.{format}")
    told = {column.name: column.pandas for column in cf.info(f"d.{format}").frames[0].columns}
    assert told == {name: str(dtype) for name, dtype in cf.load(f"d.{format}").dtypes.items()}
    assert told["numpy"] == "int64"


@pytest.mark.parametrize("pandas", ["no note", {"columns": [{"field_name": "x"}]}, {}])
def test_info_keeps_to_r_where_a_column_fits_its_note_no_longer(root, pandas):
    noted = {
        "x": {"arrow": "uint8", "r": "integer"},
        "y": {"arrow": "int64", "r": "integer"},
        "z": {"arrow": "int64", "r": "character"},
        "v": {"arrow": "no type", "r": "integer"},
        "w": [],
    }
    # As R leaves it that has changed the numbers.
    origin = from_python(json.dumps({"columns": noted, "pandas": pandas}), "crossframe")
    table = pa.table(dict.fromkeys(noted, pa.array([1, 300], pa.int32())))
    cf.save(RMetadata({"crossframe": origin}).apply(table), "d.rds")
    told = {one.name: (one.r, one.arrow, one.pandas) for one in cf.info("d.rds").frames[0].columns}
    own = ("integer", "int32", "Int32")
    assert told == {"x": own, "y": ("integer", "int64", "Int64"), "z": own, "v": own, "w": own}
    assert {name: str(dtype) for name, dtype in cf.load("d.rds").dtypes.items()} == {
        name: words[2] for name, words in told.items()
    }


def test_overwrite_and_if_match(root):
    first = cf.save(FRAME, "d.rds", overwrite=False)
    with pytest.raises(errors.ObjectExistsError, match=r"d\.rds"):
        cf.save(FRAME.head(1), "d.rds", overwrite=False)
    second = cf.save(FRAME.head(2), "d.rds", if_match=first.etag)
    with pytest.raises(errors.PreconditionFailedError):
        cf.save(FRAME.head(1), "d.rds", if_match=first.etag)
    assert cf.info("d.rds").etag == second.etag
    assert len(cf.load("d.rds")) == 2


def test_a_missing_key(root):
    cf.save(FRAME, "runs/d.rds")
    for call in (cf.load, cf.info):
        with pytest.raises(errors.ObjectNotFoundError, match=r"runs/d\.csv") as caught:
            call("runs/d.csv")
        assert "runs/d.rds" in str(caught.value)
        assert isinstance(caught.value, FileNotFoundError)


def test_what_takes_many_is_named_where_a_prefix_or_pattern_is_loaded(root):
    cf.save(FRAME, "runs/a.rds")
    for key, meant in {"runs": "runs/", "runs/": "runs/", "runs/*.rds": "runs/*.rds"}.items():
        for verb in (cf.load, cf.info):
            with pytest.raises(errors.ObjectNotFoundError) as caught:
                verb(key)
            assert caught.value.hint == f"Did you mean all of '{meant}'? load_many() takes it."


@pytest.mark.parametrize(
    "act",
    [
        lambda: cf.save("a.rds", FRAME),
        lambda: cf.save_many("{s}.rds", FRAME),
        lambda: cf.write_using(pd.DataFrame.to_csv, "a.csv", FRAME),
        lambda: cf.upload("a.csv", FRAME),
        lambda: cf.ls(FRAME),
        lambda: cf.load_dask(FRAME),
    ],
)
def test_a_frame_in_place_of_a_key_is_told(act):
    with pytest.raises(errors.InvalidUriError, match="Can't use DataFrame as a URI") as caught:
        act()
    assert caught.value.hint == "What is saved comes first, then where."


def test_frames_without_names_are_told():
    with pytest.raises(errors.UsageError, match="Can't save a list without names"):
        cf.save_many([FRAME, FRAME], "{name}.rds")


@pytest.mark.parametrize("extension", FORMATS)
def test_nothing_is_written_where_a_column_is_refused(root, extension):
    odd = [
        pd.DataFrame({"odd": pd.Series([1, "a"], dtype=object)}),
        pd.DataFrame([[1, 2]], columns=["odd", "odd"]),
    ]
    for frame in odd:
        with pytest.raises(errors.ConversionError, match="odd"):
            cf.save(frame, f"d.{extension}")
    with pytest.raises(errors.UnsupportedTypeError):
        cf.save(object(), f"d.{extension}")
    with pytest.raises(errors.ObjectNotFoundError):
        cf.load(f"d.{extension}")
    with pytest.raises(errors.ObjectNotFoundError):
        cf.load(f"d.{extension}.schema.json", format="csv")


@pytest.mark.parametrize("key", ["../out.rds", "a/../../out.rds", "a//b.rds", "a/./b.rds"])
def test_keys_that_leave_or_confuse_the_root(root, key):
    with pytest.raises(errors.InvalidKeyError):
        cf.save(FRAME, key)


def test_loss_is_told_once_and_strict_refuses(root):
    late = pd.DataFrame({"t": pd.to_datetime([1_700_000_000_123_456_789, 0])})
    with pytest.warns(errors.LossyConversionWarning, match="column 't': 1 value can't be kept") as told:
        cf.save(late, "late.rds")
    assert len(told) == 1
    assert told[0].filename == __file__
    with pytest.raises(errors.LossyConversionError, match=r"save 'strict\.rds' without loss"):
        cf.save(late, "strict.rds", strict=True)
    with pytest.raises(errors.ObjectNotFoundError):
        cf.load("strict.rds")
    cf.save(late, "late.parquet", strict=True)
    assert_frame_equal(cf.load("late.parquet"), late)


def test_nan_is_kept_apart_on_request(root):
    frame = pd.DataFrame({"x": [1.0, np.nan]})
    cf.save(frame, "missing.rds")
    assert cf.load("missing.rds", as_="arrow")["x"].null_count == 1
    cf.save(frame, "nan.rds", nan="nan")
    assert cf.load("nan.rds", as_="arrow")["x"].null_count == 0
    with pytest.warns(errors.LossyConversionWarning, match="column 'x': 1 value") as told:
        cf.load("nan.rds")
    assert told[0].filename == __file__
    with pytest.raises(errors.LossyConversionError, match=r"load 'nan\.rds'"):
        cf.load("nan.rds", strict=True)


def test_damage_names_the_object_and_the_place(root):
    cf.save(FRAME, "d.rds", compression="none")
    location = api.resolve("d.rds")
    data = bytes(location.store.get(location.key))
    location.store.put(location.key, data[: len(data) // 2])
    with pytest.raises(errors.DecodeError, match=r"offset \d+[\s\S]*d\.rds") as caught:
        cf.load("d.rds")
    again = pickle.loads(pickle.dumps(caught.value))
    assert str(again) == str(caught.value)


def test_a_stale_sidecar(root):
    cf.save(FRAME, "d.csv")
    cf.save(FRAME, "old.csv")
    location = api.resolve("d.csv")
    location.store.put(location.key, b"a,b\n1,2\n")
    with pytest.warns(errors.StaleSchemaWarning, match="belongs to other data"):
        assert cf.load("d.csv").columns.tolist() == ["a", "b"]
    cf.save(FRAME, "old.csv", schema=False)
    assert cf.load("old.csv", as_="arrow").schema.field("f").type == pa.string()


def test_nothing_warns_on_an_ordinary_frame(root):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for extension in FORMATS:
            cf.save(FRAME, f"d.{extension}")
            cf.load(f"d.{extension}")
