"""Bytes to be sent: in memory or in a file, read in pieces, twice."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Protocol

from crossframe.stores.s3_parallel import one_behind
from crossframe.stores.s3_verify import Crc32

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import BinaryIO

_READ_BYTES = 1024 * 1024


class ChangedError(Exception):
    """What is being sent is no longer what it was."""


class Source(Protocol):
    """Bytes to be sent; read in order, twice."""

    size: int

    def pieces(self, size: int) -> Iterator[bytes | memoryview]:
        """Yield the bytes from the beginning, ``size`` at a time."""


class MemorySource:
    """Bytes in memory."""

    def __init__(self, content: memoryview) -> None:
        self._content = content
        self.size = len(content)

    def pieces(self, size: int) -> Iterator[memoryview]:
        """Yield the bytes from the beginning, ``size`` at a time."""
        for start in range(0, self.size, size):
            yield self._content[start : start + size]


class FileSource:
    """A file from its position to its end."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._start = file.tell()
        self.size = file.seek(0, 2) - self._start
        file.seek(self._start)

    def pieces(self, size: int) -> Iterator[bytes]:
        """Yield the bytes from the beginning, ``size`` at a time.

        Raises:
            ChangedError: There are fewer than there were.
        """
        self._file.seek(self._start)
        left = self.size
        while left:
            piece = self._read(min(size, left))
            left -= len(piece)
            yield piece

    def _read(self, size: int) -> bytes:
        pieces: list[bytes] = []
        while size:
            # Why a loop: a file without a buffer may give less than it is asked for.
            piece = self._file.read(size)
            if not piece:
                raise ChangedError("It became shorter.")
            pieces.append(piece)
            size -= len(piece)
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)


def digests(source: Source) -> tuple[str, bytes]:
    """Return SHA-256, for readers, and CRC-32, to know the bytes again."""
    sha256, crc = hashlib.sha256(), Crc32()

    def pieces() -> Iterator[bytes | memoryview]:
        for piece in source.pieces(_READ_BYTES):
            crc.update(piece)
            yield piece

    one_behind(sha256.update, pieces())
    return sha256.hexdigest(), crc.digest()
