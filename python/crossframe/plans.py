"""What a copy would copy, and where to: made and checked before the first byte moves."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from crossframe.errors import NameClashError, ObjectNotFoundError, UsageError
from crossframe.keys import check_key, parse_uri, text_of
from crossframe.matching import matches, open_pattern, some
from crossframe.stores import FolderStore, Location, resolve, with_near_miss
from crossframe.streams import is_file, is_folder, local_path

if TYPE_CHECKING:
    from crossframe.matching import Match
    from crossframe.stores import S3Options

_PATTERN = re.compile(r"[*?\[{]|/$")
_HERE = re.compile(r"\.{1,2}(/|\Z)")
_PATH = re.compile(r"(\.{1,2}|~)(/|\Z)|/|file:", re.IGNORECASE)
_HOME = re.compile(r"~(?=/|\Z)")


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
    text = text_of(text)
    return of_this_machine(text) if _HERE.match(text) else text


def of_this_machine(text: str | os.PathLike[str]) -> str:
    """Return a path, or a pattern of paths, as absolute; a folder keeps its trailing slash."""
    text = text_of(text)
    if text[:5].lower() == "file:":
        return text
    # Why not resolve(): symbolic links in a path are the user's business.
    absolute = os.path.normpath(Path.cwd() / _HOME.sub(lambda _: str(Path.home()), text, count=1))
    folder = text.endswith("/") or text.rpartition("/")[2] in (".", "..", "~")
    return absolute + "/" if folder and not absolute.endswith("/") else absolute


def is_path(text: str | os.PathLike[str]) -> bool:
    """Tell whether a place is written as a path of this machine: from ``.``, ``..``, ``~`` or ``/`` on."""
    return not isinstance(text, str) or bool(_PATH.match(text))


def is_pattern(text: str, *, regex: bool = False) -> bool:
    """Tell whether a text means many keys: by wildcards, fields or a trailing slash."""
    uri = parse_uri(text)
    return regex or (uri.scheme in ("s3", "file") and bool(_PATTERN.search(uri.key)))


def plan(
    source: str | os.PathLike[str],
    target: str | os.PathLike[str],
    *,
    regex: bool = False,
    version: str | None = None,
    options: S3Options | None = None,
) -> list[Copy]:
    """Say what a copy would copy, and where to.

    Args:
        source: A key, or a pattern; a trailing ``/`` means everything below.
        target: A key; a prefix with its ``/``, a bucket or an existing folder keeps the names, and below a
            pattern's literal prefix the levels too.
        regex: Take ``source`` as a regular expression.
        version: Version id of a single key.
        options: How to reach S3.

    Raises:
        ObjectNotFoundError: No object at the key.
        NoMatchError: The pattern matches no key.
        NameClashError: Two objects would go to one key.
        UsageError: Many objects can't go to one key, nor over what is still to be copied.
    """
    source, target = local(source), local(target)
    goal = _goal(target, options)
    if not is_pattern(source, regex=regex):
        single = _single(source, goal, version=version, options=options)
        if single is not None:
            return _checked([single])
        source += "/"
    if version is not None:
        raise UsageError("Argument version= goes with a single key, not with a pattern.")
    opened = open_pattern(source, regex=regex, options=options)
    found = some(matches(source, regex=regex, lists=True, options=options), source, opened)
    if not _keeps_names(goal) and len(found) > 1:
        raise UsageError(
            f"Can't copy {len(found)} objects to one key '{goal.key}'.",
            hint="Is it a prefix? Then end it with '/'.",
        )
    # Levels below the last whole segment of the literal prefix are kept.
    base = opened.pattern.prefix.rpartition("/")[0]
    start = len(base) + 1 if base else 0
    return _checked([_copy(match, goal, match.location.key[start:]) for match in found])


def plan_file(
    file: str | os.PathLike[str], target: str | os.PathLike[str], *, options: S3Options | None = None
) -> list[Copy]:
    """Say what an upload would upload, and where to; ``file`` is a path, or a pattern of paths.

    Raises:
        CrossframeError: As for ``plan``.
    """
    text = of_this_machine(file)
    path = Path(text)
    if not is_file(path):
        return plan(text, target, options=options)
    # Why not through the folder: a file named by its user may well be a link, or have an odd name.
    goal = _goal(local(target), options)
    goal = goal.at(goal.key + path.name) if _keeps_names(goal) else goal
    return _checked([Copy(file_at(path), goal, path.stat().st_size, None)])


def file_at(path: Path) -> Location:
    """Return a file of this machine as a location."""
    return Location(FolderStore(path.parent), path.name, whole=True)


def find_one(
    location: Location, *, version: str | None = None, below: bool = True
) -> tuple[Location, int] | None:
    """Return an object and its size; ``None`` where the key is none but a prefix.

    Raises:
        ObjectNotFoundError: Neither, or a prefix where none is asked for (``below=False``).
    """
    try:
        meta = location.store.head(location.key, version=version)
    except ObjectNotFoundError as error:
        if below and version is None and _is_prefix(location):
            return None
        raise (with_near_miss(error, location) if version is None else error) from None
    return location, meta.size


def _is_prefix(location: Location) -> bool:
    level = location.store.children(location.key + "/")
    return bool(level.objects or level.prefixes)


def _single(source: str, goal: Location, *, version: str | None, options: S3Options | None) -> Copy | None:
    found = find_one(resolve(source, options=options), version=version)
    if found is None:
        return None
    location, size = found
    name = location.key.rpartition("/")[2]
    return Copy(location, goal.at(goal.key + name) if _keeps_names(goal) else goal, size, None)


def _copy(match: Match, goal: Location, below: str) -> Copy:
    target = goal.at(goal.key + below) if _keeps_names(goal) else goal
    return Copy(match.location, target, match.meta.size, match.sidecar)


def _keeps_names(goal: Location) -> bool:
    return not goal.key or goal.key.endswith("/")


def _checked(copies: list[Copy]) -> list[Copy]:
    taken: dict[str, str] = {}
    sources = {copy.source.uri for copy in copies}
    for copy in copies:
        key = copy.target.key
        check_key(key)
        if key in taken:
            raise NameClashError(f"Can't copy '{taken[key]}' and '{copy.source.key}' to one key '{key}'.")
        taken[key] = copy.source.key
        if _is_same(copy):
            raise UsageError(f"Can't copy '{copy.source.shown}' to itself.", f"In {copy.source.store.uri}.")
        # Why: by the time it is its turn, it would be gone.
        if copy.target.uri in sources:
            raise UsageError(
                f"Can't copy '{copy.source.shown}' over '{copy.target.shown}'.",
                "The latter is itself to be copied.",
                "Copy to another prefix first.",
            )
    return copies


def _is_same(copy: Copy) -> bool:
    """Tell whether source and target are one object, if need be by way of a symbolic link."""
    if copy.source.uri == copy.target.uri:
        return True
    source, target = local_path(copy.source), local_path(copy.target)
    try:
        return source is not None and target is not None and source.samefile(target)
    except OSError:
        return False


def _goal(target: str, options: S3Options | None) -> Location:
    """Return where the copies go; an existing folder of this machine gets its ``/``."""
    goal = resolve(target, options=options)
    path = local_path(goal)
    if path is not None and not _keeps_names(goal) and is_folder(path):
        return goal.at(goal.key + "/")
    return goal
