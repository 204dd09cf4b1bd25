"""What changes: folders made, things renamed, moved, deleted and brought back."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from crossframe.deletion import remove
from crossframe.errors import NotSupportedError, ObjectNotFoundError
from crossframe.history import restore_at, rows_at
from crossframe.keys import check_key
from crossframe.plans import Copy, find_one
from crossframe.sidecars import beside, has_sidecar, is_there
from crossframe.stores import FolderStore, Versions
from crossframe.stores.folder_names import names_of
from crossframe.stores.folder_versions import count_kept
from crossframe.transfer import copy_one, move_one, run
from crossframe.web.progress import streamed
from crossframe.web.replies import RefusedError, asked, text_of
from crossframe.web.site import site_of

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from crossframe.stores import Location
    from crossframe.web.progress import Report
    from crossframe.web.site import Site

_AT_ONCE = 500
_UNVERSIONED = {None, "null"}

Body = dict[str, Any]


def make_folder(request: Request, body: Body) -> Body:
    """Make a folder: a name here until something lies in it, since buckets have no empty folders."""
    site, path = site_of(request), text_of(body, "path")
    if not path.endswith("/"):
        raise RefusedError(400, "A folder's path must end in '/'.")
    location = site.place.locate(path)
    _check_name(location, location.key[:-1])
    level = location.store.children(location.key)
    if level.objects or level.prefixes:
        raise RefusedError(
            409, f"There is already a folder '{path[:-1]}'.", "Open it, or choose another name."
        )
    site.drafts.add(path)
    return {"path": path}


def _check_name(location: Location, key: str) -> None:
    check_key(key)
    if isinstance(location.store, FolderStore):
        names_of(key)


def move(request: Request, body: Body) -> Response:
    """Rename or move an object, or a folder with all below it."""
    site = site_of(request)
    path, target = text_of(body, "path"), text_of(body, "target")
    if path.endswith("/") != target.endswith("/") or not path:
        raise RefusedError(400, "A folder goes to a folder, and a file to a file.")
    source, goal = site.place.locate(path), site.place.locate(target)
    _check_name(goal, goal.key.removesuffix("/"))
    if target == path:
        raise RefusedError(400, "That is where it is.", "Choose another name.")
    if path.endswith("/") and target.startswith(path):
        raise RefusedError(400, "A folder can't go into itself.", "Choose another folder.")
    replace = body.get("replace") is True
    return streamed(lambda report: _moved(report, site, (path, source), (target, goal), replace=replace))


def _moved(
    report: Report, site: Site, source: tuple[str, Location], goal: tuple[str, Location], *, replace: bool
) -> Body:
    copies = _copies(source[1], goal[1])
    work = partial(move_one, work=partial(copy_one, overwrite=replace))
    done = 0
    report(0, len(copies))
    for _ in run(copies, work):
        done += 1
        report(done, len(copies))
    if source[0] in site.drafts:
        site.drafts.discard(source[0])
        site.drafts.add(goal[0])
    elif not copies:
        raise ObjectNotFoundError(
            f"There is nothing in '{source[0]}' to be moved.", hint="Reload the folder."
        )
    return {"moved": done}


def _copies(source: Location, goal: Location) -> list[Copy]:
    if not source.key.endswith("/"):
        find_one(source, below=False)
        return [Copy(source, goal, 0, None)]
    start = len(source.key)
    # Why sidecar=False: all below goes, the schemas among it.
    return [
        Copy(source.at(meta.key), goal.at(goal.key + meta.key[start:]), meta.size, sidecar=False)
        for meta in source.store.list(source.key)
        if not meta.key.endswith("/")
    ]


def delete(request: Request, body: Body) -> Response:
    """Delete objects and folders; the answer names what brings them back, where the store keeps versions."""
    site, paths = site_of(request), body.get("paths")
    if not isinstance(paths, list) or not paths or not all(isinstance(one, str) and one for one in paths):
        raise RefusedError(400, "The request must have a list of 'paths', none of them empty.")
    locations = [site.place.locate(one) for one in paths]
    if not all(one.key for one in locations):
        raise RefusedError(400, "A bucket can't be deleted here.", "Delete what is in it.")
    return streamed(lambda report: _removed(report, site, paths, locations))


def _removed(report: Report, site: Site, paths: list[str], locations: list[Location]) -> Body:
    chosen = [one for location in locations for one in _below(location)]
    keeps = bool(chosen) and is_restorable(chosen[0])
    done: list[Location] = []
    report(0, len(chosen))
    try:
        for at in range(0, len(chosen), _AT_ONCE):
            some = chosen[at : at + _AT_ONCE]
            remove(some)
            done += some
            report(len(done), len(chosen))
    finally:
        undo = site.deletions.add(done) if keeps and done else None
    site.drafts.difference_update(paths)
    return {"deleted": len(done), "undo": undo}


def _below(location: Location) -> list[Location]:
    if location.key.endswith("/"):
        return [location.at(meta.key) for meta in location.store.list(location.key)]
    find_one(location, below=False)
    schema = beside(location)
    return [location, schema] if has_sidecar(location.key) and is_there(schema) else [location]


def is_restorable(location: Location) -> bool:
    """Tell whether what is deleted or replaced there can be brought back."""
    store = location.store
    if isinstance(store, FolderStore):
        return count_kept() > 0
    if not isinstance(store, Versions):
        return False
    try:
        return store.head(location.key).version not in _UNVERSIONED
    except ObjectNotFoundError:
        return True


def undo(request: Request, body: Body) -> Response:
    """Bring back what a deletion took."""
    found = site_of(request).deletions.take(text_of(body, "undo"))
    if found is None:
        raise RefusedError(
            410, "That was too long ago.", "Show the folder's deleted files, and restore from there."
        )
    return streamed(lambda report: _brought_back(report, found))


def _brought_back(report: Report, locations: list[Location]) -> Body:
    # Why not restore_at: a schema is in the list for itself.
    for done, location in enumerate(locations, 1):
        store = location.store
        if not isinstance(store, Versions):
            raise NotSupportedError(f"Can't bring back what was in {store.uri}: it keeps no versions.")
        store.restore(location.key)
        report(done, len(locations))
    return {"restored": len(locations)}


def restore(request: Request, body: Body) -> Body:
    """Make a version the newest, or undo a deletion."""
    version = body.get("version")
    if version is not None and not isinstance(version, str):
        raise RefusedError(400, "A version is a text.")
    location = site_of(request).place.locate(text_of(body, "path"))
    stored = restore_at(location, version)
    return {"size": stored.bytes, "version": stored.version}


def versions(request: Request) -> Body:
    """Tell the versions of an object, the newest first."""
    location = site_of(request).place.locate(asked(request, "path"))
    if not location.key or location.key.endswith("/"):
        raise RefusedError(400, "A folder has no versions.")
    rows = rows_at(location)
    return {
        "versions": [
            {
                "version": row["version"],
                "modified": int(row["modified"].timestamp() * 1000),
                "size": row["size"],
                "latest": row["latest"],
                "deleted": row["deleted"],
            }
            for row in rows
        ]
    }
