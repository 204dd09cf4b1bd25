"""Where a folder keeps what: pure text, the same in R (``tests/conformance/keys/folder.json``).

A key is its file's path, byte for byte; nothing is escaped. What a file system can't hold is refused.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass

from crossframe.errors import InvalidKeyError
from crossframe.keys import check_key

INTERNAL = ".crossframe"
TEMPORARY = INTERNAL + "-tmp-"
VERSIONS = f"{INTERNAL}/versions"
METADATA = f"{INTERNAL}/metadata"
LOCK = f"{INTERNAL}/lock"
EXPIRE = f"{INTERNAL}/expire.json"
# The file beside a key's versions that holds the key.
KEY_FILE = "key"
# Source: POSIX, NAME_MAX of every file system in use; ext4, XFS, APFS, NTFS.
_SEGMENT_BYTES = 255
_VERSION = re.compile(r"([0-9a-f]{1,16})-([0-9a-f]{1,16})")
_MARKER = re.compile(r"([0-9a-f]{1,16})\.deleted")


@dataclass(frozen=True, slots=True)
class Names:
    """The paths, below the root, that belong to one key.

    Attributes:
        file: The current content.
        versions: Folder of the contents that were replaced or deleted.
        metadata: What the writer said about the current content.
    """

    file: str
    versions: str
    metadata: str


def names_of(key: str) -> Names:
    """Return the paths of a key that may be written.

    Raises:
        InvalidKeyError: The key may not be written anywhere, or not to a folder.
    """
    check_key(key)
    if is_internal(key):
        raise InvalidKeyError(f"Can't write '{key}': names that begin with '{INTERNAL}' are the store's own.")
    if any(len(segment.encode()) > _SEGMENT_BYTES for segment in key.split("/")):
        raise InvalidKeyError(
            f"Can't write '{key}': the file system can't hold that name.",
            f"a name between two slashes has more than {_SEGMENT_BYTES} bytes",
            "Choose a shorter one; a bucket could hold it.",
        )
    return Names(key, versions_folder(key), metadata_file(key))


def is_internal(key: str) -> bool:
    """Tell whether a key belongs to the store itself: versions, locks, unfinished files.

    Capitals don't matter: where the file system knows none, ``.CROSSFRAME`` is our folder.
    """
    lower = key.lower()
    return INTERNAL in lower and any(
        segment == INTERNAL or segment.startswith(TEMPORARY) for segment in lower.split("/")
    )


def versions_folder(key: str) -> str:
    """Return where the replaced and deleted contents of a key are kept."""
    digest = _digest(key)
    return f"{VERSIONS}/{digest[:2]}/{digest}"


def metadata_file(key: str, version: str | None = None) -> str:
    """Return where the metadata of a key's content are kept, or those of a version that was replaced."""
    digest = _digest(key)
    return f"{METADATA}/{digest[:2]}/{digest}{f'.{version}' if version else ''}.json"


def _digest(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()


def etag_of(size: int, modified_ns: int) -> str:
    """Return the ETag of a file, which is its version id, too."""
    return f"{size:x}-{modified_ns:x}"


def content_time(version: str) -> int | None:
    """Return when the content of that version id was written, in ns; ``None`` where it is no such id."""
    found = _VERSION.fullmatch(version)
    return int(found[2], 16) if found else None


def marker_of(deleted_ns: int) -> str:
    """Return the version id of a deletion."""
    return f"{deleted_ns:x}.deleted"


def marker_time(version: str) -> int | None:
    """Return when the deletion of that version id was, in ns; ``None`` where it is no such id."""
    found = _MARKER.fullmatch(version)
    return int(found[1], 16) if found else None
