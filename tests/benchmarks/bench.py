"""`make bench`: reading and writing RDS beside R and pyreadr, side by side in one run, as ratios of medians.

Every contestant runs in a process of its own, one after the other, in rounds, so that a busy moment of the
machine falls on all. Each begins with a small file, so that its libraries are in memory; then it reads the
file ("read", into memory new to the process), reads it once more ("again") and writes. All files lie in
memory where the system has a folder for that, so that no disk is measured, nor that ours waits for one and
R does not. Seconds are the clock's, and beside them those of all processors ("cpu"), which a busy machine
does not change. Timings are no tests: nothing here passes or fails.

Usage: ``python tests/benchmarks/bench.py [--rounds 5] [--frames mixed,repeated,double]``
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from rich.console import Console
from rich.table import Table
from scratch import scratch

HERE = Path(__file__).parent
MEMORY = Path("/dev/shm")
_WORK = {
    "read": "read s",
    "read-cpu": "cpu s",
    "again": "again s",
    "again-cpu": "cpu s",
    "write": "write s",
    "write-cpu": "cpu s",
}
_SIZES = {"size": "file MB", "peak": "peak MB", "table": "table MB"}
Times = dict[str, list[float]]


@dataclass(frozen=True)
class Contestant:
    """One way to read and write an RDS.

    Attributes:
        name: As printed.
        command: Takes a file and a small one; prints lines ``what value``: read, again and write in seconds,
            the same with -cpu, and in bytes the file written, the peak of memory that reading added, and the
            Arrow table.
    """

    name: str
    command: tuple[str, ...]


CONTESTANTS = (
    Contestant("crossframe", (sys.executable, str(HERE / "time_python.py"), "crossframe")),
    Contestant("crossframe in R", ("Rscript", "--vanilla", str(HERE / "time_r.R"), "crossframe")),
    Contestant("R", ("Rscript", "--vanilla", str(HERE / "time_r.R"), "base")),
    Contestant("pyreadr", (sys.executable, str(HERE / "time_python.py"), "pyreadr")),
    Contestant("inflate only", (sys.executable, str(HERE / "time_python.py"), "inflate")),
)


def measure(contestant: Contestant, file: Path) -> Times:
    """Run one contestant on one file."""
    command = [*contestant.command, str(file), str(file.with_name("small.rds"))]
    env = os.environ | {"TMPDIR": str(file.parent)}
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=True)
    times: Times = defaultdict(list)
    for line in done.stdout.splitlines():
        what, value = line.split()
        times[what].append(float(value))
    return times


def run(folder: Path, frames: list[str], rounds: int) -> dict[str, dict[str, Times]]:
    """Measure every contestant on every frame, in rounds."""
    results: dict[str, dict[str, Times]] = {}
    for frame in frames:
        for kind in ("", "-plain"):
            file = folder / f"{frame}{kind}.rds"
            merged: dict[str, Times] = {one.name: defaultdict(list) for one in CONTESTANTS}
            for _ in range(rounds):
                for one in CONTESTANTS:
                    if kind and one.name == "inflate only":
                        continue
                    for what, values in measure(one, file).items():
                        merged[one.name][what] += values
            results[frame + kind] = merged
    return results


def show(results: dict[str, dict[str, Times]]) -> None:
    """Print medians, and each contestant's time as a multiple of ours."""
    console = Console(width=180)
    for file, contestants in results.items():
        table = Table(title=f"{file}.rds, 1,000,000 x 10", title_justify="left")
        for heading in (
            "",
            *(word for pair in _WORK.values() for word in (pair, "x ours")),
            *_SIZES.values(),
        ):
            table.add_column(heading, justify="right")
        ours = {what: median(values) for what, values in contestants["crossframe"].items()}
        for name, times in contestants.items():
            row = [name]
            for what in _WORK:
                value = median(times[what]) if times[what] else None
                row += ["-", "-"] if value is None else [f"{value:.3f}", f"{value / ours[what]:.1f}"]
            for what in _SIZES:
                row.append(f"{median(times[what]) / 1e6:.1f}" if times[what] else "-")
            if times:
                table.add_row(*row)
        console.print(table)
        console.print(in_r(contestants) + "\n")
    console.print(
        f"medians; {platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"
    )


def in_r(contestants: dict[str, Times]) -> str:
    """Say how R's own functions compare with ours in R: times as multiples of ours, size as a percentage."""
    ours, base = (
        {what: median(values) for what, values in contestants[name].items() if values}
        for name in ("crossframe in R", "R")
    )
    read, write = base["again"] / ours["again"], base["write"] / ours["write"]
    size = 100 * ours["size"] / base["size"]
    return f"in R: readRDS takes {read:.1f} x cf_load, saveRDS {write:.1f} x cf_save (file of {size:.0f} %)"


def main() -> None:
    """Make the frames, measure, print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--frames", default="mixed,repeated,double")
    parser.add_argument("--json", type=Path, help="also write every measurement here")
    arguments = parser.parse_args()
    with scratch(MEMORY if MEMORY.is_dir() else None) as folder:
        subprocess.run(["Rscript", "--vanilla", str(HERE / "make_frames.R"), str(folder)], check=True)
        results = run(folder, arguments.frames.split(","), arguments.rounds)
    show(results)
    if arguments.json:
        arguments.json.write_text(json.dumps(results, indent=1))


if __name__ == "__main__":
    main()
