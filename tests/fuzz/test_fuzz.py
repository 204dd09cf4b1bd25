"""A short run of ``make fuzz`` for ``make test``, without clang.

Every vector whole, truncated at every byte and with every byte changed one at a time, under ASan (with its
leak check) and UBSan: the native codec, R's safety scan, and the C of R's CSV reader. Then a minute of random
changes, divided among them, with a fixed seed. Vectors of more than 8 KB - a handful, about depth and size -
are damaged at some 50 places each; the driver says why.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
import corpus

FUZZ = Path(__file__).parent
OUT = FUZZ.parents[1] / "build" / "fuzz"
SECONDS = {"decode": 35, "scan": 20, "csv": 5}
FOLDERS = {"decode": "serialized", "scan": "serialized", "csv": "csv"}


@pytest.mark.parametrize("target", SECONDS)
def test_damage_under_sanitizers(target, tmp_path):
    if shutil.which("g++") is None:
        pytest.skip("no g++")
    driver = OUT / f"driver-{target}"
    made = subprocess.run(
        ["make", "-s", "-C", FUZZ, str(driver)], capture_output=True, text=True, check=False
    )
    assert made.returncode == 0, made.stderr
    corpus.write(tmp_path)
    # Kept outside the test's folder, which pytest clears away.
    crash = OUT / f"crash-{target}.bin"
    command = [driver, "--seconds", str(SECONDS[target]), "--crash", crash, tmp_path / FOLDERS[target]]
    environment = os.environ | {"UBSAN_OPTIONS": "print_stacktrace=1"}
    run = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    assert run.returncode == 0, run.stderr[-4000:]


def test_damage_in_r(tmp_path):
    if shutil.which("Rscript") is None:
        pytest.skip("no R")
    corpus.write(tmp_path)
    command = ["Rscript", "--vanilla", FUZZ / "fuzz_r.R", "10", tmp_path]
    environment = {"R_LIBS": str(FUZZ.parents[1] / ".rlib")} | os.environ
    run = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    assert run.returncode == 0, run.stdout[-4000:] + run.stderr[-2000:]
