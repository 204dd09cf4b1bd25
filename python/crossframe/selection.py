"""Which keys are meant: a pattern, less what is left out, by fields, by time of the last write, by size.

The rules are the vectors of ``tests/conformance/select``.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypedDict

from crossframe.errors import UsageError
from crossframe.patterns import Pattern, compile_pattern, read_field
from crossframe.templates import text_of

if TYPE_CHECKING:
    from typing import Unpack

    from crossframe.patterns import FieldValue

    Time = str | dt.date | None

# Begins the name of a folder in which keys are written before they are seen together.
SAVING = ".saving-"
_HIDDEN = re.compile(rf"(?:^|/){re.escape(SAVING)}[0-9a-f]{{16}}/")
# Why: each is a request at least; beyond that one listing of what they share is soon cheaper.
_MOST_PREFIXES = 100
# Why not int and float: 7 is also written 007, and 0.5 is 5e-1.
_ONE_TEXT = frozenset({"str", "date"})
_TIME = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
    r"([T ][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,6})?)?(Z|[+-][0-9]{2}:[0-9]{2})?)?"
)


@dataclass(frozen=True, slots=True)
class Selection:
    """A pattern and what narrows it.

    Attributes:
        pattern: Chooses keys.
        excluded: Patterns whose matches are left out.
        where: Values of fields, of which a key must have one.
        after: The last write was then or later.
        before: The last write was earlier.
        smallest: Size in bytes, at least.
        largest: Size in bytes, at most.
    """

    pattern: Pattern
    excluded: tuple[Pattern, ...] = ()
    where: Mapping[str, tuple[FieldValue, ...]] = field(default_factory=dict)
    after: dt.datetime | None = None
    before: dt.datetime | None = None
    smallest: int | None = None
    largest: int | None = None

    @property
    def is_narrowed(self) -> bool:
        """Whether it is more than a pattern."""
        return self != Selection(self.pattern)

    @property
    def prefixes(self) -> tuple[str, ...]:
        """What has to be listed, in byte order; none is within another's listing."""
        if any(not values for values in self.where.values()):
            return ()
        found = self._led() if self.where else [self.pattern.prefix]
        kept: list[str] = []
        for prefix in sorted(found):
            if not kept or not prefix.startswith(kept[-1]):
                kept.append(prefix)
        return tuple(kept)

    def _led(self) -> list[str]:
        """Return the literal beginnings, with the known values of fields filled in."""
        kinds = dict(zip(self.pattern.fields, self.pattern.types, strict=True))
        found = [""]
        for text, is_field in self.pattern.lead:
            if not is_field:
                found = [one + text for one in found]
                continue
            if text not in self.where or kinds[text] not in _ONE_TEXT:
                break
            # A value that is no segment is that of no key.
            values = [str(one) for one in self.where[text] if str(one) and "/" not in str(one)]
            if len(found) * len(values) > _MOST_PREFIXES:
                break
            found = [one + value for one in found for value in values]
        # A regular expression has no parts, only its prefix.
        return found if self.pattern.lead else [self.pattern.prefix]

    def fields(self, key: str) -> dict[str, FieldValue] | None:
        """Return the fields' values where the key is meant, else ``None``."""
        # Whoever means what is being written says so in the literal prefix.
        if SAVING in key and SAVING not in self.pattern.prefix and _HIDDEN.search(key):
            return None
        values = self.pattern.match(key)
        if values is None or any(values[name] not in wanted for name, wanted in self.where.items()):
            return None
        return None if any(one.match(key) is not None for one in self.excluded) else values

    def holds(self, size: int, modified: dt.datetime) -> bool:
        """Tell whether an object of that size, written then, is meant."""
        return not (
            (self.smallest is not None and size < self.smallest)
            or (self.largest is not None and size > self.largest)
            or (self.after is not None and modified < self.after)
            or (self.before is not None and modified >= self.before)
        )


class Filters(TypedDict, total=False):
    """What narrows a pattern; ``find`` says what each is."""

    where: Mapping[str, object] | None
    modified_after: str | dt.date | None
    modified_before: str | dt.date | None
    min_size: float | None
    max_size: float | None


