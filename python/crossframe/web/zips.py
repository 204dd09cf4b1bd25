"""A folder as one zip, made while it is sent: no more of it is held than a piece."""

from __future__ import annotations

import zipfile
from typing import TYPE_CHECKING

from crossframe.streams import fetch_to, scratch
from crossframe.web.sending import pieces

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from typing_extensions import Buffer

    from crossframe.stores import Location, ObjectMeta

# Source: PKWARE APPNOTE 6.3.10, 4.4.6: a date in a zip begins with 1980.
_FIRST_DATE, _LAST_DATE = (1980, 1, 1, 0, 0, 0), (2107, 12, 31, 23, 59, 58)
# What is compressed already only gets larger.
_PACKED = (
    ".gz",
    ".bz2",
    ".xz",
    ".zst",
    ".parquet",
    ".rds",
    ".rdata",
    ".rda",
    ".png",
    ".jpg",
    ".jpeg",
    ".zip",
)


class _Sink:
    """Takes what zipfile writes until it is sent on."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []

    def write(self, data: Buffer) -> int:
        self._parts.append(bytes(data))
        return memoryview(data).nbytes

    def flush(self) -> None:
        """Do nothing: there is nowhere to flush to."""

    def taken(self) -> bytes:
        parts, self._parts = self._parts, []
        return b"".join(parts)


def zipped(files: Iterable[tuple[str, Location, ObjectMeta]]) -> Iterator[bytes]:
    """Yield a zip of objects.

    Args:
        files: Name in the zip, where it lies, and what the store tells of it.

    Raises:
        CrossframeError: An object can't be read. The zip is cut off then, and no reader takes it for whole.
    """
    sink = _Sink()
    with zipfile.ZipFile(sink, "w", allowZip64=True) as archive:  # type: ignore[call-overload]
        for name, location, meta in files:
            with scratch() as file:
                # Why first and whole: what is in the zip has been verified.
                fetch_to(location, file)
                file.seek(0)
                with archive.open(_entry(name, meta), "w", force_zip64=True) as target:
                    for piece in pieces(file):
                        target.write(piece)
                        if part := sink.taken():
                            yield part
            if part := sink.taken():
                yield part
    yield sink.taken()


def safe_name(key: str) -> str:
    """Return a key as a name in a zip that stays below the folder it is unpacked in."""
    parts = [part for part in key.replace("\\", "_").split("/") if part not in {"", "."}]
    return "/".join("__" if part == ".." else part.replace(":", "_") for part in parts) or "_"


def _entry(name: str, meta: ObjectMeta) -> zipfile.ZipInfo:
    date = min(max(meta.modified.timetuple()[:6], _FIRST_DATE), _LAST_DATE)
    entry = zipfile.ZipInfo(safe_name(name), date)
    packed = name.lower().endswith(_PACKED)
    entry.compress_type = zipfile.ZIP_STORED if packed else zipfile.ZIP_DEFLATED
    entry.external_attr = 0o644 << 16
    return entry
