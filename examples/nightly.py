"""A nightly job that survives a bad file: it does what it can, says what is wrong and puts that aside."""

import pandas as pd

import crossframe as cf

# Three instruments report; one of them was switched off while it wrote.
for number, instrument in enumerate(["balance", "camera", "scanner"]):
    cf.save(pd.DataFrame({"reading": [number + 0.5, number + 1.5]}), f"inbox/{instrument}.rds")
with cf.open("inbox/camera.rds", "rb") as file:
    begun = file.read(40)
with cf.open("inbox/camera.rds", "wb") as file:
    file.write(begun)

try:
    runs, errors = cf.load_many("inbox/*.rds", on_error="collect"), {}
except cf.errors.BatchError as failed:
    runs, errors = failed.loaded, failed.errors

means = pd.DataFrame({"instrument": list(runs), "mean": [run["reading"].mean() for run in runs.values()]})
cf.save(means, "reports/means.csv")
print(means.to_string(index=False))

for key, error in errors.items():
    print(f"\nLeft out {key}: {error.problem}")
    cf.move(key, "bad/")
print("\nPut aside:", *cf.find("bad/*")["key"])
