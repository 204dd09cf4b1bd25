"""R saves, Python loads and saves, R loads: every data frame of R's datasets package must be identical()."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import crossframe as cf

if TYPE_CHECKING:
    from conftest import RunR

# Compression inside and around; Parquet goes through the Python core where R has no engine of its own.
EXTENSIONS = ("rds", "RData", "parquet", "csv")
DATASETS = 44


@pytest.mark.usefixtures("shared_root")
def test_all_datasets_come_back_identical(run_r: RunR, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_r("save.R", *EXTENSIONS) == str(DATASETS)

    for extension in EXTENSIONS:
        loaded = cf.load_many(f"from_r/{extension}/*.{extension}")
        assert len(loaded) == DATASETS
        for name, frame in loaded.items():
            cf.save(frame, f"from_python/{extension}/{name}.{extension}")

    lines = [line.split("\t") for line in run_r("compare.R", *EXTENSIONS).splitlines()]
    different = [line for line in lines if line[2] != "TRUE"]
    with capsys.disabled():
        print(f"\n{len(lines) - len(different)} of {len(lines)} frames x formats identical")
    assert not different
    assert len(lines) == DATASETS * len(EXTENSIONS)
