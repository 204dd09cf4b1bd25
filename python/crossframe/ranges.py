"""An object as a file: of a large one no more is asked for than is read."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from typing import BinaryIO

    from crossframe.stores import Location

# Up to so many bytes, reading all is quicker than asking for parts.
SMALL = 4 << 20


def ranged(location: Location, size: int, version: str | None = None) -> BinaryIO:
    """Return an object as a file whose reads are all that is read of it."""
    return cast("BinaryIO", io.BufferedReader(Ranges(location, size, version), 1))


class Ranges(io.RawIOBase):
    """An object as a file that asks the store for what is read, when it is read.

    Args:
        location: The object.
        size: Its size in bytes.
        version: Version id; by default the newest.
    """

    def __init__(self, location: Location, size: int, version: str | None = None) -> None:
        self._location, self._size, self._version = location, size, version
        self._at = 0

    def readable(self) -> bool:
        """Tell that it can be read."""
        return True

    def seekable(self) -> bool:
        """Tell that it can be read anywhere."""
        return True

    def tell(self) -> int:
        """Return the position."""
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go elsewhere."""
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        self._at = base + offset
        return self._at

    def readinto(self, buffer: object) -> int:
        """Read what fits."""
        view = memoryview(buffer).cast("B")  # type: ignore[arg-type]
        length = max(0, min(len(view), self._size - self._at))
        if not length:
            return 0
        location = self._location
        data = location.store.get(location.key, start=self._at, length=length, version=self._version)
        found = memoryview(data).cast("B")
        view[: len(found)] = found
        self._at += len(found)
        return len(found)
