"""Whatever a server, a network or a disk does, the error is ours and says what, where and what to do."""

from __future__ import annotations

import errno
import json
import os
import pickle
import socket
import string
from typing import TYPE_CHECKING, Any

import pytest
import urllib3.exceptions
from botocore import exceptions as boto
from botocore.exceptions import ClientError
from botocore.parsers import ResponseParserError

from crossframe import errors
from crossframe.stores import (
    FolderStore,
    Location,
    MemoryStore,
    S3Options,
    S3Store,
    list_buckets,
    with_near_miss,
)
from crossframe.stores.near_miss import near_miss
from crossframe.stores.s3_answers import _table
from crossframe.stores.s3_errors import translate
from crossframe.stores.s3_request import Request
from scripted import Answer, Scripted, s3_error

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

BODY = b"hello"
# MD5 and CRC32 of BODY, by md5sum and by gzip.
MD5, CRC32 = "5d41402abc4b2a76b9719d911017c592", "NhCmhg=="
REQUEST = Request(
    "read", "s3://data", "k", "s3:GetObject", endpoint="http://s3.lab:9000", source="AWS_ENDPOINT_URL"
)


def store(script: Scripted, **more: Any) -> S3Store:
    known = {"endpoint": script.endpoint, "access_key": "lab", "secret_key": "secret", "attempts": 1}
    return S3Store("data", S3Options(**(known | more)))


def verbs(place: S3Store) -> dict[str, Callable[[], object]]:
    return {
        "read": lambda: place.get("k"),
        "read a range": lambda: place.get("k", length=4),
        "look at": lambda: place.head("k"),
        "write": lambda: place.put("k", BODY),
        "delete": lambda: place.delete("k"),
        "list": lambda: list(place.list()),
        "list one level": place.children,
    }


VERBS = list(verbs(S3Store("data")))


def subclasses(cls: type) -> Iterator[type]:
    for sub in cls.__subclasses__():
        yield sub
        yield from subclasses(sub)


def made(cls: type) -> Exception:
    """Return an exception with a word for each field of its message."""
    fields = {name for _, name, _, _ in string.Formatter().parse(cls.fmt) if name}
    extra = {"last_response": {}} if cls is boto.WaiterError else {}
    return cls(**dict.fromkeys(fields, "something"), **extra)


BOTOCORE = [cls for cls in subclasses(boto.BotoCoreError) if cls.__module__.startswith("botocore.")]


