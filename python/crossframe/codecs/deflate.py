"""One deflate stream made by several threads, each block by the compressor that suits it.

Columns differ: isal is five times as fast as any other on doubles, where there is little to gain, and 20 to
100 % off R's size on texts and logicals that repeat, where zlib-ng is fast too. A sample of each block tells.
Blocks end on a byte and may refer to the 32 KiB before them, so that together they are one stream, the same
for any number of threads.

Source:
    RFC 1950 (zlib), RFC 1951 (deflate), RFC 1952 (gzip).
"""

from __future__ import annotations

import os
import struct
import zlib as stdlib
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from isal import isal_zlib
from zlib_ng import zlib_ng

if TYPE_CHECKING:
    from collections.abc import Callable

_BLOCK = 512 << 10
_WINDOW = 32 << 10
_SAMPLE = 16 << 10
_RAW = -15
# What ends the stream: a last block, with fixed codes, that is empty.
_LAST = b"\x03\x00"
# No flags, no time, no level, any system.
_GZIP_HEADER = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"
_ZLIB_HEADER = b"\x78\x9c"


def gzip(data: memoryview) -> bytes:
    """Return ``data`` as one gzip member."""
    trailer = struct.pack("<II", isal_zlib.crc32(data), len(data) & 0xFFFFFFFF)
    return b"".join([_GZIP_HEADER, *_blocks(data), _LAST, trailer])


def zlib(data: memoryview) -> bytes:
    """Return ``data`` as one zlib stream."""
    return b"".join([_ZLIB_HEADER, *_blocks(data), _LAST, struct.pack(">I", isal_zlib.adler32(data))])


def _blocks(data: memoryview) -> list[bytes]:
    starts = range(0, len(data), _BLOCK)
    # Why threads: both compressors let go of the interpreter's lock.
    with ThreadPoolExecutor(min(os.cpu_count() or 1, len(starts)) or 1) as pool:
        return list(pool.map(lambda start: _block(data, start), starts))


def _block(data: memoryview, start: int) -> bytes:
    block, before = data[start : start + _BLOCK], data[max(0, start - _WINDOW) : start]
    return _compressor(block)(block, before)


def _compressor(block: memoryview) -> Callable[[memoryview, memoryview], bytes]:
    """Choose by how much of the middle of a block a first, fast try keeps."""
    middle = len(block) // 2
    sample = block[max(0, middle - _SAMPLE // 2) : middle + _SAMPLE // 2]
    kept = len(isal_zlib.compress(sample, level=1, wbits=_RAW))
    for most, compress in _CHOICES:
        if kept <= most * len(sample):
            return compress
    # Why: in numbers that count up only matches of three bytes are to be found.
    counts = kept <= _DOUBLES * len(sample) and len(stdlib.compress(sample, 1, _RAW)) < _COUNTS * kept
    if counts:
        return _with(stdlib, 1)
    return _with(isal_zlib, 3 if kept <= _DOUBLES * len(sample) else 1)


def _with(
    library: Any,  # noqa: ANN401 - three modules with zlib's interface
    level: int,
) -> Callable[[memoryview, memoryview], bytes]:
    def compress(block: memoryview, before: memoryview) -> bytes:
        stream = library.compressobj(level, wbits=_RAW, zdict=before)
        part: bytes = stream.compress(block) + stream.flush(library.Z_SYNC_FLUSH)
        return part

    return compress


# Measured on the frames of tests/benchmarks: texts, logicals and factors that repeat; whole numbers, digits.
_CHOICES = ((0.25, _with(zlib_ng, 3)), (0.52, _with(zlib_ng, 2)))
# What is above is rounded numbers and times, and above this doubles.
_DOUBLES = 0.85
_COUNTS = 0.75
