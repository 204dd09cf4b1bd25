"""The command that serves the page, as a process of its own."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from crossframe.errors import EndpointError, UsageError
from crossframe.web.server import _bound, _link

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

LINK = re.compile(r"http://127\.0\.0\.1:\d+/\?token=\S+")


@contextmanager
def serving(folder: Path, *more: str) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """Run the command; yield the link it prints."""
    command = [sys.executable, "-c", "from crossframe.cli import main; main()", "serve", str(folder)]
    command += ["--no-open", "--port", "0", *more]
    env = os.environ | {"XDG_STATE_HOME": str(folder.parent / "state")}
    with (
        (folder.parent / "said.log").open("w") as said,
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=said, text=True, env=env) as child,
    ):
        try:
            assert child.stdout is not None
            found = None
            for line in child.stdout:
                found = LINK.search(line)
                if found:
                    break
            assert found, (folder.parent / "said.log").read_text()
            yield found[0], child
        finally:
            child.send_signal(signal.SIGINT)
            child.wait(30)


def opener() -> Any:
    return urllib.request.build_opener(urllib.request.HTTPCookieProcessor())


def test_the_command_prints_a_link_that_opens_the_page_and_ends_quietly(tmp_path):
    root = tmp_path / "lab"
    root.mkdir()
    (root / "a.txt").write_text("text")
    with serving(root) as (link, child):
        browser = opener()
        address = link.partition("/?")[0]
        with pytest.raises(urllib.error.HTTPError, match="401"):
            browser.open(address)
        assert b"Opening My files" in browser.open(link).read()
        assert str(root) in browser.open(address).read().decode()
        assert browser.open(f"{address}/download?path=a.txt").read() == b"text"
        host, port = address.removeprefix("http://").split(":")
        assert host == "127.0.0.1"
    assert child.returncode in {0, -signal.SIGINT, 130}
    assert (tmp_path / "said.log").read_text() == ""
    with socket.socket() as probe, pytest.raises(ConnectionRefusedError):
        probe.connect((host, int(port)))


def test_links_outlive_a_restart(tmp_path):
    from crossframe.web.keeping import Kept

    one = Kept(str(tmp_path), tmp_path / "state")
    assert Kept(str(tmp_path), tmp_path / "state").link_key == one.link_key


def test_where_no_state_can_be_kept_links_end_with_the_server(tmp_path, monkeypatch):
    from crossframe.web.places import Place
    from crossframe.web.server import _kept

    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "file"))
    kept = _kept(Place.of(tmp_path))
    kept.set_public("a", public=True)
    assert kept.is_public("a")
    assert len(kept.link_key) == 32


def test_read_only_is_said_and_kept(tmp_path):
    root = tmp_path / "lab"
    root.mkdir()
    with serving(root, "--read-only") as (link, _):
        browser = opener()
        browser.open(link).read()
        page = browser.open(link.partition("/?")[0]).read().decode()
    assert "data-read-only" in page
    assert "read only" in page


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", "from crossframe.cli import main; main()", "serve", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)


def test_a_root_that_is_not_there_is_told(tmp_path):
    done = run(str(tmp_path / "nowhere"), "--no-open")
    assert done.returncode == 1
    assert "nowhere" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_port_that_is_taken_is_told_and_the_usual_one_gives_way(monkeypatch):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(EndpointError, match="another program"):
            _bound("127.0.0.1", port)
        monkeypatch.setattr("crossframe.web.server.PORT", port)
        with _bound("127.0.0.1", None) as other:
            assert other.getsockname()[1] != port


@pytest.mark.parametrize("port", [-1, 65_536])
def test_a_port_is_a_number_that_there_is(port):
    with pytest.raises(UsageError, match="A port is a number"):
        _bound("127.0.0.1", port)


def test_an_address_that_is_not_ours_is_told():
    with pytest.raises(EndpointError, match="no such address"):
        _bound("192.0.2.1", 0)


def test_the_link_names_an_address_that_a_browser_can_open():
    assert _link("127.0.0.1", 80, "t") == "http://127.0.0.1:80/?token=t"
    assert _link("::1", 80, "t") == "http://[::1]:80/?token=t"
    assert _link("0.0.0.0", 80, "t") == f"http://{socket.gethostname()}:80/?token=t"


def test_without_its_parts_the_command_says_what_to_install(monkeypatch):
    import importlib.util

    from crossframe.cli import FAILED
    from crossframe.cli import run as run_command

    real = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "uvicorn" else real(name))
    assert run_command(["serve", "."]) == FAILED


def test_everything_the_page_needs_is_in_the_package():
    from importlib.resources import files

    static = files("crossframe.web").joinpath("static")
    names = {file.name for file in static.iterdir()}
    for file in static.iterdir():
        if file.name.endswith(".js"):
            for wanted in re.findall(r'(?:from|import\()\s*"\./([^"]+)"', file.read_text("utf-8")):
                assert wanted in names, (file.name, wanted)
    for template in files("crossframe.web").joinpath("templates").iterdir():
        for wanted in re.findall(r"/static/([\w.]+)", template.read_text("utf-8")):
            assert wanted in names, (template.name, wanted)
