"""A Dask DataFrame to a data set of parts, written by the workers; the list of the parts is written last.

An earlier data set at the prefix is overwritten part by part. Its list stays until the new one is there: who
reads by it meanwhile finds parts that are not those it lists, and is told so.
"""

from __future__ import annotations

import hashlib
import uuid
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from crossframe import api, formats, frames
from crossframe.again import again
from crossframe.codecs import data_set
from crossframe.codecs.data_set import ListedPart, PartList, part_name
from crossframe.codecs.names import DATA_SET_NAME, SIDECAR_SUFFIX
from crossframe.codecs.table import CODECS, Target
from crossframe.combining import Part, combine
from crossframe.deletion import remove
from crossframe.errors import BucketNotFoundError, CrossframeError, ObjectExistsError, UsageError
from crossframe.extensions import split_extensions
from crossframe.keys import check_key, name_of, part_number, text_of
from crossframe.losses import Loss, Losses
from crossframe.results import Saved, SavedParts
from crossframe.sidecars import is_there
from crossframe.stores import Location, absolute_root, resolve

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable, Mapping, Sequence

    import pyarrow as pa

    from crossframe.stores import S3Options

FORMATS = ("parquet", "csv", "rds")
RETRIES = 2
_MEDIA_TYPE = "application/json"


@dataclass(frozen=True, slots=True)
class PartWriter:
    """What a worker must know to write a part: text and options, nothing that is open.

    Attributes:
        prefix: Prefix of the data set, with the slash, to be used under the same root.
        root: The root under which it was named: there a folder keeps what is replaced.
        choice: Format and compression.
        target: What the encoder is asked for; whether a loss is an error.
        nan: What pandas' NaN is.
        index: Whether the index is kept.
        options: How to reach S3.
    """

    prefix: str
    root: str
    choice: formats.Choice
    target: Target
    nan: str
    index: bool
    options: S3Options | None

    def __call__(self, frame: Any, number: int) -> Written:  # noqa: ANN401 - a pandas frame
        """Write a partition."""
        prefix = resolve(self.prefix, root=self.root, options=self.options)
        location = prefix.at(prefix.key + part_name(number, self.choice.format))
        losses = Losses(strict=self.target.losses.strict)
        try:
            table = frames.to_table(_indexed(frame, keep=self.index), nan=self.nan)
            values = {name_of(location.key): table}
            encoded = CODECS[self.choice.format].encode(values, replace(self.target, losses=losses))
        except CrossframeError as error:
            raise api.placed(error, location.uri) from None
        if losses.strict:
            losses.tell(f"save '{location.shown}'")
        data = memoryview(encoded.stored(self.choice.compression)).cast("B")
        saved = again(lambda: api.store(encoded, values, location, self.choice, data=data), RETRIES)
        md5 = hashlib.md5(data, usedforsecurity=False).hexdigest()
        listed = ListedPart(part_name(number, self.choice.format), table.num_rows, len(data), md5)
        return Written(saved, listed, data_set.like(table), tuple(losses.found))


@dataclass(frozen=True, slots=True)
class Written:
    """What a worker answers.

    Attributes:
        saved: What was written.
        listed: What the list is to say of it.
        like: The part's table without its rows.
        lost: What could not be kept.
    """

    saved: Saved
    listed: ListedPart
    like: pa.Table
    lost: tuple[Loss, ...]


def save(
    frame: Any,  # noqa: ANN401 - a Dask DataFrame
    uri: str | os.PathLike[str],
    *,
    format: str | None,
    compression: str | None,
    overwrite: bool,
    target: Target,
    nan: str,
    metadata: Mapping[str, str] | None,
    options: S3Options | None,
) -> SavedParts:
    """Write ``part.0.<format>``, ``part.1.<format>`` ... and then ``_crossframe.json``; see ``api.save``."""
    import dask  # noqa: PLC0415 - optional; whoever has a frame of it has it
    from dask.dataframe.utils import make_meta  # noqa: PLC0415

    text = text_of(uri)
    prefix = resolve(text if text.endswith("/") else text + "/", options=options)
    choice = _choice(prefix, format, compression)
    check_key(prefix.key + part_name(0, choice.format))
    meta = make_meta(frame)
    frames.to_table(meta, nan=nan)  # raises where no partition could be written
    old = _old(prefix, text, overwrite=overwrite)
    if DATA_SET_NAME not in old:
        _put(prefix, data_set.encode_unfinished(choice.format), if_absent=not overwrite)
    keep = _keeps(meta.index)
    write = PartWriter(prefix.shown or ".", absolute_root(), choice, target, nan, keep, options)
    # Why a name of its own: what was written once must not count for another time.
    name, write_part = f"save-part-{uuid.uuid4().hex}", dask.delayed(PartWriter.__call__, pure=False)
    written: Sequence[Written] = dask.compute(
        *(
            write_part(write, part, number, dask_key_name=f"{name}-{number}")
            for number, part in enumerate(frame.to_delayed())
        )
    )
    _tell(written, target.losses, f"save '{prefix.shown}'")
    united = _united(written)
    listed = PartList(choice.format, tuple(one.listed for one in written), united)
    stored = _put(prefix, data_set.encode(listed), metadata=metadata)
    _remove_old(prefix, old, {one.key for one in listed.parts})
    return SavedParts(
        key=prefix.shown,
        uri=prefix.uri,
        format=choice.format,
        compression=choice.compression,
        bytes=sum(one.listed.size for one in written),
        rows=sum(one.listed.rows for one in written),
        columns=united.num_columns,
        etag=stored.etag,
        version=stored.version,
        parts=tuple(one.saved for one in written),
    )


