"""Which objects a pattern means: the literal prefix is listed, the pattern chooses.

A pattern written relative lies under the root, like a key. The sidecar schema of a CSV goes with its data and
is never a match of its own. Nor is the list of a data set's parts, which is no data; but it is copied and
deleted with them.
"""

from __future__ import annotations

import os
from contextlib import closing
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from crossframe.codecs.names import DATA_SET_NAME, SIDECAR_SUFFIX
from crossframe.errors import NoMatchError, ObjectNotFoundError, UsageError
from crossframe.keys import parse_uri, shown_key, text_of
from crossframe.pool import in_order
from crossframe.selection import Selection, select, texts_of
from crossframe.stores import resolve
from crossframe.stores.near_miss import near_miss

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from typing import Unpack

    from crossframe.patterns import FieldValue, Pattern
    from crossframe.selection import Filters
    from crossframe.stores import Location, ObjectMeta, S3Options, Store


@dataclass(frozen=True, slots=True)
class Match:
    """One object that a pattern means.

    Attributes:
        location: Its store and key.
        meta: What the store tells of it.
        fields: Value of each of the pattern's fields.
        sidecar: Whether a sidecar schema lies beside it.
    """

    location: Location
    meta: ObjectMeta
    fields: dict[str, FieldValue]
    sidecar: bool = False


@dataclass(frozen=True, slots=True)
class Target:
    """Where a pattern or template points.

    Attributes:
        location: The store, and the pattern's text as its key.
        selection: The pattern, taken apart, and what narrows it.
    """

    location: Location
    selection: Selection

    @property
    def pattern(self) -> Pattern:
        """The pattern, taken apart."""
        return self.selection.pattern


def open_pattern(
    text: str | os.PathLike[str],
    *,
    regex: bool = False,
    exclude: str | Iterable[str] | None = None,
    options: S3Options | None = None,
    **filters: Unpack[Filters],
) -> Target:
    """Take a pattern apart.

    Raises:
        InvalidUriError: Not a URI or path.
        InvalidPatternError: The pattern, or one to be left out, can't be parsed.
        UsageError: A filter is not of its form.
    """
    location = resolve(text_of(text) or ".", options=options)
    excluded = [_within(location, one, options) for one in texts_of(exclude)]
    return Target(location, select(location.key, regex=regex, exclude=excluded, **filters))


def _within(location: Location, text: str, options: S3Options | None) -> str:
    """Return a pattern to be left out as one of the keys of a store; a relative one is that already."""
    if not text.startswith("/") and "://" not in text and parse_uri(text or ".").key == text:
        return text
    other = resolve(text, options=options)
    base, whole = (
        shown_key(one.store.uri, key, whole=True) for one, key in ((location, ""), (other, other.key))
    )
    if not whole.startswith(base):
        raise UsageError(
            f"Can't leave out '{text}': it is not where the pattern looks.",
            f"The pattern looks in {location.store.uri}.",
        )
    return whole[len(base) :]


def matches(
    text: str | os.PathLike[str],
    *,
    regex: bool = False,
    lists: bool = False,
    exclude: str | Iterable[str] | None = None,
    options: S3Options | None = None,
    **filters: Unpack[Filters],
) -> list[Match]:
    """Return the objects that a pattern means, in byte order of their keys; none is an answer too."""
    target = open_pattern(text, regex=regex, exclude=exclude, options=options, **filters)
    return matches_of(target, lists=lists)


def matches_of(target: Target, *, lists: bool = False) -> list[Match]:
    """Return the objects that a pattern taken apart means.

    Args:
        target: The pattern, and where it points.
        lists: Whether the lists of data sets, which are no data, are to be among them.
    """
    data: set[str] = set()
    found = list(found_of(target, lists=lists, beside=data.add))
    return [replace(one, sidecar=True) if one.meta.key in data else one for one in found] if data else found


def found_of(
    target: Target, *, lists: bool = False, beside: Callable[[str], object] | None = None
) -> Iterator[Match]:
    """Yield the objects that a pattern means as they are listed: none is held, and of no sidecar is told.

    Args:
        target: The pattern, and where it points.
        lists: As for ``matches_of``.
        beside: Called with the key of each object that a sidecar lies beside, after it was yielded.
    """
    store, selection = target.location.store, target.selection
    # Every listed key that the current one begins with: a sidecar's data is one of them.
    begun: list[str] = []
    for prefix, meta in _listed(store, selection.prefixes):
        key = meta.key
        if not lists and key.endswith(DATA_SET_NAME) and key.rpartition("/")[2] == DATA_SET_NAME:
            continue
        while begun and not key.startswith(begun[-1]):
            begun.pop()
        if key.endswith(SIDECAR_SUFFIX):
            data = key.removesuffix(SIDECAR_SUFFIX)
            known = data in begun
            if known and beside is not None:
                beside(data)
            if known or (not data.startswith(prefix) and _is_there(data, store)):
                continue
        if selection.holds(meta.size, meta.modified) and (fields := selection.fields(key)) is not None:
            yield Match(target.location.at(key), meta, fields)
        begun.append(key)


def _listed(store: Store, prefixes: Sequence[str]) -> Iterator[tuple[str, ObjectMeta]]:
    """Yield what is listed below each prefix; of several prefixes some at once."""
    if len(prefixes) == 1:
        yield from ((prefixes[0], meta) for meta in store.list(prefixes[0]))
        return
    with closing(in_order(lambda prefix: list(store.list(prefix)), prefixes)) as listings:
        for prefix, future in listings:
            yield from ((prefix, meta) for meta in future.result())


def some(found: list[Match], text: str | os.PathLike[str], target: Target) -> list[Match]:
    """Return the matches, or raise where there are none.

    Raises:
        NoMatchError: Says what was looked for and where.
    """
    if found:
        return found
    location, prefix = target.location, target.pattern.prefix
    near = near_miss(location.store, prefix) if prefix else None
    narrowed = " It is narrowed by other arguments." if target.selection.is_narrowed else ""
    raise NoMatchError(
        f"Can't find a key that matches '{os.fspath(text)}'.",
        f"Looked below '{prefix}' in {location.store.uri}.{narrowed}",
        f"Did you mean '{location.at(near).shown}'?" if near else None,
    )


def _is_there(key: str, store: Store) -> bool:
    try:
        store.head(key)
    except ObjectNotFoundError:
        return False
    return True
