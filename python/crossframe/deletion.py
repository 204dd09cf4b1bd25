"""Delete keys, one or many by pattern; the sidecar schema of a CSV goes with its data."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from crossframe.errors import BatchError, CrossframeError, ObjectNotFoundError, UsageError
from crossframe.matching import matches, open_pattern, some
from crossframe.plans import find_one, is_pattern, local
from crossframe.sidecars import beside, has_sidecar, is_there
from crossframe.stores import DeletesMany, resolve

if TYPE_CHECKING:
    import os
    from collections.abc import Sequence

    from crossframe.stores import Location, S3Options


def delete(
    uri: str | os.PathLike[str],
    *,
    regex: bool = False,
    version: str | None = None,
    options: S3Options | None = None,
) -> list[str]:
    """Delete an object, or many. Where the store keeps versions, ``restore`` brings them back.

    Args:
        uri: A key; a pattern, or a prefix with its ``/``, means many.
        regex: Take ``uri`` as a regular expression.
        version: Version id of a single key: that version is removed for ever, the others stay.
        options: How to reach S3.

    Returns:
        The keys deleted, in byte order; a CSV's schema is not listed.

    Raises:
        ObjectNotFoundError: No object at that key; not raised with ``version``.
        NoMatchError: The pattern matches no key.
        UsageError: All of a bucket or folder without saying so: ``s3://bucket/**``.
        BatchError: Several could not be deleted; tells of each.
        StoreError: The store refused or failed.
    """
    if version is None:
        locations, schemas = chosen(uri, regex=regex, options=options)
        return remove(locations, schemas)
    text = local(uri)
    if is_pattern(text, regex=regex):
        raise UsageError("Argument version= goes with a single key, not with a pattern.")
    location = resolve(text, options=options)
    location.store.delete(location.key, version=version)
    return [location.shown]


def chosen(
    uri: str | os.PathLike[str], *, regex: bool = False, options: S3Options | None = None
) -> tuple[list[Location], list[Location]]:
    """Return what ``delete`` would delete: objects in byte order of the keys, and the schemas beside them."""
    text = local(uri)
    location = resolve(text, options=options)
    if not location.key:
        raise UsageError(
            f"Can't delete all of {location.store.uri} at a word.",
            hint=f"Is that what you mean? Then say '{location.at('**').shown}'.",
        )
    if not is_pattern(text, regex=regex):
        find_one(location, below=False)
        return [location], [beside(location)] if has_sidecar(location.key) and is_there(
            beside(location)
        ) else []
    found = matches(text, regex=regex, lists=True, options=options)
    some(found, text, open_pattern(text, regex=regex, options=options))
    return [one.location for one in found], [beside(one.location) for one in found if one.sidecar]


def remove(locations: Sequence[Location], schemas: Sequence[Location] = ()) -> list[str]:
    """Delete objects of one store, and the schemas beside them; return the objects' keys."""
    # Why the schemas last: a crash in between must not leave data without its types.
    failed = {**_delete_all(locations), **_delete_all(schemas)}
    if len(failed) == 1:
        raise next(iter(failed.values()))
    if failed:
        raise BatchError.of(failed, {}, verb="delete", hint=None)
    return [one.shown for one in locations]


def remove_for_good(location: Location) -> None:
    """Delete an object without keeping it as an older version; no error where it is gone."""
    with suppress(ObjectNotFoundError):
        location.store.delete(location.key, version=location.store.head(location.key).version)


def _delete_all(locations: Sequence[Location]) -> dict[str, CrossframeError]:
    if not locations:
        return {}
    store, keys = locations[0].store, [one.key for one in locations]
    if isinstance(store, DeletesMany):
        return dict(store.delete_many(keys))
    failed: dict[str, CrossframeError] = {}
    for key in keys:
        try:
            store.delete(key)
        except CrossframeError as error:
            failed[key] = error
    return failed
