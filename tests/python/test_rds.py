"""The RDS and RData codec: what goes in comes out, other programs agree, and damage is named."""

from __future__ import annotations

import datetime as dt
import decimal
import math
import random
import struct
import sys
import warnings
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given

sys.path.insert(0, str(Path(__file__).parent))
from frames_strategies import tables

from crossframe import _rserial, errors, frames
from crossframe.arrow_types import ROBJECT
from crossframe.attributes import character, named_list
from crossframe.codecs import rds
from crossframe.codecs.inspect_r import describe_object
from crossframe.losses import Losses
from crossframe.values import RList, RVector

FRAMES = Path(__file__).parents[1] / "conformance" / "frames"


def bits(column):
    if not pa.types.is_floating(column.type):
        return column.to_pylist()
    return ["NaN" if x != x else x if x is None else struct.pack(">d", x) for x in column.to_pylist()]  # noqa: PLR0124 - NaN


def check_same(table, other, *, metadata=True):
    assert table.schema.equals(other.schema, check_metadata=metadata), (table.schema, other.schema)
    assert table.num_rows == other.num_rows
    for one, two in zip(table.columns, other.columns, strict=True):
        assert bits(one) == bits(two)
        if pa.types.is_dictionary(one.type):
            one, two = one.unify_dictionaries(), two.unify_dictionaries()  # noqa: PLW2901 - to one dictionary
            if one.num_chunks and two.num_chunks:
                assert one.chunk(0).dictionary.equals(two.chunk(0).dictionary)


def through(table, version=3):
    losses = Losses()
    out = rds.decode_rds(rds.encode_rds(table, losses, version=version), losses)
    assert not losses.found
    return out


def r_frame(**columns):
    """Return the RDS of an R data frame of these R vectors."""
    rows = next(iter(columns.values())).length
    attributes = [
        ("names", character(columns)),
        ("class", character(["data.frame"])),
        ("row.names", _rserial.vector(pa.array([None, -rows], pa.int32()))),
    ]
    return _rserial.encode(_rserial.generic_list(list(columns.values()), attributes))


def r_vector(values, arrow_type, **attributes):
    own = [(name, character(texts)) for name, texts in attributes.items() if name != "classes"]
    own += [("class", character(attributes["classes"]))] if "classes" in attributes else []
    return _rserial.vector(pa.array(values, arrow_type, from_pandas=False), own)


# ---- both ways


@given(tables())
def test_any_table_comes_back(table):
    for version in rds.VERSIONS:
        check_same(through(table, version), table)
    losses = Losses()
    data = rds.encode_rdata({"d": table, "e": table}, losses)
    back = rds.decode_rdata(data, losses)
    assert list(back) == ["d", "e"]
    check_same(back["e"], table)
    assert not losses.found


