"""One row a format: how its bytes become tables and back. A new format is a row and a module."""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pyarrow as pa

from crossframe.codecs import compression as compressions
from crossframe.codecs import csv, parquet, rds
from crossframe.codecs.columns import pick
from crossframe.codecs.inspect_r import describe_object
from crossframe.codecs.serialized import Serialized
from crossframe.errors import UnsupportedTypeError, UsageError
from crossframe.losses import Losses
from crossframe.pandas_note import dtype_word, noted_dtypes, read_note
from crossframe.results import ColumnInfo, ObjectInfo
from crossframe.types import describe

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import BinaryIO

    from typing_extensions import Buffer

    from crossframe.codecs.packed import Packed
    from crossframe.values import Value


@dataclass(frozen=True, slots=True)
class Encoded:
    """What is to be stored.

    Attributes:
        data: Bytes, not compressed, or what they will be made of.
        sidecar: From the bytes as they will be stored to the text beside them; ``None`` for formats without.
    """

    data: Buffer | Serialized
    sidecar: Callable[[Buffer], str | None] | None = None

    def stored(self, compression: str | None) -> Buffer:
        """Return the bytes as they will be stored."""
        if isinstance(self.data, Serialized):
            return self.data.compressed(compression) if compression else self.data.whole()
        return compressions.compress(self.data, compression) if compression else self.data

    def write(self, compression: str | None, sink: Callable[[Buffer], object]) -> None:
        """Give the bytes as they will be stored to ``sink``, piece by piece where that is possible."""
        if isinstance(self.data, Serialized):
            self.data.write(compression, sink)
        else:
            sink(self.stored(compression))