class TestEveryExceptionOfTheirs:
    @pytest.mark.parametrize("cls", sorted(set(BOTOCORE), key=str), ids=lambda cls: cls.__name__)
    def test_botocore(self, cls: type) -> None:
        ours = translate(made(cls), REQUEST)
        assert isinstance(ours, (errors.StoreError, errors.UsageError))
        assert ours.problem.startswith("Can't ")
        assert ours.problem.endswith(".")
        assert ours.detail

    @pytest.mark.parametrize(
        ("error", "want"),
        [
            (boto.NoCredentialsError(), errors.CredentialsError),
            (boto.PartialCredentialsError(provider="env", cred_var="x"), errors.CredentialsError),
            (boto.ProfileNotFound(profile="lab"), errors.CredentialsError),
            (boto.UnauthorizedSSOTokenError(), errors.ExpiredTokenError),
            (boto.SSOTokenLoadError(error_msg="x"), errors.ExpiredTokenError),
            (boto.EndpointConnectionError(endpoint_url="x"), errors.EndpointError),
            (boto.ConnectTimeoutError(endpoint_url="x"), errors.EndpointError),
            (boto.ReadTimeoutError(endpoint_url="x"), errors.EndpointError),
            (boto.ProxyConnectionError(proxy_url="x"), errors.EndpointError),
            (boto.SSLError(endpoint_url="x", error="y"), errors.EndpointError),
            (boto.ConnectionClosedError(endpoint_url="x"), errors.EndpointError),
            (boto.IncompleteReadError(actual_bytes=1, expected_bytes=2), errors.CorruptObjectError),
            (boto.FlexibleChecksumError(error_msg="x"), errors.CorruptObjectError),
            (boto.ParamValidationError(report="x"), errors.UsageError),
            (ResponseParserError("x"), errors.UnavailableError),
            (urllib3.exceptions.ProtocolError("x"), errors.CorruptObjectError),
            (urllib3.exceptions.HTTPError("x"), errors.EndpointError),
            (boto.BotoCoreError(), errors.StoreError),
        ],
    )
    def test_which(self, error: Exception, want: type) -> None:
        assert type(translate(error, REQUEST)) is want

    @pytest.mark.parametrize(("code", "name"), _table()[0].items())
    def test_codes(self, code: str, name: str) -> None:
        answer: Any = {"Error": {"Code": code, "Message": "m"}, "ResponseMetadata": {"HTTPStatusCode": 400}}
        ours = translate(ClientError(answer, "GetObject"), REQUEST)
        assert type(ours).__name__ == name.title().replace("_", "") + "Error"
        assert "'k'" in ours.problem or "s3://data" in ours.problem

    @pytest.mark.parametrize(("status", "name"), _table()[1].items())
    def test_statuses(self, status: int, name: str) -> None:
        answer: Any = {"Error": {"Code": str(status)}, "ResponseMetadata": {"HTTPStatusCode": status}}
        ours = translate(ClientError(answer, "HeadObject"), REQUEST)
        assert type(ours).__name__ == name.title().replace("_", "") + "Error"

    def test_an_unknown_refusal(self) -> None:
        answer: Any = {"Error": {"Code": "Odd", "Message": "m."}, "ResponseMetadata": {"HTTPStatusCode": 418}}
        ours = translate(ClientError(answer, "GetObject"), REQUEST)
        assert str(ours) == (
            "Can't read 'k' in s3://data: the server refuses.\n  The server answered 418 Odd: m."
            " The endpoint is http://s3.lab:9000 (from AWS_ENDPOINT_URL)."
        )

    def test_they_travel_between_processes(self) -> None:
        ours = translate(boto.NoCredentialsError(), REQUEST)
        assert str(pickle.loads(pickle.dumps(ours))) == str(ours)


@pytest.fixture(params=["moto", "seaweedfs"])
def server(request: pytest.FixtureRequest) -> Any:
    return request.getfixturevalue(request.param)


