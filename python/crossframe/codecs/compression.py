"""Bytes to fewer bytes and back: gzip, zlib, bzip2, xz, zstd, by their names in ``formats.csv``.

Compressed bytes are hostile: what they expand to is counted while they expand, and what is cut short or
followed by anything else is an error, never a shorter answer.

Source:
    RFC 1950 (zlib), RFC 1952 (gzip), RFC 8878 (zstd), the xz file format 1.2.0.
"""

from __future__ import annotations

import bz2
import lzma
import os
import zlib
from typing import TYPE_CHECKING, cast

from isal import isal_zlib

from crossframe.codecs import deflate
from crossframe.errors import DecodeError, UnknownFormatError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from typing_extensions import Buffer

LIMIT_VARIABLE = "CROSSFRAME_MAX_BYTES"
FLOOR_LIMIT = 2 << 30
RATIO_LIMIT = 200

_GZIP_WINDOW = 31
_ZLIB_WINDOW = 15
# Why: what a larger step expands to no longer lies in the processor's cache when it is decoded.
_INPUT_STEP = 128 << 10
_OUTPUT_STEP = 16 << 20
TRAILER_BYTES = 4
_USUAL_EXPANSION = 8
_MOST_EXPANSION = 1032  # deflate's best: 258 bytes from two bits
_GZIP_MAGIC = b"\x1f\x8b"
# Why: where a member's header ends in the next step, isal may take it for damaged.
_LONG_HEADER = 4 << 10
_FOREIGN: tuple[type[Exception], ...] = (
    cast("type[Exception]", isal_zlib.error),  # its stub has an instance here
    zlib.error,
    lzma.LZMAError,
    EOFError,
    OSError,
    ValueError,
)


def compress(data: Buffer, name: str, *, level: int | None = None) -> bytes | bytearray:
    """Compress ``data``.

    Args:
        data: Bytes to compress.
        name: A compression of ``formats.csv``: gzip, zlib, bzip2, xz or zstd.
        level: The compressor's own level; by default R's size at a better speed.

    Returns:
        The compressed bytes: one member, frame or stream.

    Raises:
        UnknownFormatError: ``name`` is no compression.
    """
    view = memoryview(data).cast("B")
    if name in deflate.NAMES:
        if level is None:
            return deflate.deflate(view, name)
        return zlib.compress(view, level, _GZIP_WINDOW if name == "gzip" else _ZLIB_WINDOW)
    if name == "bzip2":
        return bz2.compress(view, 9 if level is None else level)
    if name == "xz":
        return lzma.compress(view, preset=level)
    if name == "zstd":
        import pyarrow as pa  # noqa: PLC0415 - the command's help must not wait for it

        return bytes(memoryview(pa.Codec("zstd", level).compress(pa.py_buffer(view))))
    raise _unknown(name)


class _Gathered:
    """Parts that become one piece: in room taken at once where the size is foretold, else joined.

    Why: memory that is touched for the first time costs as much as inflating into it.
    """

    def __init__(self, foretold: int) -> None:
        """Take room for what is foretold, where that is more than a step gives; 0 foretells nothing."""
        self._room = bytearray(foretold if foretold > _INPUT_STEP * _USUAL_EXPANSION else 0)
        self._used = 0
        self._more: list[bytes] = []

    def add(self, part: bytes) -> None:
        """Append a part."""
        if self._more or self._used + len(part) > len(self._room):
            self._more.append(part)
        else:
            self._room[self._used : self._used + len(part)] = part
            self._used += len(part)

    def whole(self) -> bytes | bytearray:
        """Return all parts as one piece."""
        if not self._more:
            del self._room[self._used :]
            return self._room
        start = [bytes(memoryview(self._room)[: self._used])] if self._used else []
        return self._more[0] if len(self._more) == 1 and not start else b"".join(start + self._more)


