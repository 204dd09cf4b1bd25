"""Which format: by explicit name, else magic bytes, else extension. Decided here and nowhere else."""

from __future__ import annotations

import re
import warnings
from dataclasses import dataclass

from crossframe.errors import FormatMismatchWarning, UnknownFormatError, UsageError
from crossframe.extensions import FORMATS, FormatRow, format_by_extension, split_extensions

HEAD_BYTES = 64
"""As many first bytes as any magic needs."""


@dataclass(frozen=True, slots=True)
class Choice:
    """How an object is, or is to be, stored.

    Attributes:
        format: Name of a format in ``formats.csv``.
        compression: Name of the compression around it; ``None`` for none.
    """

    format: str
    compression: str | None = None


def _magic(layer: str) -> tuple[tuple[str, re.Pattern[bytes]], ...]:
    def pattern(magic: str) -> bytes:
        pairs = (magic[i : i + 2] for i in range(0, len(magic), 2))
        return b"".join(b"." if pair == "??" else re.escape(bytes.fromhex(pair)) for pair in pairs)

    return tuple(
        (row.name, re.compile(b"|".join(map(pattern, row.magic)), re.DOTALL))
        for row in FORMATS.values()
        if row.layer == layer and row.magic
    )


_FORMAT_MAGIC = _magic("format")
_COMPRESSION_MAGIC = _magic("compression")


def _sniff(head: bytes, table: tuple[tuple[str, re.Pattern[bytes]], ...]) -> str | None:
    return next((name for name, magic in table if magic.match(head)), None)


def sniff_compression(head: bytes) -> str | None:
    """Return the compression that the first (64) stored bytes show, if any."""
    return _sniff(head, _COMPRESSION_MAGIC)


def sniff_format(head: bytes) -> str | None:
    """Return the format that the first (64) bytes show, after decompression; CSV shows none."""
    return _sniff(head, _FORMAT_MAGIC)


def _row(layer: str, name: str) -> FormatRow:
    row = FORMATS.get(name.lower()) or format_by_extension(name.removeprefix("."))
    if row is None or row.layer != layer:
        known = ", ".join(row.name for row in FORMATS.values() if row.layer == layer)
        raise UnknownFormatError(
            f"Can't use {layer} '{name}'.", f"must be one of {known}", "Is the name spelt as in this list?"
        )
    return row


def format_row(name: str) -> FormatRow:
    """Return the row of a format, by its name or one of its extensions, in any case.

    Raises:
        UnknownFormatError: There is no such format.
    """
    return _row("format", name)


def choose(key: str, head: bytes, explicit: str | None = None, *, compression: str | None = None) -> Choice:
    """Decide how a stored object is to be decoded.

    Args:
        key: Its key.
        head: Its first 64 bytes, after decompression.
        explicit: The format the user named.
        compression: What ``sniff_compression`` found in the stored bytes.

    Raises:
        UnknownFormatError: Neither name, magic nor extension tells, or the name is unknown.

    Warns:
        FormatMismatchWarning: Magic and extension disagree; the magic bytes decide.
    """
    if explicit is not None:
        return Choice(format_row(explicit).name, compression)
    magic, extension = sniff_format(head), split_extensions(key).format
    if magic and extension and magic != extension:
        warnings.warn(
            FormatMismatchWarning(
                f"Object '{key}' has the extension of {extension} but holds {magic}; loading it as {magic}."
            ),
            stacklevel=3,
        )
    found = magic or extension
    if found is None:
        raise UnknownFormatError(
            f"Can't tell the format of object '{key}'.",
            "neither its first bytes nor its extension belong to a format in formats.csv",
            'Do you know it? Then say so with format=, e.g. format="csv".',
        )
    return Choice(found, compression)


def for_writing(key: str, explicit: str | None = None, compression: str | None = None) -> Choice:
    """Decide how a frame is to be stored under a key.

    Args:
        key: The key to write.
        explicit: The format the user named.
        compression: The compression the user named; ``"none"`` for none; by default what the
            extension says, else what is usual for the format (gzip for rds and rdata).

    Raises:
        UnknownFormatError: Neither argument nor extension tells the format, or the name is unknown.
        UsageError: ``compression`` contradicts the extension, or the format compresses for itself.

    Warns:
        FormatMismatchWarning: The format named is not that of the extension.
    """
    by_key = split_extensions(key)
    if explicit is None and by_key.format is None:
        known = ", ".join(f".{row.extensions[0]}" for row in FORMATS.values() if row.layer == "format")
        raise UnknownFormatError(
            f"Can't tell in which format to save '{key}'.",
            "the key has no extension of a format in formats.csv",
            f"Could the key end in one of {known}? Else name the format with format=.",
        )
    row = format_row(explicit or by_key.format or "")
    if by_key.format not in (None, row.name):
        warnings.warn(
            FormatMismatchWarning(f"Saving '{key}' as {row.name}: its extension says {by_key.format}."),
            stacklevel=3,
        )
    return Choice(row.name, _compression_for_writing(key, row, by_key.compression, compression))


def _compression_for_writing(key: str, row: FormatRow, by_key: str | None, named: str | None) -> str | None:
    if named is None:
        usual = row.compression if row.compression != "inside" else ""
        return by_key or usual or None
    name = None if named.lower() == "none" else _row("compression", named).name
    if by_key is not None and name != by_key:
        raise UsageError(
            f"Can't save '{key}' with compression '{named}'.",
            f"its extension says {by_key}",
            "Leave out compression=, or change the extension?",
        )
    if name is not None and by_key is None and row.compression == "inside":
        raise UsageError(f"Can't compress '{key}' with {name}.", f"{row.name} compresses for itself")
    return name


def media_type(choice: Choice) -> str:
    """Return the content type: the format's, unless an unusual compression lies around it."""
    usual = FORMATS[choice.format].compression
    outer = choice.compression if choice.compression not in (None, usual) else None
    return FORMATS[outer or choice.format].media_type
