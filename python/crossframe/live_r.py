"""R in this process, through rpy2: its objects as serialized bytes, and back.

R is started when it is first needed. All that may fail in R, want of memory too, is asked of R's own
functions, so that it is an error here and not the end of the process.

Source: R's help page ``serialize``; R Internals, section 1.8.
"""

from __future__ import annotations

import contextlib
import functools
import importlib
import logging
import os
from typing import TYPE_CHECKING, Any

from crossframe.errors import CodecError, EngineMissingError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

_SEARCH_PATH = "LD_LIBRARY_PATH"
_INSTALL = "pip install 'crossframe[r]'"
# Why quote: rpy2 hands R a call as it is, and R would run it.
_ASK = """
function(name, arguments) {
  tryCatch(list(do.call(name, arguments, quote = TRUE)), error = conditionMessage)
}
"""
_ASCII, _XDR = False, True
_NEWEST_FOR_OLD_R = "pip install 'rpy2-rinterface<3.6.6'"


@functools.cache
def interface() -> Any:  # noqa: ANN401 - rpy2 says nothing of its types
    """Return ``rpy2.rinterface``, R started.

    Raises:
        EngineMissingError: rpy2 or R is not there, or they do not fit each other.
    """
    try:
        with _without_chatter(), _search_path_kept():
            found = importlib.import_module("rpy2.rinterface")
            importlib.import_module("rpy2.robjects")
            found.initr()
    except ModuleNotFoundError as error:
        raise EngineMissingError(
            "Can't reach R from Python.", f"{error.name} is not installed.", _INSTALL
        ) from None
    # What rpy2 fails with is many things: ValueError, OSError, cffi's own.
    except Exception as error:
        raise _unreachable(error) from error
    return found


def _unreachable(error: Exception) -> EngineMissingError:
    told = f"rpy2 says: {str(error).strip() or type(error).__name__}"
    if "undefined symbol" in told:
        hint = f"R is older than this rpy2 asks for (4.5): {_NEWEST_FOR_OLD_R}, or a newer R."
    else:
        hint = "Put R on the PATH, or its folder in R_HOME; R must be built with its shared library."
    return EngineMissingError("Can't start R in this process.", told, hint)


@contextlib.contextmanager
def _without_chatter() -> Iterator[None]:
    """Keep rpy2 from telling on standard error which of its two ways to load R it did not take."""
    logger = logging.getLogger("rpy2.rinterface_lib.openrlib")
    before = logger.level
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(before)


@contextlib.contextmanager
def _search_path_kept() -> Iterator[None]:
    """Keep child processes from R's search path for libraries, which rpy2 puts into the environment.

    Why: with it, a Python of one's own loads the system's libpython and does not start.
    """
    before = os.environ.get(_SEARCH_PATH)
    try:
        yield
    finally:
        os.environ.pop(_SEARCH_PATH, None)
        if before is not None:
            os.environ[_SEARCH_PATH] = before


@contextlib.contextmanager
def serialized(held: Any, version: int = 3) -> Iterator[memoryview]:  # noqa: ANN401 - any object of rpy2's
    """Have R serialize one of its objects; lend the bytes where R has them, not copied.

    Args:
        held: The object.
        version: Version of R's serialization, 2 or 3.

    Raises:
        EngineMissingError: R can't be reached.
        UsageError: ``held`` is no object of R.
        CodecError: R refuses, for want of memory as a rule.
    """
    if not hasattr(held, "__sexp__"):
        raise UsageError(
            f"Can't take a {type(held).__name__} from R.",
            "It is no object of rpy2's.",
            "to_r() is the other way, from Python to R.",
        )
    # The name keeps R from freeing the vector while the bytes are lent.
    raw = _ask("serialize", held, interface().NULL, _ASCII, _XDR, version)
    with _memory(raw) as view:
        yield view


def unserialized(data: bytes) -> Any:  # noqa: ANN401 - an object of rpy2's
    """Have R make an object of serialized bytes.

    Raises:
        EngineMissingError: R can't be reached.
        CodecError: R refuses, for want of memory as a rule.
    """
    # Why a double: R's integers end at 2 GiB.
    raw = _ask("raw", float(len(data)))
    with _memory(raw) as view:
        view[:] = data
    return _ask("unserialize", raw)


def as_robject(sexp: Any) -> Any:  # noqa: ANN401 - objects of rpy2's
    """Return an object of ``rpy2.rinterface`` as what ``rpy2.robjects`` makes of it by default."""
    from rpy2 import robjects  # noqa: PLC0415 - interface() has imported it

    # Why not the rules in force: they may be our own, which would bring it back to Python.
    with robjects.default_converter.context() as rules:
        return rules.rpy2py(sexp)


def _ask(name: str, *arguments: Any) -> Any:  # noqa: ANN401 - objects of rpy2's
    """Call a function of R's base package."""
    answer = _asker()(name, interface().ListSexpVector(arguments))
    if answer.typeof == interface().RTYPES.STRSXP:
        raise CodecError("R and Python can't pass the object between them.", f"R says: {answer[0].strip()}")
    return answer[0]


@functools.cache
def _asker() -> Any:  # noqa: ANN401 - an R function of rpy2's
    # Why in the base package's own environment: what users call by these names is not meant.
    return interface().evalr(_ASK, envir=interface().baseenv)


def _memory(raw: Any) -> memoryview:  # noqa: ANN401 - a raw vector of rpy2's
    """Return a raw vector's memory, valid while the vector lives."""
    from rpy2.rinterface_lib import openrlib  # noqa: PLC0415 - interface() has imported it

    # Why not numpy's way to it, __array_interface__: that says where the memory begins, not where it ends.
    return memoryview(openrlib.ffi.buffer(openrlib.RAW(raw.__sexp__._cdata), len(raw)))  # noqa: SLF001 - no public way