def select(
    pattern: str, *, regex: bool = False, exclude: Iterable[str] = (), **filters: Unpack[Filters]
) -> Selection:
    """Make a selection of the arguments of ``find``, pattern and exclusions without scheme and bucket.

    Raises:
        InvalidPatternError: A pattern can't be parsed.
        UsageError: A filter is not of its form, or names no field of the pattern.
    """
    compiled = compile_pattern(pattern, regex)
    return Selection(
        compiled,
        tuple(compile_pattern(one, regex) for one in exclude),
        _where(filters.get("where"), compiled),
        _time("modified_after", filters.get("modified_after")),
        _time("modified_before", filters.get("modified_before")),
        _size("min_size", filters.get("min_size")),
        _size("max_size", filters.get("max_size")),
    )


def saving_folder(key: str) -> str | None:
    """Return the folder in which a key was written before it is seen, or ``None``: it is no such key."""
    found = _HIDDEN.search(key) if SAVING in key else None
    return None if found is None else key[: found.end()]


def texts_of(exclude: object) -> tuple[str, ...]:
    """Return the patterns of ``exclude=``: one, several or none.

    Raises:
        UsageError: It is neither text nor a list of texts.
    """
    if exclude is None:
        return ()
    found = (exclude,) if isinstance(exclude, str) or not isinstance(exclude, Iterable) else tuple(exclude)
    for one in found:
        if not isinstance(one, str):
            raise UsageError("Argument exclude= must be a pattern, or a list of them.", f"It has {one!r}.")
    return found


def _where(given: Mapping[str, object] | None, pattern: Pattern) -> dict[str, tuple[FieldValue, ...]]:
    if given is None:
        return {}
    if not isinstance(given, Mapping):
        raise UsageError(
            "Argument where= must map fields to values.", f"It is {given!r}.", 'Is it {"site": "oslo"}?'
        )
    kinds = dict(zip(pattern.fields, pattern.types, strict=True))
    for name in given:
        if name not in kinds:
            there = ", ".join(kinds) or "none"
            raise UsageError(
                f"Argument where= names '{name}', which is no field of the pattern.", f"Its fields: {there}."
            )
    return {name: _values(name, kinds[name], wanted) for name, wanted in given.items()}


def _values(name: str, kind: str, wanted: object) -> tuple[FieldValue, ...]:
    several = wanted if isinstance(wanted, Iterable) and not isinstance(wanted, str | bytes) else (wanted,)
    # Each once, in the order given.
    return tuple(dict.fromkeys(_value(name, kind, one) for one in several))


def _value(name: str, kind: str, value: object) -> FieldValue:
    text = text_of(value, kind)
    read = None if text is None else text if kind == "str" else read_field(text, kind)
    if read is None:
        raise UsageError(f"Argument where= must give field '{name}' as {kind}.", f"It has {value!r}.")
    return read


def _time(argument: str, given: Time) -> dt.datetime | None:
    """Return a moment; without a zone it is in UTC, and a day is its beginning."""
    if given is None:
        return None
    try:
        time = _read_time(given)
        return time.replace(tzinfo=dt.UTC) if time.tzinfo is None else time.astimezone(dt.UTC)
    except (TypeError, ValueError, OverflowError):
        raise UsageError(
            f"Argument {argument}= must be a time.",
            f"It is {given!r}.",
            "Is it a datetime, or 2024-05-01T12:30:00Z?",
        ) from None


def _read_time(given: str | dt.date) -> dt.datetime:
    if isinstance(given, str):
        if not _TIME.fullmatch(given):
            raise ValueError(given)
        return dt.datetime.fromisoformat(given)
    if isinstance(given, dt.datetime):
        return dt.datetime.fromisoformat(given.isoformat())  # pandas' NaT has no such text
    return dt.datetime.combine(given, dt.time())


def _size(argument: str, given: float | None) -> int | None:
    if given is None:
        return None
    with suppress(TypeError, ValueError, OverflowError):
        if not isinstance(given, bool | str) and given == int(given) >= 0:
            return int(given)
    raise UsageError(f"Argument {argument}= must be a whole number of bytes.", f"It is {given!r}.")
