"""Keys as the partitions of a Dask DataFrame: read by the workers, one key at a time.

A worker is handed URIs, the form that its table must have, and options; it opens its own connections, with
the credentials of its own environment where the options name none.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from crossframe import frames
from crossframe.again import again
from crossframe.attributes import with_metadata
from crossframe.codecs import data_set
from crossframe.codecs.columns import pick
from crossframe.conforming import Form, conform
from crossframe.data_sets import like_of, read_part
from crossframe.errors import UsageError
from crossframe.losses import Losses
from crossframe.pandas_note import PANDAS_KEY, read_note
from crossframe.partitions import Partition, partitions
from crossframe.stores import absolute_root

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable, Mapping, Sequence

    from typing_extensions import Unpack

    from crossframe.partitions import Partitions
    from crossframe.patterns import FieldValue
    from crossframe.selection import Filters
    from crossframe.stores import S3Options


@dataclass(frozen=True, slots=True)
class PartReader:
    """What a worker must know to read a key, beside the key.

    Attributes:
        form: What its table must be like.
        told: A table without rows, of the columns that the key tells.
        root: The root under which the keys were named.
        format: Name of the format, where the user said it.
        name: The object of an RData.
        strict: Whether a loss is an error.
        retries: Times a key is tried again.
        options: How to reach S3.
    """

    form: Form = field(repr=False)
    told: pa.Table = field(repr=False)
    root: str
    format: str | None
    name: str | None
    strict: bool
    retries: int
    options: S3Options | None = field(repr=False)

    def __call__(self, partition: Partition, columns: Sequence[str] | None = None) -> Any:  # noqa: ANN401
        """Read a key as a pandas frame; Dask says ``columns`` where it needs no others."""
        part = partition.part(self.root, self.options)
        form, told = self.form, self.told
        if columns is not None:
            form = selected(form, [name for name in columns if name in form.like.column_names])
            told = told.select([name for name in told.column_names if name in columns])
        names = None if form.whole else form.like.column_names
        read = partial(read_part, format=self.format, name=self.name, columns=names, strict=self.strict)
        table, losses = again(lambda: read(part), self.retries)
        table = conform(table, form, part.location.shown, losses)
        frame = frames.from_table(_with_fields(table, told, partition.fields), losses, as_="pandas")
        losses.tell(f"load '{part.location.shown}'")
        return frame if columns is None else frame[list(columns)]


def load_dask(
    pattern: str | os.PathLike[str],
    *,
    regex: bool = False,
    schema: Any = None,  # noqa: ANN401 - a pyarrow Schema or any frame
    columns: Sequence[str] | None = None,
    format: str | None = None,
    name: str | None = None,
    strict: bool = False,
    retries: int = 2,
    exclude: str | Iterable[str] | None = None,
    options: S3Options | None = None,
    **filters: Unpack[Filters],
) -> Any:  # noqa: ANN401 - a Dask DataFrame
    """Open keys as a Dask DataFrame: a partition each, read by the workers when it is computed.

    Args:
        pattern: As for ``find``, or the prefix of a data set, or one key.
        regex: Take it as a regular expression.
        schema: Columns and types of every partition: a pyarrow Schema, or a frame, whose rows do not matter.
            By default those of the data set's list, else those of the first key; no other is read.
        columns: Columns to load, in this order; by default all. Dask leaves out by itself what is not used.
        format: Name of the format; by default chosen by magic bytes, then by extension.
        name: The object of an RData to load; may be left out where it holds one.
        strict: Raise where a value does not fit pandas.
        retries: Times a worker tries a key again where the store is out of reach.
        exclude: As for ``find``; a data set is then taken as the keys that it consists of, without its list.
        options: How to reach S3, handed to the workers, secrets included. By default each finds credentials
            in its own environment.
        filters: ``where``, ``modified_after``, ``modified_before``, ``min_size`` and ``max_size``, as for
            ``find``.

    Returns:
        A Dask DataFrame, partitions in the order of the keys, parts of a data set in that of their numbers;
        divisions are not known. dtypes are those of ``types.csv``. The pattern's fields are its first
        columns, text as categories; a column of the keys wins over a field of its name. Categories are known
        where ``schema`` or the list tells levels, else they may differ from key to key.

    Raises:
        NoMatchError: The pattern matches no key.
        ObjectNotFoundError: There is neither such a key nor a data set below it.
        SchemaMismatchError: When it is computed: a key does not fit; names the column too.
        CrossframeError: As ``load`` raises; for a key other than the first, when it is computed.
    """
    dask, dd = _import_dask()
    found, root = (
        partitions(pattern, regex=regex, exclude=exclude, options=options, **filters),
        absolute_root(),
    )
    form = _form(schema, found)
    if form is None:
        first = found.keys[0].part(root, options)
        like = like_of(first, format=format, name=name)
        ordered = [one.name for one in like.schema if pa.types.is_dictionary(one.type) and one.type.ordered]
        form = Form(like, frozenset(ordered), True, f"the first key, '{first.location.shown}'")
    form = replace(form, like=_plain(form.like))
    if columns is not None:
        pick(form.like.column_names, columns)
        form = selected(form, columns)
    told = _told(found, form)
    read = PartReader(form, told, root, format, name, strict, retries, options)
    # Why: the type table says str, as load() does; Dask would make it pyarrow's string.
    with dask.config.set({"dataframe.convert-string": False}):
        return dd.from_map(read, found.keys, meta=_meta(form, told), label="load-dask")


def _import_dask() -> tuple[Any, Any]:
    try:
        import dask  # noqa: PLC0415 - optional, and slow to import
        import dask.dataframe as dd  # noqa: PLC0415
    except ImportError:
        raise UsageError(
            "Can't give a Dask DataFrame.", "dask is not installed.", "pip install 'crossframe[dask]'"
        ) from None
    return dask, dd


def _form(schema: Any, found: Partitions) -> Form | None:  # noqa: ANN401 - as load_dask
    """Return what all partitions are to be like, by what was asked for or is listed."""
    if schema is not None:
        like = schema.empty_table() if isinstance(schema, pa.Schema) else frames.to_table(schema)
        like = data_set.like(like)
        return Form(like, _with_levels(like))
    if found.listed is not None and found.listed.like is not None:
        like = found.listed.like
        return Form(like, _with_levels(like), True, "the list of the data set's parts")
    return None


def _with_levels(like: pa.Table) -> frozenset[str]:
    """Return the factors that have levels."""
    return frozenset(
        field.name
        for field, column in zip(like.schema, like.columns, strict=True)
        if pa.types.is_dictionary(field.type) and any(len(chunk.dictionary) for chunk in column.chunks)
    )


def _plain(like: pa.Table) -> pa.Table:
    """Let pandas' note say the index only: its dtypes are one table's, and depend on its missing values."""
    note = read_note(like.schema)
    index = [one for one in note.get("index_columns", []) if one in like.column_names]
    named = {one["field_name"]: one.get("name") for one in note.get("columns", [])}
    columns = [{"field_name": one, "name": named.get(one), "numpy_type": ""} for one in index]
    metadata = {key: value for key, value in (like.schema.metadata or {}).items() if key != PANDAS_KEY}
    if index or note.get("attributes"):
        said = {"index_columns": index, "columns": columns, "attributes": note.get("attributes", {})}
        metadata[PANDAS_KEY] = json.dumps(said).encode()
    return with_metadata(like, metadata)


def selected(form: Form, columns: Sequence[str]) -> Form:
    """Return the form with these columns only, and the index."""
    index = [one for one in read_note(form.like.schema).get("index_columns", []) if one not in columns]
    return replace(form, like=form.like.select([*index, *columns]), whole=False)


def _told(found: Partitions, form: Form) -> pa.Table:
    """Return the columns that the keys tell by the pattern's fields, without rows; texts as factors."""
    told = {}
    for name, kind in found.types.items():
        if name not in form.like.column_names:
            values = pa.array([one.fields[name] for one in found.keys], kind)
            told[name] = values.dictionary_encode() if kind == pa.string() else values
    return data_set.like(pa.table(told))


