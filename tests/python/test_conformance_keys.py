"""Runs ``tests/conformance/keys``: a known gap is a row of gaps.csv, and a gap that passes fails."""

import csv
import datetime as dt
import json
from dataclasses import asdict
from pathlib import Path

import pytest

from crossframe import durations, errors, keys
from crossframe.stores.folder_names import names_of

DATA = Path(__file__).parents[1] / "conformance"


def rows(name):
    return list(csv.DictReader((DATA / name).read_text("utf-8").splitlines()))


CLASSES = {row["name"]: row["python"] for row in rows("errors.csv")}
GAPS = {(row["suite"], row["name"]) for row in rows("gaps.csv") if row["language"] == "python"}
READ = {"str": lambda text: text, "int": int, "float": float, "date": dt.date.fromisoformat}


def vectors(folder):
    for path in sorted((DATA / folder).glob("*.json")):
        suite = f"{folder}/{path.stem}"
        for vector in json.loads(path.read_text("utf-8")):
            known = [pytest.mark.xfail(strict=True)] if (suite, vector["name"]) in GAPS else []
            yield pytest.param(path.stem, vector, id=f"{suite}:{vector['name']}", marks=known)


def tagged(pattern, fields):
    values = ((name, kind, fields[name]) for name, kind in zip(pattern.fields, pattern.types, strict=True))
    return {name: [kind, plain(value)] for name, kind, value in values}


def plain(value):
    return f"{value:.15g}" if isinstance(value, float) else None if value is None else str(value)


def run_match(data):
    pattern = keys.compile_pattern(data["pattern"], regex=data.get("regex", False))
    found = {key: pattern.match(key) for key in data["keys"]}
    assert all(key.startswith(pattern.prefix) for key, fields in found.items() if fields is not None)
    return {key: tagged(pattern, fields) for key, fields in found.items() if fields is not None}


def run_fill(data):
    fields = {
        name: None if text is None else READ[kind](text) for name, (kind, text) in data["fields"].items()
    }
    return keys.fill(data["template"], fields)


def run_parse_uri(text):
    uri = keys.parse_uri(text)
    return {"scheme": uri.scheme, "bucket": uri.bucket, "key": uri.key}


RUN = {
    "check_key": lambda key: keys.check_key(key) or "ok",
    "days": durations.days_of,
    "durations": durations.seconds_of,
    "fill": run_fill,
    "folder": lambda key: asdict(names_of(key)),
    "match": run_match,
    "name_of": keys.name_of,
    "names": lambda data: keys.name_keys(data["keys"], data.get("names", "name")),
    "parse_uri": run_parse_uri,
    "parts": lambda given: [[one.key, list(one.parts)] for one in keys.group_parts(given)],
    "prefix": lambda data: keys.compile_pattern(data["pattern"], regex=data.get("regex", False)).prefix,
    "shown_key": lambda data: keys.shown_key(**data),
    "sort": keys.sort_keys,
}


@pytest.mark.parametrize(("function", "vector"), list(vectors("keys")))
def test_vector(function, vector, monkeypatch):
    monkeypatch.setenv("HOME", "/home/lab")
    if "error" in vector:
        with pytest.raises(getattr(errors, CLASSES[vector["error"]])):
            RUN[function](vector["input"])
    else:
        assert RUN[function](vector["input"]) == vector["expected"]
