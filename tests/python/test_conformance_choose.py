"""Runs ``tests/conformance/choose``: a known gap is a row of gaps.csv, and a gap that passes fails."""

import csv
import json
import warnings
from pathlib import Path

import pytest

from crossframe import errors, formats

DATA = Path(__file__).parents[1] / "conformance"


def rows(name):
    return list(csv.DictReader((DATA / name).read_text("utf-8").splitlines()))


CLASSES = {row["name"]: row["python"] for row in rows("errors.csv")}
GAPS = {(row["suite"], row["name"]) for row in rows("gaps.csv") if row["language"] == "python"}


def vectors():
    for path in sorted((DATA / "choose").glob("*.json")):
        for vector in json.loads(path.read_text("utf-8")):
            known = (f"choose/{path.stem}", vector["name"]) in GAPS
            marks = [pytest.mark.xfail(strict=True)] if known else []
            yield pytest.param(path.stem, vector, id=f"{path.stem}:{vector['name']}", marks=marks)


def run_sniff(data):
    head = bytes.fromhex(data)
    return {"compression": formats.sniff_compression(head), "format": formats.sniff_format(head)}


def run_choose(data):
    head = bytes.fromhex(data["head"])
    named = data.get("format")
    choice = formats.choose(data["key"], head, named, compression=data.get("compression"))
    return {"format": choice.format, "compression": choice.compression}


def run_for_writing(data):
    choice = formats.for_writing(data["key"], data.get("format"), data.get("compression"))
    media_type = formats.media_type(choice)
    return {"format": choice.format, "compression": choice.compression, "media_type": media_type}


RUN = {"choose": run_choose, "for_writing": run_for_writing, "sniff": run_sniff}


@pytest.mark.parametrize(("function", "vector"), list(vectors()))
def test_vector(function, vector):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        if "error" in vector:
            with pytest.raises(getattr(errors, CLASSES[vector["error"]])):
                RUN[function](vector["input"])
            return
        result = RUN[function](vector["input"])
    given = [one for one in caught if one.category is errors.FormatMismatchWarning]
    expected = dict(vector["expected"])
    assert len(given) == expected.pop("warning", False)
    assert result == expected
