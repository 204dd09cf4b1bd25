"""What the commands print: rows in columns, or JSON."""

from __future__ import annotations

import json
import sys
from itertools import islice
from typing import TYPE_CHECKING, Any

from crossframe.cli.tables import show_table

if TYPE_CHECKING:
    from collections.abc import Iterable

_ROWS_AT_ONCE = 500


def show_rows(rows: Iterable[dict[str, Any]], shown: list[str], *, as_json: bool) -> None:
    """Print rows: the columns shown, or all as JSON, each as it comes."""
    if as_json:
        _show_json_rows(rows)
    else:
        show_table(rows, shown, whole=True)


def _show_json_rows(rows: Iterable[dict[str, Any]]) -> None:
    texts = map(_encode, rows)
    before = "[\n "
    # Why several at once: each write lets other threads run, and has to wait for them.
    while some := list(islice(texts, _ROWS_AT_ONCE)):
        sys.stdout.write(before + ",\n ".join(some))
        before = ",\n "
    print("[]" if before.startswith("[") else "\n]")


def show_json(value: object) -> None:
    """Print a value as JSON; times as text."""
    print(json.dumps(value, ensure_ascii=False, indent=1, default=_plain, allow_nan=True))


def _plain(value: Any) -> str:  # noqa: ANN401 - whatever JSON does not know
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


# Why without indent=: then it is written in C.
_encode = json.JSONEncoder(ensure_ascii=False, default=_plain).encode
