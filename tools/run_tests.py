"""Run every test in both languages and close with one line: ``N passed, N failed``.

``run_tests.py`` runs all; ``run_tests.py python`` or ``run_tests.py r`` one half.
A pytest test and an R ``test_that()`` block count one each. In CI a skipped test
counts as failed: what was not run has not been shown.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import xml.etree.ElementTree as ET
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
BUILD = ROOT / "build"
R_TESTS = ROOT / "r-package" / "tests" / "testthat"
# Each worker may start an S3 server of its own, so more of them don't make a run shorter.
MOST_WORKERS = 4


@dataclass
class Counts:
    """What one test run found."""

    passed: int = 0
    failed: int = 0
    skipped: list[str] = field(default_factory=list)


def run_pytest() -> Counts:
    """Run pytest over ``tests/`` and read its report."""
    report = BUILD / "pytest.xml"
    report.unlink(missing_ok=True)
    workers = max(1, min(MOST_WORKERS, os.cpu_count() or 1))
    command = [sys.executable, "-m", "pytest", "-q", "-n", str(workers), f"--junitxml={report}"]
    status = subprocess.run(command, cwd=ROOT, check=False).returncode
    counts = Counts()
    if report.exists():
        for case in ET.parse(report).iter("testcase"):  # noqa: S314  pytest wrote it just now
            skip = case.find("skipped")
            if case.find("failure") is not None or case.find("error") is not None:
                counts.failed += 1
            elif skip is not None and skip.get("type") == "pytest.skip":
                counts.skipped.append(f"{case.get('classname')}.{case.get('name')}: {skip.get('message')}")
            else:
                # An expected failure is one of these: it did what it was said to do.
                counts.passed += 1
    if status != 0 and counts.failed == 0:
        print(f"pytest ended with status {status}", file=sys.stderr)
        counts.failed = 1
    return counts


def run_testthat() -> Counts:
    """Run the R package's tests against the package installed in ``.rlib``."""
    report = BUILD / "testthat.json"
    report.unlink(missing_ok=True)
    command = ["Rscript", "--vanilla", str(ROOT / "tools" / "run_tests.R"), str(R_TESTS), str(report)]
    status = subprocess.run(command, cwd=ROOT, check=False).returncode
    counts = Counts(**json.loads(report.read_text(encoding="utf-8"))) if report.exists() else Counts()
    if status != 0 and counts.failed == 0:
        print(f"Rscript ended with status {status}", file=sys.stderr)
        counts.failed = 1
    return counts


def main(halves: list[str]) -> int:
    """Run the halves asked for, all by default, and print the sum."""
    BUILD.mkdir(exist_ok=True)
    runs = {"python": run_pytest, "r": run_testthat}
    total = Counts()
    for half in halves or list(runs):
        print(f"== {half} tests", flush=True)
        counts = runs[half]()
        print(f"== {half}: {counts.passed} passed, {counts.failed} failed, {len(counts.skipped)} skipped")
        total.passed += counts.passed
        total.failed += counts.failed
        total.skipped += counts.skipped
    for skip in total.skipped:
        print(f"skipped {skip}")
    if os.environ.get("CI") and total.skipped:
        print("A skipped test counts as failed in CI.")
        total.failed += len(total.skipped)
    print(f"{total.passed} passed, {total.failed} failed", flush=True)
    return 1 if total.failed or not total.passed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
