"""Every kind of store for the contract's tests, with ways in that do not lead through it."""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from crossframe.stores import FolderStore, MemoryStore, PrefixStore, S3Store

if TYPE_CHECKING:
    from collections.abc import Callable

    import pytest

    from crossframe.stores import Store

KINDS = ["memory", "folder", "moto", "seaweedfs", "seaweedfs_tls", "prefix"]
ODD_KEYS: list[str] = [
    row["key"]
    for row in json.loads((Path(__file__).parent / "conformance/stores/odd_keys.json").read_text("utf-8"))
]


@dataclass
class Place:
    """A store, with ways in that do not lead through it.

    Attributes:
        store: The store.
        write: Writes an object past it.
        read: Reads one past it.
        kind: One of ``KINDS``.
        other: Makes another store of the same kind, on the same server.
    """

    store: Any
    write: Callable[[str, bytes], object]
    read: Callable[[str], bytes]
    kind: str
    other: Callable[[], Store]


def make_place(kind: str, request: pytest.FixtureRequest, root: Path, *, versioned: bool = False) -> Place:
    """Make an empty store of a kind; ``versioned`` where a bucket is to keep versions, as the others do."""
    if kind == "memory":
        return _memory()
    if kind == "folder":
        return _folder(root)
    server = request.getfixturevalue("moto" if kind == "prefix" else kind)

    def bucket() -> str:
        name: str = server.make_bucket()
        # Why: a bucket that is left keeps its volumes.
        request.addfinalizer(lambda: _remove_bucket(server, name))
        if versioned:
            server.client.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
        return name

    return _prefix(server, bucket) if kind == "prefix" else _s3(server, bucket)


def _memory() -> Place:
    store = MemoryStore("contract")

    def write(key: str, data: bytes) -> None:
        store.put(key, data)

    return Place(store, write, lambda key: store.find(key, None)[0], "memory", lambda: MemoryStore("other"))


def _folder(root: Path) -> Place:
    def write(key: str, data: bytes) -> None:
        (root / key).parent.mkdir(parents=True, exist_ok=True)
        (root / key).write_bytes(data)

    root.mkdir()
    return Place(
        FolderStore(root),
        write,
        lambda key: (root / key).read_bytes(),
        "folder",
        lambda: FolderStore(root.with_name(f"other-{uuid.uuid4().hex}")),
    )


def _remove_bucket(server: Any, bucket: str) -> None:
    if server.name != "moto":
        server.client.delete_bucket(Bucket=bucket)


def _s3(server: Any, make_bucket: Callable[[], str]) -> Place:
    bucket = make_bucket()
    return Place(
        S3Store(bucket, server.options()),
        lambda key, data: server.client.put_object(Bucket=bucket, Key=key, Body=data),
        lambda key: server.client.get_object(Bucket=bucket, Key=key)["Body"].read(),
        server.name.replace("-", "_"),
        lambda: S3Store(make_bucket(), server.options()),
    )


def _prefix(server: Any, make_bucket: Callable[[], str]) -> Place:
    """A part of a bucket, with neighbours that a careless prefix would take in."""
    whole = _s3(server, make_bucket)
    for key in ("lab", "lab/", "lab.csv", "laboratory/k", "other/lab/k"):
        whole.write(key, b"a neighbour")
    return Place(
        PrefixStore(whole.store, "lab/"),
        lambda key, data: whole.write("lab/" + key, data),
        lambda key: whole.read("lab/" + key),
        "prefix",
        lambda: PrefixStore(whole.other(), "deep/er/"),
    )
