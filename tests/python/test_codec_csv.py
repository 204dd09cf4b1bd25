"""CSV with its sidecar: what is written comes back equal, bit for bit."""

from __future__ import annotations

import contextlib
import hashlib
import json
import math
from decimal import Context, Decimal

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crossframe import arrow_types, attributes, errors
from crossframe.arrow_types import COMPLEX, ROBJECT
from crossframe.codecs import csv, csv_schema

INT64 = st.integers(-(2**63), 2**63 - 1)
TEXT = st.text(
    st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=8
) | st.sampled_from(
    ["", "NA", "nan", "1", "true", ",", '"', '""', "\n", "\r\n", "\r", " ", "\ufeff", "2020-01-01"]
)
CELLS = st.binary(max_size=6)
TYPES = {
    pa.null(): st.none(),
    pa.bool_(): st.booleans(),
    pa.int8(): st.integers(-128, 127),
    pa.int32(): st.integers(-(2**31), 2**31 - 1),
    pa.int64(): INT64,
    pa.uint8(): st.integers(0, 255),
    pa.uint64(): st.integers(0, 2**64 - 1),
    pa.float16(): st.floats(width=16),
    pa.float32(): st.floats(width=32),
    pa.float64(): st.floats(),
    pa.string(): TEXT,
    pa.large_string(): TEXT,
    **{
        kind(7, 2): st.integers(-(10**7) + 1, 10**7 - 1)
        for kind in (pa.decimal32, pa.decimal64, pa.decimal128, pa.decimal256)
    },
    pa.decimal128(38, -3): st.integers(-(10**30), 10**30),
    pa.binary(): CELLS,
    pa.large_binary(): CELLS,
    COMPLEX: st.tuples(st.none() | st.floats(), st.none() | st.floats()),
    ROBJECT: CELLS,
    pa.date32(): st.integers(-(2**31), 2**31 - 1),
    pa.date64(): st.integers(-(2**31), 2**31 - 1).map(lambda day: day * 86_400_000),
    **{pa.time32(unit): st.integers(0, 86400 * per - 1) for unit, per in (("s", 1), ("ms", 10**3))},
    **{pa.time64(unit): st.integers(0, 86400 * per - 1) for unit, per in (("us", 10**6), ("ns", 10**9))},
    **{pa.timestamp(unit): INT64 for unit in ("s", "ms", "us", "ns")},
    **{pa.timestamp(unit, "America/New_York"): INT64 for unit in ("s", "ms", "us", "ns")},
    **{pa.duration(unit): INT64 for unit in ("s", "ms", "us", "ns")},
}
UNITS = st.sampled_from([None, "secs", "mins", "hours", "days", "weeks"])
NAMES = st.lists(TEXT, min_size=1, max_size=4, unique=True)


LEVELS = (pa.string(), pa.large_string(), pa.int64(), pa.float64(), pa.bool_(), pa.date32(), pa.binary())


def array(values, type_):
    if pa.types.is_temporal(type_):
        width = pa.int32() if type_.bit_width == 32 else pa.int64()
        return pa.array(values, width).view(type_)
    if pa.types.is_decimal(type_):
        scaled = [None if v is None else Decimal(v).scaleb(-type_.scale, Context(prec=99)) for v in values]
        return pa.array(scaled, type_)
    if type_ == pa.float16():
        return pa.array([None if v is None else np.float16(v) for v in values], type_)
    if isinstance(type_, pa.ExtensionType):
        return pa.ExtensionArray.from_storage(type_, pa.array(values, type_.storage_type))
    return pa.array(values, type_)


def some(draw, values, count):
    return draw(st.lists(values, min_size=count, max_size=count))


