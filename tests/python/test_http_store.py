"""Links: what they lead to is read whole and verified, or the error says why not, without the signature."""

from __future__ import annotations

import base64
import hashlib
import io
import logging
import socket
import threading
import time
import zlib
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from crossframe import errors
from crossframe.stores import HttpStore, S3Options, http_errors, http_request
from scripted import Answer, s3_error

if TYPE_CHECKING:
    from scripted import Scripted

CONTENT = b"a,b\n1,2\n"
MD5 = hashlib.md5(CONTENT).hexdigest()
SIGNED = "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=key&X-Amz-Signature=a-secret"
FAST = S3Options(attempts=3, connect_timeout_s=2, read_timeout_s=1)


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Wait for nothing between tries, and note how long it would have been."""
    waited: list[float] = []
    monkeypatch.setattr(http_request.time, "sleep", waited.append)
    for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    return waited


def link(
    scripted: Scripted, *answers: Answer, path: str = "/lab/d%20é.csv", query: str = SIGNED
) -> HttpStore:
    scripted.answers[:] = answers
    return HttpStore(f"{scripted.endpoint}{path}{f'?{query}' if query else ''}", FAST)


def ok(body: bytes = CONTENT, *, length: int | None = None, **headers: str) -> Answer:
    return Answer(200, body, {name.replace("_", "-"): text for name, text in headers.items()}, length)


def signed_at(start: datetime, seconds: int) -> str:
    return f"X-Amz-Date={start:%Y%m%dT%H%M%SZ}&X-Amz-Expires={seconds}&{SIGNED}"


class TestGet:
    def test_bytes(self, scripted: Scripted) -> None:
        store = link(scripted, ok())
        assert (store.uri, store.key) == (f"{scripted.endpoint}/lab", "d é.csv")
        assert store.get(store.key) == CONTENT
        assert scripted.asked[0].path == f"/lab/d%20%C3%A9.csv?{SIGNED}"
        # What came compressed would not be what was stored.
        assert scripted.asked[0].headers["accept-encoding"] == "identity"

    def test_stream(self, scripted: Scripted) -> None:
        big = bytes(range(256)) * 8192
        store, file = link(scripted, ok(big)), io.BytesIO(b"before")
        file.seek(6)
        assert store.get_to(store.key, file).size == len(big)
        assert file.getvalue() == b"before" + big

    @pytest.mark.parametrize(
        "headers",
        [
            {"ETag": f'"{MD5}"', "x-amz-request-id": "1"},
            {"x-amz-checksum-crc32": base64.b64encode(zlib.crc32(CONTENT).to_bytes(4, "big")).decode()},
            {"x-amz-checksum-sha256": base64.b64encode(hashlib.sha256(CONTENT).digest()).decode()},
            {"x-amz-meta-crossframe-sha256": hashlib.sha256(CONTENT).hexdigest()},
        ],
    )
    def test_flipped_bits_are_seen(self, scripted: Scripted, headers: dict[str, str]) -> None:
        flipped = bytes([CONTENT[0] ^ 1]) + CONTENT[1:]
        store = link(scripted, ok(flipped, **headers), ok(CONTENT, **headers))
        assert store.get(store.key) == CONTENT
        file = io.BytesIO()
        store = link(scripted, ok(flipped, **headers), ok(CONTENT, **headers))
        store.get_to(store.key, file)
        assert file.getvalue() == CONTENT
        scripted.asked.clear()
        store = link(scripted, ok(flipped, **headers))
        with pytest.raises(errors.CorruptObjectError, match="not what was stored, twice"):
            store.get(store.key)
        assert len(scripted.asked) == 2

    def test_an_etag_of_another_server_is_no_checksum(self, scripted: Scripted) -> None:
        store = link(scripted, ok(ETag='"' + "0" * 32 + '"'))
        assert store.get(store.key) == CONTENT

    def test_cut_off(self, scripted: Scripted) -> None:
        store = link(scripted, ok(length=100), ok())
        assert store.get(store.key) == CONTENT
        store, file = link(scripted, ok(length=100)), io.BytesIO()
        with pytest.raises(errors.CorruptObjectError, match="cut off"):
            store.get_to(store.key, file)
        assert file.getvalue() == b""

    def test_ranges(self, scripted: Scripted) -> None:
        part = Answer(206, CONTENT[2:4], {"Content-Range": f"bytes 2-3/{len(CONTENT)}"})
        store = link(scripted, part)
        assert store.get(store.key, start=2, length=2) == CONTENT[2:4]
        assert scripted.asked[0].headers["range"] == "bytes=2-3"
        # A server that knows no ranges, and one that gives another.
        store = link(scripted, ok())
        assert store.get(store.key, start=2, length=2) == CONTENT[2:4]
        store = link(scripted, Answer(206, CONTENT[2:4], {"Content-Range": "bytes 0-1/8"}))
        with pytest.raises(errors.CorruptObjectError):
            store.get(store.key, start=2, length=2)
        store = link(scripted, Answer(416, b"", {"Content-Range": "bytes */8"}))
        assert store.get(store.key, start=99) == b""
        store = link(scripted, part)
        assert store.get(store.key, length=0) == b""


class TestHead:
    def test_by_one_byte(self, scripted: Scripted) -> None:
        headers = {
            "Content-Range": "bytes 0-0/8",
            "ETag": f'"{MD5}"',
            "Last-Modified": "Mon, 02 Jan 2023 03:04:05 GMT",
            "Content-Type": "text/csv",
            "X-Amz-Meta-Owner": "lab",
            "x-amz-meta-crossframe-sha256": "0",
            "x-amz-version-id": "v1",
        }
        store = link(scripted, Answer(206, b"a", headers))
        meta = store.head(store.key)
        assert (meta.key, meta.size, meta.etag, meta.version) == ("d é.csv", 8, MD5, "v1")
        assert meta.modified == datetime(2023, 1, 2, 3, 4, 5, tzinfo=UTC)
        assert (meta.media_type, meta.metadata) == ("text/csv", {"owner": "lab"})
        assert (scripted.asked[0].method, scripted.asked[0].headers["range"]) == ("GET", "bytes=0-0")

    def test_where_there_are_no_ranges(self, scripted: Scripted) -> None:
        store = link(scripted, ok())
        assert store.head(store.key).size == len(CONTENT)

    def test_nothing_in_it(self, scripted: Scripted) -> None:
        store = link(scripted, Answer(416, b"", {"Content-Range": "bytes */0"}))
        assert store.head(store.key).size == 0


class TestBeside:
    def test_a_public_link_has_neighbours(self, scripted: Scripted) -> None:
        store = link(scripted, ok(b"{}"), query="")
        assert store.get("d é.csv.schema.json") == b"{}"
        assert scripted.asked[0].path == "/lab/d%20%C3%A9.csv.schema.json"
        for key in ("../k", "", "a//b"):
            with pytest.raises(errors.ObjectNotFoundError):
                store.get(key)

    def test_a_signed_one_is_alone(self, scripted: Scripted) -> None:
        store = link(scripted, ok(b"{}"))
        with pytest.raises(errors.ObjectNotFoundError):
            store.get("d é.csv.schema.json")
        assert scripted.asked == []

    @pytest.mark.parametrize(
        "call",
        [
            lambda store: store.put("k", b""),
            lambda store: store.put_from("k", io.BytesIO()),
            lambda store: store.delete("k"),
            lambda store: store.list(),
            lambda store: store.children(),
            lambda store: store.get(store.key, version="1"),
            lambda store: store.sign("k", verb="get", expires_s=1),
            lambda store: store.publish("k"),
        ],
    )
    def test_what_links_can_not(self, scripted: Scripted, call: Any) -> None:
        with pytest.raises(errors.NotSupportedError) as caught:
            call(link(scripted, ok()))
        assert caught.value.hint
        assert "secret" not in str(caught.value)
        assert scripted.asked == []


class TestAgain:
    @pytest.mark.parametrize("status", [500, 502, 503, 504, 429])
    def test_once_and_for_ever(self, scripted: Scripted, status: int) -> None:
        store = link(scripted, s3_error(status, "SlowDown"), ok())
        assert store.get(store.key) == CONTENT
        scripted.asked.clear()
        store = link(scripted, s3_error(status, "SlowDown"))
        with pytest.raises(errors.UnavailableError, match=f"{status} SlowDown"):
            store.get(store.key)
        assert len(scripted.asked) == 3

    def test_waits_as_asked_within_reason(self, scripted: Scripted, quick: list[float]) -> None:
        again = [Answer(503, b"", {"Retry-After": text}) for text in ("3", "86400")]
        store = link(scripted, *again, ok())
        store.get(store.key)
        assert quick == [3, 10]

    def test_reset_before_an_answer(self, scripted: Scripted) -> None:
        store = link(scripted, Answer(0), ok())
        assert store.get(store.key) == CONTENT
        scripted.asked.clear()
        store = link(scripted, Answer(0))
        with pytest.raises(errors.UnavailableError, match="broke off"):
            store.get(store.key)
        assert len(scripted.asked) == 3

    def test_unreachable(self) -> None:
        store = HttpStore(f"http://127.0.0.1:1/k?{SIGNED}", FAST)
        with pytest.raises(errors.EndpointError, match=r"127\.0\.0\.1:1.* can't be reached") as caught:
            store.get("k")
        assert "secret" not in str(caught.value)
        assert isinstance(caught.value, ConnectionError)

    def test_no_such_name(self) -> None:
        with pytest.raises(errors.EndpointError, match=r"no-such-host\.invalid"):
            HttpStore("https://no-such-host.invalid/k", FAST).get("k")

    def test_a_drip_is_not_waited_for(self, scripted: Scripted, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(http_request, "_SLOW_S", -1.0)
        monkeypatch.setattr(http_request, "_SLOW_BYTES_PER_S", 10**12)
        store = link(scripted, ok(b"x" * 1000))
        with pytest.raises(errors.UnavailableError, match="silent"):
            store.get(store.key)

    def test_silence_has_an_end(self, monkeypatch: pytest.MonkeyPatch) -> None:
        with socket.create_server(("127.0.0.1", 0)) as server:
            port = server.getsockname()[1]
            options = S3Options(attempts=2, connect_timeout_s=1, read_timeout_s=0.2)
            start = time.monotonic()
            with pytest.raises(errors.UnavailableError, match="silent"):
                HttpStore(f"http://127.0.0.1:{port}/k", options).get("k")
            assert time.monotonic() - start < 3


class TestRedirects:
    def test_followed(self, scripted: Scripted) -> None:
        store = link(scripted, Answer(307, b"", {"Location": "/other?x=1"}), ok())
        assert store.get(store.key) == CONTENT
        assert scripted.asked[1].path == "/other?x=1"

    def test_not_for_ever(self, scripted: Scripted) -> None:
        store = link(scripted, Answer(302, b"", {"Location": "/again?secret=1"}))
        with pytest.raises(errors.UnavailableError, match="redirected 5 times") as caught:
            store.get(store.key)
        assert len(scripted.asked) == 6
        assert "secret" not in str(caught.value)

    @pytest.mark.parametrize("target", ["file:///etc/passwd", "ftp://host/k", "gopher://host"])
    def test_only_to_servers(self, scripted: Scripted, target: str) -> None:
        store = link(scripted, Answer(302, b"", {"Location": target}))
        with pytest.raises(errors.UnavailableError, match="redirected to where nothing is encrypted"):
            store.get(store.key)

    def test_never_from_https_to_http(self) -> None:
        requests = http_request.Requests("https://host/k", "k", "https://host", FAST)
        with pytest.raises(errors.UnavailableError, match="nothing is encrypted"):
            requests._redirected("https://host/k", "http://host/k")
        assert requests._redirected("https://host/a/k", "../b#c") == "https://host/b"


class TestRefusals:
    def refused(self, store: HttpStore, kind: type[errors.CrossframeError]) -> errors.CrossframeError:
        with pytest.raises(kind) as caught:
            store.get(store.key)
        assert type(caught.value) is kind
        assert "secret" not in str(caught.value)
        return caught.value

    def test_expired_by_its_own_date(self, scripted: Scripted) -> None:
        query = signed_at(datetime(2023, 1, 2, 3, 4, 5, tzinfo=UTC), 60)
        store = link(scripted, s3_error(403, "AccessDenied"), query=query)
        assert "2023-01-02 03:05:05 UTC" in str(self.refused(store, errors.ExpiredTokenError))

    @pytest.mark.parametrize(
        ("hours", "kind"), [(1, errors.ExpiredTokenError), (-1, errors.AccessDeniedError)]
    )
    def test_expired_by_the_servers_clock(self, hours: int, kind: type[errors.CrossframeError]) -> None:
        url = f"https://host/k?{signed_at(datetime.now(UTC) - timedelta(seconds=60), 60)}"
        clock = {"date": f"{datetime.now(UTC) + timedelta(hours=hours):%a, %d %b %Y %H:%M:%S} GMT"}
        answer = http_errors.Answer(403, clock, b"<Code>AccessDenied</Code>")
        assert type(http_errors.refusal(url, "k", "https://host", answer)) is kind

    def test_expired_in_the_servers_words(self, scripted: Scripted) -> None:
        store = link(scripted, s3_error(403, "AccessDenied", Message="Request has expired"))
        self.refused(store, errors.ExpiredTokenError)
        store = link(scripted, s3_error(400, "ExpiredToken"))
        self.refused(store, errors.ExpiredTokenError)

    def test_of_signature_version_2(self, scripted: Scripted) -> None:
        query = "AWSAccessKeyId=key&Expires=1672628645&Signature=a-secret"
        store = link(scripted, s3_error(403, "AccessDenied"), query=query)
        assert "2023-01-02 03:04:05 UTC" in str(self.refused(store, errors.ExpiredTokenError))

    @pytest.mark.parametrize(
        ("status", "code", "kind"),
        [
            (403, "AccessDenied", errors.AccessDeniedError),
            (401, "Unauthorized", errors.AccessDeniedError),
            (403, "SignatureDoesNotMatch", errors.SignatureError),
            (403, "InvalidAccessKeyId", errors.CredentialsError),
            (403, "RequestTimeTooSkewed", errors.ClockSkewError),
            (404, "NoSuchKey", errors.ObjectNotFoundError),
            (404, "NoSuchBucket", errors.BucketNotFoundError),
            (410, "Gone", errors.ObjectNotFoundError),
            (418, "Teapot", errors.UnavailableError),
            (400, "InvalidRequest", errors.UnavailableError),
        ],
    )
    def test_each(
        self, scripted: Scripted, status: int, code: str, kind: type[errors.CrossframeError]
    ) -> None:
        query = signed_at(datetime.now(UTC), 600)
        self.refused(link(scripted, s3_error(status, code), query=query), kind)
        assert len(scripted.asked) == 1

    @pytest.mark.parametrize("query", ["X-Amz-Date=x&X-Amz-Expires=y", "X-Amz-Date=20230102T030405Z", "a"])
    def test_dates_that_are_none(self, scripted: Scripted, query: str) -> None:
        self.refused(link(scripted, s3_error(403, "AccessDenied"), query=query), errors.AccessDeniedError)

    def test_a_body_that_is_no_reason(self, scripted: Scripted) -> None:
        store = link(scripted, Answer(403, b"\xff<Code>" * 100_000))
        assert "answered 403." in str(self.refused(store, errors.AccessDeniedError))


def test_the_signature_stands_in_no_log(scripted: Scripted, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    store = link(scripted, s3_error(503, "SlowDown"), ok())
    store.get(store.key)
    assert "/lab/d%20%C3%A9.csv" in caplog.text
    assert "secret" not in caplog.text


# Not moto: it looks for signatures in headers only.
@pytest.mark.parametrize("server", ["seaweedfs", "seaweedfs_tls"])
def test_links_that_a_server_checks(
    request: pytest.FixtureRequest, server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    running = request.getfixturevalue(server)
    for name, value in running.server.env().items():
        monkeypatch.setenv(name, value)
    bucket, key = running.make_bucket(), "a b+c=d&é/x%20y.csv"
    running.client.put_object(
        Bucket=bucket, Key=key, Body=CONTENT, ContentType="text/csv", Metadata={"a": "b"}
    )

    def sign(seconds: int) -> HttpStore:
        params = {"Bucket": bucket, "Key": key}
        return HttpStore(running.client.generate_presigned_url("get_object", params, seconds), FAST)

    store, old = sign(600), sign(1)
    assert store.key == "x%20y.csv"
    assert store.get(store.key) == CONTENT
    assert store.get(store.key, start=2, length=3) == CONTENT[2:5]
    meta = store.head(store.key)
    assert (meta.size, meta.etag, meta.media_type, meta.metadata) == (
        len(CONTENT),
        MD5,
        "text/csv",
        {"a": "b"},
    )
    changed = HttpStore(store._url[:-1] + ("0" if store._url[-1] != "0" else "1"), FAST)
    with pytest.raises(errors.SignatureError):
        changed.get(changed.key)
    threading.Event().wait(2.1)
    with pytest.raises(errors.ExpiredTokenError, match="has expired"):
        old.get(old.key)


def test_a_certificate_that_nobody_trusts(seaweedfs_tls: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_CA_BUNDLE", raising=False)
    store = HttpStore(f"{seaweedfs_tls.server.endpoint}/bucket/k?{SIGNED}", FAST)
    with pytest.raises(errors.EndpointError, match="no trusted connection") as caught:
        store.get("k")
    assert "AWS_CA_BUNDLE" in str(caught.value)
    assert "secret" not in str(caught.value)
