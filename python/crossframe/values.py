"""What an R object is when it is no data frame: vectors, lists, and what is carried as it is.

Codecs make and take these; :mod:`crossframe.frames` turns them into what users hold.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias, Union

import pyarrow as pa

from crossframe.attributes import RValue

if TYPE_CHECKING:
    from crossframe.attributes import Attributes

VECTOR_COLUMN = "value"


@dataclass(frozen=True, slots=True)
class RVector:
    """An atomic vector, factor, date or matrix.

    Attributes:
        table: One column, ``value``; its R attributes under schema key ``r`` as for a frame.
    """

    table: pa.Table


@dataclass(frozen=True, slots=True)
class RList:
    """A list.

    Attributes:
        items: Its elements.
        names: Their names, ``""`` for none; ``None`` where the list has no names.
        attributes: Other attributes, such as a class.
    """

    items: tuple[Value, ...]
    names: tuple[str, ...] | None = None
    attributes: Attributes = field(default_factory=dict)


# Why Union: the alias is read before RList, which holds values, is complete.
Value: TypeAlias = Union[pa.Table, RVector, RList, RValue, None]  # noqa: UP007
"""A data frame, a vector, a list, a carried R value, or ``NULL``."""
