"""An object's bytes as they are stored, and what they expand to: all of it, or piece by piece.

Why pieces: expanding and decoding then share two cores, and what lies between them stays small enough to be
still in the processor's cache. Memory that is touched for the first time costs as much as either.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from crossframe.codecs import compression as compressions

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator
    from concurrent.futures import Future

    from typing_extensions import Buffer

# Smaller data are expanded before a second thread has started.
_WORTH_A_THREAD = 2 << 20
_AHEAD = 8


class Packed:
    """Stored bytes and their compression.

    Args:
        stored: The bytes.
        compression: A compression of ``formats.csv``; ``None`` for none.
    """

    def __init__(self, stored: Buffer, compression: str | None = None) -> None:
        self.stored = stored
        self.compression = compression
        self._whole: Buffer | None = None if compression else stored

    def head(self, size: int) -> bytes:
        """Return the first bytes, ``size`` of them where there are as many.

        Raises:
            DecodeError: They are damaged.
        """
        if self._whole is None and self._foretold():
            first = next(compressions.expand(self.stored, "gzip"), b"")
            if len(first) >= size:
                return bytes(first[:size])
        return bytes(memoryview(self.whole())[:size])

    def whole(self) -> Buffer:
        """Return all bytes, expanded once.

        Raises:
            DecodeError: They are truncated, damaged, followed by others, or more than the limit.
        """
        if self._whole is None:
            assert self.compression  # noqa: S101 - without one, __init__ has set it
            self._whole = compressions.decompress(self.stored, self.compression)
        return self._whole

    def pieces(self) -> tuple[Generator[bytes], int] | None:
        """Return the bytes piece by piece, expanded by another thread, and the size foretold of them all.

        ``None`` where that would gain nothing, or no size is foretold. The size may be wrong, and damage
        comes to light with the piece that has it: whoever reads pieces uses nothing before the last.
        """
        size = self._foretold() if self._whole is None else 0
        if size < _WORTH_A_THREAD:
            return None
        return _ahead(compressions.expand(self.stored, "gzip")), size

    def _foretold(self) -> int:
        return compressions.foretold(self.stored) if self.compression == "gzip" else 0


def _ahead(parts: Iterator[bytes]) -> Generator[bytes]:
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
