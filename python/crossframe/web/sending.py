"""An object on its way to the browser: a file to be kept, never a page of this server's origin."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, BinaryIO
from urllib.parse import quote

from starlette.concurrency import run_in_threadpool
from starlette.responses import Response, StreamingResponse

from crossframe.stores import FolderStore
from crossframe.streams import fetch_to, media_type_of, scratch
from crossframe.web.security import FILE_POLICY

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator, Mapping

    from crossframe.stores import Location, ObjectMeta

CHUNK = 1 << 20
# Pictures that an <img> of the page may show. Whatever else comes, comes as bytes.
IMAGES: Mapping[str, str] = {
    "png": "image/png",
    "jpg": "image/jpeg",
    "jpeg": "image/jpeg",
    "gif": "image/gif",
    "webp": "image/webp",
    "bmp": "image/bmp",
    "svg": "image/svg+xml",
}
BYTES = "application/octet-stream"


def image_type(key: str) -> str | None:
    """Return the content type of a picture, by its extension."""
    return IMAGES.get(key.rpartition(".")[2].lower())


def file_headers(key: str, name: str | None = None) -> dict[str, str]:
    """Return the headers of a file: to be kept under its name, and run by nobody.

    Source:
        RFC 6266, RFC 8187 (filename*).
    """
    name = name or key.rstrip("/").rpartition("/")[2] or "file"
    plain = "".join(letter if letter.isascii() and letter.isprintable() else "_" for letter in name)
    plain = plain.replace("\\", "_").replace('"', "_")
    exact = quote(name.encode("utf-8", "replace"), safe="")
    return {
        "content-disposition": f"attachment; filename=\"{plain}\"; filename*=UTF-8''{exact}",
        "content-security-policy": FILE_POLICY,
    }


def content_type(key: str) -> str:
    """Return the content type that a file is sent with: one that no browser takes for a page."""
    return image_type(key) or media_type_of(key) or BYTES


async def send_object(location: Location, version: str | None = None, *, only_head: bool = False) -> Response:
    """Answer with an object, in bounded memory, whole and verified before its first byte is sent.

    Raises:
        ObjectNotFoundError: No object at that key.
    """
    headers, kind = file_headers(location.key), content_type(location.key)
    if only_head:
        meta = await run_in_threadpool(location.store.head, location.key, version=version)
        return Response(None, headers=headers | _about(meta), media_type=kind)
    with ExitStack() as opening:
        file, meta = await run_in_threadpool(_opened, opening, location, version)
        opened = opening.pop_all()
    return StreamingResponse(
        _chunks(opened, file, meta.size), headers=headers | _about(meta), media_type=kind
    )


async def send_range(location: Location, start: int, end: int | None) -> Response:
    """Answer with a part of an object; RFC 9110, section 14."""
    meta = await run_in_threadpool(location.store.head, location.key)
    last = meta.size - 1 if end is None else min(end, meta.size - 1)
    headers = file_headers(location.key) | {"etag": f'"{meta.etag}"'}
    if start > last:
        return Response(None, 416, headers=headers | {"content-range": f"bytes */{meta.size}"})
    last = min(last, start + 64 * CHUNK - 1)
    data = await run_in_threadpool(location.store.get, location.key, start=start, length=last - start + 1)
    headers["content-range"] = f"bytes {start}-{last}/{meta.size}"
    return Response(bytes(data), 206, headers=headers, media_type=content_type(location.key))


def _about(meta: ObjectMeta) -> dict[str, str]:
    return {
        "content-length": str(meta.size),
        "etag": f'"{meta.etag}"',
        "last-modified": meta.modified.strftime("%a, %d %b %Y %H:%M:%S GMT"),
    }


def _opened(opened: ExitStack, location: Location, version: str | None) -> tuple[BinaryIO, ObjectMeta]:
    store = location.store
    if isinstance(store, FolderStore):
        return opened.enter_context(store.reading(location.key, version))
    file = opened.enter_context(scratch())
    meta = fetch_to(location, file, version=version)
    file.seek(0)
    return file, meta


async def _chunks(opened: ExitStack, file: BinaryIO, size: int) -> AsyncIterator[bytes]:
    """Yield what was promised and no more: somebody may append to a file meanwhile."""
    with opened:
        while size and (chunk := await run_in_threadpool(file.read, min(CHUNK, size))):
            size -= len(chunk)
            yield chunk


def pieces(file: BinaryIO) -> Iterator[bytes]:
    """Yield a file's bytes from its position on."""
    while chunk := file.read(CHUNK):
        yield chunk
