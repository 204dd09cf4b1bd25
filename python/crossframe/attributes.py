"""R attributes beside an Arrow table: the text under schema key ``r``, and what users see of it.

R's arrow package keeps what a column type can't say as the ASCII serialization of
``list(attributes = <of the frame>, columns = <by column>)``; this module reads and
writes that very form, so either package restores what the other wrote. An entry
that is ``NULL`` says that an attribute the Arrow type implies is absent.

In pandas the same lives in ``df.attrs["r"]`` as plain Python values: text, numbers,
booleans and lists of them; anything richer is an :class:`RValue`.

Source: arrow for R, ``R/metadata.R``; R Internals, section 1.8.
"""

from __future__ import annotations

import contextlib
import zlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from crossframe import _rserial
from crossframe.errors import DecodeError, UnsafeDataError, UnsupportedTypeError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from crossframe._rserial import Node

R_KEY = b"r"
UNITS_KEY = b"crossframe.units"
STORAGE_KEY = b"crossframe.storage"
# What users see in attrs["r"] -> the key in an Arrow field's metadata.
NOTES = {"units": UNITS_KEY, "storage": STORAGE_KEY}

_ASCII_HEADER = "A\n"
_LONG_TEXT = 100_000  # bytes; arrow for R packs longer texts as a raw vector of zlib data
_DEPTH = 100  # frames within frames
_INFLATED_LIMIT = 1 << 30  # bytes

Attributes = dict[str, "Node"]


class RValue(str):
    """An R value that Python carries and does not look into, as ASCII serialization.

    Why text: it survives ``copy``, ``==``, pickling and the JSON that pandas makes
    of ``attrs`` when it writes Parquet.
    """

    __slots__ = ()

    def __repr__(self) -> str:
        """Say what it is, not its bytes."""
        node = decode_node(self.encode("ascii"), "an R value")
        classes = node.attribute("class")
        kind = "/".join(pa.array(classes).to_pylist()) if classes is not None else node.kind
        return f"<RValue: {kind}, length {node.length}>"

    __str__ = str.__str__


@contextlib.contextmanager
def decode_failures(what: str) -> Iterator[None]:
    """Raise the native codec's failures as ours, naming ``what``."""
    try:
        yield
    except _rserial.UnsafeError as failure:
        raise UnsafeDataError(
            f"Can't load {what}: it holds code that could run.",
            str(failure),
            "Look at it with crossframe.check().",
        ) from None
    except _rserial.DecodeError as failure:
        raise DecodeError(f"Can't decode {what} as R data.", str(failure)) from None
    except MemoryError:
        detail = "It claims more data than fits into memory."
        raise DecodeError(f"Can't decode {what} as R data.", detail) from None


def decode_node(data: bytes | memoryview, what: str) -> Node:
    """Decode one serialized R value, naming ``what`` in errors.

    Raises:
        DecodeError: The bytes are truncated, damaged or foreign.
        UnsafeDataError: They hold code.
    """
    with decode_failures(what):
        return _rserial.decode(data)


@dataclass(slots=True)
class RMetadata:
    """Attributes of a frame and of its columns, as R values; of a column that is a frame likewise.

    Attributes:
        attributes: By name; of a frame never ``names``, and ``row.names`` only where not automatic.
        columns: By column name.
    """

    attributes: Attributes = field(default_factory=dict)
    columns: dict[str, RMetadata] = field(default_factory=dict)

    def __bool__(self) -> bool:
        """Whether there is anything to say."""
        return bool(self.attributes) or any(self.columns.values())

    def column(self, name: str) -> RMetadata:
        """Return what there is to say of a column; empty where there is nothing."""
        return self.columns.get(name) or RMetadata()

    @classmethod
    def of(cls, schema: pa.Schema) -> RMetadata:
        """Read the ``r`` key of a schema; empty where there is none."""
        text = (schema.metadata or {}).get(R_KEY)
        return cls() if text is None else cls.from_text(text)

    @classmethod
    def from_text(cls, text: bytes) -> RMetadata:
        """Read the text of the ``r`` key.

        Raises:
            DecodeError: The text is no such list.
        """
        what = "the frame's R attributes"
        root = decode_node(text, what)
        if root.kind == "raw":
            root = decode_node(_inflate(pa.array(root).to_numpy().tobytes(), what), what)
        return cls.from_node(root, _DEPTH)

    @classmethod
    def from_node(cls, node: Node, depth: int) -> RMetadata:
        """Read what :meth:`to_node` writes, frames within frames to ``depth``."""
        if depth == 0:
            raise DecodeError("Can't decode the frame's R attributes.", "They are nested too deeply.")
        parts = dict(named_entries(node))
        return cls(
            attributes=dict(named_entries(parts.get("attributes"))),
            columns={
                name: cls.from_node(column, depth - 1)
                for name, column in named_entries(parts.get("columns"))
                if column.kind == "list"
            },
        )

    def to_text(self, columns: Iterable[str]) -> bytes | None:
        """Write the text of the ``r`` key, or ``None`` where there is nothing to say.

        Args:
            columns: Names of all columns, in order.
        """
        if not self:
            return None
        by_column = {name: self.column(name).to_node() for name in columns}
        root = named_list({"attributes": named_list(self.attributes), "columns": named_list(by_column)})
        text = _rserial.encode(root, ascii=True)
        if len(text) <= _LONG_TEXT:
            return text
        packed = pa.array(np.frombuffer(zlib.compress(text), dtype=np.uint8))
        return _rserial.encode(_rserial.vector(packed), ascii=True)

    def to_node(self) -> Node:
        """Return it as R has it: a list of attributes and columns, or ``NULL``."""
        if not self:
            return _rserial.null()
        by_column = {name: column.to_node() for name, column in self.columns.items()}
        columns = named_list(by_column) if by_column else _rserial.null()
        return named_list({"attributes": named_list(self.attributes), "columns": columns})

    def apply(self, table: pa.Table) -> pa.Table:
        """Return the table with this as its ``r`` metadata."""
        metadata = {key: value for key, value in (table.schema.metadata or {}).items() if key != R_KEY}
        text = self.to_text(table.column_names)
        if text is not None:
            metadata[R_KEY] = text
        return with_metadata(table, metadata)


