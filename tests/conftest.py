"""Fixtures for every test: a clean environment, and S3 servers with a bucket for each test."""

from __future__ import annotations

import os
import sys
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

sys.path.insert(0, str(Path(__file__).parent))

# Beside this file; the servers are also run by R's tests and by the demo.
import servers
from scripted import Scripted, scripted_server

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let `make faults` write the table that every other run compares with."""
    parser.addoption("--write-faults", action="store_true", help="write tests/faults/README.md")


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no test see the developer's keys, roots or profiles, nor ask a cloud's metadata service."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.delenv("CROSSFRAME_ROOT", raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    # Why the same for all: connections are kept by what the environment says.
    for name in ("AWS_SHARED_CREDENTIALS_FILE", "AWS_CONFIG_FILE"):
        monkeypatch.setenv(name, os.devnull)


@dataclass(frozen=True)
class S3Server:
    """A server in a process of its own, with a boto3 client that looks past the code under test."""

    name: str
    server: servers.Server
    client: Any

    def make_bucket(self) -> str:
        """Make a bucket for one test."""
        bucket = f"test-{uuid.uuid4().hex[:20]}"
        self.client.create_bucket(Bucket=bucket)
        return bucket

    def options(self, **more: Any) -> Any:
        """Return ``S3Options`` that reach it."""
        from crossframe.stores import S3Options

        known = {
            "endpoint": self.server.endpoint,
            "access_key": self.server.access_key,
            "secret_key": self.server.secret_key,
            "verify": self.server.authority,
            "attempts": 2,
        }
        return S3Options(**(known | more))


def _running(name: str) -> Iterator[S3Server]:
    with servers.running(name) as server:
        yield S3Server(name, server, server.client())


@pytest.fixture(scope="session")
def moto() -> Iterator[S3Server]:
    """Moto, with signatures checked."""
    yield from _running("moto")


@pytest.fixture(scope="session")
def seaweedfs() -> Iterator[S3Server]:
    """SeaweedFS, a real server."""
    yield from _running("seaweedfs")


@pytest.fixture(scope="session")
def seaweedfs_tls() -> Iterator[S3Server]:
    """SeaweedFS over TLS, with an authority of its own."""
    yield from _running("seaweedfs-tls")


@pytest.fixture
def scripted() -> Iterator[Scripted]:
    """Return a server that says what the test tells it to."""
    with scripted_server() as script:
        yield script


@pytest.fixture
def use_server(monkeypatch: pytest.MonkeyPatch) -> Callable[[S3Server], None]:
    """Return a function that puts a server's endpoint and keys into the environment."""

    def use(server: S3Server) -> None:
        for name, value in server.server.env().items():
            monkeypatch.setenv(name, value)

    return use
