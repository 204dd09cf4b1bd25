"""What this machine reaches and with what, a row for each thing looked at; the same rows as R's."""

from __future__ import annotations

import os
import platform
import re
import secrets
import sys
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

from crossframe import errors
from crossframe.keys import parse_uri
from crossframe.results import Check
from crossframe.stores import get_root, resolve
from crossframe.stores.abilities import need
from crossframe.stores.resolve import root_source

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import pandas as pd

    from crossframe.stores import Location, S3Options, Store

# Distribution, and whether crossframe can't do without; else the extra that brings it.
_ENGINES = {
    "boto3": None,
    "pyarrow": None,
    "pandas": None,
    "polars": "pip install 'crossframe[polars]'",
    "dask": "pip install 'crossframe[dask]'",
    "rpy2-rinterface": "pip install 'crossframe[r]'",
}
_PROXIES = ("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY", "NO_PROXY")
_PROBE_BYTES = 64


def doctor(probe: str | os.PathLike[str] | None = None, *, options: S3Options | None = None) -> pd.DataFrame:
    """Say what this machine reaches and with what, and what is wrong with it; no secret is shown.

    Versions, engines, the root; endpoint, region, credentials and their end, each with where it came from;
    whether the server answers, how far the clocks are apart, proxies and authorities.

    Args:
        probe: A bucket, folder or prefix to write, read and delete a small object of its own in; what
            replaces it and whether versions are kept is looked at, too. By default nothing is written.
        options: How to reach S3.

    Returns:
        A frame: ``check``, ``value``, ``source`` (where the value came from), ``ok`` (missing where there
        is no right or wrong) and ``hint`` (what to do). It never raises for what it finds.

    Raises:
        InvalidUriError: The probe is not a URI or path.
    """
    import pandas as pd  # noqa: PLC0415 - slow to import

    rows = checks(probe, options=options)
    columns: dict[str, Any] = {
        name: pd.array([getattr(row, name) for row in rows], dtype="boolean" if name == "ok" else "str")
        for name in ("check", "value", "source", "ok", "hint")
    }
    return pd.DataFrame(columns)


def checks(probe: str | os.PathLike[str] | None = None, *, options: S3Options | None = None) -> list[Check]:
    """Return the rows of ``doctor``."""
    place = None if probe is None else resolve(probe, options=options)
    found = [*_software(), _root()]
    wanted = _needs_s3(place)
    found += _s3(options, wanted=wanted)
    found += [*_proxies(), _authorities(options)]
    if place is not None:
        found += _probe(place)
    return found


# ---- What is installed ----


def _software() -> Iterator[Check]:
    yield Check("crossframe", metadata.version("crossframe"), str(Path(__file__).parent))
    yield Check("language", f"Python {platform.python_version()}", sys.executable)
    yield Check("system", f"{platform.system()} {platform.release()} {platform.machine()}")
    for name, hint in _ENGINES.items():
        try:
            yield Check(f"engine {name}", metadata.version(name), ok=True)
        except metadata.PackageNotFoundError:
            missing = None if hint else False
            yield Check(f"engine {name}", "not installed", ok=missing, hint=hint or "pip install crossframe")


# ---- Where relative keys lie ----


def _root() -> Check:
    root, source = get_root(), root_source()
    try:
        uri = parse_uri(root)
    except errors.CrossframeError as error:
        return Check("root", root, source, ok=False, hint=error.problem)
    if uri.scheme == "s3":
        return Check("root", root, source)
    folder = Path(uri.key)
    if not folder.is_dir():
        return Check("root", root, source, hint="There is no such folder yet; the first save makes it.")
    if not os.access(folder, os.W_OK | os.X_OK):
        return Check("root", root, source, ok=False, hint="This user may not write there.")
    return Check("root", root, source, ok=True)


def _needs_s3(place: Location | None) -> bool:
    return get_root().startswith("s3://") or (place is not None and place.store.uri.startswith("s3://"))


def _s3(options: S3Options | None, *, wanted: bool) -> list[Check]:
    from crossframe.stores.s3_diagnosis import diagnose  # noqa: PLC0415 - imports boto3

    return diagnose(options, wanted=wanted)


