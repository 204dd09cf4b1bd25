"""Python saves, R loads and saves, Python loads: each dtype comes back, in pandas and in Arrow."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

import crossframe as cf
from crossframe.arrow_types import ROBJECT

if TYPE_CHECKING:
    from conftest import RunR

EXTENSIONS = ("rds", "RData", "parquet", "csv")


def _every_dtype() -> pd.DataFrame:
    times = pd.to_datetime(["2024-01-01 00:00:00", "2024-07-02 03:04:05.5", None], format="ISO8601")
    return pd.DataFrame(
        {
            "bool": [True, False, True],
            "boolean": pd.array([True, None, False], dtype="boolean"),
            **{f"int{bits}": np.array([1, -2, 3], f"int{bits}") for bits in (8, 16, 32, 64)},
            **{f"uint{bits}": np.array([1, 2, 3], f"uint{bits}") for bits in (8, 16, 32, 64)},
            **{f"Int{bits}": pd.array([1, None, -3], dtype=f"Int{bits}") for bits in (8, 16, 32, 64)},
            "large": np.array([2**53, -(2**60), 0]),
            "float32": np.array([1.5, np.nan, -0.25], "float32"),
            "float64": [0.1, np.nan, np.inf],
            "text": ["a", None, 'say "ß", 日本'],
            "string": pd.array(["a", None, ""], dtype="string"),
            "category": pd.Categorical(["u", None, "w"], categories=["w", "v", "u"]),
            "ordered": pd.Categorical(["lo", "hi", "lo"], categories=["lo", "mid", "hi"], ordered=True),
            "date": pd.array(
                [dt.date(1969, 7, 20), None, dt.date(2024, 2, 29)], dtype=pd.ArrowDtype(pa.date32())
            ),
            "naive": times.as_unit("ns"),
            "naive_us": times.as_unit("us"),
            "utc": times.as_unit("ns").tz_localize("UTC"),
            "vienna": times.as_unit("ns").tz_localize("Europe/Vienna"),
            "duration": pd.to_timedelta([1.5, None, -86400], unit="s"),
            "dates": pd.array(
                [[dt.date(2024, 2, 29), None], None, []], dtype=pd.ArrowDtype(pa.list_(pa.date32()))
            ),
            "lists": pd.array(
                [[["a", None], []], None, [None]], dtype=pd.ArrowDtype(pa.list_(pa.list_(pa.string())))
            ),
        }
    )


LISTS = ["dates", "lists"]
INDEXES = {
    "range": pd.RangeIndex(3),
    "text": pd.Index(["x", "y", "z"]),
    "whole": pd.Index([4, 7, 9]),
    "named": pd.Index(["p", "q", "r"], name="sample"),
    "levels": pd.MultiIndex.from_tuples([(1, "a"), (1, "b"), (2, "a")], names=["run", None]),
}


@pytest.mark.parametrize("extension", EXTENSIONS)
def test_every_dtype_comes_back_through_r(
    run_r: RunR, extension: str, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    monkeypatch.setenv("CROSSFRAME_ROOT", str(tmp_path_factory.mktemp("root")))
    frames = {name: _every_dtype().set_axis(index) for name, index in INDEXES.items()}
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
            assert {after.schema.field(column).type for column in LISTS} == {ROBJECT}
            back, frame = back.drop(columns=LISTS), frame.drop(columns=LISTS)  # noqa: PLW2901
            before, after = before.drop_columns(LISTS), after.drop_columns(LISTS)
        pd.testing.assert_frame_equal(back, frame)
        assert after.equals(before)
