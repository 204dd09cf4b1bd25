"""Fixtures for tests in which both languages share one store."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

HERE = Path(__file__).parent
REPOSITORY = HERE.parents[1]

RunR = Callable[..., str]


@pytest.fixture
def run_r() -> RunR:
    """Run one of the R scripts beside this file; give what it prints."""

    def run(script: str, *arguments: str) -> str:
        environment = {"R_LIBS": str(REPOSITORY / ".rlib"), "CROSSFRAME_PYTHON": sys.executable} | os.environ
        done = subprocess.run(
            ["Rscript", "--vanilla", str(HERE / script), *arguments],
            env=environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=500,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    return run


@pytest.fixture(params=["folder", "moto", "seaweedfs"])
def shared_root(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> str:
    """A root that R and Python both see, in each kind of store."""
    if request.param == "folder":
        root = str(tmp_path)
    else:
        server = request.getfixturevalue(request.param)
        root = f"s3://{server.make_bucket()}/lab"
        for name, value in server.server.env().items():
            monkeypatch.setenv(name, value)
    monkeypatch.setenv("CROSSFRAME_ROOT", root)
    return root
