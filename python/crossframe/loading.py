"""Read many objects: their bytes several at a time, decoded while others come, in the order of their keys."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

import pyarrow as pa

from crossframe.combining import Part
from crossframe.errors import CrossframeError, UsageError
from crossframe.fetching import Fetched, decode_fetched, fetch_each
from crossframe.losses import Losses
from crossframe.progress import with_bar

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

    from crossframe.matching import Match
    from crossframe.values import Value


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is wanted of each object.

    Attributes:
        format: Name of the format; by default chosen for each.
        columns: Columns, in this order; by default all.
        strict: Whether a loss is an error.
        lacking: Whether a frame may lack some of the columns.
    """

    format: str | None = None
    columns: Sequence[str] | None = None
    strict: bool = False
    lacking: bool = False


@dataclass(slots=True)
class Loaded:
    """What became of one object.

    Attributes:
        match: The object.
        objects: Tables and values by name.
        losses: What decoding could not keep.
        error: Why there are none.
    """

    match: Match
    objects: dict[str, Value] = field(default_factory=dict)
    losses: Losses = field(default_factory=Losses)
    error: CrossframeError | None = None

    @property
    def key(self) -> str:
        """The key, as users are given it."""
        return self.match.location.shown

    def take(self) -> dict[str, Value]:
        """Return the tables and values, and hold them no more."""
        taken, self.objects = self.objects, {}
        return taken

    def part(self) -> Part:
        """Return its one table, to be put below others.

        Raises:
            UsageError: It is no frame, or there are several.
        """
        values = list(self.take().values())
        if len(values) == 1 and isinstance(values[0], pa.Table):
            return Part(self.key, values[0], self.match.fields)
        held = "what is no frame" if len(values) == 1 else f"{len(values)} objects"
        raise UsageError(
            f"Can't combine '{self.key}' with others: it holds {held}.",
            f"In {self.match.location.uri}",
            "Leave it out (exclude=), or load the keys one by one.",
        )


def load_each(
    found: Sequence[Match], wanted: Wanted, *, most: int | None = None, progress: bool | None = None
) -> Generator[Loaded]:
    """Yield what becomes of each object, in their order.

    Args:
        found: Objects of one store.
        wanted: What is wanted of each.
        most: Most objects in memory, the one just yielded included; by default what keeps the line busy.
        progress: Whether there is a bar; by default on a terminal.
    """
    if not found:
        return
    with (
        closing(fetch_each(found, partial(_decoded, wanted=wanted), most=most)) as loaded,
        closing(with_bar(loaded, len(found), "loading", lambda one: one.key, wanted=progress)) as shown,
    ):
        yield from shown


def _decoded(match: Match, fetched: Fetched | CrossframeError, *, wanted: Wanted) -> Loaded:
    if isinstance(fetched, CrossframeError):
        return Loaded(match, error=fetched)
    losses = Losses(strict=wanted.strict)
    try:
        objects = decode_fetched(
            match, fetched, losses, format=wanted.format, columns=wanted.columns, lacking=wanted.lacking
        )
    except CrossframeError as error:
        return Loaded(match, error=error)
    return Loaded(match, dict(objects), losses)
