"""The vectors of credentials, endpoints and regions, which R runs too; and boto3 by itself agrees."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.credentials import SSOProvider
from botocore.tokens import SSOTokenProvider

from crossframe import errors
from crossframe.stores import S3Options, list_buckets
from crossframe.stores.s3_session import connect
from fake_aws import fake_aws

if TYPE_CHECKING:
    from collections.abc import Iterator

VECTORS = json.loads(
    (Path(__file__).parents[1] / "conformance" / "credentials" / "found.json").read_text(encoding="utf-8")
)
FOUND = [vector for vector in VECTORS if "error" not in vector["want"]]
REFUSED = [vector for vector in VECTORS if "error" in vector["want"]]


@pytest.fixture(scope="module")
def services() -> Iterator[str]:
    with fake_aws() as url:
        yield url


@pytest.fixture
def arrange(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, services: str) -> Any:
    """Return a function that puts a vector's files and variables in place and gives its options."""

    def put(vector: dict[str, Any]) -> S3Options:
        def filled(text: str) -> str:
            return text.replace("{server}", services).replace("{home}", str(tmp_path))

        files = {name: filled(text) for name, text in vector.get("files", {}).items()}
        for name in ("config", "credentials"):
            files[f".aws/{name}"] = filled("\n".join(vector.get(name, [])))
            variable = {"config": "AWS_CONFIG_FILE", "credentials": "AWS_SHARED_CREDENTIALS_FILE"}[name]
            monkeypatch.setenv(variable, str(tmp_path / ".aws" / name))
        for name, text in files.items():
            file = tmp_path / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")
        monkeypatch.setenv("HOME", str(tmp_path))
        for provider in (SSOProvider, SSOTokenProvider):
            monkeypatch.setattr(provider, "_SSO_TOKEN_CACHE_DIR", str(tmp_path / ".aws/sso/cache"))
        for name, text in vector.get("env", {}).items():
            monkeypatch.setenv(name, filled(text))
        arguments: Any = {name: filled(text) for name, text in vector.get("arguments", {}).items()}
        return S3Options(**arguments)

    return put


@pytest.mark.parametrize("vector", FOUND, ids=lambda vector: vector["name"])
def test_found(vector: dict[str, Any], arrange: Any) -> None:
    connection, want = connect(arrange(vector)), vector["want"]
    assert connection.session is not None
    end = connection.token_end
    keys: Any = connection.client._request_signer._credentials
    frozen = keys.get_frozen_credentials()
    found = {
        "access_key": frozen.access_key,
        "secret_key": frozen.secret_key,
        "token": frozen.token,
        "source": connection.caller and connection.caller.source,
        "endpoint": connection.endpoint,
        "endpoint_source": connection.source,
        "region": connection.client.meta.region_name,
        "region_source": connection.region_source,
        "ends": end and end.strftime("%Y-%m-%dT%H:%M:%SZ"),
    }
    if isinstance(want.get("ends"), bool):
        found["ends"] = end is not None
    assert {name: found[name] for name in want} == want


@pytest.mark.parametrize("vector", FOUND, ids=lambda vector: vector["name"])
def test_boto3_by_itself_finds_the_same(vector: dict[str, Any], arrange: Any) -> None:
    options = arrange(vector)
    session = boto3.Session(
        options.access_key, options.secret_key, profile_name=options.profile, region_name="us-east-1"
    )
    keys: Any = session.client("sts")._request_signer._credentials  # type: ignore[attr-defined]
    assert keys.get_frozen_credentials().access_key == vector["want"]["access_key"]


@pytest.mark.parametrize("vector", REFUSED, ids=lambda vector: vector["name"])
def test_refused(vector: dict[str, Any], arrange: Any) -> None:
    with pytest.raises(errors.StoreError) as caught:
        list_buckets(arrange(vector))
    assert errors.row_name(type(caught.value)) == vector["want"]["error"], str(caught.value)
    for text in vector["want"]["says"]:
        assert text in str(caught.value)
    assert "secret of" not in str(caught.value)
    assert "hidden" not in str(caught.value)


def test_the_services_of_the_tests_check_signatures(services: str) -> None:
    from botocore.exceptions import ClientError

    def caller(secret: str) -> str:
        client = boto3.client(
            "sts", "eu-a-1", endpoint_url=services, aws_access_key_id="K", aws_secret_access_key=secret
        )
        return str(client.get_caller_identity()["Arn"])

    assert caller("secret of K").endswith("user/K")
    with pytest.raises(ClientError, match="SignatureDoesNotMatch"):
        caller("wrong")
