"""The gate tells right from wrong signatures, and makes the fault that it is told to make."""

from __future__ import annotations

import socket
import urllib.error
import urllib.request
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError, ConnectionClosedError

from gate import Gate, Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

ODD_KEY = "a b/+%20=&~é.csv"


@pytest.fixture
def gate(seaweedfs: Any) -> Iterator[Gate]:
    with Gate(seaweedfs.server.endpoint, {seaweedfs.server.access_key: seaweedfs.server.secret_key}) as gate:
        yield gate


@pytest.fixture
def bucket(seaweedfs: Any) -> str:
    bucket = seaweedfs.make_bucket()
    seaweedfs.client.put_object(Bucket=bucket, Key="k", Body=b"0123456789")
    return bucket


def client(gate: Gate, access_key: str = "", secret_key: str = "", region: str = "us-east-1") -> Any:
    known, secret = next(iter(gate.keys.items()))
    style = Config(
        s3={"addressing_style": "path"}, retries={"total_max_attempts": 1}, signature_version="s3v4"
    )
    session = boto3.Session(access_key or known, secret_key or secret, region_name=region)
    return session.client("s3", endpoint_url=gate.endpoint, config=style)


def fetched(link: str) -> bytes:
    with urllib.request.urlopen(link) as answer:
        return bytes(answer.read())


class TestSignatures:
    def test_what_boto3_signs_passes(self, gate: Gate, bucket: str) -> None:
        s3 = client(gate)
        s3.put_object(Bucket=bucket, Key=ODD_KEY, Body=b"odd", Metadata={"who": "us"})
        assert s3.get_object(Bucket=bucket, Key=ODD_KEY)["Body"].read() == b"odd"
        assert [row["Key"] for row in s3.list_objects_v2(Bucket=bucket)["Contents"]] == [ODD_KEY, "k"]
        assert [entry.method for entry in gate.log] == ["PUT", "GET", "GET"]

    def test_a_link_passes_and_a_changed_one_does_not(self, gate: Gate, bucket: str) -> None:
        link = client(gate).generate_presigned_url(
            "get_object", Params={"Bucket": bucket, "Key": "k"}, ExpiresIn=60
        )
        assert fetched(link) == b"0123456789"
        with pytest.raises(urllib.error.HTTPError, match="403"):
            fetched(link.replace("X-Amz-Expires=60", "X-Amz-Expires=600"))
        with pytest.raises(urllib.error.HTTPError, match="403"):
            fetched(link.replace("/k?", "/other?"))

    def test_links_end(self, gate: Gate, bucket: str) -> None:
        def link(seconds: int) -> str:
            return str(
                client(gate).generate_presigned_url(
                    "get_object", Params={"Bucket": bucket, "Key": "k"}, ExpiresIn=seconds
                )
            )

        gate.expect(Rule("clock", seconds=120))
        with pytest.raises(urllib.error.HTTPError, match="403"):
            fetched(link(60))
        with pytest.raises(urllib.error.HTTPError, match="400"):
            fetched(link(604801))

    @pytest.mark.parametrize(
        ("wrong", "code"),
        [
            ({"secret_key": "wrong"}, "SignatureDoesNotMatch"),
            ({"access_key": "nobody"}, "InvalidAccessKeyId"),
        ],
    )
    def test_wrong_keys(self, gate: Gate, bucket: str, wrong: dict[str, str], code: str) -> None:
        with pytest.raises(ClientError, match=code):
            client(gate, **wrong).delete_object(Bucket=bucket, Key="k")
        assert gate.log[-1].code == code

    def test_a_region_that_is_elsewhere(self, gate: Gate, bucket: str) -> None:
        # boto3 asks again where the answer sends it.
        client(gate, region="eu-west-9").delete_object(Bucket=bucket, Key="k")
        assert gate.log[0].code == "AuthorizationHeaderMalformed"
        assert gate.log[-1].status == 204

    def test_a_header_that_was_not_signed(self, gate: Gate, bucket: str) -> None:
        def open_to_all(request: Any, **_: object) -> None:
            request.headers["x-amz-acl"] = "public-read"

        s3 = client(gate)
        s3.meta.events.register("before-send.s3.*", open_to_all)
        with pytest.raises(ClientError, match="not signed"):
            s3.put_object(Bucket=bucket, Key="k", Body=b"new")

    def test_a_body_that_was_not_signed(self, gate: Gate, bucket: str) -> None:
        def change(request: Any, **_: object) -> None:
            request.body = b"xxxx"

        s3 = client(gate)
        s3.meta.events.register("before-send.s3.PutObject", change)
        with pytest.raises(ClientError, match="XAmzContentSHA256Mismatch"):
            s3.put_object(Bucket=bucket, Key="k", Body=b"good")

    def test_a_wrong_digest(self, gate: Gate, bucket: str) -> None:
        with pytest.raises(ClientError, match="BadDigest"):
            client(gate).put_object(Bucket=bucket, Key="k", Body=b"good", ChecksumCRC32="AAAAAA==")


