"""The same scripts on a folder and on a part of a bucket, with nothing changed but the root."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from conftest import RunR

FIRST = """\
saved from/{0}.rds
found '' from/{0}.rds | many/{0}/p.csv | many/{0}/q.csv
found 'from/' from/{0}.rds
found 'many/{{by}}/{{n}}.csv' many/{0}/p.csv | many/{0}/q.csv
found '**/*.rds' from/{0}.rds
listed '' from/ | many/
listed 'from' from/{0}.rds
listed 'many/' many/{0}/
hint Did you mean 'from/{0}.rds'?
"""

SECOND = """\
saved from/R.rds
found '' from/Python.rds | from/R.rds | many/Python/p.csv | many/Python/q.csv | many/R/p.csv | many/R/q.csv
found 'from/' from/Python.rds | from/R.rds
found 'many/{by}/{n}.csv' many/Python/p.csv | many/Python/q.csv | many/R/p.csv | many/R/q.csv
found '**/*.rds' from/Python.rds | from/R.rds
listed '' from/ | many/
listed 'from' from/Python.rds | from/R.rds
listed 'many/' many/Python/ | many/R/
hint Did you mean 'from/R.rds'?
"""


def lines(text: str) -> list[str]:
    return [line.rstrip() for line in text.splitlines()]


def test_keys_that_come_back_can_be_passed_in(shared_root: str, run_r: RunR) -> None:
    script = Path(__file__).with_name("keys.py")
    python = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, check=False)
    assert python.returncode == 0, f"{shared_root}: {python.stderr}"
    assert lines(python.stdout) == lines(FIRST.format("Python"))
    assert lines(run_r("keys.R")) == lines(SECOND)
