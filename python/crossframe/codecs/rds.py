"""RDS and RData: bytes <-> Arrow tables, through the native codec.

Bytes here are plain; compression is :mod:`crossframe.codecs.compression`.

Source: R Internals, section 1.8 (Serialization Formats) and the header of ``saveload.c``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from crossframe import _rserial
from crossframe.attributes import decode_node
from crossframe.codecs.r_values import decode_value, encode_value
from crossframe.errors import DecodeError, UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from typing_extensions import Buffer

    from crossframe._rserial import Node
    from crossframe.losses import Losses
    from crossframe.values import Value

VERSIONS = (2, 3)
_HEADER_SIZE = 5  # RDX3\n
_HEADERS = {b"RDX2\n", b"RDX3\n", b"RDA2\n", b"RDA3\n", b"RDB2\n", b"RDB3\n"}


def open_rds(data: Buffer) -> Node:
    """Decode an uncompressed RDS to its object, not converted.

    Raises:
        DecodeError: The bytes are truncated, damaged or foreign.
        UnsafeDataError: They hold code.
    """
    return decode_node(memoryview(data), "the RDS")


def decode_rds(data: Buffer, losses: Losses) -> Value:
    """Decode an uncompressed RDS: a data frame to a table, anything else to a value.

    Raises:
        DecodeError: The bytes are truncated, damaged or foreign.
        UnsafeDataError: They hold code.
        UnsupportedTypeError: A column is outside the type table.
    """
    return decode_value(open_rds(data), losses)


def encode_rds(value: Value, losses: Losses, *, version: int = 3) -> bytes:
    """Encode a table or value as an uncompressed RDS of serialization version 2 or 3."""
    return _rserial.encode(encode_value(value, losses), _checked(version))


def open_rdata(data: Buffer) -> dict[str, Node]:
    """Decode an uncompressed RData to its objects, in the order of the file, none of them converted.

    Raises:
        DecodeError: The bytes are truncated, damaged or foreign.
        UnsafeDataError: They hold code.
    """
    view = memoryview(data)
    if bytes(view[:_HEADER_SIZE]) not in _HEADERS:
        raise DecodeError(
            "Can't decode the RData.", f"It starts with {bytes(view[:_HEADER_SIZE])!r}, not RDX3."
        )
    root = decode_node(view[_HEADER_SIZE:], "the RData")
    if root.kind == "null":
        return {}
    if root.kind != "pairlist":
        raise DecodeError("Can't decode the RData.", f"It holds a {root.kind} instead of named objects.")
    return {name: value for name, value in root.entries if name}


def decode_rdata(data: Buffer, losses: Losses, *, name: str | None = None) -> dict[str, Value]:
    """Decode the objects of an uncompressed RData, or the one called ``name``.

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


def encode_rdata(values: Mapping[str, Value], losses: Losses, *, version: int = 3) -> bytes:
    """Encode tables and values as an uncompressed RData, one object each."""
    root = _rserial.pairlist([(name, encode_value(value, losses)) for name, value in values.items()])
    return f"RDX{_checked(version)}\n".encode() + _rserial.encode(root, version)


def _checked(version: int) -> int:
    if version not in VERSIONS:
        raise UsageError(f"Can't write serialization version {version}.", "Versions are 2 and 3.")
    return version