DAY = dt.date(2024, 2, 29)
NOON = dt.datetime(2024, 2, 29, 12, 0, 0, 250, tzinfo=dt.UTC)
OTHER_TYPES = {
    "int8": pa.array([1, None, -128], pa.int8()),
    "int16": pa.array([1, None, -(2**15)], pa.int16()),
    "int32 with R's NA": pa.array([1, None, -(2**31)], pa.int32()),
    "uint8": pa.array([0, None, 255], pa.uint8()),
    "uint32": pa.array([0, None, 2**32 - 1], pa.uint32()),
    "uint64": pa.array([0, None, 2**63 - 1], pa.uint64()),
    "int64 that fits an integer": pa.array([1, None, 2], pa.int64()),
    "int64 that fits a double": pa.array([1, None, 2**53], pa.int64()),
    "int64 that fits neither": pa.array([1, None, 2**53 + 1], pa.int64()),
    "float16": pa.array([1.5, None, -0.0], pa.float16()),
    "float32": pa.array([1.5, None, 0.1], pa.float32()),
    "null": pa.nulls(3),
    "large_string": pa.array(["a", None, ""], pa.large_string()),
    "naive": pa.array([0, None, 10**9], pa.timestamp("ns")),
    "s": pa.array([0, None, -5], pa.timestamp("s", "UTC")),
    "ms": pa.array([1, None, 1_700_000_000_123], pa.timestamp("ms", "UTC")),
    "us": pa.array([1, None, 1_700_000_000_123_457], pa.timestamp("us", "UTC")),
    "far us": pa.array([253402300799_000_000, None, 1], pa.timestamp("us", "UTC")),
    "offset zone": pa.array([0, None, 1], pa.timestamp("s", "+02:00")),
    "duration ms": pa.array([1, None, -7], pa.duration("ms")),
    "duration us": pa.array([1, None, 10**15], pa.duration("us")),
    "date64": pa.array([dt.date(2020, 1, 1), None, dt.date(1960, 1, 1)], pa.date64()),
    "decimal": pa.array([decimal.Decimal("1.50"), None, decimal.Decimal("-2.25")], pa.decimal128(5, 2)),
    "lists of dates": pa.array([[DAY, None], None, []], pa.list_(pa.date32())),
    "lists of times": pa.array([[NOON, None], None, []], pa.list_(pa.timestamp("us", "Europe/Paris"))),
    "lists of durations": pa.array([[dt.timedelta(1)], None, [None]], pa.large_list(pa.duration("s"))),
    "lists of times of day": pa.array([[dt.time(1, 2)], None, []], pa.list_(pa.time64("us"))),
    "lists of lists": pa.array([[["a"], None, []], None, []], pa.list_(pa.list_(pa.string()))),
    "lists of lists of dates": pa.array([[[DAY], None], None, [[]]], pa.list_(pa.list_(pa.date32()))),
    "lists of dates, none there": pa.array([None, None, []], pa.list_(pa.date32())),
    "int8 codes": pa.DictionaryArray.from_arrays(pa.array([0, None, 1], pa.int8()), pa.array(["a", "b"])),
    "large levels": pa.DictionaryArray.from_arrays(
        pa.array([0, None, 1], pa.int32()), pa.array(["a", "b"], pa.large_string())
    ),
}


@pytest.mark.parametrize("values", OTHER_TYPES.values(), ids=OTHER_TYPES)
def test_types_that_r_has_no_twin_for_come_back(values):
    back = through(pa.table({"x": values}))
    assert back["x"].type == values.type
    assert back["x"].to_pylist() == values.to_pylist()


def test_lists_that_r_changed_stay_what_r_made_of_them():
    table = pa.table({"x": pa.array([[DAY], [DAY]], pa.list_(pa.date32()))})
    root = _rserial.decode(rds.encode_rds(table, Losses()))
    (column,) = (value for _, value in root.entries)
    cells = [value for _, value in column.entries]
    noon = _rserial.with_attributes(_rserial.vector(pa.array([0.5])), cells[0].attributes)
    named = _rserial.with_attributes(cells[0], [*cells[0].attributes, ("names", character(["n"]))])
    for changed in (character(["text"]), named_list({"a": cells[0]}), noon, named):
        other = _rserial.generic_list([_rserial.generic_list([cells[0], changed])], root.attributes)
        back = rds.decode_rds(_rserial.encode(other), Losses())
        assert back["x"].type == ROBJECT


def test_slices_and_chunks():
    dictionary = pa.chunked_array(
        [pa.array(["b", "a"]).dictionary_encode(), pa.array(["c", None]).dictionary_encode()]
    )
    table = pa.table(
        {"f": dictionary, "b": [True, None, False, True], "s": ["x", None, "z", ""], "i": [1, None, 3, 4]}
    )
    for offset in range(5):
        part = table.slice(offset, 3)
        back = through(part)
        assert back.to_pylist() == part.to_pylist()
    joined = pa.concat_tables([table, table.slice(1)])
    assert through(joined).to_pylist() == joined.to_pylist()


def test_a_dictionary_with_one_text_twice_is_a_sound_factor():
    values = pa.DictionaryArray.from_arrays(pa.array([0, 1, 2], pa.int32()), pa.array(["a", "b", "a"]))
    back = through(pa.table({"x": values}))
    assert back["x"].to_pylist() == ["a", "b", "a"]
    assert back["x"].chunk(0).dictionary.to_pylist() == ["a", "b"]


def test_a_dictionary_with_a_missing_level():
    values = pa.DictionaryArray.from_arrays(pa.array([0, 1, None], pa.int32()), pa.array(["a", None]))
    back = through(pa.table({"x": values}))
    assert back["x"].chunk(0).indices.to_pylist() == [0, 1, None]
    assert back["x"].chunk(0).dictionary.to_pylist() == ["a", None]
    other = pa.DictionaryArray.from_arrays(pa.array([1, 0], pa.int32()), pa.array([None, "b"]))
    back = through(pa.table({"x": pa.chunked_array([values, other])}))
    assert back["x"].chunk(0).indices.to_pylist() == [0, 1, None, 2, 1]
    assert back["x"].chunk(0).dictionary.to_pylist() == ["a", None, "b"]


