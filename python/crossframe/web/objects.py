"""Bytes from and to the browser: download, a folder as zip, upload."""

from __future__ import annotations

import io
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any, BinaryIO, cast

from starlette.concurrency import run_in_threadpool
from starlette.responses import Response, StreamingResponse

from crossframe.errors import ObjectExistsError, ObjectNotFoundError
from crossframe.keys import check_key
from crossframe.sidecars import is_there
from crossframe.streams import media_type_of, put_from, scratch
from crossframe.web.progress import Report, streamed
from crossframe.web.replies import RefusedError, asked
from crossframe.web.sending import CHUNK, file_headers, send_object
from crossframe.web.site import site_of
from crossframe.web.zips import zipped

if TYPE_CHECKING:
    from collections.abc import Iterator

    from starlette.requests import Request

    from crossframe.stores import Location, ObjectMeta
    from crossframe.web.site import Site


async def download(request: Request) -> Response:
    """Send an object, or a version of it."""
    location = site_of(request).place.locate(asked(request, "path"))
    return await send_object(
        location, request.query_params.get("version"), only_head=request.method == "HEAD"
    )


async def download_zip(request: Request) -> Response:
    """Send folders and objects as one zip."""
    site, paths = site_of(request), request.query_params.getlist("path")
    if not paths:
        raise RefusedError(400, "The address must have 'path='.")
    name = (paths[0].rstrip("/").rpartition("/")[2] or "files") if len(paths) == 1 else "files"
    if request.method == "HEAD":
        return Response(None, headers=file_headers("", f"{name}.zip"), media_type="application/zip")
    files = await run_in_threadpool(_chosen, site, paths)
    return StreamingResponse(
        zipped(files), headers=file_headers("", f"{name}.zip"), media_type="application/zip"
    )


def _chosen(site: Site, paths: list[str]) -> Iterator[tuple[str, Location, ObjectMeta]]:
    """Return the objects at paths, and below folders; the first is found before any is sent."""
    found = _objects(site, paths)
    first = next(found, None)
    if first is None:
        raise ObjectNotFoundError("There is nothing in that folder to be zipped.")

    def all_of_them() -> Iterator[tuple[str, Location, ObjectMeta]]:
        yield first
        yield from found

    return all_of_them()


def _objects(site: Site, paths: list[str]) -> Iterator[tuple[str, Location, ObjectMeta]]:
    for path in paths:
        location = site.place.locate(path)
        start = location.key.rstrip("/").rfind("/") + 1
        if not path or path.endswith("/"):
            for meta in location.store.list(location.key):
                if not meta.key.endswith("/"):
                    yield meta.key[start:], location.at(meta.key), meta
        else:
            yield location.key[start:], location, location.store.head(location.key)


async def upload(request: Request) -> Response:
    """Take a file, as the body of the request, and tell how far the store is with it."""
    site = site_of(request)
    location = site.place.locate(asked(request, "path"))
    replace = asked(request, "replace", "no") == "yes"
    return await receive(request, site, location, replace=replace)


async def receive(request: Request, site: Site, location: Location, *, replace: bool) -> Response:
    """Write what a request brings to a location: first to a scratch file, whole, then to the store.

    Raises:
        RefusedError: It is larger than allowed, or cut off.
        ObjectExistsError: There is one, and ``replace`` is not set.
        InvalidKeyError: The key can't be written.
    """
    check_key(location.key)
    if not replace and await run_in_threadpool(is_there, location):
        raise _taken(location)
    _check_size(request.headers.get("content-length", "0"), site.upload_limit)
    with ExitStack() as landing:
        file = landing.enter_context(scratch())
        size = await _land(request, file, site.upload_limit)
        file.seek(0)
        # Why handed on: it is stored while the answer is sent.
        opened = landing.pop_all()
    return streamed(lambda report: _stored(opened, location, Counted(file, size, report), replace=replace))


def _taken(location: Location) -> ObjectExistsError:
    return ObjectExistsError(
        f"There is already a file '{location.key}'.", hint="Replace it, or choose another name."
    )


def _check_size(text: str, limit: int) -> None:
    if text.isascii() and text.isdigit() and int(text) > limit:
        raise _too_large(limit)


def _too_large(limit: int) -> RefusedError:
    size = f"{limit >> 30} GiB" if limit >> 30 else f"{limit} bytes"
    return RefusedError(
        413, f"A file may have at most {size} here.", "Use 'crossframe cp' for it: it has no such limit."
    )


async def _land(request: Request, file: BinaryIO, limit: int) -> int:
    size, waiting = 0, bytearray()
    async for chunk in request.stream():
        size += len(chunk)
        if size > limit:
            raise _too_large(limit)
        waiting += chunk
        if len(waiting) >= CHUNK:
            await run_in_threadpool(file.write, waiting)
            waiting = bytearray()
    await run_in_threadpool(file.write, waiting)
    return size


def _stored(opened: ExitStack, location: Location, file: Counted, *, replace: bool) -> dict[str, Any]:
    with opened:
        kind = media_type_of(location.key)
        meta = put_from(location, cast("BinaryIO", file), if_absent=not replace, media_type=kind)
    return {"size": meta.size, "version": meta.version}


class Counted(io.BufferedIOBase):
    """A file that tells how much of it was read, and stops being read where nobody waits for it any more.

    Args:
        file: The file.
        size: Its size in bytes.
        report: What is told.
    """

    def __init__(self, file: BinaryIO, size: int, report: Report) -> None:
        self._file, self._size, self._report = file, size, report

    def read(self, size: int | None = -1, /) -> bytes:
        """Read and tell."""
        found = self._file.read(-1 if size is None else size)
        self._report(min(self._file.tell(), self._size), self._size)
        return found

    def seek(self, offset: int, whence: int = 0, /) -> int:
        """Go elsewhere."""
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        """Return the position."""
        return self._file.tell()

    def readable(self) -> bool:
        """Tell that it can be read."""
        return True

    def seekable(self) -> bool:
        """Tell that it can be read anywhere."""
        return True
