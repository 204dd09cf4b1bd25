"""Conversions asked for line by line, in one process: what R runs where it has no Parquet engine.

A request is a line of JSON, ``{"from": path, "to": path}`` and, if wanted, ``"columns"``. The answer is a
line of JSON: ``{"ok": true}`` or ``{"error": row of errors.csv, "problem", "detail", "hint"}``, and in both
``"warnings": [{"warning": name, "message": ...}]``.
"""

from __future__ import annotations

import json
import warnings
from typing import TYPE_CHECKING, Any, TextIO

from crossframe import api
from crossframe.errors import CrossframeError, CrossframeWarning, UsageError, row_name

if TYPE_CHECKING:
    from collections.abc import Iterable


def serve(requests: Iterable[str], answers: TextIO) -> None:
    """Answer every request until there are no more."""
    for line in requests:
        answers.write(json.dumps(_answer(line)) + "\n")
        answers.flush()


def _answer(line: str) -> dict[str, Any]:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            _convert(_request(line))
            answer: dict[str, Any] = {"ok": True}
        except CrossframeError as error:
            answer = {
                "error": row_name(type(error)),
                "problem": error.problem,
                "detail": error.detail,
                "hint": error.hint,
            }
    answer["warnings"] = [
        {"warning": row_name(one.category), "message": str(one.message)}
        for one in caught
        if issubclass(one.category, CrossframeWarning)
    ]
    return answer


def _request(line: str) -> dict[str, Any]:
    try:
        request = json.loads(line)
    except (ValueError, RecursionError):
        raise UsageError("A request must be a line of JSON.", f"It is {line[:80]!r}.") from None
    paths = [request.get(word) for word in ("from", "to")] if isinstance(request, dict) else []
    if len(paths) != 2 or not all(isinstance(path, str) for path in paths):  # noqa: PLR2004 - from and to
        raise UsageError("A request must say from where and to where.", f"It is {line[:80]!r}.")
    return dict(request)


def _convert(request: dict[str, Any]) -> None:
    frame = api.load(request["from"], columns=request.get("columns"), as_="arrow")
    # Why plain: R unpacks at once what it asked for.
    compression = "none" if request["to"].endswith(".rds") else None
    api.save(frame, request["to"], compression=compression)