def test_chunks_with_a_missing_level():
    one = pa.DictionaryArray.from_arrays(pa.array([0, 1, None], pa.int32()), pa.array(["a", None]))
    other = pa.DictionaryArray.from_arrays(pa.array([0, 1, 2], pa.int32()), pa.array([None, "b", "a"]))
    table = pa.table({"x": pa.chunked_array([one, other])})
    back = through(table)
    assert back["x"].chunk(0).indices.to_pylist() == [0, 1, None, 1, 2, 0]
    assert back["x"].chunk(0).dictionary.to_pylist() == ["a", None, "b"]
    frame = frames.from_table(table, Losses())
    assert list(frame["x"].cat.codes) == [0, -1, -1, -1, 1, 0]


def test_empty_buffers():
    for arrow_type in (pa.string(), pa.bool_(), pa.float64(), pa.int64(), pa.timestamp("ns", "UTC")):
        table = pa.table({"x": pa.chunked_array([], arrow_type)})
        assert through(table).equals(table)


def test_nothing_is_aliased():
    values = pa.array(["a", "b"])
    node = _rserial.vector(values)
    del values
    assert pa.array(node).to_pylist() == ["a", "b"]
    array = pa.array(_rserial.decode(_rserial.encode(node)))
    del node
    assert array.to_pylist() == ["a", "b"]


# ---- what can't be kept


def lossy(table):
    losses = Losses()
    rds.encode_rds(table, losses)
    (loss,) = losses.found
    assert loss.column == "x"
    return loss


def test_time_beyond_a_double_is_a_loss():
    ns = 1_700_000_000_123_456_789
    loss = lossy(pa.table({"x": pa.array([None, 0, ns, ns + 1], pa.timestamp("ns", "UTC"))}))
    assert loss.count == 2
    assert "2023-11-14" in loss.example
    # The inverse does not give it back, as the warning says.
    assert through_lossy(ns) != ns


def through_lossy(ns):
    data = rds.encode_rds(pa.table({"x": pa.array([ns], pa.timestamp("ns", "UTC"))}), Losses())
    return rds.decode_rds(data, Losses())["x"].chunk(0).view(pa.int64())[0].as_py()


def test_a_time_beyond_the_year_9999_is_a_loss():
    loss = lossy(pa.table({"x": pa.array([2**62 + 1], pa.timestamp("us", "UTC"))}))
    assert loss.example == f"{2**62 + 1} as timestamp[us, tz=UTC]"


def test_decimal_beyond_a_double_is_a_loss():
    table = pa.table(
        {"x": [decimal.Decimal("0.1234567890123456789"), decimal.Decimal("0.5000000000000000000")]}
    )
    assert lossy(table).count == 1


@pytest.mark.parametrize(
    "arrow_type",
    [
        pa.timestamp("us"),
        pa.timestamp("us", "Europe/Oslo"),
        pa.timestamp("us", "Mars/Olympus"),
        pa.timestamp("s"),
        pa.duration("s"),
    ],
    ids=str,
)
def test_time_beyond_python_is_a_loss_like_others(arrow_type):
    table = pa.table({"x": pa.array([2**63 - 1, 5], pa.int64()).view(arrow_type)})
    assert (lossy(table).count, lossy(table).example) == (1, f"{2**63 - 1} as {arrow_type}")


def test_fractional_date_is_a_loss():
    losses = Losses()
    table = rds.decode_rds(
        r_frame(x=r_vector([1.0, 1.5, -0.25, None], pa.float64(), classes=["Date"])), losses
    )
    # R shows 1.5 as 1970-01-02, the day it falls in.
    assert table["x"].to_pylist() == [dt.date(1970, 1, 2), dt.date(1970, 1, 2), dt.date(1969, 12, 31), None]
    (loss,) = losses.found
    assert (loss.column, loss.count, loss.example) == ("x", 2, "1.5")


@pytest.mark.parametrize("classes", [["Date"], ["POSIXct", "POSIXt"]])
@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, 1e300])
def test_no_time_is_a_loss(classes, value):
    losses = Losses()
    table = rds.decode_rds(r_frame(x=r_vector([0.0, value], pa.float64(), classes=classes)), losses)
    assert table["x"].null_count == 1
    assert losses.found[0].count == 1