class _Steps:
    """Compressed bytes in bounded steps, of which what was not used can be given back."""

    def __init__(self, pieces: Iterable[memoryview]) -> None:
        self._steps = (
            piece[at : at + _INPUT_STEP] for piece in pieces for at in range(0, len(piece), _INPUT_STEP)
        )
        self._back = memoryview(b"")
        self.given = 0

    def next(self) -> memoryview:
        """Return the next step; an empty one at the end. It is valid until the one after it is asked for."""
        step, self._back = self._back or next(self._steps, memoryview(b"")), memoryview(b"")
        self.given += len(step)
        return step

    def give_back(self, rest: Buffer) -> None:
        """Take back the end of the last step."""
        self._back = memoryview(rest)
        self.given -= len(self._back)


def foretold(stored_bytes: int, trailer: Buffer) -> int:
    """Return the size that a gzip member's trailer claims (RFC 1952, ISIZE); 0 where it can't be true.

    Args:
        stored_bytes: Size of what is compressed.
        trailer: Its last ``TRAILER_BYTES`` bytes.
    """
    if stored_bytes < TRAILER_BYTES:
        return 0
    claimed = int.from_bytes(trailer, "little")
    return claimed if claimed <= min(_limit(stored_bytes), _MOST_EXPANSION * stored_bytes) else 0


def expand(data: Buffer, name: str) -> Iterator[bytes]:
    """Yield what ``data`` expands to, in bounded parts none of which is empty.

    The caller counts: nothing here bounds the sum.

    Raises:
        DecodeError: The bytes are truncated, damaged or followed by others.
        UnknownFormatError: ``name`` is no compression.
    """
    if name not in _EXPAND:
        raise _unknown(name)
    return _in_our_words(_EXPAND[name](memoryview(data).cast("B")), name)


def expand_gzip(pieces: Iterable[memoryview]) -> Iterator[bytes]:
    """Yield what gzip data expand to that come piece by piece; as ``expand`` does."""
    return _in_our_words(_inflate_gzip(_Steps(pieces)), "gzip")


def _in_our_words(parts: Iterator[bytes], name: str) -> Iterator[bytes]:
    try:
        yield from parts
    except _FOREIGN as error:
        if isinstance(error, DecodeError):
            raise
        raise _damaged(name, str(error)) from None
    except MemoryError:  # xz may claim a dictionary of 4 GiB
        raise _damaged(name, "It needs more memory than there is.") from None


def decompress(data: Buffer, name: str, *, limit: int | None = None) -> bytes | bytearray:
    """Expand ``data``, whole or not at all.

    Args:
        data: Compressed bytes; several members, streams or frames in a row are one.
        name: A compression of ``formats.csv``: gzip, zlib, bzip2, xz or zstd.
        limit: Size in bytes that the result may not exceed; by default 2 GiB or 200 times the size of
            ``data``, whichever is more, or the environment's ``CROSSFRAME_MAX_BYTES``.

    Returns:
        The expanded bytes.

    Raises:
        DecodeError: The bytes are truncated, damaged, followed by others, or expand beyond ``limit``.
        UnknownFormatError: ``name`` is no compression.
    """
    view = memoryview(data).cast("B")
    allowed = _limit(len(view)) if limit is None else limit
    size = 0
    claimed = foretold(len(view), view[-TRAILER_BYTES:]) if name == "gzip" else 0
    gathered = _Gathered(min(claimed, allowed))
    for part in expand(view, name):
        size += len(part)
        if size > allowed:
            raise DecodeError(
                f"Can't decompress the {name} data.",
                f"{len(view)} bytes expand to more than {allowed}.",
                f"Set {LIMIT_VARIABLE} to a higher number of bytes if this is what you expect.",
            )
        gathered.add(part)
    return gathered.whole()


def _limit(size: int) -> int:
    text = os.environ.get(LIMIT_VARIABLE)
    if not text:
        return max(FLOOR_LIMIT, RATIO_LIMIT * size)
    if not text.isdecimal():
        raise UsageError(f"{LIMIT_VARIABLE} must be a number of bytes, not '{text}'.")
    return int(text)


