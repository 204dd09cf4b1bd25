"""Print what ``pyproject.toml`` asks for, one requirement a line: ``requirements.py [extra ...]``.

Where a newer rpy2 asks for a newer R than this machine's, the newest that does not.
"""

from __future__ import annotations

import functools
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
OWN_EXTRAS = re.compile(r"^crossframe\[([\w,\s]+)\]$")

# The first rpy2-rinterface that calls R_getVar(), and the first R that has it.
NEWER_RPY2, NEWER_R = "3.6.6", (4, 5)


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
                found.append(fitted(requirement))
    return found


def fitted(requirement: str) -> str:
    """Return the requirement, narrowed to what this machine's R can take."""
    if requirement.startswith("rpy2-rinterface") and r_version() < NEWER_R:
        return f"{requirement},<{NEWER_RPY2}"
    return requirement


@functools.cache
def r_version() -> tuple[int, int]:
    """Return major and minor version of the R on the PATH; without one, of the newest that there is."""
    if shutil.which("R") is None:
        return NEWER_R
    told = subprocess.run(["R", "--version"], capture_output=True, text=True, check=True).stdout
    found = re.search(r"R version (\d+)\.(\d+)", told)
    return (int(found[1]), int(found[2])) if found else NEWER_R


if __name__ == "__main__":
    print("\n".join(requirements(sys.argv[1:])))
