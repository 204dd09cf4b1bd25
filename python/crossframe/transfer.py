"""Move bytes as they are: files to keys, keys to files, keys to keys; one, or many by pattern.

The sidecar schema of a CSV goes with its data. Nothing is held in memory as a whole.
"""

from __future__ import annotations

from contextlib import closing, suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from crossframe.errors import NotSupportedError, ObjectNotFoundError
from crossframe.plans import Copy, of_this_machine, plan, plan_file
from crossframe.pool import in_order, turn_to_move
from crossframe.results import Copied, Stored
from crossframe.sidecars import beside, has_sidecar, is_there, md5_of, of_version, stored
from crossframe.streams import (
    fetch_to,
    is_file,
    landing,
    local_path,
    media_type_of,
    pour,
    put_from,
    reading,
    remove_file,
    told,
    watched,
)

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from crossframe.stores import ObjectMeta, S3Options
    from crossframe.streams import Watch

Done = TypeVar("Done")


def upload(
    file: str | os.PathLike[str],
    uri: str | os.PathLike[str],
    *,
    overwrite: bool = True,
    metadata: Mapping[str, str] | None = None,
    media_type: str | None = None,
    options: S3Options | None = None,
) -> list[Stored]:
    """Upload a file, or many, as they are.

    Args:
        file: Path of a file of this machine; a pattern of paths, or a folder with its ``/``, means many.
        uri: A key; a prefix with its ``/`` or a bucket keeps the files' names.
        overwrite: ``False`` refuses a key that is taken.
        metadata: Text by name, kept with each object.
        media_type: Content type; by default what the extension says.
        options: How to reach S3.

    Returns:
        What was stored, in byte order of the keys.

    Raises:
        ObjectNotFoundError: There is no such file.
        NoMatchError: The pattern matches no file.
        ObjectExistsError: ``overwrite=False`` and the key is taken.
        StoreError: The store refused or failed; of many, what came before is uploaded.
    """
    copies = plan_file(file, uri, options=options)
    work = partial(upload_one, overwrite=overwrite, metadata=metadata, media_type=media_type)
    return list(run(copies, work))


def download(
    uri: str | os.PathLike[str],
    file: str | os.PathLike[str] | None = None,
    *,
    version: str | None = None,
    overwrite: bool = True,
    options: S3Options | None = None,
) -> list[str]:
    """Download an object, or many, as they are.

    A file appears whole or not at all: what was there stays until the new content is complete and verified.

    Args:
        uri: A key, or a link; a pattern, or a prefix with its ``/``, means many.
        file: Path of the file; a folder keeps the names, by default the working folder.
        version: Version id of a single key.
        overwrite: ``False`` refuses to replace a file.
        options: How to reach S3.

    Returns:
        The paths of the files, in byte order of the keys.

    Raises:
        ObjectNotFoundError: No object at that key.
        NoMatchError: The pattern matches no key.
        ObjectExistsError: ``overwrite=False`` and there is such a file.
        CorruptObjectError: The bytes are not those that were stored.
        StoreError: The store or the file system refused or failed.
    """
    target = of_this_machine("./" if file is None else file)
    copies = plan(uri, target, version=version, options=options)
    return list(run(copies, partial(download_one, overwrite=overwrite, version=version)))


def copy(
    source: str | os.PathLike[str],
    target: str | os.PathLike[str],
    *,
    regex: bool = False,
    overwrite: bool = True,
    options: S3Options | None = None,
) -> list[Copied]:
    """Copy an object, or many: by the server itself where both ends are on one.

    Args:
        source: A key; a pattern, or a prefix with its ``/``, means many.
        target: A key; a prefix with its ``/`` or a bucket keeps the names.
        regex: Take ``source`` as a regular expression.
        overwrite: ``False`` refuses a key that is taken.
        options: How to reach S3.

    Returns:
        What was copied, in byte order of the keys.

    Raises:
        ObjectNotFoundError: No object at that key.
        NoMatchError: The pattern matches no key.
        NameClashError: Two objects would go to one key.
        UsageError: An object would go to itself, or over another that is to be copied.
        ObjectExistsError: ``overwrite=False`` and the key is taken.
        StoreError: A store refused or failed; of many, what came before is copied.
    """
    copies = plan(source, target, regex=regex, options=options)
    return list(run(copies, partial(copy_one, overwrite=overwrite)))


def move(
    source: str | os.PathLike[str],
    target: str | os.PathLike[str],
    *,
    regex: bool = False,
    overwrite: bool = True,
    options: S3Options | None = None,
) -> list[Copied]:
    """Move an object, or many: each is deleted where it was once its copy is complete.

    Args:
        source: As for ``copy``.
        target: As for ``copy``.
        regex: Take ``source`` as a regular expression.
        overwrite: ``False`` refuses a key that is taken.
        options: How to reach S3.

    Returns:
        What was moved, in byte order of the keys.

    Raises:
        CrossframeError: As for ``copy``; what is not moved is still where it was.
    """
    copies = plan(source, target, regex=regex, options=options)
    check_movable(copies)
    return list(run(copies, partial(move_one, work=partial(copy_one, overwrite=overwrite))))


