"""Dask DataFrames in one process: what is written, what is read, and what is refused."""

from __future__ import annotations

import json
import pickle
import subprocess
import sys

import dask
import dask.dataframe as dd
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

import crossframe as cf
from crossframe import again, dask_load, dask_save, errors
from crossframe.conforming import Form
from crossframe.stores import FolderStore


@pytest.fixture(autouse=True)
def in_this_thread(tmp_path):
    cf.set_root(tmp_path)
    with dask.config.set(scheduler="synchronous"):
        yield
    cf.set_root(None)


FRAME = pd.DataFrame(
    {
        "n": pd.array([1, None, 3, 4, 5], "Int64"),
        "x": [0.5, np.nan, 2.5, -0.0, 1e300],
        "s": ["a", "\u00e9", "", "d", "e"],
        "f": pd.Categorical(["u", "v", "u", None, "w"], categories=["w", "v", "u", "unused"]),
        "t": pd.date_range("2024-01-31", periods=5, freq="h", tz="Europe/Oslo", unit="us"),
    }
)


# What no compression makes small.
NOISE = np.random.default_rng(1).random(100_000)


def parted(frame, parts=3):
    # Why: else Dask makes another dtype of texts before we see them.
    with dask.config.set({"dataframe.convert-string": False}):
        return dd.from_pandas(frame, npartitions=parts)


def names(tmp_path, below="set"):
    return sorted(path.name for path in (tmp_path / below).iterdir())


def listed(tmp_path):
    return json.loads((tmp_path / "set" / "_crossframe.json").read_text("utf-8"))


