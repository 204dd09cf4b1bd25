"""An object's bytes as they are stored, and what they expand to: all of it, or piece by piece.

Why pieces: expanding and decoding then share two cores, and what lies between them, or between a file and
its decoder, stays small enough to be still in the processor's cache. Memory that is touched for the first
time costs as much as either.
"""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from crossframe.codecs import compression as compressions

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator
    from concurrent.futures import Future
    from typing import BinaryIO

    from typing_extensions import Buffer

# Smaller data are expanded before a second thread has started.
_WORTH_A_THREAD = 2 << 20
_AHEAD = 4
_FILE_STEP = 256 << 10


class InFile:
    """Bytes that lie in a file of this machine, and are read when they are wanted.

    Args:
        file: The file, open for reading, unbuffered.
        read: Reads the whole as the store does, with its errors; where the file can't be read, or changes.
    """

    def __init__(self, file: BinaryIO, read: Callable[[], Buffer]) -> None:
        self._file = file
        self._read = read
        self.size = os.fstat(file.fileno()).st_size

    def head(self, size: int) -> bytes:
        """Return the first bytes."""
        try:
            self._file.seek(0)
            return self._file.read(size)
        except OSError:  # the store tells it in our words
            return bytes(memoryview(self._read())[:size])

    def tail(self, size: int) -> bytes:
        """Return the last bytes; none where the file can't be read, which the store will tell."""
        try:
            self._file.seek(max(0, self.size - size))
            return self._file.read(size)
        except OSError:
            return b""

    def whole(self) -> Buffer:
        """Return all bytes: of the file that was opened, whatever has its name by now."""
        try:
            self._file.seek(0)
            found = self._file.read()
        except OSError:
            return self._read()
        return found if len(found) == self.size else self._read()

    def pieces(self) -> Generator[memoryview]:
        """Yield the bytes piece by piece; each is gone when the next is asked for.

        They end early where the file can't be read: whoever reads the whole is told why.
        """
        room = memoryview(bytearray(_FILE_STEP))
        try:
            self._file.seek(0)
            while size := self._file.readinto(room):  # type: ignore[attr-defined]
                yield room[:size]
        except OSError:
            return


class Packed:
    """Stored bytes and their compression.

    Args:
        stored: The bytes, or where they lie.
        compression: A compression of ``formats.csv``; ``None`` for none.
    """

    def __init__(self, stored: Buffer | InFile, compression: str | None = None) -> None:
        self._stored = stored
        self.compression = compression
        self._expanded: Buffer | None = None

    @property
    def stored(self) -> Buffer:
        """The bytes as they are stored, all of them."""
        if isinstance(self._stored, InFile):
            self._stored = self._stored.whole()
        return self._stored

    def head(self, size: int) -> bytes:
        """Return the first bytes, ``size`` of them where there are as many.

        Raises:
            DecodeError: They are damaged.
        """
        if self.compression is None:
            return stored_head(self._stored, size)
        # Why not of less: it is expanded as a whole in the time that its beginning takes.
        if self._expanded is None and self._foretold() >= _WORTH_A_THREAD:
            first = next(self._inflated(), b"")
            if len(first) >= size:
                return bytes(first[:size])
        return bytes(memoryview(self.whole())[:size])

    def whole(self) -> Buffer:
        """Return all bytes, expanded once.

        Raises:
            DecodeError: They are truncated, damaged, followed by others, or more than the limit.
        """
        if self.compression is None:
            return self.stored
        if self._expanded is None:
            self._expanded = compressions.decompress(self.stored, self.compression)
        return self._expanded

    def pieces(self) -> tuple[Generator[bytes | memoryview], int] | None:
        """Return the bytes piece by piece, and the size foretold of them all: read, or expanded by a thread.

        ``None`` where that would gain nothing, or no size is foretold. The size may be wrong, and damage
        comes to light with the piece that has it: whoever reads pieces uses nothing before the last.
        """
        if self.compression is None:
            return (self._stored.pieces(), self._stored.size) if isinstance(self._stored, InFile) else None
        size = self._foretold() if self._expanded is None else 0
        if size < _WORTH_A_THREAD:
            return None
        return _ahead(self._inflated()), size

    def _inflated(self) -> Iterator[bytes]:
        stored = self._stored
        if isinstance(stored, InFile):
            return compressions.expand_gzip(stored.pieces())
        return compressions.expand(stored, "gzip")

    def _foretold(self) -> int:
        if self.compression != "gzip":
            return 0
        wanted, stored = compressions.TRAILER_BYTES, self._stored
        if isinstance(stored, InFile):
            return compressions.foretold(stored.size, stored.tail(wanted))
        view = memoryview(stored).cast("B")
        return compressions.foretold(len(view), view[-wanted:])


def stored_head(stored: Buffer | InFile, size: int) -> bytes:
    """Return the first bytes of what is stored, ``size`` of them where there are as many."""
    return stored.head(size) if isinstance(stored, InFile) else bytes(memoryview(stored)[:size])


def _ahead(parts: Iterator[bytes]) -> Generator[bytes | memoryview]:
    """Yield parts that a thread makes a few ahead of whom they are for."""
    maker = ThreadPoolExecutor(1)
    try:
        waiting: list[Future[bytes]] = [maker.submit(next, parts, b"") for _ in range(_AHEAD)]
        while part := waiting.pop(0).result():
            waiting.append(maker.submit(next, parts, b""))
            yield part
    finally:
        # Whoever stops early, for an error too, leaves no thread behind.
        maker.shutdown(wait=True, cancel_futures=True)
