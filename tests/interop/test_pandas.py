"""Python saves, R loads and saves, Python loads: each dtype comes back, in pandas and in Arrow."""

from __future__ import annotations

import datetime as dt
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd
import pyarrow as pa
import pytest

sys.path.insert(0, str(Path(__file__).parent))
from every_dtype import INDEXES, every_dtype

import crossframe as cf
from crossframe.arrow_types import ROBJECT

if TYPE_CHECKING:
    from conftest import RunR

# Columns whose cells R has as vectors with a class, or as lists.
LISTS = {
    "dates": pd.array([[dt.date(2024, 2, 29), None], None, []], dtype=pd.ArrowDtype(pa.list_(pa.date32()))),
    "lists": pd.array(
        [[["a", None], []], None, [None]], dtype=pd.ArrowDtype(pa.list_(pa.list_(pa.string())))
    ),
}
EXTENSIONS = ("rds", "RData", "parquet", "csv")


@pytest.mark.parametrize("extension", EXTENSIONS)
def test_every_dtype_comes_back_through_r(
    run_r: RunR, extension: str, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    monkeypatch.setenv("CROSSFRAME_ROOT", str(tmp_path_factory.mktemp("root")))
    whole = every_dtype().assign(**LISTS)
    frames = {name: whole.set_axis(index) for name, index in INDEXES.items()}
    for name, frame in frames.items():
        cf.save(frame, f"{name}.{extension}")

    run_r("through.R", *(f"{name}.{extension}" for name in frames))

    for name, frame in frames.items():
        back, before, after = (
            cf.load(f"through_r/{name}.{extension}"),
            cf.load(f"{name}.{extension}", as_="arrow"),
            cf.load(f"through_r/{name}.{extension}", as_="arrow"),
        )
        if extension == "csv":  # a row of gaps.csv, suite interop
            names = list(LISTS)
            assert {after.schema.field(column).type for column in names} == {ROBJECT}
            back, frame = back.drop(columns=names), frame.drop(columns=names)  # noqa: PLW2901
            before, after = before.drop_columns(names), after.drop_columns(names)
        pd.testing.assert_frame_equal(back, frame)
        assert after.equals(before)


@pytest.mark.parametrize("extension", EXTENSIONS)
def test_both_tell_the_same_dtypes(
    run_r: RunR, extension: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("CROSSFRAME_ROOT", str(tmp_path))
    key = f"d.{extension}"
    cf.save(every_dtype(), key)
    (told,) = json.loads(run_r("info.R", key))
    assert told == {column.name: column.pandas for column in cf.info(key).frames[0].columns}
    assert told["int64"] == "int64"
