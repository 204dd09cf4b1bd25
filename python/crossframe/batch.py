"""Many keys at once, by pattern or template."""

from __future__ import annotations

import warnings
from contextlib import closing
from functools import partial
from typing import TYPE_CHECKING, Any

from crossframe import api, frames
from crossframe.errors import (
    BatchError,
    CrossframeError,
    CrossframeWarning,
    NameClashError,
    UsageError,
)
from crossframe.extensions import split_extensions
from crossframe.grouping import groups
from crossframe.keys import fill, name_keys
from crossframe.listing import frame_of
from crossframe.losses import Losses
from crossframe.matching import Match, matches, open_pattern, some
from crossframe.pool import in_order

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping, Sequence

    import pandas as pd
    import pyarrow as pa

    from crossframe.results import Saved
    from crossframe.stores import S3Options

_FIELD_DTYPES = {"str": "str", "int": "Int64", "float": "float64", "date": "date32[pyarrow]"}
_ON_ERROR = ("raise", "collect", "skip")
_NAMES = ("name", "key")


def find(
    pattern: str | os.PathLike[str], *, regex: bool = False, options: S3Options | None = None
) -> pd.DataFrame:
    """List the keys that a pattern matches.

    Args:
        pattern: Glob with fields, ``s3://bucket/{site}/run_{n:int}.rds``, or a prefix with its ``/``.
        regex: Take it as a regular expression, searched for anywhere in the key.
        options: How to reach S3.

    Returns:
        A frame of key (what ``load`` takes), size (bytes), modified (UTC), etag, format (by extension) and
        one column a field, in byte order of the keys; without rows where nothing matches.

    Raises:
        InvalidPatternError: The pattern can't be parsed.
        StoreError: The store refused or failed.
    """
    import pandas as pd  # noqa: PLC0415 - slow to import

    target = open_pattern(pattern, regex=regex, options=options)
    found = matches(pattern, regex=regex, options=options)
    listed = frame_of((match.location.shown, match.meta) for match in found).drop(columns="storage_class")
    listed["format"] = pd.array([split_extensions(match.meta.key).format for match in found], dtype="str")
    for name, kind in zip(target.pattern.fields, target.pattern.types, strict=True):
        values: list[Any] = [match.fields[name] for match in found]
        listed[name] = pd.Series(values, dtype=_FIELD_DTYPES[kind])
    return listed


def load_many(
    pattern: str | os.PathLike[str],
    *,
    regex: bool = False,
    names: str = "name",
    on_error: str = "raise",
    format: str | None = None,
    columns: Sequence[str] | None = None,
    as_: str = "pandas",
    dtype_backend: str | None = None,
    strict: bool = False,
    options: S3Options | None = None,
) -> dict[str, Any]:
    """Load every key that a pattern matches.

    Args:
        pattern: As for ``find``.
        regex: Take it as a regular expression.
        names: ``"name"`` names a frame by its key's last segment without extensions, and the objects of an
            RData by their own names; ``"key"`` by the whole key.
        on_error: ``"raise"``: the first failing key stops it. ``"collect"``: all are tried, then one error
            tells of every failing key. ``"skip"``: a warning for each, the rest is returned.
        format: Name of the format; by default chosen by magic bytes, then by extension.
        columns: Columns to load, in this order; by default all.
        as_: ``"pandas"``, ``"arrow"`` or ``"polars"``.
        dtype_backend: ``"pyarrow"`` gives pandas frames Arrow-backed dtypes, which tell NA from NaN.
        strict: Raise where a value does not fit the frame asked for.
        options: How to reach S3.

    Returns:
        Frame by name, in byte order of the keys.

    Raises:
        NoMatchError: The pattern matches no key.
        NameClashError: Two keys give one name.
        BatchError: ``on_error="collect"`` and at least one key failed; tells of each.
        CrossframeError: As ``load`` raises, for the first failing key.
    """
    _check_one_of("names", names, _NAMES)
    _check_one_of("on_error", on_error, _ON_ERROR)
    as_ = api.kind_of_frame(as_, dtype_backend)
    found = some(
        matches(pattern, regex=regex, options=options),
        pattern,
        open_pattern(pattern, regex=regex, options=options),
    )
    _check_names([match.location.shown for match in found], names)
    read = partial(_read, format=format, columns=columns, strict=strict)
    loaded: dict[str, tuple[str, Any]] = {}
    failed: dict[str, CrossframeError] = {}
    with closing(in_order(read, found)) as work:
        for match, future in work:
            key = match.location.shown
            try:
                values, losses = future.result()
                made = {name: frames.from_value(value, losses, as_=as_) for name, value in values.items()}
                losses.tell(f"load '{key}'")
            except CrossframeError as error:
                if on_error == "raise":
                    raise
                failed[key] = error
            else:
                _add(loaded, made, key, names)
    by_name = {name: frame for name, (_, frame) in loaded.items()}
    if failed and on_error == "collect":
        raise BatchError.of(failed, by_name)
    _warn_of(failed)
    return by_name