@pytest.mark.parametrize(
    ("values", "match"),
    [
        (pa.array([1, 2**64 - 1], pa.uint64()), "must fit R's integer64"),
        (pa.array([1, -(2**63)], pa.int64()), "must fit R's integer64"),
        (pa.array([[{"a": 1}]]), "must have a type listed in types.csv, not list<item: struct<a: int64>>"),
        (pa.array([[b"x"]]), "not list<item: binary>"),
        (pa.array([b"x"]), "not binary"),
        (pa.array([[("a", 1)]], pa.map_(pa.string(), pa.int32())), "not Arrow's map<string, int32>"),
        (pa.array([1, 2]).dictionary_encode(), "not category of int64"),
    ],
)
def test_types_outside_the_table(values, match):
    with pytest.raises(errors.UnsupportedTypeError, match=f"Column 'x'.*{match}"):
        rds.encode_rds(pa.table({"x": values}), Losses())


def test_column_names_must_differ():
    table = pa.table([pa.array([1]), pa.array([2])], names=["x", "x"])
    with pytest.raises(errors.DuplicateColumnError, match="two are named 'x'"):
        rds.encode_rds(table, Losses())


def test_versions():
    with pytest.raises(errors.UsageError, match="version 4"):
        rds.encode_rds(pa.table({"x": [1]}), Losses(), version=4)


# ---- objects of an RData


def test_objects_by_name():
    one, two = pa.table({"x": pa.array([1], pa.int32())}), pa.table({"y": ["a"]})
    data = rds.encode_rdata({"one": one, "two": two}, Losses())
    check_same(rds.decode_rdata(data, Losses(), name="two")["two"], two)
    with pytest.raises(errors.UsageError, match=r"'three'[\s\S]*'one', 'two'"):
        rds.decode_rdata(data, Losses(), name="three")
    assert rds.decode_rdata(rds.encode_rdata({}, Losses()), Losses()) == {}


def test_an_object_that_is_no_frame():
    data = b"RDX3\n" + _rserial.encode(_rserial.pairlist([("n", character(["a"]))]))
    value = rds.decode_rdata(data, Losses())["n"]
    assert isinstance(value, RVector)
    assert value.table["value"].to_pylist() == ["a"]


def test_what_is_no_frame():
    value = rds.decode_rds(_rserial.encode(named_list({"a": character(["b"])})), Losses())
    assert isinstance(value, RList)
    assert value.names == ("a",)


# ---- damage


@pytest.mark.parametrize(
    ("dim", "arrow_type"),
    [
        ([2.0, 1.0], pa.float64()),
        ([float("nan"), 1.0], pa.float64()),
        (["2", "1"], pa.string()),
        ([True, True], pa.bool_()),
    ],
)
def test_a_dim_that_is_no_integer(dim, arrow_type):
    matrix = _rserial.vector(pa.array([1.0, 2.0]), [("dim", _rserial.vector(pa.array(dim, arrow_type)))])
    for data in (_rserial.encode(matrix), r_frame(x=matrix)):
        with pytest.raises(errors.DecodeError, match="Can't read matrix"):
            rds.decode_rds(data, Losses())
    assert describe_object("x", matrix).dim is None


@pytest.mark.parametrize("dim", [[2**31 - 1, 2**31 - 1, 0], [0, 2**31 - 1, 2], [0, 2**20, 2**20]])
def test_a_dim_beyond_counting(dim):
    large = _rserial.vector(pa.array([], pa.int32()), [("dim", _rserial.vector(pa.array(dim, pa.int32())))])
    with pytest.raises(errors.DecodeError, match="beyond what can be counted"):
        rds.decode_rds(_rserial.encode(large), Losses())


def test_rows_without_values_take_no_memory():
    rows = 2**31 - 1
    empty = _rserial.decode(rds.encode_rds(pa.table({"x": pa.nulls(rows)}).select([]), Losses()))
    dim = _rserial.vector(pa.array([rows, 0], pa.int32()))
    matrix = _rserial.vector(pa.array([], pa.float64()), [("dim", dim)])
    attributes = [
        ("names", character(["frame", "matrix"])),
        ("class", character(["data.frame"])),
        ("row.names", _rserial.vector(pa.array([None, -rows], pa.int32()))),
    ]
    data = _rserial.encode(_rserial.generic_list([empty, matrix], attributes))
    before = pa.total_allocated_bytes()
    table = rds.decode_rds(data, Losses())
    assert table.num_rows == rows
    assert pa.total_allocated_bytes() - before < 1 << 20


