"""The error tree is one: drawn in the docstring, defined below it, listed in errors.csv."""

from __future__ import annotations

import builtins
import copy
import csv
import inspect
import pickle
import re
from pathlib import Path

import pytest

from crossframe import errors

ROWS = list(
    csv.DictReader((Path(__file__).parents[1] / "conformance" / "errors.csv").read_text("utf-8").splitlines())
)
CLASSES = {
    name: one
    for name, one in inspect.getmembers(errors, inspect.isclass)
    if issubclass(one, errors.CrossframeError)
}


def drawn():
    """Read (class, parent, builtin) off the drawing."""
    above = []
    for line in errors.__doc__.splitlines():
        found = re.fullmatch(r"([ │├└─]*)(\w+Error)(?: \((\w+)\))?", line)
        if found and line.startswith("    "):
            depth = (len(found[1]) - 4) // 4
            above[depth:] = [found[2]]
            yield found[2], above[depth - 1] if depth else None, found[3]


def test_the_drawing_shows_the_classes():
    shown = {name: (parent, other) for name, parent, other in drawn()}
    assert list(shown) == [row["python"] for row in ROWS]
    assert shown.keys() == CLASSES.keys()
    for name, (parent, other) in shown.items():
        bases = (CLASSES[parent],) if parent else ()
        bases += (getattr(builtins, other),) if other else ()
        assert CLASSES[name].__bases__ == (bases or (Exception,))


def words(meaning):
    """Return a meaning but for marks: the table holds no commas."""
    return re.findall(r"\w+", meaning.replace(" or ", " "))


def test_the_table_lists_the_classes():
    python = {row["name"]: row["python"] for row in ROWS}
    for row in ROWS:
        bases = (CLASSES[python[row["parent"]]],) if row["parent"] else ()
        bases += (getattr(builtins, row["python_base"]),) if row["python_base"] else ()
        assert CLASSES[row["python"]].__bases__ == bases
        assert words(CLASSES[row["python"]].__doc__.splitlines()[0]) == words(row["meaning"])


def test_classes_stand_in_the_order_of_the_drawing():
    lines = [inspect.getsourcelines(CLASSES[name])[1] for name, _, _ in drawn()]
    assert lines == sorted(lines)


@pytest.mark.parametrize("name", sorted(CLASSES))
def test_message_pickle_copy(name):
    error = CLASSES[name]("Can't.", "It is 'x'.", "Try y?")
    assert str(error) == "Can't.\n  It is 'x'.\n  Try y?"
    for again in (pickle.loads(pickle.dumps(error)), copy.copy(error)):
        assert type(again) is type(error)
        assert str(again) == str(error)
        assert (again.problem, again.detail, again.hint) == ("Can't.", "It is 'x'.", "Try y?")
    assert str(CLASSES[name]("Can't.", hint="Try y?")) == "Can't.\n  Try y?"


def test_a_batch_error_keeps_what_it_tells():
    failed = {"a.rds": errors.ObjectNotFoundError("No a.", "Looked below 'a'.", "Did you mean 'b'?")}
    again = pickle.loads(pickle.dumps(errors.BatchError.of(failed, {"b": [1]})))
    assert again.errors["a.rds"].hint == "Did you mean 'b'?"
    assert again.loaded == {"b": [1]}


def test_users_may_catch_the_builtin():
    with pytest.raises(FileNotFoundError):
        raise errors.ObjectNotFoundError("Can't find it.")
    with pytest.raises(ValueError, match="It is code"):
        raise errors.UnsafeDataError("It is code.")


def test_warnings_are_of_one_family():
    for one in (errors.LossyConversionWarning, errors.FormatMismatchWarning, errors.StaleSchemaWarning):
        assert issubclass(one, errors.CrossframeWarning)
        assert issubclass(one, UserWarning)
