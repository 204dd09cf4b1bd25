"""Python computes, and saves old and new for R in four formats."""

import crossframe as cf

frames = cf.load_many("foo/bar/baz/*")

d = frames["d"]
means = d.groupby("treatment", observed=False)["height"].mean().reset_index()
frames["means"] = means

cf.save_many(frames, "foo/bar/python/{name}.parquet")
cf.save_many(frames, "foo/bar/python/{name}.rds")
cf.save_many(frames, "foo/bar/python/{name}.csv")
cf.save(frames, "foo/bar/python/all.RData")

print(means)
