"""A page for tests: on a folder or a bucket, asked in process or over the network."""

from __future__ import annotations

import json
import socket
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import uvicorn
from starlette.testclient import TestClient

from crossframe.stores import resolve
from crossframe.web.app import create_app
from crossframe.web.hosts import LOOPBACK
from crossframe.web.places import Place
from crossframe.web.site import Site

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

BASE = "http://127.0.0.1:8765"


@dataclass
class Page:
    """A page, and who may use it.

    Attributes:
        site: What it holds.
        root: The URI of its root.
        client: Somebody who opened its link.
        folder: The folder, where the root is one.
    """

    site: Site
    root: str
    folder: Path | None = None
    client: TestClient = field(init=False)

    def __post_init__(self) -> None:
        self.client = self.stranger()
        self.client.cookies.set(self.site.cookie, self.site.session)

    def stranger(self) -> TestClient:
        """Return somebody who was told nothing."""
        return TestClient(create_app(self.site), base_url=BASE, raise_server_exceptions=False)

    @property
    def store(self) -> Any:
        """The store, to look past the page."""
        return resolve("x", root=self.root, options=self.site.place.options).store

    @property
    def headers(self) -> dict[str, str]:
        """What the page sends with a change."""
        return {"x-csrf-token": self.site.csrf}

    def get(self, path: str, /, **params: Any) -> Any:
        """Ask, and return what is told."""
        answer = self.client.get(path, params=params)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def post(self, path: str, body: Any) -> Any:
        """Change, and return the answer."""
        return self.client.post(path, json=body, headers=self.headers)

    def work(self, path: str, body: Any) -> Any:
        """Do long work, and return how it ended."""
        return last_line(self.post(path, body))

    def upload(self, path: str, content: Any, *, replace: bool = False) -> Any:
        """Upload, and return the answer."""
        params = {"path": path, "replace": "yes" if replace else "no"}
        return self.client.put("/api/upload", params=params, content=content, headers=self.headers)


def last_line(answer: Any) -> Any:
    """Return how long work ended."""
    assert answer.status_code == 200, answer.text
    return json.loads(answer.text.splitlines()[-1])


def bucket_page(server: Any, *, versioned: bool = True) -> Page:
    """Return a page on an empty bucket."""
    bucket = server.make_bucket()
    if versioned:
        server.client.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    root = f"s3://{bucket}"
    return Page(Site(Place.of(root, server.options()), hosts=LOOPBACK), root)


@contextmanager
def served(site: Site) -> Iterator[str]:
    """Serve a page over the network; yield its address."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(128)
        config = uvicorn.Config(
            create_app(site),
            log_config=None,
            access_log=False,
            lifespan="off",
            ws="none",
            timeout_graceful_shutdown=1,
        )
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        try:
            yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join()