class TestFaults:
    def get(self, gate: Gate, bucket: str, *rules: Rule) -> bytes:
        """Return all that comes of the body, whatever was announced."""
        link = client(gate).generate_presigned_url("get_object", Params={"Bucket": bucket, "Key": "k"})
        target = link.removeprefix(gate.endpoint)
        host = gate.endpoint.removeprefix("http://")
        gate.expect(*rules)
        with socket.create_connection(host.split(":"), timeout=60) as one:
            one.sendall(f"GET {target} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
            return b"".join(iter(lambda: one.recv(65536), b""))

    def test_none(self, gate: Gate, bucket: str) -> None:
        assert self.get(gate, bucket).endswith(b"\r\n\r\n0123456789")

    def test_reset(self, gate: Gate, bucket: str) -> None:
        for rule in (
            Rule("reset"),
            Rule("truncate_rst"),
            Rule("apply_then_reset"),
            Rule("hang", seconds=0.1),
        ):
            with pytest.raises(ConnectionResetError):
                self.get(gate, bucket, rule)

    def test_truncation(self, gate: Gate, bucket: str) -> None:
        cut = self.get(gate, bucket, Rule("truncate_fin"))
        assert cut.endswith(b"\r\n\r\n01234")
        assert b"Content-Length: 10\r\n" in cut
        assert b"Content-Length: 3\r\n" in self.get(gate, bucket, Rule("truncate_quiet", after=3))

    def test_damage(self, gate: Gate, bucket: str) -> None:
        assert self.get(gate, bucket, Rule("corrupt", at=0)).endswith(b"\r\n\r\np123456789")
        assert self.get(gate, bucket, Rule("replace", old=b"345", new=b"")).endswith(b"\r\n\r\n0126789")

    def test_status(self, gate: Gate, bucket: str) -> None:
        said = self.get(gate, bucket, Rule("status", status=503, code="SlowDown"))
        assert said.startswith(b"HTTP/1.1 503 ")
        assert b"<Code>SlowDown</Code>" in said
        assert self.get(gate, bucket, Rule("ok_with_error_body")).startswith(b"HTTP/1.1 200 ")

    def test_uploads(self, gate: Gate, bucket: str, seaweedfs: Any) -> None:
        def stored() -> bytes:
            return bytes(seaweedfs.client.get_object(Bucket=bucket, Key="k")["Body"].read())

        s3 = client(gate)
        gate.expect(Rule("reset_upload", after=3))
        with pytest.raises(ConnectionClosedError):
            s3.put_object(Bucket=bucket, Key="k", Body=b"new")
        assert stored() == b"0123456789"
        gate.expect(Rule("apply_then_status"))
        with pytest.raises(ClientError, match="InternalError"):
            s3.put_object(Bucket=bucket, Key="k", Body=b"new")
        assert stored() == b"new"

    def test_which_requests(self, gate: Gate, bucket: str) -> None:
        gate.expect(Rule("status", method="GET", target="/k", skip=1, times=2))
        s3 = client(gate)
        for fails in (False, True, True, False):
            s3.head_object(Bucket=bucket, Key="k")
            if fails:
                with pytest.raises(ClientError):
                    s3.get_object(Bucket=bucket, Key="k")
            else:
                s3.get_object(Bucket=bucket, Key="k")
        assert [entry.fault for entry in gate.log if entry.method == "GET"] == [
            None,
            "status",
            "status",
            None,
        ]
