r"""Patterns that choose keys: glob, fields, regex.

Glob: ``*`` and ``?`` stay within a segment, ``**`` crosses, ``[a-c]``, ``[!a]``, ``{csv,rds}``. A brace
with a bare name is a field (``{site}``, ``{n:int}``, ``{x:float}``, ``{day:date}``). A trailing ``/`` means
everything below. There is no escape character: ``[*]`` is a star.
Regex: searched for anywhere in the key, as R's ``grep(perl = TRUE)`` does; named groups are fields.
"""

from __future__ import annotations

import datetime as dt
import itertools
import math
import re
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING

from crossframe.errors import InvalidPatternError

if TYPE_CHECKING:
    FieldValue = str | int | float | dt.date | None

# Why: the same expressions, by position, run in R's PCRE.
_FIELD = {
    "str": "([^/]+?)",
    "int": "(-?[0-9]+)",
    "float": r"(-?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][-+]?[0-9]+)?)",
    "date": "([0-9]{4}-[0-9]{2}-[0-9]{2})",
}
_IDENTIFIER = r"[A-Za-z_][A-Za-z0-9_]*"
_FIELD_TEXT = re.compile(rf"({_IDENTIFIER})(?::({_IDENTIFIER}))?")
# Why: the other columns that find() answers with.
_TAKEN = frozenset({"key", "size", "modified", "etag", "format"})
# Why: R holds whole numbers exactly below this, and both languages must give the same one.
INT_LIMIT = 2**53
_MAX_DEPTH = 8


@dataclass(frozen=True, slots=True)
class Pattern:
    """A compiled pattern.

    Attributes:
        text: As the user wrote it.
        prefix: Literal text that every matching key starts with: all that has to be listed.
        fields: Names of the fields, in their order.
        types: Type of each field: ``str``, ``int``, ``float`` or ``date``.
        parts: Literal text and field names a key is filled from; ``None`` where there is a wildcard.
        lead: The same up to the first wildcard; empty for a regular expression.
    """

    text: str
    prefix: str
    fields: tuple[str, ...]
    types: tuple[str, ...]
    parts: tuple[tuple[str, bool], ...] | None
    lead: tuple[tuple[str, bool], ...]
    _regex: re.Pattern[str] = field(repr=False)
    _whole: bool = field(repr=False)

    def groups(self, key: str) -> dict[str, str | None] | None:
        """Return the text of each field where the key matches, else ``None``."""
        if not key or key.endswith("/"):  # a folder marker, not an object of data
            return None
        found = self._regex.fullmatch(key) if self._whole else self._regex.search(key)
        if found is None:
            return None
        return dict(zip(self.fields, found.groups(), strict=True)) if self._whole else found.groupdict()

    def match(self, key: str) -> dict[str, FieldValue] | None:
        """Return the fields' values where the key matches, else ``None``.

        A day or number that does not exist (``2024-02-30``, ``1e999``) does not match.

        Raises:
            InvalidPatternError: A whole number is 2^53 or beyond.
        """
        groups = self.groups(key)
        if groups is None:
            return None
        values: dict[str, FieldValue] = {}
        for (name, text), kind in zip(groups.items(), self.types, strict=True):
            value = _parse(text, kind, name, key)
            if value is None and text is not None:
                return None
            values[name] = value
        return values


def read_field(text: str, kind: str) -> FieldValue:
    """Read the text of a field of some type; ``None`` where it is none of that type."""
    if not re.fullmatch(_FIELD[kind], text):
        return None
    return _parse(text, kind, kind, text)


def _parse(text: str | None, kind: str, name: str, key: str) -> FieldValue:
    if text is None or kind == "str":
        return text
    if kind == "int":
        if len(text) > 17 or abs(int(text)) >= INT_LIMIT:  # noqa: PLR2004 (digits int() need not see)
            raise InvalidPatternError(
                f"Can't read field '{name}' of key '{key}' as int.",
                f"{text} is not below 2^53",
                f"Write {{{name}}} to have it as text.",
            )
        return int(text)
    if kind == "float":
        number = float(text)
        return number if math.isfinite(number) else None
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        return None


