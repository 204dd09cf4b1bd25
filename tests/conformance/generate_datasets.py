"""Writes ``tests/conformance/datasets``: small data sets of parts, and the frame or error that each gives.

The CSV of Dask are as its ``to_csv()`` writes them; ``_crossframe.json`` is changed by hand, so that it says
what no writer would.
"""

from __future__ import annotations

import copy
import hashlib
import json
import shutil
import tempfile
import warnings
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa

import crossframe as cf
from crossframe.attributes import RMetadata, from_python
from crossframe.codecs import data_set
from crossframe.codecs.data_set import ListedPart, PartList
from crossframe.combining import Part, combine
from crossframe.losses import Losses

FOLDER = Path(__file__).parent / "datasets"
SETS = FOLDER / "sets"


@dataclass
class Vector:
    """A data set and what it is to be.

    ``uri`` and ``columns`` are what is asked for; by default the folder with its slash, and all.
    """

    name: str
    why: str
    files: dict[str, bytes]
    expected: list[dict[str, Any]] | None = None
    error: str | None = None
    says: list[str] = field(default_factory=list)
    columns: list[str] | None = None
    uri: str | None = None

    def told(self) -> dict[str, Any]:
        """Return what stands in ``datasets.json``."""
        told: dict[str, Any] = {"name": self.name, "why": self.why, "uri": self.uri or f"{self.name}/"}
        if self.columns is not None:
            told["columns"] = self.columns
        if self.error is None:
            return told | {"expected": self.expected}
        return told | {"error": self.error, "says": self.says}


def column(name: str, kind: str, values: list[Any], **more: Any) -> dict[str, Any]:
    """Return a column as ``frames/README.md`` writes it."""
    return {"name": name, "type": kind, **more, "values": [None if v is None else str(v) for v in values]}


def factor(values: list[str | None], levels: list[str]) -> pa.Array:
    """Return a factor, unused levels included."""
    codes = [None if value is None else levels.index(value) for value in values]
    return pa.DictionaryArray.from_arrays(pa.array(codes, pa.int32()), pa.array(levels))


def encoded(format: str, *tables: pa.Table) -> dict[str, bytes]:
    """Return parts as our writer makes them, sidecars included, by name."""
    with tempfile.TemporaryDirectory() as folder:
        for number, table in enumerate(tables):
            cf.save(table, Path(folder) / data_set.part_name(number, format))
        return {path.name: path.read_bytes() for path in sorted(Path(folder).iterdir()) if path.is_file()}


def listed(format: str, *tables: pa.Table) -> dict[str, bytes]:
    """Return parts and the list of them."""
    files = encoded(format, *tables)
    parts = []
    for number, table in enumerate(tables):
        name = data_set.part_name(number, format)
        md5 = hashlib.md5(files[name], usedforsecurity=False).hexdigest()
        parts.append(ListedPart(name, table.num_rows, len(files[name]), md5))
    like = combine([Part(str(n), data_set.like(table), {}) for n, table in enumerate(tables)], Losses(), None)
    text = data_set.encode(PartList(format, tuple(parts), like))
    return files | {"_crossframe.json": text.encode()}


def relisted(files: dict[str, bytes], change: Any) -> dict[str, bytes]:
    """Return the files with another list."""
    document = json.loads(files["_crossframe.json"])
    changed = change(copy.deepcopy(document)) or document
    return files | {"_crossframe.json": (json.dumps(changed, indent=1) + "\n").encode()}


def changed(name: str, value: Any, *, part: int | None = None) -> Any:
    """Return a change of one entry of the list, or of one of its parts."""

    def change(document: dict[str, Any]) -> dict[str, Any]:
        (document if part is None else document["parts"][part])[name] = value
        return document

    return change


def csv(*texts: str, name: str = "part.{}.csv") -> dict[str, bytes]:
    """Return parts as they are, numbered from 0."""
    return {name.format(number): text.encode() for number, text in enumerate(texts)}


ONE = pa.table({"x": pa.array([1, 2], pa.int32()), "y": ["a", None]})
TWO = pa.table({"x": pa.array([3], pa.int32()), "y": ["\u00e9"]})
BOTH = [column("x", "integer", [1, 2, 3]), column("y", "character", ["a", None, "\u00e9"])]


