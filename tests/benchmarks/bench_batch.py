"""Many keys at once beside other ways, on SeaweedFS on loopback: part of `make bench`, or alone.

Every contestant runs in a process of its own, warm (it has loaded once before), in rounds one after the
other, so that a busy moment of the machine falls on all. Medians of the rounds, as multiples of ours.
Timings are no tests: nothing here passes or fails.

    parquet    500 Parquet objects of 50 kB to one pandas frame
    rds        500 gzip RDS of 5,000 x 6 to frames
    far        the same RDS through a proxy with 30 ms added to each request, beside one by one
    listing    100,000 keys

Peers that are no part of the development (awswrangler) get an environment of their own below ``build``.

Usage: ``python tests/benchmarks/bench_batch.py [--rounds 5] [--only parquet,rds,far,listing] [--json FILE]``
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import platform
import subprocess
import sys
import tempfile
import venv
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table

sys.path.insert(0, str(Path(__file__).parents[1]))

import batch_data

import servers
from gate import ALWAYS, Gate, Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

HERE = Path(__file__).parent
PEERS = HERE.parents[1] / "build" / "bench-peers"
WAYS = HERE / "batch_ways.py"


@dataclass(frozen=True)
class Task:
    """Something to be done, and in which ways.

    Attributes:
        title: As printed.
        ways: By name as printed, what ``batch_ways.py`` calls it; the first is ours.
        delay: Seconds that a proxy adds to each request.
    """

    title: str
    ways: dict[str, str]
    delay: float = 0.0


TASKS = {
    "parquet": Task(
        "500 Parquet objects of 50 kB to one pandas frame",
        {
            "crossframe": "crossframe_parquet",
            "polars": "polars_parquet",
            "pyarrow.dataset": "dataset_parquet",
            "awswrangler": "awswrangler_parquet",
        },
    ),
    "rds": Task(
        "500 gzip RDS of 5,000 x 6",
        {
            "crossframe, one frame": "crossframe_rds_combined",
            "crossframe, a frame each": "crossframe_rds",
            "boto3 + pyreadr, one by one": "pyreadr_rds",
            "crossframe in R, a frame each": "r_many",
            "R, readRDS from local disk": "r_disk",
        },
    ),
    "far": Task(
        "500 gzip RDS, 30 ms away",
        {
            "crossframe, one frame": "crossframe_rds_combined",
            "crossframe, a frame each": "crossframe_rds",
            "crossframe, one by one": "one_by_one_rds",
            "crossframe in R, a frame each": "r_many",
            "crossframe in R, one by one": "r_loop",
        },
        delay=0.03,
    ),
    "listing": Task(
        "100,000 keys listed",
        {"crossframe find": "crossframe_listing", "aws s3api list-objects-v2": "awscli_listing"},
    ),
}


def peers() -> str:
    """Return the Python that has the peers, made when first asked for."""
    python = PEERS / "bin" / "python"
    if not (PEERS / ".complete").exists():
        venv.create(PEERS, with_pip=True, clear=True)
        command = [python, "-m", "pip", "install", "-qq", "--disable-pip-version-check", "awswrangler"]
        subprocess.run(command, check=True)
        (PEERS / ".complete").touch()
    return str(python)


def command_of(way: str, folder: Path, bucket: str) -> list[str]:
    """Return what runs one way once."""
    if way.startswith("r_"):
        place = str(folder) if way == "r_disk" else f"s3://{bucket}/rds/"
        return ["Rscript", "--vanilla", str(HERE / "time_batch.R"), way.removeprefix("r_"), place]
    python = peers() if way.startswith("awswrangler") else sys.executable
    return [python, str(WAYS), way, bucket]


@contextlib.contextmanager
def away(server: servers.Server, seconds: float) -> Iterator[dict[str, str]]:
    """Give the environment that reaches a server, that many seconds away."""
    if not seconds:
        yield server.env()
        return
    with Gate(server.endpoint, {server.access_key: server.secret_key}) as gate:
        gate.expect(Rule("delay", seconds=seconds, times=ALWAYS))
        yield server.env() | {"AWS_ENDPOINT_URL_S3": gate.endpoint}


def measure(
    task: Task, server: servers.Server, folder: Path, bucket: str, rounds: int
) -> dict[str, dict[str, float]]:
    """Run every way in rounds, and return the medians of what each printed."""
    found: dict[str, dict[str, list[float]]] = {name: defaultdict(list) for name in task.ways}
    with away(server, task.delay) as env:
        for _ in range(rounds):
            for name, way in task.ways.items():
                done = subprocess.run(
                    command_of(way, folder, bucket),
                    env=os.environ | env,
                    capture_output=True,
                    text=True,
                    check=False,
                )
                if done.returncode:
                    raise RuntimeError(f"{name} failed:\n{done.stderr[-2000:]}")
                for line in done.stdout.splitlines():
                    what, value = line.split()
                    # R's script calls the seconds by what it did.
                    found[name]["peak" if what == "peak" else "seconds"].append(float(value))
    return {name: {what: median(values) for what, values in one.items()} for name, one in found.items()}


def show(title: str, measured: dict[str, dict[str, float]]) -> None:
    """Print seconds, each way's as a multiple of ours, and the most memory that was held."""
    table = Table(title=title, title_justify="left")
    for heading in ("", "seconds", "x ours", "peak MB"):
        table.add_column(heading, justify="right")
    ours = next(iter(measured.values()))["seconds"]
    for name, one in measured.items():
        peak = f"{one['peak'] / 1e6:.0f}" if "peak" in one else "-"
        table.add_row(name, f"{one['seconds']:.3f}", f"{one['seconds'] / ours:.2f}", peak)
    Console().print(table)


def main() -> None:
    """Fill a server, measure, print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", default=",".join(TASKS))
    parser.add_argument("--json", type=Path, help="also write the medians here")
    arguments = parser.parse_args()
    tasks = {name: TASKS[name] for name in arguments.only.split(",")}
    results = {}
    with tempfile.TemporaryDirectory() as temporary, servers.running("seaweedfs") as server:
        folder = Path(temporary)
        bucket = batch_data.fill(server, folder, set(tasks))
        for name, task in tasks.items():
            results[name] = measure(task, server, folder, bucket, arguments.rounds)
            show(task.title, results[name])
    print(
        f"medians of {arguments.rounds}; {platform.machine()}, {os.cpu_count()} cores,"
        f" Python {platform.python_version()}"
    )
    if arguments.json:
        arguments.json.write_text(json.dumps(results, indent=1))


if __name__ == "__main__":
    main()
