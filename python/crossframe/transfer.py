"""Copy objects as they are, between stores and within one, one or many by pattern.

The sidecar schema of a CSV goes with its data.
"""

from __future__ import annotations

import os
import re
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote

from crossframe.codecs.names import SIDECAR_SUFFIX
from crossframe.errors import NameClashError, ObjectNotFoundError, UsageError
from crossframe.extensions import split_extensions
from crossframe.keys import parse_uri
from crossframe.matching import matches, open_pattern, some
from crossframe.pool import in_order
from crossframe.stores import resolve, with_near_miss

if TYPE_CHECKING:
    from collections.abc import Iterator

    from crossframe.matching import Match
    from crossframe.stores import Location, S3Options

_PATTERN = re.compile(r"[*?\[{]|/$")
_HERE = re.compile(r"\.{1,2}(/|$)")


@dataclass(frozen=True, slots=True)
class Copy:
    """One object to be copied.

    Attributes:
        source: Where it is.
        target: Where it goes.
        size: Its size in bytes.
        sidecar: Whether a sidecar schema goes with it; ``None`` where it is not known yet.
    """

    source: Location
    target: Location
    size: int
    sidecar: bool | None


def local(text: str | os.PathLike[str]) -> str:
    """Return a path that begins with a dot as absolute: whatever the root is, it is this machine's."""
    text = os.fspath(text)
    if not _HERE.match(text):
        return text
    # Why not resolve(): symbolic links in a path are the user's business.
    absolute = os.path.normpath(Path.cwd() / text)
    return absolute + "/" if text.endswith(("/", ".")) and not absolute.endswith("/") else absolute


def plan(
    source: str | os.PathLike[str],
    target: str | os.PathLike[str],
    *,
    regex: bool = False,
    options: S3Options | None = None,
) -> list[Copy]:
    """Say what a copy would copy, and where to.

    Args:
        source: A key, or a pattern; a trailing ``/`` means everything below.
        target: A key; a prefix with its ``/``, a bucket or an existing folder keeps the names, and below a
            pattern's literal prefix the levels too.
        regex: Take ``source`` as a regular expression.
        options: How to reach S3.

    Raises:
        ObjectNotFoundError: No object at the key.
        NoMatchError: The pattern matches no key.
        UsageError: Many objects can't go to one key.
    """
    source, target = local(source), local(target)
    goal = _goal(target, options)
    into = not goal.key or goal.key.endswith("/")
    if not regex and not _PATTERN.search(parse_uri(source).key):
        single = _single(source, goal, into=into, options=options)
        if single is not None:
            return [single]
        source += "/"
    opened = open_pattern(source, regex=regex, options=options)
    found = some(matches(source, regex=regex, options=options), source, opened)
    if not into and len(found) > 1:
        raise UsageError(
            f"Can't copy {len(found)} objects to one key '{goal.key}'.",
            hint="Is it a prefix? Then end it with '/'.",
        )
    # Levels below the last whole segment of the literal prefix are kept.
    base = opened.pattern.prefix.rpartition("/")[0]
    start = len(base) + 1 if base else 0
    copies = [_copy(match, goal, match.location.key[start:], into=into) for match in found]
    _check_targets(copies)
    return copies


def run(copies: list[Copy], *, overwrite: bool = True) -> Iterator[Copy]:
    """Copy, several at a time, and yield each in its order when it is done.

    Raises:
        ObjectExistsError: ``overwrite=False`` and a key is taken.
        StoreError: A store refused or failed; what came before is copied.
    """
    with closing(in_order(partial(_run_one, overwrite=overwrite), copies)) as work:
        for copy, future in work:
            future.result()
            yield copy


def _single(source: str, goal: Location, *, into: bool, options: S3Options | None) -> Copy | None:
    """Return the copy of one object; ``None`` where the key is none but a prefix."""
    location = resolve(source, options=options)
    try:
        meta = location.store.head(location.key)
    except ObjectNotFoundError as error:
        if location.store.children(location.key + "/").objects:
            return None
        raise with_near_miss(error, location) from None
    name = location.key.rpartition("/")[2]
    key = goal.key + name if into else goal.key
    return Copy(location, goal.at(key), meta.size, None)


def _copy(match: Match, goal: Location, below: str, *, into: bool) -> Copy:
    key = goal.key + below if into else goal.key
    return Copy(match.location, goal.at(key), match.meta.size, match.sidecar)


def _check_targets(copies: list[Copy]) -> None:
    taken: dict[str, str] = {}
    for copy in copies:
        key = copy.target.key
        if key in taken:
            raise NameClashError(f"Can't copy '{taken[key]}' and '{copy.source.key}' to one key '{key}'.")
        taken[key] = copy.source.key


def _goal(target: str, options: S3Options | None) -> Location:
    """Return where the copies go; an existing folder of this machine gets its ``/``."""
    goal = resolve(target, options=options)
    if goal.key and not goal.key.endswith("/") and goal.store.uri.startswith("file:"):
        folder = unquote(goal.store.uri.removeprefix("file://"))
        if Path(folder, goal.key).is_dir():
            return goal.at(goal.key + "/")
    return goal


def _run_one(copy: Copy, *, overwrite: bool) -> None:
    source, target = copy.source, copy.target
    target.store.put(target.key, source.store.get(source.key), if_absent=not overwrite)
    if copy.sidecar is False or split_extensions(source.key).format != "csv":
        return
    try:
        sidecar = source.store.get(source.key + SIDECAR_SUFFIX)
    except ObjectNotFoundError:
        return
    target.store.put(target.key + SIDECAR_SUFFIX, sidecar, media_type="application/json")
