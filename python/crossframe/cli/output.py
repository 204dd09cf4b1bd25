"""What the commands print: rows in columns, or JSON."""

from __future__ import annotations

import json
from typing import Any

from crossframe.cli.tables import show_table


def show_rows(rows: list[dict[str, Any]], shown: list[str], *, as_json: bool) -> None:
    """Print rows: the columns shown, or all as JSON."""
    if as_json:
        show_json(rows)
    else:
        show_table(rows, shown, whole=True)


def show_json(value: object) -> None:
    """Print a value as JSON; times as text."""
    print(json.dumps(value, ensure_ascii=False, indent=1, default=_plain, allow_nan=True))


def _plain(value: Any) -> str:  # noqa: ANN401 - whatever JSON does not know
    return value.isoformat() if hasattr(value, "isoformat") else str(value)
