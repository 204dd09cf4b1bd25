"""One deflate stream made by several threads, each block by the compressor that suits it.

Columns differ: isal is several times as fast as any other, and as good on doubles; on what repeats zlib-ng
may keep a tenth less and more. A sample of each block tells. Blocks end on a byte and may refer to the 32 KiB
before them, so that together they are one stream, the same for any number of threads.

Source:
    RFC 1950 (zlib), RFC 1951 (deflate), RFC 1952 (gzip).
"""

from __future__ import annotations

import os
import struct
import zlib as stdlib
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, Self

from isal import isal_zlib
from zlib_ng import zlib_ng

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Future
    from types import TracebackType

    from typing_extensions import Buffer

NAMES = ("gzip", "zlib")
BLOCK = 512 << 10
# Why: up to here zlib's level 6, which is R's, takes a tenth of a second at most and the sizes are equal.
_LARGE = 2 << 20
_SMALL_LEVEL = 6
_WINDOW_BITS = {"gzip": 31, "zlib": 15}
_WINDOW = 32 << 10
_SAMPLE = 8 << 10
_RAW = -15
# What ends the stream: a last block, with fixed codes, that is empty.
_LAST = b"\x03\x00"
# No flags, no time, no level, any system.
_GZIP_HEADER = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"
_ZLIB_HEADER = b"\x78\x9c"
# Blocks that may wait for a thread; whoever writes more waits too, so that memory stays bounded.
_WAITING = 8


class Stream:
    """A gzip member or zlib stream in the making, without name or time: equal data give equal bytes.

    Args:
        name: ``"gzip"`` or ``"zlib"``.
        sink: Takes the stream's bytes, part by part, in the thread that writes.

    Used as a context manager, it leaves no thread behind.
    """

    def __init__(self, name: str, sink: Callable[[Buffer], object]) -> None:
        self._name = name
        self._sink = sink
        self._sum = 0 if name == "gzip" else 1
        self._size = 0
        # What has come while it is little.
        self._held: list[memoryview] = []
        self._before: Buffer = b""
        self._waiting: deque[Future[tuple[bytes, bytes]]] = deque()
        # Why threads: the compressors let go of the interpreter's lock.
        self._pool = ThreadPoolExecutor(os.cpu_count() or 1)

    def __enter__(self) -> Self:
        """Begin."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End the threads."""
        self._pool.shutdown(wait=True, cancel_futures=True)

    def write(self, block: Buffer) -> None:
        """Take the next block, best of ``BLOCK`` bytes."""
        view = memoryview(block)
        self._size += len(view)
        if self._size < _LARGE:
            self._held.append(view)
            return
        if self._held:
            self._begin()
        self._submit(view)

    def _begin(self) -> None:
        self._sink(_GZIP_HEADER if self._name == "gzip" else _ZLIB_HEADER)
        for held in self._held:
            self._submit(held)
        self._held = []

    def _submit(self, view: memoryview) -> None:
        self._waiting.append(self._pool.submit(_deflate, view, self._before))
        self._sum = (isal_zlib.crc32 if self._name == "gzip" else isal_zlib.adler32)(view, self._sum)
        self._before = view[-_WINDOW:]
        if len(self._waiting) > _WAITING:
            self._give_next()

    def _give_next(self) -> None:
        for part in self._waiting.popleft().result():
            self._sink(part)

    def finish(self) -> None:
        """Give the rest, and the trailer."""
        if self._size < _LARGE:
            self._sink(stdlib.compress(b"".join(self._held), _SMALL_LEVEL, _WINDOW_BITS[self._name]))
            return
        while self._waiting:
            self._give_next()
        self._sink(_LAST)
        if self._name == "gzip":
            self._sink(struct.pack("<II", self._sum, self._size & 0xFFFFFFFF))
        else:
            self._sink(struct.pack(">I", self._sum))


def deflate(data: Buffer, name: str) -> bytearray:
    """Return ``data`` as one gzip member or zlib stream."""
    view = memoryview(data).cast("B")
    out = bytearray()
    with Stream(name, joined(out)) as stream:
        for start in range(0, len(view), BLOCK):
            stream.write(view[start : start + BLOCK])
        stream.finish()
    return out


def joined(out: bytearray) -> Callable[[Buffer], object]:
    """Return a sink that appends to ``out``.

    Why one room that grows: pieces kept until they are joined take twice the memory, all of it new.
    """
    return lambda part: out.extend(memoryview(part))


def _deflate(block: memoryview, before: Buffer) -> tuple[bytes, bytes]:
    library, level = _compressor(block)
    stream = library.compressobj(level, wbits=_RAW, zdict=before)
    return stream.compress(block), stream.flush(library.Z_SYNC_FLUSH)


def _compressor(block: memoryview) -> tuple[Any, int]:
    """Choose library and level by what the fast and the thorough make of the middle of a block."""
    middle = len(block) // 2
    sample = block[max(0, middle - _SAMPLE // 2) : middle + _SAMPLE // 2]
    kept = len(isal_zlib.compress(sample, level=1, wbits=_RAW))
    if kept > _DOUBLES * len(sample):
        return _FASTEST
    if kept > _NUMBERS * len(sample):
        # In numbers that count up only matches of three bytes are to be found.
        return _SHORT_MATCHES if len(stdlib.compress(sample, 1, _RAW)) < _MUCH_LESS * kept else _FASTEST
    if len(zlib_ng.compress(sample, 3, _RAW)) > _WORTH_IT * kept:
        return _FAST
    return _THOROUGH if kept <= _REPEATED * len(sample) else _FAIR


# Three modules with zlib's interface.
_FASTEST, _FAST = (isal_zlib, 1), (isal_zlib, 3)
_FAIR, _THOROUGH = (zlib_ng, 2), (zlib_ng, 3)
_SHORT_MATCHES = (stdlib, 1)
# What isal keeps of texts, logicals and factors that repeat; of other texts and whole numbers; of rounded
# numbers and times; above are doubles. Measured on the frames of tests/benchmarks.
_REPEATED, _NUMBERS, _DOUBLES = 0.25, 0.52, 0.85
# How much less a slower compressor must keep to be worth its time.
_WORTH_IT, _MUCH_LESS = 0.9, 0.75
