"""What lies below a folder, in the order and by the rules of a bucket's listing."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING, NamedTuple

from crossframe.stores.folder_names import is_internal
from crossframe.stores.folder_root import below, is_within

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_PAGE = 1000


class Entry(NamedTuple):
    """A name on one level, with what it leads to; a folder's key ends in ``/``.

    ``real`` is the path with symbolic links followed.
    """

    key: str
    real: str
    found: os.stat_result


class Listing:
    """One look at a folder; nothing is kept for the next.

    Args:
        root: The folder.
    """

    def __init__(self, root: Path) -> None:
        self._root = os.path.realpath(root)

    def below(self, prefix: str) -> Iterator[tuple[str, os.stat_result]]:
        """Yield every file whose key starts with ``prefix``, in byte order of the keys."""
        real = self._folder_of(prefix)
        # Why a stack: generators nested as deep as the folders would cost that depth for each file.
        stack = [(iter(self._entries(prefix, real)), frozenset({real}))] if real else []
        while stack:
            entries, above = stack[-1]
            for entry in entries:
                if not entry.key.endswith("/"):
                    yield entry.key, entry.found
                # A link back to where we come from would go on for ever.
                elif entry.real not in above:
                    stack.append((iter(self._entries(entry.key, entry.real)), above | {entry.real}))
                    break
            else:
                stack.pop()

    def level(self, prefix: str) -> tuple[list[str], list[tuple[str, os.stat_result]]]:
        """Return the prefixes and the files one level below ``prefix``, each in byte order."""
        prefixes: list[str] = []
        objects: list[tuple[str, os.stat_result]] = []
        for some, files in self.level_pages(prefix):
            prefixes += some
            objects += files
        return prefixes, objects

    def level_pages(self, prefix: str) -> Iterator[tuple[list[str], list[tuple[str, os.stat_result]]]]:
        """Yield the same, some names at a time, in the order of all; files are looked at when told.

        Why: in a large folder looking at each file takes most of the time, and few are seen.
        """
        real = self._folder_of(prefix)
        folder, slash, start = prefix.rpartition("/")
        items = sorted(_visible(real, start), key=_sorts_as) if real else []
        for at in range(0, len(items), _PAGE):
            prefixes, objects = [], []
            for item in items[at : at + _PAGE]:
                entry = self._entry(folder + slash, item)
                if entry is None:
                    continue
                if not entry.key.endswith("/"):
                    objects.append((entry.key, entry.found))
                elif self._holds_any(entry):
                    prefixes.append(entry.key)
            yield prefixes, objects

    def _holds_any(self, folder: Entry) -> bool:
        """Tell whether there is an object below: a bucket does not list empty folders."""
        waiting, seen = [folder], set()
        while waiting:
            one = waiting.pop()
            if one.real in seen:
                continue
            seen.add(one.real)
            for entry in self._scan(one.key, one.real, ""):
                if not entry.key.endswith("/"):
                    return True
                waiting.append(entry)
        return False

    def _folder_of(self, prefix: str) -> str | None:
        """Return the folder that a listing of ``prefix`` starts in, ``None`` where there can be none."""
        folder, slash, _ = prefix.rpartition("/")
        if "\0" in folder or is_internal(folder) or (slash and not {"", "."}.isdisjoint(folder.split("/"))):
            return None
        path = f"{self._root}/{folder}"
        return os.path.realpath(path) if is_within(path, self._root) else None

    def _entries(self, prefix: str, real: str) -> list[Entry]:
        """Return what is on the level of ``prefix`` and starts with it.

        Why so ordered: a folder sorts as its name with the slash (``a.b`` before ``a/``), and code
        points sort as UTF-8 bytes do.
        """
        folder, slash, start = prefix.rpartition("/")
        return sorted(self._scan(folder + slash, real, start), key=lambda entry: entry.key)

    def _scan(self, folder: str, real: str, start: str) -> Iterator[Entry]:
        """Yield the visible entries of a folder whose name starts with ``start``, as they come."""
        for item in _visible(real, start):
            entry = self._entry(folder, item)
            if entry:
                yield entry

    def _entry(self, folder: str, item: os.DirEntry[str]) -> Entry | None:
        """Return a file or folder; ``None`` for what is neither, leads out, or is gone meanwhile."""
        real = item.path
        try:
            found = item.stat()
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError:
            # A link that leads to itself is no object; anything else is a failure to be told.
            if item.is_symlink():
                return None
            raise
        if item.is_symlink():
            real = os.path.realpath(real)
            where = below(real, self._root)
            # Neither what leads out is a key, nor what leads to the store's own.
            if where is None or is_internal(where):
                return None
        if stat.S_ISDIR(found.st_mode):
            return Entry(f"{folder}{item.name}/", real, found)
        return Entry(folder + item.name, real, found) if stat.S_ISREG(found.st_mode) else None


def _visible(real: str, start: str) -> Iterator[os.DirEntry[str]]:
    """Yield the names in a folder that can be keys and start with ``start``, not yet looked at."""
    try:
        scan = os.scandir(real)
    except (FileNotFoundError, NotADirectoryError):
        return
    with scan:
        for item in scan:
            if item.name.startswith(start) and not is_internal(item.name) and _is_text(item.name):
                yield item


def _sorts_as(item: os.DirEntry[str]) -> str:
    """Return what a name sorts as: a folder's has a slash at its end."""
    try:
        return item.name + "/" if item.is_dir() else item.name
    except OSError:  # a link that leads to itself
        return item.name


def _is_text(name: str) -> bool:
    """Tell whether a name is UTF-8; Python shows the bytes of others as lone surrogates."""
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True
