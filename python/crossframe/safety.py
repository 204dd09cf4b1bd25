"""What is in an RDS or RData, and what would run: a report, and nothing loaded.

Source: the scan in ``src/rscan``, which R's own loading goes through as well.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from crossframe import _rserial, api
from crossframe.errors import CrossframeError, DecodeError, UsageError
from crossframe.keys import name_of
from crossframe.results import CheckedObject, CheckReport, Finding
from crossframe.stores import resolve

if TYPE_CHECKING:
    import os
    from typing import Any

    from crossframe.stores import Location, S3Options

# Bytes of an RData's first line; what follows is what was serialized.
_RDATA_HEAD = 5
_CHECKED = {"rds": 0, "rdata": _RDATA_HEAD}

# R's typeof() by code: R Internals, section 1.1, and serialize.c.
_TYPES = {
    0: "NULL",
    1: "symbol",
    2: "pairlist",
    3: "closure",
    4: "environment",
    5: "promise",
    6: "language",
    7: "special",
    8: "builtin",
    10: "logical",
    13: "integer",
    14: "double",
    15: "complex",
    16: "character",
    17: "...",
    19: "list",
    20: "expression",
    21: "bytecode",
    22: "externalptr",
    23: "weakref",
    24: "raw",
    25: "S4",
    238: "altrep",
    239: "pairlist",
    240: "language",
    247: "persistent",
    254: "NULL",
}
_ENVIRONMENTS = {241, 242, 248, 249, 250, 253, 255}


def check(
    uri: str | os.PathLike[str],
    *,
    format: str | None = None,
    version: str | None = None,
    options: S3Options | None = None,
) -> CheckReport:
    """Tell what an RDS or RData holds and what in it would run, without loading any of it.

    Args:
        uri: ``s3://bucket/key``, a path, or a key under the root.
        format: ``"rds"`` or ``"rdata"``; by default what the bytes say.
        version: Version id; by default the newest.
        options: How to reach S3.

    Returns:
        The report; code in the file is no error here.

    Raises:
        ObjectNotFoundError: No object at that key.
        DecodeError: The bytes are truncated, damaged or foreign.
        UsageError: A format that holds no R values.
    """
    return check_at(resolve(uri, options=options), format=format, version=version)


def check_at(location: Location, *, format: str | None = None, version: str | None = None) -> CheckReport:
    """Do what ``check`` does, at a location."""
    stored = api.fetch(location, version=version)
    try:
        choice, packed = api.open_stored(location.key, stored, format)
        if choice.format not in _CHECKED:
            raise UsageError(f"Can't check a {choice.format}.", "Only RDS and RData can hold code.")
        skipped = _CHECKED[choice.format]
        found = _rserial.scan(memoryview(packed.whole())[skipped:], choice.format == "rdata")
        if found["status"] == "damaged":
            what, offset, trail = found["finding"]
            where = f"{trail}: {what}" if trail else what
            raise DecodeError("Can't decode the object as R data.", f"{where} (offset {offset + skipped})")
    except CrossframeError as error:
        raise api.placed(error, location.uri) from None
    return _report(location, choice.format, choice.compression, found)


def _report(location: Location, format: str, compression: str | None, found: dict[str, Any]) -> CheckReport:
    skipped = _CHECKED[format]
    own_name = name_of(location.key)
    objects = tuple(
        CheckedObject(
            name=name if format == "rdata" else own_name,
            type=_type_name(code),
            r_class=classes or None,
            length=None if length < 0 else int(length),
        )
        for name, code, classes, length in found["objects"]
    )
    return CheckReport(
        uri=location.uri,
        status=found["status"],
        format=format,
        compression=compression,
        complete=found["complete"],
        objects=objects,
        refused=tuple(Finding(what, _where(trail), at + skipped) for what, at, trail in found["refused"]),
        refused_count=found["refused_count"],
        formulas=tuple(_where(trail) for _, _, trail in found["formulas"]),
    )


def _type_name(code: int) -> str:
    return "environment" if code in _ENVIRONMENTS else _TYPES.get(code, "unknown")


def _where(trail: str) -> str:
    """Return the way to a finding; that of a call ends in the call itself."""
    return trail.removesuffix("call").removesuffix(" > ")
