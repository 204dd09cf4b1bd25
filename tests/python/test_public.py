"""What is public is listed, sorted, documented and exists; private modules stay so."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import re
import subprocess
import sys
import types

import pytest

import crossframe as cf


def test_all_is_sorted_and_complete():
    assert cf.__all__ == sorted(cf.__all__)
    assert dir(cf) == cf.__all__
    assert set(cf._HOMES) == set(cf.__all__) - cf._MODULES - {"__version__"}
    with pytest.raises(AttributeError, match="no attribute 'nope'"):
        cf.nope  # noqa: B018 - the attribute is the test


def test_type_checkers_see_the_same_names():
    source = inspect.getsource(cf)
    block = source.split("if TYPE_CHECKING:")[1].split("\n\n")[0]
    imported = re.findall(r"^    from (\S+) import (.+)$", block, re.MULTILINE)
    seen = {
        name: module.removeprefix("crossframe.") for module, names in imported for name in names.split(", ")
    }
    assert seen == cf._HOMES


@pytest.mark.parametrize("name", [name for name in cf.__all__ if name != "__version__"])
def test_public_names_are_documented(name):
    value = getattr(cf, name)
    text = inspect.getdoc(value)
    assert text
    assert text.splitlines()[0].endswith((".", ":"))
    if isinstance(value, types.FunctionType):
        arguments = inspect.signature(value).parameters
        told = set(re.findall(r"^    (\w+): ", text, re.MULTILINE))
        # One line is enough for what takes next to nothing.
        assert set(arguments) <= told or len(arguments) < 2
        # First the frame or the place; options by keyword only.
        kinds = [one.kind for one in arguments.values()]
        assert kinds == sorted(kinds)


def test_every_module_says_what_it_is():
    for found in pkgutil.walk_packages(cf.__path__, "crossframe."):
        if not found.name.endswith("_rserial"):
            assert (importlib.import_module(found.name).__doc__ or "").strip(), found.name


def test_importing_is_quick_and_brings_nothing_heavy():
    script = (
        "import sys, crossframe; print(sorted({'boto3', 'pandas', 'pyarrow', 'polars'} & set(sys.modules)))"
    )
    shown = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout
    assert shown.strip() == "[]"
