"""`make demo`: R and Python share data frames through a folder, then through a bucket.

The scripts are those in ``demo/``, the same for both: what differs is their environment, ``CROSSFRAME_ROOT``
and the ``AWS_`` variables. Ends with status 1 if a script fails, or if R finds a frame that is not identical.
"""

from __future__ import annotations

import contextlib
import io
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from rich import box
from rich.console import Console
from rich.syntax import Syntax
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from collections.abc import Mapping

REPOSITORY = Path(__file__).resolve().parents[1]
SCRIPTS = REPOSITORY / "examples" / "demo"
STORY = ("save.R", "look.py", "compute.py", "check.R")
FRAMES = {"d": "R, through Python", "e": "R, through Python", "f": "R, through Python", "means": "Python"}
FORMATS = ("parquet", "rds", "csv", "RData")
BUCKET = "lab"
WIDEST = 100
INDENT = "    "

sys.path.insert(0, str(REPOSITORY / "tests"))
import servers  # noqa: E402 - the tests' own S3 servers


@dataclass(frozen=True)
class Output:
    """What a script printed, and how it went."""

    text: str
    errors: str
    status: int
    seconds: float


class Stage:
    """A console, and the scripts that are run and shown on it."""

    def __init__(self, console: Console) -> None:
        self.console = console

    def act(self, title: str, where: Mapping[str, str], *, in_full: bool) -> bool:
        """Run the scripts in a store; tell whether R found every frame identical."""
        self.console.rule(Text(title, style="bold"), align="left")
        for name, value in where.items():
            self.say(Text(f"export {name}={value}", style="cyan"))
        self.say()
        for name in STORY:
            output = self.run(name, where)
            self.show(name, output, in_full=in_full)
            if name == "check.R":
                return self.verdict(output)
            if output.status:
                break
        return False

    def run(self, name: str, where: Mapping[str, str]) -> Output:
        """Run a script as a user would, in a clean AWS_ environment."""
        program = ["Rscript", "--vanilla"] if name.endswith(".R") else [sys.executable]
        console = self.console
        environment = {
            "R_LIBS": str(REPOSITORY / ".rlib"),
            "CROSSFRAME_PYTHON": sys.executable,
            **{key: value for key, value in os.environ.items() if not key.startswith("AWS_")},
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "AWS_EC2_METADATA_DISABLED": "true",
            "COLUMNS": str(console.width - len(INDENT)),
            "PYTHONIOENCODING": console.encoding,
            **({"FORCE_COLOR": "1"} if console.is_terminal else {}),
            **where,
        }
        started = time.monotonic()
        with console.status(f"{name} runs ..."):
            done = subprocess.run(
                [*program, name],
                cwd=SCRIPTS,
                env=environment,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                encoding=console.encoding,
                errors="replace",
                check=False,
            )
        return Output(done.stdout, done.stderr, done.returncode, time.monotonic() - started)

    def show(self, name: str, output: Output, *, in_full: bool) -> None:
        """Print what a script says it does, the lines that do it, and what it printed."""
        first, _, code = (SCRIPTS / name).read_text(encoding="utf-8").partition("\n")
        about = first.strip('#" ') if in_full else f"{output.seconds:.1f} s"
        self.say(Text.assemble((f"{name:12}", "bold"), about))
        if in_full:
            self.say()
        # Why not look.py: most of it draws a table, which is what there is to see.
        if in_full and name != "look.py":
            language = "r" if name.endswith(".R") else "python"
            syntax = Syntax("", language, theme="ansi_dark", background_color="default")
            self.say(indented(syntax.highlight(code.strip())))
        # R's matrix of check.R is shown as a table.
        if in_full and name != "check.R":
            self.say(indented(Text.from_ansi(output.text.rstrip())))
        if output.errors.strip():
            self.say(Text(output.errors.rstrip(), style="red" if output.status else "yellow"))

    def verdict(self, output: Output) -> bool:
        """Print R's matrix of identical() as a table; tell whether all of it is TRUE."""
        same = read_matrix(output.text)
        table = Table("frame", "made by", *FORMATS, box=box.SIMPLE_HEAD)
        for frame, maker in FRAMES.items():
            cells = [same.get((frame, form)) == "TRUE" for form in FORMATS]
            shown = [Text("identical", "green") if cell else Text("DIFFERENT", "bold red") for cell in cells]
            table.add_row(frame, maker, *shown)
        self.say("What identical() says in R of each frame:")
        self.console.print(table)
        wanted = {(frame, form): "TRUE" for frame in FRAMES for form in FORMATS}
        return same == wanted and output.status == 0

    def say(self, text: Text | str = "") -> None:
        """Print without breaking lines, so that they can be copied."""
        self.console.print(text, soft_wrap=True)


def indented(text: Text) -> Text:
    """Set a block apart: indented, with an empty line after it."""
    text.rstrip()
    lines = text.split("\n", allow_blank=True)
    for line in lines:
        line.rstrip()
    return Text("\n").join([*(Text.assemble(INDENT, line) if line else line for line in lines), Text()])


def read_matrix(printed: str) -> dict[tuple[str, str], str]:
    """Read a matrix with row and column names as R prints it: each cell's text by row and column."""
    lines = [line.split() for line in printed.splitlines() if line.strip()]
    heading = lines[0] if lines else []
    return {
        (row[0], column): cell for row in lines[1:] for column, cell in zip(heading, row[1:], strict=False)
    }


def tell(console: Console) -> bool:
    """Tell the story; stop at the first act that does not end well."""
    stage = Stage(console)
    with tempfile.TemporaryDirectory(prefix="crossframe-") as temporary, contextlib.ExitStack() as stack:
        # Why: the server's program logs to wherever temporary files go.
        os.environ["TMPDIR"] = temporary
        folder = Path(temporary) / "lab"
        where = {"CROSSFRAME_ROOT": str(folder)}
        if not stage.act("1. A folder: no server, no account", where, in_full=True):
            return False
        count = sum(path.is_file() and ".crossframe" not in path.parts for path in folder.rglob("*"))
        stage.say(f"There are {count} files in the folder.\n")

        name = "seaweedfs" if has_seaweedfs() else "moto"
        with console.status(f"{name} starts ..."):
            server = stack.enter_context(servers.running(name))
            client = server.client()
            client.create_bucket(Bucket=BUCKET)
        where = {"CROSSFRAME_ROOT": f"s3://{BUCKET}", **server.env()}
        title = f"2. The same scripts, on a bucket of an S3 server ({name})"
        if not stage.act(title, where, in_full=False):
            return False
        count = client.list_objects_v2(Bucket=BUCKET)["KeyCount"]
        stage.say(f"There are {count} objects in the bucket, as boto3 counts them.\n")
    return True


def has_seaweedfs() -> bool:
    """Tell whether the server's program is beside this Python, or on PATH."""
    return Path(sys.executable).with_name("weed").exists() or shutil.which("weed") is not None


def stop(signum: int, frame: object) -> NoReturn:
    """End as after any exception: with the folder removed and the server stopped."""
    sys.exit(128 + signum)


def main() -> int:
    """Tell the story on standard output."""
    for ending in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(ending, stop)
    # Why: a proxy for the world is none for this machine.
    for variable in ("NO_PROXY", "no_proxy"):
        os.environ[variable] = "127.0.0.1"
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")
    console = Console(highlight=False)
    console.width = min(console.width, WIDEST)
    started = time.monotonic()
    if not tell(console):
        console.print("Not every frame came back identical.", style="bold red")
        return 1
    console.print(f"All identical, in {time.monotonic() - started:.0f} s. The scripts are in examples/demo.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
