"""Objects' bytes, many at a time, each decoded while others come."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Protocol, TypeVar

import pyarrow as pa

from crossframe import api, sidecars
from crossframe.codecs.columns import check_names
from crossframe.errors import CrossframeError, ObjectNotFoundError, UsageError
from crossframe.losses import Losses
from crossframe.pool import fetch_ahead, in_two_steps, turn_to_move
from crossframe.stores import reader_of, with_near_miss

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Mapping, Sequence

    from typing_extensions import Buffer

    from crossframe.stores import Location, ObjectMeta
    from crossframe.values import Value

# An object of so many bytes is decoded in little more time than threads take to hand it on.
_SMALL = 128 * 1024
# Of those that are so on the average, the most that one may have: many are fetched before they are wanted.
_LARGEST = 1024 * 1024


class Placed(Protocol):
    """An object."""

    @property
    def location(self) -> Location:
        """Where it is."""
        ...

    @property
    def sidecar(self) -> bool:
        """Whether a sidecar schema lies beside it."""
        ...


class Listed(Placed, Protocol):
    """An object, and what a listing told of it."""

    @property
    def meta(self) -> ObjectMeta:
        """What the store told."""
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
    sizes = [one.meta.size for one in objects]
    if most is None and sum(sizes) <= _SMALL * len(sizes) and max(sizes) <= _LARGEST:
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


def decode_fetched(
    one: Placed,
    fetched: Fetched,
    losses: Losses,
    *,
    format: str | None = None,
    name: str | None = None,
    columns: Sequence[str] | None = None,
    lacking: bool = False,
) -> Mapping[str, Value]:
    """Turn what was fetched into tables and values by name.

    Args:
        one: The object.
        fetched: What was fetched of it.
        losses: Takes what can't be kept.
        format: Name of the format; by default chosen.
        name: The one object to read, of formats that hold several.
        columns: Columns, in this order; by default all.
        lacking: Whether a frame may lack some of them; then it comes with the others.
    """
    decode = partial(
        api.decode,
        one.location,
        fetched.stored,
        format=format,
        name=name,
        has_sidecar=one.sidecar,
        schema=fetched.schema,
    )
    own = Losses(strict=losses.strict)
    try:
        values = decode(own, columns=columns)
    except UsageError:
        if columns is None or not lacking:
            raise
        check_names(columns)
        own = Losses(strict=losses.strict)
        values = {key: _with_those_there(value, columns) for key, value in decode(own).items()}
    losses.found.extend(own.found)
    return values


def _with_those_there(value: Value, columns: Sequence[str]) -> Value:
    if not isinstance(value, pa.Table):
        return value
    return value.select([column for column in columns if column in value.column_names])
