"""More rows than fit into memory: Dask's workers save them in parts, and load them again part by part.

The variables ROWS and PARTS may ask for less than 20,000,000 rows in 200 parts.
"""

import datetime as dt
import os
import resource

import dask.dataframe as dd
import distributed
import numpy as np
import pandas as pd

import crossframe as cf

ROWS = int(os.environ.get("ROWS", "20_000_000"))
PARTS = int(os.environ.get("PARTS", "200"))
SITES = ["bergen", "oslo", "tromso"]


def measured(part: int, rows: int) -> pd.DataFrame:
    """Return the rows of one part: a worker makes them, and nobody holds all."""
    random = np.random.default_rng(part)
    day = dt.date(2024, 1, 1) + dt.timedelta(days=part)
    return pd.DataFrame(
        {
            "site": pd.Categorical.from_codes(random.integers(0, len(SITES), rows), SITES),
            "day": pd.array([day] * rows, "date32[pyarrow]"),
            "depth": random.gamma(2.0, 10.0, rows),
            "count": random.poisson(3.0, rows).astype("int32"),
        }
    )


def peak_mib() -> float:
    """Return the most memory that this process has held, in MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> None:
    """Save, load, compute, save."""
    frame = dd.from_map(measured, range(PARTS), rows=ROWS // PARTS, meta=measured(0, 0))
    saved = cf.save(frame, "dask/measured", format="parquet")
    print(f"{saved.rows:,} rows in {len(saved.parts)} parts")

    # Of each part only the columns that are used are decoded.
    frame = cf.load_dask("dask/measured")
    counts = frame.groupby("site", observed=True)["count"].sum(split_out=1).compute()
    print(f"{counts.sum():,} counted at {len(counts)} sites\n")

    # For R, without Parquet.
    saved = cf.save(frame[frame["depth"] > 80], "dask/deep", format="rds")
    print(f"{saved.rows:,} deeper than 80 m, saved as {saved.parts[0].key} and so on")

    # The parts are one frame for whoever loads them.
    deep = cf.load("dask/deep")
    print(f"{len(deep)} rows, {deep['depth'].mean():.4f} m on average")


if __name__ == "__main__":
    with (
        distributed.LocalCluster(
            n_workers=2,
            threads_per_worker=1,
            memory_limit="2GiB",
            dashboard_address="127.0.0.1:0",
            silence_logs="ERROR",
        ) as workers,
        distributed.Client(workers) as client,
    ):
        main()
        print(f"A worker held {max(client.run(peak_mib).values()):,.0f} MiB at most.")