def with_metadata(table: pa.Table, metadata: Mapping[bytes, bytes]) -> pa.Table:
    """Return the table with this schema metadata.

    Why: pyarrow's own way forgets the rows of a table without columns.
    """
    if table.num_columns:
        return table.replace_schema_metadata(metadata)
    return pa.table({"x": pa.nulls(table.num_rows)}).replace_schema_metadata(metadata).select([])


def named_entries(node: Node | None) -> list[tuple[str, Node]]:
    """Return the elements of a named list or pairlist with their names; unnamed ones are left out."""
    if node is None or node.kind not in {"list", "pairlist"}:
        return []
    entries = node.entries
    names = node.attribute("names")
    if node.kind == "pairlist" or names is None:
        return [(name, value) for name, value in entries if name]
    texts = to_array(names).to_pylist()
    return [(name, value) for name, (_, value) in zip(texts, entries, strict=False) if name]


def named_list(entries: Mapping[str, Node]) -> Node:
    """Build an R list with names."""
    names = [("names", character(list(entries)))] if entries else []
    return _rserial.generic_list(list(entries.values()), names)


def character(texts: Iterable[str | None]) -> Node:
    """Build an R character vector."""
    return _rserial.vector(pa.array(list(texts), pa.string()))


def texts_of(node: Node | None) -> list[str | None]:
    """Return the texts of a character vector; none for anything else."""
    if node is None or node.kind != "character" or node.undecodable:
        return []
    texts: list[str | None] = to_array(node).to_pylist()
    return texts


def compact_rows(row_names: Node) -> int | None:
    """Return n where row names are ``c(NA, -n)``, R's way to say 1..n; else ``None``.

    Source: R's help page ``.row_names_info``.
    """
    if row_names.kind != "integer" or row_names.length != 2:  # noqa: PLR2004 - NA and -n
        return None
    first, count = to_array(row_names).to_pylist()
    return abs(count) if first is None and count is not None else None


def to_array(node: Node) -> pa.Array:
    """Return an R vector's values as an Arrow array that shares its memory.

    Raises:
        DecodeError: The value is no logical, integer, double, character or raw vector, or holds broken text.
    """
    if node.undecodable:
        raise DecodeError("Can't use R text marked as bytes.")
    try:
        return pa.array(node)
    except ValueError:
        raise DecodeError(f"Can't use an R value of type {node.kind} where a vector must stand.") from None


def to_python(node: Node) -> Any:  # noqa: ANN401 - whatever R holds
    """Return an attribute as users see it: plain values where they come back the same, else an RValue."""
    if node.kind == "null":
        return None
    plain = node.kind in _PLAIN_KINDS and not node.attributes and not node.null_count and not node.undecodable
    if plain and node.length:
        values = to_array(node).to_pylist()
        return values[0] if len(values) == 1 else values
    return RValue(_rserial.encode(node, ascii=True).decode("ascii"))


def from_python(value: object, name: str) -> Node:
    """Return the R value of an attribute that users see; the inverse of :func:`to_python`.

    Raises:
        UnsupportedTypeError: The value is no text, number, boolean or list of one of these.
    """
    if value is None:
        return _rserial.null()
    if isinstance(value, str) and value.startswith(_ASCII_HEADER):
        return decode_node(value.encode("ascii", "replace"), f"attribute '{name}'")
    values = list(value) if isinstance(value, list | tuple) else [value]
    kinds = {type(one) for one in values}
    arrow_type = _PLAIN_TYPES.get(kinds.pop()) if len(kinds) == 1 else None
    if arrow_type is None:
        raise UnsupportedTypeError(
            f"Can't keep attribute '{name}' as an R value.",
            f"It is a {type(value).__name__}: {value!r:.60}.",
            "Attributes are text, numbers, booleans or lists of one of these.",
        )
    try:
        return _rserial.vector(pa.array(values, arrow_type))
    except (pa.ArrowInvalid, OverflowError, UnicodeEncodeError):
        kind = "text" if arrow_type == pa.string() else "integer"
        raise UnsupportedTypeError(
            f"Can't keep attribute '{name}' as an R {kind}.", f"It is {value!r:.60}."
        ) from None


_PLAIN_TYPES = {bool: pa.bool_(), int: pa.int32(), float: pa.float64(), str: pa.string()}
_PLAIN_KINDS = {"logical", "integer", "double", "character"}


def _inflate(packed: bytes, what: str) -> bytes:
    inflater = zlib.decompressobj()
    try:
        text = inflater.decompress(packed, _INFLATED_LIMIT)
    except zlib.error as error:
        raise DecodeError(f"Can't decode {what}.", f"The packed text is damaged: {error}.") from None
    if not inflater.eof:
        raise DecodeError(f"Can't decode {what}.", "The packed text ends early or is too long.")
    return text
