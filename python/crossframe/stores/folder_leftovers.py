"""Temporary files of writes that never ended: their process was killed, or the machine."""

from __future__ import annotations

import contextlib
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from crossframe.errors import UsageError
from crossframe.stores.abilities import Upload
from crossframe.stores.folder_names import TEMPORARY

if TYPE_CHECKING:
    from crossframe.stores.folder_root import Root


def leftovers(root: Root, prefix: str) -> list[Upload]:
    """Return them as uploads: the key is the temporary file's path, the id its name.

    Those of writes that are still going on are among them; their age tells.
    """
    found, base = [], str(root.path)
    for folder, _, names in os.walk(base):
        for name in names:
            path = os.path.relpath(f"{folder}/{name}", base)
            if name.startswith(TEMPORARY) and path.startswith(prefix):
                with contextlib.suppress(FileNotFoundError):
                    started = Path(folder, name).lstat().st_mtime
                    found.append(Upload(path, name, datetime.fromtimestamp(started, UTC)))
    return sorted(found, key=lambda upload: upload.key)


def remove_leftover(root: Root, upload: Upload) -> None:
    """Remove one; no error where it is gone.

    Raises:
        UsageError: It is no temporary file.
        InvalidKeyError: It lies outside the root.
    """
    folder, _, name = upload.key.rpartition("/")
    root.check_inside(upload.key)
    if not name.startswith(TEMPORARY):
        raise UsageError(f"Can't abort '{upload.key}' in {root.uri}: it is no unfinished write.")
    with contextlib.suppress(FileNotFoundError, NotADirectoryError), root.own(folder) as here:
        os.unlink(name, dir_fd=here)
    root.prune(folder)
