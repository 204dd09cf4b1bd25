"""What the codecs of frames share: checks of column names, and tables without columns."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa

from crossframe.errors import DuplicateColumnError, UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

_SHOWN = 5


def check_names(names: Sequence[object]) -> None:
    """Refuse a frame in which a name stands for two columns, or is none.

    Raises:
        DuplicateColumnError: Says which column.
    """
    seen: set[object] = set()
    for position, name in enumerate(names, 1):
        if not isinstance(name, str):
            raise DuplicateColumnError(
                "Column names must be text.", f"The name of column {position} is {name!r}."
            )
        if name in seen:
            raise DuplicateColumnError(f"Each column must have its own name, but two are named '{name}'.")
        seen.add(name)


def pick(names: Sequence[str], columns: Sequence[str]) -> list[int]:
    """Return the positions of ``columns`` among ``names``.

    Raises:
        UsageError: A column is not there; says which are.
        DuplicateColumnError: A column is asked for twice.
    """
    check_names(columns)
    position = {name: index for index, name in enumerate(names)}
    for column in columns:
        if column not in position:
            shown = ", ".join(f"'{name}'" for name in names[:_SHOWN])
            more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
            raise UsageError(f"Can't find column '{column}'.", f"The columns are {shown or 'none'}{more}.")
    return [position[column] for column in columns]


def without_columns(rows: int, metadata: dict[bytes, bytes] | None = None) -> pa.Table:
    """Return a table of ``rows`` rows and no columns."""
    # Why last: whatever else is done to a table without columns forgets its rows.
    return pa.table({"x": pa.nulls(rows)}).replace_schema_metadata(metadata).select([])
