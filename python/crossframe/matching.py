"""Which objects a pattern means: the literal prefix is listed, the pattern chooses.

A pattern written relative lies under the root, like a key. The sidecar schema of a CSV goes with its data and
is never a match of its own. Nor is the list of a data set's parts, which is no data; but it is copied and
deleted with them.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from crossframe.codecs.names import DATA_SET_NAME, SIDECAR_SUFFIX
from crossframe.errors import NoMatchError, ObjectNotFoundError
from crossframe.keys import compile_pattern
from crossframe.stores import resolve
from crossframe.stores.near_miss import near_miss

if TYPE_CHECKING:
    from crossframe.patterns import FieldValue, Pattern
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
        pattern: The pattern, taken apart.
    """

    location: Location
    pattern: Pattern


def open_pattern(
    text: str | os.PathLike[str], *, regex: bool = False, options: S3Options | None = None
) -> Target:
    """Take a pattern apart.

    Raises:
        InvalidUriError: Not a URI or path.
        InvalidPatternError: The pattern can't be parsed.
    """
    location = resolve(os.fspath(text) or ".", options=options)
    return Target(location, compile_pattern(location.key, regex))


def matches(
    text: str | os.PathLike[str],
    *,
    regex: bool = False,
    lists: bool = False,
    options: S3Options | None = None,
) -> list[Match]:
    """Return the objects that a pattern means, in byte order of their keys; none is an answer too.

    Args:
        text: The pattern.
        regex: Take it as a regular expression.
        lists: Whether the lists of data sets, which are no data, are to be among them.
        options: How to reach S3.
    """
    target = open_pattern(text, regex=regex, options=options)
    store = target.location.store
    metas = {meta.key: meta for meta in store.list(target.pattern.prefix)}
    found = []
    for key, meta in metas.items():
        if not lists and key.rpartition("/")[2] == DATA_SET_NAME:
            continue
        fields = target.pattern.match(key)
        if fields is not None and not _is_sidecar(key, metas, store):
            found.append(Match(target.location.at(key), meta, fields, key + SIDECAR_SUFFIX in metas))
    return found


def some(found: list[Match], text: str | os.PathLike[str], target: Target) -> list[Match]:
    """Return the matches, or raise where there are none.

    Raises:
        NoMatchError: Says what was looked for and where.
    """
    if found:
        return found
    location, prefix = target.location, target.pattern.prefix
    near = near_miss(location.store, prefix) if prefix else None
    raise NoMatchError(
        f"Can't find a key that matches '{os.fspath(text)}'.",
        f"Looked below '{prefix}' in {location.store.uri}.",
        f"Did you mean '{location.at(near).shown}'?" if near else None,
    )


def _is_sidecar(key: str, metas: dict[str, ObjectMeta], store: Store) -> bool:
    if not key.endswith(SIDECAR_SUFFIX):
        return False
    data = key.removesuffix(SIDECAR_SUFFIX)
    if data in metas:
        return True
    try:
        store.head(data)
    except ObjectNotFoundError:
        return False
    return True
