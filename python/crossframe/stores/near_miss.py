"""What the user may have meant by a key that holds nothing.

Why not in the stores: whoever probes for a sidecar must not pay for a listing with every answer.
"""

from __future__ import annotations

import re
from difflib import get_close_matches
from itertools import islice
from typing import TYPE_CHECKING

from crossframe.errors import CrossframeError, ObjectNotFoundError

if TYPE_CHECKING:
    from crossframe.stores.protocol import Store
    from crossframe.stores.resolve import Location

_MOST_LISTED = 500
# A prefix, or a pattern.
_MANY = re.compile(r"\Z|.*(/\Z|[*?{])", re.DOTALL)


def with_near_miss(
    error: ObjectNotFoundError, location: Location, *, many: str | None = None
) -> ObjectNotFoundError:
    """Return the error with the key most like the one asked for as its hint, where there is one.

    Args:
        error: What was raised.
        location: What was asked for.
        many: What takes a prefix or a pattern, where who was asked takes one key only.
    """
    near = near_miss(location.store, location.key)
    if many and _MANY.match(near or location.key):
        shown = location.at(near or location.key).shown or "."
        hint = f"Did you mean all of '{shown}'? {many}() takes it."
    elif near is None:
        return error
    else:
        hint = f"Did you mean '{location.at(near).shown}'?"
    return ObjectNotFoundError(error.problem, error.detail, hint)


def near_miss(store: Store, key: str) -> str | None:
    """Return the most similar key beside ``key``; a prefix, ending in ``/``, where ``key`` is one."""
    folder, slash, name = key.rpartition("/")
    stem = name.partition(".")[0]
    start = folder + slash + name[: max(1, len(stem) // 2)]
    try:
        keys = [meta.key for meta in islice(store.list(start), _MOST_LISTED)]
    except CrossframeError:
        return None
    if any(one.startswith(key + "/") for one in keys):
        return key + "/"
    beside = [one for one in keys if "/" not in one[len(folder + slash) :]]
    same_stem = [one for one in beside if one[len(folder + slash) :].partition(".")[0] == stem]
    # Why on names alone: a long shared prefix would make any two keys alike.
    names = {one[len(folder + slash) :]: one for one in same_stem or beside}
    close = get_close_matches(name, names, n=1, cutoff=0.0 if same_stem else 0.6)
    return names[close[0]] if close else None
