"""Runs ``tests/conformance/bad``: every file raises the error that index.json names, and nothing runs."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

import crossframe as cf
from crossframe import errors

DATA = Path(__file__).parents[1] / "conformance"
MARKER = "crossframe-was-here"
ROWS = csv.DictReader((DATA / "errors.csv").read_text("utf-8").splitlines())
CLASSES = {row["name"]: getattr(errors, row["python"]) for row in ROWS}
VECTORS = json.loads((DATA / "bad" / "index.json").read_text("utf-8"))


@pytest.mark.parametrize("vector", VECTORS, ids=[vector["file"] for vector in VECTORS])
def test_bad(vector, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(errors.CrossframeError) as caught:
        cf.load(DATA / "bad" / vector["file"], as_="arrow")
    assert type(caught.value) is CLASSES[vector["error"]]
    assert vector["file"] in str(caught.value)
    assert not Path(MARKER).exists()


def test_index_lists_the_files():
    files = {path.name for path in (DATA / "bad").iterdir()} - {"index.json", "README.md"}
    assert sorted(files) == sorted(vector["file"] for vector in VECTORS)
