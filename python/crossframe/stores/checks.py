"""What every store checks, and the errors every store raises, in the same words."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from crossframe import errors
from crossframe.keys import check_key

if TYPE_CHECKING:
    from collections.abc import Mapping

# Source: Amazon S3 User Guide, "Working with object metadata".
_METADATA_BYTES = 2048
_METADATA_NAME = re.compile(r"[a-z0-9][a-z0-9._-]*")
_METADATA_VALUE = re.compile(r"[!-~](?:[ -~]*[!-~])?")


def check_write(key: str, *, if_absent: bool, if_match: str | None) -> None:
    """Refuse a key that must not be written, and conditions that exclude each other.

    Raises:
        InvalidKeyError: See ``crossframe.keys.check_key``.
        UsageError: Both conditions at once.
    """
    check_key(key)
    if if_absent and if_match is not None:
        raise errors.UsageError(f"Can't write '{key}' both if absent and if its ETag is '{if_match}'.")


def check_metadata(metadata: Mapping[str, str] | None) -> dict[str, str]:
    """Return metadata that every store keeps as they are, headers of HTTP included.

    Why nothing empty: SeaweedFS drops it.

    Raises:
        UsageError: A name or value that would come back changed, or more than 2 KiB of them.
    """
    found = dict(metadata or {})
    for name, value in found.items():
        if not isinstance(name, str) or not _METADATA_NAME.fullmatch(name):
            raise errors.UsageError(
                f"Metadata name {name!r} can't be used.",
                "Names are small letters, digits, dots, dashes and underscores.",
            )
        if not isinstance(value, str) or not _METADATA_VALUE.fullmatch(value):
            raise errors.UsageError(
                f"Metadata '{name}' can't be {value!r}.",
                "Values are plain ASCII text, not empty and without spaces around it.",
            )
    size = sum(len(name) + len(value) for name, value in found.items())
    if size > _METADATA_BYTES:
        raise errors.UsageError(f"Metadata must have at most {_METADATA_BYTES} bytes, not {size}.")
    return found


def check_days(days: int | None) -> None:
    """Refuse to let objects expire before a day has passed."""
    if days is not None and (type(days) is not int or days < 1):
        raise errors.UsageError(f"Objects can expire after 1 day or more, not {days}.")


def check_range(start: int, length: int | None) -> None:
    """Refuse a range that counts from the end."""
    if start < 0 or (length is not None and length < 0):
        raise errors.UsageError(f"Start and length must be 0 or more, not {start} and {length}.")


def object_not_found(key: str, uri: str, version: str | None = None) -> errors.ObjectNotFoundError:
    """Return the error for a key that holds nothing."""
    what = f"object '{key}'" if version is None else f"version '{version}' of object '{key}'"
    return errors.ObjectNotFoundError(f"Can't find {what} in {uri}.")


def object_exists(key: str, uri: str) -> errors.ObjectExistsError:
    """Return the error for a key that is taken."""
    return errors.ObjectExistsError(
        f"Can't write '{key}' to {uri}: there is an object already.",
        hint="Choose another key, or allow it to be replaced (overwrite=True).",
    )


def precondition_failed(
    key: str, uri: str, if_match: str | None, found: str | None = None
) -> errors.PreconditionFailedError:
    """Return the error for an object that is not the one the caller has seen."""
    got = f"The object's ETag is '{found}'." if found else None
    return errors.PreconditionFailedError(
        f"Can't write '{key}' to {uri}: the object is not the one with ETag '{if_match}'.",
        got,
        "Somebody replaced or deleted it meanwhile: load it again, then save.",
    )
