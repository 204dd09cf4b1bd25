"""Versions, links, conditional writes, metadata and rules that one language makes, the other uses."""

from __future__ import annotations

import hashlib
import json
import subprocess
import warnings
from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest

import crossframe as cf

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from conftest import RunR

pytestmark = pytest.mark.filterwarnings("error::crossframe.errors.CrossframeWarning")


@pytest.fixture
def lab(request: pytest.FixtureRequest, shared_root: str) -> str:
    """The shared root, in a bucket that keeps versions."""
    if shared_root.startswith("s3://"):
        kind = "moto" if "[moto" in request.node.name else "seaweedfs"
        server = request.getfixturevalue(kind)
        bucket = shared_root.split("/")[2]
        server.client.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    return shared_root


# Moto, told to check signatures, answers 500 to a signed link.
with_links = pytest.mark.parametrize("shared_root", ["seaweedfs"], indirect=True)


@pytest.fixture
def r(run_r: RunR) -> Callable[..., Any]:
    """Have R do a verb of sharing.R; give its answer."""

    def do(*arguments: str) -> Any:
        return json.loads(run_r("sharing.R", *arguments))

    return do


def frame(level: str) -> pd.DataFrame:
    return pd.DataFrame({"x": pd.Categorical(["a", level], categories=[level, "a"])})


def shown(held: Any) -> dict[str, list[str]]:
    return {"x": list(held["x"]), "levels": list(held["x"].cat.categories)}


def rows(key: str) -> list[dict[str, Any]]:
    """What Python tells of a key's history, in the form of sharing.R."""
    told = []
    for one in cf.versions(key).to_dict("records"):
        row = {name: one[name] for name in ("key", "version", "latest", "deleted", "size")}
        if not one["deleted"]:
            row["etag"] = one["etag"]
            row["loaded"] = shown(cf.load(key, version=one["version"]))
        told.append(row)
    return told


