"""Small files of a folder's own: what writers said about contents, and how long contents stay."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
from typing import TYPE_CHECKING, Any

from crossframe.errors import CorruptObjectError
from crossframe.extensions import FORMATS, split_extensions
from crossframe.stores.folder_names import EXPIRE, TEMPORARY, metadata_file
from crossframe.stores.folder_root import open_own, sync

if TYPE_CHECKING:
    from collections.abc import Mapping

    from crossframe.stores.folder_root import Root

# Two KiB of metadata, escaped at its worst, and as much again.
_MOST_BYTES = 64 * 1024
_MOST_RULES_BYTES = 4 * 1024 * 1024
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW


def write_file(folder: int, name: str, content: bytes) -> None:
    """Write a file of the store's own, whole or not at all."""
    temporary = TEMPORARY + secrets.token_hex(8)
    file = os.open(temporary, _NEW, 0o666, dir_fd=folder)
    try:
        with os.fdopen(file, "wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(file)
        os.replace(temporary, name, src_dir_fd=folder, dst_dir_fd=folder)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temporary, dir_fd=folder)
        raise


def read_file(root: Root, path: str, most: int = _MOST_BYTES) -> bytes | None:
    """Return a file of the store's own, ``None`` where there is none or it is too large to be ours."""
    above, _, name = path.rpartition("/")
    try:
        with root.own(above) as folder, os.fdopen(open_own(name, folder), "rb") as file:
            content = file.read(most + 1)
    except (FileNotFoundError, NotADirectoryError):
        return None
    return content if len(content) <= most else None


def usual_media_type(key: str) -> str | None:
    """Return the media type that a key's extensions tell; it needs no file to be known."""
    split = split_extensions(key)
    usual = FORMATS[split.format].compression if split.format else ""
    outer = split.compression if split.compression != usual else None
    row = FORMATS.get(outer or split.format or "")
    return row.media_type if row else None


def read_about(root: Root, key: str, etag: str) -> tuple[str | None, dict[str, str]]:
    """Return media type and metadata of the content with that ETag."""
    # What was replaced has a file of its own, unless it was replaced just now.
    for path in (metadata_file(key), metadata_file(key, etag)):
        about = _read_json(root, path)
        if about.get("etag") == etag:
            media_type, metadata = about.get("media_type"), about.get("metadata")
            pairs = metadata.items() if isinstance(metadata, dict) else ()
            return (
                media_type if isinstance(media_type, str) else usual_media_type(key),
                {name: value for name, value in pairs if isinstance(value, str)},
            )
    return usual_media_type(key), {}


def needs_file(key: str, media_type: str | None, metadata: Mapping[str, str] | None) -> bool:
    """Tell whether a writer says more than the key does."""
    return bool(metadata) or media_type not in {None, usual_media_type(key)}


def write_about(
    root: Root, key: str, etag: str, media_type: str | None, metadata: Mapping[str, str] | None
) -> None:
    """Keep what the writer says about the content that will have that ETag."""
    about = {"etag": etag, "media_type": media_type, "metadata": dict(metadata or {})}
    above, _, name = metadata_file(key).rpartition("/")
    with root.own(above, create=True) as folder:
        write_file(folder, name, json.dumps(about, ensure_ascii=False).encode())


def keep_about(root: Root, key: str, etag: str) -> None:
    """Put aside what was said about a content that is about to be a version."""
    if _read_json(root, metadata_file(key)).get("etag") == etag:
        _move(root, metadata_file(key), metadata_file(key, etag))


def forget_about(root: Root, key: str, etag: str) -> None:
    """Remove what was said about a version that is no more."""
    above, _, name = metadata_file(key, etag).rpartition("/")
    with contextlib.suppress(FileNotFoundError, NotADirectoryError), root.own(above) as folder:
        os.unlink(name, dir_fd=folder)


def _move(root: Root, source: str, target: str) -> None:
    above, _, name = source.rpartition("/")
    with contextlib.suppress(FileNotFoundError, NotADirectoryError), root.own(above) as folder:
        os.replace(name, target.rpartition("/")[2], src_dir_fd=folder, dst_dir_fd=folder)


def _read_json(root: Root, path: str) -> dict[str, Any]:
    """Return an object of JSON; empty where there is none, since what is damaged belongs to nothing."""
    content = read_file(root, path)
    try:
        found = json.loads(content) if content else {}
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def read_expiries(root: Root) -> dict[str, int]:
    """Return after how many days contents go, by prefix.

    Raises:
        CorruptObjectError: The file with the rules is damaged.
    """
    content = read_file(root, EXPIRE, _MOST_RULES_BYTES)
    if content is None:
        return {}
    try:
        rules = json.loads(content)["rules"]
        found = {rule["prefix"]: rule["days"] for rule in rules}
        if all(isinstance(prefix, str) and type(days) is int and days > 0 for prefix, days in found.items()):
            return found
    except (ValueError, KeyError, TypeError, RecursionError):
        pass
    raise CorruptObjectError(
        f"Can't read what expires in {root.uri}: the file '{root.path / EXPIRE}' is damaged.",
        hint="Remove it, and set the rules again.",
    )


def write_expiries(root: Root, days: Mapping[str, int]) -> None:
    """Set after how many days contents go, by prefix."""
    rules = [{"prefix": prefix, "days": days[prefix]} for prefix in sorted(days)]
    above, _, name = EXPIRE.rpartition("/")
    with root.own(above, create=True) as folder:
        write_file(folder, name, (json.dumps({"rules": rules}, ensure_ascii=False) + "\n").encode())
        sync(folder)
