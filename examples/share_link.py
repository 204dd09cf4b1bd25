"""A collaborator who has only curl: a link to fetch a result, and one to send something back."""

import subprocess

import pandas as pd

import crossframe as cf

# For somebody without R or Python a plain CSV, without the schema beside it.
results = pd.DataFrame({"site": ["north", "south"], "yield": [4.25, 3.5]})
cf.save(results, "for_anna/results.csv", schema=False)

fetch = cf.share("for_anna/results.csv", expires="2d")
send = cf.request("from_anna/counts.csv", expires="2d")
print("Dear Anna, until", fetch.expires.date(), "this fetches our results:\n")
print(f'  curl -o results.csv "{fetch}"\n\nand this sends us your counts:\n')
print(f'  curl --upload-file counts.csv "{send}"\n')

# What Anna does, with no account and nothing of ours:
got = subprocess.run(["curl", "-fsS", fetch], capture_output=True, text=True, check=True).stdout
print("Anna reads:", *got.splitlines(), sep="\n  ")
answer = "site,count\nnorth,12\nsouth,7\n"
subprocess.run(["curl", "-fsS", "--upload-file", "-", send], input=answer, text=True, check=True)

counts = cf.load("from_anna/counts.csv")
print("\nWe load:\n" + counts.to_string(index=False))
