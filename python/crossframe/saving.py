"""Write many objects: each for itself, or all of them before the first is seen.

All together: each is written below a name that patterns leave out, then copied by the store. So what can
fail, encoding and uploading, has been done for all before the first key changes.
"""

from __future__ import annotations

import secrets
import warnings
from contextlib import closing
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from crossframe import api
from crossframe.deletion import remove_for_good
from crossframe.errors import BatchError, CrossframeError, CrossframeWarning, UsageError
from crossframe.frames import is_dask
from crossframe.plans import Copy
from crossframe.pool import in_order
from crossframe.progress import with_bar
from crossframe.selection import SAVING
from crossframe.sidecars import is_there
from crossframe.stores.checks import object_exists
from crossframe.transfer import copy_with_schema

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from crossframe.results import Saved
    from crossframe.stores import Location, S3Options


@dataclass(frozen=True, slots=True)
class Job:
    """A frame and where it goes."""

    target: Location
    frame: Any


@dataclass(frozen=True, slots=True)
class Manner:
    """How frames are written.

    Attributes:
        options: How to reach S3.
        how: What else ``save`` takes.
        progress: Whether there is a bar; by default on a terminal.
    """

    options: S3Options | None
    how: Mapping[str, Any]
    progress: bool | None = None

    def save(self, job: Job) -> Saved:
        """Write one frame."""
        return api.save(job.frame, job.target.shown, options=self.options, **self.how)


def save_each(jobs: Sequence[Job], manner: Manner) -> list[Saved]:
    """Write each frame to its key.

    Raises:
        CrossframeError: Of the first key that failed; what came before is written.
    """
    with closing(in_order(manner.save, jobs)) as work:
        done = (future.result() for _, future in work)
        return list(with_bar(done, len(jobs), "saving", lambda one: one.key, wanted=manner.progress))


def save_together(jobs: Sequence[Job], base: str, manner: Manner) -> list[Saved]:
    """Write all frames, or none.

    Args:
        jobs: Frames, all for one store.
        base: Prefix that all keys have, up to a slash; below it they are written first.
        manner: How.

    Raises:
        BatchError: Tells which key failed; its ``done`` which were written nonetheless.
        UsageError: ``if_match=``, which is about one object; a Dask DataFrame, which is several.
    """
    if manner.how.get("if_match") is not None:
        raise UsageError("Argument if_match= can't go with atomic=True.", "It is about one object.")
    if any(is_dask(job.frame) for job in jobs):
        raise UsageError("A Dask DataFrame can't go with atomic=True.", "It is written as many objects.")
    if not jobs:
        return []
    folder = f"{base}{SAVING}{secrets.token_hex(8)}/"
    overwrite = bool(manner.how.get("overwrite", True))
    hidden = [job.target.at(folder + job.target.key.removeprefix(base)) for job in jobs]

    def write(number: int) -> Saved:
        target = jobs[number].target
        if not overwrite and is_there(target):
            raise object_exists(target.key, target.store.uri)
        return manner.save(replace(jobs[number], target=hidden[number]))

    def reveal(one: Saved, number: int) -> Saved:
        target = jobs[number].target
        meta = copy_with_schema(
            Copy(hidden[number], target, one.bytes, None),
            overwrite=overwrite,
            landed=lambda: seen.append(number),
        )
        return replace(one, key=target.shown, uri=target.uri, etag=meta.etag, version=meta.version)

    keys = [job.target.shown for job in jobs]
    seen: list[int] = []
    try:
        written = _all(write, keys, seen, progress=manner.progress)
        return _all(lambda number: reveal(written[number], number), keys, seen, progress=False)
    finally:
        _remove(jobs[0].target.at(folder))


def _all(
    work: Callable[[int], Saved], keys: Sequence[str], seen: Sequence[int], *, progress: bool | None
) -> list[Saved]:
    """Do the work on every key's number; where one fails, tell whose data can be ``seen`` by then."""
    failed: dict[str, CrossframeError] = {}
    results = []
    with (
        closing(in_order(work, range(len(keys)))) as work_on,
        closing(with_bar(work_on, len(keys), "saving", lambda it: keys[it[0]], wanted=progress)) as shown,
    ):
        for number, future in shown:
            try:
                results.append(future.result())
            except CrossframeError as error:
                failed[keys[number]] = error
                break
    # Only now has all that was begun come to its end.
    if failed:
        raise BatchError.of_saving(failed, [keys[number] for number in sorted(seen)])
    return results


def _remove(folder: Location) -> None:
    """Remove what lies below a folder of ours, without keeping it as older versions."""
    try:
        for meta in list(folder.store.list(folder.key)):
            remove_for_good(folder.at(meta.key))
    except CrossframeError as error:
        warnings.warn(
            CrossframeWarning(f"Can't remove what was written for a moment, '{folder.shown}': {error}"),
            stacklevel=4,
        )
