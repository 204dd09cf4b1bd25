"""Data sets of parts: what lies below a prefix and is one frame.

Where ``_crossframe.json`` lies beside the parts it says which keys they are, and each must be the one that it
lists. Elsewhere the parts are what is named as parts are, in order of their numbers.
"""

from __future__ import annotations

import hashlib
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import pyarrow as pa

from crossframe import api, formats
from crossframe.attributes import RMetadata
from crossframe.codecs import data_set
from crossframe.codecs.names import DATA_SET_NAME, SIDECAR_SUFFIX
from crossframe.codecs.table import CODECS, describe_columns, describe_table, frame_info
from crossframe.combining import Part, check_columns, combine
from crossframe.errors import (
    AccessDeniedError,
    CorruptObjectError,
    CrossframeError,
    NameClashError,
    NotSupportedError,
    ObjectNotFoundError,
    UnsupportedTypeError,
    UsageError,
)
from crossframe.extensions import split_extensions
from crossframe.fetching import Fetched, decode_fetched, fetch_each
from crossframe.keys import group_parts, name_of, part_number
from crossframe.losses import Losses
from crossframe.ranges import ranged
from crossframe.results import Info

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from typing_extensions import Buffer

    from crossframe.codecs.data_set import ListedPart, PartList
    from crossframe.stores import Location, ObjectMeta
    from crossframe.values import Value

# Dask's to_csv() writes 0.part, 1.part ...
_DASK_SUFFIX = ".part"


@dataclass(frozen=True, slots=True)
class DataPart:
    """One part of a data set.

    Attributes:
        location: Where it is.
        format: Its format, where its name or the list tells more than its bytes.
        listed: What the list says of it; ``None`` without a list.
        sidecar: Whether a sidecar schema lies beside it.
    """

    location: Location
    format: str | None = None
    listed: ListedPart | None = None
    sidecar: bool = False

    @property
    def typed(self) -> bool:
        """Whether its types are stored with it; those of a CSV without a sidecar are inferred."""
        found = self.format or format_of(self.location.key)
        return self.sidecar or found is None or not CODECS[found].sidecar


@dataclass(frozen=True, slots=True)
class DataSet:
    """A data set of parts.

    Attributes:
        location: Its prefix, with the trailing slash.
        parts: One or more, in the order of their rows.
        listed: What ``_crossframe.json`` says; ``None`` without one.
        metas: What the store tells of the objects that it consists of: of the list, and of each part.
    """

    location: Location
    parts: tuple[DataPart, ...]
    listed: PartList | None
    metas: tuple[ObjectMeta, ...]

    def load(
        self,
        losses: Losses,
        *,
        format: str | None = None,
        name: str | None = None,
        columns: Sequence[str] | None = None,
    ) -> pa.Table:
        """Load all parts as one table: rows in the order of the parts, columns as ``combine`` unites them.

        Row names that are whole numbers count the rows of a part, and are counted anew. A column that a part
        lacks is missing in its rows.

        Raises:
            UsageError: No part has one of ``columns``.
            SchemaMismatchError: A column has types in two parts that no type holds both of.
            CorruptObjectError: A part is not the one that is listed.
            CrossframeError: As ``load`` of one key raises, for the first failing part.
        """
        wanted = _Wanted(format, name, columns, losses.strict)

        def decode(found: _Found, fetched: Fetched | CrossframeError) -> tuple[pa.Table, Losses]:
            if isinstance(fetched, CrossframeError):
                raise fetched
            return _read(found.part, fetched, wanted)

        found = [
            _Found(part, part.location, meta, part.sidecar)
            for part, meta in zip(self.parts, self.metas[-len(self.parts) :], strict=True)
        ]
        parts = []
        with closing(fetch_each(found, decode)) as read:
            for part, (table, lost) in zip(self.parts, read, strict=True):
                losses.found.extend(lost.found)
                parts.append(Part(part.location.shown, table, {}))
        if columns is not None:
            check_columns(columns, parts, f"the data set '{self.location.shown}'")
        table = combine(parts, losses, None, columns)
        return table if all(part.typed for part in self.parts) else typed_where_empty(table)

    def info(self) -> Info:
        """Describe it: by the list where that tells the schema, else by loading it."""
        listed = self.listed
        if listed is not None and listed.like is not None:
            columns = describe_columns(listed.like.schema, {})
            frame = frame_info(self.name, sum(part.rows for part in listed.parts), columns)
        else:
            frame = describe_table(self.name, self.load(Losses()))
        head = self.metas[0]
        return Info(
            key=self.location.shown,
            uri=self.location.uri,
            format=self.format,
            compression=None,
            size=sum(meta.size for meta in self.metas),
            modified=max(meta.modified for meta in self.metas),
            etag=head.etag if listed else "",
            version=None,
            versions=None,
            media_type=None,
            metadata={},
            frames=(frame,),
        )

    @property
    def name(self) -> str:
        """Name of its frame: the last segment of its prefix."""
        return name_of(self.location.shown)

    @property
    def format(self) -> str:
        """Format of its first part."""
        first = self.parts[0]
        return first.format or format_of(first.location.key) or "csv"


