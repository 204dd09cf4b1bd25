"""What saving and looking return: plain records."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from datetime import datetime


@dataclass(frozen=True, slots=True)
class Saved:
    """What was written.

    Attributes:
        key: Key within the store.
        uri: Where it can be loaded from.
        format: Name of the format.
        compression: Name of the compression around it, if any.
        bytes: Size as stored, in bytes.
        rows: Rows, of all frames together.
        columns: Columns, of all frames together.
        etag: ETag of the object.
        version: Version id, where the store keeps versions.
    """

    key: str
    uri: str
    format: str
    compression: str | None
    bytes: int
    rows: int
    columns: int
    etag: str
    version: str | None


@dataclass(frozen=True, slots=True)
class ColumnInfo:
    """A column in the words of R, Arrow and pandas.

    Attributes:
        name: Name of the column.
        r: Class in R.
        arrow: Arrow type.
        pandas: pandas dtype.
        missing: Number of missing values.
    """

    name: str
    r: str
    arrow: str
    pandas: str
    missing: int


@dataclass(frozen=True, slots=True)
class FrameInfo:
    """A frame.

    Attributes:
        name: Its name: of the object within an RData, else of the key.
        rows: Number of rows.
        columns: Its columns, in order.
    """

    name: str
    rows: int
    columns: tuple[ColumnInfo, ...]


@dataclass(frozen=True, slots=True)
class Info:
    """An object and the frames in it.

    Attributes:
        key: Key within the store.
        uri: Where it can be loaded from.
        format: Name of the format.
        compression: Name of the compression around it, if any.
        size: Size as stored, in bytes.
        modified: Time of the last write, UTC.
        etag: ETag of the object.
        version: Version id, where the store keeps versions.
        frames: One, or those of an RData in the order of the file.
    """

    key: str
    uri: str
    format: str
    compression: str | None
    size: int
    modified: datetime
    etag: str
    version: str | None
    frames: tuple[FrameInfo, ...]

    def as_dict(self) -> dict[str, Any]:
        """Return all of it as plain values, times as text, for JSON."""
        return asdict(self) | {"modified": self.modified.isoformat()}
