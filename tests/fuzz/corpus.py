"""What fuzzing starts from: every conformance vector, as the readers meet it, without compression.

``corpus.py FOLDER`` writes ``FOLDER/serialized`` (R's serialization, for codec and scan) and ``FOLDER/csv``.
"""

from __future__ import annotations

import base64
import bz2
import gzip
import hashlib
import json
import lzma
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

CONFORMANCE = Path(__file__).parents[1] / "conformance"
_EXPAND = {b"\x1f\x8b": gzip.decompress, b"BZ": bz2.decompress, b"\xfd7": lzma.decompress}
_RDATA_HEADER = 5  # RDX3\n


def files() -> list[Path]:
    """Return the R files among the vectors, good and bad."""
    return sorted(
        path
        for folder in ("frames", "values", "bad")
        for path in (CONFORMANCE / folder).glob("*")
        if path.suffix.lower() in {".rds", ".rdata", ".rda"}
    )


def expanded(data: bytes) -> bytes:
    """Take a compression off; damaged ones are a matter of the Python tests."""
    expand = _EXPAND.get(data[:2])
    if expand is None:
        return data
    try:
        return expand(data)
    except (OSError, EOFError, lzma.LZMAError):
        return b""


def serialized() -> Iterator[bytes]:
    """Yield each serialization once."""
    seen = set()
    for path in files():
        data = expanded(path.read_bytes())
        if data[:2] == b"RD":
            data = data[_RDATA_HEADER:]
        if data not in seen:
            seen.add(data)
            yield data


def csv_texts() -> Iterator[bytes]:
    """Yield the texts of the CSV vectors."""
    for name in ("infer", "sidecar", "bad"):
        for vector in json.loads((CONFORMANCE / "csv" / f"{name}.json").read_text("utf-8")):
            if "csv_base64" in vector:
                yield base64.b64decode(vector["csv_base64"])
            elif "csv" in vector:
                yield vector["csv"].encode()


def write(folder: Path) -> None:
    """Write both folders anew."""
    for name, parts in (("serialized", serialized()), ("csv", csv_texts())):
        target = folder / name
        target.mkdir(parents=True, exist_ok=True)
        for old in target.iterdir():
            old.unlink()
        for data in parts:
            (target / hashlib.sha256(data).hexdigest()[:16]).write_bytes(data)


if __name__ == "__main__":
    write(Path(sys.argv[1]))
