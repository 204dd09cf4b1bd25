"""Templates make keys: the same text that, as a pattern, reads their fields back."""

from __future__ import annotations

import datetime as dt
import math
from typing import TYPE_CHECKING

from crossframe.errors import InvalidKeyError, InvalidPatternError, UsageError
from crossframe.patterns import INT_LIMIT, Pattern, compile_pattern

if TYPE_CHECKING:
    from collections.abc import Mapping


def render(template: str | Pattern, fields: Mapping[str, object]) -> str:
    """Make the text that a template gives for these fields; ``keys.fill`` checks it as a key."""
    pattern = compile_pattern(template) if isinstance(template, str) else template
    if pattern.parts is None:
        raise InvalidPatternError(
            f"Can't fill the template '{pattern.text}'.",
            "it has wildcards, so it names no single key to write",
            "Is it a template such as runs/{site}.rds?",
        )
    if set(fields) != set(pattern.fields):
        wanted, got = (", ".join(map(str, names)) or "none" for names in (pattern.fields, fields))
        raise UsageError(f"Can't fill the template '{pattern.text}'.", f"its fields are {wanted}; got {got}")
    kinds = dict(zip(pattern.fields, pattern.types, strict=True))
    texts = {name: _format(value, kinds[name], name, pattern.text) for name, value in fields.items()}
    key = "".join(texts[text] if is_field else text for text, is_field in pattern.parts)
    if pattern.match(key) is None or pattern.groups(key) != texts:
        raise InvalidKeyError(
            f"Can't fill the template '{pattern.text}'.",
            f"key '{key}' would be read back with other values",
            "Could a character that no value has stand between the fields?",
        )
    return key


def _format(value: object, kind: str, name: str, template: str) -> str:
    text = text_of(value, kind)
    if not text or "/" in text:
        raise InvalidKeyError(
            f"Can't fill the template '{template}'.",
            f"field '{name}' must be {kind}, not empty and without a slash; got {value!r}",
        )
    return text


def text_of(value: object, kind: str) -> str | None:
    """Return the text of a value in a field of some type; ``None`` where it can't have one."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool) or _is_missing(value):
        return None
    if isinstance(value, dt.datetime):
        return value.date().isoformat() if kind in ("str", "date") and value.time() == dt.time() else None
    if isinstance(value, dt.date):
        return value.isoformat() if kind in ("str", "date") else None
    return None if kind == "date" else _text_of_number(value, kind)


def _is_missing(value: object) -> bool:
    try:
        return bool(value != value)  # noqa: PLR0124 (NaN and NaT differ from themselves)
    except (TypeError, ValueError):  # pandas.NA has no truth
        return True


def _text_of_number(value: object, kind: str) -> str | None:
    try:
        number = float(value)  # type: ignore[arg-type]
        whole = int(value) if number.is_integer() else None  # type: ignore[call-overload]
    except (TypeError, ValueError, OverflowError):
        return None
    if whole is not None and abs(whole) < INT_LIMIT and (kind == "int" or not isinstance(value, float)):
        return str(whole)
    return shortest(number) if kind != "int" and math.isfinite(number) else None


def shortest(number: float) -> str:
    """Return the shortest decimal text that reads back as the number, as C's ``%g`` writes it."""
    # Why not repr(): R has only %g, and one template must give one key in both languages.
    texts = (f"{number:.{digits}g}" for digits in (15, 16, 17))
    return next(text for text in texts if float(text) == number)