class TestSave:
    @pytest.mark.parametrize("format", ["parquet", "csv", "rds"])
    def test_every_format(self, tmp_path, format):
        saved = cf.save(parted(FRAME), "set", format=format)
        parts = [f"part.{number}.{format}" for number in range(3)]
        sidecars = [f"{part}.schema.json" for part in parts] if format == "csv" else []
        assert names(tmp_path) == sorted(["_crossframe.json", *parts, *sidecars])
        assert (saved.key, saved.format, saved.rows, saved.columns) == ("set/", format, 5, 5)
        assert [part.key for part in saved.parts] == [f"set/{part}" for part in parts]
        assert saved.bytes == sum((tmp_path / "set" / part).stat().st_size for part in parts)
        told = listed(tmp_path)
        assert (told["crossframe"], told["format"]) == (1, format)
        assert [part["key"] for part in told["parts"]] == parts
        assert [part["rows"] for part in told["parts"]] == [part.rows for part in saved.parts]
        assert [field["name"] for field in told["schema"]["fields"]] == list(FRAME)
        pd.testing.assert_frame_equal(cf.load("set"), FRAME)
        pd.testing.assert_frame_equal(cf.load_dask("set").compute().reset_index(drop=True), FRAME)

    def test_texts_as_dask_has_them(self):
        cf.save(dd.from_pandas(FRAME[["s"]], npartitions=2), "set")
        assert cf.load("set").dtypes["s"] == pd.StringDtype(na_value=pd.NA)
        assert cf.load_dask("set").dtypes["s"] == FRAME.dtypes["s"]

    def test_parquet_by_default_and_the_format_of_the_prefix(self, tmp_path):
        assert cf.save(parted(FRAME), "a").format == "parquet"
        assert cf.save(parted(FRAME), "b.csv/").format == "csv"
        assert names(tmp_path, "b.csv")[1] == "part.0.csv"

    def test_compression(self, tmp_path):
        saved = cf.save(parted(FRAME), "set", format="csv", compression="gzip")
        assert saved.compression == "gzip"
        assert (tmp_path / "set" / "part.0.csv").read_bytes().startswith(b"\x1f\x8b")
        pd.testing.assert_frame_equal(cf.load("set"), FRAME)

    @pytest.mark.parametrize("format", ["rdata", "tsv"])
    def test_other_formats_are_refused(self, tmp_path, format):
        with pytest.raises(errors.UsageError, match="parquet, csv, rds"):
            cf.save(parted(FRAME), "set", format=format)
        assert not (tmp_path / "set").exists()

    @pytest.mark.parametrize("more", [{"name": "d"}, {"if_match": "1"}])
    def test_arguments_of_one_key_are_refused(self, more):
        with pytest.raises(errors.UsageError, match="Dask"):
            cf.save(parted(FRAME), "set", **more)

    def test_a_frame_that_no_format_holds_writes_nothing(self, tmp_path):
        doubled = parted(FRAME[["n", "x"]]).rename(columns={"n": "x"})
        with pytest.raises(errors.DuplicateColumnError):
            cf.save(doubled, "set")
        assert not (tmp_path / "set").exists()

    def test_metadata_are_those_of_the_list(self):
        cf.save(parted(FRAME), "set", metadata={"made-by": "lab"})
        assert cf.stores.resolve("set").store.head("set/_crossframe.json").metadata == {"made-by": "lab"}

    def test_an_index_with_a_name_is_kept(self):
        frame = FRAME.set_index("s")
        cf.save(parted(frame), "set")
        pd.testing.assert_frame_equal(cf.load("set"), frame.sort_index(), check_like=True)
        again_ = cf.load_dask("set")
        assert again_.index.name == "s"
        pd.testing.assert_frame_equal(again_[["n"]].compute(), frame[["n"]].sort_index())

    def test_a_range_with_a_name_is_kept(self):
        frame = pd.DataFrame({"x": range(4)}, index=pd.RangeIndex(10, 14, name="row"))
        cf.save(parted(frame, 2), "set", format="csv")
        assert cf.load("set").index.tolist() == [10, 11, 12, 13]
        assert cf.load("set").index.name == "row"

    def test_texts_as_index_are_row_names(self):
        frame = pd.DataFrame({"x": [1, 2, 3]}, index=pd.Index(["a", "b", "c"], dtype="str"))
        cf.save(parted(frame, 2), "set", format="rds")
        assert cf.load("set").index.tolist() == ["a", "b", "c"]
        assert cf.load_dask("set").compute().index.tolist() == ["a", "b", "c"]

    def test_numbers_of_rows_are_counted_anew(self):
        kept = parted(FRAME)
        cf.save(kept[kept.x > 0], "set", format="rds")
        assert cf.load("set").index.tolist() == [0, 1, 2]

    def test_partitions_of_other_types_unite(self, tmp_path):
        frame = parted(pd.DataFrame({"x": [1, 2, 3, 4]}), 2).map_partitions(
            lambda part: part if part.x.iloc[0] == 1 else part / 8, meta={"x": "float64"}
        )
        cf.save(frame, "set")
        assert cf.load("set")["x"].tolist() == [1.0, 2.0, 0.375, 0.5]
        assert listed(tmp_path)["schema"]["fields"][0]["arrow"] == "double"
        assert cf.load_dask("set").compute()["x"].tolist() == [1.0, 2.0, 0.375, 0.5]

    def test_partitions_that_do_not_unite_are_not_listed(self, tmp_path):
        frame = parted(pd.DataFrame({"x": [1, 2, 3, 4]}), 2).map_partitions(
            lambda part: part if part.x.iloc[0] == 1 else part.astype("str"), meta={"x": "int64"}
        )
        with pytest.raises(errors.SchemaMismatchError) as raised:
            cf.save(frame, "set")
        for text in ("'x'", "set/part.0.parquet", "set/part.1.parquet"):
            assert text in str(raised.value)
        assert listed(tmp_path)["unfinished"] is True

    def test_a_type_that_no_table_schema_has_a_word_for(self, tmp_path):
        maps = pd.array([[("a", 1)], None], pd.ArrowDtype(pa.map_(pa.string(), pa.int64())))
        frame = parted(pd.DataFrame({"m": [0, 1]}), 1).map_partitions(
            lambda part: part.assign(m=maps), meta=pd.DataFrame({"m": maps[:0]})
        )
        cf.save(frame, "set")
        assert "schema" not in listed(tmp_path)
        assert cf.load("set")["m"].isna().tolist() == [False, True]
        assert cf.info("set").frames[0].rows == 2
        assert len(cf.load_dask("set")) == 2

    def test_losses_are_told_once(self):
        import decimal

        kind, value = pd.ArrowDtype(pa.decimal128(25, 2)), decimal.Decimal("12345678901234567890.12")
        frame = parted(pd.DataFrame({"d": pd.array([value] * 4, kind)}), 2)
        with pytest.warns(errors.LossyConversionWarning, match="column 'd': 4 values") as told:
            cf.save(frame, "set", format="rds")
        assert len(told) == 1
        with pytest.raises(errors.LossyConversionError, match=r"set/part\.\d\.rds"):
            cf.save(frame, "set", format="rds", strict=True)

    def test_pandas_frames_need_no_dask(self, tmp_path):
        code = (
            "import sys, pandas, crossframe as cf\n"
            "cf.save(pandas.DataFrame({'x': [1]}), 'a.rds')\n"
            "cf.load('a.rds')\n"
            "assert not {'dask', 'distributed'} & set(sys.modules)"
        )
        subprocess.run([sys.executable, "-W", "error", "-c", code], check=True, cwd=tmp_path)