@st.composite
def columns(draw, name, rows, depth=0):
    kinds = ["plain", "plain", "levels", "list", "large", "fixed", "struct"]
    kind = draw(st.sampled_from(kinds if depth < 3 else kinds[:3]))
    if kind == "levels":
        type_ = draw(st.sampled_from(LEVELS))
        found = draw(st.lists(st.none() | TYPES[type_], unique_by=repr, max_size=5))
        levels = array([value for value in found if repr(value) != "nan"], type_)
        indices = array(
            some(draw, st.sampled_from([None, *range(len(levels))]), rows),
            draw(st.sampled_from([pa.int8(), pa.int32()])),
        )
        column = pa.DictionaryArray.from_arrays(indices, levels, ordered=draw(st.booleans()))
        return pa.field(name, column.type), column
    missing = some(draw, st.booleans(), rows)
    if kind == "struct":
        names = draw(st.lists(TEXT, max_size=3, unique=True))
        drawn = [draw(columns(part, rows, depth + 1)) for part in names]
        type_ = pa.struct([f for f, _ in drawn])
        if not drawn:
            return pa.field(name, type_), pa.array([None if gone else {} for gone in missing], type_)
        return pa.field(name, type_), pa.StructArray.from_arrays(
            [c for _, c in drawn], fields=list(type_), mask=pa.array(missing, pa.bool_())
        )
    if kind == "fixed":
        size = draw(st.integers(1, 3))
        item, values = draw(columns("item", rows * size, depth + 1))
        type_ = pa.list_(item, size)
        return pa.field(name, type_), pa.FixedSizeListArray.from_arrays(
            values, type=type_, mask=pa.array(missing, pa.bool_())
        )
    if kind in ("list", "large"):
        lengths = [0 if gone else draw(st.integers(0, 3)) for gone in missing]
        item, values = draw(columns("item", sum(lengths), depth + 1))
        type_ = pa.large_list(item) if kind == "large" else pa.list_(item)
        offsets = pa.array([0, *np.cumsum(lengths, dtype=int).tolist()], pa.int64())
        make = pa.LargeListArray if kind == "large" else pa.ListArray
        offsets = offsets if kind == "large" else offsets.cast(pa.int32())
        return pa.field(name, type_), make.from_arrays(
            offsets, values, type=type_, mask=pa.array(missing, pa.bool_())
        )
    type_ = draw(st.sampled_from(list(TYPES)))
    values = some(draw, st.none() | TYPES[type_], rows)
    units = draw(UNITS) if pa.types.is_duration(type_) else None
    metadata = {"crossframe.units": units} if units else None
    return pa.field(name, type_, metadata=metadata), array(values, type_)


@st.composite
def tables(draw):
    rows = draw(st.integers(0, 6))
    drawn = [draw(columns(name, rows)) for name in draw(NAMES)]
    metadata = draw(st.sampled_from([None, {"r": "A\n3\n"}, {"r": "é", "note": "{}"}]))
    return pa.Table.from_arrays(
        [c for _, c in drawn], schema=pa.schema([f for f, _ in drawn], metadata=metadata)
    )


def plain(column):
    """Return a column as lists of numbers: doubles as their bits, NaN as one, so that -0 is not 0."""
    type_ = column.type
    if isinstance(type_, pa.ExtensionType):
        return plain(column.storage)
    if pa.types.is_dictionary(type_):
        return [plain(column.dictionary), column.indices.to_pylist()]
    if pa.types.is_struct(type_):
        return [column.is_null().to_pylist(), *map(plain, column.flatten())]
    if pa.types.is_nested(type_):
        return [plain(cell.values) if cell.is_valid else None for cell in column]
    if pa.types.is_floating(type_):
        values = [None if v is None else float(v) for v in column.to_pylist()]
        return ["nan" if v is not None and math.isnan(v) else repr(v) for v in values]
    if pa.types.is_temporal(type_):
        column = column.view(pa.int32() if type_.bit_width == 32 else pa.int64())
    return column.to_pylist()


def one(column):
    return column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()


def assert_same(got, want):
    assert got.schema.equals(want.schema, check_metadata=True)
    for ours, theirs in zip(got.columns, want.columns, strict=True):
        ours.validate(full=True)
        assert plain(one(ours)) == plain(one(theirs))


def round_trip(table):
    encoded = csv.encode(table)
    back = csv.decode(encoded.data, encoded.schema)
    assert_same(back, table)
    return encoded


def text(table):
    return csv.encode(table).data.decode()


@settings(deadline=None)
@given(tables())
def test_any_table_comes_back(table):
    round_trip(table)


@settings(deadline=None)
@given(tables(), st.data())
def test_chosen_columns(table, data):
    names = data.draw(st.permutations(table.column_names))[: data.draw(st.integers(0, 3))]
    encoded = csv.encode(table)
    got = csv.decode(encoded.data, encoded.schema, columns=names)
    assert got.num_rows == table.num_rows
    assert_same(got, table.select(names))


