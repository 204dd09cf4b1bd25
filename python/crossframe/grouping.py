"""Split a frame into groups by the values of some columns, keeping its kind and its row names.

Rows that are only counted, by pandas' ``RangeIndex`` or R's automatic row names, are counted anew in each.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from crossframe import attributes, frames
from crossframe.errors import DuplicateColumnError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import pyarrow as pa


def groups(frame: Any, columns: Sequence[str]) -> Iterator[tuple[dict[str, Any], Any]]:  # noqa: ANN401 - any frame
    """Yield each group's values and its rows, in order of first appearance.

    Args:
        frame: A pandas DataFrame, or anything that pyarrow takes as a table.
        columns: Columns to group by; they stay in the groups.

    Raises:
        UsageError: A column is not there, or its values are lists; a Dask DataFrame.
        DuplicateColumnError: A column is there twice.
    """
    if frames.is_dask(frame):
        raise UsageError(
            "Can't group a Dask DataFrame.", hint="Group each of its partitions, or compute() it."
        )
    names = list(getattr(frame, "column_names", getattr(frame, "columns", [])))
    for column in columns:
        if column not in names:
            shown = ", ".join(map(str, names[:5]))
            raise UsageError(f"Can't find column '{column}' to group by.", f"The columns are {shown}.")
        if names.count(column) > 1:
            raise DuplicateColumnError("Column names must differ.", f"'{column}' names two columns.")
    try:
        if hasattr(frame, "groupby"):
            yield from _pandas_groups(frame, columns)
        else:
            yield from _arrow_groups(frames.to_table(frame), columns)
    except TypeError as error:
        shown = "', '".join(columns)
        raise UsageError(
            f"Can't group by '{shown}': no two of its values can be alike.", str(error)
        ) from None


def _pandas_groups(frame: Any, columns: Sequence[str]) -> Iterator[tuple[dict[str, Any], Any]]:  # noqa: ANN401
    grouped = frame.groupby(list(columns), sort=False, dropna=False, observed=True)
    counted = _is_counted(frame.index)
    for values, rows in grouped:
        yield dict(zip(columns, values, strict=True)), rows.reset_index(drop=True) if counted else rows


def _is_counted(index: Any) -> bool:  # noqa: ANN401 - pandas is slow to import
    """Tell whether an index is what pandas gives rows that nobody named."""
    return hasattr(index, "step") and (index.start, index.step, index.name) == (0, 1, None)


def _arrow_groups(table: pa.Table, columns: Sequence[str]) -> Iterator[tuple[dict[str, Any], pa.Table]]:
    rows_of: dict[tuple[Any, ...], list[int]] = {}
    values = [table.column(column).to_pylist() for column in columns]
    for row, combination in enumerate(zip(*values, strict=True)):
        rows_of.setdefault(combination, []).append(row)
    for combination, rows in rows_of.items():
        yield dict(zip(columns, combination, strict=True)), _taken(table, rows)


def _taken(table: pa.Table, rows: list[int]) -> pa.Table:
    """Take rows, and of R's row names those that belong to them."""
    taken = table.take(rows)
    if not table.schema.metadata or b"r" not in table.schema.metadata:
        return taken
    noted = attributes.RMetadata.of(table.schema)
    names = noted.attributes.get("row.names")
    if names is None:
        return taken
    kept = attributes.to_array(names).take(rows).to_pylist()
    noted.attributes["row.names"] = attributes.from_python(kept, "row.names")
    return noted.apply(taken)
