"""Many keys at once, by pattern or template."""

from __future__ import annotations

import warnings
from contextlib import closing
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

from crossframe import api, frames
from crossframe.combining import check_columns, field_types
from crossframe.combining import combine as put_together
from crossframe.errors import BatchError, CrossframeError, CrossframeWarning, NameClashError, UsageError
from crossframe.extensions import split_extensions
from crossframe.grouping import groups
from crossframe.keys import fill, name_keys
from crossframe.listing import frame_of
from crossframe.loading import Loaded, Wanted, load_each
from crossframe.losses import Losses
from crossframe.matching import Match, found_of, matches_of, open_pattern, some
from crossframe.saving import Job, Manner, save_each, save_together

if TYPE_CHECKING:
    import datetime as dt
    import os
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    import pandas as pd

    from crossframe.combining import Part
    from crossframe.patterns import Pattern
    from crossframe.results import Saved
    from crossframe.stores import ObjectMeta, S3Options

_FIELD_DTYPES = {"str": "str", "int": "Int64", "float": "float64", "date": "date32[pyarrow]"}
_ON_ERROR = ("raise", "collect", "skip")
_NAMES = ("name", "key")
# From a warning about one key to whoever called load_many().
_USERS_LINE = 5

Made = TypeVar("Made")


def find(
    pattern: str | os.PathLike[str],
    *,
    regex: bool = False,
    exclude: str | Iterable[str] | None = None,
    where: Mapping[str, object] | None = None,
    modified_after: str | dt.date | None = None,
    modified_before: str | dt.date | None = None,
    min_size: int | None = None,
    max_size: int | None = None,
    options: S3Options | None = None,
) -> pd.DataFrame:
    """List the keys that a pattern matches: what ``load_many`` would load.

    Only the pattern's literal beginning is listed; where ``where`` tells the text or day fields that follow,
    a prefix for each of their values.

    Args:
        pattern: Glob with fields, ``s3://bucket/{site}/run_{n:int}.rds``, or a prefix with its ``/``.
        regex: Take it, and ``exclude``, as a regular expression, searched for anywhere in the key.
        exclude: A pattern, or several, whose matches are left out; written as ``pattern`` is, or relative to
            the root, the bucket or the folder that ``pattern`` begins in.
        where: Field to a value or several: only keys whose field has one of them.
        modified_after: Written then or later: a datetime, without a zone in UTC, or ISO text, ``2024-05-01``
            or ``2024-05-01T12:30:00Z``.
        modified_before: Written earlier than that.
        min_size: Size as stored, in bytes, at least.
        max_size: Size as stored, in bytes, at most.
        options: How to reach S3.

    Returns:
        A frame of key (what ``load`` takes), size (bytes), modified (UTC), etag, format (by extension) and
        one column a field, in byte order of the keys; without rows where nothing matches.

    Raises:
        InvalidPatternError: A pattern can't be parsed.
        UsageError: A filter is not of its form, or names no field of the pattern.
        StoreError: The store refused or failed.
    """
    import pandas as pd  # noqa: PLC0415 - slow to import

    target = open_pattern(
        pattern,
        regex=regex,
        exclude=exclude,
        where=where,
        modified_after=modified_after,
        modified_before=modified_before,
        min_size=min_size,
        max_size=max_size,
        options=options,
    )
    formats: list[str | None] = []
    fields: dict[str, list[Any]] = {name: [] for name in target.pattern.fields}

    def told() -> Iterator[tuple[str, ObjectMeta]]:
        # Why on the way: nothing of a match is kept that is no cell of the frame.
        for match in found_of(target):
            formats.append(split_extensions(match.meta.key).format)
            for name, values in fields.items():
                values.append(match.fields[name])
            yield match.location.shown, match.meta

    listed = frame_of(told()).drop(columns="storage_class")
    listed["format"] = pd.array(formats, dtype="str")
    for (name, values), kind in zip(fields.items(), target.pattern.types, strict=True):
        listed[name] = pd.Series(values, dtype=_FIELD_DTYPES[kind])
    return listed


