"""Dask DataFrames on workers in processes of their own, against a real S3 server.

What is handed to the workers are functions made within a test, which travel by value.
"""

from __future__ import annotations

import os
import signal
import threading
import time
from typing import TYPE_CHECKING

import dask
import dask.dataframe as dd
import distributed
import pandas as pd
import pytest

import crossframe as cf
from crossframe import errors

if TYPE_CHECKING:
    from pathlib import Path

ROWS = 1_000
FRAME = pd.DataFrame(
    {
        "n": range(ROWS),
        "s": [f"row {number}" for number in range(ROWS)],
        "f": pd.Categorical(["a", "b"] * (ROWS // 2)),
    }
)


@pytest.fixture(scope="module")
def client(seaweedfs, tmp_path_factory):
    """Start two workers that know the server by their environment only."""
    environment = {
        **seaweedfs.server.env(),
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
    }
    cluster = distributed.LocalCluster(
        n_workers=2,
        threads_per_worker=1,
        processes=True,
        # Why: the usual port is another cluster's on a busy machine.
        dashboard_address="127.0.0.1:0",
        memory_limit="1GiB",
        local_directory=str(tmp_path_factory.mktemp("dask")),
        env=environment,
        silence_logs=50,
    )
    with cluster, distributed.Client(cluster) as client:
        yield client


@pytest.fixture
def root(client, seaweedfs, use_server):
    """Return a bucket, reached by the environment of this process as well."""
    use_server(seaweedfs)
    return f"s3://{seaweedfs.make_bucket()}"


def parted(frame=FRAME, parts=5):
    with dask.config.set({"dataframe.convert-string": False}):
        return dd.from_pandas(frame, npartitions=parts)


@pytest.mark.parametrize("format", ["parquet", "csv", "rds"])
def test_every_format_there_and_back(root, format):
    saved = cf.save(parted(), f"{root}/set", format=format)
    assert [part.key for part in saved.parts] == [f"{root}/set/part.{number}.{format}" for number in range(5)]
    frame = cf.load_dask(f"{root}/set")
    assert frame["n"].sum().compute() == FRAME["n"].sum()
    assert frame.groupby("f", observed=True)["n"].count().compute().tolist() == [500, 500]
    assert cf.load(f"{root}/set/")["s"].tolist() == FRAME["s"].tolist()


def test_it_is_done_by_the_workers(root, client):
    cf.save(parted(), f"{root}/set")
    who = cf.load_dask(f"{root}/set").map_partitions(lambda part: part.assign(n=os.getpid()))["n"].compute()
    assert set(who) <= set(client.run(os.getpid).values())


def test_keys_of_r_are_partitions(root):
    for number in range(4):
        cf.save(FRAME.assign(n=number), f"{root}/run_{number}.RData", name="d")
    frame = cf.load_dask(root + "/run_{run:int}.RData")
    assert frame.groupby("run")["n"].max().compute().to_dict() == {0: 0, 1: 1, 2: 2, 3: 3}


def test_options_go_to_the_workers(root, seaweedfs, client):
    wrong = seaweedfs.options(secret_key="no-secret-of-the-lab")
    cf.save(parted(), f"{root}/set")
    frame = cf.load_dask(f"{root}/set/*", options=seaweedfs.options())
    assert len(frame) == ROWS
    with pytest.raises(errors.SignatureError):
        cf.load_dask(f"{root}/set", options=wrong)


def test_a_link_is_a_partition(root):
    cf.save(FRAME, f"{root}/d.rds")
    link = cf.share(f"{root}/d.rds", expires="1h")
    frame = cf.load_dask(link)
    assert len(frame) == ROWS
    assert "Signature" not in repr(frame.expr)


def test_an_error_comes_back_whole(root, seaweedfs):
    cf.save(parted(), f"{root}/set")
    frame = cf.load_dask(f"{root}/set")
    seaweedfs.client.delete_object(Bucket=root.removeprefix("s3://"), Key="set/part.3.parquet")
    with pytest.raises(errors.ObjectNotFoundError) as raised:
        frame.compute()
    assert raised.value.problem == f"Can't find object 'set/part.3.parquet' in {root}."
    assert raised.value.hint.startswith("Did you mean")


def test_an_error_of_many_keys_comes_back_whole(client):
    def fail():
        found = {"a.rds": errors.ObjectNotFoundError("No a.", "detail", "hint")}
        raise errors.BatchError.of(found, {"b": 1})

    with pytest.raises(errors.BatchError) as raised:
        client.submit(fail, pure=False).result()
    assert raised.value.errors["a.rds"].hint == "hint"
    assert raised.value.loaded == {"b": 1}


def kill_one(seen: Path):
    """Kill the worker that writes its process id to a file, once."""
    end = time.monotonic() + 60
    while time.monotonic() < end:
        if seen.exists() and (text := seen.read_text()):
            os.kill(int(text), signal.SIGKILL)
            return
        time.sleep(0.02)


@pytest.fixture
def killer(tmp_path):
    """Return a function of a partition; it has its worker killed once, at a partition of row 500 or later."""
    seen = tmp_path / "pid"
    thread = threading.Thread(target=kill_one, args=[seen])
    thread.start()

    def wait_to_be_killed(part):
        if part["n"].max() >= ROWS // 2 and not seen.exists():
            seen.write_text(str(os.getpid()))
            time.sleep(60)
        return part

    yield wait_to_be_killed
    thread.join()
    assert seen.exists()


def test_a_worker_killed_while_a_data_set_is_written(root, killer, client):
    before = set(client.run(os.getpid).values())
    saved = cf.save(parted(parts=8).map_partitions(killer, meta=FRAME), f"{root}/set", format="rds")
    assert saved.rows == ROWS
    assert cf.load(f"{root}/set")["s"].tolist() == FRAME["s"].tolist()
    assert set(client.run(os.getpid).values()) != before


def test_a_worker_killed_while_keys_are_read(root, killer):
    cf.save(parted(parts=8), f"{root}/set", format="rds")
    frame = cf.load_dask(f"{root}/set/*.rds")
    assert frame.map_partitions(killer, meta=frame)["n"].sum().compute() == FRAME["n"].sum()


def test_no_other_file_system_is_asked(client):
    """Dask's own reading of buckets would need s3fs, which can't be installed beside boto3."""

    def modules():
        import sys

        return sorted({"s3fs", "aiobotocore"} & set(sys.modules))

    assert set(map(tuple, client.run(modules).values())) == {()}
