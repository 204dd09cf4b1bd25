"""R attributes beside a table: the text R's arrow package writes, what users see of it, and damage."""

from __future__ import annotations

import copy
import json
import pickle
import subprocess

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossframe import _rserial, errors
from crossframe.attributes import (
    R_KEY,
    RMetadata,
    RValue,
    character,
    from_python,
    named_entries,
    named_list,
    to_array,
    to_python,
    with_metadata,
)

PLAIN = (
    st.booleans()
    | st.integers(-(2**31) + 1, 2**31 - 1)
    | st.floats(allow_nan=False)
    | st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])).filter(
        lambda text: not text.startswith("A\n")
    )
)


def same(one, two):
    return _rserial.encode(one) == _rserial.encode(two)


@given(PLAIN | st.none())
def test_plain_values_come_back(value):
    back = to_python(from_python(value, "a"))
    assert back == value
    assert type(back) is type(value)


@given(
    st.one_of(*(st.lists(kind, min_size=2) for kind in (st.booleans(), st.integers(0, 9), st.text("ab\n"))))
)
def test_lists_come_back(values):
    assert to_python(from_python(values, "a")) == values


def rich_values():
    yield named_list({"a": character(["b"]), "c": _rserial.null()})
    yield named_list({})
    yield character([])
    yield character([None])
    yield character(["a", None])
    yield _rserial.vector(pa.array([1.5, None]))
    yield _rserial.vector(pa.array([1], pa.uint8()))
    yield _rserial.vector(pa.array([1.0, 2.0]), [("names", character(["x", "y"]))])
    yield _rserial.pairlist([("a", character(["b"]))])


def test_rich_values_are_carried_whole():
    for node in rich_values():
        value = to_python(node)
        assert type(value) is RValue
        assert same(from_python(value, "a"), node)


def test_rvalue_survives_what_users_do_with_attrs():
    value = to_python(named_list({"a": character(["b", "c"])}))
    for again in (copy.deepcopy(value), copy.copy(value), pickle.loads(pickle.dumps(value))):
        assert again == value
        assert type(again) is RValue
    assert json.loads(json.dumps(value)) == value
    assert same(from_python(json.loads(json.dumps(value)), "a"), from_python(value, "a"))
    assert repr(value) == "<RValue: list, length 1>"
    labelled = _rserial.vector(pa.array([1.0, 2.0]), [("class", character(["haven_labelled", "double"]))])
    assert repr(to_python(labelled)) == "<RValue: haven_labelled/double, length 2>"


@pytest.mark.parametrize("value", [object(), {"a": 1}, [1, "a"], [], [None], 2**31, [1, 2**40], b"x", 1j])
def test_values_that_are_no_attribute(value):
    with pytest.raises(errors.UnsupportedTypeError, match="attribute 'a'"):
        from_python(value, "a")


def test_text_that_claims_to_be_an_rvalue():
    with pytest.raises(errors.DecodeError, match="attribute 'a'"):
        from_python("A\nnot really", "a")
    with pytest.raises(errors.DecodeError, match="attribute 'a'"):
        from_python("A\n3\n\u20ac", "a")


# ---- the text of the schema key


@pytest.fixture
def meta():
    columns = {"x": RMetadata({"label": character(["é\n"])}), "y": RMetadata()}
    return RMetadata({"class": character(["tbl_df", "data.frame"])}, columns)


def test_the_text_comes_back(meta):
    text = meta.to_text(["x", "y"])
    assert text.startswith(b"A\n3\n")
    back = RMetadata.from_text(text)
    assert same(back.attributes["class"], meta.attributes["class"])
    assert same(back.columns["x"].attributes["label"], meta.columns["x"].attributes["label"])
    assert back.columns.keys() == {"x"}
    assert RMetadata({}, {"x": RMetadata()}).to_text(["x"]) is None
    assert not RMetadata({}, {"x": RMetadata()})


