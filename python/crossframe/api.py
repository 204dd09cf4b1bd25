"""Save, load and look at one key: where stores, codecs and frames meet."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from crossframe import formats, frames
from crossframe.codecs import compression as compressions
from crossframe.codecs.table import CODECS, SIDECAR_SUFFIX, Codec, Encoded, Source, Target
from crossframe.errors import CrossframeError, ObjectNotFoundError, UsageError
from crossframe.keys import name_of
from crossframe.losses import Losses
from crossframe.results import ColumnInfo, FrameInfo, Info, Saved
from crossframe.stores import resolve, with_near_miss
from crossframe.types import describe

if TYPE_CHECKING:
    import os
    from collections.abc import Sequence

    import pyarrow as pa
    from typing_extensions import Buffer

    from crossframe.stores import Location, S3Options

_HEAD = 64  # bytes that choose() looks at


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
    options: S3Options | None = None,
) -> Saved:
    """Save a frame to one key.

    Args:
        frame: A pandas or polars DataFrame, a pyarrow Table or any object with ``__arrow_c_stream__``;
            for RData also a dict of them by object name.
        uri: ``s3://bucket/key``, a path, or a key under the root.
        format: ``"csv"``, ``"parquet"``, ``"rds"`` or ``"rdata"``; by default what the extension says.
        compression: ``"gzip"``, ``"bzip2"``, ``"xz"``, ``"zstd"``, ``"zlib"`` or ``"none"``; by default what
            the extension says, and gzip for RDS and RData.
        name: Name of the object in an RData; by default the key's.
        overwrite: ``False`` refuses a key that is taken.
        if_match: ETag that the object must still have.
        schema: Whether a CSV gets the sidecar that keeps its types.
        serialization: Version of R's serialization, 2 or 3.
        nan: ``"missing"`` saves pandas' NaN as missing (R's NA), ``"nan"`` as NaN.
        strict: Raise where a value would not come back unchanged.
        options: How to reach S3.

    Returns:
        What was written.

    Raises:
        UnsupportedTypeError: A column has a type outside the type table; nothing is written.
        DuplicateColumnError: Two columns have one name; nothing is written.
        UnknownFormatError: Neither ``format`` nor the extension tells the format.
        InvalidKeyError: The key can't be written, or leaves the root.
        ObjectExistsError: ``overwrite=False`` and the key is taken.
        PreconditionFailedError: The object's ETag is not ``if_match``.
        StoreError: The store refused or failed.
    """
    location = resolve(uri, options=options)
    choice = formats.for_writing(location.key, format, compression)
    codec = CODECS[choice.format]
    losses = Losses(strict=strict)
    tables = _tables(frame, name or name_of(location.key), codec, nan)
    encoded = codec.encode(tables, Target(losses, serialization, schema))
    losses.tell(f"save '{location.key}'")
    return _store(encoded, tables, location, choice, overwrite=overwrite, if_match=if_match)


def _tables(frame: Any, name: str, codec: Codec, nan: str) -> dict[str, pa.Table]:  # noqa: ANN401
    if not isinstance(frame, Mapping):
        return {name: frames.to_table(frame, nan=nan)}
    if not codec.several:
        raise UsageError(
            "Can't save several frames to one key in this format.", hint="Use .RData, or save_many()."
        )
    return {one: frames.to_table(each, nan=nan) for one, each in frame.items()}


def _store(
    encoded: Encoded,
    tables: Mapping[str, pa.Table],
    location: Location,
    choice: formats.Choice,
    *,
    overwrite: bool,
    if_match: str | None,
) -> Saved:
    data = encoded.data
    if choice.compression is not None:
        data = compressions.compress(data, choice.compression)
    store, key = location.store, location.key
    meta = store.put(
        key, data, if_absent=not overwrite, if_match=if_match, media_type=formats.media_type(choice)
    )
    if encoded.sidecar is not None:
        # Why after the data: a sidecar whose data never came would describe older ones.
        text = encoded.sidecar(data)
        if text is not None:
            store.put(key + SIDECAR_SUFFIX, text.encode(), media_type="application/json")
        else:
            store.delete(key + SIDECAR_SUFFIX)
    return Saved(
        key=key,
        uri=location.uri,
        format=choice.format,
        compression=choice.compression,
        bytes=meta.size,
        rows=sum(table.num_rows for table in tables.values()),
        columns=sum(table.num_columns for table in tables.values()),
        etag=meta.etag,
        version=meta.version,
    )


def load(
    uri: str | os.PathLike[str],
    *,
    format: str | None = None,
    name: str | None = None,
    columns: Sequence[str] | None = None,
    version: str | None = None,
    as_: str = "pandas",
    strict: bool = False,
    options: S3Options | None = None,
) -> Any:  # noqa: ANN401 - by as_
    """Load one key.

    Args:
        uri: ``s3://bucket/key``, a path, or a key under the root.
        format: Name of the format; by default chosen by magic bytes, then by extension.
        name: The object of an RData to load; may be left out where it holds one.
        columns: Columns to load, in this order; by default all.
        version: Version id; by default the newest.
        as_: ``"pandas"``, ``"arrow"`` or ``"polars"``.
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
        UsageError: No object or column has that name.
        StoreError: The store refused or failed.
    """
    losses = Losses(strict=strict)
    location = resolve(uri, options=options)
    stored = fetch(location, version=version)
    tables = decode(location, stored, losses, format=format, name=name, columns=columns, version=version)
    loaded = {one: frames.from_table(table, losses, as_=as_) for one, table in tables.items()}
    losses.tell(f"load '{location.key}'")
    return next(iter(loaded.values())) if len(loaded) == 1 else loaded


def fetch(location: Location, *, version: str | None = None) -> Buffer:
    """Return an object's bytes as stored; a missing key is answered with the key most like it."""
    try:
        return location.store.get(location.key, version=version)
    except ObjectNotFoundError as error:
        raise with_near_miss(error, location.store, location.key) from None


