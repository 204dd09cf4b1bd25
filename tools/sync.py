"""Copy the facts that both languages need to where each language reads them.

``sync.py`` copies; ``sync.py --check`` writes nothing and fails where something differs:

- the tables ``tests/conformance/*.csv``, byte for byte, in both packages;
- the safety scan's C, which the R package owns, to the Python package's sources;
- the error classes of ``errors.py`` against ``errors.csv``;
- the changelog as the R package's news, without what is in Python only;
- the version of ``pyproject.toml`` in ``DESCRIPTION`` and at the head of ``CHANGELOG.md``;
- the type table in ``README.md`` against ``types.csv``.
"""

from __future__ import annotations

import ast
import csv
import re
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
TABLES = ROOT / "tests" / "conformance"
COPIES = (ROOT / "python" / "crossframe", ROOT / "r-package" / "inst" / "tables")
# What only the tests read.
NOT_SHARED = {"aws_s3.csv", "gaps.csv"}

# Every file of the scan but the one that offers it to R.
SCAN_FILES = tuple(
    sorted({path.name for path in (ROOT / "r-package" / "src").glob("scan*.[ch]")} - {"scan-r.c"})
)

TYPES_START = "<!-- types: made by `make sync` from types.csv -->\n"
TYPES_END = "<!-- end of types -->"


def read_table(name: str) -> list[dict[str, str]]:
    """Return the rows of one shared table."""
    with (TABLES / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def sync_copies(*, check: bool) -> list[str]:
    """Copy each table into both packages, or name the copies that differ."""
    wrong = []
    names = {path.name for path in TABLES.glob("*.csv")} - NOT_SHARED
    for folder in COPIES:
        for name in sorted(names):
            source, copy = TABLES / name, folder / name
            if copy.exists() and copy.read_bytes() == source.read_bytes():
                continue
            wrong.append(f"{copy.relative_to(ROOT)} differs from {source.relative_to(ROOT)}")
            if not check:
                copy.parent.mkdir(parents=True, exist_ok=True)
                copy.write_bytes(source.read_bytes())
        for orphan in sorted({path.name for path in folder.glob("*.csv")} - names):
            wrong.append(f"{(folder / orphan).relative_to(ROOT)} is a copy of no table")
            if not check:
                (folder / orphan).unlink()
    return wrong


def sync_scan(*, check: bool) -> list[str]:
    """Copy the scan's sources, or name the copies that differ."""
    wrong = []
    for name in SCAN_FILES:
        source, copy = ROOT / "r-package" / "src" / name, ROOT / "python" / "src" / "rscan" / name
        if copy.exists() and copy.read_bytes() == source.read_bytes():
            continue
        wrong.append(f"{copy.relative_to(ROOT)} differs from {source.relative_to(ROOT)}")
        if not check:
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_bytes(source.read_bytes())
    return wrong


def news() -> str:
    """Return the changelog as R reads news: a heading a version, without what is in Python only."""
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    versions = re.sub(r"^## ", "# crossframe ", text[text.index("\n## ") + 1 :], flags=re.MULTILINE)
    return "".join(line for line in versions.splitlines(True) if not line.rstrip().endswith("*(Python)*."))


def sync_news(*, check: bool) -> list[str]:
    """Write the R package's news, or say that it differs."""
    path = ROOT / "r-package" / "NEWS.md"
    if path.exists() and path.read_text(encoding="utf-8") == news():
        return []
    if not check:
        path.write_text(news(), encoding="utf-8")
    return ["r-package/NEWS.md differs from CHANGELOG.md"]


def check_errors() -> list[str]:
    """Name the rows of errors.csv that errors.py does not define as they say, and the reverse."""
    tree = ast.parse((COPIES[0] / "errors.py").read_text(encoding="utf-8"))
    found = {
        node.name: {ast.unparse(base) for base in node.bases}
        for node in tree.body
        if isinstance(node, ast.ClassDef) and not node.name.endswith("Warning")
    }
    drawn = set(re.findall(r"\w+Error\b", ast.get_docstring(tree) or ""))
    rows = read_table("errors.csv")
    classes = {row["name"]: row["python"] for row in rows}
    wrong = []
    for row in rows:
        bases = {classes[row["parent"]]} if row["parent"] else set()
        bases |= {row["python_base"]} - {""}
        if row["python"] not in found:
            wrong.append(f"errors.py lacks {row['python']}")
        elif found[row["python"]] != bases:
            got, told = (", ".join(sorted(names)) for names in (found[row["python"]], bases))
            wrong.append(f"errors.py: {row['python']} has parents {got}; errors.csv says {told}")
        if row["python"] not in drawn:
            wrong.append(f"errors.py: {row['python']} is not drawn in the docstring")
    wrong += [f"errors.csv lacks a row for {name}" for name in found if name not in classes.values()]
    return wrong


def check_versions() -> list[str]:
    """Name the places that tell another version than pyproject.toml."""
    version = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    places = {
        "r-package/DESCRIPTION": re.compile(r"^Version: (\S+)$", re.MULTILINE),
        "CHANGELOG.md": re.compile(r"^## (\d\S*)", re.MULTILINE),
    }
    wrong = []
    for name, pattern in places.items():
        match = pattern.search((ROOT / name).read_text(encoding="utf-8"))
        if match is None or match[1] != version:
            told = match[1] if match else "none"
            wrong.append(f"{name} tells version {told}; pyproject.toml tells {version}")
    return wrong


def type_table() -> str:
    """Return the type table as users read it, in Markdown."""
    lines = ["| R | Arrow | pandas | |", "|---|---|---|---|"]
    for row in read_table("types.csv"):
        r_type = row["r_class"].split("/")[0]
        lines.append(f"| {r_type} | `{row['arrow']}` | `{row['pandas']}` | {row['note']} |")
    return "\n".join(lines) + "\n"


def sync_readme(*, check: bool) -> list[str]:
    """Write the type table into the README, or say that it differs."""
    path = ROOT / "README.md"
    text = path.read_text(encoding="utf-8")
    before, start, rest = text.partition(TYPES_START)
    inside, end, after = rest.partition(TYPES_END)
    if not start or not end:
        return ["README.md has no place for the type table"]
    if inside == type_table():
        return []
    if not check:
        path.write_text(before + start + type_table() + end + after, encoding="utf-8")
    return ["README.md: the type table differs from types.csv"]


def main(arguments: list[str]) -> int:
    """Copy, or with ``--check`` compare; return the exit status."""
    check = arguments == ["--check"]
    parts = (sync_copies, sync_scan, sync_readme, sync_news)
    copied = [line for part in parts for line in part(check=check)]
    wrong = check_errors() + check_versions()
    for line in copied if check else []:
        print(f"{line}; `make sync` mends it")
    for line in wrong:
        print(line)
    return 1 if wrong or (check and copied) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