# ---- The way there ----


def _proxies() -> Iterator[Check]:
    for name in _PROXIES:
        found = next((one for one in (name.lower(), name) if os.environ.get(one)), None)
        if found:
            # Why cut: a proxy's address may hold a password.
            shown = re.sub(r"//[^/@]*@", "//", os.environ[found])
            yield Check("proxy", shown, found)


def _authorities(options: S3Options | None) -> Check:
    if options is not None and options.verify is False:
        return Check(
            "authorities", "any", "the verify argument", ok=False, hint="Name the authority's file instead."
        )
    named = options.verify if options is not None and isinstance(options.verify, str) else None
    candidates = [(named, "the verify argument"), (os.environ.get("AWS_CA_BUNDLE"), "AWS_CA_BUNDLE")]
    candidates.append((os.environ.get("CURL_CA_BUNDLE"), "CURL_CA_BUNDLE"))
    for file, source in candidates:
        if file:
            there = Path(file).expanduser().is_file()
            return Check(
                "authorities", file, source, ok=there, hint="" if there else "There is no such file."
            )
    return Check("authorities", "those of the system", "the default")


# ---- A write, a read, a second write, versions, a deletion ----


def _probe(place: Location) -> list[Check]:
    folder = place.key and not place.key.endswith("/")
    key = f"{place.key}{'/' if folder else ''}crossframe-probe-{secrets.token_hex(6)}"
    source = place.at(key).uri
    store, content = place.store, secrets.token_bytes(_PROBE_BYTES)
    steps: dict[str, Callable[[], tuple[str, bool | None, str]]] = {
        "probe write": lambda: _write(store, key, content),
        "probe read": lambda: _read(store, key, content),
        "probe overwrite=False": lambda: _write_again(store, key, content),
        "probe versions": lambda: _replace(store, key, content[::-1]),
    }
    found: list[Check] = []
    try:
        for name, step in steps.items():
            if found and found[0].ok is False:
                found.append(Check(name, "not tried", source))
                continue
            found.append(_tried(name, source, step))
    finally:
        found.append(_tried("probe delete", source, lambda: _remove(store, key)))
    return found


def _tried(name: str, source: str, step: Callable[[], tuple[str, bool | None, str]]) -> Check:
    try:
        value, ok, hint = step()
    except errors.CrossframeError as error:
        words = [error.problem, error.detail or ""]
        return Check(name, " ".join(words).strip(), source, ok=False, hint=error.hint or "")
    return Check(name, value, source, ok=ok, hint=hint)


def _write(store: Store, key: str, content: bytes) -> tuple[str, bool | None, str]:
    store.put(key, content, if_absent=True)
    return f"{len(content)} bytes", True, ""


def _read(store: Store, key: str, content: bytes) -> tuple[str, bool | None, str]:
    if bytes(store.get(key)) == content:
        return f"{len(content)} bytes, the same", True, ""
    return "other bytes than were written", False, "Don't trust this store with data."


def _write_again(store: Store, key: str, content: bytes) -> tuple[str, bool | None, str]:
    try:
        store.put(key, content, if_absent=True)
    except errors.ObjectExistsError:
        return "refused, as it should be", True, ""
    return "replaced", False, "This server ignores conditions: overwrite=False does not protect an object."


def _replace(store: Store, key: str, content: bytes) -> tuple[str, bool | None, str]:
    try:
        store.put(key, content)
        kept = sum(not one.deleted for one in need(store, "versions")(key, exact=True))
    except errors.NotSupportedError as error:
        return "none", None, error.hint or ""
    if kept > 1:
        return "kept", True, ""
    return (
        "none",
        None,
        "What is replaced or deleted is gone; crossframe mb makes buckets that keep versions.",
    )


def _remove(store: Store, key: str) -> tuple[str, bool | None, str]:
    store.delete(key)
    try:
        versions: list[Any] = list(need(store, "versions")(key, exact=True))
    except errors.CrossframeError:
        versions = []
    for one in versions:
        store.delete(key, version=one.version)
    try:
        store.head(key)
    except errors.ObjectNotFoundError:
        return "nothing left", True, ""
    return "still there", False, f"Remove {store.uri}/{key} by hand."
