"""Objects that are files of this machine, opened instead of read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crossframe.stores.folder import FolderStore
from crossframe.stores.prefix import unwrap

if TYPE_CHECKING:
    from typing import BinaryIO

    from crossframe.stores.resolve import Location


def open_local(location: Location, *, version: str | None = None) -> BinaryIO | None:
    """Open the file that an object is, for reading, unbuffered; ``None`` where it is no file.

    What is read from it may be cut short by somebody who writes to it in place; ``get`` tells that.

    Raises:
        CrossframeError: As ``get`` does.
    """
    store, key = unwrap(location.store, location.key)
    return store.open(key, version=version) if isinstance(store, FolderStore) else None
