"""One row a format: how its bytes become tables and back. A new format is a row and a module."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from crossframe.codecs import csv, csv_schema, parquet, rds
from crossframe.codecs.columns import pick
from crossframe.losses import Losses

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import pyarrow as pa
    from typing_extensions import Buffer

SIDECAR_SUFFIX = csv_schema.SUFFIX


@dataclass(frozen=True, slots=True)
class Encoded:
    """Bytes to store.

    Attributes:
        data: Not compressed.
        sidecar: From the bytes as they will be stored to the text beside them; ``None`` for formats without.
    """

    data: Buffer
    sidecar: Callable[[Buffer], str | None] | None = None


@dataclass(frozen=True, slots=True)
class Source:
    """What a decoder is given.

    Attributes:
        name: Name of the frame, for formats that hold none.
        data: Not compressed.
        stored: As it lies in the store; what a sidecar describes.
        sidecar: The text beside it, where there is one.
        columns: Columns to read, in this order; by default all.
        object: The one object to read, of formats that hold several.
        losses: Takes what can't be kept.
    """

    name: str
    data: Buffer
    stored: Buffer
    sidecar: str | None = None
    columns: Sequence[str] | None = None
    object: str | None = None
    losses: Losses = field(default_factory=Losses)


@dataclass(frozen=True, slots=True)
class Target:
    """What an encoder is asked for.

    Attributes:
        losses: Takes what can't be kept.
        serialization: Version of R's serialization, 2 or 3.
        schema: Whether to write a sidecar.
    """

    losses: Losses = field(default_factory=Losses)
    serialization: int = 3
    schema: bool = True


@dataclass(frozen=True, slots=True)
class Codec:
    """A format.

    Attributes:
        encode: Tables by name to bytes.
        decode: Bytes to tables by name.
        several: Whether it holds several named objects.
        sidecar: Whether it has a text beside it.
    """

    encode: Callable[[Mapping[str, pa.Table], Target], Encoded]
    decode: Callable[[Source], Mapping[str, pa.Table]]
    several: bool = False
    sidecar: bool = False


def _one(tables: Mapping[str, pa.Table]) -> pa.Table:
    (table,) = tables.values()
    return table


def _select(table: pa.Table, columns: Sequence[str] | None) -> pa.Table:
    return table if columns is None else table.select(pick(table.column_names, columns))


def _delimited(delimiter: str) -> Codec:
    def encode(tables: Mapping[str, pa.Table], target: Target) -> Encoded:
        encoded = csv.encode(_one(tables), schema=target.schema, delimiter=delimiter)
        return Encoded(encoded.data, encoded.schema_for)

    def decode(source: Source) -> Mapping[str, pa.Table]:
        table = csv.decode(
            source.data, source.sidecar, stored=source.stored, columns=source.columns, delimiter=delimiter
        )
        return {source.name: table}

    return Codec(encode, decode, sidecar=True)


def _encode_parquet(tables: Mapping[str, pa.Table], target: Target) -> Encoded:
    del target
    return Encoded(parquet.encode(_one(tables)))


def _decode_parquet(source: Source) -> Mapping[str, pa.Table]:
    return {source.name: parquet.decode(source.data, columns=source.columns)}


def _encode_rds(tables: Mapping[str, pa.Table], target: Target) -> Encoded:
    return Encoded(rds.encode_rds(_one(tables), target.losses, version=target.serialization))


def _decode_rds(source: Source) -> Mapping[str, pa.Table]:
    return {source.name: _select(rds.decode_rds(source.data, source.losses), source.columns)}


def _encode_rdata(tables: Mapping[str, pa.Table], target: Target) -> Encoded:
    return Encoded(rds.encode_rdata(tables, target.losses, version=target.serialization))


def _decode_rdata(source: Source) -> Mapping[str, pa.Table]:
    tables = rds.decode_rdata(source.data, source.losses, name=source.object)
    return {name: _select(table, source.columns) for name, table in tables.items()}


CODECS: Mapping[str, Codec] = {
    "csv": _delimited(","),
    "tsv": _delimited("\t"),
    "parquet": Codec(_encode_parquet, _decode_parquet),
    "rds": Codec(_encode_rds, _decode_rds),
    "rdata": Codec(_encode_rdata, _decode_rdata, several=True),
}
