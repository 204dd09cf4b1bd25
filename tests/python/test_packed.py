"""Large data are decoded while they expand, and compressed while they are encoded.

The same frames, bytes and errors as in one go, and no thread left behind.
"""

from __future__ import annotations

import gzip
import os
import struct
import threading

import numpy as np
import pyarrow as pa
import pytest

import crossframe as cf
from crossframe import _rserial, errors
from crossframe.codecs import compression, rds
from crossframe.codecs.packed import InFile, Packed
from crossframe.losses import Losses

ROWS = 300_000


@pytest.fixture(scope="module")
def table() -> pa.Table:
    """Give a table whose RDS has strings, numbers and missing values on every edge between two pieces."""
    some = np.random.default_rng(1)
    texts = np.array(["", "a", "käse", "b" * 40, "ascii text"])[some.integers(0, 5, ROWS)]
    holes = some.random(ROWS) < 0.1
    return pa.table(
        {
            "text": pa.array(texts, mask=holes),
            "whole": pa.array(some.integers(-9, 9, ROWS), pa.int32(), mask=holes),
            "number": pa.array(some.normal(size=ROWS), mask=holes),
            "flag": pa.array(some.random(ROWS) < 0.5, mask=holes),
            "long": pa.array(["x" * 5_000_000] + ["y"] * (ROWS - 1)),
        }
    )


@pytest.fixture(scope="module")
def plain(table) -> bytes:
    return rds.encode_rds(table, Losses())


@pytest.fixture(scope="module")
def stored(plain) -> bytes:
    return gzip.compress(plain, 1)


def test_it_comes_in_pieces_and_is_the_same(table, stored):
    packed = Packed(stored, "gzip")
    pieces, size = packed.pieces()
    assert size == sum(map(len, pieces))
    assert rds.decode_rds(packed, Losses()).equals(table)


def test_an_rdata_too(table):
    data = rds.encode_rdata({"one": table, "two": table.slice(0, 3)}, Losses())
    found = rds.decode_rdata(Packed(gzip.compress(data, 1), "gzip"), Losses())
    assert list(found) == ["one", "two"]
    assert found["one"].equals(table)


@pytest.mark.parametrize("size", [1, 2, 3, 7, 100, 8191])
def test_pieces_of_any_size(size):
    table = pa.table({"a": ["x", "yy", None, "z" * 300], "b": [1.5, None, 2.5, 0.0], "c": [1, 2, None, 4]})
    data = rds.encode_rds(table, Losses())
    pieces = (data[at : at + size] for at in range(0, len(data), size))
    node = _rserial.decode_pieces(pieces, len(data))
    assert node is not None
    assert _rserial.encode(node) == data


@pytest.mark.parametrize("foretold", [-1, 1, 1000])
def test_a_wrong_size_is_no_result(plain, foretold):
    assert _rserial.decode_pieces(iter([plain[:1000]]), len(plain)) is None
    short = _rserial.decode_pieces(iter([plain]), len(plain) + foretold)
    assert (short is None) == (foretold < 0)


def _failing():
    yield b"X\n"
    raise RuntimeError("not ours")


def test_what_the_iterator_raises_comes_through():
    with pytest.raises(RuntimeError, match="not ours"):
        _rserial.decode_pieces(_failing(), 1000)
    with pytest.raises(TypeError):
        _rserial.decode_pieces(iter(["text"]), 1000)


def _resized(stored: bytes, plain: bytes, by: int) -> bytes:
    return stored[:-4] + struct.pack("<I", len(plain) + by)