@given(st.lists(st.floats(), min_size=1))
def test_doubles_read_back_bit_for_bit_without_a_sidecar(values):
    data = csv.encode(pa.table({"x": pa.array([0.5, *values])}), schema=False).data
    assert_same(csv.decode(data), pa.table({"x": pa.array([0.5, *values])}))


def test_text_of_every_type():
    table = pa.table(
        {
            "l": [True, None],
            "i": pa.array([1, None], pa.int32()),
            "x": [0.1, math.nan],
            "s": ['a "b"', ""],
            "f": pa.DictionaryArray.from_arrays(pa.array([1, None], pa.int32()), ["u", "v"]),
            "d": pa.array([0, None], pa.int32()).cast(pa.date32()),
            "t": pa.array([10**9, None], pa.int64()).cast(pa.timestamp("ns", "Europe/Paris")),
            "n": pa.array([1, None], pa.int64()).cast(pa.timestamp("ns")),
            "h": pa.array([5400 * 10**9, None], pa.duration("ns")),
        },
    )
    table = table.set_column(
        8, pa.field("h", pa.duration("ns"), metadata={"crossframe.units": "hours"}), table["h"]
    )
    assert round_trip(table).data.decode() == (
        '"l","i","x","s","f","d","t","n","h"\n'
        'true,1,0.1,"a ""b""","v",1970-01-01,"1970-01-01 00:00:01Z",1970-01-01 00:00:00.000000001,1.5\n'
        ',,nan,"",,,,,\n'
    )


def test_sidecar_is_a_table_schema():
    field = pa.field("h", pa.duration("ns"), metadata={"crossframe.units": "hours"})
    coded = pa.DictionaryArray.from_arrays(pa.array([0], pa.int32()), ["u", "v"], ordered=True)
    schema = pa.schema([field, pa.field("f", coded.type)], metadata={"r": "A\n3"})
    encoded = csv.encode(pa.Table.from_arrays([pa.array([0], pa.duration("ns")), coded], schema=schema))
    assert json.loads(encoded.schema) == {
        "fields": [
            {"name": "h", "type": "number", "arrow": "duration[ns]", "crossframe": {"units": "hours"}},
            {
                "name": "f",
                "type": "string",
                "arrow": "dictionary<values=string, indices=int32, ordered=1>",
                "categoriesOrdered": True,
                "constraints": {"enum": ["u", "v"]},
            },
        ],
        "missingValues": [""],
        "bytes": len(encoded.data),
        "hash": "md5:" + hashlib.md5(encoded.data).hexdigest(),
        "r": "A\n3",
    }


@pytest.mark.parametrize("rows", [0, 3])
def test_no_columns(rows):
    table = pa.table({"x": pa.nulls(rows)}).select([])
    encoded = csv.encode(table)
    assert encoded.data == b"\n"
    assert csv.decode(encoded.data, encoded.schema).shape == (rows, 0)


def test_one_column_of_missing_values_is_blank_lines():
    assert text(pa.table({"x": pa.array([None, 1, None], pa.int32())})) == '"x"\n\n1\n\n'
    assert text(pa.table({"x": pa.array([None, ""])})) == '"x"\n\n""\n'


def test_required_fields_stay_required():
    schema = pa.schema([pa.field("x", pa.int32(), nullable=False)])
    encoded = round_trip(pa.table([pa.array([1], pa.int32())], schema=schema))
    stored = b'"x"\n\n'
    with pytest.raises(errors.DecodeError, match="a value is missing"):
        csv.decode(stored, csv_schema.restamp(encoded.schema, stored))


def test_factor_in_chunks_with_different_levels():
    column = pa.chunked_array([pa.array(["a", "b"]).dictionary_encode(), pa.array(["c"]).dictionary_encode()])
    encoded = csv.encode(pa.table({"f": column}))
    back = csv.decode(encoded.data, encoded.schema)["f"]
    assert back.to_pylist() == ["a", "b", "c"]
    assert back.chunk(0).dictionary.to_pylist() == ["a", "b", "c"]


def test_a_row_longer_than_a_block():
    round_trip(pa.table({"x": ["y" * (9 << 20), "z"]}))


def test_many_rows_keep_their_order():
    rows = 300_000
    round_trip(pa.table({"i": np.arange(rows), "s": [f"a\n{i}" for i in range(rows)]}))


