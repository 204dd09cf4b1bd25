"""Keys and patterns where no JSON vector reaches: NUL, lone surrogates, and any value at all."""

import contextlib
import datetime as dt
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossframe import errors, keys, templates

SEGMENT = st.text(st.characters(codec="utf-8", exclude_characters="/", exclude_categories=["Cc"]), min_size=1)
SITE = SEGMENT.filter(lambda text: text not in (".", "..") and len(text) < 50)
FIELDS = st.fixed_dictionaries(
    {
        "site": SITE,
        "n": st.integers(-(2**53) + 1, 2**53 - 1),
        "x": st.floats(allow_nan=False, allow_infinity=False),
        "day": st.dates(),
    }
)


@given(FIELDS)
def test_fill_then_match_gives_the_fields_back(fields):
    template = "x/{site}/{n:int}_{x:float}/{day:date}.csv"
    key = keys.fill(template, fields)
    keys.check_key(key)
    assert keys.compile_pattern(template).match(key) == fields


@given(SITE, SITE)
def test_fill_gives_fields_back_or_refuses(one, two):
    pattern = keys.compile_pattern("{a}_{b}")
    fields = {"a": one, "b": two}
    try:
        key = keys.fill(pattern, fields)
    except errors.InvalidKeyError:
        assert "_" in one + two or not one + two
    else:
        assert pattern.match(key) == fields


@given(st.text())
def test_any_text_is_a_pattern_or_our_error(text):
    for regex in (False, True):
        try:
            pattern = keys.compile_pattern(text, regex=regex)
        except errors.InvalidPatternError:
            continue
        assert isinstance(pattern.prefix, str)


@given(st.text(min_size=1))
def test_any_text_is_a_uri_or_our_error(text):
    with contextlib.suppress(errors.InvalidUriError):
        assert keys.parse_uri(text).scheme in ("s3", "file", "https")


@given(st.text(st.characters(codec="utf-8"), min_size=1))
def test_the_prefix_is_literal(text):
    escaped = "".join(f"[{char}]" if char in "*?[]{}" else char for char in text)
    pattern = keys.compile_pattern(escaped)
    assert pattern.prefix == text
    assert text.endswith("/") or pattern.match(text) == {}


@given(st.lists(st.text(st.characters(codec="utf-8"))))
def test_keys_sort_by_their_bytes(texts):
    assert keys.sort_keys(texts) == sorted(texts, key=str.encode)


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_the_shortest_text_reads_back(number):
    assert float(templates.shortest(number)) == number


@pytest.mark.parametrize("text", ["a\0b", "s3://lab/a\0b", "a\ud800"])
def test_text_that_is_none(text):
    with pytest.raises(errors.InvalidUriError):
        keys.parse_uri(text)
    with pytest.raises(errors.InvalidKeyError):
        keys.check_key(text)


def test_a_path_object_is_a_path():
    assert keys.parse_uri(Path("/data/a.csv")) == keys.Uri("file", "", "/data/a.csv")


@pytest.mark.parametrize(
    ("value", "key"),
    [
        (np.int64(5), "5"),
        (np.float64(0.5), "0.5"),
        (pd.Timestamp("2024-01-02"), "2024-01-02"),
        (dt.datetime(2024, 1, 2), "2024-01-02"),  # noqa: DTZ001
        (2**52, "4503599627370496"),
    ],
)
def test_values_of_a_frame_fill_a_field(value, key):
    assert keys.fill("{a}", {"a": value}) == key


@pytest.mark.parametrize(
    "value", [None, pd.NaT, pd.NA, np.nan, True, [1], pd.Timestamp("2024-01-02 03:00"), 10**400]
)
def test_values_without_text_are_refused(value):
    for kind in ("str", "int", "float", "date"):
        with pytest.raises(errors.InvalidKeyError):
            keys.fill(f"{{a:{kind}}}", {"a": value})


def test_a_name_clash_names_both_keys():
    with pytest.raises(errors.NameClashError, match=r"keys 'a/d\.csv' and 'b/d\.rds'"):
        keys.name_keys(["a/d.csv", "b/d.rds"])
