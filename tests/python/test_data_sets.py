"""Data sets of parts on every store; what they are is shown by ``tests/conformance/datasets``."""

from __future__ import annotations

import json

import pandas as pd
import pyarrow as pa
import pytest

import crossframe as cf
from crossframe import cli, data_sets, errors
from crossframe.stores import PrefixStore, resolve

FRAME = pd.DataFrame({"x": range(6), "y": list("abcdef")})


def save_parts(prefix="set", parts=3):
    step = len(FRAME) // parts
    for number in range(parts):
        part = FRAME.iloc[number * step : (number + 1) * step].reset_index(drop=True)
        cf.save(part, f"{prefix}/part.{number}.parquet")


def test_with_and_without_its_slash(place):
    save_parts()
    for uri in ("set", "set/", f"{place.root}/set", f"{place.root}/set/"):
        pd.testing.assert_frame_equal(cf.load(uri), FRAME)
    assert cf.load("set", as_="arrow", columns=["y"]).to_pydict() == {"y": list("abcdef")}
    assert cf.load("set", as_="polars").shape == (6, 2)


def test_what_a_part_is_like(place):
    save_parts()
    part = data_sets.DataPart(resolve("set/part.1.parquet"))
    like = data_sets.like_of(part)
    whole, _ = data_sets.read_part(part)
    assert like.equals(whole.slice(0, 0))
    gone = data_sets.DataPart(resolve("set/part.11.parquet"))
    with pytest.raises(errors.ObjectNotFoundError, match=r"part\.1\.parquet"):
        data_sets.like_of(gone)


@pytest.fixture
def folder(tmp_path):
    """Make a folder the root."""
    cf.set_root(tmp_path)
    yield tmp_path
    cf.set_root(None)


def test_a_neighbour_is_no_part(folder):
    save_parts()
    cf.save(FRAME, "set2/part.9.parquet")
    cf.save(FRAME, "set/below/part.8.parquet")
    assert len(cf.load("set")) == 6


def test_info_tells_of_all_parts(place):
    save_parts()
    told = cf.info("set")
    assert (told.key, told.format, told.frames[0].rows) == ("set/", "parquet", 6)
    assert told.uri == f"{place.root}/set/"
    assert told.size == sum(cf.info(f"set/part.{number}.parquet").size for number in range(3))
    assert told.modified == max(cf.info(f"set/part.{number}.parquet").modified for number in range(3))
    json.dumps(told.as_dict())


def test_it_converts_to_one_key(folder):
    save_parts()
    cf.convert("set", "d.parquet")
    pd.testing.assert_frame_equal(cf.load("d.parquet"), FRAME)


def test_the_root_itself(place):
    save_parts()
    cf.set_root(f"{place.root}/set")
    pd.testing.assert_frame_equal(cf.load("."), FRAME)
    if place.is_s3:
        assert isinstance(resolve(".").store, PrefixStore)


def test_nothing_there(place):
    cf.save(FRAME, "set.csv")
    with pytest.raises(errors.ObjectNotFoundError, match=r"Did you mean 'set\.csv'"):
        cf.load("set")
    with pytest.raises(errors.ObjectNotFoundError, match="'set/'"):
        cf.load("set/")


def test_versions_are_those_of_keys(folder):
    save_parts()
    with pytest.raises(errors.StoreError):
        cf.load("set", version="1")


def test_an_object_wins(bucket):
    save_parts()
    cf.save(FRAME[:1], "set", format="rds")
    assert len(cf.load("set")) == 1
    assert len(cf.load("set/")) == 6


def test_what_may_not_be_listed_is_no_data_set(tmp_path, monkeypatch):
    cf.save(FRAME, tmp_path / "d.csv")
    location = resolve(f"{tmp_path}/set/")

    def refuse(prefix=""):
        raise errors.AccessDeniedError("No.")

    monkeypatch.setattr(location.store, "children", refuse)
    assert data_sets.find(location) is None


def test_objects_of_an_rdata(tmp_path):
    for number in range(2):
        frames = {"d": FRAME, "e": FRAME[number : number + 1].reset_index(drop=True)}
        cf.save(frames, tmp_path / f"part.{number}.RData")
    assert cf.load(tmp_path, name="e")["x"].tolist() == [0, 1]
    with pytest.raises(errors.UsageError, match=r"part\.0\.RData(.|\n)*'d', 'e'"):
        cf.load(tmp_path)


def test_what_is_no_frame(tmp_path):
    cf.save({"a": 1}, tmp_path / "part.0.rds")
    with pytest.raises(errors.UnsupportedTypeError, match=r"part\.0\.rds"):
        cf.load(tmp_path)


def test_row_names_stay(tmp_path):
    for number, name in enumerate("ab"):
        frame = pd.DataFrame({"x": [number]}, index=pd.Index([name], dtype="str"))
        cf.save(frame, tmp_path / f"part.{number}.rds")
    assert cf.load(tmp_path).index.tolist() == ["a", "b"]


def test_losses_are_those_of_the_parts(tmp_path):
    for number in range(2):
        cf.save(pa.table({"x": [float("nan"), None]}), tmp_path / f"part.{number}.parquet")
    with pytest.warns(errors.LossyConversionWarning, match="2 values"):
        cf.load(tmp_path)
    with pytest.raises(errors.LossyConversionError):
        cf.load(tmp_path, strict=True)


def test_at_the_command_line(folder, capsys):
    save_parts()
    assert cli.run(["info", "set"]) == 0
    assert "set: 6 rows x 2 columns" in capsys.readouterr().out
    assert cli.run(["head", "-n", "1", "set/"]) == 0
    assert "6 rows in all" in capsys.readouterr().out
    assert cli.run(["convert", f"{folder}/set", f"{folder}/d.csv"]) == 0
    pd.testing.assert_frame_equal(cf.load("d.csv"), FRAME)