def test_every_truncation_is_refused():
    for file in ("everything.rds", "grouped_data.rds", "altrep_wrapped.rds", "labelled.ascii.rds"):
        data = (FRAMES / file).read_bytes()
        # The last line end of the ASCII form may be missing.
        for size in range(len(data) - file.endswith("ascii.rds")):
            # Half a number in ASCII may be the code of something else.
            error = errors.CodecError if "ascii" in file else errors.DecodeError
            with pytest.raises(error, match="offset"):
                rds.decode_rds(data[:size], Losses())


def test_damage_gives_a_frame_or_our_error():
    chance = random.Random(2)
    for file in (
        "everything.rds",
        "grouped_data.v2.rds",
        "altrep_deferred_string.rds",
        "altrep_wrapped.rds",
        "labelled.ascii.rds",
    ):
        data = (FRAMES / file).read_bytes()
        for _ in range(400):
            damaged = bytearray(data)
            for _ in range(chance.randint(1, 3)):
                damaged[chance.randrange(len(data))] = chance.randrange(256)
            try:
                value = rds.decode_rds(bytes(damaged), Losses())
            except errors.CrossframeError:
                continue
            if isinstance(value, pa.Table):
                value.validate(full=True)
            rds.encode_rds(value, Losses())


def test_the_trail_says_where():
    data = bytearray(
        rds.encode_rds(
            pa.table(
                {
                    "a": pa.array([1], pa.int32()),
                    "b": [
                        "x",
                    ][:1],
                }
            ),
            Losses(),
        )
    )
    at = bytes(data).index(b"\x00\x00\x00\x01x") + 3
    data[at] = 200
    with pytest.raises(
        errors.DecodeError, match=r"element 2, string 1: length 200 exceeds the \d+ bytes left \(offset \d+\)"
    ):
        rds.decode_rds(bytes(data), Losses())


# ---- other programs read what we write

SHARED = pa.table(
    {
        "l": pa.array([True, None, False]),
        "i": pa.array([1, None, -(2**31) + 1], pa.int32()),
        "x": pa.array([0.1, None, 1e300]),
        "s": pa.array(["a", "", "é"]),
        "f": pa.DictionaryArray.from_arrays(pa.array([1, 0, 1], pa.int32()), ["u", "v"]),
        "t": pa.array([0, 250_000_000, 10**18], pa.timestamp("ns", "UTC")),
    }
)


@pytest.mark.parametrize("version", rds.VERSIONS)
def test_pyreadr_reads_it(tmp_path, version):
    import pyreadr

    path = tmp_path / "x.rds"
    path.write_bytes(rds.encode_rds(SHARED, Losses(), version=version))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # its own, about pandas
        frame = pyreadr.read_r(str(path))[None]
    assert list(frame.columns) == SHARED.column_names
    # Its limits: logical with NA is an object column, an integer one a double, and times have no zone.
    for name in ("s", "f"):
        assert frame[name].tolist() == SHARED[name].to_pylist()
    for name in ("l", "i", "x"):
        assert [None if x != x or x is None else x for x in frame[name].tolist()] == SHARED[name].to_pylist()  # noqa: PLR0124 - NaN
    naive = SHARED["t"].cast(pa.timestamp("ns")).to_pandas()
    assert (frame["t"].dt.tz_localize(None).astype("datetime64[ns]").to_numpy() == naive.to_numpy()).all()


@pytest.mark.parametrize("version", rds.VERSIONS)
def test_rdata_reads_it(version):
    import pandas as pd
    import rdata

    table = SHARED.drop_columns(["t"])  # its limit: it knows no times
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        parsed = rdata.parser.parse_data(rds.encode_rds(table, Losses(), version=version), extension=".rds")
        frame = rdata.conversion.convert(parsed)
        objects = rdata.parser.parse_data(rds.encode_rdata({"d": table}, Losses(), version=version))
        assert list(rdata.conversion.convert(objects)) == ["d"]
    assert list(frame.columns) == table.column_names
    for name in table.column_names:
        values = [None if x is None or x is pd.NA or x != x else x for x in frame[name].tolist()]  # noqa: PLR0124 - NaN
        assert values == table[name].to_pylist()
