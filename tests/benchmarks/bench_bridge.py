"""`make bench`: a frame between Python and an R in the same process, beside rpy2's own pandas2ri, in one run.

Both in processes of their own, one after the other, in rounds; each begins with a small frame. To R goes what
each made of R's frame, so that neither is handed dtypes it does not know.

Usage: ``python tests/benchmarks/bench_bridge.py [--rounds 3] [--frames mixed]``
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from collections import defaultdict
from pathlib import Path
from statistics import median

from bench import HERE, Contestant, Times, measure
from rich.console import Console
from rich.table import Table

CONTESTANTS = tuple(
    Contestant(name, (sys.executable, str(HERE / "time_bridge.py"), name))
    for name in ("crossframe", "pandas2ri")
)


def run(file: Path, rounds: int) -> dict[str, Times]:
    """Measure both on one frame, in rounds."""
    merged: dict[str, Times] = {one.name: defaultdict(list) for one in CONTESTANTS}
    for _ in range(rounds):
        for one in CONTESTANTS:
            for what, values in measure(one, file).items():
                merged[one.name][what] += values
    return merged


def show(frame: str, contestants: dict[str, Times]) -> None:
    """Print medians, and pandas2ri's times as multiples of ours."""
    table = Table(title=f"{frame}, 1,000,000 x 10, R in the same process", title_justify="left")
    for heading in ("", "from R s", "x ours", "to R s", "x ours", "identical again"):
        table.add_column(heading, justify="right")
    ours = contestants["crossframe"]
    for name, times in contestants.items():
        row = [name]
        for what in ("from", "to"):
            value = median(times[what])
            row += [f"{value:.3f}", f"{value / median(ours[what]):.1f}"]
        table.add_row(*row, "yes" if all(times["identical"]) else "no")
    Console().print(table)


def main() -> None:
    """Make the frames, measure, print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--frames", default="mixed")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(["Rscript", "--vanilla", str(HERE / "make_frames.R"), folder], check=True)
        for frame in arguments.frames.split(","):
            show(frame, run(Path(folder) / f"{frame}-plain.rds", arguments.rounds))


if __name__ == "__main__":
    main()