class TestMany:
    def test_by_name(self, tmp_path):
        cf.save_many({"a": parted(FRAME)}, "many/{name}")
        assert "part.2.parquet" in names(tmp_path, "many/a")

    @pytest.mark.parametrize(
        ("frames", "how", "match"),
        [
            (parted(FRAME), {}, "Can't group a Dask DataFrame"),
            ({"a": parted(FRAME)}, {"atomic": True}, "atomic=True"),
        ],
    )
    def test_what_it_is_not_taken_for(self, tmp_path, frames, how, match):
        with pytest.raises(errors.UsageError, match=match):
            cf.save_many(frames, "many/{s}", **how)
        assert not (tmp_path / "many").exists()


class TestAnEarlierDataSet:
    def test_is_replaced_and_its_other_parts_go(self, tmp_path):
        cf.save(parted(FRAME, 3), "set", format="csv")
        (tmp_path / "set" / "notes.txt").write_text("mine")
        cf.save(parted(FRAME[:2], 2), "set", format="csv")
        kept = ["part.0.csv", "part.0.csv.schema.json", "part.1.csv", "part.1.csv.schema.json"]
        assert names(tmp_path) == ["_crossframe.json", "notes.txt", *kept]
        cf.save(parted(FRAME[:1], 1), "set")
        assert names(tmp_path) == ["_crossframe.json", "notes.txt", "part.0.parquet"]
        assert cf.load("set")["n"].tolist() == [1]

    def test_of_dask_is_replaced_too(self, tmp_path):
        parted(FRAME).to_csv(f"{tmp_path}/set")
        assert names(tmp_path) == ["0.part", "1.part", "2.part"]
        pd.testing.assert_series_equal(cf.load("set")["s"].fillna(""), FRAME["s"])
        cf.save(parted(FRAME, 1), "set")
        assert names(tmp_path) == ["_crossframe.json", "part.0.parquet"]

    def test_is_kept_where_that_is_asked_for(self, tmp_path):
        cf.save(parted(FRAME), "set", overwrite=False)
        with pytest.raises(errors.ObjectExistsError, match="there is a data set"):
            cf.save(parted(FRAME[:1], 1), "set", overwrite=False)
        pd.testing.assert_frame_equal(cf.load("set"), FRAME)

    def test_an_object_of_its_key_is_in_the_way(self):
        cf.save(FRAME, "set", format="rds")
        with pytest.raises(errors.ObjectExistsError, match="object of that key"):
            cf.save(parted(FRAME), "set")

    def test_a_writing_that_broke_off_is_noticed(self):
        with pytest.raises(ValueError, match="the disk is on fire"):
            cf.save(parted(FRAME).map_partitions(broken, meta=FRAME), "set")
        for read in (cf.load, cf.info, cf.load_dask):
            with pytest.raises(errors.CorruptObjectError, match="has not ended"):
                read("set")
        cf.save(parted(FRAME), "set")
        pd.testing.assert_frame_equal(cf.load("set"), FRAME)

    def test_a_mixture_of_two_is_noticed(self, monkeypatch):
        cf.save(parted(FRAME), "set")
        other = FRAME.assign(n=FRAME["n"] + 1)
        monkeypatch.setattr(dask_save, "_united", lambda written: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            cf.save(parted(other), "set")
        with pytest.raises(errors.CorruptObjectError, match=r"part\.0\.parquet"):
            cf.load("set")
        with pytest.raises(errors.CorruptObjectError, match=r"part\.\d\.parquet"):
            cf.load_dask("set").compute()

    def test_parts_go_only_once_the_new_list_is_there(self, tmp_path, monkeypatch):
        cf.save(parted(FRAME, 3), "set")

        def remove(locations, schemas):
            assert len(listed(tmp_path)["parts"]) == 1
            raise errors.UnavailableError("No.")

        monkeypatch.setattr(dask_save, "remove", remove)
        with pytest.raises(errors.UnavailableError):
            cf.save(parted(FRAME, 1), "set")
        assert "part.2.parquet" in names(tmp_path)
        pd.testing.assert_frame_equal(cf.load("set"), FRAME)


def broken(part):
    if "e" in part["s"].tolist():
        raise ValueError("the disk is on fire")
    return part


class TestLoad:
    def test_keys_of_every_format_are_partitions(self):
        for number, format in enumerate(["rds", "RData", "csv", "parquet", "csv.gz"]):
            cf.save(FRAME.assign(n=number), f"runs/{number}.{format}")
        cf.save(FRAME.assign(n=5), "runs/5", format="rds")
        frame = cf.load_dask("runs/*")
        assert frame.npartitions == 6
        assert frame.divisions == (None,) * 7
        assert frame.compute()["n"].tolist() == [number for number in range(6) for _ in range(5)]
        assert frame.dtypes["s"] == cf.load("runs/0.rds")["s"].dtype

    def test_dtypes_are_those_of_the_type_table_whatever_is_missing(self):
        cf.save(pd.DataFrame({"x": [1, 2]}), "a.parquet")
        cf.save(pd.DataFrame({"x": pd.array([3, None], "Int64")}), "b.parquet")
        frame = cf.load_dask("?.parquet")
        assert frame.dtypes["x"] == "Int64"
        assert frame.compute().dtypes["x"] == "Int64"
        assert [part.dtypes["x"] for part in dask.compute(*frame.to_delayed())] == ["Int64", "Int64"]

    def test_parts_in_order_of_their_numbers(self):
        for number in (0, 2, 10, 1):
            cf.save(pd.DataFrame({"x": [number]}), f"set/part.{number}.csv")
        for asked in ("set", "set/", "set/*.csv", "set/part.*.csv", "**"):
            assert cf.load_dask(asked).compute()["x"].tolist() == [0, 1, 2, 10]

    def test_one_key(self):
        cf.save(FRAME, "d.rds")
        pd.testing.assert_frame_equal(cf.load_dask("d.rds").compute(), FRAME)

    def test_everything_below_a_prefix_that_is_no_data_set(self):
        cf.save(FRAME, "a/d.rds")
        cf.save(FRAME, "a/b/e.csv")
        assert cf.load_dask("a/").npartitions == 2

    def test_a_pattern_is_narrowed_as_find_does(self):
        for number in range(4):
            cf.save(pd.DataFrame({"x": [number] * 10**number}), f"set/part.{number}.csv")
        assert cf.load_dask("set/*", exclude="set/part.0.*", max_size=500)["x"].max().compute() == 2
        assert cf.load_dask("set/part.{n:int}.csv", where={"n": [1, 3]}).npartitions == 2
        with pytest.raises(errors.UsageError, match="min_size"):
            cf.load_dask("set/*", min_size="much")

    def test_nothing(self):
        cf.save(FRAME, "a/day.rds")
        with pytest.raises(errors.NoMatchError):
            cf.load_dask("b/*.rds")
        with pytest.raises(errors.ObjectNotFoundError, match=r"Did you mean 'a/day\.rds'"):
            cf.load_dask("a/dai.rds")

    def test_fields_are_columns(self):
        for site, run in (("oslo", 1), ("oslo", 2), ("rome", 1)):
            cf.save(pd.DataFrame({"x": [run] * 2}), f"{site}/run_{run}_2024-05-0{run}.csv")
        frame = cf.load_dask("{site}/run_{n:int}_{day:date}.csv")
        assert frame.columns.tolist() == ["site", "n", "day", "x"]
        assert frame["site"].cat.known
        assert frame["site"].cat.categories.tolist() == ["oslo", "rome"]
        whole = frame.compute()
        assert whole["site"].tolist() == ["oslo"] * 4 + ["rome"] * 2
        assert whole["n"].tolist() == [1, 1, 2, 2, 1, 1]
        assert [str(day) for day in whole["day"]] == ["2024-05-01"] * 2 + ["2024-05-02"] * 2 + [
            "2024-05-01"
        ] * 2
        assert frame["n"].sum().compute() == 8
        assert frame.groupby("site", observed=True)["x"].sum().compute().to_dict() == {"oslo": 6, "rome": 2}

    def test_a_column_wins_over_a_field(self):
        cf.save(pd.DataFrame({"site": ["here"]}), "there.csv")
        assert cf.load_dask("{site}.csv").compute()["site"].tolist() == ["here"]

    def test_a_field_that_some_keys_lack(self):
        for key in ("run_.csv", "run_1.csv"):
            cf.save(pd.DataFrame({"x": [1]}), key)
        frame = cf.load_dask(r"^run_(?<n>\d)?\.csv$", regex=True)
        assert frame.compute()["n"].isna().tolist() == [True, False]

    def test_objects_of_an_rdata(self):
        cf.save({"d": FRAME, "e": FRAME[:1]}, "a.RData")
        assert len(cf.load_dask("*.RData", name="e")) == 1
        with pytest.raises(errors.UsageError, match=r"'d', 'e'.*\n.*name="):
            cf.load_dask("*.RData")

    def test_what_is_no_frame(self):
        cf.save({"a": 1}, "a.rds")
        with pytest.raises(errors.UnsupportedTypeError, match=r"a\.rds"):
            cf.load_dask("a.rds")

    def test_what_the_bytes_are_wins_over_the_name(self, tmp_path):
        cf.save(FRAME, "d.rds")
        (tmp_path / "d.rds").rename(tmp_path / "d.csv")
        with pytest.warns(errors.FormatMismatchWarning, match="holds rds"):
            assert len(cf.load_dask("?.csv")) == 5

    def test_csv_as_dask_writes_it(self, tmp_path):
        parted(FRAME[["n", "x"]]).to_csv(f"{tmp_path}/set")
        for asked in ("set", "set/*.part"):
            assert cf.load_dask(asked)["n"].sum().compute() == 13

    def test_a_format_that_is_said(self):
        cf.save(pd.DataFrame({"x": [1]}), "odd.dat", format="csv")
        assert cf.load_dask("odd.*", format="csv").compute()["x"].tolist() == [1]

    def test_without_dask(self, monkeypatch):
        monkeypatch.setitem(sys.modules, "dask.dataframe", None)
        with pytest.raises(errors.UsageError, match=r"pip install 'crossframe\[dask\]'"):
            cf.load_dask("a.rds")


class TestColumns:
    @pytest.fixture
    def asked(self, monkeypatch):
        """Return what columns were read, key by key."""
        seen = []
        read = dask_load.read_part

        def noting(part, **how):
            seen.append(how.get("columns"))
            return read(part, **how)

        monkeypatch.setattr(dask_load, "read_part", noting)
        return seen

    @pytest.mark.parametrize("format", ["parquet", "csv", "rds"])
    def test_dask_reads_no_others(self, asked, format):
        cf.save(parted(FRAME.set_index("s")), "set", format=format)
        frame = cf.load_dask("set")
        assert frame[["t", "n"]].compute().columns.tolist() == ["t", "n"]
        assert frame["n"].sum().compute() == 13
        assert {frozenset(columns) for columns in asked} == {frozenset("snt"), frozenset("sn")}

    def test_asked_for(self, asked):
        cf.save(FRAME, "d.parquet")
        frame = cf.load_dask("d.parquet", columns=["x", "n"])
        assert frame.columns.tolist() == ["x", "n"]
        assert frame.compute().columns.tolist() == ["x", "n"]
        assert asked == [["x", "n"]]

    def test_a_column_that_is_not_there(self):
        cf.save(FRAME, "d.parquet")
        with pytest.raises(errors.UsageError, match="'z'"):
            cf.load_dask("d.parquet", columns=["z"])

    def test_how_many_rows(self):
        cf.save(parted(FRAME), "set")
        assert len(cf.load_dask("set")) == 5

    def test_no_columns(self):
        cf.save(FRAME, "d.parquet")
        assert cf.load_dask("d.parquet", columns=[]).compute().shape == (5, 0)


@pytest.fixture
def moved(monkeypatch):
    """Return the sizes of what is read of a folder, as it grows."""
    sizes, get = [], FolderStore.get

    def counted(self, key, **how):
        found = get(self, key, **how)
        sizes.append(memoryview(found).nbytes)
        return found

    monkeypatch.setattr(FolderStore, "get", counted)
    return sizes


class TestSchema:
    @pytest.fixture
    def two(self):
        cf.save(pd.DataFrame({"x": [1, 2], "y": ["a", "b"]}), "a.csv")
        cf.save(pd.DataFrame({"x": [0.5], "z": [True]}), "b.csv")

    def test_the_first_keys_by_default(self, two):
        with pytest.raises(errors.SchemaMismatchError) as raised:
            cf.load_dask("?.csv").compute()
        for text in ("'z'", "'b.csv'", "'a.csv'", "schema="):
            assert text in str(raised.value)
        with pytest.raises(errors.SchemaMismatchError) as raised:
            cf.load_dask("?.csv", columns=["x"]).compute()
        for text in ("'x'", "'b.csv'", "integer64 (int64)", "double"):
            assert text in str(raised.value)

    def test_of_a_parquet_only_the_footer_is_read(self, moved):
        frame = pd.DataFrame({"x": NOISE, "s": pd.Series(["a"] * len(NOISE), dtype="str")})
        for key in ("a.parquet", "b"):
            cf.save(frame, key, format="parquet")
            moved.clear()
            assert cf.load_dask(key).dtypes.tolist() == frame.dtypes.tolist()
            assert 0 < sum(moved) < frame["x"].nbytes / 8
        cf.copy("a.parquet", "c.csv")
        with pytest.warns(errors.FormatMismatchWarning, match="holds parquet"):
            cf.load_dask("c.csv")

    @pytest.mark.parametrize("end", [4, -1])
    def test_of_a_damaged_parquet(self, tmp_path, end):
        cf.save(pd.DataFrame({"x": NOISE}), "a.parquet")
        data = (tmp_path / "a.parquet").read_bytes()
        (tmp_path / "a.parquet").write_bytes(data[:end])
        with pytest.raises(errors.DecodeError, match=r"a\.parquet"):
            cf.load_dask("a.parquet")

    @pytest.mark.parametrize(
        "schema",
        [
            pa.schema({"x": pa.float64(), "y": pa.string(), "z": pa.bool_()}),
            pd.DataFrame({"x": [1.0], "y": ["?"], "z": pd.array([True], "boolean")}),
        ],
    )
    def test_one_that_is_given(self, two, schema):
        whole = cf.load_dask("?.csv", schema=schema).compute()
        assert whole["x"].tolist() == [1.0, 2.0, 0.5]
        assert whole["y"].isna().tolist() == [False, False, True]
        assert whole["z"].isna().tolist() == [True, True, False]
        assert whole.dtypes.astype(str).tolist() == ["float64", "str", "boolean"]

    @pytest.mark.parametrize(
        ("values", "kind", "fits"),
        [
            (pa.array([1.0, None]), pa.int32(), True),
            (pa.array([1.5]), pa.int32(), False),
            (pa.array([2**40]), pa.int32(), False),
            (pa.array([2**40]), pa.float64(), True),
            (pa.array(["1"]), pa.int32(), False),
            (pa.array([1]), pa.string(), False),
            (pa.array([True]), pa.int32(), False),
            (pa.array(["a"]).dictionary_encode(), pa.string(), True),
            (pa.array(["a"]), pa.dictionary(pa.int32(), pa.string()), True),
            (pa.array([None], pa.null()), pa.date32(), True),
            (pa.array([1], pa.timestamp("us", "UTC")), pa.timestamp("ns", "UTC"), True),
            (pa.array([1], pa.timestamp("us", "UTC")), pa.timestamp("s", "UTC"), False),
            (pa.array([1], pa.timestamp("us", "UTC")), pa.timestamp("us", "Europe/Oslo"), False),
        ],
    )
    def test_what_fits(self, values, kind, fits):
        cf.save(pa.table({"c": values}), "d.parquet")
        frame = cf.load_dask("d.parquet", schema=pa.schema({"c": kind}))
        if fits:
            assert str(frame.compute().dtypes["c"]) == str(frame.dtypes["c"])
            return
        with pytest.raises(errors.SchemaMismatchError, match=r"'c' of 'd\.parquet'"):
            frame.compute()

    def test_dtypes_are_known_before_anything_is_computed(self):
        cf.save(parted(FRAME), "set", format="rds")
        frame = cf.load_dask("set")
        whole = frame.compute()
        assert frame.dtypes.to_dict() == whole.dtypes.to_dict() == cf.load("set").dtypes.to_dict()

    def test_row_names(self):
        named = pd.DataFrame({"x": [1, 2]}, index=pd.Index(["a", "b"], dtype="str"))
        cf.save(named, "a.rds")
        cf.save(named.reset_index(drop=True), "b.rds")
        with pytest.raises(errors.SchemaMismatchError, match=r"'b\.rds' must have names"):
            cf.load_dask("?.rds").compute()
        with pytest.warns(errors.LossyConversionWarning, match="row names"):
            plain = cf.load_dask("?.rds", schema=pa.schema({"x": pa.int32()})).compute()
        assert plain.index.tolist() == [0, 1, 0, 1]


class TestFactors:
    @pytest.fixture
    def two(self):
        cf.save(pd.DataFrame({"f": pd.Categorical(["b", "a"], categories=["b", "a"])}), "a.rds")
        cf.save(pd.DataFrame({"f": pd.Categorical([None, "c"])}), "b.rds")

    def test_levels_that_differ(self, two):
        frame = cf.load_dask("?.rds")
        assert not frame["f"].cat.known
        whole = frame.compute()["f"]
        assert whole.cat.categories.tolist() == ["b", "a", "c"]
        assert whole.isna().tolist() == [False, False, True, False]
        assert frame.f.value_counts().compute().to_dict() == {"b": 1, "a": 1, "c": 1}

    def test_levels_that_are_known(self, two):
        like = pd.DataFrame({"f": pd.Categorical([], categories=["a", "b", "c", "d"])})
        frame = cf.load_dask("?.rds", schema=like)
        assert frame["f"].cat.categories.tolist() == ["a", "b", "c", "d"]
        assert frame.compute()["f"].cat.categories.tolist() == ["a", "b", "c", "d"]

    def test_a_level_that_is_not_known(self, two):
        like = pd.DataFrame({"f": pd.Categorical([], categories=["a", "b"])})
        with pytest.raises(errors.SchemaMismatchError, match=r"'f' of 'b\.rds'(.|\n)*level 'c'"):
            cf.load_dask("?.rds", schema=like).compute()

    def test_of_a_data_set_are_known(self, tmp_path):
        cf.save(parted(FRAME), "set")
        frame = cf.load_dask("set")
        assert frame["f"].cat.categories.tolist() == ["w", "v", "u", "unused"]

    def test_in_order_and_large(self, moved):
        low = pd.CategoricalDtype(["low", "high"], ordered=True)
        frame = pd.DataFrame({"f": pd.Series(["low", "high"] * 50_000, dtype=low), "x": NOISE})
        cf.save(frame, "a.parquet")
        moved.clear()
        assert cf.load_dask("?.parquet").dtypes["f"] == low
        assert sum(moved) < frame["x"].nbytes / 4

    @pytest.mark.parametrize("format", ["parquet", "rds"])
    def test_in_order(self, format):
        low = pd.CategoricalDtype(["low", "high"], ordered=True)
        cf.save(pd.DataFrame({"f": pd.Series(["low"], dtype=low)}), f"a.{format}")
        cf.save(pd.DataFrame({"f": pd.Series(["high"], dtype=low)}), f"b.{format}")
        frame = cf.load_dask(f"?.{format}")
        assert frame.dtypes["f"] == low
        assert frame.compute()["f"].max() == "high"
        other = pd.CategoricalDtype(["low", "mid"], ordered=True)
        cf.save(pd.DataFrame({"f": pd.Series(["mid"], dtype=other)}), f"c.{format}")
        with pytest.raises(errors.SchemaMismatchError, match=rf"'f' of 'c\.{format}'"):
            cf.load_dask(f"?.{format}").compute()


class TestPatterns:
    """A list of parts is no data, but belongs to what is copied and deleted."""

    @pytest.fixture(autouse=True)
    def saved(self):
        cf.save(parted(FRAME, 2), "set")

    def test_find_and_load_many_do_not_see_it(self):
        assert cf.find("**")["key"].tolist() == ["set/part.0.parquet", "set/part.1.parquet"]
        assert list(cf.load_many("set/")) == ["part.0", "part.1"]

    def test_it_is_copied(self, tmp_path):
        cf.copy("set/", "other/")
        assert names(tmp_path, "other") == names(tmp_path)
        pd.testing.assert_frame_equal(cf.load("other"), FRAME)

    def test_it_is_deleted(self, tmp_path):
        cf.delete("set/")
        assert cf.find("**").empty
        with pytest.raises(errors.ObjectNotFoundError):
            cf.load("set")


class TestAgain:
    @pytest.fixture(autouse=True)
    def at_once(self, monkeypatch):
        monkeypatch.setattr(again, "_PAUSE_S", 0.0)

    def test_what_passes_is_tried_again(self):
        failing = [errors.UnavailableError("No."), errors.EndpointError("No."), None]

        def work():
            error = failing.pop(0)
            if error:
                raise error
            return "done"

        assert again.again(work, 2) == "done"
        assert not failing

    def test_not_for_ever(self):
        calls = []

        def work():
            calls.append(1)
            raise errors.UnavailableError("No.")

        with pytest.raises(errors.UnavailableError):
            again.again(work, 2)
        assert len(calls) == 3

    def test_nor_what_stays(self):
        calls = []

        def work():
            calls.append(1)
            raise errors.ObjectNotFoundError("No.")

        with pytest.raises(errors.ObjectNotFoundError):
            again.again(work, 2)
        assert len(calls) == 1

    def test_a_worker_does(self, monkeypatch):
        cf.save(FRAME, "d.rds")
        frame = cf.load_dask("d.rds")
        read, failing = dask_load.read_part, [errors.UnavailableError("No.")]

        def at_last(part, **how):
            if failing:
                raise failing.pop()
            return read(part, **how)

        monkeypatch.setattr(dask_load, "read_part", at_last)
        assert len(frame.compute()) == 5


def test_no_row_goes_back_from_a_worker():
    rows = 100_000
    frame = pd.DataFrame({"x": np.arange(rows), "f": pd.Categorical(["a", "b"] * (rows // 2))})
    saved = {}
    writer = dask_save.PartWriter.__call__

    def noting(self, part, number):
        saved[number] = writer(self, part, number)
        return saved[number]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(dask_save.PartWriter, "__call__", noting)
        cf.save(parted(frame, 2), "set")
    assert len(saved) == 2
    assert all(len(pickle.dumps(one)) < 10_000 for one in saved.values())


def test_nothing_open_and_no_secret_in_words_goes_to_a_worker(tmp_path):
    options = cf.S3Options(access_key="AK", secret_key="very-secret")
    form = Form(pa.table({"x": [1]}).slice(0, 0))
    read = dask_load.PartReader(form, pa.table({}), str(tmp_path), None, None, False, 0, options)
    assert pickle.loads(pickle.dumps(read)).options == options
    assert "very-secret" not in repr(read)
    assert b"boto" not in pickle.dumps(read)
    assert dask.base.tokenize(read) == dask.base.tokenize(pickle.loads(pickle.dumps(read)))
