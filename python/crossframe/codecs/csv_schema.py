"""The sidecar of a CSV: a Frictionless Table Schema that keeps what CSV text can't say.

``arrow`` holds each column's Arrow type as text and decides; ``type`` is for readers that know no more than
Frictionless.

Source:
    Table Schema, https://datapackage.org/standard/table-schema/.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

from crossframe.arrow_types import ROBJECT, parse_type, type_text
from crossframe.codecs import csv_json
from crossframe.codecs.columns import check_names
from crossframe.codecs.csv_columns import MAX_DEPTH, CsvColumn, frictionless_type, is_list, part_fields
from crossframe.errors import DecodeError
from crossframe.pandas_note import without_usual_note

if TYPE_CHECKING:
    from collections.abc import Mapping

    from typing_extensions import Buffer

FIELD_PREFIX = b"crossframe."
R_KEY = b"r"

_SIZED = re.compile(r"fixed_size_list\[(\d{1,9})\]")
_MISSING = "missing"


@dataclass(frozen=True, slots=True)
class Sidecar:
    """What a sidecar says.

    Attributes:
        schema: Names, types and metadata of the columns.
        columns: The same columns, with what is said of them beside their types.
        rows: Number of rows of a frame without columns, where it is said.
        size: Size in bytes of the stored data the sidecar belongs to, where it is said.
        md5: MD5 of that data in hexadecimal, where it is said.
    """

    schema: pa.Schema
    columns: list[CsvColumn]
    rows: int | None
    size: int | None
    md5: str | None

    def fits(self, stored: Buffer) -> bool:
        """Whether it belongs to these stored bytes."""
        view = memoryview(stored).cast("B")
        if self.size is not None and self.size != len(view):
            return False
        return self.md5 is None or self.md5 == _md5(view)


def write(schema: pa.Schema, columns: list[CsvColumn], stored: Buffer, rows: int | None = None) -> str:
    """Write the sidecar of ``stored``, the data as it lies in the store, compressed or not."""
    view = memoryview(stored).cast("B")
    stamp = {"bytes": len(view), "hash": f"md5:{_md5(view)}"}
    if rows is not None:
        stamp = {"rows": rows} | stamp
    return json.dumps(table_schema(schema, columns, stamp), ensure_ascii=False, indent=1) + "\n"


def table_schema(
    schema: pa.Schema, columns: list[CsvColumn], stamp: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """Return the Table Schema as plain values; ``stamp`` says what data it belongs to."""
    document: dict[str, Any] = {
        "fields": [_write_field(column) for column in columns],
        "missingValues": [""],
        **(stamp or {}),
    }
    metadata = _texts(without_usual_note(schema.metadata, schema))
    if (r := metadata.pop(R_KEY.decode(), None)) is not None:
        document["r"] = r
    if metadata:
        document["metadata"] = metadata
    return document


def restamp(sidecar: str, stored: Buffer) -> str:
    """Return the sidecar for other stored bytes of the same data, such as compressed ones."""
    view = memoryview(stored).cast("B")
    document = json.loads(sidecar)
    document |= {"bytes": len(view), "hash": f"md5:{_md5(view)}"}
    return json.dumps(document, ensure_ascii=False, indent=1) + "\n"


def parse(text: str) -> Sidecar:
    """Read a sidecar.

    Raises:
        DecodeError: It is no sidecar of ours.
        DuplicateColumnError: Two fields have one name.
    """
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise _bad(f"not JSON: {error}") from None
    return parse_table_schema(document)


def parse_table_schema(document: object) -> Sidecar:
    """Read a Table Schema from plain values.

    Raises:
        DecodeError: It is none of ours.
        DuplicateColumnError: Two fields have one name.
    """
    if not isinstance(document, dict) or not isinstance(document.get("fields"), list):
        raise _bad("it has no list of fields")
    columns = [_parse_field(entry) for entry in document["fields"]]
    check_names([column.field.name for column in columns])
    metadata = _text_map(document.get("metadata", {}), "metadata")
    if (r := document.get("r")) is not None:
        metadata[R_KEY.decode()] = _text(r, "r")
    digest = document.get("hash")
    if digest is not None:
        digest = _text(digest, "hash").removeprefix("md5:")
    return Sidecar(
        pa.schema([column.field for column in columns], metadata=metadata or None),
        columns,
        _count(document.get("rows"), "rows"),
        _count(document.get("bytes"), "bytes"),
        digest,
    )


def _write_field(column: CsvColumn) -> dict[str, Any]:
    field, type_ = column.field, column.field.type
    entry: dict[str, Any] = {
        "name": field.name,
        "type": frictionless_type(type_),
        "arrow": _arrow_text(type_),
    }
    if _is_bytes(type_):
        entry["format"] = "binary"
    if not _is_said_by_text(type_):
        entry["fields"] = [_write_field(part) for part in column.parts]
    own: dict[str, Any]
    own, others = _split_metadata(field)
    if column.missing:
        own = own | {_MISSING: list(column.missing)}
    if own:
        entry["crossframe"] = own
    if others:
        entry["metadata"] = others
    constraints: dict[str, Any] = {}
    if column.levels is not None:
        constraints["enum"] = csv_json.levels_to_json(column)
        entry["categoriesOrdered"] = type_.ordered
    if not field.nullable:
        constraints["required"] = True
    if constraints:
        entry["constraints"] = constraints
    return entry


def _is_bytes(type_: pa.DataType) -> bool:
    return bool(type_ == ROBJECT or pa.types.is_binary(type_) or pa.types.is_large_binary(type_))


def _is_said_by_text(type_: pa.DataType) -> bool:
    """Whether the type's text says all; else its parts have entries of their own."""
    if is_list(type_):
        item = type_.value_field
        plain = item.nullable and not item.metadata and not pa.types.is_dictionary(item.type)
        return plain and _is_said_by_text(item.type)
    return not pa.types.is_struct(type_)