@lru_cache(maxsize=256)
def compile_pattern(text: str, regex: bool = False) -> Pattern:
    """Compile a pattern or template.

    Args:
        text: The pattern, without scheme and bucket. Empty means every key.
        regex: Take it as a regular expression.

    Raises:
        InvalidPatternError: It can't be parsed.
    """
    if regex:
        return _compile_regex(text)
    glob = _Glob(text)
    body = glob.translate(text + "**" if not text or text.endswith("/") else text)
    prefix = ""
    for literal, is_field in glob.parts:
        if is_field:
            break
        prefix += literal
    parts = tuple(glob.parts)
    # What stands for a wildcard is a field without a name.
    lead = tuple(itertools.takewhile(lambda part: part[0], parts))
    compiled = re.compile(body, re.DOTALL)
    return Pattern(
        text,
        prefix,
        tuple(glob.fields),
        tuple(glob.types),
        parts if glob.fillable else None,
        lead,
        compiled,
        _whole=True,
    )


def _check_field(text: str, name: str, fields: list[str]) -> None:
    if name in fields:
        raise _invalid(text, f"field '{name}' stands twice")
    if name in _TAKEN:
        raise _invalid(text, f"a field can't be called '{name}': find() has a column of that name")


def _invalid(text: str, detail: str, hint: str | None = None) -> InvalidPatternError:
    return InvalidPatternError(f"Can't use the pattern '{text}'.", detail, hint)


