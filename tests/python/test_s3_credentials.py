"""Who asks is told where it helps, and no secret is, whatever the libraries below say."""

from __future__ import annotations

import inspect
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import boto3.exceptions
import pytest
import urllib3.exceptions
from botocore import exceptions as boto

from crossframe import errors
from crossframe.stores import S3Options, S3Store
from crossframe.stores.s3_errors import translate
from crossframe.stores.s3_request import Request
from crossframe.stores.s3_session import Caller, connect
from fake_aws import fake_aws
from scripted import Answer, Scripted, s3_error

if TYPE_CHECKING:
    from pathlib import Path

PAST = datetime(2020, 1, 31, 10, tzinfo=UTC)


def refused(code: str, status: int, end: datetime | None = None) -> errors.CrossframeError:
    connection: Any = SimpleNamespace(caller=Caller("AK", "profile 'lab'", end))
    request = Request(
        "read", "s3://data", "k", "s3:GetObject", endpoint="http://h", source="X", connection=connection
    )
    answer: Any = {"Error": {"Code": code}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return translate(boto.ClientError(answer, "GetObject"), request)


class TestWhoAsked:
    @pytest.mark.parametrize(
        ("code", "status"),
        [
            ("AccessDenied", 403),
            ("InvalidAccessKeyId", 403),
            ("SignatureDoesNotMatch", 403),
            ("ExpiredToken", 400),
        ],
    )
    def test_it_is_told(self, code: str, status: int) -> None:
        assert "Used access key 'AK' from profile 'lab'." in str(refused(code, status))

    def test_denied_names_key_and_permission(self) -> None:
        said = str(refused("AccessDenied", 403))
        assert "'k' in s3://data" in said
        assert "s3:GetObject" in said

    def test_expired_says_when(self) -> None:
        assert "It ended at 2020-01-31T10:00:00Z." in str(refused("ExpiredToken", 400, PAST))
        later = datetime.now(UTC) + timedelta(hours=1)
        assert "ended at" not in str(refused("ExpiredToken", 400, later))

    def test_of_a_connection(self) -> None:
        caller = connect(S3Options("http://h", access_key="AK", secret_key="s")).caller
        assert caller == Caller("AK", "the arguments", None)
        assert connect(S3Options("http://h", anonymous=True)).caller is None
        assert connect(S3Options("http://h")).caller is None


class TestRenewal:
    def test_a_role_is_assumed_once(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        config = tmp_path / "config"
        config.write_text(
            "[default]\nrole_arn = arn:aws:iam::123456789012:role/reader\ncredential_source = Environment\n"
        )
        monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", "lab")
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret of lab")
        with fake_aws() as sts:
            monkeypatch.setenv("AWS_ENDPOINT_URL_STS", sts)
            monkeypatch.setenv("AWS_ENDPOINT_URL_S3", "http://127.0.0.1:9")
            # Why by profile: the environment's keys would go before its role.
            connection = connect(S3Options(profile="default"))
            assert connection.caller is not None
            assert (connection.caller.access_key, connection.caller.end) == ("", None)
            first = connection.renewed_caller()
            assert first is not None
            assert first.access_key == "reader.lab"
            assert first == connection.renewed_caller() == connection.caller
            assert connection.token_end == first.end


class TestNoSecrets:
    def test_a_token_that_is_no_header(self) -> None:
        for field in ("access_key", "secret_key", "session_token"):
            keys = {"access_key": "a", "secret_key": "b", "session_token": "c", field: "hidden\n"}
            with pytest.raises(errors.CredentialsError, match="line's end") as caught:
                S3Store("data", S3Options("http://h", **keys)).get("k")
            assert "hidden" not in str(caught.value)

    @pytest.mark.parametrize(
        "error",
        [
            boto.HTTPClientError(error="Invalid header value b'hidden'"),
            urllib3.exceptions.HTTPError("https://h/k?X-Amz-Security-Token=hidden&X-Amz-Signature=hidden"),
            boto.ProxyConnectionError(proxy_url="http://me:hidden@proxy"),
            boto.EndpointConnectionError(endpoint_url="http://me:hidden@h"),
        ],
    )
    def test_in_the_words_of_others(self, error: Exception) -> None:
        ours = translate(error, Request("read", "s3://data", "k"))
        assert "hidden" not in str(ours)
        assert type(error).__name__ in str(ours)


class TestSettings:
    @pytest.mark.parametrize(
        ("variable", "value"),
        [("AWS_REQUEST_CHECKSUM_CALCULATION", "nonsense"), ("AWS_DEFAULTS_MODE", "nonsense")],
    )
    def test_a_variable(self, monkeypatch: pytest.MonkeyPatch, variable: str, value: str) -> None:
        monkeypatch.setenv(variable, value)
        with pytest.raises(errors.UsageError, match="nonsense"):
            connect(S3Options("http://h", access_key="a", secret_key="b"))

    def test_attempts(self) -> None:
        with pytest.raises(errors.UsageError, match="max_attempts"):
            connect(S3Options("http://h", access_key="a", secret_key="b", attempts=0))

    @pytest.mark.parametrize("endpoint", ["http://[::1", "ftp://h", "http://h:port"])
    def test_an_endpoint(self, endpoint: str) -> None:
        with pytest.raises(errors.EndpointError):
            S3Store("data", S3Options(endpoint, access_key="a", secret_key="b", attempts=1)).get("k")

    def test_a_region(self) -> None:
        with pytest.raises(errors.EndpointError, match="bad region"):
            connect(S3Options("http://h", region="bad region!", access_key="a", secret_key="b"))

    def test_authorities_that_are_gone(self, scripted: Scripted, tmp_path: Path) -> None:
        endpoint = scripted.endpoint.replace("http:", "https:")
        for file in (tmp_path / "gone.pem", tmp_path / "empty.pem"):
            (tmp_path / "empty.pem").touch()
            options = S3Options(endpoint, access_key="a", secret_key="b", verify=str(file), attempts=1)
            with pytest.raises(errors.EndpointError) as caught:
                S3Store("data", options).get("k")
            assert "AWS_CA_BUNDLE" in str(caught.value.hint)

    def test_a_proxy(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("HTTP_PROXY", "http://me:hidden@127.0.0.1:9")
        monkeypatch.delenv("http_proxy", raising=False)
        monkeypatch.setenv("NO_PROXY", "")
        monkeypatch.delenv("no_proxy", raising=False)
        options = S3Options("http://store.invalid", access_key="a", secret_key="b", attempts=1)
        with pytest.raises(errors.EndpointError, match="the proxy can't be reached") as caught:
            S3Store("data", options).get("k")
        assert "hidden" not in str(caught.value)
        assert "HTTP_PROXY" in str(caught.value.hint)


class TestEveryExceptionOfTheirs:
    OTHERS = tuple(
        cls
        for module in (urllib3.exceptions, boto3.exceptions)
        for cls in vars(module).values()
        if inspect.isclass(cls) and issubclass(cls, Exception) and not issubclass(cls, Warning)
        if cls.__module__ == module.__name__
    )

    @pytest.mark.parametrize("cls", OTHERS, ids=lambda cls: f"{cls.__module__}.{cls.__name__}")
    def test_urllib3_and_boto3(self, cls: type[Exception]) -> None:
        class Made(cls):  # type: ignore[valid-type, misc]
            def __init__(self) -> None:
                self.args = ()

            def __str__(self) -> str:
                return "their words"

        ours = translate(Made(), Request("read", "s3://data", "k", endpoint="http://h", source="X"))
        assert isinstance(ours, errors.StoreError)
        assert ours.problem.startswith("Can't read 'k' in s3://data")
        assert "their words" in str(ours.detail)

    def test_a_server_that_knows_no_checksums(self, scripted: Scripted) -> None:
        scripted.answers = [
            s3_error(400, "InvalidRequest", Message="Unsupported header x-amz-checksum-crc32"),
            Answer(200),
        ]
        options = S3Options(scripted.endpoint, access_key="a", secret_key="b", attempts=1)
        with pytest.raises(errors.NotSupportedError, match="when_required"):
            S3Store("data", options).put("k", b"hello")
