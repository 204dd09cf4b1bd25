"""The file system's errors as ours."""

from __future__ import annotations

import contextlib
import errno
from typing import TYPE_CHECKING

from crossframe import errors
from crossframe.stores.checks import object_not_found

if TYPE_CHECKING:
    from collections.abc import Iterator

_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_NO_SUCH_NAME = {errno.ENAMETOOLONG, errno.EILSEQ, errno.EINVAL}


@contextlib.contextmanager
def as_ours(verb: str, key: str, uri: str) -> Iterator[None]:
    """Turn the system's errors into ours.

    Args:
        verb: What was tried, for the message.
        key: With which key or prefix.
        uri: In which store.
    """
    try:
        yield
    except errors.CrossframeError:
        raise
    except OSError as error:
        raise _translate(error, verb, key, uri) from error


def _translate(error: OSError, verb: str, key: str, uri: str) -> errors.CrossframeError:
    problem = f"Can't {verb} '{key}' in {uri}"
    if isinstance(error, PermissionError) or error.errno == errno.EROFS:
        return errors.AccessDeniedError(
            f"{problem}: the file system refuses.", error.strerror, "Ask for the right to it, or log in anew."
        )
    if error.errno in _FULL:
        return errors.UnavailableError(
            f"{problem}: the disk or the quota is full.", hint="What was there before is whole."
        )
    writing = verb in {"write", "restore"}
    if writing and error.errno in _NO_SUCH_NAME:
        return errors.InvalidKeyError(f"{problem}: the file system can't hold that name.", error.strerror)
    if writing and isinstance(error, (FileExistsError, NotADirectoryError)):
        return errors.InvalidKeyError(
            f"{problem}: an object's key is the beginning of this one.",
            hint="A folder can't hold both 'a' and 'a/b'; a bucket can.",
        )
    missing = isinstance(error, (FileNotFoundError, NotADirectoryError)) or error.errno == errno.ELOOP
    if missing or error.errno in _NO_SUCH_NAME:
        return object_not_found(key, uri)
    return errors.UnavailableError(f"{problem}: the file system failed.", error.strerror)


def leads_out(key: str, uri: str) -> errors.InvalidKeyError:
    """Return the error for a key whose way leads out of the root."""
    return errors.InvalidKeyError(f"Can't reach '{key}': a symbolic link leads out of the root {uri}.")


def name_changed(key: str, uri: str) -> errors.InvalidKeyError:
    """Return the error for a name that the file system would take for another."""
    return errors.InvalidKeyError(
        f"Can't write '{key}' in {uri}: the file system would change that name.",
        "It takes names for equal that differ in capitals or in the form of accented letters.",
        "Write the name as the one that is there, or choose another.",
    )


def no_root(root: str) -> errors.BucketNotFoundError:
    """Return the error for a root that is not there."""
    return errors.BucketNotFoundError(
        f"Can't find the folder '{root}'.", hint="It is made by the first save to it."
    )