def labelled(table: pa.Table, label: str) -> pa.Table:
    """Return the table with an attribute on its first column."""
    noted = RMetadata()
    noted.columns[table.column_names[0]] = RMetadata({"label": from_python(label, "label")})
    return noted.apply(table)


def typed() -> list[pa.Table]:
    """Return two tables of types that CSV text does not tell."""
    days = pa.array([19000, None], pa.int32()).cast(pa.date32())
    return [
        labelled(
            pa.table(
                {
                    "age": pa.array([1.0, 2.5]),
                    "f": factor(["b", None], ["b", "unused"]),
                    "day": days,
                    "code": ["01", "02"],
                }
            ),
            "Age",
        ),
        labelled(
            pa.table(
                {
                    "age": pa.array([None, 4.0]),
                    "f": factor(["c", "b"], ["c", "b"]),
                    "day": days,
                    "code": ["03", "04"],
                }
            ),
            "Age",
        ),
    ]


TYPED = [
    column("age", "double", ["1", "0x1.4p+1", None, "4"]),
    column("f", "factor", ["b", None, "c", "b"], levels=["b", "unused", "c"]),
    column("day", "date", ["19000", None, "19000", None]),
    column("code", "character", ["01", "02", "03", "04"]),
]
LABEL = {"label": {"type": "character", "values": ["Age"], "attributes": None}}
TYPED_LABELLED = [TYPED[0] | {"attributes": LABEL}, *TYPED[1:]]


def good() -> list[Vector]:
    """Return the data sets that load."""
    whole = listed("parquet", ONE, TWO)
    lone = {"part.10.csv": b"x\n4\n", **csv("x\n1\n", "x\n2\n", "x\n3\n")}
    return [
        Vector("numbers", "parts in order of their numbers", lone, [column("x", "integer", [1, 2, 3, 4])]),
        Vector(
            "no_slash",
            "a prefix without its slash",
            csv("x\n1\n", "x\n2\n"),
            [column("x", "integer", [1, 2])],
            uri="no_slash",
        ),
        Vector(
            "dask_csv",
            "Dask's to_csv(): the rows of each part are counted anew, and so here",
            csv(",x,y\n0,1,a\n1,2,b\n", ",x,y\n0,3,c\n", name="{}.part"),
            [column("x", "integer", [1, 2, 3]), column("y", "character", ["a", "b", "c"])],
        ),
        Vector(
            "dask_csv_rows",
            "Dask's to_csv() of rows that count on",
            csv(",x\n0,1\n1,2\n", ",x\n2,3\n3,4\n", name="{}.part"),
            [column("x", "integer", [1, 2, 3, 4])],
        ),
        Vector(
            "dask_padded",
            "Dask fills numbers up with zeros where there are ten parts or more",
            csv("x\n1\n", "x\n2\n", name="0{}.part") | {"10.part": b"x\n3\n"},
            [column("x", "integer", [1, 2, 3])],
        ),
        Vector(
            "promoted",
            "types unite as in combine; a column that a part lacks is missing there",
            csv("x,y\n1,a\n", "x\n2.5\n"),
            [column("x", "double", ["1", "0x1.4p+1"]), column("y", "character", ["a", None])],
        ),
        Vector(
            "no_values",
            "a CSV without sidecar has no type for a column without any value: the others' holds",
            csv("x,y,z\n1,,\n2,,\n", "x,y,z\n3,b,\n"),
            [
                column("x", "integer", [1, 2, 3]),
                column("y", "character", [None, None, "b"]),
                column("z", "logical", [None, None, None]),
            ],
        ),
        Vector(
            "sidecars",
            "CSV with a sidecar each: types, levels united as first seen, attributes",
            encoded("csv", *typed()),
            TYPED_LABELLED,
        ),
        Vector("rds", "RDS: the same", encoded("rds", *typed()), TYPED_LABELLED),
        Vector("parquet", "Parquet: the same", encoded("parquet", *typed()), TYPED_LABELLED),
        Vector(
            "about",
            "files about the parts are no parts",
            csv("x\n1\n", "x\n2\n") | {"_SUCCESS": b"", "_metadata": b"none", "README.txt": b"hello\n"},
            [column("x", "integer", [1, 2])],
        ),
        Vector(
            "gaps",
            "parts need not begin at 0",
            {"part.3.csv": b"x\n1\n", "part.7.csv": b"x\n2\n"},
            [column("x", "integer", [1, 2])],
        ),
        Vector("listed_parquet", "what save() makes of a Dask frame as Parquet", whole, BOTH),
        Vector("listed_csv", "the same as CSV", listed("csv", *typed()), TYPED_LABELLED),
        Vector("listed_rds", "the same as RDS", listed("rds", *typed()), TYPED_LABELLED),
        Vector(
            "listed_no_slash",
            "a listed data set by its prefix without the slash",
            whole,
            BOTH,
            uri="listed_no_slash",
        ),
        Vector(
            "listed_columns",
            "columns=, in their order",
            listed("rds", *typed()),
            [TYPED[3], TYPED[1]],
            columns=["code", "f"],
        ),
        *lacking(),
        Vector(
            "listed_others",
            "what is not listed is no part, whatever its name",
            listed("csv", ONE, TWO) | {"part.2.csv": b"x,y\n9,old\n", "part.0.rds": b"old"},
            BOTH,
        ),
        Vector(
            "listed_order",
            "the list's order is that of the rows; names are the writer's",
            relisted(listed("csv", ONE, TWO), lambda found: found | {"parts": found["parts"][::-1]}),
            [column("x", "integer", [3, 1, 2]), column("y", "character", ["\u00e9", "a", None])],
        ),
        Vector(
            "listed_no_schema",
            "the schema may be left out",
            relisted(listed("rds", ONE, TWO), lambda found: found.pop("schema") and found),
            BOTH,
        ),
        Vector("listed_empty_part", "a part without rows", listed("csv", ONE.slice(0, 0), ONE, TWO), BOTH),
    ]


