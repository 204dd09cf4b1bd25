"""One table brought into the form of another: what each partition of a Dask DataFrame must have.

Unlike ``combining``, which finds the form that holds all tables, the form is given here, and a table that
does not fit it is an error that names the key and the column.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from crossframe import _rserial
from crossframe.arrow_types import type_text
from crossframe.attributes import RMetadata, with_metadata
from crossframe.errors import SchemaMismatchError
from crossframe.promotion import promote
from crossframe.types import describe

if TYPE_CHECKING:
    from crossframe.losses import Losses

_ROWS = "row.names"


@dataclass(frozen=True, slots=True)
class Form:
    """What a table is to be like.

    Attributes:
        like: A table without rows: columns, types, levels, metadata.
        known: Factors whose levels are those of ``like``; the others' may differ from table to table.
        whole: Whether a column that it lacks is an error; else it is left out.
        source: What it was taken from, for messages.
    """

    like: pa.Table
    known: frozenset[str] = field(default_factory=frozenset)
    whole: bool = False
    source: str = "schema="


def conform(table: pa.Table, form: Form, key: str, losses: Losses) -> pa.Table:
    """Return the table in that form; a column that it lacks is missing in all rows.

    Args:
        table: n rows x k columns.
        form: What it is to be like.
        key: Where the table is from.
        losses: Takes row names where the form has none.

    Raises:
        SchemaMismatchError: A column's type or values do not fit, or the form lacks it.
    """
    if form.whole:
        _check_no_other(table, form, key)
    arrays = [_column(table, wanted, form, key) for wanted in form.like.schema]
    noted = _row_names(table, form, key, losses)
    if not arrays:
        return noted.apply(with_metadata(table.select([]), form.like.schema.metadata or {}))
    return noted.apply(pa.table(arrays, form.like.schema))


def _check_no_other(table: pa.Table, form: Form, key: str) -> None:
    for name in table.column_names:
        if name not in form.like.column_names:
            raise SchemaMismatchError(
                f"Column '{name}' of '{key}' is not in the schema of the whole.",
                f"That was taken from {form.source}.",
                "Leave it out (columns=), or say what the columns are (schema=).",
            )


def _column(table: pa.Table, wanted: pa.Field, form: Form, key: str) -> pa.ChunkedArray:
    position = table.schema.get_field_index(wanted.name)
    kind = wanted.type
    if position < 0 or pa.types.is_null(table.schema.field(position).type):
        return pa.chunked_array([_missing(form, wanted, table.num_rows)], kind)
    values = table.column(position)
    if wanted.name in form.known:
        return _in_levels(values, form.like.column(wanted.name), wanted, form, key)
    if values.type == kind:
        return values
    if promote(values.type, kind) is None:
        raise _mismatch(wanted, form, key, _words(values.type))
    return _cast(values, wanted, form, key)


def _missing(form: Form, wanted: pa.Field, rows: int) -> pa.Array:
    if wanted.name not in form.known:
        return pa.nulls(rows, wanted.type)
    codes = pa.nulls(rows, wanted.type.index_type)
    levels = _levels(form.like.column(wanted.name))
    return pa.DictionaryArray.from_arrays(codes, levels, ordered=wanted.type.ordered)


def _cast(values: pa.ChunkedArray, wanted: pa.Field, form: Form, key: str) -> pa.ChunkedArray:
    kind = wanted.type
    try:
        if pa.types.is_dictionary(values.type) and not pa.types.is_dictionary(kind):
            return values.cast(values.type.value_type).cast(kind)
        return values.cast(kind)
    except pa.ArrowException as error:
        raise _mismatch(wanted, form, key, f"{_words(values.type)}: {error}") from None


def _levels(column: pa.ChunkedArray) -> pa.Array:
    return column.chunk(0).dictionary


def _in_levels(
    values: pa.ChunkedArray, like: pa.ChunkedArray, wanted: pa.Field, form: Form, key: str
) -> pa.ChunkedArray:
    """Return a factor by the form's levels."""
    kind, levels = wanted.type, _levels(like)
    if promote(values.type, kind) is None:
        raise _mismatch(wanted, form, key, _words(values.type))
    encoded = values if pa.types.is_dictionary(values.type) else values.dictionary_encode()
    chunks = []
    for chunk in encoded.chunks:
        codes = pc.index_in(chunk.dictionary.cast(levels.type), value_set=levels)
        taken = codes.take(chunk.indices).cast(kind.index_type)
        lost = pc.and_(chunk.is_valid(), taken.is_null())
        if pc.any(lost).as_py():
            other = chunk.filter(lost)[0].as_py()
            raise _mismatch(wanted, form, key, f"level '{other}', which is none of its levels")
        chunks.append(pa.DictionaryArray.from_arrays(taken, levels, ordered=kind.ordered))
    return pa.chunked_array(chunks or [_missing(form, wanted, 0)], kind)


def _words(kind: pa.DataType) -> str:
    return f"{describe(kind).r} ({type_text(kind)})"


def _mismatch(wanted: pa.Field, form: Form, key: str, got: str) -> SchemaMismatchError:
    return SchemaMismatchError(
        f"Column '{wanted.name}' of '{key}' can't be {_words(wanted.type)}.",
        f"It is {got}; the schema was taken from {form.source}.",
        "Say a type that holds all (schema=), or leave it out (columns=).",
    )


def _row_names(table: pa.Table, form: Form, key: str, losses: Losses) -> RMetadata:
    """Return the form's R attributes, with the table's own row names where the form has them."""
    noted = RMetadata.of(form.like.schema)
    own = RMetadata.of(table.schema).attributes.get(_ROWS)
    texts = own is not None and own.kind == "character"
    if _ROWS not in noted.attributes:
        if texts and own is not None:
            losses.add("row names", own.length, "the first", "have no place in the schema and are not kept")
        return noted
    if not texts and table.num_rows:
        raise SchemaMismatchError(
            f"Rows of '{key}' must have names.",
            f"Those of {form.source} have.",
            "Say a schema without (schema=).",
        )
    noted.attributes[_ROWS] = own if own is not None and texts else _rserial.vector(pa.array([], pa.string()))
    return noted
