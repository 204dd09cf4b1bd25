"""Fixtures for tests of the page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from crossframe.web.hosts import LOOPBACK
from crossframe.web.places import Place
from crossframe.web.site import Site
from web_page import Page, bucket_page, served

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.fixture
def folder_page(tmp_path: Path) -> Page:
    """Return a page on an empty folder."""
    folder = tmp_path / "root"
    folder.mkdir()
    return Page(Site(Place.of(folder), hosts=LOOPBACK), str(folder), folder)


@pytest.fixture(params=["folder", "moto", "seaweedfs"])
def page(request: Any) -> Page:
    """Return a page on an empty root that keeps versions."""
    if request.param == "folder":
        found: Page = request.getfixturevalue("folder_page")
        return found
    return bucket_page(request.getfixturevalue(request.param))


@pytest.fixture
def serving() -> Callable[[Site], Any]:
    """Return what serves a page."""
    return served
