"""Access for others: links that end, links to upload by, and what anybody may read."""

from __future__ import annotations

import datetime as dt
import subprocess
import urllib.error
import urllib.request
import warnings
from pathlib import Path

import pandas as pd
import pytest

import crossframe as cf
from crossframe import errors, links
from crossframe.stores import Link, Location, MemoryStore

FRAME = pd.DataFrame({"f": pd.Categorical(["u", "v"]), "x": [0.5, 1.5]})

# Moto checks no link.
on_seaweedfs = pytest.mark.parametrize("bucket", ["seaweedfs"], indirect=True)


def refused(url):
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(url)
    with caught.value as answer:
        return answer.code


@on_seaweedfs
@pytest.mark.parametrize("key", ["runs/a.rds", "odd/a b+c=d&é.parquet"])
def test_share(bucket, key):
    cf.save(FRAME, key)
    link = cf.share(key, "30m")
    assert isinstance(link, str)
    assert link.verb == "get"
    assert abs(link.expires - dt.datetime.now(dt.UTC) - dt.timedelta(minutes=30)) < dt.timedelta(minutes=1)
    pd.testing.assert_frame_equal(cf.load(link), FRAME)
    curl = subprocess.run(["curl", "-sS", "--fail", link], check=True, capture_output=True)
    with cf.open(key, "rb") as file:
        assert curl.stdout == file.read()
    assert cf.download(link, "got/") == [str(Path.cwd() / "got" / key.rpartition("/")[2])]
    assert refused(link.replace("Signature=", "Signature=0")) == 403
    assert (
        refused(bucket.root.replace("s3://", link.partition("?")[0].split("/test-")[0] + "/") + "/x") == 403
    )


@on_seaweedfs
def test_share_a_version(bucket):
    cf.save(FRAME, "a.rds")
    cf.save(FRAME.head(1), "a.rds")
    old = cf.versions("a.rds")["version"][1]
    assert len(cf.load(cf.share("a.rds", version=old))) == 2
    assert len(cf.load(cf.share("a.rds"))) == 1


@on_seaweedfs
def test_a_csv_is_shared_without_its_schema_and_says_so(bucket):
    cf.save(FRAME, "a.csv")
    with pytest.warns(errors.LossyConversionWarning, match="without its schema") as told:
        link = cf.share("a.csv")
    assert told[0].filename == __file__
    assert cf.load(link)["f"].dtype == "str"
    cf.copy(link, "copied.csv")
    cf.download(link, "got/")
    assert cf.load("copied.csv")["f"].tolist() == ["u", "v"]
    assert [path.name for path in Path("got").iterdir()] == ["a.csv"]
    cf.save(FRAME, "bare.csv", schema=False)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        cf.share("bare.csv")


@on_seaweedfs
def test_request(bucket):
    link = cf.request("in/b.csv", dt.timedelta(minutes=5))
    assert link.verb == "put"
    Path("b.csv").write_text("x\n1\n")
    subprocess.run(["curl", "-sS", "--fail", "--upload-file", "b.csv", link], check=True, capture_output=True)
    assert len(cf.load("in/b.csv")) == 1
    with pytest.raises(errors.InvalidKeyError):
        cf.request("in//b.csv")


@pytest.mark.parametrize("make", [cf.share, cf.request])
@pytest.mark.parametrize("expires", ["8d", "1 day", 0, 8 * 86400, dt.timedelta(0)])
def test_how_long_a_link_may_work(bucket, make, expires):
    cf.save(FRAME, "a.rds")
    with pytest.raises(errors.UsageError):
        make("a.rds", expires)


def test_a_link_is_to_one_object_that_is_there(bucket):
    cf.save(FRAME, "runs/first.rds")
    with pytest.raises(errors.ObjectNotFoundError, match=r"Did you mean 'runs/first\.rds'"):
        cf.share("runs/firts.rds")
    for make in (cf.share, cf.request):
        for prefix in ("runs/", bucket.root):
            with pytest.raises(errors.UsageError, match="this is a prefix"):
                make(prefix)


@on_seaweedfs
def test_publish_a_prefix(bucket):
    cf.save(FRAME, "open/d.rds")
    cf.save(FRAME, "closed/d.rds")
    url = cf.publish("open/")
    assert url.endswith("/open/")
    pd.testing.assert_frame_equal(cf.load(url + "d.rds"), FRAME)
    assert refused(url.replace("/open/", "/closed/") + "d.rds") == 403
    cf.unpublish("open/")
    cf.unpublish("open/")
    assert refused(url + "d.rds") == 403


@on_seaweedfs
def test_publish_a_csv_with_its_schema(bucket):
    cf.save(FRAME, "open/d.csv")
    cf.save(FRAME, "open/d.csv.backup", format="csv")
    url = cf.publish("open/d.csv")
    pd.testing.assert_frame_equal(cf.load(url), FRAME)
    assert refused(url + ".backup") == 403
    cf.unpublish("open/d.csv")
    assert refused(url) == refused(url + ".schema.json") == 403


def test_publish_what_is_not_there(bucket):
    cf.save(FRAME, "open/d.rds")
    with pytest.raises(errors.ObjectNotFoundError, match="Did you mean 'open/'"):
        cf.publish("open")


@pytest.mark.parametrize("place", ["folder"], indirect=True)
def test_a_folder_has_no_links(place):
    cf.save(FRAME, "a.csv")
    for call in (
        lambda: cf.share("a.csv"),
        lambda: cf.request("a.csv"),
        lambda: cf.publish("a.csv"),
        lambda: cf.unpublish("a.csv"),
    ):
        with pytest.raises(errors.NotSupportedError, match="crossframe serve"):
            call()


def test_a_link_that_ends_early_is_told(monkeypatch):
    ends = dt.datetime(2030, 1, 1, tzinfo=dt.UTC)

    class Signing(MemoryStore):
        def sign(self, key, **_):
            return Link("https://x/y?z", expires=ends, warning="The session ends at noon.")

    store = Signing()
    store.put("a.rds", b"x")
    monkeypatch.setattr(links, "resolve", lambda uri, **_: Location(store, uri))
    for make in (cf.share, cf.request):
        with pytest.warns(errors.CrossframeWarning, match="ends at noon") as told:
            assert make("a.rds").expires == ends
        assert told[0].filename == __file__
        assert "z" not in str(told[0].message)


def test_a_link_only_reads(bucket, monkeypatch):
    link = "https://127.0.0.1:1/lab/a.rds?X-Amz-Signature=hidden"
    for call in (
        lambda: cf.save(FRAME, link),
        lambda: cf.delete(link),
        lambda: cf.share(link),
        lambda: cf.move(link, "a.rds"),
        lambda: cf.upload(__file__, link),
    ):
        with pytest.raises(errors.CrossframeError) as caught:
            call()
        assert "hidden" not in str(caught.value)
