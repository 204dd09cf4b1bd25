"""Loads again all that is found, by the keys that came back; prints the keys."""

import os

import pandas as pd

import crossframe as cf

root = os.environ["CROSSFRAME_ROOT"]


def said(what: str, keys: list[str]) -> None:
    print(what, " | ".join(keys), "")


saved = cf.save(pd.DataFrame({"x": [1.0]}), "from/Python.rds")
cf.save_many({"p": pd.DataFrame({"x": [2.0]}), "q": pd.DataFrame({"x": [3.0]})}, "many/Python/{n}.csv")
said("saved", [saved.key])

for pattern in ("", "from/", "many/{by}/{n}.csv", "**/*.rds"):
    found = list(cf.find(pattern)["key"])
    said(f"found '{pattern}'", found)
    values = [cf.load(key)["x"].item() for key in found]
    loaded = cf.load_many(pattern, names="key")
    assert list(loaded) == found
    assert [frame["x"].item() for frame in loaded.values()] == values
for prefix in ("", "from", "many/"):
    said(f"listed '{prefix}'", list(cf.ls(prefix)["key"]))

try:
    cf.load("from/Python.csv")
except cf.errors.ObjectNotFoundError as missing:
    said("hint", [missing.hint or ""])

whole = list(cf.find(f"{root}/from/*")["key"])
assert whole == [f"{root}/{key}" for key in cf.find("from/*")["key"]]
assert cf.load_many(f"{root}/from/*")["Python"].equals(cf.load(whole[0]))
assert cf.save(pd.DataFrame({"x": [1.0]}), whole[0]).key == whole[0]
assert cf.save(pd.DataFrame({"x": [1.0]}), saved.uri).key == whole[0]
