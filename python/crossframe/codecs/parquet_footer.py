"""What a Parquet footer counts, read by hand.

Why by hand: pyarrow's way to a column's statistics ends the process where types contradict each other, and
bytes are hostile. Only the counts are read here, each length compared with what is left; what makes no sense
counts nothing.

Source:
    Parquet format, ``parquet.thrift``; Thrift compact protocol, "Struct encoding".
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

# A larger footer is of so many columns or row groups that counting would take seconds.
_MOST_BYTES = 4 << 20
# Deeper than any structure of parquet.thrift.
_DEEPEST = 16
_LONGEST_VARINT = 10

_TRUE, _FALSE, _BYTE, _DOUBLE, _BINARY, _LIST, _SET, _STRUCT = 1, 2, 3, 7, 8, 9, 10, 12
_WHOLE = (4, 5, 6)
# Field ids of parquet.thrift.
_ROW_GROUPS = 4  # FileMetaData
_COLUMNS = 1  # RowGroup
_META_DATA = 3  # ColumnChunk
_PATH, _STATISTICS = 3, 12  # ColumnMetaData
_NULL_COUNT = 3  # Statistics


class _SenselessError(Exception):
    """The bytes are no footer."""


def count_missing(footer: memoryview) -> dict[str, int]:
    """Return the missing values of each column, where every row group has counted them.

    Args:
        footer: The bytes of the file's ``FileMetaData``.

    Returns:
        Count by the column's name; of nested columns none.
    """
    if len(footer) > _MOST_BYTES:
        return {}
    counts: dict[str, int] = {}
    untold: set[str] = set()
    try:
        for name, count in _chunks(_Compact(footer)):
            if count is None or count < 0:
                untold.add(name)
            else:
                counts[name] = counts.get(name, 0) + count
    except (_SenselessError, UnicodeDecodeError):
        return {}
    return {name: count for name, count in counts.items() if name not in untold}


def _chunks(compact: _Compact) -> Iterator[tuple[str, int | None]]:
    """Yield the name and the count of each column's chunk in each row group."""
    for _ in compact.structs_of(_ROW_GROUPS):
        for _ in compact.structs_of(_COLUMNS):
            for kind in compact.field(_META_DATA):
                compact.need(kind, _STRUCT)
                path, count = _chunk(compact)
                if len(path) == 1:
                    yield path[0], count


def _chunk(compact: _Compact) -> tuple[list[str], int | None]:
    path: list[str] = []
    count: int | None = None
    for field, kind in compact.fields():
        if field == _PATH and kind == _LIST:
            size, element = compact.list_head()
            compact.need(element, _BINARY)
            path = [bytes(compact.binary()).decode() for _ in range(size)]
        elif field == _STATISTICS and kind == _STRUCT:
            for inner in compact.field(_NULL_COUNT):
                count = compact.whole(inner)
        else:
            compact.skip(kind)
    return path, count


class _Compact:
    """A reader of Thrift's compact protocol."""

    def __init__(self, data: memoryview) -> None:
        self._data = data
        self._at = 0

    @staticmethod
    def need(kind: int, wanted: int) -> None:
        if kind != wanted:
            raise _SenselessError

    def fields(self) -> Iterator[tuple[int, int]]:
        """Yield the id and type of each field of a struct; whoever asks for the next has read its value."""
        field = 0
        while head := self._byte():
            field = field + (head >> 4) if head >> 4 else self.whole(_WHOLE[0])
            yield field, head & 15

    def field(self, wanted: int) -> Iterator[int]:
        """Yield the type of one field of a struct, to be read; all others are skipped."""
        for field, kind in self.fields():
            if field == wanted:
                yield kind
            else:
                self.skip(kind)

    def structs_of(self, wanted: int) -> Iterator[None]:
        """Yield once for each struct of a field that is a list of them, to be read."""
        for kind in self.field(wanted):
            self.need(kind, _LIST)
            size, element = self.list_head()
            self.need(element, _STRUCT)
            for _ in range(size):
                yield

    def list_head(self) -> tuple[int, int]:
        head = self._byte()
        size = head >> 4
        return (self._varint() if size == 15 else size), head & 15  # noqa: PLR2004 - a longer size follows

    def whole(self, kind: int) -> int:
        if kind not in _WHOLE:
            raise _SenselessError
        found = self._varint()
        return (found >> 1) ^ -(found & 1)

    def binary(self) -> memoryview:
        size = self._varint()
        if size > len(self._data) - self._at:
            raise _SenselessError
        self._at += size
        return self._data[self._at - size : self._at]

    def skip(self, kind: int, depth: int = 0, *, element: bool = False) -> None:
        """Pass over a value; a truth has no byte of its own in a struct, and one in a list."""
        if depth > _DEEPEST:
            raise _SenselessError
        if kind in (_TRUE, _FALSE, _BYTE):
            if element or kind == _BYTE:
                self._byte()
        elif kind in _WHOLE:
            self._varint()
        elif kind == _DOUBLE:
            self._take(8)
        elif kind == _BINARY:
            self.binary()
        else:
            self._skip_nested(kind, depth)

    def _skip_nested(self, kind: int, depth: int) -> None:
        if kind in (_LIST, _SET):
            size, inner = self.list_head()
            for _ in range(size):
                self.skip(inner, depth + 1, element=True)
        elif kind == _STRUCT:
            for _, inner in self.fields():
                self.skip(inner, depth + 1)
        else:
            # parquet.thrift has no map.
            raise _SenselessError

    def _take(self, size: int) -> None:
        if size > len(self._data) - self._at:
            raise _SenselessError
        self._at += size

    def _byte(self) -> int:
        self._take(1)
        return self._data[self._at - 1]

    def _varint(self) -> int:
        found = 0
        for position in range(_LONGEST_VARINT):
            byte = self._byte()
            found |= (byte & 127) << 7 * position
            if byte < 128:  # noqa: PLR2004 - no further byte follows
                return found
        raise _SenselessError
