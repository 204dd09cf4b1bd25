"""One way to read or list many keys, run once in this process. Arguments: way, bucket.

Prints ``seconds`` (of the second time) and ``peak``, the most memory held, in bytes.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable


def endpoint() -> str:
    """Return the server's URL."""
    return os.environ["AWS_ENDPOINT_URL_S3"]


def client() -> Any:
    """Return boto3's client."""
    import boto3
    from botocore.config import Config

    return boto3.client("s3", config=Config(s3={"addressing_style": "path"}))


def keys(bucket: str, prefix: str) -> list[str]:
    """Return the keys below a prefix, as boto3 lists them."""
    pages = client().get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
    return [row["Key"] for page in pages for row in page.get("Contents", ())]


def crossframe_parquet(bucket: str) -> object:
    import crossframe as cf

    return cf.load_many(f"s3://{bucket}/parquet/*.parquet", combine=True)


def polars_parquet(bucket: str) -> object:
    import polars as pl

    options = {
        "aws_endpoint_url": endpoint(),
        "aws_access_key_id": os.environ["AWS_ACCESS_KEY_ID"],
        "aws_secret_access_key": os.environ["AWS_SECRET_ACCESS_KEY"],
        "aws_region": os.environ["AWS_DEFAULT_REGION"],
        "aws_allow_http": "true",
    }
    return pl.read_parquet(f"s3://{bucket}/parquet/*.parquet", storage_options=options).to_pandas()


def dataset_parquet(bucket: str) -> object:
    import pyarrow.dataset as ds
    from pyarrow import fs

    scheme, _, host = endpoint().partition("://")
    store = fs.S3FileSystem(
        access_key=os.environ["AWS_ACCESS_KEY_ID"],
        secret_key=os.environ["AWS_SECRET_ACCESS_KEY"],
        region=os.environ["AWS_DEFAULT_REGION"],
        endpoint_override=host,
        scheme=scheme,
    )
    return ds.dataset(f"{bucket}/parquet", filesystem=store, format="parquet").to_table().to_pandas()


def awswrangler_parquet(bucket: str) -> object:
    import awswrangler as wr

    wr.config.s3_endpoint_url = endpoint()
    return wr.s3.read_parquet(f"s3://{bucket}/parquet/*.parquet")


def crossframe_rds(bucket: str) -> object:
    import crossframe as cf

    return cf.load_many(f"s3://{bucket}/rds/*.rds")


def crossframe_rds_combined(bucket: str) -> object:
    import crossframe as cf

    return cf.load_many(f"s3://{bucket}/rds/*.rds", combine=True)


def one_by_one_rds(bucket: str) -> object:
    import crossframe as cf

    return {key: cf.load(key) for key in cf.find(f"s3://{bucket}/rds/*.rds")["key"]}


def pyreadr_rds(bucket: str) -> object:
    import pyreadr

    s3 = client()
    frames = {}
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "object.rds")
        for key in keys(bucket, "rds/"):
            file.write_bytes(s3.get_object(Bucket=bucket, Key=key)["Body"].read())
            frames[key] = pyreadr.read_r(str(file))[None]
    return frames


def crossframe_listing(bucket: str) -> object:
    command = [str(Path(sys.executable).with_name("crossframe")), "find", f"s3://{bucket}/listing/", "--json"]
    return subprocess.run(command, capture_output=True, check=True).stdout


def awscli_listing(bucket: str) -> object:
    command = [str(Path(sys.executable).with_name("aws")), "s3api", "list-objects-v2", "--bucket", bucket]
    command += ["--prefix", "listing/", "--output", "json"]
    return subprocess.run(command, capture_output=True, check=True).stdout


def main() -> None:
    """Run one way twice, and tell of the second time."""
    way: Callable[[str], object] = globals()[sys.argv[1]]
    if not sys.argv[1].endswith("_listing"):
        way(sys.argv[2])
    start = time.perf_counter()
    found = way(sys.argv[2])
    print("seconds", time.perf_counter() - start)
    whose = resource.RUSAGE_CHILDREN if sys.argv[1].endswith("_listing") else resource.RUSAGE_SELF
    print("peak", resource.getrusage(whose).ru_maxrss * 1024)
    print(f"{len(found)} {type(found).__name__}", file=sys.stderr)


if __name__ == "__main__":
    main()
