"""A batch over samples: what the keys say is found by a template, and becomes columns."""

import pandas as pd

import crossframe as cf

# As instruments leave it: a key for each sample and day, and nothing in it that the key says already.
PLATES = [
    ("north", 1, "2026-03-01", [0.11, 0.13]),
    ("north", 2, "2026-03-01", [0.42, 0.40]),
    ("south", 10, "2026-03-02", [0.93, 0.95]),
]
for site, sample, day, density in PLATES:
    run = pd.DataFrame({"well": ["A1", "A2"], "density": density})
    cf.save(run, f"runs/{site}/sample_{sample}_{day}.parquet")

# What is there, told by the keys alone: nothing is loaded.
TEMPLATE = "runs/{site}/sample_{sample:int}_{day:date}.parquet"
found = cf.find(TEMPLATE)
print(found[["key", "site", "sample", "day"]].to_string(index=False), "\n")

# All of it as one frame, or one site of it by where={"site": "north"}.
runs = cf.load_many(TEMPLATE, combine=True)
print(runs.drop(columns="key").to_string(index=False), "\n")

# The same kind of template saves: a key for each site.
means = runs.groupby(["site", "sample"], observed=True)["density"].mean().reset_index()
saved = cf.save_many(means, "means/{site}.csv")
print("Saved", *(one.key for one in saved))
