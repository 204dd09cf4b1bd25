"""The list of a data set's parts, ``_crossframe.json`` beside them: which keys belong to it, and its schema.

``tests/conformance/datasets/README.md`` says what stands in it. It is written last, so that a reader who goes
by it never takes parts of two writings for one data set.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from crossframe import _rserial
from crossframe.arrow_types import with_one_dictionary
from crossframe.attributes import RMetadata
from crossframe.codecs import csv_schema
from crossframe.codecs.csv_columns import describe
from crossframe.codecs.names import DATA_SET_NAME
from crossframe.errors import CorruptObjectError, DecodeError, InvalidKeyError, UnsupportedTypeError
from crossframe.extensions import FORMATS
from crossframe.keys import check_key

if TYPE_CHECKING:
    from typing_extensions import Buffer

VERSION = 1
_MD5 = re.compile(r"md5:[0-9a-f]{32}")


@dataclass(frozen=True, slots=True)
class ListedPart:
    """One part as the list has it.

    Attributes:
        key: Its last segment: parts lie beside the list.
        rows: Number of rows.
        size: Size as stored, in bytes.
        md5: MD5 of the stored bytes in hexadecimal.
    """

    key: str
    rows: int
    size: int
    md5: str


@dataclass(frozen=True, slots=True)
class PartList:
    """What ``_crossframe.json`` says.

    Attributes:
        format: Format of every part.
        parts: One or more, in the order of their rows.
        like: A table without rows that has the data set's columns, levels and metadata; ``None`` where the
            schema is not told.
    """

    format: str
    parts: tuple[ListedPart, ...]
    like: pa.Table | None


def encode(listed: PartList) -> str:
    """Write the list; the schema is left out where a column has a type that Table Schema has no word for."""
    document: dict[str, Any] = {
        "crossframe": VERSION,
        "format": listed.format,
        "parts": [
            {"key": part.key, "rows": part.rows, "size": part.size, "hash": f"md5:{part.md5}"}
            for part in listed.parts
        ],
    }
    schema = None if listed.like is None else _schema(listed.like)
    if schema is not None:
        document["schema"] = schema
    return json.dumps(document, ensure_ascii=False, indent=1) + "\n"


def encode_unfinished(format: str) -> str:
    """Write what stands in the list's place until all parts are there."""
    document = {"crossframe": VERSION, "format": format, "unfinished": True}
    return json.dumps(document, ensure_ascii=False, indent=1) + "\n"


def decode(data: Buffer) -> PartList:
    """Read the list.

    Raises:
        DecodeError: It is no list of ours, or of a newer version.
        CorruptObjectError: The data set was begun and not ended.
    """
    try:
        document = json.loads(bytes(data).decode())
    except (ValueError, RecursionError) as error:
        raise _bad(f"It is not JSON: {error}.") from None
    if not isinstance(document, dict) or "crossframe" not in document:
        raise _bad("It is no list of a data set's parts.")
    version = document["crossframe"]
    if version != VERSION or isinstance(version, bool):
        raise _bad(f"Its version is {str(version)[:20]!r}, not {VERSION}.", "Is crossframe too old for it?")
    if document.get("unfinished") is True:
        raise CorruptObjectError(
            "The data set is not whole.",
            "Writing it was begun and has not ended.",
            "Wait for its writer; if that is gone, save the data set again.",
        )
    format = document.get("format")
    if not isinstance(format, str) or format not in FORMATS or FORMATS[format].layer != "format":
        raise _bad(f"Its format is {str(format)[:20]!r}, which is no name of a format.")
    schema = document.get("schema")
    return PartList(format, _parts(document.get("parts")), None if schema is None else _like(schema))


def _parts(entries: object) -> tuple[ListedPart, ...]:
    if not isinstance(entries, list) or not entries:
        raise _bad("It lists no parts.")
    parts = tuple(_part(entry, number) for number, entry in enumerate(entries, 1))
    if len({part.key for part in parts}) != len(parts):
        raise _bad("It lists a part twice.")
    return parts


def _part(entry: object, number: int) -> ListedPart:
    if not isinstance(entry, dict):
        raise _bad(f"Part {number} is no object.")
    digest = entry.get("hash")
    if not isinstance(digest, str) or not _MD5.fullmatch(digest):
        raise _bad(f"The hash of part {number} is no MD5.")
    rows, size = (_count(entry.get(name), f"The {name} of part {number}") for name in ("rows", "size"))
    return ListedPart(_segment(entry.get("key"), number), rows, size, digest.removeprefix("md5:"))


def _segment(key: object, number: int) -> str:
    """Return a part's key; it must lie beside the list, whatever the list says."""
    try:
        if isinstance(key, str) and "/" not in key:
            check_key(key)
            return key
    except InvalidKeyError:
        pass
    raise _bad(f"The key of part {number} is no name of an object beside it.")


def _count(value: object, what: str) -> int:
    # Why a float too: R writes whole numbers beyond 2^31 as 1e10.
    whole = isinstance(value, (int, float)) and not isinstance(value, bool) and 0 <= value < 2**53
    if not whole or value != int(value):  # type: ignore[call-overload]
        raise _bad(f"{what} is no count.")
    return int(value)  # type: ignore[call-overload, no-any-return]


def like(table: pa.Table) -> pa.Table:
    """Return the table without its rows: types, levels and metadata; of row names, that they are texts."""
    # Why not a slice of it: that holds on to the rows, and takes them along to another process.
    table = pa.table([_no_values(column) for column in table.columns], table.schema)
    noted = RMetadata.of(table.schema)
    names = noted.attributes.pop("row.names", None)
    if names is None:
        return table
    if names.kind == "character":
        noted.attributes["row.names"] = _rserial.vector(pa.array([], pa.string()))
    return noted.apply(table)


def _no_values(column: pa.ChunkedArray) -> pa.Array:
    kind = column.type
    if not pa.types.is_dictionary(kind) or not column.num_chunks:
        return pa.array([], kind)
    return _no_codes(with_one_dictionary(column).chunk(0).dictionary, kind)


def _no_codes(levels: pa.Array, kind: pa.DataType) -> pa.Array:
    return pa.DictionaryArray.from_arrays(pa.array([], kind.index_type), levels, ordered=kind.ordered)


def _schema(table: pa.Table) -> dict[str, Any] | None:
    try:
        columns = [describe(field, values) for field, values in zip(table.schema, table.columns, strict=True)]
    except UnsupportedTypeError:
        return None
    return csv_schema.table_schema(table.schema, columns)


def _like(document: object) -> pa.Table:
    try:
        sidecar = csv_schema.parse_table_schema(document)
    except DecodeError as error:
        raise _bad(f"Its schema can't be read: {error.detail}.") from None
    arrays = [
        pa.array([], column.field.type)
        if column.levels is None
        else _no_codes(column.levels, column.field.type)
        for column in sidecar.columns
    ]
    return pa.table(arrays, sidecar.schema)


def _bad(detail: str, hint: str | None = None) -> DecodeError:
    return DecodeError(f"Can't read the data set's {DATA_SET_NAME}.", detail, hint)


def part_name(number: int, format: str) -> str:
    """Return the last segment of a part's key."""
    return f"part.{number}.{format}"
