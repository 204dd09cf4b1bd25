"""The schema beside a CSV: which one belongs to which content."""

from __future__ import annotations

import hashlib
import warnings
from typing import TYPE_CHECKING

from crossframe.codecs.names import SIDECAR_SUFFIX
from crossframe.errors import (
    AccessDeniedError,
    CodecError,
    ConversionError,
    NotSupportedError,
    ObjectNotFoundError,
    StaleSchemaWarning,
)
from crossframe.extensions import split_extensions
from crossframe.stores import Versions

if TYPE_CHECKING:
    from datetime import datetime
    from typing import BinaryIO

    from crossframe.stores import Location

# Why a limit: each is a request. The one written next to the data comes first, and is nearly always it.
_MOST_TRIED = 20
_CHUNK = 1024 * 1024


def has_sidecar(key: str) -> bool:
    """Tell whether objects of such a key have a schema beside them: those of a CSV."""
    return split_extensions(key).format == "csv"


def beside(location: Location) -> Location:
    """Return where the schema of an object lies."""
    return location.at(location.key + SIDECAR_SUFFIX)


def current(location: Location) -> str | None:
    """Return the schema that lies beside an object now."""
    return _text(stored(location))


def stored(location: Location, version: str | None = None) -> bytes | None:
    """Return the bytes of the schema beside an object, if there is one; of the schema's own version."""
    try:
        return bytes(location.store.get(beside(location).key, version=version))
    except ObjectNotFoundError:
        return None


def of_version(
    location: Location, size: int, md5: str, modified: datetime | None = None
) -> tuple[str, str] | None:
    """Return the schema that was written for a content of the object, and the schema's own version id.

    Args:
        location: The object.
        size: The content's size in bytes.
        md5: Its MD5 in hexadecimal.
        modified: When it was written: the schema was, right afterwards.
    """
    store, schema = location.store, beside(location)
    if not isinstance(store, Versions):
        return None
    try:
        found = [one for one in store.versions(schema.key, exact=True) if not one.deleted][::-1]
    except NotSupportedError:
        return None
    except AccessDeniedError as error:
        warning = f"Can't look for the schema of that version of '{location.shown}': {error.problem}"
        warnings.warn(StaleSchemaWarning(warning), stacklevel=3)
        return None
    if modified is not None:
        written = modified
        # Why those after it first: what is written twice with other types may have the same bytes.
        found.sort(key=lambda one: (one.modified < written, abs(one.modified - written)))
    for one in found[:_MOST_TRIED]:
        text = _text(stored(location, one.version))
        if text is not None and fits(text, size, md5):
            return text, one.version
    return None


def is_there(location: Location) -> bool:
    """Tell whether there is an object."""
    try:
        location.store.head(location.key)
    except ObjectNotFoundError:
        return False
    return True


def md5_of(file: BinaryIO) -> str:
    """Return the MD5, in hexadecimal, of a file from its position on."""
    md5 = hashlib.md5(usedforsecurity=False)
    while chunk := file.read(_CHUNK):
        md5.update(chunk)
    return md5.hexdigest()


def fits(text: str, size: int, md5: str) -> bool:
    """Tell whether a schema says by size and hash that it belongs to a content."""
    from crossframe.codecs import csv_schema  # noqa: PLC0415 - slow to import

    try:
        schema = csv_schema.parse(text)
    except (CodecError, ConversionError):
        return False
    return schema.size in (None, size) and schema.md5 == md5


def _text(content: bytes | None) -> str | None:
    return None if content is None else content.decode("utf-8", "replace")