def lacking() -> list[Vector]:
    """Return data sets of which not every part has the columns asked for."""
    parts = [ONE.append_column("z", [[0.5, 1.5]]), pa.table({"x": pa.array([3], pa.int32())})]
    expected = [column("z", "double", ["0x1p-1", "0x1.8p+0", None]), column("x", "integer", [1, 2, 3])]
    alone = [column("y", "character", ["a", None, None])]
    why = "columns= of which a part lacks some: they are missing in its rows"
    return [
        Vector("columns_csv", why, encoded("csv", *parts), expected, columns=["z", "x"]),
        Vector(
            "columns_inferred",
            f"{why}, without sidecars",
            csv("x,y,z\n1,a,0.5\n2,,1.5\n", "x\n3\n"),
            expected,
            columns=["z", "x"],
        ),
        Vector("columns_parquet", why, encoded("parquet", *parts), expected, columns=["z", "x"]),
        Vector("listed_columns_rds", why, listed("rds", *parts), expected, columns=["z", "x"]),
        Vector(
            "columns_none",
            "columns= of which a part has none: its rows are there",
            encoded("rds", *parts),
            alone,
            columns=["y"],
        ),
        Vector("columns_none_csv", "likewise", encoded("csv", *parts), alone, columns=["y"]),
        Vector("columns_none_parquet", "likewise", encoded("parquet", *parts), alone, columns=["y"]),
    ]


