"""A data frame saved in R or Python loads in the other language unchanged."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from crossframe.api import load, save
    from crossframe.attributes import RValue
    from crossframe.batch import find, iter_many, load_many, save_many
    from crossframe.conversion import convert
    from crossframe.dask_load import load_dask
    from crossframe.deletion import delete
    from crossframe.description import info
    from crossframe.diagnosis import doctor
    from crossframe.history import restore, versions
    from crossframe.housekeeping import cleanup, expire, make_bucket
    from crossframe.links import publish, request, share, unpublish
    from crossframe.listing import buckets, ls
    from crossframe.rbridge import from_r, to_r
    from crossframe.safety import check
    from crossframe.stores import S3Options, get_root, set_root
    from crossframe.transfer import copy, download, move, upload
    from crossframe.using import open, read_using, write_using

__version__ = "0.1.0"

# Why looked up when asked for: pyarrow, pandas and boto3 are slow to import, and the command is not.
_HOMES = {
    "RValue": "attributes",
    "S3Options": "stores",
    "buckets": "listing",
    "check": "safety",
    "cleanup": "housekeeping",
    "convert": "conversion",
    "copy": "transfer",
    "delete": "deletion",
    "doctor": "diagnosis",
    "download": "transfer",
    "expire": "housekeeping",
    "find": "batch",
    "from_r": "rbridge",
    "get_root": "stores",
    "info": "description",
    "iter_many": "batch",
    "load": "api",
    "load_dask": "dask_load",
    "load_many": "batch",
    "ls": "listing",
    "make_bucket": "housekeeping",
    "move": "transfer",
    "open": "using",
    "publish": "links",
    "read_using": "using",
    "request": "links",
    "restore": "history",
    "save": "api",
    "save_many": "batch",
    "set_root": "stores",
    "share": "links",
    "to_r": "rbridge",
    "unpublish": "links",
    "upload": "transfer",
    "versions": "history",
    "write_using": "using",
}

_MODULES = {"errors", "rbridge"}

__all__ = [
    "RValue",
    "S3Options",
    "__version__",
    "buckets",
    "check",
    "cleanup",
    "convert",
    "copy",
    "delete",
    "doctor",
    "download",
    "errors",
    "expire",
    "find",
    "from_r",
    "get_root",
    "info",
    "iter_many",
    "load",
    "load_dask",
    "load_many",
    "ls",
    "make_bucket",
    "move",
    "open",
    "publish",
    "rbridge",
    "read_using",
    "request",
    "restore",
    "save",
    "save_many",
    "set_root",
    "share",
    "to_r",
    "unpublish",
    "upload",
    "versions",
    "write_using",
]


def __getattr__(name: str) -> object:
    """Import a public name from its module."""
    if name in _MODULES:
        return importlib.import_module(f"crossframe.{name}")
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"crossframe.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    """List the public names."""
    return list(__all__)