def test_times_of_year_10000_and_before_1():
    for unit in ("s", "us"):
        ticks = np.array(["10000-01-01T00:00:00.5", "-0044-03-15T12:00:00"], f"datetime64[{unit}]").astype(
            "i8"
        )
        round_trip(pa.table({"t": pa.array(ticks).view(pa.timestamp(unit, "UTC"))}))


def test_coarse_durations_are_written_exactly():
    table = pa.table({"d": pa.array([2**62 + 1, -(2**63 - 1)], pa.duration("ns"))})
    assert round_trip(table).data == b'"d"\n"4611686018.427387905"\n"-9223372036.854775807"\n'


def test_a_double_that_r_wrote_comes_back_as_the_same_double():
    schema = '{"fields": [{"name": "d", "arrow": "duration[ns]", "crossframe": {"units": "days"}}]}'
    data = b"d\n0.1\n0.3333333333333333\n-1234.56789\n"
    table = csv.decode(data, schema)
    assert csv.encode(table).data == b'"d"\n0.1\n0.3333333333333333\n-1234.56789\n'


def test_infinite_durations_become_missing_with_a_warning():
    schema = '{"fields": [{"name": "d", "arrow": "duration[ns]"}]}'
    with pytest.warns(errors.LossyConversionWarning, match="Column 'd': 2 durations are not finite"):
        assert csv.decode(b"d\nInf\nNaN\n2\n", schema)["d"].cast(pa.int64()).to_pylist() == [
            None,
            None,
            2 * 10**9,
        ]


def test_stale_sidecar_is_not_used():
    encoded = csv.encode(pa.table({"x": ["1", "2"]}))
    for data in (b'"x"\n"1"\n"3"\n', b'"x"\n"1"\n', b"y\n1\n"):
        with pytest.warns(errors.StaleSchemaWarning, match="belongs to other data"):
            assert csv.decode(data, encoded.schema).schema.types == [pa.int32()]


def test_sidecar_of_compressed_data():
    encoded = csv.encode(pa.table({"x": ["1"]}))
    schema = encoded.schema_for(b"compressed")
    assert csv.decode(encoded.data, schema, stored=b"compressed").schema.types == [pa.string()]
    assert csv.encode(pa.table({}), schema=False).schema_for(b"") is None


@pytest.mark.parametrize(
    "type_",
    [
        pa.string_view(),
        pa.binary(3),
        pa.list_view(pa.int32()),
        pa.map_(pa.string(), pa.int32()),
        pa.month_day_nano_interval(),
        pa.uuid(),
        pa.dictionary(pa.int32(), pa.float16()),
        pa.timestamp("ns", "a b"),
    ],
)
def test_unsupported_type_names_column_and_type(type_):
    table = pa.table({"ok": pa.nulls(1, pa.int32()), "odd": pa.nulls(1, type_)})
    with pytest.raises(errors.UnsupportedTypeError) as caught:
        csv.encode(table, schema=False)
    assert f"Column 'odd' must have a type that CSV keeps, not {type_}." in str(caught.value)


def test_levels_that_csv_can_not_keep():
    column = pa.DictionaryArray.from_arrays(pa.array([0], pa.int32()), pa.array(["a", "a"]))
    with pytest.raises(errors.UnsupportedTypeError, match="Column 'f' must have levels"):
        csv.encode(pa.table({"f": column}))


def test_unknown_units():
    schema = pa.schema([pa.field("d", pa.duration("s"), metadata={"crossframe.units": "years"})])
    with pytest.raises(errors.UnsupportedTypeError, match=r"units that are one of secs.*not 'years'"):
        csv.encode(pa.Table.from_arrays([pa.array([1], pa.duration("s"))], schema=schema))
    sidecar = '{"fields": [{"name": "d", "arrow": "duration[ns]", "crossframe": {"units": "years"}}]}'
    with pytest.raises(errors.DecodeError, match="'years' are no units"):
        csv.decode(b"d\n1\n", sidecar)


def test_nul_and_duplicates_are_refused():
    with pytest.raises(errors.UnsupportedTypeError, match="Column 'x' must be text without NUL"):
        csv.encode(pa.table({"x": ["a\0b"]}))
    with pytest.raises(errors.UnsupportedTypeError, match="name must be text without NUL"):
        csv.encode(pa.table({"x\0": ["a"]}))
    with pytest.raises(errors.DuplicateColumnError, match="two are named 'x'"):
        csv.encode(pa.Table.from_arrays([pa.array([1]), pa.array([2])], names=["x", "x"]))


