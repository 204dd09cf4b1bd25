"""Runs ``tests/conformance/frames``: every file that R wrote holds what its JSON says, and goes back to R."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from frame_vectors import bits, check_attributes, expected, zone

import crossframe as cf
from crossframe import _rserial
from crossframe.attributes import RMetadata
from crossframe.codecs import rds
from crossframe.codecs.packed import Packed
from crossframe.formats import sniff_compression
from crossframe.losses import Losses

FOLDER = Path(__file__).parents[1] / "conformance" / "frames"
VECTORS = [json.loads(path.read_text("utf-8")) for path in sorted(FOLDER.glob("*.json"))]
each_vector = pytest.mark.parametrize("vector", VECTORS, ids=[vector["name"] for vector in VECTORS])

# Why some files are not written back byte for byte; compact forms are those of version 3 only.
COMPACT = "compact forms are spelled out"
NOT_BYTE_IDENTICAL = {
    "altrep_deferred_doubles": COMPACT,
    "altrep_deferred_scipen": COMPACT,
    "altrep_deferred_scipen_negative": COMPACT,
    "altrep_deferred_string": COMPACT,
    "altrep_real_sequence": COMPACT,
    "altrep_sequence": COMPACT,
    "altrep_wrapped": COMPACT,
    "altrep_wrapped_attributes": COMPACT,
    "character_latin1": "text becomes UTF-8",
    "data_table": "the external pointer is dropped",
    "factor_unicode": "text becomes UTF-8",
    "grouped_df": COMPACT,
    "integer": COMPACT,
    "names_latin1": "text becomes UTF-8",
}
# R's ASCII has up to 16 digits ("%.16g" in serialize.c).
SPELLING = "numbers are spelled as short as they are exact"
NUMBERS = {"difftime": SPELLING, "posixct_none": SPELLING, "posixct_utc": SPELLING}


def check_column(column, field, values, attributes):
    assert values.type == expected(column).type
    assert bits(values) == bits(expected(column))
    if "levels" in column:
        assert values.dictionary.to_pylist() == column["levels"]
        assert values.indices.equals(expected(column).indices)
    note = field.metadata or {}
    assert note.get(b"crossframe.units", b"").decode() == column.get("units", "")
    default = "integer64" if column["type"] == "integer64" else ""
    assert note.get(b"crossframe.storage", b"").decode() == column.get("storage", default)
    said = dict(column.get("attributes") or {})
    if column["type"] == "posixct" and "tzone" not in column:
        said["tzone"] = {"type": "NULL", "values": []}
    elif column["type"] == "posixct" and column["tzone"] != [zone(column)]:
        said["tzone"] = {"type": "character", "values": column["tzone"]}
    check_attributes(attributes, said)


def check(vector, table):
    assert table.column_names == [column["name"] for column in vector["columns"]]
    assert table.num_rows == int(vector["rows"])
    metadata = RMetadata.of(table.schema)
    for column, field, values in zip(vector["columns"], table.schema, table.columns, strict=True):
        check_column(column, field, values.combine_chunks(), metadata.column(field.name).attributes)
    said = dict(vector["attributes"] or {})
    if vector["row_names"] is not None:
        said["row.names"] = vector["row_names"]
    check_attributes(metadata.attributes, said)


def check_same(table, other):
    assert table.schema.equals(other.schema, check_metadata=True)
    assert table.num_rows == other.num_rows
    for one, two in zip(table.columns, other.columns, strict=True):
        assert bits(one) == bits(two)


@each_vector
def test_decode(vector):
    for file in vector["files"]:
        check(vector, cf.load(FOLDER / file, as_="arrow", strict=True))


@each_vector
def test_encode_and_decode(vector):
    table = cf.load(FOLDER / vector["files"][0], as_="arrow")
    for version in rds.VERSIONS:
        losses = Losses()
        data = rds.encode_rds(table, losses, version=version)
        check_same(rds.decode_rds(data, losses), table)
        data = rds.encode_rdata({"x": table}, losses, version=version)
        check_same(rds.decode_rdata(data, losses)["x"], table)
        assert not losses.found


def compact_in(ending):
    return ".v2." not in ending


@each_vector
@pytest.mark.parametrize("ending", [".rds", ".v2.rds", ".ascii.rds", ".ascii.RData"])
def test_written_back_byte_for_byte(vector, ending):
    """Every uncompressed file that R wrote in an encoding that we write."""
    file = vector["name"] + ending
    if file not in vector["files"]:
        return
    data = (FOLDER / file).read_bytes()
    data = data.removeprefix(b"RDA3\n")
    name, ascii_form = vector["name"], "ascii" in ending
    reason = NOT_BYTE_IDENTICAL.get(name) or (NUMBERS.get(name) if ascii_form else None)
    differs = reason is not None and (reason != COMPACT or compact_in(ending))
    again = _rserial.encode(_rserial.decode(data), 3 if compact_in(ending) else 2, ascii=ascii_form)
    assert (again != data) == differs


@each_vector
@pytest.mark.parametrize("ending", [".native.rds", ".hex.rds", ".gz.rds", ".bz2.rds", ".xz.rds", ".RData"])
def test_every_encoding_holds_the_same_bytes(vector, ending):
    """What we read only, and what is compressed: written again as XDR it is what the usual file is."""
    file = vector["name"] + ending
    if file not in vector["files"]:
        return
    usual = _rserial.decode((FOLDER / f"{vector['name']}.rds").read_bytes())
    data = (FOLDER / file).read_bytes()
    packed = Packed(data, sniff_compression(data))
    (node,) = rds.open_rdata(packed).values() if ending == ".RData" else [rds.open_rds(packed)]
    assert _rserial.encode(node) == _rserial.encode(usual)


def test_r_finds_what_we_write_identical(tmp_path):
    for vector in VECTORS:
        table = cf.load(FOLDER / vector["files"][0], as_="arrow")
        cf.save(table, tmp_path / f"{vector['name']}.rds", strict=True)
    script = """
      suppressPackageStartupMessages(library(bit64))
      paths <- commandArgs(TRUE)
      for (file in list.files(paths[2])) {
        x <- readRDS(file.path(paths[1], file))
        attr(x, ".internal.selfref") <- NULL
        if (!identical(x, readRDS(file.path(paths[2], file)))) cat(file, "")
      }
      cat(length(list.files(paths[2])))
    """
    command = ["Rscript", "--vanilla", "-e", script, str(FOLDER), str(tmp_path)]
    result = subprocess.run(command, capture_output=True, text=True, check=True)
    assert result.stdout == str(len(VECTORS))
