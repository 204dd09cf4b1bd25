"""What the end of a key says of its content: ``d.csv.gz`` is a frame ``d``, as csv, in gzip.

The one reader of ``formats.csv``; below both ``keys`` and ``formats``, which need it.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from importlib.resources import files


@dataclass(frozen=True, slots=True)
class FormatRow:
    """One row of ``formats.csv``.

    Attributes:
        name: Name of the format or compression, as users write it.
        layer: ``"format"`` or ``"compression"``.
        extensions: Extensions without the dot; the first is the usual one.
        magic: First bytes, in hexadecimal; ``??`` stands for any byte.
        media_type: Content type sent to stores.
        decodes_to: ``"frame"``, ``"value"`` (one of any kind) or ``"objects"`` (several, by name).
        compression: Written by default: ``""`` none, ``"inside"`` the format compresses for itself.
    """

    name: str
    layer: str
    extensions: tuple[str, ...]
    magic: tuple[str, ...]
    media_type: str
    decodes_to: str
    compression: str


def _read() -> dict[str, FormatRow]:
    text = (files("crossframe") / "formats.csv").read_text("utf-8")
    return {
        row["name"]: FormatRow(
            row["name"],
            row["layer"],
            tuple(row["extensions"].split()),
            tuple(row["magic"].split("|")) if row["magic"] else (),
            row["media_type"],
            row["decodes_to"],
            row["compression"],
        )
        for row in csv.DictReader(text.splitlines())
    }


FORMATS = _read()
_BY_EXTENSION = {extension: row for row in FORMATS.values() for extension in row.extensions}


@dataclass(frozen=True, slots=True)
class Split:
    """A key's last segment, taken apart.

    Attributes:
        stem: The segment without the known extensions: the name.
        format: Format its extension stands for.
        compression: Compression its extension stands for.
    """

    stem: str
    format: str | None
    compression: str | None


def split_extensions(key: str) -> Split:
    """Take known extensions off a key's last segment: at most one compression, then one format.

    Case does not matter (R writes both ``.RData`` and ``.rda``). A segment that is nothing but an
    extension (``.csv``) is a name.
    """
    stem = key.rstrip("/").rpartition("/")[2]
    found: dict[str, str] = {}
    for layer in ("compression", "format"):
        head, dot, extension = stem.rpartition(".")
        row = _BY_EXTENSION.get(extension.lower()) if dot and head else None
        if row is not None and row.layer == layer:
            stem, found[layer] = head, row.name
    return Split(stem, found.get("format"), found.get("compression"))


def format_by_extension(extension: str) -> FormatRow | None:
    """Return the row an extension (no dot, any case) belongs to."""
    return _BY_EXTENSION.get(extension.lower())
