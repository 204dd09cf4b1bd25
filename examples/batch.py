"""A batch over samples: one key a sample and day, named by a template that saves, finds and loads."""

import pandas as pd

import crossframe as cf

TEMPLATE = "runs/{site}/sample_{sample:int}_{day:date}.parquet"

# One frame; each group goes to a key of its own.
wells = pd.DataFrame(
    {
        "site": pd.Series(["north"] * 4 + ["south"] * 2, dtype="category"),
        "sample": [1, 1, 2, 2, 10, 10],
        "day": pd.array(pd.to_datetime(["2026-03-01"] * 4 + ["2026-03-02"] * 2).date, "date32[pyarrow]"),
        "well": ["A1", "A2"] * 3,
        "optical_density": [0.11, 0.13, 0.42, 0.40, 0.93, 0.95],
    }
)
cf.save_many(wells, TEMPLATE)

# What is there, told by the keys alone: nothing is loaded.
found = cf.find(TEMPLATE)
print(found[["key", "site", "sample", "day"]].to_string(index=False), "\n")

# Only one site, all its samples, in the order of the keys.
for name, run in cf.load_many("runs/north/*.parquet").items():
    print(name, run["optical_density"].mean().round(3))
