"""Who asks which server: endpoint, region, credentials; and bytes on their way."""

from __future__ import annotations

import base64
import hashlib
import os
import subprocess
import sys
import zlib
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from crossframe import errors
from crossframe.stores import S3Options, S3Store, list_buckets
from crossframe.stores.s3_session import connect, find_endpoint, read_timestamp
from crossframe.stores.s3_write import PART_BYTES
from scripted import Answer, Scripted, s3_error

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

BODY = b"hello"
ETAG = f'"{hashlib.md5(BODY).hexdigest()}"'
FOUND = Answer(200, BODY, {"ETag": ETAG, "Last-Modified": "Mon, 06 Jan 2025 10:00:00 GMT"})


def store(script: Scripted, **more: Any) -> S3Store:
    known = {"endpoint": script.endpoint, "access_key": "lab", "secret_key": "secret", "attempts": 1}
    return S3Store("data", S3Options(**(known | more)))


class TestEndpoint:
    def test_order(self, monkeypatch: pytest.MonkeyPatch) -> None:
        assert find_endpoint(None) == (None, "AWS's default")
        for name, host in [("AWS_S3_ENDPOINT", "c"), ("AWS_ENDPOINT_URL", "b"), ("AWS_ENDPOINT_URL_S3", "a")]:
            monkeypatch.setenv(name, f"http://{host}:9000")
            assert find_endpoint(None) == (f"http://{host}:9000", name)
        assert find_endpoint("http://argument/") == ("http://argument", "the endpoint argument")
        monkeypatch.setenv("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "true")
        assert find_endpoint(None) == ("http://c:9000", "AWS_S3_ENDPOINT")

    @pytest.mark.parametrize(
        ("text", "url"),
        [
            ("minio.lab.org", "https://minio.lab.org"),
            ("minio.lab.org:9000", "https://minio.lab.org:9000"),
            ("http://minio:9000", "http://minio:9000"),
        ],
    )
    def test_a_host_without_scheme_is_https(
        self, text: str, url: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("AWS_S3_ENDPOINT", text)
        assert find_endpoint(None)[0] == url
        connection = connect(S3Options(access_key="a", secret_key="b"))
        assert (connection.endpoint, connection.source, connection.custom) == (url, "AWS_S3_ENDPOINT", True)
        assert connection.client.meta.config.s3["addressing_style"] == "path"

    def test_empty_variables_are_not_set(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("AWS_ENDPOINT_URL", "")
        assert find_endpoint("") == (None, "AWS's default")

    @pytest.mark.parametrize("text", ["ftp://x", "http://", "http://user@host", "two words", "http://a_.b."])
    def test_no_url(self, text: str) -> None:
        with pytest.raises(errors.EndpointError, match=r"(?s)Endpoint must be .*not '.*argument"):
            connect(S3Options(endpoint=text))

    @pytest.mark.parametrize(
        ("text", "region"),
        [("s3.amazonaws.com", "us-east-1"), ("https://s3.eu-west-3.amazonaws.com", "eu-west-3")],
    )
    def test_aws_named_in_full_is_still_aws(self, text: str, region: str) -> None:
        connection = connect(S3Options(endpoint=text, access_key="a", secret_key="b"))
        assert not connection.custom
        assert connection.client.meta.region_name == region

    def test_a_profile_names_it(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        (tmp_path / "config").write_text(
            "[profile lab]\nservices = lab\nregion = eu-north-1\n"
            "aws_access_key_id = k\naws_secret_access_key = s\n"
            "[services lab]\ns3 =\n  endpoint_url = http://minio:9000\n"
        )
        monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
        connection = connect(S3Options(profile="lab"))
        assert (connection.endpoint, connection.source) == (
            "http://minio:9000",
            "the services of profile 'lab'",
        )
        assert connection.client.meta.region_name == "eu-north-1"
        assert connection.client.meta.config.s3["addressing_style"] == "path"

    def test_the_bucket_is_in_the_path(self, scripted: Scripted) -> None:
        scripted.answers = [FOUND]
        assert store(scripted).get("a b/c+d") == BODY
        assert scripted.asked[0].path == "/data/a%20b/c%2Bd"


class TestRegion:
    @pytest.mark.parametrize(
        ("argument", "environment", "want"),
        [
            (None, {}, "us-east-1"),
            ("", {}, "us-east-1"),
            (None, {"AWS_DEFAULT_REGION": "eu-west-1"}, "eu-west-1"),
            (None, {"AWS_DEFAULT_REGION": "eu-west-1", "AWS_REGION": "eu-west-2"}, "eu-west-2"),
            ("eu-west-3", {"AWS_REGION": "eu-west-2"}, "eu-west-3"),
        ],
    )
    def test_order(
        self, argument: str | None, environment: dict[str, str], want: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        client = connect(S3Options(region=argument, endpoint="http://minio:9000")).client
        assert client.meta.region_name == want

    @pytest.mark.parametrize(
        "refusal",
        [
            s3_error(400, "AuthorizationHeaderMalformed", Region="eu-central-1"),
            Answer(301, b"", {"x-amz-bucket-region": "eu-central-1"}),
        ],
    )
    def test_a_wrong_one_is_corrected(self, scripted: Scripted, refusal: Answer) -> None:
        scripted.answers = [refusal, FOUND]
        place = store(scripted, attempts=2)
        assert place.get("k") == BODY
        assert place.get("k") == BODY
        regions = [asked.headers["authorization"].split("/")[2] for asked in scripted.asked]
        assert regions == ["us-east-1", "eu-central-1", "eu-central-1"]


class TestCredentials:
    def test_session_token(self, scripted: Scripted) -> None:
        scripted.answers = [FOUND]
        store(scripted, session_token="for a week").get("k")
        assert scripted.asked[0].headers["x-amz-security-token"] == "for a week"

    def test_anonymous(self, scripted: Scripted) -> None:
        scripted.answers = [FOUND]
        store(scripted, access_key=None, secret_key=None, anonymous=True).get("k")
        assert "authorization" not in scripted.asked[0].headers

    def test_renewed_keys_are_noticed(self, scripted: Scripted, monkeypatch: pytest.MonkeyPatch) -> None:
        scripted.answers = [FOUND]
        place = store(scripted, access_key=None, secret_key=None)
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
        for key in ("monday", "tuesday"):
            monkeypatch.setenv("AWS_ACCESS_KEY_ID", key)
            place.get("k")
        assert ["monday" in asked.headers["authorization"] for asked in scripted.asked] == [True, False]

    def test_a_renewed_file_is_noticed(
        self, scripted: Scripted, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        file = tmp_path / "credentials"
        monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(file))
        scripted.answers = [FOUND]
        place = store(scripted, access_key=None, secret_key=None)
        for number, key in enumerate(("monday", "tuesday")):
            file.write_text(f"[default]\naws_access_key_id = {key}\naws_secret_access_key = s\n")
            os.utime(file, (number, number))
            place.get("k")
        assert ["tuesday" in asked.headers["authorization"] for asked in scripted.asked] == [False, True]

    def test_none(self, scripted: Scripted) -> None:
        scripted.answers = [FOUND]
        with pytest.raises(errors.CredentialsError, match=r"(?s)Can't find credentials .*AWS_SESSION_TOKEN"):
            store(scripted, access_key=None, secret_key=None).get("k")
        assert not scripted.asked

    def test_half(self) -> None:
        with pytest.raises(errors.CredentialsError, match="not one of the two"):
            connect(S3Options(access_key="lab"))

    def test_half_in_the_environment(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", "lab")
        with pytest.raises(errors.CredentialsError, match="can't be used"):
            list_buckets(S3Options(endpoint="http://minio:9000"))

    def test_no_such_profile(self, monkeypatch: pytest.MonkeyPatch) -> None:
        with pytest.raises(errors.CredentialsError, match=r"(?s)nobody.*list-profiles"):
            connect(S3Options(profile="nobody"))
        monkeypatch.setenv("AWS_PROFILE", "nobody")
        with pytest.raises(errors.CredentialsError, match="nobody"):
            connect()

    def test_secrets_are_not_shown(self) -> None:
        assert "hidden" not in repr(S3Options(access_key="a", secret_key="hidden", session_token="hidden"))


class TestConnections:
    def test_one_for_many_stores(self) -> None:
        options = S3Options(endpoint="http://minio:9000")
        assert connect(options) is connect(S3Options(endpoint="http://minio:9000"))
        assert connect(options) is not connect(S3Options(endpoint="http://minio:9001"))

    def test_boto3_is_not_imported_for_nothing(self) -> None:
        code = (
            "import sys, crossframe.stores as s; s.resolve('/a/b'); s.FolderStore('/'); "
            "print('boto3' in sys.modules); s.S3Store; print('boto3' in sys.modules)"
        )
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
        assert done.stdout.split() == ["False", "True"]

    def test_buckets(self, moto: Any) -> None:
        made = {moto.make_bucket(), moto.make_bucket()}
        found = list_buckets(moto.options())
        assert made <= {bucket.name for bucket in found}
        assert found == sorted(found, key=lambda bucket: bucket.name)
        assert all(bucket.created and bucket.created.utcoffset().seconds == 0 for bucket in found)

    def test_from_the_environment(self, moto: Any, use_server: Callable[[Any], None]) -> None:
        use_server(moto)
        place = S3Store(moto.make_bucket())
        place.put("k", BODY)
        assert place.get("k") == BODY
        assert place.connection.source == "AWS_ENDPOINT_URL_S3"


class TestPages:
    @staticmethod
    def page(*keys: str, token: str = "", prefixes: tuple[str, ...] = ()) -> Answer:
        about = f"<LastModified>2025-01-06T10:00:00.000Z</LastModified><ETag>{ETAG}</ETag><Size>5</Size>"
        body = "".join(
            [
                "<ListBucketResult><EncodingType>url</EncodingType>",
                f"<IsTruncated>{'true' if token else 'false'}</IsTruncated>",
                f"<NextContinuationToken>{token}</NextContinuationToken>" if token else "",
                *(f"<Contents><Key>{key}</Key>{about}</Contents>" for key in keys),
                *(f"<CommonPrefixes><Prefix>{one}</Prefix></CommonPrefixes>" for one in prefixes),
                "</ListBucketResult>",
            ]
        )
        return Answer(200, body.encode(), {"Content-Type": "application/xml"})

    def test_all_of_them_are_asked_for(self, scripted: Scripted) -> None:
        scripted.answers = [self.page("a%2Fb", "a%20%2525", token="t+1"), self.page("a+%2B"), self.page()]
        assert [meta.key for meta in store(scripted).list("a")] == ["a %25", "a +", "a/b"]
        assert "continuation-token=t%2B1" in scripted.asked[1].path
        assert len(scripted.asked) == 2

    def test_children_too(self, scripted: Scripted) -> None:
        scripted.answers = [
            self.page("b", prefixes=("a/",), token="t"),
            self.page("c", prefixes=("a/", "d/")),
        ]
        found = store(scripted).children()
        assert found.prefixes == ("a/", "d/")
        assert [meta.key for meta in found.objects] == ["b", "c"]

    def test_the_same_page_for_ever_is_an_error(self, scripted: Scripted) -> None:
        scripted.answers = [self.page("a", token="t")]
        with pytest.raises(errors.UnavailableError, match="not whole"):
            list(store(scripted).list())


class TestChecksumsSent:
    def test_crc32_as_a_header(self, scripted: Scripted) -> None:
        scripted.answers = [Answer(200, b"", {"ETag": ETAG})]
        store(scripted).put("k", BODY, media_type="text/csv")
        headers = scripted.asked[0].headers
        assert (
            headers["x-amz-checksum-crc32"] == base64.b64encode(zlib.crc32(BODY).to_bytes(4, "big")).decode()
        )
        assert "x-amz-trailer" not in headers
        assert headers["content-type"] == "text/csv"
        assert scripted.asked[0].body == BODY

    def test_old_servers_get_the_md5(self, scripted: Scripted, monkeypatch: pytest.MonkeyPatch) -> None:
        scripted.answers = [Answer(200, b"", {"ETag": ETAG})]
        store(scripted, checksums="when_required").put("k", BODY)
        monkeypatch.setenv("AWS_REQUEST_CHECKSUM_CALCULATION", "WHEN_REQUIRED")
        store(scripted).put("k", BODY)
        for asked in scripted.asked:
            assert asked.headers["content-md5"] == base64.b64encode(hashlib.md5(BODY).digest()).decode()
            assert not [name for name in asked.headers if "checksum" in name]

    def test_the_answer_is_compared(self, scripted: Scripted) -> None:
        scripted.answers = [Answer(200, b"", {"ETag": f'"{"0" * 32}"'})]
        with pytest.raises(errors.CorruptObjectError, match="has ETag"):
            store(scripted).put("k", BODY)

    @pytest.mark.parametrize(
        "headers",
        [
            {"ETag": f'"{"0" * 32}"', "x-amz-server-side-encryption": "aws:kms"},
            {"ETag": '"0123-2"'},
            {"ETag": '"opaque"'},
        ],
    )
    def test_not_every_etag_is_an_md5(self, scripted: Scripted, headers: dict[str, str]) -> None:
        scripted.answers = [Answer(200, b"", headers), Answer(200, BODY, headers)]
        store(scripted).put("k", BODY)
        assert store(scripted).get("k") == BODY


class TestLostAnswers:
    @pytest.mark.parametrize("condition", [{"if_absent": True}, {"if_match": "0123"}])
    def test_our_own_success_is_no_conflict(self, scripted: Scripted, condition: Any) -> None:
        scripted.answers = [Answer(0), s3_error(412, "PreconditionFailed"), FOUND]
        meta = store(scripted, attempts=2).put("k", BODY, **condition)
        assert (meta.size, meta.etag) == (5, ETAG.strip('"'))
        assert [asked.method for asked in scripted.asked] == ["PUT", "PUT", "HEAD"]

    def test_somebody_elses_success_is(self, scripted: Scripted) -> None:
        other = Answer(200, b"other", {**FOUND.headers, "ETag": f'"{"0" * 32}"'})
        scripted.answers = [Answer(0), s3_error(412, "PreconditionFailed"), other]
        with pytest.raises(errors.ObjectExistsError):
            store(scripted, attempts=2).put("k", BODY, if_absent=True)

    def test_a_conflict_at_once_is_believed(self, scripted: Scripted) -> None:
        scripted.answers = [s3_error(412, "PreconditionFailed"), FOUND]
        with pytest.raises(errors.ObjectExistsError):
            store(scripted, attempts=2).put("k", BODY, if_absent=True)
        assert len(scripted.asked) == 1


@pytest.fixture(params=["moto", "seaweedfs"])
def server(request: pytest.FixtureRequest) -> Any:
    return request.getfixturevalue(request.param)


class TestManyBytes:
    DATA = os.urandom(1024) * (2 * PART_BYTES // 1024) + b"and a rest"

    @pytest.mark.parametrize("checksums", ["when_supported", "when_required"])
    def test_parts(self, server: Any, checksums: str) -> None:
        place = S3Store(server.make_bucket(), server.options(checksums=checksums))
        meta = place.put("big", memoryview(self.DATA), media_type="application/x-big")
        assert (meta.size, meta.etag) == (len(self.DATA), place.head("big").etag)
        assert meta.etag.endswith("-5")
        assert place.get("big") == self.DATA
        assert place.get("big", start=PART_BYTES - 2, length=4) == self.DATA[PART_BYTES - 2 : PART_BYTES + 2]

    def test_conditions(self, server: Any) -> None:
        place = S3Store(server.make_bucket(), server.options())
        meta = place.put("big", self.DATA, if_absent=True)
        with pytest.raises(errors.ObjectExistsError):
            place.put("big", self.DATA, if_absent=True)
        place.put("big", self.DATA, if_match=meta.etag)
        with pytest.raises(errors.PreconditionFailedError):
            place.put("big", self.DATA, if_match="0123")
        self.check_nothing_left(server, place)

    @pytest.mark.parametrize("fault", [KeyboardInterrupt, RuntimeError])
    def test_a_failure_leaves_nothing(
        self, server: Any, fault: type[BaseException], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        place = S3Store(server.make_bucket(), server.options())
        place.put("big", b"old")
        client = place.connection.client
        send = client.upload_part

        def send_one(**arguments: Any) -> Any:
            if arguments["PartNumber"] > 1:
                raise fault
            return send(**arguments)

        monkeypatch.setattr(client, "upload_part", send_one)
        with pytest.raises(fault):
            place.put("big", self.DATA)
        assert place.get("big") == b"old"
        self.check_nothing_left(server, place)

    def check_nothing_left(self, server: Any, place: S3Store) -> None:
        left = server.client.list_multipart_uploads(Bucket=place.uri.removeprefix("s3://"))
        assert left.get("Uploads", []) == []

    def test_our_digest_is_verified(self, scripted: Scripted) -> None:
        headers = {"ETag": '"0123-2"', "x-amz-meta-crossframe-sha256": hashlib.sha256(BODY).hexdigest()}
        scripted.answers = [Answer(200, b"other", headers), Answer(200, BODY, headers)]
        assert store(scripted).get("k") == BODY
        assert len(scripted.asked) == 2


MOMENT = datetime(2024, 5, 1, 12, 30, 15, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("2024-05-01T12:30:15.000Z", MOMENT),
        ("2024-05-01T12:30:15Z", MOMENT),
        ("2024-05-01T12:30:15.250Z", MOMENT.replace(microsecond=250000)),
        ("2024-05-01T12:30:15.123456789Z", MOMENT.replace(microsecond=123456)),
        ("2024-05-01T14:30:15+02:00", MOMENT),
        ("Wed, 01 May 2024 12:30:15 GMT", MOMENT),
        (int(MOMENT.timestamp()), MOMENT),
    ],
)
def test_times_of_servers(text: object, wanted: datetime) -> None:
    assert read_timestamp(text) == wanted


@pytest.mark.parametrize("text", ["2024-02-30T12:30:15Z", "2024-05-01T25:30:15Z", "soon"])
def test_times_that_are_none(text: str) -> None:
    with pytest.raises(ValueError, match="Invalid timestamp"):
        read_timestamp(text)