def _arrow_text(type_: pa.DataType) -> str:
    if _is_said_by_text(type_):
        return type_text(type_)
    if pa.types.is_fixed_size_list(type_):
        return f"fixed_size_list[{type_.list_size}]"
    return str(type_).partition("<")[0]  # struct, list, large_list


def _split_metadata(field: pa.Field) -> tuple[dict[str, str], dict[str, str]]:
    texts, prefix = _texts(field.metadata), FIELD_PREFIX.decode()
    own = {key.removeprefix(prefix): value for key, value in texts.items() if key.startswith(prefix)}
    return own, {key: value for key, value in texts.items() if not key.startswith(prefix)}


def _parse_field(entry: object, depth: int = 0) -> CsvColumn:
    if not isinstance(entry, dict):
        raise _bad("a field is no object")
    if depth > MAX_DEPTH:
        raise _bad("fields lie too deep in each other")
    name = _text(entry.get("name"), "name")
    what = f"of field '{name}'"
    parts, type_ = _parse_type(entry, what, depth)
    if frictionless_type(type_) is None:
        raise _bad(f"arrow {what} must be a type that CSV keeps, not {type_}")
    constraints = entry.get("constraints", {})
    if not isinstance(constraints, dict):
        raise _bad(f"constraints {what} must be an object")
    own = entry.get("crossframe", {})
    metadata = _text_map(own, f"crossframe {what}", besides=_MISSING)
    metadata = {FIELD_PREFIX.decode() + key: value for key, value in metadata.items()}
    metadata |= _text_map(entry.get("metadata", {}), f"metadata {what}")
    nullable = constraints.get("required") is not True
    field = pa.field(name, type_, nullable=nullable, metadata=metadata or None)
    if not pa.types.is_dictionary(type_):
        return CsvColumn(field, parts=parts)
    levels = _parse_levels(constraints.get("enum"), field)
    return CsvColumn(field, levels, _parse_rows(own.get(_MISSING, []), what))


def _parse_type(entry: dict[str, Any], what: str, depth: int) -> tuple[tuple[CsvColumn, ...], pa.DataType]:
    text = _text(entry.get("arrow"), f"arrow {what}")
    sized = _SIZED.fullmatch(text)
    if text not in ("struct", "list", "large_list") and not sized:
        type_ = parse_type(text)
        return tuple(_plain_part(part) for part in part_fields(type_)), type_
    entries = entry.get("fields", [])
    if not isinstance(entries, list):
        raise _bad(f"fields {what} must be a list")
    parts = tuple(_parse_field(one, depth + 1) for one in entries)
    if text == "struct":
        check_names([part.field.name for part in parts])
        return parts, pa.struct([part.field for part in parts])
    if len(parts) != 1:
        raise _bad(f"fields {what} must be one, its item")
    item = parts[0].field
    if sized:
        return parts, pa.list_(item, int(sized[1]))
    return parts, pa.large_list(item) if text == "large_list" else pa.list_(item)


def _plain_part(field: pa.Field) -> CsvColumn:
    if pa.types.is_dictionary(field.type):
        raise _bad(f"an item of type {field.type} must have an entry of its own")
    return CsvColumn(field, parts=tuple(_plain_part(part) for part in part_fields(field.type)))


def _parse_levels(enum: object, field: pa.Field) -> pa.Array:
    # Why: R writes a single level as a bare text where a list is not asked for.
    values = [enum] if isinstance(enum, str) else enum
    what = f"enum of field '{field.name}'"
    if not isinstance(values, list):
        raise _bad(f"{what} must be a list")
    try:
        levels = csv_json.levels_from_json(values, field)
    except DecodeError as error:
        raise _bad(f"{what}: {error.detail}") from None
    if len(pc.unique(levels)) != len(levels):
        raise _bad(f"{what} has a level twice")
    return levels


def _parse_rows(rows: object, what: str) -> tuple[int, ...]:
    # Why: R writes a single number bare.
    listed = rows if isinstance(rows, list) else [rows]
    if not all(type(row) is int and 0 <= row < 2**62 for row in listed):
        raise _bad(f"crossframe.{_MISSING} {what} must be a list of rows")
    return tuple(listed)


def _texts(metadata: dict[bytes, bytes] | None) -> dict[str, str]:
    """Return metadata as text; JSON holds no other, so an entry that is no UTF-8 stays behind."""
    texts: dict[str, str] = {}
    for key, value in (metadata or {}).items():
        try:
            texts[key.decode()] = value.decode()
        except UnicodeDecodeError:
            continue
    return texts


def _text(value: object, what: str) -> str:
    if not isinstance(value, str):
        raise _bad(f"{what} must be text")
    if not value.isascii() and any("\ud800" <= letter <= "\udfff" for letter in value):
        raise _bad(f"{what} holds half a character")
    return value


def _text_map(value: object, what: str, besides: str | None = None) -> dict[str, str]:
    if not isinstance(value, dict):
        raise _bad(f"{what} must be an object")
    return {_text(key, what): _text(item, what) for key, item in value.items() if key != besides}


def _count(value: object, what: str) -> int | None:
    if value is None:
        return None
    if not isinstance(value, (int, float)) or isinstance(value, bool) or not 0 <= value <= 2**62:
        raise _bad(f"{what} must be a number")
    return int(value)


def _md5(view: memoryview) -> str:
    return hashlib.md5(view, usedforsecurity=False).hexdigest()


def _bad(detail: str) -> DecodeError:
    return DecodeError("Can't decode the CSV's schema.", detail, "Load it with schema=False to go without.")
