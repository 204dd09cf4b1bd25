"""What ``bench_batch.py`` reads: made once in a run, into a bucket and, for R, into a folder."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import numpy as np
import obstore
import pandas as pd
from obstore.store import S3Store

import crossframe as cf
import servers

if TYPE_CHECKING:
    from pathlib import Path

KEYS = 500
LISTED = 100_000


def frame(number: int, rows: int) -> pd.DataFrame:
    """Return a frame of six columns: whole numbers, two of reals, a factor, text, times."""
    rng = np.random.default_rng(number)
    start = pd.Timestamp("2024-01-01", tz="UTC")
    return pd.DataFrame(
        {
            "id": np.arange(rows, dtype="int32"),
            "x": rng.normal(size=rows),
            "y": rng.normal(size=rows).round(3),
            "group": pd.Categorical(rng.choice(list("abcdef"), rows)),
            "name": rng.choice(["alpha", "beta", "gamma", "delta"], rows),
            "time": start + pd.to_timedelta(rng.integers(0, 10**6, rows), unit="s"),
        }
    )


def fill(server: servers.Server, folder: Path, tasks: set[str]) -> str:
    """Write what these tasks need, and return the bucket."""
    bucket = "bench"
    server.client().create_bucket(Bucket=bucket)
    os.environ.update(server.env())
    if "parquet" in tasks:
        # About 50 kB each.
        frames = {str(number): frame(number, 1600) for number in range(KEYS)}
        cf.save_many(frames, f"s3://{bucket}/parquet/{{n}}.parquet", progress=False)
    if tasks & {"rds", "far"}:
        frames = {str(number): frame(number, 5000) for number in range(KEYS)}
        cf.save_many(frames, f"s3://{bucket}/rds/{{n}}.rds", progress=False)
        cf.download(f"s3://{bucket}/rds/*.rds", f"{folder}/")
    if "listing" in tasks:
        fill_listing(server, bucket)
    return bucket


def fill_listing(server: servers.Server, bucket: str) -> None:
    """Write many small objects."""
    store = S3Store(
        bucket,
        aws_endpoint_url_s3=server.endpoint,
        access_key_id=server.access_key,
        secret_access_key=server.secret_key,
        region=servers.REGION,
        client_options={"allow_http": True},
    )

    def put(number: int) -> None:
        obstore.put(store, f"listing/{number // 1000:03}/{number % 1000:03}.rds", b"x")

    with ThreadPoolExecutor(16) as pool:
        list(pool.map(put, range(LISTED)))
