"""What benchmarks leave behind."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"
sys.path.insert(0, str(BENCHMARKS))
from scratch import PREFIX, scratch  # noqa: E402 - beside the benchmarks

RUNS = """
import sys, time
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from scratch import scratch
with scratch(sys.argv[2]) as folder:
    (folder / "sent.bin").write_bytes(b"x")
    print(folder, flush=True)
    time.sleep(3600)
"""


@pytest.fixture
def running(tmp_path):
    """Return a run that has its folder, and the folder."""
    command = [sys.executable, "-c", RUNS, str(BENCHMARKS), str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as run:
        yield run, Path(run.stdout.readline().strip())
        run.kill()


def test_the_next_run_removes_what_a_killed_one_left(running, tmp_path):
    run, left = running
    (tmp_path / "another's").mkdir()
    (tmp_path / f"{PREFIX}file").touch()
    with scratch(tmp_path) as folder:
        assert folder.parent == left.parent == tmp_path
        assert (left / "sent.bin").exists()
    assert not folder.exists()
    run.kill()
    run.wait()
    assert (left / "sent.bin").exists()
    with scratch(tmp_path):
        assert not left.exists()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["another's", f"{PREFIX}file"]


def test_a_run_that_fails_leaves_nothing(tmp_path):
    with pytest.raises(KeyError), scratch(tmp_path):
        raise KeyError
    assert list(tmp_path.iterdir()) == []
