"""What is temporary, what was left behind, and new buckets."""

from __future__ import annotations

import os
import subprocess
import sys
import uuid
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import unquote

import pandas as pd
import pytest

import crossframe as cf
from crossframe import errors, housekeeping

FRAME = pd.DataFrame({"x": [0.5]})
COLUMNS = ["kind", "key", "modified", "size", "done"]

on_a_folder = pytest.mark.parametrize("place", ["folder"], indirect=True)


def folder(place):
    return Path(unquote(place.root.removeprefix("file://")))


def rules(place):
    answer = place.client.get_bucket_lifecycle_configuration(Bucket=place.bucket)
    return {rule["ID"]: (rule["Filter"]["Prefix"], rule["Expiration"]["Days"]) for rule in answer["Rules"]}


def age(path, days):
    then = (datetime.now(UTC) - timedelta(days=days)).timestamp()
    os.utime(path, (then, then))


def test_expire_and_take_it_back(place):
    cf.expire("tmp/", "30d")
    cf.expire("more/", timedelta(weeks=2))
    cf.expire("tmp/", "7d")
    assert housekeeping.expiries() == [{"prefix": "more/", "days": 14}, {"prefix": "tmp/", "days": 7}]
    if place.is_s3:
        assert sorted(rules(place).values()) == [("more/", 14), ("tmp/", 7)]
    cf.expire("tmp/", None)
    cf.expire("never/", None)
    assert housekeeping.expiries() == [{"prefix": "more/", "days": 14}]


@pytest.mark.parametrize("after", ["36h", "0d", "soon", 1.5, -1])
def test_whole_days_only(place, after):
    with pytest.raises(errors.UsageError):
        cf.expire("tmp/", after)
    assert housekeeping.expiries() == []


@on_a_folder
def test_cleanup_carries_expiry_out(place):
    for name in ("tmp/old.csv", "tmp/new.csv", "tmpfile.csv", "kept/old.csv"):
        cf.save(FRAME, name)
        if "old" in name or name == "tmpfile.csv":
            age(folder(place) / name, 3)
    cf.expire("tmp/", "2d")
    told = cf.cleanup(dry_run=True)
    assert list(told.columns) == COLUMNS
    assert told[["kind", "key", "done"]].to_numpy().tolist() == [["expired", "tmp/old.csv", False]]
    assert (folder(place) / "tmp/old.csv").exists()
    assert len(cf.cleanup("kept/")) == 0
    assert cf.cleanup()[["key", "size", "done"]].to_numpy().tolist() == [["tmp/old.csv", 8, True]]
    assert cf.ls(recursive=True)["key"].tolist().count("tmp/old.csv") == 0
    assert len(cf.cleanup()) == 0
    cf.restore("tmp/old.csv")
    pd.testing.assert_frame_equal(cf.load("tmp/old.csv"), FRAME)


@on_a_folder
def test_one_key_may_expire(place):
    for name in ("a.rds", "a.rds.more"):
        cf.save(FRAME, name, format="rds")
        age(folder(place) / name, 3)
    cf.expire("a.rds", "1d")
    assert cf.cleanup()["key"].tolist() == ["a.rds"]


@on_a_folder
def test_cleanup_of_what_a_crash_left_in_a_folder(place):
    cf.save(FRAME, "d/a.csv")
    for name, days in (
        ("d/.crossframe-tmp-00112233", 8),
        (".crossframe-tmp-44556677", 8),
        ("d/.crossframe-tmp-1", 1),
    ):
        (folder(place) / name).write_bytes(b"half")
        age(folder(place) / name, days)
    assert len(cf.cleanup(dry_run=True)) == 2
    found = cf.cleanup("d/")
    assert found["kind"].tolist() == ["temporary"]
    assert cf.cleanup()["done"].tolist() == [True]
    assert sorted(path.name for path in (folder(place) / "d").iterdir() if "tmp" in path.name) == [
        ".crossframe-tmp-1"
    ]
    assert len(cf.cleanup(older_than="12h")) == 1
    assert cf.ls("d/")["key"].tolist() == ["d/a.csv", "d/a.csv.schema.json"]


def test_cleanup_of_uploads_cut_off(bucket):
    for key in ("a/large.bin", "b/large.bin"):
        bucket.client.create_multipart_upload(Bucket=bucket.bucket, Key=key)
    if bucket.kind != "moto":  # where every upload is of 2010
        assert len(cf.cleanup()) == 0
    assert cf.cleanup("a/", "0s", dry_run=True)[["kind", "key", "done"]].to_numpy().tolist() == [
        ["upload", "a/large.bin", False]
    ]
    found = cf.cleanup(older_than=0)
    assert found["key"].tolist() == ["a/large.bin", "b/large.bin"]
    assert found["done"].all()
    assert found["size"].isna().all()
    assert "Uploads" not in bucket.client.list_multipart_uploads(Bucket=bucket.bucket)
    cf.save(FRAME, "a.rds")
    assert len(cf.cleanup(older_than=0)) == 0


