"""What ``bench_batch.py`` reads: made once in a run, into a bucket and, for R, into a folder."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

import crossframe as cf

if TYPE_CHECKING:
    from pathlib import Path

    import servers

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
        client = server.client(max_pool_connections=16)
        with ThreadPoolExecutor(16) as pool:

            def put(number: int) -> None:
                client.put_object(
                    Bucket=bucket, Key=f"listing/{number // 1000:03}/{number % 1000:03}.rds", Body=b"x"
                )

            list(pool.map(put, range(LISTED)))
    return bucket