def test_damage_is_told_as_without_pieces(stored, plain):
    flipped = bytearray(stored)
    flipped[len(stored) // 2] ^= 0x10
    bad_sum = bytearray(stored)
    bad_sum[-8] ^= 1
    cases = [stored[:-9], stored + b"more", bytes(flipped), bytes(bad_sum), stored[: len(stored) // 2]]
    cases += [_resized(stored, plain, by) for by in (-1, 1, 4096, -len(plain))]
    before = threading.active_count()
    for bad in cases:
        with pytest.raises(errors.DecodeError, match="Can't decompress the gzip data"):
            rds.decode_rds(Packed(bad, "gzip"), Losses())
    assert threading.active_count() == before


def test_a_damaged_value_is_told_with_its_offset(plain):
    bad = plain[:1_000_000] + b"\xff" * 64 + plain[1_000_064:]
    with pytest.raises(errors.DecodeError, match=r"Can't decode the RDS.*\n.*offset"):
        rds.decode_rds(Packed(gzip.compress(bad, 1), "gzip"), Losses())


def test_two_members_are_one(plain, table):
    half = len(plain) // 2
    stored = gzip.compress(plain[:half], 1) + gzip.compress(plain[half:], 1)
    assert rds.decode_rds(Packed(stored, "gzip"), Losses()).equals(table)


def test_the_limit_holds(stored, monkeypatch):
    monkeypatch.setenv("CROSSFRAME_MAX_BYTES", "3000000")
    with pytest.raises(errors.DecodeError, match="expand to more than 3000000"):
        rds.decode_rds(Packed(stored, "gzip"), Losses())


@pytest.mark.parametrize("name", ["gzip", "zlib", "bzip2"])
@pytest.mark.parametrize("rows", [0, 10, ROWS])
def test_compressed_while_encoded(table, name, rows):
    before = threading.active_count()
    source = rds.serialize_rds(table.slice(0, rows), Losses())
    stored = source.compressed(name)
    assert compression.decompress(stored, name) == source.whole()
    objects = rds.serialize_rdata({"x": table.slice(0, rows)}, Losses())
    assert compression.decompress(objects.compressed(name), name) == objects.whole()
    assert stored == source.compressed(name)
    assert threading.active_count() == before


@pytest.mark.parametrize("size", [1, 64, 65, 1000, 1 << 20])
def test_pieces_of_an_encoding(table, size):
    root = _rserial.decode(rds.encode_rds(table.slice(0, 2000), Losses()))
    pieces: list[bytes] = []
    _rserial.encode_pieces(root, 3, size, pieces.append)
    assert b"".join(pieces) == _rserial.encode(root)
    assert {len(piece) <= max(size, 64) for piece in pieces} == {True}


def test_an_error_of_who_takes_the_pieces_comes_through(table):
    root = _rserial.decode(rds.encode_rds(table.slice(0, 2000), Losses()))

    def take(_: bytes) -> None:
        raise RuntimeError("full")

    with pytest.raises(RuntimeError, match="full"):
        _rserial.encode_pieces(root, 3, 1000, take)


class TestFilesOfThisMachine:
    @pytest.fixture
    def path(self, tmp_path, plain):
        path = tmp_path / "a.rds"
        path.write_bytes(plain)
        return path

    @pytest.fixture
    def file(self, path):
        with path.open("rb", buffering=0) as file:
            yield file

    def test_they_are_decoded_while_they_are_read(self, file, table):
        def never() -> bytes:
            raise AssertionError("read as a whole")

        assert rds.decode_rds(Packed(InFile(file, never)), Losses()).equals(table)

    def test_those_of_gzip_too(self, path, file, stored, table):
        path.write_bytes(stored)

        def never() -> bytes:
            raise AssertionError("read as a whole")

        packed = Packed(InFile(file, never), "gzip")
        assert packed.head(2) == b"X\n"
        assert rds.decode_rds(packed, Losses()).equals(table)

    @pytest.mark.parametrize("then", [-1, 1])
    def test_gzip_that_changes_meanwhile_is_read_as_the_store_reads_it(self, path, file, stored, table, then):
        path.write_bytes(stored)
        packed = Packed(InFile(file, lambda: stored), "gzip")
        path.write_bytes(stored[:then] if then < 0 else stored + b"\n")
        assert rds.decode_rds(packed, Losses()).equals(table)

    def test_one_that_is_replaced_meanwhile_is_read_to_its_end(self, path, file, plain):
        path.write_bytes(compression.compress(plain[:1000], "xz"))

        def never() -> bytes:
            raise AssertionError("read by its name")

        packed = Packed(InFile(file, never), "xz")
        path.unlink()
        assert packed.whole() == plain[:1000]

    def test_an_rdata_too(self, path, file, table):
        path.write_bytes(rds.encode_rdata({"one": table, "two": table.slice(0, 3)}, Losses()))
        assert list(rds.open_rdata(Packed(InFile(file, path.read_bytes)))) == ["one", "two"]

    @pytest.mark.parametrize("then", [-1, 1])
    def test_one_that_changes_meanwhile_is_read_as_the_store_reads_it(self, path, file, plain, table, then):
        packed = Packed(InFile(file, lambda: plain))
        path.write_bytes(plain[:then] if then < 0 else plain + b"\n")
        assert rds.decode_rds(packed, Losses()).equals(table)

    def test_one_that_cannot_be_read_is_told_by_the_store(self, path, file, table, plain):
        packed = Packed(InFile(file, lambda: plain))
        folder = os.open(path.parent, os.O_RDONLY)
        os.dup2(folder, file.fileno())  # reading a folder is an OSError
        os.close(folder)
        assert packed.head(5) == plain[:5]
        assert rds.decode_rds(packed, Losses()).equals(table)

    def test_gzip_that_cannot_be_read_is_told_by_the_store(self, path, file, table, stored):
        path.write_bytes(stored)
        packed = Packed(InFile(file, lambda: stored), "gzip")
        folder = os.open(path.parent, os.O_RDONLY)
        os.dup2(folder, file.fileno())
        os.close(folder)
        assert rds.decode_rds(packed, Losses()).equals(table)

    def test_damage_is_told_with_its_offset(self, path, plain):
        path.write_bytes(plain[:1_000_000] + b"\xff" * 64 + plain[1_000_064:])
        with pytest.raises(errors.DecodeError, match=r"Can't decode the RDS.*\n.*offset"):
            cf.load(path)

    def test_load_reads_versions_and_parts_of_stores(self, tmp_path, table):
        cf.set_root(tmp_path)
        try:
            first = cf.save(table, "lab/a.rds", compression="none")
            cf.save(table.slice(0, 2), "lab/a.rds", compression="none")
            assert len(cf.load("lab/a.rds")) == 2
            assert cf.load("lab/a.rds", version=first.version, as_="arrow").num_rows == ROWS
        finally:
            cf.set_root(None)