def bad() -> list[Vector]:
    """Return the data sets that must not load."""
    whole = listed("csv", ONE, TWO)
    less = {name: data for name, data in whole.items() if not name.startswith("part.1.")}
    part = "part.1.csv"

    def with_list(change: Any) -> dict[str, bytes]:
        return relisted(whole, change)

    other = whole[part].replace(b"3", b"4")
    return [
        Vector("bad_missing", "a listed part is not there", less, error="object_not_found", says=[part]),
        Vector(
            "bad_size",
            "a part is not as long as listed",
            whole | {part: whole[part] + b"5,z\n"},
            error="corrupt_object",
            says=[part],
        ),
        Vector(
            "bad_hash",
            "a part is of another writing",
            whole | {part: other},
            error="corrupt_object",
            says=[part],
        ),
        Vector(
            "bad_rows",
            "a part has other rows than listed",
            with_list(changed("rows", 7, part=1)),
            error="corrupt_object",
            says=[part],
        ),
        Vector(
            "bad_unfinished",
            "writing was begun and has not ended",
            whole | {"_crossframe.json": data_set.encode_unfinished("csv").encode()},
            error="corrupt_object",
            says=["has not ended"],
        ),
        Vector(
            "bad_json",
            "the list is no JSON",
            whole | {"_crossframe.json": b'{"crossframe": 1, '},
            error="decode",
            says=["_crossframe.json"],
        ),
        Vector(
            "bad_deep",
            "the list is JSON of a great depth",
            whole | {"_crossframe.json": b"[" * 50_000},
            error="decode",
            says=["_crossframe.json"],
        ),
        Vector(
            "bad_text",
            "the list is no UTF-8",
            whole | {"_crossframe.json": b'{"crossframe\xff": 1}'},
            error="decode",
            says=["_crossframe.json"],
        ),
        Vector(
            "bad_list",
            "the list is a list",
            whole | {"_crossframe.json": b"[]\n"},
            error="decode",
            says=["_crossframe.json"],
        ),
        Vector(
            "bad_foreign",
            "the list is another program's",
            whole | {"_crossframe.json": b"{}\n"},
            error="decode",
            says=["_crossframe.json"],
        ),
        Vector(
            "bad_version",
            "the list is of a newer version",
            with_list(changed("crossframe", 2)),
            error="decode",
            says=["version"],
        ),
        Vector(
            "bad_format",
            "the list names no format",
            with_list(changed("format", "exe")),
            error="decode",
            says=["format"],
        ),
        Vector(
            "bad_no_parts",
            "the list lists nothing",
            with_list(changed("parts", [])),
            error="decode",
            says=["parts"],
        ),
        Vector(
            "bad_twice",
            "a part is listed twice",
            with_list(changed("key", "part.0.csv", part=1)),
            error="decode",
            says=["twice"],
        ),
        Vector(
            "bad_outside",
            "a part's key leaves the prefix",
            with_list(changed("key", "../numbers/part.0.csv", part=1)),
            error="decode",
            says=["part 2"],
        ),
        Vector(
            "bad_absolute",
            "a part's key is a path",
            with_list(changed("key", "/etc/passwd", part=1)),
            error="decode",
            says=["part 2"],
        ),
        Vector(
            "bad_dots",
            "a part's key is the folder above",
            with_list(changed("key", "..", part=1)),
            error="decode",
            says=["part 2"],
        ),
        Vector(
            "bad_key",
            "a part's key is no text",
            with_list(changed("key", 5, part=1)),
            error="decode",
            says=["part 2"],
        ),
        Vector(
            "bad_count",
            "a part's size is no count",
            with_list(changed("size", -1, part=0)),
            error="decode",
            says=["part 1"],
        ),
        Vector(
            "bad_digest",
            "a part's hash is none",
            with_list(changed("hash", "md5:0", part=0)),
            error="decode",
            says=["part 1"],
        ),
        Vector(
            "bad_schema",
            "the schema is none",
            with_list(changed("schema", {"fields": "x"})),
            error="decode",
            says=["schema"],
        ),
        Vector(
            "bad_types",
            "types that do not unite",
            encoded("csv", ONE, pa.table({"x": ["text"]})),
            error="schema_mismatch",
            says=["'x'", "part.0.csv", "part.1.csv", "integer", "character"],
        ),
        Vector(
            "bad_numbers",
            "two parts have one number",
            csv("x\n1\n") | encoded("rds", ONE),
            error="name_clash",
            says=["part.0.csv", "part.0.rds"],
        ),
        Vector("bad_column", "a column that no part has", whole, error="usage", says=["'z'"], columns=["z"]),
        Vector(
            "bad_part",
            "a part is damaged",
            {"part.0.rds": encoded("rds", ONE)["part.0.rds"][:20]},
            error="decode",
            says=["part.0.rds"],
        ),
    ]


def main() -> None:
    """Write all of it anew."""
    warnings.simplefilter("error")
    shutil.rmtree(SETS, ignore_errors=True)
    vectors = [*good(), *bad()]
    for vector in vectors:
        folder = SETS / vector.name
        folder.mkdir(parents=True)
        for name, data in vector.files.items():
            (folder / name).write_bytes(data)
    lines = ",\n ".join(json.dumps(vector.told(), ensure_ascii=False) for vector in vectors)
    (FOLDER / "datasets.json").write_text(f"[{lines}]\n", "utf-8")


if __name__ == "__main__":
    main()
