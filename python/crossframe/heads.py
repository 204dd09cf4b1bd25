"""The first rows of an object, or its value, to look at: of a large one no more is read than shown.

A Parquet is read by its footer and first pages, a CSV by its first bytes. R's formats can only be read whole.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pyarrow as pa

from crossframe import api, formats, sidecars
from crossframe.codecs import compression as compressions
from crossframe.codecs import csv, csv_schema, parquet, rds
from crossframe.codecs.inspect_r import describe_object
from crossframe.codecs.r_values import decode_value
from crossframe.codecs.table import CODECS, describe_columns
from crossframe.errors import CodecError, ConversionError, CrossframeError, DecodeError, UsageError
from crossframe.keys import name_of
from crossframe.losses import Losses
from crossframe.ranges import SMALL, ranged
from crossframe.results import ObjectInfo

if TYPE_CHECKING:
    from collections.abc import Mapping

    from typing_extensions import Buffer

    from crossframe._rserial import Node
    from crossframe.codecs.packed import Packed
    from crossframe.formats import Choice
    from crossframe.stores import Location, ObjectMeta
    from crossframe.values import Value

# What is read of a large CSV: 200 records of some 2 kB.
CSV_BYTES = 512 * 1024
# R's formats are decoded as a whole, in memory.
LARGEST = 256 << 20
_DELIMITERS = {"csv": ",", "tsv": "\t"}


@dataclass(frozen=True, slots=True)
class Head:
    """The beginning of an object.

    Attributes:
        choice: Its format and compression.
        value: The first rows, all rows, or what is no frame.
        info: The object shown: its columns in the words of R, Arrow and pandas, and its rows, where known.
        objects: What there is to choose from: one, or the objects of an RData.
        whole: Whether ``value`` is all there is.
    """

    choice: Choice
    value: Value
    info: ObjectInfo
    objects: tuple[ObjectInfo, ...]
    whole: bool


def head(location: Location, rows: int = 200, *, name: str | None = None, version: str | None = None) -> Head:
    """Read the beginning of an object.

    Args:
        location: The object.
        rows: How many rows are wanted at least; of what is read whole, all are returned.
        name: The object of an RData; by default its first.
        version: Version id; by default the newest.

    Raises:
        ObjectNotFoundError: No object at that key.
        UnknownFormatError: It is none of our formats.
        UnsafeDataError: It holds code.
        DecodeError: The bytes are truncated, damaged or foreign.
        UsageError: No object has that name, or it is too large to be read whole.
    """
    meta = location.store.head(location.key, version=version)
    try:
        return _head(location, meta, rows, name, version)
    except CrossframeError as error:
        raise api.placed(error, location.uri) from None


def _head(location: Location, meta: ObjectMeta, rows: int, name: str | None, version: str | None) -> Head:
    if meta.size <= SMALL:
        return _decoded(location, meta, api.fetch(location, version=version), name, version)
    store, key = location.store, location.key
    magic = bytes(store.get(key, start=0, length=formats.HEAD_BYTES, version=version))
    if formats.sniff_format(magic) == "parquet":
        return _parquet(location, meta, rows, version, formats.choose(key, magic))
    start = bytes(store.get(key, start=0, length=CSV_BYTES, version=version))
    compression = formats.sniff_compression(start[: formats.HEAD_BYTES])
    text = _expanded(start, compression) if compression else start
    choice = formats.choose(key, text[: formats.HEAD_BYTES], compression=compression)
    # Why text: of some packed data the first bytes alone expand to nothing.
    if choice.format in _DELIMITERS and text:
        return _csv(location, meta, choice, text, rows=rows, version=version)
    if meta.size > LARGEST:
        raise UsageError(
            f"Can't show '{location.shown}': it has {meta.size >> 20} MiB and can only be read whole.",
            hint="Download it, or load it in R or Python.",
        )
    return _decoded(location, meta, api.fetch(location, version=version), name, version)


def _decoded(
    location: Location, meta: ObjectMeta, stored: Buffer, name: str | None, version: str | None
) -> Head:
    choice, packed = api.open_stored(meta.key, stored, None)
    if choice.format in {"rds", "rdata"}:
        return _r(location, packed, name, choice)
    table = next(iter(api.decode(location, stored, Losses(), version=version).values()))
    assert isinstance(table, pa.Table)  # noqa: S101 - R's formats went another way
    info = _info(location, table, table.num_rows, _missing(table))
    return Head(choice, table, info, (info,), whole=True)


def _expanded(start: bytes, compression: str) -> bytes:
    """Return what the first bytes expand to, as far as they go."""
    parts, size = [], 0
    try:
        for part in compressions.expand(start, compression):
            parts.append(bytes(part))
            size += len(part)
            if size >= CSV_BYTES:
                break
    except DecodeError:
        pass  # it ends where we stopped reading
    return b"".join(parts)


def _r(location: Location, packed: Packed, name: str | None, choice: Choice) -> Head:
    nodes: Mapping[str, Node]
    if choice.format == "rds":
        nodes = {name_of(location.key): rds.open_rds(packed)}
    else:
        nodes = rds.open_rdata(packed)
    infos = tuple(describe_object(one, node) for one, node in nodes.items())
    if not infos:
        return Head(choice, None, ObjectInfo("", "NULL", None, ()), (), whole=True)
    chosen = infos[0].name if name is None else name
    if chosen not in nodes:
        held = ", ".join(f"'{one}'" for one in list(nodes)[:5])
        raise UsageError(f"Can't find object '{chosen}'.", f"There are {held}.")
    info = next(one for one in infos if one.name == chosen)
    return Head(choice, decode_value(nodes[chosen], Losses()), info, infos, whole=True)


def _parquet(location: Location, meta: ObjectMeta, rows: int, version: str | None, choice: Choice) -> Head:
    table, count, missing = parquet.head(ranged(location, meta.size, version), rows)
    info = _info(location, table, count, missing)
    return Head(choice, table, info, (info,), whole=False)


def _csv(
    location: Location, meta: ObjectMeta, choice: Choice, text: bytes, *, rows: int, version: str | None
) -> Head:
    records = _records(text, rows)
    schema = sidecars.current(location) if CODECS[choice.format].sidecar and version is None else None
    table = _decode_csv(records, schema, meta.size, _DELIMITERS[choice.format])
    info = _info(location, table, None, {})
    return Head(choice, table, info, (info,), whole=False)


def _records(text: bytes, rows: int) -> bytes:
    """Return the header and the first whole records; a line break between quotes ends none."""
    at = end = 0
    while rows >= 0:
        line = text.find(b"\n", at)
        if line < 0:
            break
        if text.count(b'"', end, line) % 2 == 0:
            end, rows = line + 1, rows - 1
        at = line + 1
    if not end:
        raise DecodeError("Can't decode the data as CSV.", f"No record ends in its first {len(text)} bytes.")
    return text[:end]


def _decode_csv(records: bytes, schema: str | None, size: int, delimiter: str) -> pa.Table:
    if schema is not None:
        try:
            if csv_schema.parse(schema).size in {None, size}:
                return csv.decode(records, csv_schema.restamp(schema, records), delimiter=delimiter)
        except (CodecError, ConversionError):
            pass  # what it notes of rows further down does not fit the first
    return csv.decode(records, delimiter=delimiter)


def _info(location: Location, table: pa.Table, rows: int | None, missing: Mapping[str, int]) -> ObjectInfo:
    columns = describe_columns(table.schema, missing)
    return ObjectInfo(name_of(location.key), "data.frame", rows, columns)


def _missing(table: pa.Table) -> dict[str, int]:
    return {name: column.null_count for name, column in zip(table.column_names, table.columns, strict=True)}
