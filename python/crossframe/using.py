"""An object as a file: opened, or given to any function that reads or writes files."""

from __future__ import annotations

import io
import re
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, TextIO, TypeVar, cast

from crossframe.errors import UsageError
from crossframe.keys import check_key
from crossframe.stores import resolve
from crossframe.streams import fetch_to, is_file, landing, media_type_of, put_from, reading, told

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Mapping
    from types import TracebackType

    from crossframe.results import Stored
    from crossframe.stores import Location, S3Options

Result = TypeVar("Result")

_MODES = ("r", "rt", "rb", "w", "wt", "wb", "x", "xt", "xb")
# What may stand in the name of a temporary file; readers go by the extension.
_EXTENSION = re.compile(r"(\.[A-Za-z0-9_-]{1,16}){1,3}")


def open(
    uri: str | os.PathLike[str],
    mode: str = "r",
    *,
    encoding: str = "utf-8",
    newline: str | None = None,
    version: str | None = None,
    metadata: Mapping[str, str] | None = None,
    media_type: str | None = None,
    options: S3Options | None = None,
) -> BinaryIO | TextIO:
    """Open an object as a file.

    Reading, the object is fetched whole into a temporary file, verified before the first byte is given out.
    Writing, everything goes to a temporary file and becomes the object when that is closed: until then, and
    where the ``with`` block raises, the key holds what it held. A file never closed writes nothing.

    Args:
        uri: ``s3://bucket/key``, a path, or a key under the root; a link for reading.
        mode: ``"r"`` text, ``"rb"`` bytes; ``"w"``, ``"wb"`` to write; ``"x"``, ``"xb"`` to write only where
            nothing is.
        encoding: Encoding of text.
        newline: As for Python's own ``open``.
        version: Version id to read; by default the newest.
        metadata: Text by name, kept with what is written.
        media_type: Content type of what is written; by default what the extension says.
        options: How to reach S3.

    Returns:
        A file; use it in a ``with`` statement.

    Raises:
        ObjectNotFoundError: No object at that key.
        ObjectExistsError: On closing, in mode ``"x"``: the key is taken.
        UsageError: Another mode; an object is written whole, so there is no appending.
        StoreError: The store refused or failed; for writing, on closing.
    """
    if mode not in _MODES:
        hint = "An object is written whole: read it, then write it anew." if set(mode) & set("a+") else None
        raise UsageError(
            f"Can't open an object in mode {mode!r}.", f"must be one of {', '.join(_MODES)}", hint
        )
    location = resolve(uri, options=options)
    if mode.startswith("r"):
        return _reader(location, version, None if mode == "rb" else encoding, newline)
    check_key(location.key)
    if version is not None:
        raise UsageError("Argument version= is for reading.")
    writer = Writer(location, if_absent=mode.startswith("x"), metadata=metadata, media_type=media_type)
    return cast("BinaryIO", writer) if mode.endswith("b") else TextWriter(writer, encoding, newline)


def read_using(
    f: Callable[..., Result],
    uri: str | os.PathLike[str],
    *args: Any,  # noqa: ANN401 - whatever f takes
    version: str | None = None,
    options: S3Options | None = None,
    **kwargs: Any,  # noqa: ANN401 - likewise
) -> Result:
    """Read an object by any function that reads a file: ``read_using(pd.read_excel, "s3://lab/a.xlsx")``.

    Args:
        f: Called as ``f(path, *args, **kwargs)``; the path is that of a temporary file, with the key's
            extensions, that is gone afterwards: a reader that reads later on must be told not to.
        uri: ``s3://bucket/key``, a path, a key under the root, or a link.
        args: Further arguments of ``f``.
        version: Version id; by default the newest.
        options: How to reach S3.
        kwargs: Further arguments of ``f``; for one that is called ``version`` or ``options``, use a lambda.

    Returns:
        What ``f`` returns.

    Raises:
        ObjectNotFoundError: No object at that key.
        StoreError: The store refused or failed.
    """
    location = resolve(uri, options=options)
    with tempfile.TemporaryDirectory(prefix="crossframe-") as folder:
        path = _temporary(folder, location.key)
        with landing(path) as file:
            fetch_to(location, file, version=version)
        return f(str(path), *args, **kwargs)


