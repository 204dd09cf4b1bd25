"""Many reads by obstore: what it brings is verified, and where it can't be, boto3 is asked."""

from __future__ import annotations

import datetime as dt
import hashlib
import os
import subprocess
import sys
import uuid

import pytest

from crossframe import errors
from crossframe.stores import ObjectMeta, PrefixStore, ReadsMany, S3Store, reader_of
from crossframe.stores import s3_bulk as bulk
from gate import ALWAYS, Gate, Rule
from places import ODD_KEYS


@pytest.fixture(params=["moto", "seaweedfs", "seaweedfs_tls"])
def server(request):
    return request.getfixturevalue(request.param)


@pytest.fixture
def bucket(server):
    name = server.make_bucket()
    yield name
    if server.name != "moto":
        server.client.delete_bucket(Bucket=name)


def put(server, bucket, key, content, **more):
    server.client.put_object(Bucket=bucket, Key=key, Body=content, **more)


def meta(key, size=1):
    return ObjectMeta(key, size, dt.datetime.now(dt.UTC), "")


class Watched:
    """A reader, and which keys boto3 was asked for."""

    def __init__(self, store):
        self.store = store
        self.asked = []
        get = store.get
        store.get = lambda key: self.asked.append(key) or get(key)
        self.read = store.reader()

    def __call__(self, key, size=1):
        return bytes(self.read(meta(key, size)))


def test_every_key(server, bucket):
    read = Watched(S3Store(bucket, server.options()))
    for key in ODD_KEYS:
        put(server, bucket, key, key.encode())
    put(server, bucket, "empty", b"")
    assert [read(key).decode() for key in ODD_KEYS] == ODD_KEYS
    assert read("empty") == b""
    assert read.asked == []


def test_below_a_prefix(moto):
    bucket = moto.make_bucket()
    put(moto, bucket, "a/b/k", b"deep")
    store = PrefixStore(PrefixStore(S3Store(bucket, moto.options()), "a/"), "b/")
    assert isinstance(store, ReadsMany)
    assert bytes(reader_of(store)(meta("k"))) == b"deep"


def test_the_keys_of_folders_and_odd_paths_are_boto3s(moto):
    bucket = moto.make_bucket()
    for key in ("lead", "/lead", "folder", "folder/", "a//b", "a/b"):
        put(moto, bucket, key, key.encode())
    for key in ("/lead", "folder/", "a//b"):
        read = Watched(S3Store(bucket, moto.options()))
        assert read(key) == key.encode()
        assert read.asked == [key]


def test_what_is_compressed_by_http_stays_so(server, bucket):
    put(server, bucket, "k", b"\x1f\x8bnot really", ContentEncoding="gzip")
    read = Watched(S3Store(bucket, server.options()))
    assert read("k") == b"\x1f\x8bnot really"