def load_many(
    pattern: str | os.PathLike[str],
    *,
    regex: bool = False,
    exclude: str | Iterable[str] | None = None,
    where: Mapping[str, object] | None = None,
    modified_after: str | dt.date | None = None,
    modified_before: str | dt.date | None = None,
    min_size: int | None = None,
    max_size: int | None = None,
    names: str = "name",
    on_error: str = "raise",
    combine: bool = False,
    format: str | None = None,
    columns: Sequence[str] | None = None,
    as_: str = "pandas",
    dtype_backend: str | None = None,
    strict: bool = False,
    progress: bool | None = None,
    options: S3Options | None = None,
) -> Any:  # noqa: ANN401 - a dict of frames, or a frame by as_
    """Load every key that a pattern matches, several at a time.

    Each key is a frame of its own, the parts of a data set too: ``load`` of their prefix gives them as one.

    Args:
        pattern: As for ``find``.
        regex: As for ``find``; so are the next six.
        exclude: Patterns whose matches are left out.
        where: Values by field.
        modified_after: Written then or later.
        modified_before: Written earlier.
        min_size: Bytes, at least.
        max_size: Bytes, at most.
        names: ``"name"`` names a frame by its key's last segment without extensions, and the objects of an
            RData by their own names; ``"key"`` by the whole key.
        on_error: ``"raise"``: the first failing key stops it. ``"collect"``: all are tried, then one error
            tells of every failing key. ``"skip"``: a warning for each, the rest is returned.
        combine: Put all below each other, as one frame: columns ``key``, the fields, then those of the
            frames, of which a key that lacks one has missing values. Key and text fields are categories;
            numbers widen, levels unite in first-seen order, and what has no type in common is an error. R's
            attributes stay where all agree, but not data.table's key or dplyr's groups: those are of rows.
        format: Name of the format; by default chosen by magic bytes, then by extension.
        columns: Columns to load, in this order; by default all. Of Parquet, only these are read. With
            ``combine``, a key that lacks one has missing values.
        as_: ``"pandas"``, ``"arrow"`` or ``"polars"``.
        dtype_backend: ``"pyarrow"`` gives pandas frames Arrow-backed dtypes, which tell NA from NaN.
        strict: Raise where a value does not fit the frame asked for.
        progress: Whether a bar tells how far it is, on the error stream; by default on a terminal.
        options: How to reach S3.

    Returns:
        Frame by name, in byte order of the keys; with ``combine`` one frame, its rows in that order.

    Raises:
        NoMatchError: The pattern matches no key.
        NameClashError: Two keys give one name.
        SchemaMismatchError: ``combine`` and a column's types have none in common; names both keys and types.
        BatchError: ``on_error="collect"`` and at least one key failed; tells of each. Its ``loaded`` has the
            rest, by name, or with ``combine`` by key.
        CrossframeError: As ``load`` raises, for the first failing key.
    """
    _check_one_of("names", names, _NAMES)
    _check_one_of("on_error", on_error, _ON_ERROR)
    as_ = api.kind_of_frame(as_, dtype_backend)
    target = open_pattern(
        pattern,
        regex=regex,
        exclude=exclude,
        where=where,
        modified_after=modified_after,
        modified_before=modified_before,
        min_size=min_size,
        max_size=max_size,
        options=options,
    )
    found = some(matches_of(target), pattern, target)
    wanted = Wanted(format, columns, strict, lacking=combine)
    if combine:
        return _load_combined(found, target.pattern, wanted, _Outcome(as_, on_error), progress)
    _check_names(found, names)
    outcome = _Outcome(as_, on_error)
    with closing(load_each(found, wanted, progress=progress)) as results:
        loaded = dict(outcome.named(results, names))
    outcome.tell(loaded)
    return loaded


