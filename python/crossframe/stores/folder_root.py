"""A folder whose files are reached step by step, so that no symbolic link can lead out of it.

Looking where a path leads and then opening it would leave time to swap a folder for a link in between.
Here links are followed first, and the way found is walked by descriptors that follow none.
"""

from __future__ import annotations

import contextlib
import errno
import os
import stat
import unicodedata
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from crossframe import errors
from crossframe.stores.folder_errors import leads_out, name_changed, no_root
from crossframe.stores.folder_names import is_internal

if TYPE_CHECKING:
    from collections.abc import Iterator

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
# Why not blocking: to open a pipe would wait for ever.
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK


def is_within(path: str | Path, root: str | Path) -> bool:
    """Tell whether a path, its symbolic links followed, is the root or lies below it."""
    return below(os.path.realpath(path), os.path.realpath(root)) is not None


def below(real: str, base: str) -> str | None:
    """Return a real path relative to the base, empty for the base itself; ``None`` outside."""
    start = base.rstrip("/") + "/"
    if real == base:
        return ""
    return real[len(start) :] if real.startswith(start) else None


class Root:
    """The folder that keys lie below.

    Args:
        path: The folder, which need not exist.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path).absolute()

    @property
    def uri(self) -> str:
        """Where it is."""
        # Why not as_uri: of the file system's root, too, a key is added after a slash.
        return f"file://{quote(str(self.path)).rstrip('/')}"

    def check_there(self) -> None:
        """Refuse to read where there is no folder."""
        if not self.path.is_dir():
            raise no_root(str(self.path))

    def check_inside(self, key: str) -> None:
        """Refuse a key or prefix that is absolute or climbs."""
        if key.startswith("/") or ".." in key.split("/"):
            raise errors.InvalidKeyError(
                f"Can't reach '{key}': the key leaves the root {self.uri}.",
                hint="Give an absolute path, or set another root.",
            )

    def holds_none(self, key: str) -> bool:
        """Tell whether a key, read, is one that no file can have."""
        self.check_inside(key)
        return "\0" in key or is_internal(key) or not {"", "."}.isdisjoint(key.split("/"))

    def open_file(self, key: str) -> int:
        """Open a key's regular file for reading, links within the root followed.

        Raises:
            InvalidKeyError: A link leads out.
            FileNotFoundError: There is none, or it is no regular file.
        """
        where = self._real(key, key)
        if where is None:
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT))
        folder, _, name = where.rpartition("/")
        with self._walk(folder, key) as above:
            return _open_regular(name, above)

    @contextlib.contextmanager
    def folder_of(self, key: str, *, create: bool = False) -> Iterator[tuple[int, str]]:
        """Open the folder of a key's file; yield it with the path it has below the root.

        Args:
            key: The key.
            create: Make it, and those above it, where they are not there.
        """
        parent = key.rpartition("/")[0]
        where = self._real(parent, key)
        if where is None:
            raise leads_out(key, self.uri)
        if create:
            self.path.mkdir(parents=True, exist_ok=True)
        with self._walk(where, key, create=create) as folder:
            yield folder, where

    @contextlib.contextmanager
    def own(self, path: str, *, create: bool = False) -> Iterator[int]:
        """Open a folder of the store's own, below ``.crossframe``."""
        if create:
            self.path.mkdir(parents=True, exist_ok=True)
        with self._walk(path, path, create=create) as folder:
            yield folder

    def prune(self, path: str) -> None:
        """Remove a folder and those above it as far as they are empty, never the root."""
        while path:
            above, _, name = path.rpartition("/")
            try:
                with self._walk(above, path) as folder:
                    os.rmdir(name, dir_fd=folder)
            except OSError:
                return
            path = above

    def _real(self, path: str, key: str) -> str | None:
        """Return where a path leads below the root; ``None`` where that is the store's own."""
        base = os.path.realpath(self.path)
        where = below(os.path.realpath(f"{base}/{path}"), base)
        if where is None:
            raise leads_out(key, self.uri)
        return None if is_internal(where) else where

    @contextlib.contextmanager
    def _walk(self, path: str, key: str, *, create: bool = False) -> Iterator[int]:
        """Open a folder by its path below the root, one name after the other, no link followed."""
        # Links in the root's own path are the user's business.
        here = os.open(self.path, _FOLDER & ~os.O_NOFOLLOW)
        try:
            for name in path.split("/") if path else ():
                below = self._step(here, name, key, create=create)
                os.close(here)
                here = below
            yield here
        finally:
            os.close(here)

    def _step(self, here: int, name: str, key: str, *, create: bool) -> int:
        try:
            below = os.open(name, _FOLDER, dir_fd=here)
        except FileNotFoundError:
            if not create:
                raise
            with contextlib.suppress(FileExistsError):
                os.mkdir(name, dir_fd=here)
            below = os.open(name, _FOLDER, dir_fd=here)
            if is_internal(key):
                self._share(below)
            else:
                sync(here)
        except OSError as error:
            # A link where none was when links were followed: somebody swapped it in.
            if error.errno in {errno.ENOTDIR, errno.ELOOP} and is_link(here, name):
                raise leads_out(key, self.uri) from error
            raise
        if create and not is_kept(here, name):
            os.close(below)
            raise name_changed(key, self.uri)
        return below

    def _share(self, folder: int) -> None:
        """Let whoever may write to the root write to a folder of its own, whatever our umask."""
        with contextlib.suppress(PermissionError):
            os.fchmod(folder, stat.S_IMODE(self.path.stat().st_mode))


def _open_regular(name: str, folder: int) -> int:
    file = os.open(name, _FILE, dir_fd=folder)
    if not stat.S_ISREG(os.fstat(file).st_mode):
        os.close(file)
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT))
    return file


def open_own(name: str, folder: int) -> int:
    """Open a regular file of the store's own for reading, no link followed."""
    return _open_regular(name, folder)


def is_link(folder: int, name: str) -> bool:
    """Tell whether a name is a symbolic link."""
    found = lstat(folder, name)
    return found is not None and stat.S_ISLNK(found.st_mode)


def lstat(folder: int, name: str) -> os.stat_result | None:
    """Return what a name is, links not followed; ``None`` where it is nothing."""
    try:
        return os.stat(name, dir_fd=folder, follow_symlinks=False)
    except (FileNotFoundError, NotADirectoryError):
        return None


def names_in(folder: int) -> list[str]:
    """Return the names in an open folder, in no order."""
    with os.scandir(folder) as scan:
        return [item.name for item in scan]


def is_kept(folder: int, name: str) -> bool:
    """Tell whether a file system has a name as it was written, and did not take it for another.

    Why by a twin first: to look through a large folder at every write would take too long.
    """
    twins = {name.swapcase(), unicodedata.normalize("NFD", name), unicodedata.normalize("NFC", name)} - {name}
    mine = lstat(folder, name)
    for twin in twins:
        theirs = lstat(folder, twin) if mine else None
        if mine and theirs and os.path.samestat(mine, theirs):
            return name in names_in(folder)
    return True


def sync(folder: int) -> None:
    """Make names in a folder last: a rename is on the disk only once its folder is."""
    with contextlib.suppress(PermissionError):
        os.fsync(folder)
