"""Files of this machine are filled while their content is made: whole or not at all, as any other write."""

from __future__ import annotations

import threading

import pyarrow as pa
import pytest

import crossframe as cf
from crossframe import errors
from crossframe.codecs import compression
from crossframe.stores import FolderStore, Location, MemoryStore, fill_local, resolve

ROWS = 400_000


@pytest.fixture(scope="module")
def table() -> pa.Table:
    return pa.table({"a": pa.array(range(ROWS), pa.int32()), "b": ["text"] * ROWS})


@pytest.fixture
def no_put(monkeypatch):
    """Let nothing be written as a whole."""

    def put(*_: object, **__: object) -> None:
        raise AssertionError("written as a whole")

    monkeypatch.setattr(FolderStore, "put", put)


@pytest.mark.usefixtures("no_put")
@pytest.mark.parametrize("name", ["a.rds", "a.RData"])
@pytest.mark.parametrize("packed", ["none", "gzip", "zlib", "bzip2"])
def test_what_r_reads_is_written_part_by_part(tmp_path, table, name, packed):
    saved = cf.save(table, tmp_path / name, compression=packed)
    stored = (tmp_path / name).read_bytes()
    assert saved.bytes == len(stored)
    plain = stored if packed == "none" else compression.decompress(stored, packed)
    assert plain.startswith(b"X\n" if name == "a.rds" else b"RDX3\n")
    assert cf.load(tmp_path / name, as_="arrow").equals(table)


@pytest.mark.parametrize("packed", ["none", "gzip"])
def test_the_bytes_are_those_that_a_bucket_gets(tmp_path, table, packed, monkeypatch):
    cf.save(table, tmp_path / "a.rds", compression=packed)
    monkeypatch.setattr(cf.api, "fill_local", lambda *_, **__: None)
    cf.save(table, tmp_path / "b.rds", compression=packed)
    assert (tmp_path / "a.rds").read_bytes() == (tmp_path / "b.rds").read_bytes()


def test_where_filling_fails_the_old_content_stays(tmp_path):
    (tmp_path / "a").write_bytes(b"old")

    def fill(file):
        file.write(b"new, but")
        raise RuntimeError("no more")

    with pytest.raises(RuntimeError, match="no more"):
        fill_local(resolve(tmp_path / "a"), fill)
    assert [path.name for path in tmp_path.iterdir()] == ["a"]
    assert (tmp_path / "a").read_bytes() == b"old"


def test_conditions_hold(tmp_path, table):
    saved = cf.save(table, tmp_path / "a.rds")
    with pytest.raises(errors.ObjectExistsError):
        cf.save(table, tmp_path / "a.rds", overwrite=False)
    with pytest.raises(errors.PreconditionFailedError):
        cf.save(table, tmp_path / "a.rds", if_match="another")
    again = cf.save(table, tmp_path / "a.rds", if_match=saved.etag, metadata={"by": "us"})
    assert again.etag != saved.etag
    assert dict(cf.info(tmp_path / "a.rds").metadata) == {"by": "us"}


def test_an_object_that_is_no_file_is_not_filled():
    assert fill_local(Location(MemoryStore(), "a.rds"), lambda file: pytest.fail("called")) is None


def test_an_error_of_the_disk_is_told_and_leaves_no_thread_and_nothing_behind(tmp_path, table, monkeypatch):
    class Full(FolderStore):
        def put_by(self, key, fill, **how):
            def fill_full(file):
                file.close()
                with open("/dev/full", "wb", buffering=0) as full:  # noqa: PTH123 - a device
                    fill(full)

            return super().put_by(key, fill_full, **how)

    before = threading.active_count()
    location = Location(Full(tmp_path), "a.rds")
    monkeypatch.setattr(cf.api, "resolve", lambda *_, **__: location)
    with pytest.raises(errors.StoreError, match="the disk or the quota is full"):
        cf.save(table, tmp_path / "a.rds")
    assert threading.active_count() == before
    assert list(tmp_path.iterdir()) == []
