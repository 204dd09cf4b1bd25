"""URIs, keys, names and data sets of parts: pure text, no I/O.

Patterns live in ``patterns`` and are handed on from here.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import unquote, unquote_to_bytes

from crossframe.errors import InvalidKeyError, InvalidUriError, NameClashError
from crossframe.extensions import split_extensions
from crossframe.patterns import Pattern, compile_pattern
from crossframe.templates import render

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = [
    "DataSet",
    "Pattern",
    "Uri",
    "check_key",
    "compile_pattern",
    "fill",
    "group_parts",
    "name_keys",
    "name_of",
    "parse_uri",
    "part_number",
    "shown_key",
    "sort_keys",
    "text_of",
    "without_secrets",
]

# Source: Amazon S3 User Guide, "Naming Amazon S3 objects".
_KEY_BYTES = 1024
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+)://(.*)", re.DOTALL)
_ONE_SLASH = re.compile(r"(s3|https?|file):", re.IGNORECASE)
# Wider than AWS's own rule: other stores hold older, upper-case and longer bucket names.
# What parse_uri() would not take for a key below the root.
_NOT_RELATIVE = re.compile(r"/|~(/|\Z)|\./|\.?\Z|[A-Za-z][A-Za-z0-9+.-]+://|(s3|https?|file):", re.IGNORECASE)
_BUCKET = re.compile(r"(?!.*\.\.)[A-Za-z0-9_][A-Za-z0-9._-]{0,254}")
_HOST = re.compile(r"([A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])(:[0-9]+)?")
_SECRETS = re.compile(r"^(https?:/+)(?:[^/?#]*@)?([^?#]*).*", re.IGNORECASE | re.DOTALL)
_BAD_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})|%2[fF]|%00")
_PART = re.compile(r"(?:part\.([0-9]{1,9})\.[^/]+|([0-9]{1,9})\.part)")
_ABOUT_PARTS = frozenset({"_metadata", "_common_metadata", "_SUCCESS", "_crossframe.json"})


@dataclass(frozen=True, slots=True)
class Uri:
    """Where something is.

    Attributes:
        scheme: ``"s3"``, ``"file"``, ``"https"`` or ``"http"``.
        bucket: Bucket (s3) or host with port (links); empty for files.
        key: Key (s3), path and query (links), or path (file): absolute with a leading slash, else
            relative to the root.
    """

    scheme: str
    bucket: str
    key: str


def _is_text(text: object) -> bool:
    if not isinstance(text, str) or "\0" in text:
        return False
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def text_of(place: str | os.PathLike[str]) -> str:
    """Return a place as text.

    Raises:
        InvalidUriError: It is neither text nor a path.
    """
    if isinstance(place, str | os.PathLike):
        return os.fspath(place)
    # Why columns: of what is passed in the wrong order, a frame is the most likely.
    hint = "What is saved comes first, then where." if hasattr(place, "columns") else None
    raise InvalidUriError(f"Can't use {type(place).__name__} as a URI.", "must be text or a path", hint)


def parse_uri(text: str | os.PathLike[str]) -> Uri:
    """Take a URI or a path apart.

    Args:
        text: ``s3://bucket/key`` (the key as it is, nothing is decoded), ``s3://bucket``,
            ``file:///path`` (percent-encoded), ``https://host/path`` (or http), a path, ``~/path``, or a key
            relative to the root.

    Raises:
        InvalidUriError: The text is none of these.

    Source:
        RFC 3986 (escapes), RFC 8089 (file).
    """
    text = text_of(text)
    if not _is_text(text) or not text:
        raise InvalidUriError(f"Can't use {text!r} as a URI.", "must be UTF-8 text, not empty, without NUL")
    found = _SCHEME.fullmatch(text)
    if found is None:
        if text[:6].lower() == "file:/":
            return _parse_file(text, text[5:])
        if _ONE_SLASH.match(text):
            raise _invalid(text, "two slashes must follow the scheme", "Is it s3://bucket/key?")
        return Uri("file", "", _parse_path(text))
    scheme, rest = found[1].lower(), found[2]
    if scheme == "s3":
        bucket, _, key = rest.partition("/")
        if not _BUCKET.fullmatch(bucket):
            raise _invalid(text, f"'{bucket}' can't be a bucket", "Is it s3://bucket/key?")
        return Uri("s3", bucket, key)
    if scheme == "file":
        return _parse_file(text, rest)
    if scheme in {"https", "http"}:
        host, slash, path = rest.partition("/")
        if not _HOST.fullmatch(host) or _CONTROL.search(path) or " " in path:
            raise _invalid(text, "must be https://host/path, spaces as %20 and no user name")
        return Uri(scheme, host, slash + path)
    raise _invalid(text, f"scheme '{scheme}' is not one of s3, file, https, http")


def _invalid(text: str, detail: str, hint: str | None = None) -> InvalidUriError:
    return InvalidUriError(f"Can't use '{without_secrets(text)}' as a URI.", detail, hint)


def without_secrets(text: str) -> str:
    """Return a link without what lets its holder in: user, password and query, which holds a signature."""
    return _SECRETS.sub(r"\1\2", text)


def _parse_file(text: str, rest: str) -> Uri:
    host, slash, path = rest.partition("/")
    if not slash or host.lower() not in ("", "localhost"):
        raise _invalid(text, f"host '{host}' is not this machine", "Is it file:///path, with three slashes?")
    if _BAD_ESCAPE.search(path):
        raise _invalid(text, "an escape is broken, or stands for a slash or NUL")
    try:
        path = unquote_to_bytes(path).decode("utf-8")
    except UnicodeDecodeError:
        raise _invalid(text, "its escapes are not UTF-8") from None
    # Why: a URI is made by programs; dots in one are an attempt to leave a folder, not a habit of typing.
    if _CONTROL.search(path) or {".", ".."} & set(path.split("/")):
        raise _invalid(text, "must have no '.' or '..' segment and no control character")
    return Uri("file", "", "/" + path)


def _parse_path(text: str) -> str:
    if text == "~" or text.startswith("~/"):
        return os.environ.get("HOME", "~").rstrip("/") + text[1:]
    if text == ".":
        return ""
    while text.startswith("./"):
        text = text[2:].lstrip("/")
    return text


def shown_key(base: str, key: str, *, whole: bool = False) -> str:
    """Return a key as it is to be written to mean the same object again, under the same root.

    Args:
        base: URI of the store that has the key.
        key: The key within the store.
        whole: Whether the store is not the root's, but was named by a URI or an absolute path.

    Returns:
        The key itself below the root, unless it would be read as something else (``~/a``); otherwise
        ``s3://bucket/key`` or the absolute path.
    """
    if base.startswith("memory:") or not (whole or _NOT_RELATIVE.match(key)):
        return key
    if base.startswith("file://"):
        return f"{unquote(base.removeprefix('file://'))}/{key}"
    return f"{base}/{key}"


def check_key(key: str) -> None:
    """Check that a key may be written; any key that exists may be read.

    Raises:
        InvalidKeyError: Not UTF-8 text of 1 to 1024 bytes; a leading slash; an empty, ``.`` or ``..``
            segment; a control character.
    """
    if not _is_text(key):
        problem = "must be UTF-8 text without NUL"
    elif not key:
        problem = "must not be empty"
    elif key.startswith("/"):
        problem = "must not start with a slash"
    elif _CONTROL.search(key):
        problem = "must have no control character"
    elif {"", ".", ".."} & set(key.split("/")):
        problem = "must have no empty, '.' or '..' segment"
    elif len(key.encode("utf-8")) > _KEY_BYTES:
        problem = f"must have at most {_KEY_BYTES} bytes, not {len(key.encode('utf-8'))}"
    else:
        return
    raise InvalidKeyError(f"Can't write key {key!r}.", problem)


def fill(template: str | Pattern, fields: Mapping[str, object]) -> str:
    """Make the key that a template gives for these fields; matching it gives them back.

    Args:
        template: Literal text and fields, no wildcards.
        fields: A value for each field: text, whole number, number or day, as its type asks.

    Raises:
        InvalidPatternError: The template has wildcards or alternatives.
        UsageError: A field is missing, or there is one too many.
        InvalidKeyError: A value is empty, has a slash, or would be read back differently.
    """
    key = render(template, fields)
    check_key(key)
    return key


def name_of(key: str) -> str:
    """Return a frame's name: the last segment without its known extensions."""
    return split_extensions(key).stem