def _inflate_gzip(steps: _Steps) -> Iterator[bytes]:
    """Expand members one after the other; zeros after the last are padding (RFC 1952 leaves it to us)."""
    while True:
        yield from _inflate(isal_zlib.decompressobj(wbits=_GZIP_WINDOW), steps, "gzip")
        following = steps.next()
        if len(following) < _LONG_HEADER:
            following = memoryview(bytes(following) + bytes(steps.next()))
        if following[:2] != _GZIP_MAGIC:
            break
        steps.give_back(following)
    _check_padding(following, steps)


def _check_padding(following: memoryview, steps: _Steps) -> None:
    size, zeros = 0, True
    while following:
        size += len(following)
        zeros = zeros and not any(following)
        following = steps.next()
    if not zeros:
        raise _trailing("gzip", size)


def _inflate_zlib(view: memoryview) -> Iterator[bytes]:
    steps = _Steps([view])
    yield from _inflate(isal_zlib.decompressobj(wbits=_ZLIB_WINDOW), steps, "zlib")
    if steps.given < len(view):
        raise _trailing("zlib", len(view) - steps.given)


def _inflate(member: isal_zlib.Decompress, steps: _Steps, name: str) -> Iterator[bytes]:
    """Expand one member, and give back what follows it.

    A step of input expands to 1032 times its size at most, so the caller's count is never far behind.
    """
    while not member.eof:
        step = steps.next()
        if not step:
            raise _damaged(name, f"The data ends early, after {steps.given} bytes.")
        part = member.decompress(step)
        if part:
            yield part
    steps.give_back(member.unused_data)


def _expand_bzip2(view: memoryview) -> Iterator[bytes]:
    yield from _streams(view, "bzip2", bz2.BZ2Decompressor, b"BZh", padding=False)


def _expand_xz(view: memoryview) -> Iterator[bytes]:
    yield from _streams(
        view, "xz", lambda: lzma.LZMADecompressor(lzma.FORMAT_XZ), b"\xfd7zXZ\x00", padding=True
    )


def _streams(
    view: memoryview,
    name: str,
    start: Callable[[], bz2.BZ2Decompressor | lzma.LZMADecompressor],
    magic: bytes,
    *,
    padding: bool,
) -> Iterator[bytes]:
    """Expand streams one after the other, a bounded part at a time."""
    rest = bytes(view)
    while True:
        stream = start()
        part = stream.decompress(rest, _OUTPUT_STEP)
        while part or not stream.eof:
            yield part
            if stream.eof:
                break
            if stream.needs_input:
                raise _damaged(name, f"The data ends early, after {len(view)} bytes.")
            part = stream.decompress(b"", _OUTPUT_STEP)
        rest = stream.unused_data
        if not rest.startswith(magic):
            break
    if rest.strip(b"\0") if padding else rest:
        raise _trailing(name, len(rest))


def _expand_zstd(view: memoryview) -> Iterator[bytes]:
    import pyarrow as pa  # noqa: PLC0415 - the command's help must not wait for it

    if not view:
        raise _damaged("zstd", "The data ends early, after 0 bytes.")
    with pa.CompressedInputStream(pa.BufferReader(pa.py_buffer(view)), "zstd") as stream:
        # Why not read(): where it fails, pyarrow never frees the bytes that it made room for.
        while part := stream.read_buffer(_OUTPUT_STEP):
            yield part.to_pybytes()


_EXPAND: dict[str, Callable[[memoryview], Iterator[bytes]]] = {
    "gzip": lambda view: _inflate_gzip(_Steps([view])),
    "zlib": _inflate_zlib,
    "bzip2": _expand_bzip2,
    "xz": _expand_xz,
    "zstd": _expand_zstd,
}


def _damaged(name: str, detail: str) -> DecodeError:
    return DecodeError(f"Can't decompress the {name} data.", detail, "Is the object truncated or damaged?")


def _trailing(name: str, size: int) -> DecodeError:
    return _damaged(name, f"{size} bytes follow the end of the compressed data.")


def _unknown(name: str) -> UnknownFormatError:
    known = ", ".join(sorted(_EXPAND))
    return UnknownFormatError(f"Compression must be one of {known}, not '{name}'.")