class TestRealRefusals:
    @pytest.mark.parametrize("verb", VERBS)
    def test_wrong_secret(self, server: Any, verb: str) -> None:
        place = S3Store(server.make_bucket(), server.options(secret_key="wrong"))
        with pytest.raises(errors.SignatureError, match="AWS_SECRET_ACCESS_KEY"):
            verbs(place)[verb]()

    @pytest.mark.parametrize("verb", VERBS)
    def test_unknown_access_key(self, server: Any, verb: str) -> None:
        place = S3Store(server.make_bucket(), server.options(access_key="nobody"))
        with pytest.raises(errors.CredentialsError, match="does not accept the credentials") as caught:
            verbs(place)[verb]()
        assert type(caught.value) is errors.CredentialsError

    @pytest.mark.parametrize("verb", VERBS)
    def test_no_such_bucket(self, server: Any, verb: str) -> None:
        place = S3Store("no-such-bucket", server.options())
        with pytest.raises(errors.BucketNotFoundError, match="s3://no-such-bucket") as caught:
            verbs(place)[verb]()
        assert server.server.endpoint in str(caught.value)
        assert isinstance(caught.value, FileNotFoundError)

    def test_denied(self, moto: Any) -> None:
        iam = moto.server.client("iam")
        iam.create_user(UserName="guest")
        pair = iam.create_access_key(UserName="guest")["AccessKey"]
        options = moto.options(access_key=pair["AccessKeyId"], secret_key=pair["SecretAccessKey"])
        wanted = {
            "read": "s3:GetObject",
            "read a range": "s3:GetObject",
            "look at": "s3:GetObject",
            "write": "s3:PutObject",
            "delete": "s3:DeleteObject",
            "list": "s3:ListBucket",
            "list one level": "s3:ListBucket",
        }
        for verb, call in verbs(S3Store(moto.make_bucket(), options)).items():
            with pytest.raises(errors.AccessDeniedError, match=wanted[verb]) as caught:
                call()
            assert isinstance(caught.value, PermissionError)
            assert ("'k'" in str(caught.value)) == (not verb.startswith("list"))
        with pytest.raises(errors.AccessDeniedError, match="s3:ListAllMyBuckets"):
            list_buckets(options)

    def test_a_policy_against_one_key(self, moto: Any) -> None:
        bucket = moto.make_bucket()
        resource = f"arn:aws:s3:::{bucket}/secret"
        deny = {"Effect": "Deny", "Principal": "*", "Action": "s3:GetObject", "Resource": resource}
        policy = json.dumps({"Version": "2012-10-17", "Statement": [deny]})
        place = S3Store(bucket, moto.options())
        place.put("secret", BODY)
        place.put("open", BODY)
        moto.client.put_bucket_policy(Bucket=bucket, Policy=policy)
        assert place.get("open") == BODY
        with pytest.raises(errors.AccessDeniedError, match="'secret'"):
            place.get("secret")


class TestScriptedRefusals:
    def test_a_reason_is_asked_for_where_head_has_none(self, scripted: Scripted) -> None:
        scripted.answers = [Answer(400), s3_error(400, "ExpiredToken")]
        with pytest.raises(errors.ExpiredTokenError, match=r"(?s)has expired.*As scripted.*aws sso login"):
            store(scripted).head("k")

    def test_a_wrong_clock(self, scripted: Scripted) -> None:
        times = {"RequestTime": "20250106T100000Z", "ServerTime": "2025-01-06T10:20:00Z"}
        scripted.answers = [s3_error(403, "RequestTimeTooSkewed", **times)]
        with pytest.raises(errors.ClockSkewError, match=r"20250106T100000Z.*2025-01-06T10:20:00Z"):
            store(scripted).get("k")

    def test_an_archived_object(self, scripted: Scripted) -> None:
        scripted.answers = [s3_error(403, "InvalidObjectState")]
        with pytest.raises(errors.AccessDeniedError, match="archived"):
            store(scripted).get("k")

    @pytest.mark.parametrize("status", [500, 503])
    def test_a_failing_server_is_asked_again(self, scripted: Scripted, status: int) -> None:
        good = Answer(200, BODY, {"ETag": f'"{MD5}"'})
        scripted.answers = [s3_error(status, "SlowDown"), good]
        assert store(scripted, attempts=2).get("k") == BODY
        scripted.answers = [s3_error(status, "SlowDown")]
        with pytest.raises(errors.UnavailableError, match="failed 2 times"):
            store(scripted, attempts=2).get("k")
        assert len(scripted.asked) == 4

    def test_an_old_server_that_knows_no_checksums(self, scripted: Scripted) -> None:
        for refusal in (
            s3_error(501, "NotImplemented"),
            s3_error(400, "InvalidArgument", Resource="checksum"),
        ):
            scripted.answers = [refusal]
            with pytest.raises(errors.StoreError) as caught:
                store(scripted).put("k", BODY)
        scripted.answers = [s3_error(501, "NotImplemented")]
        with pytest.raises(errors.NotSupportedError, match="when_required"):
            store(scripted).put("k", BODY)
        assert caught.value.detail

    def test_no_s3_at_all(self, scripted: Scripted) -> None:
        scripted.answers = [Answer(200, b"<html><p>Welcome to nginx!</html>")]
        with pytest.raises(errors.UnavailableError, match=scripted.endpoint):
            list(store(scripted).list())

    def test_a_damaged_upload(self, scripted: Scripted) -> None:
        scripted.answers = [s3_error(400, "BadDigest")]
        with pytest.raises(errors.CorruptObjectError, match="damaged on their way"):
            store(scripted).put("k", BODY)


