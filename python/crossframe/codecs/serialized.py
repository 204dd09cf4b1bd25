"""R values that are about to be written: whole, or compressed while they are written.

Why: what is compressed at once never has to lie in memory as a whole.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from crossframe import _rserial
from crossframe.codecs import compression as compressions
from crossframe.codecs import deflate

if TYPE_CHECKING:
    from collections.abc import Callable

    from typing_extensions import Buffer

    from crossframe._rserial import Node


@dataclass(frozen=True, slots=True)
class Serialized:
    """One R value and how it is to be serialized.

    Attributes:
        root: The value.
        version: Version of R's serialization, 2 or 3.
        header: What comes before it; an RData's first line.
    """

    root: Node
    version: int
    header: bytes = b""

    def whole(self) -> bytes:
        """Return the bytes, not compressed."""
        encoded = _rserial.encode(self.root, self.version)
        return self.header + encoded if self.header else encoded

    def compressed(self, name: str) -> bytes | bytearray:
        """Return the bytes in a compression of ``formats.csv``.

        Raises:
            UnknownFormatError: ``name`` is no compression.
        """
        if name not in deflate.NAMES:
            return compressions.compress(self.whole(), name)
        out = bytearray()
        self.write(name, deflate.joined(out))
        return out

    def write(self, name: str | None, sink: Callable[[Buffer], object]) -> None:
        """Give the bytes to ``sink``, piece by piece where that is possible.

        Args:
            name: A compression of ``formats.csv``; ``None`` for none.
            sink: Takes each piece before the next is made.

        Raises:
            UnknownFormatError: ``name`` is no compression.
        """
        if name is None:
            self._write_pieces(sink)
        elif name in deflate.NAMES:
            with deflate.Stream(name, sink) as stream:
                self._write_pieces(stream.write)
                stream.finish()
        else:
            sink(self.compressed(name))

    def _write_pieces(self, sink: Callable[[Buffer], object]) -> None:
        if self.header:
            sink(self.header)
        _rserial.encode_pieces(self.root, self.version, deflate.BLOCK, sink)
