"""What the page shows: one bucket, prefix or folder, or all buckets; and where a path of it lies."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import unquote

from crossframe.errors import InvalidKeyError, UsageError
from crossframe.stores import Location, resolve
from crossframe.streams import local_path

if TYPE_CHECKING:
    import os

    from crossframe.stores import S3Options, Store

_ALL_BUCKETS = {"s3:", "s3:/", "s3://"}


@dataclass(frozen=True, slots=True)
class Place:
    """The root of the page.

    Attributes:
        store: Its store; ``None`` where the root is all buckets, and a path begins with the bucket's name.
        options: How to reach S3.
    """

    store: Store | None
    options: S3Options | None = None

    @classmethod
    def of(cls, root: str | os.PathLike[str], options: S3Options | None = None) -> Place:
        """Return the place that a text names: a folder, a bucket, a prefix, or ``s3://`` for all buckets.

        Raises:
            InvalidUriError: Not a URI or path.
            UsageError: A link.
        """
        if str(root) in _ALL_BUCKETS:
            return cls(None, options)
        # Why root=: whatever is below it is a key, and nothing else is.
        store = resolve("x", root=root, options=options).store
        return cls(store, options)

    @property
    def title(self) -> str:
        """How people know it."""
        if self.store is None:
            return "All buckets"
        uri = self.store.uri
        return unquote(uri.removeprefix("file://")) if self.is_folder else uri

    @property
    def is_folder(self) -> bool:
        """Whether it is a folder of this machine, so that links must be this server's own."""
        return self.store is not None and self.store.uri.startswith("file:")

    def locate(self, path: str) -> Location:
        """Return where a path of the page lies.

        Raises:
            InvalidKeyError: It is no text, or the root of all buckets, which is nothing of its own.
        """
        check_path(path)
        if self.store is not None:
            return Location(self.store, path)
        bucket, _, key = path.partition("/")
        if not bucket:
            raise UsageError("Can't do that with all buckets.", hint="Open a bucket first.")
        return Location(resolve(f"s3://{bucket}", options=self.options).store, key)

    def path_of(self, location: Location) -> str:
        """Return the path by which the page knows a location."""
        if self.store is not None:
            return location.key
        return f"{location.store.uri.removeprefix('s3://')}/{location.key}"


def check_path(path: str) -> None:
    """Check that a path is text that can be a key.

    Raises:
        InvalidKeyError: It has a NUL or half a character.
    """
    try:
        path.encode()
    except UnicodeEncodeError:
        raise InvalidKeyError("Can't use that name.", "It is not UTF-8 text.") from None
    if "\0" in path:
        raise InvalidKeyError("Can't use that name.", "It has a NUL character.")


def uri_of(location: Location) -> str:
    """Return how R and Python name a location: its URI, or the path of its file."""
    path = local_path(location)
    return location.uri if path is None else str(path)