class TestDamagedBytes:
    BAD = (
        pytest.param(Answer(200, b"hellO", {"ETag": f'"{MD5}"'}), id="bits, ETag"),
        pytest.param(
            Answer(200, b"hellO", {"x-amz-checksum-crc32": CRC32, "ETag": '"x-2"'}), id="bits, CRC32"
        ),
        pytest.param(Answer(200, b"hell", {"ETag": f'"{MD5}"'}), id="short, well announced"),
        pytest.param(Answer(200, b"hell", {"ETag": f'"{MD5}"'}, length=5), id="cut off"),
        pytest.param(Answer(200, b"hell", {"ETag": '"opaque"'}, length=5), id="cut off, no checksum"),
    )

    @pytest.mark.parametrize("bad", BAD)
    def test_once_is_mended(self, scripted: Scripted, bad: Answer) -> None:
        scripted.answers = [bad, Answer(200, BODY, bad.headers)]
        assert store(scripted).get("k") == BODY
        assert len(scripted.asked) == 2

    @pytest.mark.parametrize("bad", BAD)
    def test_twice_is_an_error(self, scripted: Scripted, bad: Answer) -> None:
        scripted.answers = [bad]
        with pytest.raises(errors.CorruptObjectError, match=r"'k' in s3://data.*twice"):
            store(scripted).get("k")
        assert len(scripted.asked) == 2

    def test_a_range_cut_off(self, scripted: Scripted) -> None:
        bad = Answer(206, b"he", {"ETag": f'"{MD5}"', "Content-Range": "bytes 0-3/5"}, length=4)
        scripted.answers = [bad, Answer(206, b"hell", {"Content-Range": "bytes 0-3/5"})]
        assert store(scripted).get("k", length=4) == b"hell"
        scripted.answers = [bad]
        with pytest.raises(errors.CorruptObjectError):
            store(scripted).get("k", length=4)

    def test_a_server_without_ranges(self, scripted: Scripted) -> None:
        scripted.answers = [Answer(200, BODY)]
        assert store(scripted).get("k", start=1, length=3) == b"ell"

    def test_a_part_checksum_is_not_of_the_whole(self, scripted: Scripted) -> None:
        headers = {"x-amz-checksum-crc32": "AAAAAA==-2", "ETag": '"0123-2"'}
        scripted.answers = [Answer(200, BODY, headers)]
        assert store(scripted).get("k") == BODY


