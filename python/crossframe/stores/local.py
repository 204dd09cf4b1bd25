"""Objects that are files of this machine: opened instead of read, and filled instead of given whole."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crossframe.stores.folder import FolderStore
from crossframe.stores.prefix import unwrap

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import BinaryIO

    from crossframe.stores.protocol import ObjectMeta
    from crossframe.stores.resolve import Location


def open_local(location: Location, *, version: str | None = None) -> BinaryIO | None:
    """Open the file that an object is, for reading, unbuffered; ``None`` where it is no file.

    What is read from it may be cut short by somebody who writes to it in place; ``get`` tells that.

    Raises:
        CrossframeError: As ``get`` does.
    """
    store, key = unwrap(location.store, location.key)
    return store.open(key, version=version) if isinstance(store, FolderStore) else None


def fill_local(
    location: Location,
    fill: Callable[[BinaryIO], object],
    *,
    if_absent: bool = False,
    if_match: str | None = None,
    media_type: str | None = None,
    metadata: Mapping[str, str] | None = None,
) -> ObjectMeta | None:
    """Let the content of a file be written part by part: ``put`` without the whole in memory.

    Args:
        location: Where to.
        fill: Writes the content to the file that it is called with.
        if_absent: Refuse where there is an object already.
        if_match: ETag that the object must still have.
        media_type: What the content is.
        metadata: Text by name, kept with the object.

    Returns:
        What was written; ``None``, with ``fill`` not called, where the object would be no file.

    Raises:
        CrossframeError: As ``put`` does; what ``fill`` raises comes through, and nothing is written.
    """
    store, key = unwrap(location.store, location.key)
    if not isinstance(store, FolderStore):
        return None
    return store.put_by(
        key, fill, if_absent=if_absent, if_match=if_match, media_type=media_type, metadata=metadata
    )
