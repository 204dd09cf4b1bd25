"""What is temporary, what was left behind, and new buckets."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from crossframe.deletion import remove, remove_for_good
from crossframe.durations import days_of, seconds_of
from crossframe.errors import NotSupportedError, UsageError
from crossframe.keys import parse_uri
from crossframe.plans import of_this_machine
from crossframe.selection import saving_folder
from crossframe.stores import Expires, KeepsUploads, resolve
from crossframe.streams import make_folder

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator

    import pandas as pd

    from crossframe.durations import Duration
    from crossframe.stores import Location, ObjectMeta, S3Options

COLUMNS = ("kind", "key", "modified", "size", "done")


def expire(
    uri: str | os.PathLike[str], after: Duration | None = "30d", *, options: S3Options | None = None
) -> None:
    """Make what lies at a key or below a prefix temporary: each object goes some days after it was written.

    A bucket's server carries it out, by a lifecycle rule of our own beside those there are; on a folder
    ``cleanup`` does. Where versions are kept, an expired object can still be restored.

    Args:
        uri: A prefix with its ``/``, a key or a bucket.
        after: Whole days: ``"30d"``, ``"4w"``; ``None`` takes the rule away.
        options: How to reach S3.

    Raises:
        UsageError: Not a whole number of days.
        AccessDeniedError: The credentials may not.
        NotSupportedError: The store knows no such rules.
    """
    days = None if after is None else days_of(after)
    location = resolve(uri, options=options)
    _expiring(location).expire(location.key, days)


def expiries(uri: str | os.PathLike[str] = ".", *, options: S3Options | None = None) -> list[dict[str, Any]]:
    """Return the rules of a bucket or folder that we made: prefix and days, in order."""
    location = _below(uri, options)
    found = _expiring(location).expiries()
    return [{"prefix": location.at(prefix).shown, "days": found[prefix]} for prefix in sorted(found)]


def cleanup(
    uri: str | os.PathLike[str] = ".",
    older_than: Duration = "7d",
    dry_run: bool = False,
    *,
    options: S3Options | None = None,
) -> pd.DataFrame:
    """Remove what uploads and batches that were cut off left behind, and from a folder what has expired.

    A batch is one that ``save_many(atomic=True)`` was writing when its process was killed: keys below
    ``.saving-`` and 16 digits, which no pattern matches. They are removed for good.

    Args:
        uri: A prefix, bucket or folder; by default the root. All of it is listed.
        older_than: Only uploads begun longer ago, and batches of which the last key was written longer ago: a
            younger one may still be running.
        dry_run: Only tell what would be removed.
        options: How to reach S3.

    Returns:
        A frame of kind (``"upload"``, in a folder ``"temporary"``; ``"batch"``; or ``"expired"``), key,
        modified (UTC), size (bytes; missing where it is not told) and done (whether it was removed).

    Raises:
        UsageError: ``older_than`` is no length of time.
        BucketNotFoundError: There is no such bucket or folder.
        StoreError: The store refused or failed.
    """
    import pandas as pd  # noqa: PLC0415 - slow to import

    rows = cleanup_rows(uri, older_than, dry_run=dry_run, options=options)
    column = {name: [row[name] for row in rows] for name in COLUMNS}
    return pd.DataFrame(
        {
            "kind": pd.array(column["kind"], dtype="str"),
            "key": pd.array(column["key"], dtype="str"),
            "modified": pd.to_datetime(column["modified"], utc=True),
            "size": pd.array(column["size"], dtype="Int64"),
            "done": pd.array(column["done"], dtype="bool"),
        }
    )


def cleanup_rows(
    uri: str | os.PathLike[str] = ".",
    older_than: Duration = "7d",
    *,
    dry_run: bool = False,
    options: S3Options | None = None,
) -> list[dict[str, Any]]:
    """Do what ``cleanup`` does, and return plain rows."""
    age = seconds_of(older_than)
    location = _below(uri, options)
    now = datetime.now(UTC)
    before = now - timedelta(seconds=age)
    rows = [*_uploads(location, before, dry_run=dry_run), *_batches(location, before, dry_run=dry_run)]
    return rows + list(_expired(location, now, dry_run=dry_run))


def make_bucket(
    uri: str | os.PathLike[str], versioned: bool = True, *, options: S3Options | None = None
) -> str:
    """Make a bucket, or a folder.

    Args:
        uri: ``s3://bucket``, or a folder.
        versioned: Keep what is replaced or deleted. A folder does in any case (``CROSSFRAME_VERSIONS``).
        options: How to reach S3.

    Returns:
        Its URI.

    Raises:
        ObjectExistsError: Somebody has a bucket of that name.
        AccessDeniedError: The credentials may not.
        UsageError: A key, not a bucket.
    """
    parsed = parse_uri(uri)
    if parsed.scheme == "s3" and not parsed.key.strip("/"):
        from crossframe.stores.s3_buckets import make_bucket as make  # noqa: PLC0415 - imports boto3

        make(parsed.bucket, versioned=versioned, options=options)
        return f"s3://{parsed.bucket}"
    if parsed.scheme != "file":
        raise UsageError(
            f"Can't make a bucket of '{uri}'.",
            "It is more than the name of a bucket.",
            "Is it s3://bucket? A prefix need not be made.",
        )
    folder = of_this_machine(parsed.key or ".")
    make_folder(Path(folder))
    return Path(folder).as_uri()


def _below(uri: str | os.PathLike[str], options: S3Options | None) -> Location:
    text = str(uri) or "."
    return resolve(text if text.endswith("/") else text + "/", options=options)


def _uploads(location: Location, before: datetime, *, dry_run: bool) -> Iterator[dict[str, Any]]:
    store = location.store
    if not isinstance(store, KeepsUploads):
        return
    kind = "temporary" if _is_folder(location) else "upload"
    for upload in store.uploads(location.key):
        if upload.started <= before:
            if not dry_run:
                store.abort(upload)
            yield _row(kind, location.at(upload.key), upload.started, None, done=not dry_run)


def _batches(location: Location, before: datetime, *, dry_run: bool) -> Iterator[dict[str, Any]]:
    found: dict[str, list[ObjectMeta]] = defaultdict(list)
    for meta in location.store.list(location.key):
        folder = saving_folder(meta.key)
        if folder is not None:
            found[folder].append(meta)
    for metas in found.values():
        # Why the last: a batch of many keys may run for long, and its first are not left behind.
        if max(meta.modified for meta in metas) > before:
            continue
        for meta in metas:
            if not dry_run:
                remove_for_good(location.at(meta.key))
            yield _row("batch", location.at(meta.key), meta.modified, meta.size, done=not dry_run)


def _expired(location: Location, now: datetime, *, dry_run: bool) -> Iterator[dict[str, Any]]:
    # Why here: a folder has no server that would carry its rules out.
    if not _is_folder(location) or not isinstance(location.store, Expires):
        return
    found: dict[str, ObjectMeta] = {}
    for prefix, days in location.store.expiries().items():
        last = now - timedelta(days=days)
        for meta in location.store.list(prefix):
            is_meant = meta.key.startswith(location.key) and _covers(prefix, meta.key)
            # What a batch is writing is not yet there to expire.
            if is_meant and meta.modified <= last and saving_folder(meta.key) is None:
                found[meta.key] = meta
    for key in sorted(found):
        if not dry_run:
            remove([location.at(key)])
        yield _row("expired", location.at(key), found[key].modified, found[key].size, done=not dry_run)


def _covers(prefix: str, key: str) -> bool:
    return not prefix or prefix.endswith("/") or key == prefix


def _row(kind: str, at: Location, modified: datetime, size: int | None, *, done: bool) -> dict[str, Any]:
    return {"kind": kind, "key": at.shown, "modified": modified, "size": size, "done": done}


def _is_folder(location: Location) -> bool:
    return location.store.uri.startswith("file:")


def _expiring(location: Location) -> Expires:
    if isinstance(location.store, Expires):
        return location.store
    raise NotSupportedError(
        f"Can't let objects expire in {location.store.uri}: this store knows no such rules."
    )