class TestUnreachable:
    @pytest.fixture
    def closed_port(self) -> int:
        with socket.socket() as one:
            one.bind(("127.0.0.1", 0))
            return int(one.getsockname()[1])

    @pytest.mark.parametrize("verb", VERBS)
    def test_nobody_listens(self, closed_port: int, verb: str, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("AWS_S3_ENDPOINT", f"http://127.0.0.1:{closed_port}")
        place = S3Store("data", S3Options(access_key="a", secret_key="b", attempts=1))
        with pytest.raises(errors.EndpointError) as caught:
            verbs(place)[verb]()
        assert f"http://127.0.0.1:{closed_port} (from AWS_S3_ENDPOINT)" in str(caught.value)
        assert isinstance(caught.value, ConnectionError)

    def test_no_such_host(self) -> None:
        place = S3Store("data", S3Options(endpoint="s3.invalid", access_key="a", secret_key="b", attempts=1))
        with pytest.raises(errors.EndpointError, match=r"https://s3\.invalid"):
            place.get("k")

    def test_it_says_nothing(self, scripted: Scripted) -> None:
        scripted.answers = [Answer(0)]
        with pytest.raises(errors.EndpointError):
            store(scripted).get("k")

    def test_it_hangs(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as one:
            endpoint = f"http://127.0.0.1:{one.getsockname()[1]}"
            options = S3Options(endpoint, access_key="a", secret_key="b", attempts=1, read_timeout_s=0.2)
            with pytest.raises(errors.EndpointError, match="ReadTimeout"):
                S3Store("data", options).get("k")

    def test_plain_http_behind_https(self, scripted: Scripted) -> None:
        scripted.answers = [Answer()]
        with pytest.raises(errors.EndpointError, match="http://"):
            store(scripted, endpoint=scripted.endpoint.replace("http:", "https:")).get("k")


class TestFolder:
    def test_no_root(self, tmp_path: Path) -> None:
        place = FolderStore(tmp_path / "missing")
        calls = (
            lambda: place.get("k"),
            lambda: place.head("k"),
            lambda: list(place.list()),
            place.children,
            lambda: place.delete("k"),
        )
        for call in calls:
            with pytest.raises(errors.BucketNotFoundError, match="missing"):
                call()
        place.put("a/k", BODY)
        assert place.get("a/k") == BODY

    @pytest.mark.parametrize("code", [errno.EACCES, errno.EPERM, errno.EROFS])
    def test_denied(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int) -> None:
        self.check(tmp_path, monkeypatch, code, errors.AccessDeniedError, "file system refuses")

    @pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT])
    def test_full(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int) -> None:
        self.check(tmp_path, monkeypatch, code, errors.UnavailableError, "is full")

    def test_any_other(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.check(tmp_path, monkeypatch, errno.EIO, errors.UnavailableError, "file system failed")

    def check(
        self, root: Path, monkeypatch: pytest.MonkeyPatch, code: int, want: type[Exception], text: str
    ) -> None:
        place = FolderStore(root)
        place.put("k", b"old")

        def fail(_: int) -> None:
            raise OSError(code, os.strerror(code))

        with monkeypatch.context() as patch:
            patch.setattr(os, "fsync", fail)
            with pytest.raises(want, match=f"Can't write 'k' .*{text}"):
                place.put("k", BODY)
        assert place.get("k") == b"old"
        assert [path.name for path in root.iterdir()] == ["k"]

    def test_a_name_too_long(self, tmp_path: Path) -> None:
        place = FolderStore(tmp_path)
        with pytest.raises(errors.InvalidKeyError, match="can't hold that name"):
            place.put("k" * 300, BODY)
        with pytest.raises(errors.ObjectNotFoundError):
            place.get("k" * 300)
        place.delete("k" * 300)


class TestNearMiss:
    @pytest.mark.parametrize(
        ("key", "near"),
        [
            ("runs/a.csv", "runs/a.csv.gz"),
            ("runs/b.rds", "runs/b.parquet"),
            ("runs/sumary.csv", "runs/summary.csv"),
            ("runs/deep", "runs/deep/"),
            ("runs/z.csv", None),
            ("elsewhere/a.csv", None),
        ],
    )
    def test_what_was_meant(self, key: str, near: str | None) -> None:
        place = MemoryStore()
        for one in ("runs/a.csv.gz", "runs/b.parquet", "runs/summary.csv", "runs/deep/c.csv"):
            place.put(one, b"")
        assert near_miss(place, key) == near

    def test_it_is_the_hint(self) -> None:
        place = MemoryStore()
        place.put("a.csv.gz", b"")
        with pytest.raises(errors.ObjectNotFoundError) as caught:
            place.get("a.csv")
        assert with_near_miss(caught.value, Location(place, "a.csv")).hint == "Did you mean 'a.csv.gz'?"
        assert with_near_miss(caught.value, Location(place, "z.csv")) is caught.value

    def test_no_listing_no_hint(self, scripted: Scripted) -> None:
        scripted.answers = [s3_error(403, "AccessDenied")]
        assert near_miss(store(scripted), "a.csv") is None
