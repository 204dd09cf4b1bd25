"""The command ``crossframe``: thin, every line of it one call of the package.

Everything slow to import is imported by the command that needs it: ``--help`` must not wait. One module a
family of commands; importing it makes them known.
"""

from __future__ import annotations

import os
import sys
import warnings
from typing import TYPE_CHECKING

from crossframe.cli import (  # noqa: F401 - importing makes the commands known
    doctor,
    frames,
    history,
    housekeeping,
    listing,
    serve,
    sharing,
    transfer,
)
from crossframe.cli.app import app
from crossframe.errors import CrossframeError

if TYPE_CHECKING:
    from collections.abc import Sequence

OK, FAILED = 0, 1


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command and exit: 0 done, 1 our error, 2 wrong use, 130 stopped by Ctrl-C."""
    warnings.showwarning = _show_warning
    sys.meta_path.insert(0, _NoPandas())
    sys.exit(run(arguments))


def run(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code."""
    code = OK
    try:
        app(args=arguments)
    except SystemExit as done:
        code = done.code if isinstance(done.code, int) else OK
    except CrossframeError as error:
        print(f"crossframe: {error}", file=sys.stderr)
        code = FAILED
    except OSError as error:
        code = _not_written(error)
    return _flushed(code)


def _flushed(code: int) -> int:
    """Write what is left, and return the exit code; whoever reads it may have seen enough.

    Why: else Python complains of that itself at its end.
    """
    try:
        sys.stdout.flush()
    except OSError as error:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if code == OK and not isinstance(error, BrokenPipeError):
            return _not_written(error)
    return code


def _not_written(error: OSError) -> int:
    """Tell that the output can't be written: stores tell of what fails in them by errors of ours."""
    print(f"crossframe: Can't write the output: {error.strerror or error}.", file=sys.stderr)
    return FAILED


class _NoPandas:
    """Keeps pandas out of the command's process.

    Why: pyarrow imports pandas for any array made of a list, which takes longer than most conversions.
    """

    @staticmethod
    def find_spec(name: str, _path: object = None, _target: object = None) -> None:
        """Say that there is no pandas."""
        if name == "pandas":
            raise ModuleNotFoundError("the command goes without pandas", name=name)


def _show_warning(message: Warning | str, *_: object, **__: object) -> None:
    print(f"crossframe: warning: {message}", file=sys.stderr)
