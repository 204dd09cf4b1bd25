"""Objects' bytes, many at a time, each decoded while others come."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Protocol, TypeVar

from crossframe import sidecars
from crossframe.errors import CrossframeError, ObjectNotFoundError
from crossframe.pool import fetch_ahead, in_two_steps, turn_to_move
from crossframe.stores import reader_of, with_near_miss

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Sequence

    from typing_extensions import Buffer

    from crossframe.stores import Location, ObjectMeta

# An object of so many bytes is decoded in little more time than threads take to hand it on.
_SMALL = 128 * 1024


class Listed(Protocol):
    """An object, and what a listing told of it."""

    @property
    def location(self) -> Location:
        """Where it is."""
        ...

    @property
    def meta(self) -> ObjectMeta:
        """What the store told."""
        ...

    @property
    def sidecar(self) -> bool:
        """Whether a sidecar schema lies beside it."""
        ...


@dataclass(frozen=True, slots=True)
class Fetched:
    """What an object is decoded from.

    Attributes:
        stored: Its bytes as stored.
        schema: Text of the schema beside it; ``None`` where there is none, or it was not asked for.
    """

    stored: Buffer
    schema: str | None = None


Object = TypeVar("Object", bound=Listed)
Result = TypeVar("Result")


def fetch_each(
    objects: Sequence[Object],
    decode: Callable[[Object, Fetched | CrossframeError], Result],
    *,
    most: int | None = None,
) -> Generator[Result, None, None]:
    """Yield what ``decode`` makes of each object, in their order.

    Args:
        objects: One or more, of one store.
        decode: Called with an object and its bytes, or the error that there is instead.
        most: Most objects in memory, the one just yielded included; by default what keeps the line busy.
    """
    fetch = partial(_fetched, read=reader_of(objects[0].location.store))
    # Where only so many may be in memory, whoever takes them works on each for a while: decode meanwhile.
    if most is None and all(one.meta.size <= _SMALL for one in objects):
        return fetch_ahead(fetch, decode, objects)
    return in_two_steps(fetch, decode, objects, most=most)


def _fetched(one: Listed, *, read: Callable[[ObjectMeta], Buffer]) -> Fetched | CrossframeError:
    try:
        with turn_to_move(one.meta.size):
            stored = read(one.meta)
        # Why here: it is a request, too, and many may wait for theirs at once.
        if one.sidecar and sidecars.has_sidecar(one.location.key):
            return Fetched(stored, sidecars.current(one.location))
        return Fetched(stored)
    except ObjectNotFoundError as error:
        return with_near_miss(error, one.location)
    except CrossframeError as error:
        return error
