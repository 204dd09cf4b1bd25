"""More keys than a page holds: none is lost, none comes twice, whatever the pattern."""

from __future__ import annotations

import datetime as dt
import tracemalloc
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from urllib.parse import parse_qs, urlsplit

import pytest

import crossframe as cf
from crossframe import matching
from crossframe.stores import Location, ObjectMeta, S3Options
from scripted import Answer


@pytest.fixture
def root():
    yield
    cf.set_root(None)


@pytest.mark.parametrize("kind", ["moto", "seaweedfs"])
def test_1005_keys(kind, request, use_server, root):
    server = request.getfixturevalue(kind)
    use_server(server)
    bucket = server.make_bucket()
    keys = [f"run_{number}.csv" for number in range(1005)]
    with ThreadPoolExecutor(8) as pool:
        put = partial(server.client.put_object, Bucket=bucket, Body=b"x\n1\n")
        list(pool.map(lambda key: put(Key="a/" + key), keys))
    cf.set_root(f"s3://{bucket}/a")
    assert list(cf.find("")["key"]) == sorted(keys)
    assert list(cf.find("run_{n:int}.csv")["n"]) == sorted(range(1005), key=str)
    together = cf.load_many("run_*.csv", combine=True, as_="arrow")
    assert together["key"].to_pylist() == sorted(keys)
    assert len(cf.find("run_{n}.csv", where={"n": [str(number) for number in range(50)]})) == 50
    if kind != "moto":
        server.client.delete_bucket(Bucket=bucket)


def page(keys, token):
    """Return an answer to a listing, as S3 words it."""
    rows = "".join(
        f"<Contents><Key>{key}</Key><LastModified>2024-05-01T00:00:00.000Z</LastModified>"
        f"<ETag>&quot;{number:032x}&quot;</ETag><Size>{number}</Size></Contents>"
        for number, key in keys
    )
    more = f"<NextContinuationToken>{token}</NextContinuationToken>" if token else ""
    body = (
        '<?xml version="1.0" encoding="UTF-8"?><ListBucketResult>'
        f"<KeyCount>{len(keys)}</KeyCount><IsTruncated>{str(bool(token)).lower()}</IsTruncated>{more}{rows}"
        "</ListBucketResult>"
    )
    return Answer(200, body.encode(), {"Content-Type": "application/xml"})


def test_100000_keys(scripted, root):
    keys = [(number, f"lab/{number // 1000:03}/{number % 1000:03}.rds") for number in range(100_000)]
    pages = [keys[start : start + 1000] for start in range(0, len(keys), 1000)]
    scripted.answers = [
        page(rows, f"after-{number}" if number < len(pages) - 1 else None)
        for number, rows in enumerate(pages)
    ]
    options = S3Options(endpoint=scripted.endpoint, access_key="lab", secret_key="lab", region="us-east-1")
    found = cf.find("s3://b/lab/{block:int}/{n:int}.rds", min_size=10, options=options)
    assert len(scripted.asked) == len(pages)
    tokens = [parse_qs(urlsplit(one.path).query).get("continuation-token") for one in scripted.asked]
    assert tokens == [None, *([f"after-{number}"] for number in range(len(pages) - 1))]
    assert len(found) == len(keys) - 10
    assert found["key"].is_monotonic_increasing
    assert found["size"].tolist() == list(range(10, len(keys)))
    assert (found["block"] * 1000 + found["n"]).tolist() == list(range(10, len(keys)))


def test_of_many_keys_only_the_matches_are_kept(monkeypatch):
    class Listing:
        uri = "memory://listing"

        def list(self, prefix=""):
            when = dt.datetime.now(dt.UTC)
            return (ObjectMeta(f"k{number:06}.rds", 1, when, "etag") for number in range(100_000))

    monkeypatch.setattr(matching, "resolve", lambda text, options=None: Location(Listing(), text))
    matching.matches("*_none")
    tracemalloc.start()
    try:
        assert len(matching.matches("k0999??.rds")) == 100
        assert tracemalloc.get_traced_memory()[1] < 1_000_000
    finally:
        tracemalloc.stop()
