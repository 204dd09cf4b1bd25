"""`make bench`, second half: 1 GiB to SeaweedFS and back, beside awscli, as ratios of medians.

Every contestant is a command of its own, as somebody would type it, and its time is that of the whole
command. They take turns, in rounds that each begin with another one, each on a new server, so that a busy
moment of the machine falls on all. What came back is compared with what went. Seconds of the processor and
the peak of memory are the command's own, as the kernel counted them.

Usage: ``python tests/benchmarks/bench_transfer.py [--rounds 3] [--mebibytes 1024]``
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from rich.console import Console
from rich.table import Table
from scratch import scratch

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent))

from servers import Server, seaweedfs  # noqa: E402 - beside the folder of this file

BUCKET = "bench"
DIRECTIONS = ("up", "down")
_BLOCK = 1024**2
# The file, what the server has of it, and what came back.
_ROOM = 4 * 1024**3
Measured = dict[str, list[float]]


@dataclass(frozen=True)
class Contestant:
    """One way to move a file.

    Attributes:
        name: As printed.
        up: Command; ``{file}`` goes to ``{uri}``.
        down: Command; ``{uri}`` comes to ``{file}``.
    """

    name: str
    up: tuple[str, ...]
    down: tuple[str, ...]


def beside(program: str) -> str:
    """Return a program that was installed with this Python."""
    return str(Path(sys.executable).with_name(program))


def in_r(call: str) -> tuple[str, ...]:
    """Return the command that makes this call in R."""
    arguments = "where <- commandArgs(TRUE)"
    return ("Rscript", "--vanilla", "-e", f"{arguments}; crossframe::{call}")


CONTESTANTS = (
    Contestant(
        "crossframe",
        (beside("crossframe"), "cp", "{file}", "{uri}"),
        (beside("crossframe"), "cp", "{uri}", "{file}"),
    ),
    Contestant(
        "crossframe in R",
        (*in_r("cf_upload(where[1], where[2])"), "{file}", "{uri}"),
        (*in_r("cf_download(where[1], where[2])"), "{uri}", "{file}"),
    ),
    Contestant(
        "awscli",
        (beside("aws"), "s3", "cp", "--no-progress", "{file}", "{uri}"),
        (beside("aws"), "s3", "cp", "--no-progress", "{uri}", "{file}"),
    ),
)


def environment(server: Server) -> dict[str, str]:
    """Return this process's environment with the server's keys, and none of anybody's."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    nobody = dict.fromkeys(("AWS_SHARED_CREDENTIALS_FILE", "AWS_CONFIG_FILE"), os.devnull)
    return kept | nobody | server.env()


def measure(command: tuple[str, ...], where: dict[str, str], env: dict[str, str]) -> dict[str, float]:
    """Run a command; return its seconds by the clock and of the processor, and its most memory in bytes."""
    filled = [part.format(**where) for part in command]
    with tempfile.TemporaryFile() as said:
        start = time.perf_counter()
        process = subprocess.Popen(filled, env=env, stdin=subprocess.DEVNULL, stdout=said, stderr=said)
        # Why not wait(): the kernel tells a process's peak to who takes its end.
        _, status, used = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - start
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            said.seek(0)
            raise RuntimeError(f"{filled[0]} failed:\n{said.read().decode(errors='replace')}")
    return {"s": seconds, "cpu": used.ru_utime + used.ru_stime, "peak": used.ru_maxrss * 1024}


def same(left: Path, right: Path) -> bool:
    """Tell whether two files hold the same bytes."""
    with left.open("rb") as one, right.open("rb") as other:
        while True:
            piece = one.read(_BLOCK)
            if piece != other.read(_BLOCK):
                return False
            if not piece:
                return True


def run(folder: Path, file: Path, rounds: int) -> dict[str, Measured]:
    """Have every contestant move the file up and down, in rounds, each on a server of its own."""
    measured: dict[str, Measured] = {one.name: defaultdict(list) for one in CONTESTANTS}
    for number in range(rounds):
        turn = number % len(CONTESTANTS)
        for one in (*CONTESTANTS[turn:], *CONTESTANTS[:turn]):
            with seaweedfs() as server:
                for what, value in there_and_back(one, server, file, folder / "came.bin").items():
                    measured[one.name][what].append(value)
    return measured


def there_and_back(one: Contestant, server: Server, file: Path, came: Path) -> dict[str, float]:
    """Have a contestant move the file to a new bucket and back; return what that took."""
    server.client().create_bucket(Bucket=BUCKET)
    where, env = {"uri": f"s3://{BUCKET}/{file.name}"}, environment(server)
    taken: dict[str, float] = {}
    for direction, here in zip(DIRECTIONS, (file, came), strict=True):
        for what, value in measure(getattr(one, direction), where | {"file": str(here)}, env).items():
            taken[f"{direction} {what}"] = value
    if not same(file, came):
        raise RuntimeError(f"{one.name} brought back other bytes.")
    came.unlink()
    return taken


def show(measured: dict[str, Measured], mebibytes: int) -> None:
    """Print medians, and each contestant's time as a multiple of ours."""
    console = Console()
    table = Table(title=f"a file of {mebibytes} MiB, SeaweedFS on this machine", title_justify="left")
    table.add_column()
    for direction in DIRECTIONS:
        for column in (f"{direction} s", "x ours", "cpu s", "peak MiB"):
            table.add_column(column, justify="right")
    ours = measured[CONTESTANTS[0].name]
    for name, values in measured.items():
        row = [name]
        for direction in DIRECTIONS:
            seconds, cpu = median(values[f"{direction} s"]), median(values[f"{direction} cpu"])
            peak = max(values[f"{direction} peak"])
            ratio = seconds / median(ours[f"{direction} s"])
            row += [f"{seconds:.2f}", f"{ratio:.2f}", f"{cpu:.2f}", f"{peak / 2**20:.0f}"]
        table.add_row(*row)
    console.print(table)
    console.print(
        f"medians, the highest peak; {platform.machine()}, {os.cpu_count()} cores, "
        f"Python {platform.python_version()}"
    )


def _memory() -> str | None:
    """Return a folder in memory that has room, if there is one."""
    folder = Path("/dev/shm")
    return str(folder) if folder.is_dir() and shutil.disk_usage(folder).free > _ROOM else None


def main() -> None:
    """Make the file, measure, print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--mebibytes", type=int, default=1024)
    parser.add_argument("--folder", help="where file and server are; by default in memory", default=_memory())
    parser.add_argument("--json", type=Path, help="also write every measurement here")
    arguments = parser.parse_args()
    # Why: a disk's moods would be what is measured.
    with scratch(arguments.folder) as folder:
        tempfile.tempdir = str(folder)
        file = folder / "sent.bin"
        with file.open("wb") as sent:
            for _ in range(arguments.mebibytes):
                sent.write(os.urandom(_BLOCK))
        measured = run(folder, file, arguments.rounds)
    show(measured, arguments.mebibytes)
    if arguments.json:
        arguments.json.write_text(json.dumps(measured, indent=1))


if __name__ == "__main__":
    main()
