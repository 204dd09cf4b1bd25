"""From what the user wrote to a store and a key."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from crossframe import errors
from crossframe.stores import S3Options, get_root, resolve, set_root

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(autouse=True)
def no_root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    yield
    set_root(None)


def where(text: str, root: str | None = None) -> tuple[str, str]:
    found = resolve(text, root=root)
    return found.store.uri, found.key


@pytest.mark.parametrize(
    ("text", "root", "uri", "key"),
    [
        ("s3://b/a/k.csv", "/data", "s3://b", "a/k.csv"),
        ("s3://b/a%20 +?#k", "/data", "s3://b", "a%20 +?#k"),
        ("s3://b", "/data", "s3://b", ""),
        ("s3://b/a/", "/data", "s3://b", "a/"),
        ("a/k.csv", "/data", "file:///data", "a/k.csv"),
        ("./a/k.csv", "/data", "file:///data", "a/k.csv"),
        ("a/*.csv", "/data/", "file:///data", "a/*.csv"),
        ("a/k.csv", "s3://b", "s3://b", "a/k.csv"),
        ("a/k.csv", "s3://b/lab", "s3://b/lab", "a/k.csv"),
        ("a/k.csv", "s3://b/lab/", "s3://b/lab", "a/k.csv"),
        ("/data/a/k.csv", "/data", "file:///data", "a/k.csv"),
        ("file:///data/a/k%20.csv", "/data", "file:///data", "a/k .csv"),
        ("/data/a/k.csv", "s3://b", "file:///data/a", "k.csv"),
        ("/database/k.csv", "/data", "file:///database", "k.csv"),
        ("/other/a/k.csv", "/data", "file:///other/a", "k.csv"),
        ("/other/a/", "/data", "file:///other/a", ""),
        ("/other/a/*.csv", "/data", "file:///other/a", "*.csv"),
        ("/other/{site}/b/k.csv", "/data", "file:///other", "{site}/b/k.csv"),
        ("/other/a[1]/k.csv", "/data", "file:///other", "a[1]/k.csv"),
        ("/k.csv", "/data", "file://", "k.csv"),
        ("/a b/k.csv", "/data", "file:///a%20b", "k.csv"),
    ],
)
def test_where(text: str, root: str, uri: str, key: str) -> None:
    assert where(text, root) == (uri, key)


def test_the_root_is_the_working_folder_or_what_was_set(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert get_root() == str(tmp_path / "work")
    assert where("k") == (f"file://{tmp_path}/work", "k")
    monkeypatch.setenv("CROSSFRAME_ROOT", "s3://b/env")
    assert where("k") == ("s3://b/env", "k")
    set_root("s3://b/set")
    assert get_root() == "s3://b/set"
    assert where("k") == ("s3://b/set", "k")
    assert where("k", "relative") == (f"file://{tmp_path}/work/relative", "k")
    set_root(None)
    assert get_root() == "s3://b/env"


def test_home(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/lab")
    assert where("~/k.csv", "s3://b") == ("file:///home/lab", "k.csv")
    assert where("k.csv", "~/data") == ("file:///home/lab/data", "k.csv")


def test_what_leaves_the_root_is_refused(tmp_path: Path) -> None:
    (tmp_path / "k").write_bytes(b"outside")
    found = resolve("../k")
    with pytest.raises(errors.InvalidKeyError, match="leaves the root"):
        found.store.get(found.key)


def test_links_are_one_object() -> None:
    found = resolve("https://host/lab/a%20b.csv?X-Amz-Signature=secret")
    assert (found.store.uri, found.key) == ("https://host/lab", "a b.csv")
    assert found.uri == found.shown == "https://host/lab/a%20b.csv"
    assert resolve("http://host").key == ""
    with pytest.raises(errors.NotSupportedError, match="bucket or a folder") as caught:
        set_root("https://host/k?X-Amz-Signature=secret")
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("text", ["", "ftp://host/k", "s3://", "s3:/b/k"])
def test_no_uri(text: str) -> None:
    with pytest.raises(errors.InvalidUriError):
        resolve(text)


def test_a_location_says_where_it_is() -> None:
    for text in ("s3://b/a %20/k", "file:///data/a%20b/k%25", "file:///data/%C3%A9"):
        found = resolve(text)
        assert found.uri == text
        assert resolve(found.uri) == found


def test_stores_are_kept() -> None:
    assert resolve("s3://b/k").store is resolve("s3://b/l").store
    assert resolve("s3://b/k").store is not resolve("s3://b/k", options=S3Options(region="eu-west-1")).store
    assert resolve("/a/k").store is resolve("/a/l").store
