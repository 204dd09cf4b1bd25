"""Print what ``pyproject.toml`` asks for, one requirement a line: ``requirements.py [extra ...]``."""

from __future__ import annotations

import re
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
OWN_EXTRAS = re.compile(r"^crossframe\[([\w,\s]+)\]$")


def requirements(extras: list[str]) -> list[str]:
    """Return the dependencies and those of the extras, extras of the package itself resolved."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    found = list(project["dependencies"])
    waiting = list(extras)
    for extra in waiting:
        for requirement in project["optional-dependencies"][extra]:
            if own := OWN_EXTRAS.match(requirement):
                waiting += [name.strip() for name in own[1].split(",")]
            else:
                found.append(requirement)
    return found


if __name__ == "__main__":
    print("\n".join(requirements(sys.argv[1:])))