def write_using(
    f: Callable[..., object],
    x: Any,  # noqa: ANN401 - whatever f takes
    uri: str | os.PathLike[str],
    *args: Any,  # noqa: ANN401 - likewise
    overwrite: bool = True,
    metadata: Mapping[str, str] | None = None,
    media_type: str | None = None,
    options: S3Options | None = None,
    **kwargs: Any,  # noqa: ANN401 - likewise
) -> Stored:
    """Write an object by any function that writes a file: ``write_using(pd.DataFrame.to_excel, d, uri)``.

    Args:
        f: Called as ``f(x, path, *args, **kwargs)``; the path is that of a temporary file with the key's
            extensions. Where it raises, nothing is stored.
        x: What is to be written.
        uri: ``s3://bucket/key``, a path, or a key under the root.
        args: Further arguments of ``f``.
        overwrite: ``False`` refuses a key that is taken.
        metadata: Text by name, kept with the object.
        media_type: Content type; by default what the extension says.
        options: How to reach S3.
        kwargs: Further arguments of ``f``.

    Returns:
        What was stored.

    Raises:
        UsageError: ``f`` wrote no file.
        ObjectExistsError: ``overwrite=False`` and the key is taken.
        StoreError: The store refused or failed.
    """
    location = resolve(uri, options=options)
    check_key(location.key)
    with tempfile.TemporaryDirectory(prefix="crossframe-") as folder:
        path = _temporary(folder, location.key)
        f(x, str(path), *args, **kwargs)
        if not is_file(path):
            raise UsageError(
                f"Can't write '{location.shown}': the function wrote no file.",
                "It was called as f(x, path, ...).",
            )
        with reading(path) as file:
            kind = media_type or media_type_of(location.key)
            meta = put_from(location, file, if_absent=not overwrite, media_type=kind, metadata=metadata)
    return told(location, meta)


class Writer(io.BufferedIOBase):
    """A file whose content becomes an object when it is closed, unless it is given up.

    Args:
        location: Where the object goes.
        if_absent: Refuse a key that is taken.
        metadata: Text by name, kept with the object.
        media_type: Content type; by default what the extension says.
    """

    def __init__(
        self,
        location: Location,
        *,
        if_absent: bool,
        metadata: Mapping[str, str] | None,
        media_type: str | None,
    ) -> None:
        # Closed by close() and discard(), not by a with statement.
        self._file = cast("BinaryIO", tempfile.TemporaryFile())  # noqa: SIM115
        self._location = location
        self._if_absent = if_absent
        self._metadata = metadata
        self._media_type = media_type or media_type_of(location.key)

    def write(self, data: Any, /) -> int:  # noqa: ANN401 - any buffer
        """Take bytes."""
        if self._file.closed and not self.closed:
            return memoryview(data).nbytes  # given up: what a wrapper still held goes nowhere
        return self._file.write(data)

    def writable(self) -> bool:
        """Say yes."""
        return True

    def seekable(self) -> bool:
        """Say yes: writers of archives go back."""
        return True

    def seek(self, offset: int, whence: int = 0, /) -> int:
        """Go to a position."""
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        """Tell the position."""
        return self._file.tell()

    def truncate(self, size: int | None = None, /) -> int:
        """Cut what lies behind."""
        return self._file.truncate(size)

    def discard(self) -> None:
        """Give up: nothing is written."""
        self._file.close()

    def close(self) -> None:
        """Write the object."""
        if self.closed:
            return
        try:
            if not self._file.closed:
                self._put()
        finally:
            self._file.close()
            super().close()

    def _put(self) -> None:
        self._file.seek(0)
        put_from(
            self._location,
            self._file,
            if_absent=self._if_absent,
            media_type=self._media_type,
            metadata=self._metadata,
        )

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Write the object, or nothing where the block raised."""
        if kind is not None:
            self.discard()
        self.close()

    def __del__(self) -> None:
        """Give up what was never closed: what is half done must not replace what is whole."""
        if hasattr(self, "_file"):
            self.discard()


class TextWriter(io.TextIOWrapper):
    """Text for a ``Writer``.

    Args:
        writer: Takes the bytes.
        encoding: Encoding of the text.
        newline: As for Python's own ``open``.
    """

    def __init__(self, writer: Writer, encoding: str, newline: str | None) -> None:
        self._writer = writer
        try:
            super().__init__(cast("BinaryIO", writer), encoding=encoding, newline=newline)
        except (LookupError, ValueError) as error:
            writer.discard()
            raise _no_text(error) from None

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Write the object, or nothing where the block raised."""
        if kind is None:
            self.close()
        else:
            self._writer.discard()
            self.close()

    def __del__(self) -> None:
        """Give up what was never closed."""
        self._writer.discard()


def _reader(
    location: Location, version: str | None, encoding: str | None, newline: str | None
) -> BinaryIO | TextIO:
    # Closed by whoever reads.
    file = cast("BinaryIO", tempfile.TemporaryFile())  # noqa: SIM115
    try:
        fetch_to(location, file, version=version)
        file.seek(0)
        return file if encoding is None else io.TextIOWrapper(file, encoding=encoding, newline=newline)
    except (LookupError, ValueError) as error:
        file.close()
        raise _no_text(error) from None
    except BaseException:
        file.close()
        raise


def _no_text(error: Exception) -> Exception:
    """Return ours where encoding or newline were wrong; ours are of these kinds themselves."""
    if type(error).__module__ == "builtins":
        return UsageError("Can't open an object as text.", f"{error}.")
    return error


def _temporary(folder: str, key: str) -> Path:
    """Return a path in a folder of our own, with the extensions by which many readers and writers go."""
    name = key.rpartition("/")[2]
    extension = name[name.find(".") :] if "." in name else ""
    return Path(folder, "object" + (extension if _EXTENSION.fullmatch(extension) else ""))
