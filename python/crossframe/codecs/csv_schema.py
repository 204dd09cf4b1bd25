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

from crossframe.codecs.columns import check_names
from crossframe.codecs.names import SIDECAR_SUFFIX
from crossframe.errors import DecodeError, UnsupportedTypeError
from crossframe.pandas_note import without_usual_note

if TYPE_CHECKING:
    from typing_extensions import Buffer

SUFFIX = SIDECAR_SUFFIX
FIELD_PREFIX = b"crossframe."
R_KEY = b"r"

_INTEGERS = {str(t): t for t in (pa.int8(), pa.int16(), pa.int32(), pa.int64())} | {
    str(t): t for t in (pa.uint8(), pa.uint16(), pa.uint32(), pa.uint64())
}
_FLOATS = {str(t): t for t in (pa.float32(), pa.float64())}
_TEXTS = {str(t): t for t in (pa.string(), pa.large_string())}
_UNITS = ("s", "ms", "us", "ns")
_PLAIN: dict[str, tuple[pa.DataType, str]] = {
    "bool": (pa.bool_(), "boolean"),
    **{name: (t, "integer") for name, t in _INTEGERS.items()},
    **{name: (t, "number") for name, t in _FLOATS.items()},
    **{name: (t, "string") for name, t in _TEXTS.items()},
    "date32[day]": (pa.date32(), "date"),
    **{f"timestamp[{unit}]": (pa.timestamp(unit), "datetime") for unit in _UNITS},
    **{f"duration[{unit}]": (pa.duration(unit), "number") for unit in _UNITS},
}
_ZONED = re.compile(r"timestamp\[(s|ms|us|ns), tz=([A-Za-z0-9_+\-/:]{1,64})\]")
_DICTIONARY = re.compile(r"dictionary<values=(\w+), indices=(\w+), ordered=([01])>")


@dataclass(frozen=True, slots=True)
class Sidecar:
    """What a sidecar says.

    Attributes:
        schema: Names, types and metadata of the columns.
        levels: The levels of each dictionary column, in their order.
        rows: Number of rows of a frame without columns, where it is said.
        size: Size in bytes of the stored data the sidecar belongs to, where it is said.
        md5: MD5 of that data in hexadecimal, where it is said.
    """

    schema: pa.Schema
    levels: dict[str, list[str]]
    rows: int | None
    size: int | None
    md5: str | None

    def fits(self, stored: Buffer) -> bool:
        """Whether it belongs to these stored bytes."""
        view = memoryview(stored).cast("B")
        if self.size is not None and self.size != len(view):
            return False
        return self.md5 is None or self.md5 == _md5(view)


def write(schema: pa.Schema, levels: dict[str, list[str]], stored: Buffer, rows: int | None = None) -> str:
    """Write the sidecar of ``stored``, the data as it lies in the store, compressed or not.

    Raises:
        UnsupportedTypeError: A column's type is not one CSV keeps.
    """
    document: dict[str, Any] = {
        "fields": [_write_field(field, levels.get(field.name)) for field in schema],
        "missingValues": [""],
    }
    if rows is not None:
        document["rows"] = rows
    view = memoryview(stored).cast("B")
    document |= {"bytes": len(view), "hash": f"md5:{_md5(view)}"}
    metadata = _texts(without_usual_note(schema.metadata, schema))
    if (r := metadata.pop(R_KEY.decode(), None)) is not None:
        document["r"] = r
    if metadata:
        document["metadata"] = metadata
    return json.dumps(document, ensure_ascii=False, indent=1) + "\n"


def restamp(sidecar: str, stored: Buffer) -> str:
    """Return the sidecar for other stored bytes of the same data, such as compressed ones."""
    view = memoryview(stored).cast("B")
    document = json.loads(sidecar)
    document |= {"bytes": len(view), "hash": f"md5:{_md5(view)}"}
    return json.dumps(document, ensure_ascii=False, indent=1) + "\n"


def frictionless_type(type: pa.DataType) -> str | None:
    """Return the Frictionless type for an Arrow type; ``None`` where CSV does not keep it."""
    if pa.types.is_dictionary(type):
        known = str(type.value_type) in _TEXTS and str(type.index_type) in _INTEGERS
        return "string" if known else None
    if pa.types.is_timestamp(type) and type.tz is not None:
        return "datetime" if _ZONED.fullmatch(str(type)) else None
    return _PLAIN[str(type)][1] if str(type) in _PLAIN else None


