"""Byte order of the keys from servers that keep folders.

Such a server walks through them by the names in each: 'a/b' comes at the place of 'a', and so before 'a-b'
and 'a.b', whose signs are below the slash. What lies in a folder is held back until no name of that kind can
follow.
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from crossframe.stores.protocol import ObjectMeta

# Of one folder; with more it is worth a request to know whether they have to be.
MOST_HELD = 5000


class DisorderError(Exception):
    """A key came after one that it should have come before, when that had been given away."""


def in_byte_order(
    listed: Iterable[ObjectMeta], folder: str, has_late: Callable[[str], bool]
) -> Iterator[ObjectMeta]:
    """Yield objects in byte order of their keys.

    Args:
        listed: Objects, in the order of a walk or of bytes. What comes in another is held back to the end.
        folder: What every key begins with: empty, or ending in a slash.
        has_late: Tells whether there is a key that begins with a folder's name and goes on below the slash.

    Raises:
        DisorderError: The order is another, which showed too late.
    """
    held = _Held([folder], has_late)
    for meta in listed:
        if held.passes(meta.key):
            yield meta
        else:
            yield from held.add(meta)
    yield from held.rest()


@dataclass(slots=True)
class _Held:
    """What is held back.

    Attributes:
        clear: The folder that is walked through level by level, below those it is in: nothing that belongs
            before it comes after it.
        has_late: As for ``in_byte_order``.
        walks: Whether all that came is in the order of a walk.
        sorts: Whether it is in that of bytes.
        came: The last key that came.
        gone: The last key that was given away.
        name: What is walked through at that level.
        inside: How many came of it.
        count: How many were held in all.
        heap: The objects, after key and number.
    """

    clear: list[str]
    has_late: Callable[[str], bool]
    walks: bool = True
    sorts: bool = True
    came: str = ""
    gone: str = ""
    name: str = ""
    inside: int = 0
    count: int = 0
    heap: list[tuple[str, int, ObjectMeta]] = field(default_factory=list)

    def passes(self, key: str) -> bool:
        """Notice a key, and tell whether its object need not be held."""
        self.walks = self.walks and _walked(self.came) <= _walked(key)
        self.sorts = self.sorts and self.came <= key
        self.came = key
        if self.heap or key < self.gone:
            return False
        # Why a walk first: what is held back for it comes in the order of bytes all the same.
        if not (self._level(key) is key if self.walks else self.sorts):
            return False
        self.gone = key
        return True

    def add(self, meta: ObjectMeta) -> Iterator[ObjectMeta]:
        """Hold an object, and yield what need not be held any longer."""
        key = meta.key
        if key < self.gone:
            if self.walks:
                # Not there when has_late() was asked: a listing need not have what is written meanwhile.
                return
            raise DisorderError(f"'{key}' came after '{self.gone}'.")
        self.count += 1
        heapq.heappush(self.heap, (key, self.count, meta))
        if self.walks or self.sorts:
            least = self._least(key) if self.walks else key
            while self.heap and self.heap[0][0] <= least:
                yield self._next()

    def rest(self) -> Iterator[ObjectMeta]:
        """Yield all that is held."""
        while self.heap:
            yield self._next()

    def _level(self, key: str) -> str:
        """Return the key up to the level that is walked through; the key itself where it is at that level."""
        while len(self.clear) > 1 and not key.startswith(self.clear[-1]):
            self.clear.pop()
        end = key.find("/", len(self.clear[-1]))
        return key if end < 0 else key[:end]

    def _least(self, key: str) -> str:
        """Return what no key that is still to come is below."""
        name = self._level(key)
        self.inside = self.inside + 1 if name == self.name else 1
        self.name = name
        if self.inside == MOST_HELD and name != key and not self.has_late(name):
            self.clear.append(f"{name}/")
            return self._least(key)
        return name

    def _next(self) -> ObjectMeta:
        self.gone, _, meta = heapq.heappop(self.heap)
        return meta


def _walked(key: str) -> str:
    """Return what sorts as a walk does."""
    return key.replace("/", "\0")
