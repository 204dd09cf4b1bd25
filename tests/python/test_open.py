"""Objects as files: opened, and given to any reader or writer; nothing half written."""

from __future__ import annotations

import gc
import io
import zipfile
from pathlib import Path

import pandas as pd
import pytest

import crossframe as cf
from crossframe import errors

FRAME = pd.DataFrame({"x": [0.5, 1.5], "s": ["a", "é"]})


def keys():
    return list(cf.ls(recursive=True)["key"])


def test_text_there_and_back(place):
    with cf.open("deep/notes.txt", "w") as file:
        assert file.write("one\ntwö\n") == 8
    with cf.open("deep/notes.txt") as file:
        assert file.read() == "one\ntwö\n"
    with cf.open("deep/notes.txt", "rb") as file:
        assert file.read() == "one\ntwö\n".encode()
    with cf.open("latin.txt", "w", encoding="latin-1", newline="\r\n") as file:
        print("ö", file=file)
    with cf.open("latin.txt", "rb") as file:
        assert file.read() == b"\xf6\r\n"
    with cf.open("latin.txt", "r", encoding="latin-1", newline="") as file:
        assert file.read() == "ö\r\n"
    assert cf.ls("deep/")["key"].tolist() == ["deep/notes.txt"]


def test_what_pandas_users_type(place):
    with cf.open("d.csv", "w") as file:
        FRAME.to_csv(file, index=False)
    with cf.open("d.csv", "rb") as file:
        pd.testing.assert_frame_equal(pd.read_csv(file), FRAME)
    with cf.open("d.parquet", "wb") as file:
        FRAME.to_parquet(file)
    with cf.open("d.parquet", "rb") as file:
        pd.testing.assert_frame_equal(pd.read_parquet(file), FRAME)


def test_writers_may_go_back(place):
    with cf.open("a.zip", "wb") as file, zipfile.ZipFile(file, "w") as archive:
        archive.writestr("x.txt", "inside")
    with cf.open("a.zip", "rb") as file, zipfile.ZipFile(file) as archive:
        assert archive.read("x.txt") == b"inside"
    with cf.open("b.bin", "wb") as file:
        file.write(b"abcdef")
        assert (file.seek(2), file.truncate(), file.tell()) == (2, 2, 2)
        file.write(b"Z")
    with cf.open("b.bin", "rb") as file:
        assert file.read() == b"abZ"


def _write_half(file, mode, *, flush):
    file.write("half" if mode == "w" else b"half")
    if flush:
        file.flush()
    raise ZeroDivisionError


@pytest.mark.parametrize("mode", ["w", "wb"])
def test_nothing_is_written_where_the_block_raises(place, mode):
    cf.write_using(lambda text, path: Path(path).write_text(text), "old", "a.txt")
    for key, flush in (("a.txt", True), ("b.txt", True), ("a.txt", False), ("b.txt", False)):
        with pytest.raises(ZeroDivisionError), cf.open(key, mode) as file:
            _write_half(file, mode, flush=flush)
        assert file.closed
    with cf.open("a.txt") as file:
        assert file.read() == "old"
    assert keys() == ["a.txt"]


@pytest.mark.parametrize("mode", ["w", "wb"])
def test_only_closing_writes(place, mode):
    file = cf.open("a.txt", mode)
    file.write("x" if mode == "w" else b"x")
    file.flush()
    assert keys() == []
    file.close()
    file.close()
    assert keys() == ["a.txt"]
    assert file.closed
    with pytest.raises(ValueError, match="closed"):
        file.write("y" if mode == "w" else b"y")


@pytest.mark.parametrize("mode", ["w", "wb"])
def test_a_file_never_closed_writes_nothing(place, mode):
    file = cf.open("a.txt", mode)
    file.write("x" if mode == "w" else b"x")
    del file
    gc.collect()
    assert keys() == []


@pytest.mark.parametrize("mode", ["x", "xb"])
def test_only_where_nothing_is(place, mode):
    text = "x" if mode == "x" else b"x"
    with cf.open("a.txt", mode) as file:
        file.write(text)
    with pytest.raises(errors.ObjectExistsError), cf.open("a.txt", mode) as file:
        file.write(text * 2)
    with cf.open("a.txt") as file:
        assert file.read() == "x"


def test_about_what_is_written(place):
    with cf.open("a.csv", "w", metadata={"who": "lab"}) as file:
        file.write("x\n1\n")
    info = cf.info("a.csv")
    assert (info.media_type, dict(info.metadata)) == ("text/csv", {"who": "lab"})


