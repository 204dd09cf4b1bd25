"""Python saves, R loads and saves, Python loads: each dtype comes back, in pandas and in Arrow."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd
import pytest

sys.path.insert(0, str(Path(__file__).parent))
from every_dtype import INDEXES, every_dtype

import crossframe as cf

if TYPE_CHECKING:
    from conftest import RunR

EXTENSIONS = ("rds", "RData", "parquet", "csv")


@pytest.mark.parametrize("extension", EXTENSIONS)
def test_every_dtype_comes_back_through_r(
    run_r: RunR, extension: str, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    monkeypatch.setenv("CROSSFRAME_ROOT", str(tmp_path_factory.mktemp("root")))
    frames = {name: every_dtype().set_axis(index) for name, index in INDEXES.items()}
    for name, frame in frames.items():
        cf.save(frame, f"{name}.{extension}")

    run_r("through.R", *(f"{name}.{extension}" for name in frames))

    for name, frame in frames.items():
        pd.testing.assert_frame_equal(cf.load(f"through_r/{name}.{extension}"), frame)
        before = cf.load(f"{name}.{extension}", as_="arrow")
        assert cf.load(f"through_r/{name}.{extension}", as_="arrow").equals(before)
