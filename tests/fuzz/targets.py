"""The readers of the Python package that take bytes from outside, what they start from, and random damage."""

from __future__ import annotations

import contextlib
import io
import json
from typing import TYPE_CHECKING, Any

import corpus
import pyarrow as pa

from crossframe import errors, frames
from crossframe.attributes import R_KEY, RMetadata
from crossframe.codecs import compression, csv, csv_schema, parquet, rds
from crossframe.losses import Losses

if TYPE_CHECKING:
    import random
    from collections.abc import Callable

# The size that damaged compressed data may expand to: small, so that a run is not spent on that.
LIMIT = 1 << 24
_COMPRESSIONS = ["gzip", "zlib", "bzip2", "xz", "zstd"]
_MOST = 40_000  # bytes; the few larger vectors are about depth, and have tests of their own


def read_rds(data: bytes) -> None:
    """Decode as RDS, to a frame as users hold it."""
    to_users(rds.decode_rds(data, Losses()))


def read_rdata(data: bytes) -> None:
    """Decode as RData."""
    for value in rds.decode_rdata(data, Losses()).values():
        to_users(value)


def read_parquet(data: bytes) -> None:
    """Decode as Parquet; its schema first, as ``info`` does."""
    parquet.inspect(io.BytesIO(data))
    to_users(parquet.decode(data))


def read_csv(data: bytes) -> None:
    """Decode as CSV without a sidecar."""
    to_users(csv.decode(data))


def read_sidecar(data: bytes) -> None:
    """Decode as a sidecar, a zero byte, and the CSV it belongs to."""
    text, _, body = data.partition(b"\0")
    schema = text.decode("utf-8", "replace")
    csv_schema.parse(schema)
    to_users(csv.decode(body, schema))


def read_compressed(data: bytes) -> None:
    """Expand, by each compression in turn."""
    for name in _COMPRESSIONS:
        try:
            compression.decompress(data, name, limit=LIMIT)
        except errors.DecodeError:
            continue


def read_attributes(data: bytes) -> None:
    """Decode the text under schema key ``r``."""
    table = pa.table({"x": pa.array([1.5, None])}).replace_schema_metadata({R_KEY: data})
    RMetadata.from_text(data)
    to_users(table)


def to_users(value: Any) -> None:
    """Turn a table or value into what ``load`` gives, and what can be written back."""
    if isinstance(value, pa.Table):
        value.validate(full=True)
    frames.from_value(value, Losses(), as_="pandas")


READERS: dict[str, Callable[[bytes], None]] = {
    "rds": read_rds,
    "rdata": read_rdata,
    "parquet": read_parquet,
    "csv": read_csv,
    "sidecar": read_sidecar,
    "compressed": read_compressed,
    "attributes": read_attributes,
}


def seeds(name: str) -> list[bytes]:
    """Return what a reader's damage starts from."""
    return _SEEDS[name]()


def _rds() -> list[bytes]:
    return [data for data in corpus.serialized() if len(data) < _MOST]


def _rdata() -> list[bytes]:
    whole = (corpus.expanded(path.read_bytes()) for path in corpus.files())
    return [data for data in whole if data[:2] == b"RD" and len(data) < _MOST]


def _tables() -> list[pa.Table]:
    tables = []
    for data in _rds():
        try:
            value = rds.decode_rds(data, Losses())
        except errors.CrossframeError:  # the bad ones
            continue
        if isinstance(value, pa.Table):
            tables.append(value)
    return tables


def _parquet() -> list[bytes]:
    out = []
    for table in _tables()[::4]:
        with contextlib.suppress(errors.UnsupportedTypeError):  # a type that Parquet does not keep
            out.append(bytes(parquet.encode(table)))
    return out


def _csv() -> list[bytes]:
    return list(corpus.csv_texts())


def _sidecar() -> list[bytes]:
    out = []
    for table in _tables():
        try:
            encoded = csv.encode(table)
        except errors.UnsupportedTypeError:  # a type that CSV does not keep
            continue
        data = bytes(encoded.data)
        document = json.loads(encoded.schema_for(data) or "{}")
        # Without the hash a changed text is not just set aside as another file's.
        document.pop("hash", None)
        document.pop("bytes", None)
        out.append(json.dumps(document, ensure_ascii=False).encode() + b"\0" + data)
    return out


def _compressed() -> list[bytes]:
    plain = _rds()[:3]
    return [
        compression.compress(data, name) for name in _COMPRESSIONS for data in (b"", *plain, plain[0] * 99)
    ]


def _attributes() -> list[bytes]:
    metadata = [(table.schema.metadata or {}).get(R_KEY) for table in _tables()]
    return [text for text in metadata if text] + [data for data in _rds() if data[:1] == b"A"][:20]


_SEEDS: dict[str, Callable[[], list[bytes]]] = {
    "rds": _rds,
    "rdata": _rdata,
    "parquet": _parquet,
    "csv": _csv,
    "sidecar": _sidecar,
    "compressed": _compressed,
    "attributes": _attributes,
}


def mutated(corpus_: list[bytes], chance: random.Random) -> bytes:
    """Return one of the seeds with up to six random changes."""
    data = bytearray(chance.choice(corpus_))
    for _ in range(chance.randint(1, 6)):
        at = chance.randint(0, len(data))
        span = chance.randint(1, 32)
        kind = chance.randrange(6)
        if kind == 0 and at < len(data):
            data[at] ^= 1 << chance.randrange(8)
        elif kind == 1:
            data[at : at + 1] = bytes([chance.randrange(256)])
        elif kind == 2:
            del data[at : at + span]
        elif kind == 3:
            data[at:at] = data[at : at + span]
        elif kind == 4:
            other = chance.choice(corpus_)
            start = chance.randint(0, len(other))
            data[at:at] = other[start : start + span * 4]
        elif chance.random() < 0.3:
            del data[at:]
    return bytes(data)