@pytest.mark.parametrize(
    ("arrow", "cell", "message"),
    [
        ("int32", "2147483648", "column 'x' must be int32: invalid value '2147483648'"),
        ("bool", "yes", "column 'x' must be bool: invalid value 'yes'"),
        ("date32[day]", "2021-02-30", "column 'x' must be date32\\[day\\]: invalid value '2021-02-30'"),
        ("date32[day]", "9999999-01-01", "invalid value '9999999-01-01'"),
        (
            "timestamp[ns, tz=UTC]",
            "2021-02-28",
            "must be timestamp\\[ns, tz=UTC\\]: invalid value '2021-02-28'",
        ),
        ("timestamp[us]", "2021-02-28 24:00:00", "invalid value '2021-02-28 24:00:00'"),
        ("timestamp[ns]", "2521-02-28 00:00:00", "invalid value '2521-02-28 00:00:00'"),
        ("duration[ns]", "soon", "column 'x' must be a number of secs"),
        ("duration[ns]", "1e30", "1e30 secs are too many"),
        (
            "dictionary<values=string, indices=int32, ordered=0>",
            "w",
            "must be one of its levels: invalid value 'w'",
        ),
    ],
)
def test_a_cell_that_does_not_fit(arrow, cell, message):
    field = {"name": "x", "arrow": arrow, "constraints": {"enum": ["u"]}}
    with pytest.raises(errors.DecodeError, match=message):
        csv.decode(
            f"a,x\n,{cell}\n".encode(), json.dumps({"fields": [{"name": "a", "arrow": "string"}, field]})
        )


@pytest.mark.parametrize(
    "type_",
    [
        *TYPES,
        pa.dictionary(pa.int8(), pa.large_string(), ordered=True),
        pa.dictionary(pa.int8(), pa.timestamp("ns", "Europe/Paris")),
        pa.list_(pa.large_list(pa.list_(COMPLEX, 2))),
    ],
    ids=arrow_types.type_text,
)
def test_type_texts(type_):
    assert arrow_types.parse_type(arrow_types.type_text(type_)) == type_


@pytest.mark.parametrize(
    "text",
    [
        "",
        "int",
        "list<int32>",
        "timestamp[ns, tz=]",
        "timestamp[ns, tz=a b]",
        "dictionary<values=int32, indices=float, ordered=0>",
        "fixed_size_list<item: int32>",
        "decimal128(39, 1)",
        "list<item: " * 40 + "int32" + ">" * 40,
    ],
)
def test_unknown_type_texts(text):
    with pytest.raises(errors.DecodeError, match="is no Arrow type that is kept as text"):
        arrow_types.parse_type(text)


@pytest.mark.parametrize(
    ("schema", "message"),
    [
        ("{", "not JSON"),
        ("[" * 100_000, "not JSON"),
        ("[]", "no list of fields"),
        ('{"fields": 1}', "no list of fields"),
        ('{"fields": [1]}', "a field is no object"),
        ('{"fields": [{"name": 1}]}', "name must be text"),
        ('{"fields": [{"name": "x"}]}', "arrow of field 'x' must be text"),
        ('{"fields": [{"name": "x", "arrow": "int32", "constraints": []}]}', "constraints of field 'x'"),
        (
            '{"fields": [{"name": "x", "arrow": "int32", "crossframe": {"units": 1}}]}',
            "crossframe of field 'x' must be text",
        ),
        (
            '{"fields": [{"name": "x", "arrow": "int32", "metadata": 1}]}',
            "metadata of field 'x' must be an object",
        ),
        (
            '{"fields": [{"name": "x", "arrow": "dictionary<values=string, indices=int32, ordered=0>"}]}',
            "enum of field 'x'",
        ),
        (
            (
                '{"fields": [{"name": "x", "arrow": "dictionary<values=string, indices=int32, ordered=0>",'
                ' "constraints": {"enum": ["a", "a"]}}]}'
            ),
            "has a level twice",
        ),
        ('{"fields": [], "bytes": "1"}', "bytes must be a number"),
        ('{"fields": [], "hash": 1}', "hash must be text"),
        ('{"fields": [], "r": 1}', "r must be text"),
    ],
)
def test_bad_sidecars(schema, message):
    with pytest.raises(errors.DecodeError, match=message):
        csv.decode(b"x\n1\n", schema)