def parse_type(text: str) -> pa.DataType:
    """Return the Arrow type that a text such as ``timestamp[ns, tz=UTC]`` names.

    Raises:
        DecodeError: It names none of those CSV keeps.
    """
    if text in _PLAIN:
        return _PLAIN[text][0]
    if zoned := _ZONED.fullmatch(text):
        return pa.timestamp(zoned[1], zoned[2])
    coded = _DICTIONARY.fullmatch(text)
    if coded and coded[1] in _TEXTS and coded[2] in _INTEGERS:
        return pa.dictionary(_INTEGERS[coded[2]], _TEXTS[coded[1]], ordered=coded[3] == "1")
    raise _bad(f"'{text[:80]}' is no Arrow type that CSV keeps")


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
    if not isinstance(document, dict) or not isinstance(document.get("fields"), list):
        raise _bad("it has no list of fields")
    levels: dict[str, list[str]] = {}
    fields = [_parse_field(entry, levels) for entry in document["fields"]]
    check_names([field.name for field in fields])
    metadata = _text_map(document.get("metadata", {}), "metadata")
    if (r := document.get("r")) is not None:
        metadata[R_KEY.decode()] = _text(r, "r")
    digest = document.get("hash")
    if digest is not None:
        digest = _text(digest, "hash").removeprefix("md5:")
    return Sidecar(
        pa.schema(fields, metadata=metadata or None),
        levels,
        _count(document.get("rows"), "rows"),
        _count(document.get("bytes"), "bytes"),
        digest,
    )


def _write_field(field: pa.Field, levels: list[str] | None) -> dict[str, Any]:
    kind = frictionless_type(field.type)
    if kind is None:
        raise UnsupportedTypeError(
            f"Column '{field.name}' must have a type that CSV keeps, not {field.type}.",
            hint="Could the frame be saved as parquet or rds?",
        )
    entry: dict[str, Any] = {"name": field.name, "type": kind, "arrow": str(field.type)}
    own, others = _split_metadata(field)
    if own:
        entry["crossframe"] = own
    if others:
        entry["metadata"] = others
    constraints: dict[str, Any] = {}
    if levels is not None:
        constraints["enum"] = levels
        entry["categoriesOrdered"] = field.type.ordered
    if not field.nullable:
        constraints["required"] = True
    if constraints:
        entry["constraints"] = constraints
    return entry


def _split_metadata(field: pa.Field) -> tuple[dict[str, str], dict[str, str]]:
    texts, prefix = _texts(field.metadata), FIELD_PREFIX.decode()
    own = {key.removeprefix(prefix): value for key, value in texts.items() if key.startswith(prefix)}
    return own, {key: value for key, value in texts.items() if not key.startswith(prefix)}


def _parse_field(entry: object, levels: dict[str, list[str]]) -> pa.Field:
    if not isinstance(entry, dict):
        raise _bad("a field is no object")
    name = _text(entry.get("name"), "name")
    type_ = parse_type(_text(entry.get("arrow"), f"arrow of field '{name}'"))
    constraints = entry.get("constraints", {})
    if not isinstance(constraints, dict):
        raise _bad(f"constraints of field '{name}' must be an object")
    if pa.types.is_dictionary(type_):
        levels[name] = _parse_levels(constraints.get("enum"), name)
    prefix = FIELD_PREFIX.decode()
    own = _text_map(entry.get("crossframe", {}), f"crossframe of field '{name}'")
    metadata = {prefix + key: value for key, value in own.items()}
    metadata |= _text_map(entry.get("metadata", {}), f"metadata of field '{name}'")
    nullable = constraints.get("required") is not True
    return pa.field(name, type_, nullable=nullable, metadata=metadata or None)


def _parse_levels(enum: object, name: str) -> list[str]:
    # Why: R writes a single level as a bare text where a list is not asked for.
    levels = [enum] if isinstance(enum, str) else enum
    if not isinstance(levels, list) or not all(isinstance(level, str) for level in levels):
        raise _bad(f"enum of field '{name}' must be a list of texts")
    if len(set(levels)) != len(levels):
        raise _bad(f"enum of field '{name}' has a level twice")
    return levels


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
    return value


def _text_map(value: object, what: str) -> dict[str, str]:
    if not isinstance(value, dict):
        raise _bad(f"{what} must be an object")
    return {key: _text(item, what) for key, item in value.items()}


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
