"""What set-up installs fits the machine: rpy2 by the version of R."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "tools" / "requirements.py"


def asked_for(path: Path, *extras: str) -> dict[str, str]:
    """Return what the script prints with that PATH: the range by name."""
    done = subprocess.run(
        [sys.executable, str(SCRIPT), *extras],
        env={"PATH": str(path)},
        capture_output=True,
        text=True,
        check=True,
    )
    names = [line.split(">", 1) for line in done.stdout.splitlines()]
    return {name: f">{rest[0]}" if rest else "" for name, *rest in names}


@pytest.mark.parametrize(
    ("version", "newest"), [("4.2.2", "<3.6.6"), ("4.4.3", "<3.6.6"), ("4.5.0", "<3.7"), ("5.0.1", "<3.7")]
)
def test_rpy2_is_one_that_this_r_can_take(tmp_path: Path, version: str, newest: str) -> None:
    program = tmp_path / "R"
    program.write_text(f"#!/bin/sh\necho 'R version {version} Patched (a day) -- \"A Name\"'\n")
    program.chmod(0o755)
    assert asked_for(tmp_path, "r")["rpy2-rinterface"].endswith(newest)


def test_without_r_the_range_is_left_alone(tmp_path: Path) -> None:
    assert asked_for(tmp_path, "r")["rpy2-rinterface"] == ">=3.6.4,<3.7"


def test_extras_of_the_package_itself_are_resolved(tmp_path: Path) -> None:
    asked = asked_for(tmp_path, "dev")
    assert {"ipython", "polars", "rpy2-rinterface", "rpy2-robjects", "pandas"} <= asked.keys()
    assert not any(name.startswith("crossframe") for name in asked)