def find(prefix: Location) -> DataSet | None:
    """Return the data set below a prefix; ``None`` where there is none, or nothing may be listed.

    Args:
        prefix: A key that is empty or ends in ``/``.

    Raises:
        ObjectNotFoundError: A part that is listed is not there.
        CorruptObjectError: It was begun and not ended.
        DecodeError: Its list is damaged or foreign.
        NameClashError: Two parts have one number.
    """
    try:
        objects = prefix.store.children(prefix.key).objects
    except (AccessDeniedError, NotSupportedError):
        return None
    metas = {meta.key.removeprefix(prefix.key): meta for meta in objects}
    if DATA_SET_NAME in metas:
        return _listed(prefix, metas)
    names = _numbered(prefix, metas)
    if not names:
        return None
    parts = tuple(
        DataPart(
            prefix.at(prefix.key + name),
            dask_format(name),
            None,
            name + SIDECAR_SUFFIX in metas,
        )
        for name in names
    )
    return DataSet(prefix, parts, None, tuple(metas[name] for name in names))


def _listed(prefix: Location, metas: Mapping[str, ObjectMeta]) -> DataSet:
    list_at = prefix.at(prefix.key + DATA_SET_NAME)
    try:
        listed = data_set.decode(prefix.store.get(list_at.key))
    except CrossframeError as error:
        raise api.placed(error, list_at.uri) from None
    for part in listed.parts:
        if part.key not in metas:
            raise ObjectNotFoundError(
                f"Can't find part '{part.key}' of the data set '{prefix.shown}'.",
                f"{list_at.uri} lists it.",
                "Was it deleted or moved? Save the data set again, or load the other parts one by one.",
            )
    parts = tuple(
        DataPart(
            prefix.at(prefix.key + part.key),
            listed.format,
            part,
            part.key + SIDECAR_SUFFIX in metas,
        )
        for part in listed.parts
    )
    used = (DATA_SET_NAME, *(part.key for part in listed.parts))
    return DataSet(prefix, parts, listed, tuple(metas[name] for name in used))


def format_of(key: str) -> str | None:
    """Return the format that a key's end tells, that of Dask's CSV parts included."""
    return dask_format(key) or split_extensions(key).format


def dask_format(key: str) -> str | None:
    """Return the format of Dask's CSV parts, whose end is no extension; ``None`` for all others."""
    return "csv" if key.endswith(_DASK_SUFFIX) else None


def _numbered(prefix: Location, names: Iterable[str]) -> list[str]:
    """Return the names of parts in order of their numbers."""
    sets = [found for found in group_parts(f"set/{name}" for name in names) if found.parts]
    parts = [key.removeprefix("set/") for found in sets for key in found.parts]
    by_number: dict[int | None, str] = {}
    for name in parts:
        number = part_number(name)
        if number in by_number:
            raise NameClashError(
                f"Can't tell which part {number} of the data set '{prefix.shown}' is.",
                f"It may be '{by_number[number]}' or '{name}'.",
                "Load the right ones by a pattern: load_many(..., combine=True).",
            )
        by_number[number] = name
    return parts


def read_part(
    part: DataPart,
    *,
    format: str | None = None,
    name: str | None = None,
    columns: Sequence[str] | None = None,
    strict: bool = False,
) -> tuple[pa.Table, Losses]:
    """Load one part, without those of ``columns`` that it lacks, and what could not be kept of it."""
    return _read(part, Fetched(api.fetch(part.location)), _Wanted(format, name, columns, strict))


class _Found(NamedTuple):
    """A part as its data set's prefix lists it."""

    part: DataPart
    location: Location
    meta: ObjectMeta
    sidecar: bool


