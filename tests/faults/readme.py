"""tests/faults/README.md: the table of what happened, as the run itself saw it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

START = "| fault | while | Python | R |\n|---|---|---|---|\n"
# What differs from run to run.
_NAMES = {r"test-[0-9a-f]+": "lab", r"run-[0-9a-f]+/": "runs/", r"127\.0\.0\.1:\d+": "server"}
LANGUAGES = ("python", "r")


class Readme:
    """The table, by fault, verb and language.

    Args:
        path: The file.
        rewrite: Write what is seen, instead of comparing with it.
    """

    def __init__(self, path: Path, *, rewrite: bool) -> None:
        self._path = path
        self._rewrite = rewrite
        self._head, _, table = path.read_text(encoding="utf-8").partition(START)
        self._rows = {(row[0], row[1]): row[2:] for row in map(_cells, table.splitlines())}
        self._order: list[tuple[str, str]] = []

    def compare(self, fault: str, verb: str, language: str, seen: str) -> None:
        """Compare what was seen with what is written."""
        at, column = (fault, verb), LANGUAGES.index(language)
        if self._rewrite:
            self._rows.setdefault(at, ["", ""])[column] = seen
            self._order += [at] * (at not in self._order)
        else:
            written = self._rows.get(at)
            assert written, f"tests/faults/README.md has no row '{fault}', '{verb}': run `make faults`."
            assert written[column] == seen, "tests/faults/README.md says otherwise: run `make faults`."

    def rows(self) -> set[tuple[str, str]]:
        """Return fault and verb of each row that is written."""
        return set(self._rows)

    def close(self) -> None:
        """Write the table, where that was asked for."""
        if self._rewrite:
            lines = [f"| {' | '.join([*at, *self._rows[at]])} |\n" for at in self._order]
            self._path.write_text(self._head + START + "".join(lines), encoding="utf-8")


def _cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip().strip("|").split(" | ")]


def sentence(outcome: str, message: str, requests: int) -> str:
    """Return a cell: how it ended, in how many requests, and what the message says of it."""
    count = "1 request" if requests == 1 else f"{requests} requests"
    if outcome == "ok":
        return f"done, {count}"
    problem = message.splitlines()[0]
    said = re.sub(r"^Can't .*?: ", "", problem) if ": " in problem else problem
    for pattern, text in _NAMES.items():
        said = re.sub(pattern, text, said)
    return f"`{outcome}`, {count}: {said}"