def _choice(prefix: Location, format: str | None, compression: str | None) -> formats.Choice:
    by_name = split_extensions(prefix.key).format if format is None else formats.format_row(format).name
    found = by_name or "parquet"
    if found not in FORMATS:
        raise UsageError(
            f"Argument format= must be one of {', '.join(FORMATS)} for a Dask DataFrame.", f"It is '{found}'."
        )
    return formats.for_writing(prefix.key + part_name(0, found), found, compression)


def _old(prefix: Location, text: str, *, overwrite: bool) -> set[str]:
    """Return the names of what lies at the prefix."""
    try:
        if prefix.key and not text.endswith("/"):
            _check_no_object(prefix.at(prefix.key.removesuffix("/")))
        objects = prefix.store.children(prefix.key).objects
    except BucketNotFoundError:
        # A folder is made by the first write; of a bucket, that write will say it.
        return set()
    names = {meta.key.removeprefix(prefix.key) for meta in objects}
    if not overwrite and any(name == DATA_SET_NAME or part_number(name) is not None for name in names):
        raise ObjectExistsError(
            f"Can't save to '{prefix.shown}': there is a data set.", hint="Say overwrite=True to replace it."
        )
    return names


def _check_no_object(location: Location) -> None:
    if is_there(location):
        raise ObjectExistsError(
            f"Can't save a data set to '{location.shown}': there is an object of that key.",
            "load() would find the object and not the data set.",
            "Delete it first, or save to another prefix.",
        )


def _put(
    prefix: Location, text: str, *, if_absent: bool = False, metadata: Mapping[str, str] | None = None
) -> Any:  # noqa: ANN401 - ObjectMeta
    key = prefix.key + DATA_SET_NAME
    return prefix.store.put(
        key, text.encode(), if_absent=if_absent, media_type=_MEDIA_TYPE, metadata=metadata
    )


def _keeps(index: Any) -> bool:  # noqa: ANN401 - a pandas index
    import pandas as pd  # noqa: PLC0415 - slow to import

    return index.name is not None or index.nlevels > 1 or not pd.api.types.is_integer_dtype(index.dtype)


def _indexed(frame: Any, *, keep: bool) -> Any:  # noqa: ANN401 - a pandas frame
    import pandas as pd  # noqa: PLC0415 - slow to import

    if not keep:
        return frame.reset_index(drop=True)
    if not isinstance(frame.index, pd.RangeIndex):
        return frame
    # Why: a range is only noted, and no range holds for all parts.
    return frame.set_axis(pd.Index(frame.index.to_numpy(), name=frame.index.name))


def _united(written: Sequence[Written]) -> pa.Table:
    """Return a table without rows that has the columns of all parts.

    Raises:
        SchemaMismatchError: A column has types in two parts that no type holds both of.
    """
    return combine([Part(one.saved.key, one.like, {}) for one in written], Losses(), None)


def _tell(written: Iterable[Written], losses: Losses, what: str) -> None:
    """Tell of what was lost, a column and a reason once."""
    by_reason: dict[tuple[str, str], Loss] = {}
    for loss in (loss for one in written for loss in one.lost):
        known = by_reason.get((loss.column, loss.reason))
        count = loss.count + (known.count if known else 0)
        by_reason[loss.column, loss.reason] = replace(known or loss, count=count)
    losses.found.extend(by_reason.values())
    losses.tell(what)


def _remove_old(prefix: Location, old: set[str], new: set[str]) -> None:
    """Delete parts that are not of the new data set, and their sidecars."""
    gone = sorted(name for name in old - new if part_number(name) is not None)
    remove(
        [prefix.at(prefix.key + name) for name in gone],
        [prefix.at(prefix.key + name + SIDECAR_SUFFIX) for name in gone if name + SIDECAR_SUFFIX in old],
    )