class _Wanted(NamedTuple):
    """What is wanted of each part."""

    format: str | None
    name: str | None
    columns: Sequence[str] | None
    strict: bool


def _read(part: DataPart, fetched: Fetched, wanted: _Wanted) -> tuple[pa.Table, Losses]:
    if part.listed is not None:
        _check_bytes(part, part.listed, fetched.stored)
    losses = Losses(strict=wanted.strict)
    values = decode_fetched(
        part,
        fetched,
        losses,
        format=wanted.format or part.format,
        name=wanted.name,
        columns=wanted.columns,
        lacking=True,
    )
    table = one_table(values, part.location)
    if part.listed is not None and table.num_rows != part.listed.rows:
        raise _other(part, f"It has {table.num_rows} rows, not {part.listed.rows}.")
    return _without_row_numbers(table if part.typed else _untyped_where_empty(table)), losses


def like_of(part: DataPart, *, format: str | None = None, name: str | None = None) -> pa.Table:
    """Return a part's table without its rows, with as little read as its format allows."""
    try:
        table = _like_by_parts(part.location, format or part.format)
    except CrossframeError as error:
        raise api.placed(error, part.location.uri) from None
    if table is None:
        table, _ = read_part(part, format=format, name=name)
        table = table if part.typed else typed_where_empty(table)
    return data_set.like(table)


def _like_by_parts(location: Location, format: str | None) -> pa.Table | None:
    """Return a table without its rows by reading parts of the object; ``None`` where all must be read."""
    try:
        size = location.store.head(location.key).size
    except ObjectNotFoundError:
        return None  # whoever reads it all meets the same, and knows what to say
    magic = bytes(location.store.get(location.key, length=formats.HEAD_BYTES))
    known = format or formats.sniff_format(magic)
    if known is None or formats.sniff_compression(magic):
        return None
    like = CODECS[formats.format_row(known).name].like
    if like is None:
        return None
    formats.choose(location.key, magic, format)  # which warns of a key that tells another
    return like(ranged(location, size))


def one_table(values: Mapping[str, Value], location: Location) -> pa.Table:
    """Return the one frame that an object holds.

    Raises:
        UsageError: It holds several objects.
        UnsupportedTypeError: It holds no frame.
    """
    if len(values) != 1:
        names = ", ".join(f"'{name}'" for name in list(values)[:5]) or "nothing"
        raise UsageError(
            f"Can't load '{location.shown}' as one frame.", f"It holds {names}.", "Say which with name=."
        )
    (value,) = values.values()
    if not isinstance(value, pa.Table):
        raise UnsupportedTypeError(f"Can't load '{location.shown}' as a frame: it holds none.")
    return value


def _check_bytes(part: DataPart, listed: ListedPart, stored: Buffer) -> None:
    view = memoryview(stored).cast("B")
    if len(view) != listed.size:
        raise _other(part, f"It has {len(view)} bytes, not {listed.size}.")
    md5 = hashlib.md5(view, usedforsecurity=False).hexdigest()
    if md5 != listed.md5:
        raise _other(part, f"Its MD5 is {md5}, not {listed.md5}.")


def _other(part: DataPart, detail: str) -> CorruptObjectError:
    return CorruptObjectError(
        f"Part '{part.location.shown}' must be the one that {DATA_SET_NAME} beside it lists.",
        detail,
        "Is the data set being written just now? Load it again, or save it again.",
    )


def _without_row_numbers(table: pa.Table) -> pa.Table:
    noted = RMetadata.of(table.schema)
    names = noted.attributes.get("row.names")
    if names is None or names.kind == "character":
        return table
    del noted.attributes["row.names"]
    return noted.apply(table)


def _untyped_where_empty(table: pa.Table) -> pa.Table:
    """Give a column without any value no type: nothing was there to infer one from."""
    for position, field in enumerate(table.schema):
        if pa.types.is_boolean(field.type) and table.column(position).null_count == table.num_rows:
            table = table.set_column(position, field.with_type(pa.null()), [pa.nulls(table.num_rows)])
    return table


def typed_where_empty(table: pa.Table) -> pa.Table:
    """Give what no part has a value of the type that a CSV's column without values has."""
    for position, field in enumerate(table.schema):
        if pa.types.is_null(field.type):
            values = [pa.nulls(table.num_rows, pa.bool_())]
            table = table.set_column(position, field.with_type(pa.bool_()), values)
    return table