def test_an_older_version(place):
    for text in ("one", "two"):
        with cf.open("a.txt", "w") as file:
            file.write(text)
    old = cf.versions("a.txt")["version"][1]
    with cf.open("a.txt", version=old) as file:
        assert file.read() == "one"
    assert cf.read_using(lambda path: Path(path).read_text(), "a.txt", version=old) == "one"
    with pytest.raises(errors.UsageError, match="for reading"):
        cf.open("a.txt", "w", version=old)


@pytest.mark.parametrize("mode", ["a", "r+", "w+b", "rw", "", "U"])
def test_other_modes(place, mode):
    with pytest.raises(errors.UsageError, match="must be one of r, rt, rb, w") as caught:
        cf.open("a.txt", mode)
    assert ("written whole" in str(caught.value)) == bool(set(mode) & {"a", "+"})


def test_no_such_encoding(place):
    with cf.open("a.txt", "w") as file:
        file.write("x")
    for call in (
        lambda: cf.open("a.txt", encoding="nope"),
        lambda: cf.open("a.txt", "w", encoding="nope"),
        lambda: cf.open("a.txt", newline="x"),
        lambda: cf.open("a.txt", "w", newline="x"),
    ):
        with pytest.raises(errors.UsageError, match="as text"):
            call()
    with cf.open("a.txt") as file:
        assert file.read() == "x"


def test_what_is_not_there(place):
    with cf.open("first.txt", "w") as file:
        file.write("x")
    for call in (cf.open, lambda key: cf.read_using(pd.read_csv, key)):
        with pytest.raises(errors.ObjectNotFoundError, match=r"Did you mean 'first\.txt'"):
            call("firts.txt")
    for key in ("a//b", "../a", "a/../../b"):
        with pytest.raises(errors.InvalidKeyError):
            cf.open(key, "w")
        with pytest.raises(errors.InvalidKeyError):
            cf.write_using(lambda _, path: Path(path).touch(), 1, key)


def test_any_reader_and_writer(place):
    stored = cf.write_using(pd.DataFrame.to_csv, FRAME, "d.csv.gz", index=False)
    assert (stored.key, stored.uri) == ("d.csv.gz", f"{place.root}/d.csv.gz")
    assert stored.bytes > 0
    # By the extension of the path that it is given.
    pd.testing.assert_frame_equal(cf.read_using(pd.read_csv, "d.csv.gz"), FRAME)
    assert cf.read_using(pd.read_csv, "d.csv.gz", usecols=["s"]).columns.tolist() == ["s"]
    cf.write_using(pd.DataFrame.to_pickle, FRAME, "p.pkl")
    pd.testing.assert_frame_equal(cf.read_using(pd.read_pickle, "p.pkl"), FRAME)


def test_the_path_is_gone_afterwards(place):
    paths = []
    cf.write_using(
        lambda text, path: (paths.append(Path(path)), Path(path).write_text(text)), "x", "a b.c.txt"
    )
    cf.read_using(lambda path: paths.append(Path(path)), "a b.c.txt")
    assert [path.suffixes for path in paths] == [[".c", ".txt"]] * 2
    assert not any(path.parent.exists() for path in paths)


@pytest.mark.parametrize("key", ["plain", "a.b;c", "x." + "y" * 200, "v1.2.3.4.5.csv"])
def test_odd_extensions_name_no_file(place, key):
    cf.write_using(lambda text, path: Path(path).write_text(text), "x", key)
    assert cf.read_using(lambda path: Path(path).read_text(), key) == "x"


def test_a_writer_that_fails(place):
    def half(_, path):
        Path(path).write_text("half")
        raise ZeroDivisionError

    cf.write_using(lambda text, path: Path(path).write_text(text), "whole", "a.txt")
    with pytest.raises(ZeroDivisionError):
        cf.write_using(half, None, "a.txt")
    with pytest.raises(errors.UsageError, match="wrote no file"):
        cf.write_using(lambda *_: None, None, "a.txt")
    with pytest.raises(errors.ObjectExistsError):
        cf.write_using(lambda text, path: Path(path).write_text(text), "x", "a.txt", overwrite=False)
    assert cf.read_using(lambda path: Path(path).read_text(), "a.txt") == "whole"


def test_it_is_a_file_to_the_library(place):
    with cf.open("a.txt", "wb") as file:
        assert isinstance(file, io.BufferedIOBase)
        assert (file.writable(), file.readable(), file.seekable()) == (True, False, True)
        io.TextIOWrapper(file, write_through=True).write("by a wrapper")
    with cf.open("a.txt", "rb") as file:
        assert file.read() == b"by a wrapper"
