"""The two workers, each a process that is started when first asked."""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
REPOSITORY = HERE.parents[1]
COMMANDS = {
    "python": [sys.executable, str(HERE / "worker.py")],
    "r": ["Rscript", "--vanilla", str(HERE / "worker.R")],
}
# A row names its own bound; this one is for a worker that hangs for good.
PATIENCE_S = 120.0


@dataclass(frozen=True)
class Ended:
    """How a verb ended: ``ok`` with its value, or an error's name and message."""

    outcome: str
    value: Any
    message: str
    seconds: float


class Worker:
    """One language's worker.

    Args:
        language: ``python`` or ``r``.
        before: A command that starts the worker, e.g. within limits.
    """

    def __init__(self, language: str, before: list[str] | None = None) -> None:
        self._command = [*(before or []), *COMMANDS[language]]
        self._process: subprocess.Popen[bytes] | None = None
        self._asked_at = 0.0

    def ask(self, store: dict[str, Any], do: str, **arguments: Any) -> Ended:
        """Have a verb carried out."""
        self.start(store, do, **arguments)
        return self.answer()

    def start(self, store: dict[str, Any], do: str, **arguments: Any) -> None:
        """Ask, without waiting for the answer."""
        process = self._running()
        line = json.dumps({"store": store, "do": do, "with": arguments}) + "\n"
        assert process.stdin is not None
        self._asked_at = time.monotonic()
        process.stdin.write(line.encode())
        process.stdin.flush()

    def answer(self) -> Ended:
        """Wait for the answer to what was asked last."""
        process = self._running()
        assert process.stdout is not None
        readable, _, _ = select.select([process.stdout], [], [], PATIENCE_S)
        line = process.stdout.readline() if readable else b""
        seconds = time.monotonic() - self._asked_at
        if not line:
            self.kill()
            raise AssertionError(f"The worker said nothing for {seconds:.0f} s.")
        said = json.loads(line)
        return Ended(said["outcome"], said.get("value"), said.get("message", ""), seconds)

    def kill(self) -> None:
        """End it as kill -9 does."""
        if self._process is not None:
            self._process.kill()
            self._process.communicate()
            self._process = None

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is None:
            self._process = subprocess.Popen(
                self._command,
                env=_environment(),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                # Each line by itself, so that what select() sees is all there is.
                bufsize=0,
            )
        return self._process


def _environment() -> dict[str, str]:
    """Return an environment with no keys of anybody's."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    known = {"R_LIBS": str(REPOSITORY / ".rlib"), "LANG": "C.UTF-8"}
    nobody = {"AWS_EC2_METADATA_DISABLED": "true"}
    nobody |= dict.fromkeys(("AWS_SHARED_CREDENTIALS_FILE", "AWS_CONFIG_FILE"), os.devnull)
    return known | kept | nobody
