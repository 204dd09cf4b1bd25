"""Which keys are the partitions of a Dask DataFrame, in their order."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from crossframe import data_sets
from crossframe.data_sets import DataPart, format_of, is_typed
from crossframe.errors import ObjectNotFoundError
from crossframe.keys import group_parts
from crossframe.matching import matches, open_pattern, some
from crossframe.plans import is_pattern
from crossframe.sidecars import beside, is_there
from crossframe.stores import resolve, with_near_miss

if TYPE_CHECKING:
    from collections.abc import Mapping

    from crossframe.codecs.data_set import ListedPart, PartList
    from crossframe.patterns import FieldValue
    from crossframe.stores import Location, S3Options


@dataclass(frozen=True, slots=True)
class Partition:
    """One key, in words that another process understands.

    Attributes:
        key: The key, to be used under the same root; of a link, all of it.
        format: Its format, where that is told.
        listed: What a data set's list says of it.
        typed: Whether its types are stored with it.
        fields: What the key says by its pattern's fields.
    """

    key: str
    format: str | None = None
    listed: ListedPart | None = None
    typed: bool = True
    fields: Mapping[str, FieldValue] = field(default_factory=dict)

    def part(self, root: str, options: S3Options | None) -> DataPart:
        """Return it as something to be read in this process."""
        location = resolve(self.key, root=root, options=options)
        return DataPart(location, self.format, self.listed, self.typed)


@dataclass(frozen=True, slots=True)
class Partitions:
    """All of them.

    Attributes:
        keys: One or more.
        types: Type of each of the pattern's fields.
        listed: The data set's list, where they are parts of one that has it.
    """

    keys: tuple[Partition, ...]
    types: Mapping[str, str] = field(default_factory=dict)
    listed: PartList | None = None


def partitions(
    pattern: str | os.PathLike[str], *, regex: bool = False, options: S3Options | None = None
) -> Partitions:
    """Return the keys that a pattern, a data set's prefix or a key means.

    Raises:
        NoMatchError: The pattern matches no key.
        ObjectNotFoundError: There is neither such a key nor a data set below it.
    """
    text = os.fspath(pattern)
    if not regex and (text.endswith("/") or not is_pattern(text)):
        found = _named(text, options)
        if found is not None:
            return found
    return _matched(text, regex=regex, options=options)


def _named(text: str, options: S3Options | None) -> Partitions | None:
    """Return an object or a data set; ``None`` for what is below a prefix without being one."""
    location = resolve(text, options=options)
    if location.store.uri.startswith("http"):
        # Why the text: a location does not tell a link's signature.
        return Partitions((Partition(text),))
    prefix = not location.key or location.key.endswith("/")
    if not prefix and is_there(location):
        format = format_of(location.key)
        typed = is_typed(location.key, format, sidecar=is_there(beside(location)))
        return Partitions((Partition(location.shown, typed=typed),))
    found = data_sets.find(location if prefix else location.at(location.key + "/"))
    if found is not None:
        keys = (Partition(one.location.shown, one.format, one.listed, one.typed) for one in found.parts)
        return Partitions(tuple(keys), listed=found.listed)
    if prefix:
        return None
    raise with_near_miss(_not_found(location), location)


def _not_found(location: Location) -> ObjectNotFoundError:
    return ObjectNotFoundError(f"Can't find object '{location.key}' in {location.store.uri}.")


def _matched(text: str, *, regex: bool, options: S3Options | None) -> Partitions:
    target = open_pattern(text, regex=regex, options=options)
    found = some(matches(text, regex=regex, options=options), text, target)
    by_key = {match.location.key: match for match in found}
    ordered = [key for one in group_parts(by_key) for key in one.parts or (one.key,)]
    # Why the rest too: files about the parts, such as _metadata, are no data.
    keys = []
    for key in ordered:
        match = by_key[key]
        format = format_of(key)
        keys.append(
            Partition(
                match.location.shown,
                format,
                typed=is_typed(key, format, sidecar=match.sidecar),
                fields=match.fields,
            )
        )
    pattern = target.pattern
    return Partitions(tuple(keys), dict(zip(pattern.fields, pattern.types, strict=True)))