def sort_keys(keys: Iterable[str]) -> list[str]:
    """Sort keys by their UTF-8 bytes, as stores list them."""
    # Why: code points compare as their UTF-8 bytes do, and Python compares text by code points.
    return sorted(keys)


@dataclass(frozen=True, slots=True)
class DataSet:
    """What loads as one frame: an object, or the parts below a prefix.

    Attributes:
        key: The object's key, or the prefix with its trailing slash.
        parts: Keys of the parts in order of their numbers; empty for a single object.
    """

    key: str
    parts: tuple[str, ...] = ()


def group_parts(keys: Iterable[str]) -> list[DataSet]:
    """Join ``prefix/part.0.parquet``, ``prefix/part.1.parquet`` ... to one data set ``prefix/``.

    Dask's ``prefix/0.part`` counts too. Files about the parts (``_metadata``) are left out beside them.

    Returns:
        Data sets and single objects, in byte order of their keys.
    """
    single: list[str] = []
    parts: dict[str, list[tuple[int, str]]] = {}
    for key in keys:
        prefix, slash, last = key.rpartition("/")
        number = part_number(last) if slash else None
        if number is not None:
            parts.setdefault(prefix + "/", []).append((number, key))
        else:
            single.append(key)
    sets = [DataSet(prefix, tuple(key for _, key in sorted(found))) for prefix, found in parts.items()]
    sets += [
        DataSet(key)
        for key in single
        if not (key.rpartition("/")[2] in _ABOUT_PARTS and key.rpartition("/")[0] + "/" in parts)
    ]
    return sorted(sets, key=lambda one: one.key)


def part_number(segment: str) -> int | None:
    """Return the number of a part by its key's last segment; ``None`` where that is no part's."""
    part = _PART.fullmatch(segment)
    if part is None or not (part[2] or split_extensions(segment).format):
        return None
    return int(part[1] or part[2])


def name_keys(keys: Iterable[str], names: str = "name") -> dict[str, str]:
    """Name each key.

    Args:
        keys: Keys, in the order wanted.
        names: ``"name"`` for ``name_of``, ``"key"`` for the key itself.

    Returns:
        Key by name.

    Raises:
        NameClashError: Two keys give one name; names both.
    """
    named: dict[str, str] = {}
    for key in keys:
        name = key if names == "key" else name_of(key)
        if name in named:
            raise NameClashError(
                f"Can't give two frames the name '{name}'.",
                f"keys '{named[name]}' and '{key}'",
                'Should each go by its whole key? Then say names="key".',
            )
        named[name] = key
    return named