def curl(*arguments: str) -> bytes:
    """Run curl as it is; an answer that is no success is an error."""
    done = subprocess.run(["curl", "-fsS", *arguments], capture_output=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("key", ["d.csv", "d.rds"])
def test_history(lab: str, r: Callable[..., Any], key: str) -> None:
    """Each lists, loads and brings back what the other replaced and deleted."""
    assert lab
    cf.save(frame("p1"), key)
    r("save", key, "r1")
    cf.save(frame("p2"), key)
    r("delete", key)
    history = rows(key)
    assert r("history", key) == history
    assert [row["deleted"] for row in history] == [True, False, False, False]
    assert [row["loaded"]["levels"][0] for row in history[1:]] == ["p2", "r1", "p1"]

    cf.restore(key)
    assert r("load", key) == shown(frame("p2"))
    r("restore", key, history[3]["version"])
    assert shown(cf.load(key)) == shown(frame("p1"))
    cf.restore(key, history[2]["version"])
    assert r("load", key) == shown(frame("r1"))
    assert r("history", key) == rows(key)

    cf.delete(key)
    r("restore", key)
    assert shown(cf.load(key)) == shown(frame("r1"))


def test_conditions(lab: str, r: Callable[..., Any]) -> None:
    """Neither overwrites what the other wrote in between."""
    assert lab
    mine = cf.save(frame("p1"), "d.csv").etag
    assert r("save_new", "d.csv", "r1") == "object_exists"
    assert r("save_if", "d.csv", "r2", mine) == "done"
    with pytest.raises(cf.errors.PreconditionFailedError):
        cf.save(frame("p2"), "d.csv", if_match=mine)
    assert r("save_if", "d.csv", "r3", mine) == "precondition_failed"
    assert shown(cf.load("d.csv")) == shown(frame("r2"))

    theirs = r("save", "e.csv", "r1")
    with pytest.raises(cf.errors.ObjectExistsError):
        cf.save(frame("p1"), "e.csv", overwrite=False)
    cf.save(frame("p2"), "e.csv", if_match=theirs)
    assert r("load", "e.csv") == shown(frame("p2"))


def test_metadata(lab: str, r: Callable[..., Any]) -> None:
    """What one notes beside an object the other reads."""
    assert lab
    cf.save(frame("b"), "d.csv", metadata={"note": "from Python"})
    assert r("note", "d.csv") == "from Python"
    r("save_with", "d.csv", "b", "from R")
    assert cf.info("d.csv").metadata == {"note": "from R"}
    assert cf.info("d.csv").media_type == "text/csv"


def test_files(lab: str, r: Callable[..., Any], tmp_path: Path) -> None:
    """A file is the same file after the way through a store and both languages."""
    assert lab
    there, back = tmp_path / "there.bin", tmp_path / "back.bin"
    # Beyond what goes in one part.
    content = bytes(range(256)) * 4096 * 20
    there.write_bytes(content)
    cf.upload(there, "files/a.bin")
    assert r("download", "files/a.bin", str(back)) == len(content)
    r("upload", str(back), "files/b.bin")
    cf.download("files/b.bin", there)
    assert hashlib.sha256(there.read_bytes()).digest() == hashlib.sha256(content).digest()


@with_links
def test_links_to_fetch(lab: str, r: Callable[..., Any], tmp_path: Path) -> None:
    """Links of either open in the other, and in curl."""
    assert lab
    key = "odd dir/d+1 é.rds"
    cf.save(frame("b"), key)
    cf.download(key, tmp_path / "d.rds")
    stored = (tmp_path / "d.rds").read_bytes()
    for link in (cf.share(key, "1h"), r("share", key)):
        assert curl(link) == stored
        assert r("load", link) == shown(frame("b"))
        assert shown(cf.load(link)) == shown(frame("b"))


@with_links
def test_links_to_versions(lab: str, r: Callable[..., Any]) -> None:
    """A link to a version gives that version, whatever is newest."""
    assert lab
    cf.save(frame("b"), "d.rds")
    cf.save(frame("c"), "d.rds")
    old = cf.versions("d.rds")["version"].iloc[1]
    assert r("load", cf.share("d.rds", version=old)) == shown(frame("b"))
    assert shown(cf.load(r("share_version", "d.rds", old))) == shown(frame("b"))


@with_links
def test_links_to_upload(lab: str, r: Callable[..., Any], tmp_path: Path) -> None:
    """Somebody with curl alone uploads by a link of either."""
    assert lab
    cf.save(frame("b"), "d.rds")
    cf.download("d.rds", tmp_path / "d.rds")
    for name, link in (("p.rds", cf.request("in/p.rds", "1h")), ("r.rds", r("request", "in/r.rds"))):
        curl("--upload-file", str(tmp_path / "d.rds"), link)
        assert r("load", f"in/{name}") == shown(frame("b"))
        assert shown(cf.load(f"in/{name}")) == shown(frame("b"))


@with_links
def test_published(lab: str, r: Callable[..., Any]) -> None:
    """What either publishes anybody reads, types of a CSV included; and either takes it back."""
    cf.save(frame("b"), "open/d.csv")
    for publish, unpublish in ((cf.publish, "R"), (lambda uri: r("publish", uri), "Python")):
        url = publish("open/")
        assert curl(url + "d.csv").splitlines()[1:] == [b'"a"', b'"b"']
        assert r("load", url + "d.csv") == shown(frame("b"))
        assert shown(cf.load(url + "d.csv")) == shown(frame("b"))
        if unpublish == "R":
            r("unpublish", "open/")
        else:
            cf.unpublish("open/")
        with pytest.raises(cf.errors.AccessDeniedError):
            cf.load(url + "d.csv")
    assert lab


@pytest.mark.parametrize("shared_root", ["folder"], indirect=True)
def test_what_expires_in_a_folder(lab: str, r: Callable[..., Any]) -> None:
    """A rule that one makes the other carries out."""
    import os
    import time
    from pathlib import Path

    long_ago = time.time() - 40 * 86400
    for key, rule in (
        ("p/d.rds", lambda: cf.expire("p/", "30d")),
        ("r/d.rds", lambda: r("expire", "r/", "30d")),
    ):
        cf.save(frame("b"), key)
        os.utime(Path(lab, key), (long_ago, long_ago))
        rule()
    with warnings.catch_warnings():
        assert cf.cleanup("p/")["key"].tolist() == ["p/d.rds"]
    assert r("cleanup") == "expired"
    assert cf.ls(recursive=True)["key"].tolist() == []