@dataclass(frozen=True, slots=True)
class Source:
    """What a decoder is given.

    Attributes:
        name: Name of the frame, for formats that hold none.
        packed: As it lies in the store, with its compression; what a sidecar describes is the former.
        sidecar: The text beside it, where there is one.
        columns: Columns to read, in this order; by default all.
        object: The one object to read, of formats that hold several.
        losses: Takes what can't be kept.
    """

    name: str
    packed: Packed
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
        encode: Tables and values by name to bytes.
        decode: Bytes to tables and values by name.
        inspect: What is in the bytes, converted no more than that takes.
        inspect_file: The same of the name of a frame and a file, with as little read as that takes; ``None``
            where that is all of it.
        several: Whether it holds several named objects.
        sidecar: Whether it has a text beside it.
        like: A file's one table without the rows, with as little read as that takes; ``None`` where that is
            all of it.
    """

    encode: Callable[[Mapping[str, Value], Target], Encoded]
    decode: Callable[[Source], Mapping[str, Value]]
    inspect: Callable[[Source], tuple[ObjectInfo, ...]]
    inspect_file: Callable[[str, BinaryIO], tuple[ObjectInfo, ...]] | None = None
    several: bool = False
    sidecar: bool = False
    like: Callable[[BinaryIO], pa.Table] | None = None


def _one(values: Mapping[str, Value]) -> Value:
    (value,) = values.values()
    return value


def _frame(values: Mapping[str, Value]) -> pa.Table:
    """Return the one value of a format that holds frames only."""
    value = _one(values)
    if not isinstance(value, pa.Table):
        raise UnsupportedTypeError(
            "Can't save what is no frame in this format.", hint="Save it as .rds or .RData."
        )
    return value


def _select(value: Value, columns: Sequence[str] | None) -> Value:
    if columns is None:
        return value
    if not isinstance(value, pa.Table):
        raise UsageError("Can't take columns of what is no frame.")
    return value.select(pick(value.column_names, columns))


def _table(values: Mapping[str, Value]) -> pa.Table:
    return _one(values)


def describe_table(name: str, table: pa.Table) -> ObjectInfo:
    """Describe a frame that was read."""
    missing = {
        column: values.null_count for column, values in zip(table.column_names, table.columns, strict=True)
    }
    return frame_info(name, table.num_rows, describe_columns(table.schema, missing))


def frame_info(name: str, rows: int, columns: tuple[ColumnInfo, ...]) -> ObjectInfo:
    """Describe a frame by its columns."""
    return ObjectInfo(name, "data.frame", rows, columns, dim=(rows, len(columns)))


def describe_columns(schema: pa.Schema, missing: Mapping[str, int]) -> tuple[ColumnInfo, ...]:
    """Describe columns in the words of R, Arrow and pandas; ``missing`` counts those of which it is known."""
    noted = noted_dtypes(read_note(schema))
    columns = []
    for one in schema:
        words, count = describe(one.type), missing.get(one.name)
        pandas = dtype_word(words.arrow, words.pandas, noted.get(one.name), count)
        columns.append(ColumnInfo(one.name, words.r, words.arrow, pandas, count))
    return tuple(columns)


def _delimited(delimiter: str) -> Codec:
    def encode(tables: Mapping[str, Value], target: Target) -> Encoded:
        encoded = csv.encode(_frame(tables), schema=target.schema, delimiter=delimiter)
        return Encoded(encoded.data, encoded.schema_for)

    def decode(source: Source) -> Mapping[str, Value]:
        table = csv.decode(
            source.packed.whole(),
            source.sidecar,
            stored=source.packed.stored,
            columns=source.columns,
            delimiter=delimiter,
        )
        return {source.name: table}

    def inspect(source: Source) -> tuple[ObjectInfo, ...]:
        return (describe_table(source.name, _table(decode(source))),)

    return Codec(encode, decode, inspect, sidecar=True)


def _encode_parquet(tables: Mapping[str, Value], target: Target) -> Encoded:
    del target
    return Encoded(parquet.encode(_frame(tables)))


def _decode_parquet(source: Source) -> Mapping[str, Value]:
    return {source.name: parquet.decode(source.packed.whole(), columns=source.columns)}


def _inspect_parquet(source: Source) -> tuple[ObjectInfo, ...]:
    return _inspect_parquet_file(source.name, io.BytesIO(source.packed.whole()))


def _inspect_parquet_file(name: str, file: BinaryIO) -> tuple[ObjectInfo, ...]:
    found = parquet.inspect(file)
    return (frame_info(name, found.rows, describe_columns(found.schema, found.missing)),)


def _encode_rds(tables: Mapping[str, Value], target: Target) -> Encoded:
    return Encoded(rds.serialize_rds(_one(tables), target.losses, version=target.serialization))


def _decode_rds(source: Source) -> Mapping[str, Value]:
    return {source.name: _select(rds.decode_rds(source.packed, source.losses), source.columns)}


def _inspect_rds(source: Source) -> tuple[ObjectInfo, ...]:
    return (describe_object(source.name, rds.open_rds(source.packed)),)


def _encode_rdata(tables: Mapping[str, Value], target: Target) -> Encoded:
    return Encoded(rds.serialize_rdata(tables, target.losses, version=target.serialization))


def _decode_rdata(source: Source) -> Mapping[str, Value]:
    tables = rds.decode_rdata(source.packed, source.losses, name=source.object)
    return {name: _select(table, source.columns) for name, table in tables.items()}


def _inspect_rdata(source: Source) -> tuple[ObjectInfo, ...]:
    return tuple(describe_object(name, node) for name, node in rds.open_rdata(source.packed).items())


CODECS: Mapping[str, Codec] = {
    "csv": _delimited(","),
    "tsv": _delimited("\t"),
    "parquet": Codec(
        _encode_parquet, _decode_parquet, _inspect_parquet, _inspect_parquet_file, like=parquet.like
    ),
    "rds": Codec(_encode_rds, _decode_rds, _inspect_rds),
    "rdata": Codec(_encode_rdata, _decode_rdata, _inspect_rdata, several=True),
}
