"""The example of Dask's parts, with few rows: what Python's workers write, R loads as one frame."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[2] / "examples"


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty folder to be the root."""
    return tmp_path_factory.mktemp("lab")


def run(root: Path, *command: str) -> str:
    """Run a script of the examples; return what it printed."""
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("AWS_")},
        "R_LIBS": str(EXAMPLES.parent / ".rlib"),
        "CROSSFRAME_ROOT": str(root),
    }
    done = subprocess.run(
        command,
        cwd=EXAMPLES,
        env=environment,
        capture_output=True,
        encoding="utf-8",
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert not done.stderr
    return done.stdout


def test_r_finds_what_python_wrote_in_parts(root: Path) -> None:
    told = run(root, sys.executable, "-W", "error", "dask_parts.py", "20000", "4").splitlines()
    assert told[0].startswith("20000 rows in 4 parts, ")
    assert sorted(path.name for path in (root / "dask" / "deep").iterdir()) == [
        "_crossframe.json",
        *(f"part.{number}.rds" for number in range(4)),
    ]
    seen = run(root, "Rscript", "--vanilla", "dask_parts.R").splitlines()
    assert seen[-1] == told[-1]
    assert [line.split(":")[0].strip(" $") for line in seen[1:-1]] == ["site", "day", "depth", "count"]
