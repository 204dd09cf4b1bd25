"""Which keys are the partitions of a Dask DataFrame, in their order."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from crossframe import data_sets
from crossframe.combining import field_types
from crossframe.data_sets import DataPart, dask_format
from crossframe.keys import group_parts, text_of
from crossframe.matching import matches_of, open_pattern, some
from crossframe.plans import is_pattern
from crossframe.sidecars import beside, is_there
from crossframe.stores import resolve, with_near_miss
from crossframe.stores.checks import object_not_found

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable, Mapping

    import pyarrow as pa
    from typing_extensions import Unpack

    from crossframe.codecs.data_set import ListedPart, PartList
    from crossframe.matching import Match
    from crossframe.patterns import FieldValue, Pattern
    from crossframe.selection import Filters
    from crossframe.stores import S3Options


@dataclass(frozen=True, slots=True)
class Partition:
    """One key, in words that another process understands.

    Attributes:
        key: The key, to be used under the same root; of a link, all of it.
        format: Its format, where that is told.
        listed: What a data set's list says of it.
        sidecar: Whether a sidecar schema lies beside it.
        fields: What the key says by its pattern's fields.
    """

    # Why not shown: Dask logs its tasks, and a link is a secret.
    key: str = field(repr=False)
    format: str | None = None
    listed: ListedPart | None = None
    sidecar: bool = False
    fields: Mapping[str, FieldValue] = field(default_factory=dict)

    def part(self, root: str, options: S3Options | None) -> DataPart:
        """Return it as something to be read in this process."""
        location = resolve(self.key, root=root, options=options)
        return DataPart(location, self.format, self.listed, self.sidecar)


@dataclass(frozen=True, slots=True)
class Partitions:
    """All of them.

    Attributes:
        keys: One or more.
        types: Type of the column of each of the pattern's fields.
        listed: The data set's list, where they are parts of one that has it.
    """

    keys: tuple[Partition, ...]
    types: Mapping[str, pa.DataType] = field(default_factory=dict)
    listed: PartList | None = None


def partitions(
    pattern: str | os.PathLike[str],
    *,
    regex: bool = False,
    exclude: str | Iterable[str] | None = None,
    options: S3Options | None = None,
    **filters: Unpack[Filters],
) -> Partitions:
    """Return the keys that a pattern, a data set's prefix or a key means.

    Raises:
        NoMatchError: The pattern matches no key.
        ObjectNotFoundError: There is neither such a key nor a data set below it.
    """
    text = text_of(pattern)
    narrowed = exclude is not None or any(value is not None for value in filters.values())
    if not regex and not narrowed and (text.endswith("/") or not is_pattern(text)):
        found = _named(text, options)
        if found is not None:
            return found
    target = open_pattern(text, regex=regex, exclude=exclude, options=options, **filters)
    return _matched(some(matches_of(target), text, target), target.pattern)


def _named(text: str, options: S3Options | None) -> Partitions | None:
    """Return an object or a data set; ``None`` for what is below a prefix without being one."""
    location = resolve(text, options=options)
    if location.store.uri.startswith("http"):
        # Why the text: a location does not tell a link's signature.
        return Partitions((Partition(text),))
    prefix = not location.key or location.key.endswith("/")
    if not prefix and is_there(location):
        return Partitions((Partition(location.shown, sidecar=is_there(beside(location))),))
    found = data_sets.find(location if prefix else location.at(location.key + "/"))
    if found is not None:
        keys = (Partition(one.location.shown, one.format, one.listed, one.sidecar) for one in found.parts)
        return Partitions(tuple(keys), listed=found.listed)
    if prefix:
        return None
    raise with_near_miss(object_not_found(location.key, location.store.uri), location)


def _matched(found: list[Match], pattern: Pattern) -> Partitions:
    """Return the matches, parts of a data set in order of their numbers; files about the parts are none."""
    by_key = {match.location.key: match for match in found}
    ordered = [by_key[key] for one in group_parts(by_key) for key in one.parts or (one.key,)]
    keys = (
        Partition(
            match.location.shown,
            dask_format(match.location.key),
            sidecar=match.sidecar,
            fields=match.fields,
        )
        for match in ordered
    )
    return Partitions(tuple(keys), field_types(pattern))