class _Glob:
    """Translates a glob to a regular expression, noting fields and literal text on the way."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.fields: list[str] = []
        self.types: list[str] = []
        self.parts: list[tuple[str, bool]] = []
        self.fillable = True

    def translate(self, glob: str, depth: int = 0, *, at_start: bool = True) -> str:
        out: list[str] = []
        i = 0
        while i < len(glob):
            char = glob[i]
            start = at_start if i == 0 else glob[i - 1] == "/"
            if char == "*":
                code, i = self._star(glob, i, start=start, top=depth == 0)
            elif char == "?":
                code, i = "[^/]", i + 1
            elif char == "[":
                code, i = self._class(glob, i, depth)
            elif char == "{":
                code, i = self._brace(glob, i, depth, start=start)
            elif char == "}":
                raise _invalid(self.text, "a '}' has no '{' before it", "Write []] or [}] for the character.")
            else:
                code, i = re.escape(char), i + 1
                self._literal(char, depth)
            if char in "*?":
                self._wild(depth)
            out.append(code)
        return "".join(out)

    def _literal(self, char: str, depth: int) -> None:
        if depth == 0:
            self.parts.append((char, False))

    def _wild(self, depth: int) -> None:
        if depth == 0:
            self.parts.append(("", True))
        self.fillable = False

    @staticmethod
    def _star(glob: str, i: int, *, start: bool, top: bool) -> tuple[str, int]:
        end = i
        while end < len(glob) and glob[end] == "*":
            end += 1
        if end == i + 1:
            return "[^/]*", end
        if start and glob[end : end + 1] == "/":
            return "(?:.*/)?", end + 1
        if start and top and end == len(glob):
            return ".+", end
        return ".*", end

    def _class(self, glob: str, i: int, depth: int) -> tuple[str, int]:
        start = i + 1
        negated = glob[start : start + 1] in ("!", "^") and glob[start:] != ""
        start += negated
        end = glob.find("]", start + 1)
        if end < 0:
            raise _invalid(self.text, "a '[' is never closed", "Write [[] for the character.")
        body = glob[start:end]
        if not negated and len(body) == 1:
            self._literal(body, depth)
            return re.escape(body), end + 1
        ranges = re.findall(r"(.)-(.)|(.)", body, re.DOTALL)
        if any(low > high for low, high, _ in ranges if low):
            raise _invalid(self.text, f"a range in [{body}] runs backwards")
        code = "".join(
            f"{_in_class(low)}-{_in_class(high)}" if low else _in_class(one) for low, high, one in ranges
        )
        self._wild(depth)
        return f"(?!/)[{'^' if negated else ''}{code}]", end + 1

    def _brace(self, glob: str, i: int, depth: int, *, start: bool) -> tuple[str, int]:
        end, commas = self._closing(glob, i)
        body = glob[i + 1 : end]
        if not commas:
            return self._field(body, depth), end + 1
        if depth == _MAX_DEPTH:
            raise _invalid(self.text, f"alternatives are nested more than {_MAX_DEPTH} deep")
        self._wild(depth)
        edges = [i, *commas, end]
        options = [
            self.translate(glob[low + 1 : high], depth + 1, at_start=start)
            for low, high in itertools.pairwise(edges)
        ]
        return f"(?:{'|'.join(options)})", end + 1

    def _closing(self, glob: str, i: int) -> tuple[int, list[int]]:
        level, at = 0, i
        commas: list[int] = []
        while at < len(glob):
            char = glob[at]
            if char == "[":
                close = glob.find("]", at + 2 + (glob[at + 1 : at + 2] in ("!", "^")))
                at = close if close > 0 else at
            elif char == "{":
                level += 1
            elif char == "}":
                level -= 1
                if level == 0:
                    return at, commas
            elif char == "," and level == 1:
                commas.append(at)
            at += 1
        raise _invalid(self.text, "a '{' is never closed", "Write [{] for the character.")

    def _field(self, body: str, depth: int) -> str:
        found = _FIELD_TEXT.fullmatch(body)
        if found is None:
            raise _invalid(
                self.text,
                f"{{{body}}} is neither a field nor a list of alternatives",
                "Is it {name}, {name:int} or {csv,rds}?",
            )
        name, kind = found[1], found[2] or "str"
        if kind not in _FIELD:
            raise _invalid(self.text, f"field '{name}' has type '{kind}', not one of {', '.join(_FIELD)}")
        if depth:
            raise _invalid(self.text, f"field '{name}' can't stand within alternatives")
        _check_field(self.text, name, self.fields)
        self.fields.append(name)
        self.types.append(kind)
        self.parts.append((name, True))
        return _FIELD[kind]


def _in_class(char: str) -> str:
    return "\\" + char if char in "\\]^-[&~|" else char


# Why: R users write these; Python's re has none.
_POSIX = {
    "alnum": "0-9A-Za-z",
    "alpha": "A-Za-z",
    "digit": "0-9",
    "lower": "a-z",
    "punct": r"!-/:-@\[-`{-~",
    "space": r"\s",
    "upper": "A-Z",
    "xdigit": "0-9A-Fa-f",
}
_REGEX_TOKEN = re.compile(r"\\.|\[\^?\]?(?:\\.|\[:\^?[a-z]+:\]|[^\]\\])*\]|\(\?<(?=[A-Za-z_])|.", re.DOTALL)
_LITERAL_REGEX = re.compile(r"\^((?:[^\\.^$*+?{}\[\]|()]|\\[^A-Za-z0-9])*)([*?{])?")


def _to_python(token: str) -> str:
    if token == "(?<":  # noqa: S105 (a token of a regular expression)
        return "(?P<"
    if not token.startswith("["):
        return token
    head = re.match(r"\[\^?\]?", token)
    start = head.end() if head else 1
    out = [token[:start]]
    for piece in re.findall(r"\\.|\[:\^?[a-z]+:\]|.", token[start:-1], re.DOTALL):
        if piece.startswith("[:"):
            if piece[2:-2] not in _POSIX:
                raise _invalid(token, f"there is no class {piece}")
            out.append(_POSIX[piece[2:-2]])
        else:
            out.append("\\" + piece if piece in "[&~|" else piece)
    return "".join(out) + "]"


def _compile_regex(text: str) -> Pattern:
    try:
        # Why ASCII: \d and \w mean what they mean in R.
        compiled = re.compile("".join(map(_to_python, _REGEX_TOKEN.findall(text))), re.ASCII)
    except (re.error, OverflowError, RecursionError) as error:
        raise _invalid(text, f"not a regular expression: {error}") from None
    fields: list[str] = []
    for name in compiled.groupindex:
        _check_field(text, name, fields)
        fields.append(name)
    found = _LITERAL_REGEX.match(text)
    prefix = ""
    if found is not None and "|" not in text:
        pieces = re.findall(r"\\?.", found[1], re.DOTALL)
        prefix = "".join(piece[-1] for piece in (pieces[:-1] if found[2] else pieces))
    return Pattern(text, prefix, tuple(fields), ("str",) * len(fields), None, (), compiled, _whole=False)
