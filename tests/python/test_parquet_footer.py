"""Missing values counted by a Parquet footer, from bytes that may be anything."""

from __future__ import annotations

import io
import random

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from crossframe import errors
from crossframe.codecs import parquet
from crossframe.codecs.parquet_footer import count_missing

TABLE = pa.table(
    {
        "i": pa.array([1, None, 3], pa.int32()),
        "s": ["a", None, None],
        "b": [True, False, None],
        "t": pa.array([None, None, None], pa.timestamp("ns", "UTC")),
        "f": pa.array(["u", None, "v"]).dictionary_encode(),
        "l": [[1], None, [2]],
        "st": [{"a": 1}, None, {"a": 2}],
        "\u00fc.x": [1.5, 2.5, 3.5],
    }
)
COUNTS = {"i": 1, "s": 2, "b": 1, "t": 3, "f": 1, "\u00fc.x": 0}


def written(**how):
    sink = pa.BufferOutputStream()
    pq.write_table(TABLE, sink, **how)
    return bytes(sink.getvalue())


def footer(data):
    size = int.from_bytes(data[-8:-4], "little")
    return memoryview(data)[len(data) - 8 - size : len(data) - 8]


@pytest.mark.parametrize(
    "how",
    [{}, {"row_group_size": 1}, {"compression": "zstd", "version": "1.0"}, {"data_page_version": "2.0"}],
)
def test_it_is_what_pyarrow_counts(how):
    assert parquet.inspect(io.BytesIO(written(**how))).missing == COUNTS


def test_what_is_not_counted_in_every_row_group_is_not_told():
    assert parquet.inspect(io.BytesIO(written(write_statistics=["s", "i"]))).missing == {"s": 2, "i": 1}


def test_a_large_footer_is_not_read():
    assert count_missing(memoryview(bytes(5 << 20))) == {}


def test_no_damage_ends_the_process_or_raises():
    data = written()
    whole = bytes(footer(data))
    for end in range(len(whole)):
        count_missing(memoryview(whole[:end]))
    chance = random.Random(1)
    for at in range(len(whole)):
        damaged = bytearray(whole)
        damaged[at] = chance.randrange(256)
        count_missing(memoryview(bytes(damaged)))


def test_a_column_whose_type_contradicts_the_schema_ends_no_process():
    data = written()
    start = len(data) - 8 - len(footer(data))
    chance = random.Random(2)
    told = 0
    for at in range(start, len(data) - 8):
        damaged = bytearray(data)
        damaged[at] ^= 1 << chance.randrange(8)
        try:
            parquet.inspect(io.BytesIO(damaged))
        except errors.CrossframeError:
            told += 1
    assert told


@pytest.mark.parametrize(
    "hostile",
    [
        bytes([0x49, 0xFC] + [0xFF] * 9 + [0x01]),  # 2^63 row groups
        bytes([0x19] * 5000),  # lists in lists
        bytes([0x1C] * 5000),  # structs in structs
        bytes([0x18] + [0xFF] * 9 + [0x01]),  # a text longer than all there is
        bytes([0x16] + [0xFF] * 20),  # a number without end
        b"",
    ],
)
def test_lengths_are_compared_with_what_is_left(hostile):
    assert count_missing(memoryview(hostile)) == {}