def test_a_long_text_is_packed():
    long = RMetadata({"note": character(["lorem ipsum " * 20_000])})
    text = long.to_text([])
    assert len(text) < 100_000
    assert same(RMetadata.from_text(text).attributes["note"], long.attributes["note"])


def test_the_metadata_of_a_table(meta):
    table = pa.table({"x": [1], "y": [2]}, metadata={"other": "kept", "r": "old"})
    with_r = meta.apply(table)
    assert with_r.schema.metadata[b"other"] == b"kept"
    assert same(RMetadata.of(with_r.schema).attributes["class"], meta.attributes["class"])
    assert R_KEY not in RMetadata().apply(with_r).schema.metadata
    assert RMetadata.of(pa.schema([])) == RMetadata()


def test_rows_of_a_table_without_columns_are_kept(meta):
    table = pa.table({"x": pa.nulls(3)}).select([])
    assert with_metadata(table, {b"a": b"b"}).num_rows == 3
    assert meta.apply(table).num_rows == 3


def test_r_reads_the_text(meta, tmp_path):
    (tmp_path / "r").write_bytes(meta.to_text(["x", "y"]))
    script = """
      path <- commandArgs(TRUE)
      x <- unserialize(readBin(path, "raw", file.size(path)))
      stopifnot(identical(x, list(
        attributes = list(class = c("tbl_df", "data.frame")),
        columns = list(x = list(attributes = list(label = "\\u00e9\\n"), columns = NULL), y = NULL))))
    """
    subprocess.run(["Rscript", "--vanilla", "-e", script, str(tmp_path / "r")], check=True)


def test_what_r_writes_is_read(tmp_path):
    script = """
      x <- list(attributes = list(label = "frame"), columns = list(
        a = list(attributes = list(levels = 1:3, unit = "mm"), columns = NULL), b = NULL))
      writeBin(serialize(x, NULL, ascii = TRUE), commandArgs(TRUE)[1])
      x$attributes$label <- strrep("long ", 1e5)
      packed <- serialize(memCompress(serialize(x, NULL, ascii = TRUE), "gzip"), NULL, ascii = TRUE)
      writeBin(packed, commandArgs(TRUE)[2])
    """
    paths = [tmp_path / "plain", tmp_path / "packed"]
    subprocess.run(["Rscript", "--vanilla", "-e", script, *map(str, paths)], check=True)
    for path in paths:
        back = RMetadata.from_text(path.read_bytes())
        assert to_python(back.columns["a"].attributes["levels"]) == [1, 2, 3]
        assert to_python(back.columns["a"].attributes["unit"]) == "mm"
    assert to_python(back.attributes["label"]) == "long " * 100_000


@pytest.mark.parametrize("text", [b"", b"A", b"A\n", b"nonsense", b"A\n3\n1\n1\n5\nUTF-8\n19\n9"])
def test_damaged_text(text):
    with pytest.raises(errors.DecodeError, match="the frame's R attributes"):
        RMetadata.from_text(text)


def test_code_in_the_text():
    call = b"A\n3\n262658\n197888\n5\nUTF-8\n6\n1\n262153\n1\nq\n254\n"
    with pytest.raises(errors.UnsafeDataError, match="the frame's R attributes"):
        RMetadata.from_text(call)


@pytest.mark.parametrize("packed", [b"\x78\x9cbroken", b""])
def test_damaged_packing(packed):
    text = _rserial.encode(_rserial.vector(pa.array(list(packed), pa.uint8())), ascii=True)
    with pytest.raises(errors.DecodeError, match="the frame's R attributes"):
        RMetadata.from_text(text)


def test_text_that_is_no_such_list():
    for node in (character(["a"]), _rserial.null(), named_list({"columns": character(["x"])})):
        assert not RMetadata.from_text(_rserial.encode(node, ascii=True))


def test_entries_by_name():
    unnamed = _rserial.generic_list([character(["a"])])
    assert named_entries(unnamed) == []
    assert named_entries(None) == []
    with pytest.raises(errors.DecodeError, match="an R value of type list"):
        to_array(unnamed)
