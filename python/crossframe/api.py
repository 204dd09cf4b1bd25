"""Save and load one key: where stores, codecs and frames meet."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypedDict, TypeVar

import pyarrow as pa

from crossframe import formats, frames, sidecars
from crossframe.codecs.names import SIDECAR_SUFFIX
from crossframe.codecs.packed import InFile, Packed, stored_head
from crossframe.codecs.table import CODECS, Encoded, Source, Target
from crossframe.errors import CrossframeError, ObjectNotFoundError, UsageError
from crossframe.keys import name_of
from crossframe.losses import Losses
from crossframe.results import Saved
from crossframe.stores import fill_local, open_local, resolve, with_near_miss

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Iterator, Sequence

    from typing_extensions import Buffer

    from crossframe.data_sets import DataSet
    from crossframe.stores import Location, S3Options
    from crossframe.values import Value

Found = TypeVar("Found")


def save(
    frame: Any,  # noqa: ANN401 - any frame
    uri: str | os.PathLike[str],
    *,
    format: str | None = None,
    compression: str | None = None,
    name: str | None = None,
    overwrite: bool = True,
    if_match: str | None = None,
    schema: bool = True,
    serialization: int = 3,
    nan: str = "missing",
    strict: bool = False,
    metadata: Mapping[str, str] | None = None,
    options: S3Options | None = None,
) -> Saved:
    """Save a frame to one key, or a Dask DataFrame as a data set of parts.

    The parts ``part.0.<format>``, ``part.1.<format>`` ... are written by Dask's workers, each whole or not at
    all, and listed last in ``_crossframe.json`` beside them; then parts of an earlier data set that the new
    one has not are deleted. ``load`` of the prefix, in R too, gives one frame. The index is kept where it has
    a name or is not of whole numbers: those count the rows of a partition.

    Args:
        frame: A pandas or polars DataFrame, a pyarrow Table or any object with ``__arrow_c_stream__``;
            for RData also a dict of them by object name; or a Dask DataFrame.
        uri: ``s3://bucket/key``, a path, or a key under the root; of a Dask DataFrame, the prefix.
        format: ``"csv"``, ``"parquet"``, ``"rds"`` or ``"rdata"``; by default what the extension says. Of a
            Dask DataFrame one of the first three, by default ``"parquet"``.
        compression: ``"gzip"``, ``"bzip2"``, ``"xz"``, ``"zstd"``, ``"zlib"`` or ``"none"``; by default what
            the extension says, and gzip for RDS and RData.
        name: Name of the object in an RData; by default the key's.
        overwrite: ``False`` refuses a key that is taken.
        if_match: ETag that the object must still have.
        schema: Whether a CSV gets the sidecar that keeps its types.
        serialization: Version of R's serialization, 2 or 3.
        nan: ``"missing"`` saves pandas' NaN as missing (R's NA), ``"nan"`` as NaN.
        strict: Raise where a value would not come back unchanged.
        metadata: Text by name, kept with the object; ``info`` tells it.
        options: How to reach S3.

    Returns:
        What was written: ``SavedParts`` of a Dask DataFrame.

    Raises:
        UnsupportedTypeError: A column has a type outside the type table; nothing is written.
        SchemaMismatchError: A column has types in two partitions that no type holds both of. The parts are
            written but not listed.
        DuplicateColumnError: Two columns have one name; nothing is written.
        UnknownFormatError: Neither ``format`` nor the extension tells the format.
        InvalidKeyError: The key can't be written, or leaves the root.
        ObjectExistsError: ``overwrite=False`` and the key is taken.
        PreconditionFailedError: The object's ETag is not ``if_match``.
        StoreError: The store refused or failed.
    """
    losses = Losses(strict=strict)
    target = Target(losses, serialization, schema)
    if frames.is_dask(frame):
        from crossframe import dask_save  # noqa: PLC0415 - imports Dask

        if name is not None or if_match is not None:
            raise UsageError("Arguments name= and if_match= don't go with a Dask DataFrame.")
        return dask_save.save(
            frame,
            uri,
            format=format,
            compression=compression,
            overwrite=overwrite,
            target=target,
            nan=nan,
            metadata=metadata,
            options=options,
        )
    location = resolve(uri, options=options)
    choice = formats.for_writing(location.key, format, compression)
    codec = CODECS[choice.format]
    values = _values(frame, name or name_of(location.key), choice, nan)
    encoded = codec.encode(values, target)
    losses.tell(f"save '{location.shown}'")
    return store(encoded, values, location, choice, overwrite=overwrite, if_match=if_match, metadata=metadata)


def _values(held: Any, name: str, choice: formats.Choice, nan: str) -> dict[str, Value]:  # noqa: ANN401
    """Return what is to be written, by object name."""
    holds = formats.format_row(choice.format).decodes_to
    if holds == "objects" and isinstance(held, Mapping):
        return {str(one): frames.to_value(each, nan=nan) for one, each in held.items()}
    if holds != "frame":
        return {name: frames.to_value(held, nan=nan)}
    if isinstance(held, Mapping):
        hint = "Use .rds or .RData, or save_many() for a key each."
        raise UsageError("Can't save several frames to one key in this format.", hint=hint)
    return {name: frames.to_table(held, nan=nan)}


class _How(TypedDict):
    """What a store is told beside key and content."""

    if_absent: bool
    if_match: str | None
    media_type: str | None
    metadata: Mapping[str, str] | None


def store(
    encoded: Encoded,
    values: Mapping[str, Value],
    location: Location,
    choice: formats.Choice,
    *,
    data: Buffer | None = None,
    overwrite: bool = True,
    if_match: str | None = None,
    metadata: Mapping[str, str] | None = None,
) -> Saved:
    """Write what was encoded, and the sidecar that goes with it.

    Args:
        encoded: What is to be written.
        values: What it was encoded from.
        location: Where to.
        choice: Format and compression.
        data: The bytes as they are to be stored, where they have been made already.
        overwrite: ``False`` refuses a key that is taken.
        if_match: ETag that the object must still have.
        metadata: Text by name, kept with the object.
    """
    how: _How = {
        "if_absent": not overwrite,
        "if_match": if_match,
        "media_type": formats.media_type(choice),
        "metadata": metadata,
    }
    meta = None
    # Why not with a sidecar: it is made from all of the bytes.
    if data is None and encoded.sidecar is None:
        meta = fill_local(location, lambda file: encoded.write(choice.compression, file.write), **how)
    if meta is None:
        data = encoded.stored(choice.compression) if data is None else data
        meta = location.store.put(location.key, data, **how)
        _store_sidecar(encoded, data, location)
    tables = [value for value in values.values() if isinstance(value, pa.Table)]
    return Saved(
        key=location.shown,
        uri=location.uri,
        format=choice.format,
        compression=choice.compression,
        bytes=meta.size,
        rows=sum(table.num_rows for table in tables) if tables else None,
        columns=sum(table.num_columns for table in tables) if tables else None,
        etag=meta.etag,
        version=meta.version,
    )


def _store_sidecar(encoded: Encoded, data: Buffer, location: Location) -> None:
    if encoded.sidecar is None:
        return
    # Why after the data: a sidecar whose data never came would describe older ones.
    text = encoded.sidecar(data)
    if text is not None:
        location.store.put(location.key + SIDECAR_SUFFIX, text.encode(), media_type="application/json")
    else:
        location.store.delete(location.key + SIDECAR_SUFFIX)


def load(
    uri: str | os.PathLike[str],
    *,
    format: str | None = None,
    name: str | None = None,
    columns: Sequence[str] | None = None,
    version: str | None = None,
    as_: str = "pandas",
    dtype_backend: str | None = None,
    strict: bool = False,
    options: S3Options | None = None,
) -> Any:  # noqa: ANN401 - by as_
    """Load one key, or a data set of parts as one frame.

    Args:
        uri: ``s3://bucket/key``, a path, or a key under the root; or the prefix of a data set: what ``save``
            made of a Dask DataFrame, or ``part.0.parquet``, ``part.1.parquet`` ... below it.
        format: Name of the format; by default chosen by magic bytes, then by extension.
        name: The object of an RData to load; may be left out where it holds one.
        columns: Columns to load, in this order; by default all. In a part of a data set that lacks one it
            is missing.
        version: Version id; by default the newest.
        as_: ``"pandas"``, ``"arrow"`` or ``"polars"``.
        dtype_backend: ``"pyarrow"`` gives pandas frames Arrow-backed dtypes, which tell NA from NaN.
        strict: Raise where a value does not fit the frame asked for.
        options: How to reach S3.

    Returns:
        The frame, typed by ``types.csv``, with R attributes in ``attrs["r"]``; of an RData with several
        objects and no ``name``, a dict of frames.

    Raises:
        ObjectNotFoundError: No object at that key.
        UnknownFormatError: Neither content nor extension tells the format.
        DecodeError: The bytes are truncated, damaged or foreign.
        UnsafeDataError: The bytes hold code that could run.
        UnsupportedTypeError: A column has a type outside the type table.
        SchemaMismatchError: A column has types in two parts that no type holds both of.
        CorruptObjectError: A part of a data set is not the one that its ``_crossframe.json`` lists.
        UsageError: No object or column has that name.
        StoreError: The store refused or failed.
    """
    losses = Losses(strict=strict)
    as_ = kind_of_frame(as_, dtype_backend)
    location = resolve(uri, options=options)

    def of_object() -> Mapping[str, Value]:
        with _content(location, version) as stored:
            return decode(
                location, stored, losses, format=format, name=name, columns=columns, version=version
            )

    def of_parts(parts: DataSet) -> Mapping[str, Value]:
        return {parts.name: parts.load(losses, format=format, name=name, columns=columns)}

    values = either(location, version, of_object, of_parts)
    loaded = {one: frames.from_value(value, losses, as_=as_) for one, value in values.items()}
    losses.tell(f"load '{location.shown}'")
    return next(iter(loaded.values())) if len(loaded) == 1 else loaded


def kind_of_frame(as_: str, dtype_backend: str | None) -> str:
    """Return the kind of frame that the two arguments ask for.

    Raises:
        UsageError: ``dtype_backend`` is not ``"pyarrow"``, or given for another kind than pandas.
    """
    if dtype_backend is None:
        return as_
    if dtype_backend != "pyarrow" or as_ != "pandas":
        raise UsageError(
            "Argument dtype_backend= must be 'pyarrow', and as_= 'pandas' with it.",
            f"It is {dtype_backend!r}.",
        )
    return "pyarrow"


def either(
    location: Location,
    version: str | None,
    of_object: Callable[[], Found],
    of_parts: Callable[[DataSet], Found],
) -> Found:
    """Return what is found of the object at a key; without one, of the data set of parts below it."""
    key = location.key
    prefix = not key or key.endswith("/")
    # Why an object first where there is no slash: nearly all keys are objects, and a listing is a request.
    parts = _parts(location) if prefix and version is None else None
    if parts is None:
        try:
            return of_object()
        except ObjectNotFoundError:
            parts = _parts(location.at(key + "/")) if not prefix and version is None else None
            if parts is None:
                raise
    return of_parts(parts)


def _parts(location: Location) -> DataSet | None:
    from crossframe import data_sets  # noqa: PLC0415 - it loads its parts by this module

    return data_sets.find(location)


@contextlib.contextmanager
def _content(location: Location, version: str | None) -> Iterator[Buffer | InFile]:
    """Give an object's bytes as stored; of a file of this machine the file, read while it is decoded."""
    try:
        file = open_local(location, version=version)
    except CrossframeError:
        file = None  # fetch() meets the same, and knows what to say
    if file is None:
        yield fetch(location, version=version)
        return
    with file:
        yield InFile(file, lambda: fetch(location, version=version))


