"""Fixtures for tests that run on every kind of store through the public functions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import settings

import crossframe as cf

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


# Why no deadline: how long an example takes on a busy machine proves nothing.
settings.register_profile("crossframe", deadline=None)
settings.load_profile("crossframe")


@dataclass(frozen=True)
class Place:
    """A store that keeps versions, as the root.

    Attributes:
        kind: ``"folder"``, ``"moto"`` or ``"seaweedfs"``.
        root: Its URI.
        bucket: Name of the bucket; ``None`` for a folder.
        client: A boto3 client that looks past the code under test.
    """

    kind: str
    root: str
    bucket: str | None = None
    client: Any = None

    @property
    def is_s3(self) -> bool:
        """Whether it is a bucket."""
        return self.bucket is not None


def _open(request: Any, use_server: Callable[[Any], None], tmp_path: Path) -> Place:
    if request.param == "folder":
        folder = tmp_path / "root"
        folder.mkdir()
        return Place("folder", f"file://{folder}")
    server = request.getfixturevalue(request.param)
    use_server(server)
    bucket = server.make_bucket()
    server.client.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    return Place(request.param, f"s3://{bucket}", bucket, server.client)


@pytest.fixture(params=["folder", "moto", "seaweedfs"])
def place(
    request: Any, use_server: Callable[[Any], None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Place]:
    """Make a store the root, and an empty folder beside it the working folder."""
    opened = _open(request, use_server, tmp_path)
    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)
    cf.set_root(opened.root)
    yield opened
    cf.set_root(None)


@pytest.fixture(params=["moto", "seaweedfs"])
def bucket(
    request: Any, use_server: Callable[[Any], None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Place]:
    """Make a bucket the root."""
    opened = _open(request, use_server, tmp_path)
    monkeypatch.chdir(tmp_path)
    cf.set_root(opened.root)
    yield opened
    cf.set_root(None)
