"""``check``: what a file holds and what in it would run, told without loading anything."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest

import crossframe as cf
from crossframe import errors
from crossframe.cli import run

CONFORMANCE = Path(__file__).parents[1] / "conformance"
BAD = json.loads((CONFORMANCE / "bad" / "index.json").read_text("utf-8"))
UNSAFE = [
    one["file"] for one in BAD if one["error"] == "unsafe_data" and one["file"].endswith((".rds", ".RData"))
]


@pytest.mark.parametrize("file", UNSAFE)
def test_what_would_run_is_named(file):
    report = cf.check(CONFORMANCE / "bad" / file)
    assert report.status == "unsafe"
    assert not report.safe
    assert report.refused
    assert all(found.kind and found.offset >= 0 for found in report.refused)


@pytest.mark.parametrize(
    "file", sorted((CONFORMANCE / "frames").glob("*.rds"))[::5], ids=lambda path: path.name
)
def test_data_is_safe(file):
    report = cf.check(file)
    assert report.safe
    assert report.complete
    assert [one.name for one in report.objects] == [cf.info(file).frames[0].name]


def test_formulas_are_named_and_safe():
    report = cf.check(CONFORMANCE / "frames" / "grouped_data.rds")
    assert report.safe
    assert any("formula" in where for where in report.formulas)


def test_objects_of_an_rdata(tmp_path):
    cf.save({"d": pd.DataFrame({"x": [1.5]}), "n": [1, "a"]}, tmp_path / "all.RData")
    d, n = cf.check(tmp_path / "all.RData").objects
    assert (d.name, d.type, d.r_class, d.length) == ("d", "list", "data.frame", 1)
    assert (n.name, n.type, n.r_class, n.length) == ("n", "list", None, 2)


def test_damage_is_an_error(tmp_path):
    damaged = tmp_path / "a.rds"
    cf.save(pd.DataFrame({"x": [1.5] * 9}), damaged, compression="none")
    damaged.write_bytes(damaged.read_bytes()[:-20])
    with pytest.raises(errors.DecodeError, match=r"offset \d+"):
        cf.check(damaged)


def test_only_r_formats_hold_code(tmp_path):
    cf.save(pd.DataFrame({"x": [1.5]}), tmp_path / "a.csv")
    with pytest.raises(errors.UsageError, match="Can't check a csv"):
        cf.check(tmp_path / "a.csv")


def test_the_command(capsys):
    file = str(CONFORMANCE / "bad" / UNSAFE[0])
    assert run(["check", file]) == 0
    said = capsys.readouterr().out
    assert ": unsafe" in said
    assert "would run: " in said
    assert run(["check", file, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["status"] == "unsafe"
