"""Moving a lab from CSVs: what lies there loads as it is, and is saved once more with its types."""

import pandas as pd

import crossframe as cf

# What pandas users leave in a bucket: text, with the index as a column without a name.
days = pd.DataFrame({"day": ["2026-03-01", "2026-03-02"], "count": [3, None]})
cf.write_using(pd.DataFrame.to_csv, days, "old/days.csv")
plots = pd.DataFrame({"code": ["007", "012"], "size": ["small", "large"]})
cf.write_using(pd.DataFrame.to_csv, plots, "old/plots.csv", index=False)


def show(frames):
    """Print each column's dtype."""
    for name, frame in frames.items():
        print(f"{name:6}", *(f"{column} {dtype}" for column, dtype in frame.dtypes.items()), sep="  ")


# 1. The loop over keys is a pattern; what R left with s3save() loads just so (moving.R).
frames = cf.load_many("old/*.csv")
show(frames)

# 2. What a CSV can't tell is said once: counts are whole, sizes have an order.
frames["days"]["count"] = frames["days"]["count"].astype("Int32")
sizes = pd.CategoricalDtype(["small", "large"], ordered=True)
frames["plots"]["size"] = frames["plots"]["size"].astype(sizes)

# 3. From now on types travel with the data, of a CSV in a schema beside it.
cf.save_many(frames, "new/{name}.csv")
print("\nand from now on")
loaded = cf.load_many("new/*.csv")
show(loaded)
print("\nSmaller than large:", loaded["plots"]["size"].tolist(), loaded["plots"]["size"].min())