def test_no_such_column():
    encoded = csv.encode(pa.table({"x": [1], "y": [2]}))
    for schema in (None, encoded.schema):
        with pytest.raises(errors.UsageError, match=r"Can't find column 'z'.\n  The columns are 'x', 'y'."):
            csv.decode(encoded.data, schema, columns=["x", "z"])


def test_records_below_an_empty_header():
    for schema in (None, '{"fields": []}'):
        with pytest.raises(errors.DecodeError, match="The header is empty, but records follow"):
            csv.decode(b"\na\n", schema)


@given(st.binary(max_size=60))
def test_any_bytes_give_a_table_or_our_error(data):
    with contextlib.suppress(errors.CrossframeError):
        csv.decode(data)


@given(st.text('ab1,"\n\r -.TNA:', max_size=30))
def test_any_text_gives_a_table_or_our_error(data):
    with contextlib.suppress(errors.CrossframeError):
        csv.decode(data.encode())


def test_row_names_go_into_the_attributes():
    table = csv.decode(b'"","x"\n"a",1\n"b",2\n')
    assert table.column_names == ["x"]
    frame = attributes.RMetadata.of(table.schema).attributes
    assert attributes.to_array(frame["row.names"]).to_pylist() == ["a", "b"]
    numbers = csv.decode(b'"","x"\n"7",1\n')
    assert attributes.to_array(
        attributes.RMetadata.of(numbers.schema).attributes["row.names"]
    ).to_pylist() == [7]
    alone = csv.decode(b'""\n"a"\n"b"\n')
    assert alone.shape == (2, 0)
    assert alone.schema.metadata[b"r"].startswith(b"A\n3")


def test_rows_without_columns_that_r_wrote():
    data = b"\n"
    for row_names, rows in (([None, -4], 4), ([7, 8], 2)):
        node = attributes._rserial.vector(pa.array(row_names, pa.int32()))
        r = attributes.RMetadata(attributes={"row.names": node}).to_text([])
        assert csv.decode(data, json.dumps({"fields": [], "r": r.decode()})).shape == (rows, 0)
    assert csv.decode(data, json.dumps({"fields": []})).shape == (0, 0)
    other = attributes.RMetadata(attributes={"class": attributes.character(["tbl"])}).to_text([])
    assert csv.decode(data, json.dumps({"fields": [], "r": other.decode()})).shape == (0, 0)


@pytest.mark.parametrize("delimiter", ["\t", ";", "|"])
def test_other_delimiters(delimiter):
    table = pa.table({"a,b": [1.5, None], f"x{delimiter}": [f"u{delimiter}v", None], "y": ["1,2", None]})
    encoded = csv.encode(table, delimiter=delimiter)
    assert_same(csv.decode(encoded.data, encoded.schema, delimiter=delimiter), table)
    assert_same(csv.decode(encoded.data, delimiter=delimiter), table)
    with pytest.raises(errors.DecodeError, match="quote is never closed"):
        csv.decode(encoded.data + f'1{delimiter}2{delimiter}"'.encode(), delimiter=delimiter)


def test_a_usual_pandas_note_stays_out_of_the_sidecar() -> None:
    said = {b"pandas": json.dumps({"index_columns": [], "columns": []}).encode()}
    table = pa.table({"a": [1]}).replace_schema_metadata(said)
    assert "metadata" not in json.loads(csv.encode(table).schema or "")


def test_a_pandas_note_of_an_index_goes_with_the_sidecar() -> None:
    said = {b"pandas": json.dumps({"index_columns": ["a"], "columns": []}).encode()}
    table = pa.table({"a": [1]}).replace_schema_metadata(said)
    encoded = csv.encode(table)
    assert csv.decode(encoded.data, encoded.schema).schema.metadata == said


@pytest.mark.parametrize(
    ("data", "detail"),
    [
        (b"a,b\nM\xfcller,1\n", "The text is not UTF-8."),
        (b"a,b\n1,2\n3\n", "A record has 1 field, but the header has 2."),
    ],
)
def test_what_is_no_such_csv_is_told_without_arrows_words(data: bytes, detail: str) -> None:
    with pytest.raises(errors.DecodeError) as caught:
        csv.decode(data)
    assert caught.value.detail == detail
    assert caught.value.hint == "Is it a whole CSV in UTF-8, with commas between the fields?"
