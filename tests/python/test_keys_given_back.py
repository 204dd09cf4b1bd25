"""A key that comes back can be passed in again, and is the same on a folder and on a bucket."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pytest

import crossframe as cf
from crossframe import cli, errors

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

KEYS = ["foo/a.rds", "foo/b c.csv", "foo/bar/d%20{x}.parquet"]


@pytest.fixture(params=["folder", "bucket", "prefix"])
def root(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A root with three frames, and one beside it."""
    if request.param == "folder":
        where = str(tmp_path / "lab")
    else:
        server = request.getfixturevalue("moto")
        for name, value in server.server.env().items():
            monkeypatch.setenv(name, value)
        where = f"s3://{server.make_bucket()}" + ("/lab" if request.param == "prefix" else "")
    cf.set_root(where)
    saved = [cf.save(frame(index), key) for index, key in enumerate(KEYS)]
    assert [one.key for one in saved] == KEYS
    yield where
    cf.set_root(None)


def frame(value: float) -> pa.Table:
    return pa.table({"x": [float(value)]})


def x_of(key: str) -> float:
    return float(cf.load(key, as_="arrow")["x"][0].as_py())


@pytest.mark.parametrize("pattern", ["", "foo/", "**", "{a}/**", "^foo"])
def test_what_is_found_is_loaded(root: str, pattern: str) -> None:
    found = cf.find(pattern, regex=pattern.startswith("^"))
    assert list(found["key"]) == KEYS
    assert [x_of(key) for key in found["key"]] == [0, 1, 2]


@pytest.mark.parametrize("pattern", ["/", "/foo/", "/**", "/{a}/**"])
def test_what_is_asked_for_whole_comes_back_whole(root: str, pattern: str, tmp_path: Path) -> None:
    for there in (root, str(tmp_path / "elsewhere")):
        cf.set_root(there)
        found = cf.find(root + pattern)
        assert list(found["key"]) == [f"{root}/{key}" for key in KEYS]
        assert [x_of(key) for key in found["key"]] == [0, 1, 2]


def test_many_by_key(root: str) -> None:
    assert list(cf.load_many("foo/", names="key")) == KEYS
    assert list(cf.load_many(root + "/foo/", names="key")) == [f"{root}/{key}" for key in KEYS]
    saved = cf.save_many({"p": frame(1), "q": frame(2)}, root + "/many/{name}.rds")
    assert [one.key for one in saved] == [f"{root}/many/p.rds", f"{root}/many/q.rds"]
    assert [x_of(one.uri) for one in saved] == [1, 2]
    assert [one.key for one in cf.save_many({"p": frame(3)}, "many/{name}.rds")] == ["many/p.rds"]
    assert x_of("many/p.rds") == 3


def test_listings(root: str) -> None:
    for top in ("", ".", "./"):
        assert list(cf.ls(top)["key"]) == ["foo/"]
    assert list(cf.ls("foo")["key"]) == [
        "foo/a.rds",
        "foo/b c.csv",
        "foo/b c.csv.schema.json",
        "foo/bar/",
    ]
    assert list(cf.ls("foo/bar/")["key"]) == list(cf.ls("foo/bar", recursive=True)["key"]) == KEYS[2:]
    for top in (root, root + "/"):
        assert list(cf.ls(top)["key"]) == [root + "/foo/"]
    assert list(cf.ls(cf.ls(root + "/foo")["key"].iloc[-1])["key"]) == [f"{root}/{KEYS[2]}"]


def test_the_command_lists_the_same(root: str, capsys: pytest.CaptureFixture[str]) -> None:
    for where in ("foo", root + "/foo"):
        assert cli.run(["ls", where]) == 0
        listed = [line[line.index(where) :] for line in capsys.readouterr().out.splitlines()]
        assert listed == list(cf.ls(where)["key"])


def test_descriptions(root: str) -> None:
    assert cf.info(KEYS[0]).key == KEYS[0]
    whole = cf.info(f"{root}/{KEYS[0]}")
    assert whole.key == f"{root}/{KEYS[0]}"
    assert whole.uri == cf.info(KEYS[0]).uri == cf.save(frame(0), KEYS[0]).uri
    assert whole.uri.removeprefix("file://") == whole.key


def test_hints_can_be_typed(root: str) -> None:
    for start in ("", root + "/"):
        with pytest.raises(errors.ObjectNotFoundError, match=r"foo/a\.csv") as missing:
            cf.load(f"{start}foo/a.csv")
        assert missing.value.hint == f"Did you mean '{start}foo/a.rds'?"
        with pytest.raises(errors.NoMatchError) as nothing:
            cf.load_many(f"{start}foo/a.csv")
        assert nothing.value.hint == f"Did you mean '{start}foo/a.rds'?"


def test_errors_go_by_the_key_given(root: str) -> None:
    cf.save(frame(1), "foo/z.rds")
    write(root, "foo/z.rds")
    for start in ("", root + "/"):
        key = f"{start}foo/z.rds"
        with pytest.raises(errors.BatchError) as caught:
            cf.load_many(f"{start}foo/*.rds", on_error="collect")
        assert list(caught.value.errors) == [key]
        with pytest.warns(errors.CrossframeWarning, match=f"Skipped '{key}'"):
            cf.load_many(f"{start}foo/*.rds", on_error="skip")
    # Of two roots nobody has to guess which: the whole URI is told.
    with pytest.raises(errors.DecodeError, match=f"In (file://)?{root}/foo/z.rds"):
        cf.load("foo/z.rds")


def write(root: str, key: str) -> None:
    from crossframe.stores import resolve

    location = resolve(key)
    assert location.uri.removeprefix("file://") == f"{root}/{key}"
    location.store.put(location.key, b"X\nno more")


@pytest.mark.parametrize("root", ["bucket", "prefix"], indirect=True)
def test_a_key_that_would_be_something_else_comes_back_whole(root: str, moto: Any) -> None:
    bucket, _, prefix = root.removeprefix("s3://").partition("/")
    content = moto.client.get_object(Bucket=bucket, Key=f"{prefix}/{KEYS[0]}".lstrip("/"))["Body"].read()
    odd = ["odd/~/x.rds", "~/x.rds", "./x.rds", "ab://x.rds"]
    for key in odd:
        moto.client.put_object(Bucket=bucket, Key=f"{prefix}/{key}".lstrip("/"), Body=content)
    found = list(cf.find("**/x.rds")["key"])
    assert sorted(found) == sorted(["odd/~/x.rds", *(f"{root}/{key}" for key in odd[1:])])
    assert [x_of(key) for key in found] == [0, 0, 0, 0]


def test_the_mark_of_an_empty_folder_is_no_key(moto: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in moto.server.env().items():
        monkeypatch.setenv(name, value)
    bucket = moto.make_bucket()
    moto.client.put_object(Bucket=bucket, Key="lab/", Body=b"")
    cf.set_root(f"s3://{bucket}/lab//")
    try:
        assert len(cf.ls()) == len(cf.find("")) == 0
        assert cf.save(frame(1), "x.rds").uri == f"s3://{bucket}/lab/x.rds"
        with pytest.raises(errors.InvalidKeyError):
            cf.save(frame(1), ".", format="rds")
    finally:
        cf.set_root(None)
