"""RDS and RData: bytes <-> Arrow tables, through the native codec.

Large gzip data are decoded while they are expanded, files of this machine while they are read.

Source: R Internals, section 1.8 (Serialization Formats) and the header of ``saveload.c``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from crossframe import _rserial
from crossframe.attributes import decode_node
from crossframe.codecs.packed import Packed
from crossframe.codecs.r_values import decode_value, encode_value
from crossframe.codecs.serialized import Serialized
from crossframe.errors import DecodeError, UsageError

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping

    from typing_extensions import Buffer

    from crossframe._rserial import Node
    from crossframe.losses import Losses
    from crossframe.values import Value

VERSIONS = (2, 3)
_HEADER_SIZE = 5  # RDX3\n
_HEADERS = {b"RDX2\n", b"RDX3\n", b"RDA2\n", b"RDA3\n", b"RDB2\n", b"RDB3\n"}


def open_rds(data: Buffer | Packed) -> Node:
    """Decode an RDS to its object, not converted.

    Raises:
        DecodeError: The bytes are truncated, damaged or foreign.
        UnsafeDataError: They hold code.
    """
    return _decode(_packed(data), "the RDS")


def _packed(data: Buffer | Packed) -> Packed:
    return data if isinstance(data, Packed) else Packed(data)


def _decode(packed: Packed, what: str, skip: int = 0) -> Node:
    pieces = packed.pieces()
    found = None if pieces is None else _decode_pieces(*pieces, skip)
    return decode_node(memoryview(packed.whole())[skip:], what) if found is None else found


def _decode_pieces(pieces: Generator[bytes | memoryview], size: int, skip: int) -> Node | None:
    """Decode while the bytes come; ``None`` where anything is wrong, which the slow way then tells."""
    come = 0

    def counted() -> Generator[bytes | memoryview]:
        nonlocal come
        for piece in pieces:
            come += len(piece)
            if come > size:
                return
            yield piece

    feed = counted()
    try:
        found = _rserial.decode_pieces(feed, size, skip)
        # Why on to the end: only there it shows that no byte was damaged.
        for _ in feed:
            pass
    except (DecodeError, _rserial.DecodeError, _rserial.UnsafeError, MemoryError):
        return None
    finally:
        feed.close()
        pieces.close()
    return found if come == size else None


def decode_rds(data: Buffer | Packed, losses: Losses) -> Value:
    """Decode an RDS: a data frame to a table, anything else to a value.

    Raises:
        DecodeError: The bytes are truncated, damaged or foreign.
        UnsafeDataError: They hold code.
        UnsupportedTypeError: A column is outside the type table.
    """
    return decode_value(open_rds(data), losses)


def serialize_rds(value: Value, losses: Losses, *, version: int = 3) -> Serialized:
    """Make a table or value ready to be written as an RDS of serialization version 2 or 3."""
    return Serialized(encode_value(value, losses), _checked(version))


def encode_rds(value: Value, losses: Losses, *, version: int = 3) -> bytes:
    """Encode a table or value as an uncompressed RDS of serialization version 2 or 3."""
    return serialize_rds(value, losses, version=version).whole()


def open_rdata(data: Buffer | Packed) -> dict[str, Node]:
    """Decode an RData to its objects, in the order of the file, none of them converted.

    Raises:
        DecodeError: The bytes are truncated, damaged or foreign.
        UnsafeDataError: They hold code.
    """
    packed = _packed(data)
    header = packed.head(_HEADER_SIZE)
    if header not in _HEADERS:
        raise DecodeError("Can't decode the RData.", f"It starts with {header!r}, not RDX3.")
    root = _decode(packed, "the RData", _HEADER_SIZE)
    if root.kind == "null":
        return {}
    if root.kind != "pairlist":
        raise DecodeError("Can't decode the RData.", f"It holds a {root.kind} instead of named objects.")
    return {name: value for name, value in root.entries if name}


def decode_rdata(data: Buffer | Packed, losses: Losses, *, name: str | None = None) -> dict[str, Value]:
    """Decode the objects of an RData, or the one called ``name``.

    Raises:
        UsageError: No object has that name.
        UnsupportedTypeError: A column of a data frame is outside the type table.
    """
    objects = open_rdata(data)
    if name is not None:
        if name not in objects:
            held = ", ".join(f"'{one}'" for one in list(objects)[:5]) or "nothing"
            raise UsageError(f"Can't find object '{name}' in the RData.", f"It holds {held}.")
        objects = {name: objects[name]}
    return {one: decode_value(node, losses) for one, node in objects.items()}


def serialize_rdata(values: Mapping[str, Value], losses: Losses, *, version: int = 3) -> Serialized:
    """Make tables and values ready to be written as an RData, one object each."""
    root = _rserial.pairlist([(name, encode_value(value, losses)) for name, value in values.items()])
    return Serialized(root, _checked(version), f"RDX{version}\n".encode())


def encode_rdata(values: Mapping[str, Value], losses: Losses, *, version: int = 3) -> bytes:
    """Encode tables and values as an uncompressed RData, one object each."""
    return serialize_rdata(values, losses, version=version).whole()


def _checked(version: int) -> int:
    if version not in VERSIONS:
        raise UsageError(f"Can't write serialization version {version}.", "Versions are 2 and 3.")
    return version
