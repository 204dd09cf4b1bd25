"""Fixtures of the faults: the gate before a real server, both languages' workers, and the README."""

from __future__ import annotations

import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from faults.places import Place
from faults.readme import Readme
from faults.workers import COMMANDS, Worker
from gate import Gate

if TYPE_CHECKING:
    from collections.abc import Iterator

README = Path(__file__).with_name("README.md")


@pytest.fixture(scope="session")
def gate(seaweedfs: Any) -> Iterator[Gate]:
    """Return a gate before SeaweedFS."""
    with Gate(seaweedfs.server.endpoint, {seaweedfs.server.access_key: seaweedfs.server.secret_key}) as gate:
        yield gate


@pytest.fixture(scope="session")
def workers() -> Iterator[dict[str, Worker]]:
    """Both languages' workers."""
    both = {language: Worker(language) for language in COMMANDS}
    yield both
    for worker in both.values():
        worker.kill()


@pytest.fixture(params=sorted(COMMANDS))
def language(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def worker(workers: dict[str, Worker], language: str) -> Worker:
    return workers[language]


@pytest.fixture(scope="session")
def bucket(seaweedfs: Any) -> str:
    """Return one bucket for all: SeaweedFS sets room aside for each."""
    return str(seaweedfs.make_bucket())


@pytest.fixture
def place(gate: Gate, seaweedfs: Any, bucket: str, tmp_path: Path) -> Iterator[Place]:
    """Return an empty part of a bucket behind the gate, which is in order again when the test ends."""
    gate.expect()
    yield Place(seaweedfs, gate, bucket, f"run-{uuid.uuid4().hex}/", tmp_path)
    gate.expect()


@pytest.fixture(scope="session")
def readme(request: pytest.FixtureRequest) -> Iterator[Readme]:
    """Return the README, which each test compares with what it saw."""
    readme = Readme(README, rewrite=request.config.getoption("--write-faults"))
    yield readme
    readme.close()