def fetch(location: Location, *, version: str | None = None) -> Buffer:
    """Return an object's bytes as stored; a missing key is answered with the key most like it."""
    try:
        return location.store.get(location.key, version=version)
    except ObjectNotFoundError as error:
        raise with_near_miss(error, location, many="load_many") from None


def decode(
    location: Location,
    stored: Buffer | InFile,
    losses: Losses,
    *,
    format: str | None = None,
    name: str | None = None,
    columns: Sequence[str] | None = None,
    version: str | None = None,
    has_sidecar: bool = True,
    schema: str | None = None,
) -> Mapping[str, Value]:
    """Turn an object's bytes into tables and values by name: one, or those of an RData.

    ``has_sidecar=False`` where a listing has shown that no schema lies beside it; ``schema``: its text,
    where that was read.
    """
    try:
        choice, source = source_of(location, stored, format, version, has_sidecar=has_sidecar, schema=schema)
        codec = CODECS[choice.format]
        if name is not None and not codec.several and name != source.name:
            raise UsageError(f"Can't find object '{name}'.", f"The object holds one frame, '{source.name}'.")
        return codec.decode(replace(source, columns=columns, object=name, losses=losses))
    except CrossframeError as error:
        raise placed(error, location.uri) from None


def source_of(
    location: Location,
    stored: Buffer | InFile,
    format: str | None,
    version: str | None,
    *,
    has_sidecar: bool = True,
    schema: str | None = None,
) -> tuple[formats.Choice, Source]:
    """Return an object's format and compression, and what the format's codec is given."""
    choice, packed = open_stored(location.key, stored, format)
    if schema is None and has_sidecar and CODECS[choice.format].sidecar:
        schema = _sidecar(location, packed.stored, version)
    return choice, Source(name_of(location.key), packed, schema)


def placed(error: CrossframeError, uri: str) -> CrossframeError:
    """Return the error with the object it is about; codecs know bytes only."""
    if uri in str(error):
        return error
    detail = f"{error.detail}\n  In {uri}" if error.detail else f"In {uri}"
    return type(error)(error.problem, detail, error.hint)


def open_stored(key: str, stored: Buffer | InFile, format: str | None) -> tuple[formats.Choice, Packed]:
    """Return an object's format and compression, and its bytes to be expanded."""
    packed = Packed(stored, formats.sniff_compression(stored_head(stored, formats.HEAD_BYTES)))
    head = packed.head(formats.HEAD_BYTES)
    return formats.choose(key, head, format, compression=packed.compression), packed


def _sidecar(location: Location, stored: Buffer, version: str | None) -> str | None:
    """Return the schema beside the object; of an old version, the one that says that it belongs to it."""
    if version is None:
        return sidecars.current(location)
    view = memoryview(stored).cast("B")
    modified = location.store.head(location.key, version=version).modified
    md5 = hashlib.md5(view, usedforsecurity=False).hexdigest()
    found = sidecars.of_version(location, len(view), md5, modified)
    return found[0] if found else None
