"""Sizes at the edges: many columns, long text, vectors beyond 2^31; others run meanwhile."""

from __future__ import annotations

import subprocess
import sys
import threading
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pytest

import crossframe as cf
from crossframe import _rserial
from crossframe.codecs import rds
from crossframe.codecs.to_r import _one_array
from crossframe.losses import Losses

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

COLUMNS = 5_000
TEXTS, TEXT_SIZE = 100_000, 1_000
LONG = 2**31 + 11
HEADER = b"X\n" + bytes.fromhex("00000003 00040202 00030500 00000005") + b"UTF-8"
SOME = ["a", None, "käse", "b" * 40, ""]
TWO_WORDS = bytes.fromhex("ffffffff")  # a length of -1: the next two words are it


def run_r(script: str, *arguments: str) -> str:
    command = ["Rscript", "--vanilla", "-e", script, *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


@pytest.mark.parametrize("extension", ["rds", "RData", "parquet", "csv"])
def test_five_thousand_columns(tmp_path, extension):
    table = pa.table({f"c{i}": [[i, None], [i / 3, None], [f"{i}", None]][i % 3] for i in range(COLUMNS)})
    cf.save(table, tmp_path / f"wide.{extension}")
    frame = cf.load(tmp_path / f"wide.{extension}", as_="arrow", strict=True)
    assert frame.column_names == table.column_names
    assert frame.to_pylist() == table.to_pylist()


def test_a_hundred_megabytes_of_text_in_one_column_in_both_languages(tmp_path):
    there, back = tmp_path / "r.rds", tmp_path / "python.rds"
    written = f"""
      x <- data.frame(text = paste0(strrep("x", {TEXT_SIZE - 6}), sprintf("%06d", seq_len({TEXTS}))))
      x$text[{TEXTS}] <- NA
      saveRDS(x, commandArgs(TRUE), compress = FALSE)
    """
    run_r(written, str(there))
    table = cf.load(there, as_="arrow")
    text = table["text"]
    assert text.type == pa.string()
    assert text.null_count == 1
    assert text.nbytes > (TEXTS - 1) * TEXT_SIZE
    assert text[TEXTS - 2].as_py() == "x" * (TEXT_SIZE - 6) + f"{TEXTS - 1:06}"
    cf.save(table, back)
    script = "p <- commandArgs(TRUE); cat(identical(readRDS(p[1]), readRDS(p[2])))"
    assert run_r(script, str(there), str(back)) == "TRUE"


class TestLongVectors:
    """A length of 2^31 or more takes two words (R Internals, section 1.8)."""

    def test_two_words_may_say_little(self, tmp_path):
        data = (
            HEADER
            + bytes.fromhex("0000000d")
            + TWO_WORDS
            + bytes.fromhex("00000000 00000002 00000007 80000000")
        )
        assert pa.array(_rserial.decode(data)).to_pylist() == [7, None]
        assert _rserial.scan(data)["status"] == "safe"
        (tmp_path / "long.rds").write_bytes(data)
        assert run_r("dput(readRDS(commandArgs(TRUE)))", str(tmp_path / "long.rds")) == "c(7L, NA)\n"

    @pytest.mark.parametrize(
        "words", ["00000000 80000000", "00000001 00000000", "7fffffff ffffffff", "ffffffff 00000000"]
    )
    def test_more_than_there_is_is_refused(self, words):
        data = HEADER + bytes.fromhex("00000018") + TWO_WORDS + bytes.fromhex(words) + bytes(100)
        with pytest.raises(_rserial.DecodeError, match="length"):
            _rserial.decode(data)
        assert _rserial.scan(data)["status"] == "damaged"

    def test_one_is_read(self):
        """Logicals, since they come as bits: 8 GiB that pass by become 256 MiB."""
        step = bytes(1 << 23)
        head = HEADER + bytes.fromhex("0000000a") + TWO_WORDS + LONG.to_bytes(8, "big")
        ones = (b"\0\0\0\1" * 11,)
        size = len(head) + 4 * LONG

        def pieces() -> Iterator[bytes]:
            yield head
            for _ in range(4 * 2**31 // len(step)):
                yield step
            yield from ones

        node = _rserial.decode_pieces(pieces(), size)
        assert node.length == LONG
        values = pa.array(node)
        assert values.slice(2**31 - 2).to_pylist() == [False] * 2 + [True] * 11

    def test_one_is_written(self):
        """Raw, from zeros that take no memory before they are written to."""
        node = _rserial.vector(pa.array(np.zeros(LONG, np.uint8)))
        first, size = b"", 0

        def take(piece: bytes) -> None:
            nonlocal first, size
            first = first or piece
            size += len(piece)

        _rserial.encode_pieces(node, 3, 1 << 20, take)
        assert first.startswith(HEADER + bytes.fromhex("00000018") + TWO_WORDS + LONG.to_bytes(8, "big"))
        assert size == len(HEADER) + 4 + 12 + LONG


class TestTextBeyondArrowsSmallOffsets:
    """Columns whose text may be longer than 2^31 bytes are large strings; here the limit is moved."""

    @pytest.fixture
    def data(self) -> bytes:
        return _rserial.encode(_rserial.vector(pa.array(SOME)))

    def test_the_limit_decides(self, data):
        usual, large = _rserial.decode(data), _rserial.decode(data, narrow_text=10)
        assert pa.array(usual).type == pa.string()
        assert pa.array(_rserial.decode(data, narrow_text=46)).type == pa.string()
        assert pa.array(_rserial.decode(data, narrow_text=45)).type == pa.large_string()
        assert pa.array(large).type == pa.large_string()
        assert pa.array(large).to_pylist() == SOME
        assert _rserial.encode(large) == data

    def test_undecodable_text_too(self):
        texts = [b"\xff\xfe", b"ok"]
        data = _rserial.encode(_rserial.vector(pa.array(texts)))
        large = _rserial.decode(data, narrow_text=1)
        assert pa.array(large).type == pa.large_binary()
        assert pa.array(large).to_pylist() == texts
        assert _rserial.encode(large) == data

    @pytest.mark.parametrize("version", [2, 3])
    def test_a_frame_of_them_goes_all_the_way(self, version, monkeypatch):
        table = pa.table({"text": SOME, "letter": pa.array(SOME).dictionary_encode()})
        lists = table.append_column("list", pa.array([["x", None], None, [], ["yy"], [""]]))
        data = rds.encode_rds(lists, Losses(), version=version)
        monkeypatch.setattr("crossframe.attributes._rserial.decode", _decode_narrow)
        monkeypatch.setattr("crossframe.codecs.to_r.INT32_MAX", 30)
        found = rds.decode_rds(data, Losses())
        assert found.schema.field("text").type == pa.large_string()
        assert found.to_pylist() == lists.to_pylist()
        assert rds.encode_rds(found, Losses(), version=version) == data

    def test_chunks_may_be_longer_together(self, monkeypatch):
        monkeypatch.setattr("crossframe.codecs.to_r.INT32_MAX", 30)
        chunks = pa.chunked_array([SOME, SOME], pa.string())
        assert _one_array(chunks).type == pa.large_string()
        assert _one_array(chunks).to_pylist() == SOME + SOME
        table = pa.table({"text": chunks})
        assert rds.decode_rds(rds.encode_rds(table, Losses()), Losses()).to_pylist() == table.to_pylist()


_decode = _rserial.decode


def _decode_narrow(data: bytes) -> _rserial.Node:
    return _decode(data, narrow_text=30)


class TestOthersRunMeanwhile:
    """Decoding and encoding let go of the interpreter's lock."""

    TIMES = 30

    def check(self, work: Callable[[], object]) -> None:
        begun, done = threading.Event(), []

        def worker() -> None:
            begun.set()
            for _ in range(self.TIMES):
                work()
                done.append(None)

        before = sys.getswitchinterval()
        # Why: now nobody is made to give the lock up, so that this thread goes on only where it is given up.
        sys.setswitchinterval(1000)
        try:
            thread = threading.Thread(target=worker)
            thread.start()
            begun.wait()
            seen = len(done)
        finally:
            sys.setswitchinterval(before)
        thread.join()
        assert seen < self.TIMES

    def test_while_decoding(self):
        data = _rserial.encode(_rserial.vector(pa.array(np.zeros(2_000_000))))
        self.check(lambda: _rserial.decode(data))

    def test_while_encoding(self):
        node = _rserial.vector(pa.array(np.zeros(2_000_000)))
        self.check(lambda: _rserial.encode(node))
