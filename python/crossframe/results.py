"""What saving and looking return: plain records."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime


@dataclass(frozen=True, slots=True)
class Saved:
    """What was written.

    Attributes:
        key: The key, to be used under the same root; whole where it was given whole.
        uri: Where it can be loaded from.
        format: Name of the format.
        compression: Name of the compression around it, if any.
        bytes: Size as stored, in bytes.
        rows: Rows, of all frames together; ``None`` where there is no frame.
        columns: Columns, likewise.
        etag: ETag of the object.
        version: Version id, where the store keeps versions.
    """

    key: str
    uri: str
    format: str
    compression: str | None
    bytes: int
    rows: int | None
    columns: int | None
    etag: str
    version: str | None


@dataclass(frozen=True, slots=True)
class SavedParts(Saved):
    """A data set that was written: key and uri are its prefix, with the slash.

    Size, rows and columns are those of all parts together; etag and version are those of their list.

    Attributes:
        parts: The parts, in the order of their rows.
    """

    parts: tuple[Saved, ...]


@dataclass(frozen=True, slots=True)
class Stored:
    """An object whose bytes were written as they are, or made the newest again.

    Attributes:
        key: The key, to be used under the same root; whole where it was given whole.
        uri: Where it can be loaded from.
        bytes: Its size.
        etag: ETag of the object.
        version: Version id, where the store keeps versions.
    """

    key: str
    uri: str
    bytes: int
    etag: str
    version: str | None


@dataclass(frozen=True, slots=True)
class Copied:
    """An object that was copied or moved.

    Attributes:
        source: URI of what was copied.
        target: URI of the copy.
        bytes: Its size.
    """

    source: str
    target: str
    bytes: int


@dataclass(frozen=True, slots=True)
class ColumnInfo:
    """A column in the words of R, Arrow and pandas.

    Attributes:
        name: Name of the column.
        r: Class in R.
        arrow: Arrow type.
        pandas: The pandas dtype that it loads as.
        missing: Number of missing values; ``None`` where only reading all would tell.
    """

    name: str
    r: str
    arrow: str
    pandas: str
    missing: int | None


@dataclass(frozen=True, slots=True)
class ObjectInfo:
    """A frame, or another R object.

    Attributes:
        name: Its name: of the object within an RData, else of the key.
        kind: Its class in R, ``/`` between several; without one its type.
        rows: Number of rows; ``None`` for what is no frame.
        columns: Its columns, in order; none for what is no frame.
        length: Number of elements of what is no frame.
        dim: Dimensions of a frame, matrix or array.
    """

    name: str
    kind: str
    rows: int | None
    columns: tuple[ColumnInfo, ...]
    length: int | None = None
    dim: tuple[int, ...] | None = None


@dataclass(frozen=True, slots=True)
class Info:
    """An object and what it holds.

    Attributes:
        key: The key, to be used under the same root; whole where it was given whole.
        uri: Where it can be loaded from.
        format: Name of the format.
        compression: Name of the compression around it, if any.
        size: Size as stored, in bytes.
        modified: Time of the last write, UTC.
        etag: ETag of the object.
        version: Version id, where the store keeps versions.
        versions: How many contents of the key are kept, this one included; ``None`` where that is not told.
        media_type: Content type, where it is told.
        metadata: What was said about it when it was written, text by name.
        frames: What it holds: one frame or other object, or those of an RData in the order of the file.
            Only a frame has ``rows`` and ``columns``.
    """

    key: str
    uri: str
    format: str
    compression: str | None
    size: int
    modified: datetime
    etag: str
    version: str | None
    versions: int | None
    media_type: str | None
    metadata: Mapping[str, str]
    frames: tuple[ObjectInfo, ...]

    def as_dict(self) -> dict[str, Any]:
        """Return all of it as plain values, times as text, for JSON."""
        return asdict(self) | {"modified": self.modified.isoformat()}


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that would run or load when R reads the bytes.

    Attributes:
        kind: What it is, e.g. ``"promise"``.
        where: The way to it within the value; empty for the whole.
        offset: Where it begins in the decompressed bytes, from 0.
    """

    kind: str
    where: str
    offset: int


@dataclass(frozen=True, slots=True)
class CheckedObject:
    """An object as the scan sees it.

    Attributes:
        name: Its name: of the object within an RData, else of the key.
        type: R's ``typeof()``.
        r_class: Its class, ``/`` between several.
        length: Number of elements, columns of a data frame; ``None`` where it is not told.
    """

    name: str
    type: str
    r_class: str | None
    length: int | None


@dataclass(frozen=True, slots=True)
class CheckReport:
    """What an RDS or RData holds, and what in it would run.

    Attributes:
        uri: Where it lies.
        status: ``"safe"`` or ``"unsafe"``.
        format: ``"rds"`` or ``"rdata"``.
        compression: Name of the compression around it, if any.
        complete: ``False`` where something could not be looked into, so that more may follow.
        objects: What it holds.
        refused: What would run or load something, at most 100.
        refused_count: How many of these there are.
        formulas: The ways to formulas, which are inert.
    """

    uri: str
    status: str
    format: str
    compression: str | None
    complete: bool
    objects: tuple[CheckedObject, ...]
    refused: tuple[Finding, ...]
    refused_count: int
    formulas: tuple[str, ...]

    @property
    def safe(self) -> bool:
        """Whether nothing in it would run."""
        return self.status == "safe"

    def as_dict(self) -> dict[str, Any]:
        """Return all of it as plain values, for JSON."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that ``doctor`` looked at.

    Attributes:
        check: What was looked at.
        value: What was found.
        source: Where it came from; empty where there is nothing to tell.
        ok: Whether it is as it should be; ``None`` where there is no right or wrong.
        hint: What to do; empty for nothing.
    """

    check: str
    value: str
    source: str = ""
    ok: bool | None = None
    hint: str = ""
