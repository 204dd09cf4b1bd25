"""More rows than fit into memory: Dask's workers write them in parts, and read them again part by part.

    python examples/dask_parts.py [rows] [parts]

makes 20,000,000 rows in 200 parts below the root (``CROSSFRAME_ROOT``, a folder or a bucket), works through
them with two workers of 2 GiB each, and leaves a data set ``dask/deep`` that ``dask_parts.R`` loads.
"""

import datetime as dt
import resource
import sys

import dask.dataframe as dd
import distributed
import numpy as np
import pandas as pd

import crossframe as cf

SITES = ["bergen", "oslo", "tromso"]
MEMORY = "2GiB"


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


def main(rows: int = 20_000_000, parts: int = 200) -> None:
    """Write, read, compute, write."""
    workers = distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, memory_limit=MEMORY, dashboard_address=None
    )
    with workers, distributed.Client(workers) as client:
        frame = dd.from_map(measured, range(parts), rows=rows // parts, meta=measured(0, 0))
        saved = cf.save(frame, "dask/measured", format="parquet")
        print(f"{saved.rows} rows in {len(saved.parts)} parts, {saved.bytes / 1e6:.1f} MB")

        # Of each part only the columns that are used are decoded.
        frame = cf.load_dask("dask/measured")
        print(frame.groupby("site", observed=True)["count"].sum(split_out=1).compute().to_string())

        saved = cf.save(frame[frame["depth"] > 80], "dask/deep", format="rds")
        print(f"{saved.rows} of them deeper than 80 m, as RDS in {len(saved.parts)} parts")
        print(f"a worker held {max(client.run(peak_mib).values()):.0f} MiB at most")

    # The parts are one frame for whoever loads them.
    deep = cf.load("dask/deep")
    print(f"{len(deep)} rows, mean depth {deep['depth'].mean():.6f} m")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
