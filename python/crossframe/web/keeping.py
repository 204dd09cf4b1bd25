"""What outlives the server: the key that signs its links, and what it shows to anybody.

Kept in the user's own state folder and not in the folder that is served, where colleagues would read the key.
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from crossframe.codecs.names import SIDECAR_SUFFIX
from crossframe.streams import landing, make_folder

if TYPE_CHECKING:
    from collections.abc import Iterable

_KEY_BYTES = 32


def state_folder() -> Path:
    """Return where programs keep their state (XDG Base Directory Specification 0.8)."""
    base = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
    return Path(base) / "crossframe"


class Kept:
    """What is kept of one served root.

    Args:
        root: The root's name, so that a link for one is none for another.
        folder: Where it is kept; ``None`` for nowhere, so that it ends with the server.
    """

    def __init__(self, root: str = "", folder: Path | None = None) -> None:
        self._lock = threading.Lock()
        self._file: Path | None = None
        key = secrets.token_bytes(_KEY_BYTES)
        self._public: frozenset[str] = frozenset()
        if folder is not None:
            key = _key(folder / "link-key", key)
            digest = hashlib.sha256(root.encode()).hexdigest()[:16]
            self._file = folder / f"public-{digest}.json"
            self._public = frozenset(_read(self._file))
        self.link_key = hashlib.blake2b(root.encode(), key=key, digest_size=_KEY_BYTES).digest()

    @property
    def public(self) -> frozenset[str]:
        """Paths that anybody may read; one that ends in ``/`` means all below."""
        return self._public

    def is_public(self, path: str) -> bool:
        """Tell whether anybody may read a path; a CSV's schema goes with it."""
        return any(
            path in {one, one + SIDECAR_SUFFIX} or ((not one or one.endswith("/")) and path.startswith(one))
            for one in self._public
        )

    def set_public(self, path: str, *, public: bool) -> None:
        """Let anybody read a path, or take that back."""
        with self._lock:
            changed = self._public | {path} if public else self._public - {path}
            if self._file is not None:
                _write(self._file, changed)
            self._public = changed


def _key(file: Path, fresh: bytes) -> bytes:
    """Return the key of this user, which nobody else may read; made where there is none."""
    make_folder(file.parent)
    try:
        # Why so: two servers that start at once agree on one key.
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    except FileExistsError:
        found = file.read_bytes()
        return found if len(found) == _KEY_BYTES else fresh
    with os.fdopen(descriptor, "wb") as opened:
        opened.write(fresh)
    return fresh


def _read(file: Path) -> list[str]:
    try:
        found = json.loads(file.read_text("utf-8"))
    except (FileNotFoundError, ValueError):
        return []
    return [one for one in found if isinstance(one, str)] if isinstance(found, list) else []


def _write(file: Path, paths: Iterable[str]) -> None:
    with landing(file) as opened:
        opened.write(json.dumps(sorted(paths), ensure_ascii=False).encode())
