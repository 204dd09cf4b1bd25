"""A pytest plugin that puts the sanitized codec in the place of the installed one."""

from __future__ import annotations

import importlib.util
import os
import sys

path = os.environ["CROSSFRAME_SANITIZED"]
spec = importlib.util.spec_from_file_location("crossframe._rserial", path)
if spec is None or spec.loader is None:
    message = f"No module at {path}."
    raise ImportError(message)
module = importlib.util.module_from_spec(spec)
# Before anything imports the package: its own import then finds this one.
sys.modules["crossframe._rserial"] = module
spec.loader.exec_module(module)


def pytest_report_header() -> str:
    """Say which codec runs."""
    return f"codec: {path}"
