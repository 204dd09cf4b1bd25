"""A data frame saved in R or Python loads in the other language unchanged."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from crossframe.api import info, load, save
    from crossframe.attributes import RValue
    from crossframe.batch import find, load_many, save_many
    from crossframe.listing import buckets, ls
    from crossframe.safety import check
    from crossframe.stores import S3Options, get_root, set_root

__version__ = "0.1.0"

# Why looked up when asked for: pyarrow, pandas and boto3 are slow to import, and the command is not.
_HOMES = {
    "RValue": "attributes",
    "S3Options": "stores",
    "buckets": "listing",
    "check": "safety",
    "find": "batch",
    "get_root": "stores",
    "info": "api",
    "load": "api",
    "load_many": "batch",
    "ls": "listing",
    "save": "api",
    "save_many": "batch",
    "set_root": "stores",
}

__all__ = [
    "RValue",
    "S3Options",
    "__version__",
    "buckets",
    "check",
    "errors",
    "find",
    "get_root",
    "info",
    "load",
    "load_many",
    "ls",
    "save",
    "save_many",
    "set_root",
]


def __getattr__(name: str) -> object:
    """Import a public name from its module."""
    if name == "errors":
        return importlib.import_module("crossframe.errors")
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"crossframe.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    """List the public names."""
    return list(__all__)
