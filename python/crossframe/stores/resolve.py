"""From what the user wrote to a store and a key.

A relative key lies under the root: what ``set_root`` was given, else ``CROSSFRAME_ROOT``, else the working
folder. A root that is a prefix of a bucket is a store of its own: keys are relative to it, as they are to a
folder. So is a path outside the root: the folder it names, so that the rest is the key.
"""

from __future__ import annotations

import os
import re
import threading
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from crossframe.errors import InvalidUriError, NotSupportedError
from crossframe.keys import Uri, parse_uri, shown_key, text_of, without_secrets
from crossframe.stores.folder import FolderStore
from crossframe.stores.prefix import PrefixStore

if TYPE_CHECKING:
    from crossframe.stores.protocol import BucketMeta, Store
    from crossframe.stores.s3_session import S3Options

# Where a pattern begins; what stands before it names folders.
_PATTERN = re.compile(r"[*?\[{]")
_STORES_KEPT = 256


@dataclass(frozen=True, slots=True)
class Location:
    """A store and a key, prefix or pattern within it.

    Attributes:
        store: The store.
        key: What lies in it.
        whole: Whether it was named by a URI or an absolute path, and not by a key below the root.
    """

    store: Store
    key: str
    whole: bool = False

    @property
    def uri(self) -> str:
        """The two as one URI, to be resolved again, whatever the root is then; a link without its query."""
        base = self.store.uri
        return f"{base}/{self.key if base.startswith('s3:') else quote(self.key)}"

    @property
    def shown(self) -> str:
        """The key as users are given it: what they can pass back under the same root.

        Relative where it was asked for below the root; the URI or path where it was asked for by one.
        """
        if self.store.uri.startswith("http"):
            return self.uri
        return shown_key(self.store.uri, self.key, whole=self.whole)

    def at(self, key: str) -> Location:
        """Return another key of the same store."""
        # Why not replace(): it takes three times as long, and listings have many keys.
        return Location(self.store, key, self.whole)


_set: str | None = None
_stores: dict[tuple[str, str, S3Options | None], Store] = {}
_lock = threading.Lock()


def set_root(uri: str | os.PathLike[str] | None) -> None:
    """Set where relative keys lie, for this process.

    Args:
        uri: ``s3://bucket``, ``s3://bucket/prefix`` or a folder; ``None`` goes back to ``CROSSFRAME_ROOT``
            or the working folder.

    Raises:
        InvalidUriError: Not a URI or path.
        NotSupportedError: A link, which has no keys below it.
    """
    global _set  # noqa: PLW0603 - the one setting there is
    if uri is not None:
        uri = text_of(uri)
        _check_root(uri)
    _set = uri


def get_root() -> str:
    """Return where relative keys lie."""
    return _set or os.environ.get("CROSSFRAME_ROOT") or str(Path.cwd())


def absolute_root() -> str:
    """Return where relative keys lie so that another process, in another working folder, means the same."""
    root = get_root()
    return root if "://" in root else os.path.abspath(Path(root).expanduser())  # noqa: PTH100 - see _folder


def root_source() -> str:
    """Return who said where relative keys lie."""
    if _set:
        return "set_root()"
    return "CROSSFRAME_ROOT" if os.environ.get("CROSSFRAME_ROOT") else "the working folder"


def resolve(
    text: str | os.PathLike[str],
    *,
    root: str | os.PathLike[str] | None = None,
    options: S3Options | None = None,
) -> Location:
    """Return the store and the key that a text names.

    Args:
        text: ``s3://bucket/key``, ``file:///path``, a path, or a key under the root; a prefix or
            pattern likewise; ``https://`` and the rest of a link.
        root: Root for this call.
        options: How to reach S3.

    Raises:
        InvalidUriError: Not a URI or path.
    """
    uri = parse_uri(text)
    if uri.scheme == "s3":
        return Location(_store("s3", uri.bucket, options), uri.key, whole=True)
    if uri.scheme != "file":
        from crossframe.stores.http import HttpStore  # noqa: PLC0415 - imports urllib3

        # Why not kept: a signed link is good for one object, and a secret.
        link = HttpStore(f"{uri.scheme}://{uri.bucket}{uri.key}", options)
        return Location(link, link.key, whole=True)
    base = _check_root(text_of(root) if root is not None else get_root())
    if not uri.key.startswith("/"):
        return _under(base, uri.key, options)
    if base.scheme == "file":
        # Within the root a path is a key, so that both ways to write it are one object.
        folder = _folder(base)
        if uri.key.startswith(folder.rstrip("/") + "/"):
            key = uri.key[len(folder.rstrip("/")) + 1 :]
            return replace(_under(base, key, options), whole=True)
    literal = _PATTERN.split(uri.key, maxsplit=1)[0]
    folder, _, _ = literal.rpartition("/")
    return Location(_store("file", folder or "/", None), uri.key[len(folder) + 1 :], whole=True)


def list_buckets(options: S3Options | None = None) -> list[BucketMeta]:
    """Return the S3 buckets the credentials may list, in byte order of their names."""
    from crossframe.stores import s3  # noqa: PLC0415 - imports boto3

    return s3.list_buckets(options)


def _check_root(text: str) -> Uri:
    uri = parse_uri(text)
    if uri.scheme not in {"s3", "file"}:
        raise NotSupportedError(f"Root must be a bucket or a folder, not '{without_secrets(text)}'.")
    if uri.scheme == "file" and not uri.key and text not in {"", "."}:
        raise InvalidUriError(f"Root must be a bucket or a folder, not '{text}'.")
    return uri


def _folder(base: Uri) -> str:
    # Why not resolve(): symbolic links in the root's own path are the user's business.
    return os.path.abspath(base.key)  # noqa: PTH100


def _under(base: Uri, key: str, options: S3Options | None) -> Location:
    if base.scheme == "file":
        return Location(_store("file", _folder(base), None), key)
    store, prefix = _store("s3", base.bucket, options), base.key.rstrip("/")
    return Location(PrefixStore(store, prefix + "/") if prefix else store, key)


def _store(scheme: str, name: str, options: S3Options | None) -> Store:
    """Return the store of that name, the same one as last time."""
    with _lock:
        found = _stores.get((scheme, name, options))
        if found is None:
            found = _open(scheme, name, options)
            while len(_stores) >= _STORES_KEPT:
                _stores.pop(next(iter(_stores)))
            _stores[scheme, name, options] = found
        return found


def _open(scheme: str, name: str, options: S3Options | None) -> Store:
    if scheme == "file":
        return FolderStore(name)
    from crossframe.stores.s3 import S3Store  # noqa: PLC0415 - imports boto3

    return S3Store(name, options)
