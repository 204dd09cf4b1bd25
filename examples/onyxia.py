"""On Onyxia, or with MinIO's variables, there is nothing to set up: a service starts with them in place.

``AWS_S3_ENDPOINT`` (a host), ``AWS_ACCESS_KEY_ID``, ``AWS_SECRET_ACCESS_KEY``, ``AWS_SESSION_TOKEN`` and
``AWS_DEFAULT_REGION``. Your own bucket has your name.
"""

import os

import pandas as pd

import crossframe as cf

found = cf.doctor().set_index("check")
for what in ("endpoint", "region", "credentials", "server"):
    print(f"{what:12} {found['value'][what]:42} {found['source'][what]}")

cf.set_root(f"s3://{os.environ['BUCKET']}")
cf.save(pd.DataFrame({"x": [1, 2]}), "diffusion/shared.rds")
print()
print(cf.ls("diffusion/")[["key", "size"]].to_string(index=False))