def run(copies: Sequence[Copy], work: Callable[[Copy], Done]) -> Iterator[Done]:
    """Do the work on each, several at a time, and yield what was done in order.

    Raises:
        CrossframeError: Of the first that failed; what came before is done.
    """

    def one(copy: Copy) -> Done:
        with turn_to_move(copy.size):
            return work(copy)

    with closing(in_order(one, copies)) as done:
        for _, future in done:
            yield future.result()


def upload_one(
    copy: Copy,
    *,
    overwrite: bool = True,
    metadata: Mapping[str, str] | None = None,
    media_type: str | None = None,
    watch: Watch | None = None,
) -> Stored:
    """Upload one file, and its schema where it is a CSV with one; ``watch`` takes the bytes read so far."""
    path = local_path(copy.source) or Path()
    kind = media_type or media_type_of(copy.target.key)
    with reading(path) as file:
        meta = put_from(
            copy.target, watched(file, watch), if_absent=not overwrite, media_type=kind, metadata=metadata
        )
    schema = local_path(beside(copy.source)) or Path()
    if has_sidecar(copy.source.key) and is_file(schema):
        with reading(schema) as file:
            put_from(beside(copy.target), file, media_type="application/json")
    return told(copy.target, meta)


def download_one(
    copy: Copy, *, overwrite: bool = True, version: str | None = None, watch: Watch | None = None
) -> str:
    """Download one object, and the schema that belongs to it; ``watch`` takes the bytes written so far."""
    path = local_path(copy.target) or Path()
    with landing(path, overwrite=overwrite) as file:
        meta = fetch_to(copy.source, watched(file, watch), version=version)
    schema = _schema(copy, path, meta, version)
    if schema is not None:
        with landing(local_path(beside(copy.target)) or Path()) as file:
            file.write(schema)
    return str(path)


def copy_one(copy: Copy, *, overwrite: bool = True, watch: Watch | None = None) -> Copied:
    """Copy one object, and its schema where it is a CSV with one; ``watch`` is told when it is done."""
    meta = copy_with_schema(copy, overwrite=overwrite)
    if watch is not None:
        watch(meta.size)
    return Copied(copy.source.uri, copy.target.uri, meta.size)


def copy_with_schema(
    copy: Copy, *, overwrite: bool, landed: Callable[[], object] | None = None
) -> ObjectMeta:
    """Copy one object, call ``landed``, copy its schema, and return what the store tells of the copy."""
    meta = pour(copy.source, copy.target, if_absent=not overwrite)
    if landed is not None:
        landed()
    if has_sidecar(copy.source.key):
        _copy_schema(copy)
    return meta


def move_one(copy: Copy, *, work: Callable[..., Done], watch: Watch | None = None) -> Done:
    """Copy one object by ``work``, then delete it and its schema where they were."""
    done = work(copy, watch=watch)
    copy.source.store.delete(copy.source.key)
    schema = beside(copy.source)
    if has_sidecar(copy.source.key) and (copy.sidecar or (copy.sidecar is None and is_there(schema))):
        schema.store.delete(schema.key)
    return done


def move_file_one(copy: Copy, *, work: Callable[..., Done], watch: Watch | None = None) -> Done:
    """Copy one file of this machine by ``work``, then delete it and its schema; no version is kept."""
    done = work(copy, watch=watch)
    remove_file(local_path(copy.source) or Path())
    if has_sidecar(copy.source.key):
        remove_file(local_path(beside(copy.source)) or Path())
    return done


def check_movable(copies: Sequence[Copy]) -> None:
    """Refuse to move from where nothing can be deleted, before anything is copied."""
    for copy in copies:
        if copy.source.store.uri.startswith(("http:", "https:")):
            raise NotSupportedError(f"Can't move '{copy.source.shown}': a link only reads.", hint="Copy it.")


def _copy_schema(copy: Copy) -> None:
    """Copy the schema after its data; one of what was there before goes."""
    if copy.sidecar is not False:
        with suppress(ObjectNotFoundError):
            pour(beside(copy.source), beside(copy.target))
            return
    old = beside(copy.target)
    if is_there(old):
        old.store.delete(old.key)


def _schema(copy: Copy, path: Path, meta: ObjectMeta, version: str | None) -> bytes | None:
    """Return the schema that belongs to what was downloaded."""
    if copy.sidecar is False or not has_sidecar(copy.source.key):
        return None
    if version is None:
        return stored(copy.source)
    with reading(path) as file:
        found = of_version(copy.source, meta.size, md5_of(file), meta.modified)
    return found[0].encode() if found else None