def iter_many(
    pattern: str | os.PathLike[str],
    *,
    regex: bool = False,
    exclude: str | Iterable[str] | None = None,
    where: Mapping[str, object] | None = None,
    modified_after: str | dt.date | None = None,
    modified_before: str | dt.date | None = None,
    min_size: int | None = None,
    max_size: int | None = None,
    prefetch: int = 4,
    names: str = "name",
    on_error: str = "raise",
    format: str | None = None,
    columns: Sequence[str] | None = None,
    as_: str = "pandas",
    dtype_backend: str | None = None,
    strict: bool = False,
    progress: bool | None = None,
    options: S3Options | None = None,
) -> Iterator[tuple[str, Any]]:
    """Load the keys that a pattern matches one after the other, the next ones while the caller works on one.

    Nothing is asked for before the first frame is. To close the iterator, or to leave a ``for`` loop whose
    iterator nobody else holds, drops the rest.

    Args:
        pattern: As for ``find``.
        regex: As for ``find``; so are the next six.
        exclude: Patterns whose matches are left out.
        where: Values by field.
        modified_after: Written then or later.
        modified_before: Written earlier.
        min_size: Bytes, at least.
        max_size: Bytes, at most.
        prefetch: Most keys whose frames are in memory, the caller's included.
        names: As for ``load_many``; so is the rest. A failing key that is collected is told of at the end.
        on_error: ``"raise"``, ``"collect"`` or ``"skip"``.
        format: Name of the format.
        columns: Columns to load.
        as_: ``"pandas"``, ``"arrow"`` or ``"polars"``.
        dtype_backend: ``"pyarrow"`` for Arrow-backed dtypes.
        strict: Raise where a value does not fit.
        progress: Whether there is a bar.
        options: How to reach S3.

    Yields:
        Name and frame, in byte order of the keys.

    Raises:
        CrossframeError: As ``load_many`` raises.
    """
    _check_one_of("names", names, _NAMES)
    _check_one_of("on_error", on_error, _ON_ERROR)
    if isinstance(prefetch, bool) or not isinstance(prefetch, int) or prefetch < 1:
        raise UsageError("Argument prefetch= must be a whole number from 1 on.", f"It is {prefetch!r}.")
    outcome = _Outcome(api.kind_of_frame(as_, dtype_backend), on_error)
    target = open_pattern(
        pattern,
        regex=regex,
        exclude=exclude,
        where=where,
        modified_after=modified_after,
        modified_before=modified_before,
        min_size=min_size,
        max_size=max_size,
        options=options,
    )

    def one_by_one() -> Iterator[tuple[str, Any]]:
        found = some(matches_of(target), pattern, target)
        _check_names(found, names)
        wanted = Wanted(format, columns, strict)
        with closing(load_each(found, wanted, most=prefetch, progress=progress)) as results:
            yield from outcome.named(results, names)
        outcome.tell({})

    return one_by_one()


def save_many(
    frames: Any,  # noqa: ANN401 - a mapping, or any frame
    template: str | os.PathLike[str],
    *,
    by: Sequence[str] | str | None = None,
    atomic: bool = False,
    progress: bool | None = None,
    options: S3Options | None = None,
    **how: Any,  # noqa: ANN401 - what save() takes
) -> list[Saved]:
    """Save many frames, one key each, several at a time.

    Args:
        frames: A mapping of names to frames, whose names fill the template's one field (tuples fill several);
            or one frame, of which each group goes to its own key. The grouping columns stay in the frames.
        template: Literal text and fields: ``s3://bucket/{site}/run_{n:int}.rds``.
        by: Columns to group one frame by; by default the template's fields.
        atomic: All or nothing: every frame is written under a temporary key that patterns leave out, and
            copied once all are there. Nothing temporary stays. No store copies many keys at once: should a
            copy fail, the error tells which keys were written.
        progress: Whether a bar tells how far it is, on the error stream; by default on a terminal.
        options: How to reach S3.
        how: As for ``save``.

    Returns:
        What was written, in byte order of the keys.

    Raises:
        UsageError: The names or columns do not fit the template's fields.
        InvalidKeyError: A value can't stand in a key. Nothing is written then.
        BatchError: ``atomic`` and a key failed; its ``errors`` tell of it, its ``done`` what was written.
        CrossframeError: As ``save`` raises, for the first failing key.
    """
    target = open_pattern(template, options=options)
    fields = target.pattern.fields
    if hasattr(frames, "keys") and not hasattr(frames, "columns"):
        if by is not None:
            raise UsageError("Argument by= must go with one frame, not with a mapping of frames.")
        parts = _named(frames, fields)
    elif isinstance(frames, list | tuple):
        raise UsageError(
            "Can't save a list without names.",
            "Each frame needs one: it fills the template's field.",
            'Is it a dict, {"a": frame, "b": frame}?',
        )
    else:
        parts = list(groups(frames, _columns(by, fields)))
    by_key: dict[str, Any] = {}
    for values, frame in parts:
        key = fill(target.pattern, values)
        if key in by_key:
            raise NameClashError(f"Can't save two frames to the key '{key}'.")
        by_key[key] = frame
    # Why: every key is checked before the first is written.
    jobs = [Job(target.location.at(key), by_key[key]) for key in sorted(by_key)]
    manner = Manner(options, how, progress)
    if not atomic:
        return save_each(jobs, manner)
    folder, slash, _ = target.pattern.prefix.rpartition("/")
    return save_together(jobs, folder + slash, manner)