def test_parts_with_our_digest(seaweedfs):
    bucket = seaweedfs.make_bucket()
    content = b"x" * 1000
    upload = {"Bucket": bucket, "Key": "k"}
    digest = {"crossframe-sha256": hashlib.sha256(content).hexdigest()}
    more = {}
    for key, metadata in (("k", digest), ("other", {}), ("wrong", {"crossframe-sha256": "0" * 64})):
        upload = {"Bucket": bucket, "Key": key}
        made = seaweedfs.client.create_multipart_upload(**upload, Metadata=metadata)
        more[key] = upload | {"UploadId": made["UploadId"]}
        part = seaweedfs.client.upload_part(**more[key], PartNumber=1, Body=content)
        seaweedfs.client.complete_multipart_upload(
            **more[key], MultipartUpload={"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]}
        )
    read = Watched(S3Store(bucket, seaweedfs.options()))
    assert read("k") == read("other") == content
    # Nothing of what obstore tells of the other can be compared with its bytes.
    assert read.asked == ["other"]
    with pytest.raises(errors.CorruptObjectError):
        read("wrong")
    seaweedfs.client.delete_bucket(Bucket=bucket)


@pytest.fixture
def gated(seaweedfs):
    bucket = seaweedfs.make_bucket()
    for number in range(8):
        put(seaweedfs, bucket, f"k{number}", f"content {number}".encode())
    pair = {seaweedfs.server.access_key: seaweedfs.server.secret_key}
    with Gate(seaweedfs.server.endpoint, pair) as gate:
        yield gate, S3Store(bucket, seaweedfs.options(endpoint=gate.endpoint, region="us-east-1"))
    seaweedfs.client.delete_bucket(Bucket=bucket)


@pytest.mark.parametrize(
    "rule",
    [
        Rule("corrupt", method="GET"),
        Rule("truncate_fin", method="GET"),
        Rule("truncate_rst", method="GET"),
        Rule("truncate_quiet", method="GET"),
        Rule("reset", method="GET"),
        Rule("status", method="GET", status=503, code="SlowDown"),
    ],
    ids=lambda rule: rule.action,
)
def test_what_goes_wrong_once_is_read_again(gated, rule):
    gate, store = gated
    read = Watched(store)
    gate.expect(rule)
    assert read("k1") == b"content 1"
    assert read.asked == ["k1"]
    assert read("k2") == b"content 2"
    assert read.asked == ["k1"]


@pytest.mark.parametrize(
    ("rule", "kind"),
    [
        (Rule("corrupt", method="GET", times=ALWAYS), errors.CorruptObjectError),
        (Rule("truncate_quiet", method="GET", times=ALWAYS), errors.CorruptObjectError),
        (
            Rule("status", method="GET", status=403, code="AccessDenied", times=ALWAYS),
            errors.AccessDeniedError,
        ),
        (Rule("status", method="GET", status=503, code="SlowDown", times=ALWAYS), errors.UnavailableError),
    ],
    ids=["corrupt", "cut", "denied", "busy"],
)
def test_what_stays_wrong_is_told_in_our_words(gated, rule, kind):
    gate, store = gated
    gate.expect(rule)
    with pytest.raises(kind, match="k1"):
        Watched(store)("k1")


def test_what_is_not_there(gated):
    _, store = gated
    with pytest.raises(errors.ObjectNotFoundError, match="nothing"):
        Watched(store)("nothing")
    with pytest.raises(errors.BucketNotFoundError, match="absent"):
        Watched(S3Store(f"absent-{uuid.uuid4().hex[:8]}", store.options))("k1")


def test_a_server_whose_etags_are_none_is_left_to_boto3(gated, monkeypatch):
    gate, store = gated
    read = Watched(store)
    monkeypatch.setattr(bulk, "check_of", lambda told: None)
    for number in range(6):
        assert read(f"k{number}") == f"content {number}".encode()
    assert len(read.asked) == 6
    # The first three were asked for twice.
    assert sum(entry.method == "GET" for entry in gate.log) == 9


def test_large_objects_are_boto3s(gated):
    _, store = gated
    read = Watched(store)
    assert read("k1", 2**24 + 1) == b"content 1"
    assert read.asked == ["k1"]


def test_the_environment_leads_nowhere_else(gated, monkeypatch):
    gate, store = gated
    for name, value in {
        "AWS_ENDPOINT_URL_S3": "http://127.0.0.1:9",
        "AWS_ENDPOINT": "http://127.0.0.1:9",
        "AWS_ACCESS_KEY_ID": "somebody",
        "AWS_SECRET_ACCESS_KEY": "else",
        "AWS_SESSION_TOKEN": "token",
        "AWS_SKIP_SIGNATURE": "true",
        "AWS_REGION": "mars-1",
        "AWS_REQUEST_PAYER": "true",
        "AWS_VIRTUAL_HOSTED_STYLE_REQUEST": "true",
    }.items():
        monkeypatch.setenv(name, value)
    read = Watched(store)
    assert read("k1") == b"content 1"
    assert read.asked == []
    assert "x-amz-request-payer" not in {name.lower() for name in gate.log[-1].headers}


def test_anonymous(moto):
    bucket = moto.make_bucket()
    put(moto, bucket, "k", b"x")
    read = Watched(S3Store(bucket, moto.options(anonymous=True, access_key=None, secret_key=None)))
    with pytest.raises(errors.CrossframeError, match="'k'"):
        read("k")
    assert read.asked == ["k"]


def test_keys_that_were_renewed_are_used(gated):
    _, store = gated
    connection = store.connection
    keys = bulk._credentials(connection)
    assert (keys["access_key_id"], keys["token"]) == ("lab", None)
    left = keys["expires_at"] - dt.datetime.now(dt.UTC)
    assert dt.timedelta(0) < left <= dt.timedelta(minutes=1)


def test_a_profile_that_is_none_is_told_by_the_first_read(moto):
    store = S3Store("any", moto.options(profile="nobody", access_key=None, secret_key=None))
    read = store.reader()
    with pytest.raises(errors.CredentialsError, match="nobody"):
        read(meta("k"))


FORKED = """
import os, sys, crossframe as cf
assert len(cf.load_many(sys.argv[1], as_="arrow")) == 3
child = os.fork()
if not child:
    found = cf.load_many(sys.argv[1], as_="arrow")
    os._exit(0 if len(found) == 3 else 1)
sys.exit(os.waitpid(child, 0)[1])
"""


def test_a_forked_process_reads_by_boto3(seaweedfs):
    bucket = seaweedfs.make_bucket()
    for name in "abc":
        put(seaweedfs, bucket, f"{name}.csv", b"x\n1\n")
    command = [sys.executable, "-W", "ignore", "-c", FORKED, f"s3://{bucket}/"]
    subprocess.run(command, env=os.environ | seaweedfs.server.env(), check=True, timeout=60)
    seaweedfs.client.delete_bucket(Bucket=bucket)


def test_connections_are_kept(gated):
    _, store = gated
    first = store._fast_store()
    assert first is not None
    assert store._fast_store() is first
