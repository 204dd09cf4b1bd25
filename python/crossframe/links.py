"""Access for others: links that carry their own permission, and what anybody may read."""

from __future__ import annotations

import os
import warnings
from typing import TYPE_CHECKING

from crossframe.durations import seconds_of
from crossframe.errors import CrossframeWarning, LossyConversionWarning, NotSupportedError, UsageError
from crossframe.keys import check_key
from crossframe.plans import find_one
from crossframe.sidecars import beside, has_sidecar, is_there
from crossframe.stores import Publishes, Signs, resolve

if TYPE_CHECKING:
    from crossframe.durations import Duration
    from crossframe.stores import Link, Location, S3Options


def share(
    uri: str | os.PathLike[str],
    expires: Duration = "1d",
    *,
    version: str | None = None,
    options: S3Options | None = None,
) -> Link:
    """Make a link that fetches one object: without an account, by ``load``, a browser or ``curl``.

    Treat it as a password. It can't be taken back before it ends; the object can be deleted.

    Args:
        uri: ``s3://bucket/key``, or a key under the root.
        expires: How long it works: ``"30m"``, ``"1d"`` ..., seconds or a timedelta; at most 7 days.
        version: Version id; by default what is newest when the link is used.
        options: How to reach S3.

    Returns:
        The link, text with ``.expires``: its true end, which is that of the session's token where that ends
        earlier.

    Raises:
        ObjectNotFoundError: No object at that key.
        UsageError: No length of time, or more than 7 days.
        NotSupportedError: A folder gives no links.
        CredentialsError: No credentials to sign with.

    Warns:
        LossyConversionWarning: A CSV's schema does not go along; a link is to one object.
    """
    seconds = seconds_of(expires)
    location = _object(uri, options)
    store = location.store
    if not isinstance(store, Signs):
        raise _no_links(location)
    link = store.sign(location.key, verb="get", expires_s=seconds, version=version)
    if version is None:
        find_one(location, below=False)
    else:
        store.head(location.key, version=version)
    if has_sidecar(location.key) and is_there(beside(location)):
        text = f"The link gives '{location.shown}' without its schema, so that types are guessed on loading."
        warnings.warn(LossyConversionWarning(f"{text} A .parquet or .rds keeps them."), stacklevel=2)
    return _told(link)


def request(
    uri: str | os.PathLike[str], expires: Duration = "1d", *, options: S3Options | None = None
) -> Link:
    """Make a link by which somebody can upload to one key: ``curl --upload-file d.csv "<link>"``.

    Args:
        uri: ``s3://bucket/key``, or a key under the root; what is there is replaced.
        expires: How long it works; as for ``share``.
        options: How to reach S3.

    Returns:
        The link, text with ``.expires``.

    Raises:
        InvalidKeyError: The key can't be written.
        UsageError: No length of time, or more than 7 days.
        NotSupportedError: A folder gives no links.
        CredentialsError: No credentials to sign with.
    """
    seconds = seconds_of(expires)
    location = _object(uri, options)
    check_key(location.key)
    if not isinstance(location.store, Signs):
        raise _no_links(location)
    return _told(location.store.sign(location.key, verb="put", expires_s=seconds))


def publish(uri: str | os.PathLike[str], *, options: S3Options | None = None) -> str:
    """Let anybody read an object, or all that is and will be below a prefix.

    By a statement of its own in the bucket's policy; other statements stay. A CSV's schema is published too.

    Args:
        uri: A key; a prefix with its ``/``, or a bucket.
        options: How to reach S3.

    Returns:
        The public URL.

    Raises:
        ObjectNotFoundError: No object at that key.
        AccessDeniedError: The credentials may not, or public access is blocked.
        NotSupportedError: A folder can't be published.
    """
    location = resolve(uri, options=options)
    store = location.store
    if not isinstance(store, Publishes):
        raise _no_links(location)
    if _is_key(location):
        find_one(location, below=False)
        if has_sidecar(location.key) and is_there(beside(location)):
            store.publish(beside(location).key)
    return store.publish(location.key)


def unpublish(uri: str | os.PathLike[str], *, options: S3Options | None = None) -> None:
    """Take back what ``publish`` allowed; no error where it was not public.

    Args:
        uri: As for ``publish``.
        options: How to reach S3.

    Raises:
        AccessDeniedError: The credentials may not.
        NotSupportedError: A folder can't be published.
    """
    location = resolve(uri, options=options)
    store = location.store
    if not isinstance(store, Publishes):
        raise _no_links(location)
    store.unpublish(location.key)
    if has_sidecar(location.key):
        store.unpublish(beside(location).key)


def _object(uri: str | os.PathLike[str], options: S3Options | None) -> Location:
    location = resolve(uri, options=options)
    if not _is_key(location):
        raise UsageError(
            f"Can't make a link to '{os.fspath(uri)}'.",
            "A link is to one object; this is a prefix.",
            "Publish it instead, or share the objects below it.",
        )
    return location


def _is_key(location: Location) -> bool:
    return bool(location.key) and not location.key.endswith("/")


def _told(link: Link) -> Link:
    if link.warning:
        warnings.warn(CrossframeWarning(link.warning), stacklevel=3)
    return link


def _no_links(location: Location) -> NotSupportedError:
    return NotSupportedError(
        f"Can't give others access to {location.store.uri}: this store has no links.",
        hint="Copy it to a bucket, or serve the folder: crossframe serve",
    )