def decode(
    location: Location,
    stored: Buffer,
    losses: Losses,
    *,
    format: str | None = None,
    name: str | None = None,
    columns: Sequence[str] | None = None,
    version: str | None = None,
) -> Mapping[str, pa.Table]:
    """Turn an object's bytes into tables by name: one, or those of an RData."""
    try:
        choice, data = _open(location.key, stored, format)
        codec = CODECS[choice.format]
        own_name = name_of(location.key)
        if name is not None and not codec.several and name != own_name:
            raise UsageError(
                f"Can't find object '{name}'.", f"A {choice.format} object holds one frame, '{own_name}'."
            )
        sidecar = _sidecar(location, version) if codec.sidecar else None
        return codec.decode(Source(own_name, data, stored, sidecar, columns, name, losses))
    except CrossframeError as error:
        raise _placed(error, location.uri) from None


def _placed(error: CrossframeError, uri: str) -> CrossframeError:
    """Return the error with the object it is about; codecs know bytes only."""
    if uri in str(error):
        return error
    detail = f"{error.detail}\n  In {uri}" if error.detail else f"In {uri}"
    return type(error)(error.problem, detail, error.hint)


def _open(key: str, stored: Buffer, format: str | None) -> tuple[formats.Choice, Buffer]:
    compression = formats.sniff_compression(bytes(memoryview(stored)[:_HEAD]))
    data = compressions.decompress(stored, compression) if compression else stored
    choice = formats.choose(key, bytes(memoryview(data)[:_HEAD]), format, compression=compression)
    return choice, data


def _sidecar(location: Location, version: str | None) -> str | None:
    if version is not None:
        return None  # Why: versions of the two keys do not go together
    try:
        return bytes(location.store.get(location.key + SIDECAR_SUFFIX)).decode("utf-8", "replace")
    except ObjectNotFoundError:
        return None


def info(
    uri: str | os.PathLike[str], *, version: str | None = None, options: S3Options | None = None
) -> Info:
    """Describe an object: its format, its frames, their columns in the words of R, Arrow and pandas.

    Args:
        uri: ``s3://bucket/key``, a path, or a key under the root.
        version: Version id; by default the newest.
        options: How to reach S3.

    Raises:
        ObjectNotFoundError: No object at that key.
        DecodeError: The bytes are truncated, damaged or foreign.
    """
    location = resolve(uri, options=options)
    stored = fetch(location, version=version)
    choice, _ = _open(location.key, stored, None)
    meta = location.store.head(location.key, version=version)
    tables = decode(location, stored, Losses(), version=version)
    return Info(
        key=location.key,
        uri=location.uri,
        format=choice.format,
        compression=choice.compression,
        size=meta.size,
        modified=meta.modified,
        etag=meta.etag,
        version=meta.version,
        frames=tuple(_frame_info(name, table) for name, table in tables.items()),
    )


def _frame_info(name: str, table: pa.Table) -> FrameInfo:
    columns = []
    for field, values in zip(table.schema, table.columns, strict=True):
        words = describe(field.type)
        columns.append(ColumnInfo(field.name, words.r, words.arrow, words.pandas, values.null_count))
    return FrameInfo(name, table.num_rows, tuple(columns))