def save_many(
    frames: Any,  # noqa: ANN401 - a mapping, or any frame
    template: str | os.PathLike[str],
    *,
    by: Sequence[str] | str | None = None,
    options: S3Options | None = None,
    **how: Any,  # noqa: ANN401 - what save() takes
) -> list[Saved]:
    """Save many frames, one key each.

    Args:
        frames: A mapping of names to frames, whose names fill the template's one field (tuples fill several);
            or one frame, of which each group goes to its own key. The grouping columns stay in the frames.
        template: Literal text and fields: ``s3://bucket/{site}/run_{n:int}.rds``.
        by: Columns to group one frame by; by default the template's fields.
        options: How to reach S3.
        how: As for ``save``.

    Returns:
        What was written, in byte order of the keys.

    Raises:
        UsageError: The names or columns do not fit the template's fields.
        InvalidKeyError: A value can't stand in a key. Nothing is written then.
        CrossframeError: As ``save`` raises, for the first failing key.
    """
    target = open_pattern(template, options=options)
    fields = target.pattern.fields
    if hasattr(frames, "keys") and not hasattr(frames, "columns"):
        if by is not None:
            raise UsageError("Argument by= must go with one frame, not with a mapping of frames.")
        parts = _named(frames, fields)
    else:
        parts = list(groups(frames, _columns(by, fields)))
    by_key: dict[str, Any] = {}
    for values, frame in parts:
        key = fill(target.pattern, values)
        if key in by_key:
            raise NameClashError(f"Can't save two frames to the key '{key}'.")
        by_key[key] = frame
    # Why: every key is checked before the first is written.
    jobs = [(target.location.at(key).shown, by_key[key]) for key in sorted(by_key)]
    with closing(in_order(lambda job: api.save(job[1], job[0], options=options, **how), jobs)) as work:
        return [future.result() for _, future in work]


def _read(
    match: Match, *, format: str | None, columns: Sequence[str] | None, strict: bool
) -> tuple[Mapping[str, pa.Table], Losses]:
    losses = Losses(strict=strict)
    stored = api.fetch(match.location)
    return api.decode(match.location, stored, losses, format=format, columns=columns), losses


def _check_names(keys: list[str], names: str) -> None:
    """Find keys of one name before anything is loaded; the names in an RData show only then."""
    name_keys((key for key in keys if split_extensions(key).format not in (None, "rdata")), names)


def _add(loaded: dict[str, tuple[str, Any]], made: dict[str, Any], key: str, names: str) -> None:
    if names == "key":
        loaded[key] = (key, next(iter(made.values())) if len(made) == 1 else made)
        return
    for name, frame in made.items():
        if name in loaded:
            raise NameClashError(
                f"Can't give two frames the name '{name}'.",
                f"keys '{loaded[name][0]}' and '{key}'",
                'Should each go by its whole key? Then say names="key".',
            )
        loaded[name] = (key, frame)


def _warn_of(skipped: dict[str, CrossframeError]) -> None:
    for key, error in skipped.items():
        warnings.warn(CrossframeWarning(f"Skipped '{key}': {error}"), stacklevel=3)


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