def _load_combined(
    found: Sequence[Match],
    pattern: Pattern,
    wanted: Wanted,
    outcome: _Outcome,
    progress: bool | None,
) -> Any:  # noqa: ANN401 - by the kind of frame
    """Load every key, and put their tables below each other."""
    with closing(load_each(found, wanted, progress=progress)) as results:
        parts: list[Part] = []
        # Why a loop: warnings know how far up the user's line is.
        for _, part in outcome.succeeding(results, Loaded.part):
            parts.append(part)
    if outcome.failed and (outcome.on_error == "collect" or not parts):
        losses = Losses()
        rest = {part.key: frames.from_value(part.table, losses, as_=outcome.as_) for part in parts}
        raise BatchError.of(outcome.failed, rest)
    outcome.tell({}, stacklevel=4)
    losses = Losses(strict=wanted.strict)
    if wanted.columns is not None:
        check_columns(wanted.columns, parts, f"what '{pattern.text}' matches")
    table = put_together(parts, losses, field_types(pattern), wanted.columns)
    combined = frames.from_value(table, losses, as_=outcome.as_)
    losses.tell(f"combine what matches '{pattern.text}'", stacklevel=4)
    return combined


@dataclass(slots=True)
class _Outcome:
    """What a batch comes to: what is given of each key, and what of those that fail.

    Attributes:
        as_: Kind of the frames.
        on_error: What becomes of a key that fails.
        failed: Their errors, by key.
    """

    as_: str
    on_error: str
    failed: dict[str, CrossframeError] = field(default_factory=dict)

    def succeeding(
        self, results: Iterable[Loaded], make: Callable[[Loaded], Made]
    ) -> Iterator[tuple[str, Made]]:
        """Yield the key and what is made of each that does not fail."""
        for one in results:
            key = one.key
            try:
                if one.error is not None:
                    raise one.error
                made = make(one)
                # Why so far up: the warning is about the user's line.
                one.losses.tell(f"load '{key}'", stacklevel=_USERS_LINE)
            except CrossframeError as error:
                if self.on_error == "raise":
                    raise
                self.failed[key] = error
            else:
                yield key, made

    def named(self, results: Iterable[Loaded], names: str) -> Iterator[tuple[str, Any]]:
        """Yield name and frame."""
        taken: dict[str, str] = {}
        for key, made in self.succeeding(results, self._frames):
            if names == "key":
                yield key, next(iter(made.values())) if len(made) == 1 else made
                continue
            for name in list(made):
                if name in taken:
                    raise _clash(name, taken[name], key)
                taken[name] = key
                # Why popped: whom it is for may let it go before the next is wanted.
                yield name, made.pop(name)

    def tell(self, loaded: Mapping[str, Any], *, stacklevel: int = 3) -> None:
        """Tell of the keys that failed: by an error, or by a warning each."""
        if self.failed and self.on_error == "collect":
            raise BatchError.of(self.failed, loaded)
        for key, error in self.failed.items():
            warnings.warn(CrossframeWarning(f"Skipped '{key}': {error}"), stacklevel=stacklevel)

    def _frames(self, one: Loaded) -> dict[str, Any]:
        objects = one.take()
        # Why popped: no table is held that a frame has been made of.
        return {
            name: frames.from_value(objects.pop(name), one.losses, as_=self.as_) for name in list(objects)
        }


def _check_names(found: Sequence[Match], names: str) -> None:
    """Find keys of one name before anything is loaded; the names in an RData show only then."""
    keys = (match.location.shown for match in found)
    name_keys((key for key in keys if split_extensions(key).format not in (None, "rdata")), names)


def _clash(name: str, one: str, other: str) -> NameClashError:
    return NameClashError(
        f"Can't give two frames the name '{name}'.",
        f"keys '{one}' and '{other}'",
        'Should each go by its whole key? Then say names="key".',
    )


def _named(frames: Mapping[Any, Any], fields: tuple[str, ...]) -> list[tuple[dict[str, Any], Any]]:
    parts = []
    for name, frame in frames.items():
        values = name if isinstance(name, tuple) else (name,)
        if len(values) != len(fields):
            wanted = ", ".join(fields) or "none"
            raise UsageError(f"Can't fill the template with the name {name!r}.", f"its fields are {wanted}")
        parts.append((dict(zip(fields, values, strict=True)), frame))
    return parts


def _columns(by: Sequence[str] | str | None, fields: tuple[str, ...]) -> tuple[str, ...]:
    columns = fields if by is None else (by,) if isinstance(by, str) else tuple(by)
    if not fields or set(columns) != set(fields):
        wanted, got = ", ".join(fields) or "none", ", ".join(columns) or "none"
        raise UsageError(
            "Argument by= must name the template's fields.", f"its fields are {wanted}; got {got}"
        )
    return columns


def _check_one_of(argument: str, value: str, known: tuple[str, ...]) -> None:
    if value not in known:
        raise UsageError(f"Argument {argument}= must be one of {', '.join(known)}.", f"It is {value!r}.")