# Writes its keys, and waits where it would show them.
SAVES_AND_WAITS = """
import os, sys, time
import pyarrow as pa
import crossframe as cf
from crossframe import saving

def wait(one, **how):
    os.write(1, b"written\\n")  # whole, whichever of the threads is first
    time.sleep(3600)

saving.copy_with_schema = wait
cf.set_root(sys.argv[1])
cf.save_many({name: pa.table({"x": [0.5]}) for name in "ab"}, "d/{name}.csv", atomic=True)
"""


def kill_while_saving(place):
    """Kill a process in the middle of an atomic batch, and return what it left behind."""
    command = [sys.executable, "-c", SAVES_AND_WAITS, place.root]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as writer:
        try:
            assert writer.stdout.readline() == "written\n"
        finally:
            writer.kill()
    return [key for key in cf.ls(recursive=True)["key"] if ".saving-" in key]


def test_cleanup_of_a_batch_that_was_killed(place):
    cf.save(FRAME, "d/c.csv")
    left = kill_while_saving(place)
    assert [key.rpartition("/")[2] for key in left] == [
        name for letter in "ab" for name in (f"{letter}.csv", f"{letter}.csv.schema.json")
    ]
    assert cf.find("**")["key"].tolist() == ["d/c.csv"]
    assert len(cf.cleanup()) == 0
    assert len(cf.cleanup("e/", older_than=0)) == 0
    told = cf.cleanup(older_than=0, dry_run=True)
    assert list(told.columns) == COLUMNS
    assert told["key"].tolist() == left
    assert set(told["kind"]) == {"batch"}
    assert (told["size"] > 0).all()
    assert not told["done"].any()
    assert cf.cleanup("d/", older_than=0)["done"].tolist() == [True] * len(left)
    assert len(cf.cleanup(older_than=0)) == 0
    # Nor is it kept as older versions.
    assert cf.versions("d/")["key"].unique().tolist() == ["d/c.csv", "d/c.csv.schema.json"]
    assert cf.ls(recursive=True)["key"].tolist() == ["d/c.csv", "d/c.csv.schema.json"]


@on_a_folder
def test_cleanup_of_what_is_not_there(place):
    with pytest.raises(errors.BucketNotFoundError, match="nowhere"):
        cf.cleanup(folder(place).parent / "nowhere")


@on_a_folder
def test_a_batch_is_as_old_as_its_last_key(place):
    first, *rest = kill_while_saving(place)
    age(folder(place) / first, 8)
    # Nor do rules reach what is not there yet.
    cf.expire("d/", "1d")
    assert len(cf.cleanup()) == 0
    for key in rest:
        age(folder(place) / key, 9)
    assert cf.cleanup()["key"].tolist() == [first, *rest]


def test_make_a_bucket(moto, seaweedfs, use_server):
    for server in (moto, seaweedfs):
        use_server(server)
        name = f"test-{uuid.uuid4().hex[:20]}"
        assert cf.make_bucket(f"s3://{name}") == f"s3://{name}"
        assert server.client.get_bucket_versioning(Bucket=name)["Status"] == "Enabled"
        cf.save(FRAME, f"s3://{name}/a.rds")
        with pytest.raises(errors.ObjectExistsError):
            cf.make_bucket(f"s3://{name}")
        assert len(cf.versions(f"s3://{name}/a.rds")) == 1
        plain = f"test-{uuid.uuid4().hex[:20]}"
        cf.make_bucket(f"s3://{plain}/", versioned=False)
        assert server.client.get_bucket_versioning(Bucket=plain).get("Status") != "Enabled"


def test_make_a_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert cf.make_bucket(tmp_path / "lab data") == f"file://{tmp_path}/lab%20data"
    assert cf.make_bucket("./deep/er") == f"file://{tmp_path}/deep/er"
    cf.make_bucket("./deep/er")
    assert (tmp_path / "deep/er").is_dir()
    (tmp_path / "file").touch()
    with pytest.raises(errors.CrossframeError, match="file"):
        cf.make_bucket("./file/x")


@pytest.mark.parametrize("uri", ["s3://bucket/key", "https://host/x"])
def test_what_is_no_bucket(uri):
    with pytest.raises(errors.UsageError, match="more than the name of a bucket"):
        cf.make_bucket(uri)