def _with_fields(table: pa.Table, told: pa.Table, fields: Mapping[str, FieldValue]) -> pa.Table:
    """Return the table with what its key tells in front of it."""
    if not told.num_columns:
        return table
    columns = [
        _repeated(column, fields[name], table.num_rows)
        for name, column in zip(told.column_names, told.columns, strict=True)
    ]
    schema = pa.schema([*told.schema, *table.schema], metadata=table.schema.metadata)
    return pa.table([*columns, *table.columns], schema)


def _repeated(column: pa.ChunkedArray, value: FieldValue, rows: int) -> pa.Array:
    if not pa.types.is_dictionary(column.type):
        return pa.repeat(pa.scalar(value, column.type), rows)
    levels = column.chunk(0).dictionary
    code = None if value is None else levels.to_pylist().index(value)
    return pa.DictionaryArray.from_arrays(pa.repeat(pa.scalar(code, pa.int32()), rows), levels)


def _meta(form: Form, told: pa.Table) -> Any:  # noqa: ANN401 - a pandas frame
    """Return a pandas frame without rows, as every partition will be but for its rows."""
    from dask.dataframe.utils import clear_known_categories  # noqa: PLC0415 - optional

    nothing = dict.fromkeys(told.column_names)
    meta = frames.from_table(_with_fields(form.like, told, nothing), Losses(), as_="pandas")
    known = form.known.union(told.column_names)
    unknown = [name for name in meta.columns if meta[name].dtype == "category" and name not in known]
    return clear_known_categories(meta, cols=unknown, index=False)
