"""The doctor finds what is there, says where it came from, tells no secret and leaves nothing behind."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import TYPE_CHECKING, Any

import pytest

import crossframe as cf
from crossframe import errors
from crossframe.diagnosis import checks
from crossframe.stores import MemoryStore, S3Options
from crossframe.stores.s3_diagnosis import _clock, shortened, time_left
from fake_aws import fake_aws
from scripted import Answer, Scripted, s3_error

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from crossframe.results import Check

SECRET, TOKEN = "a/secret+that=is/long", "a-token-that-is-long"
BUCKETS = (
    b"<ListAllMyBucketsResult><Buckets><Bucket><Name>a</Name></Bucket></Buckets></ListAllMyBucketsResult>"
)


def by_name(rows: list[Check]) -> dict[str, Check]:
    return {row.check: row for row in rows}


def reach(script: Scripted, **more: Any) -> S3Options:
    known = {"endpoint": script.endpoint, "access_key": "AKIAEXAMPLE012345678", "secret_key": SECRET}
    return S3Options(**(known | {"session_token": TOKEN, "attempts": 1} | more))


class TestRows:
    def test_all_is_well(self, scripted: Scripted) -> None:
        scripted.answers = [Answer(200, BUCKETS)]
        rows = checks(options=reach(scripted, region="eu-a-1"))
        found = by_name(rows)
        assert not [row for row in rows if row.ok is False]
        assert (found["endpoint"].value, found["endpoint"].source) == (
            scripted.endpoint,
            "the endpoint argument",
        )
        assert (found["region"].value, found["region"].source) == ("eu-a-1", "the region argument")
        assert (found["credentials"].value, found["credentials"].source) == ("AKIA...5678", "the arguments")
        assert found["server"].value == "answers, 1 bucket"
        assert SECRET not in str(rows)
        assert TOKEN not in str(rows)
        # The keys of another server are not shown to AWS's STS: the one request is for the buckets.
        assert found["identity"].source == "the access key"
        assert len(scripted.asked) == 1

    def test_nothing_is_wrong_without_s3(self, tmp_path: Path) -> None:
        cf.set_root(tmp_path)
        try:
            found = by_name(checks())
        finally:
            cf.set_root(None)
        assert (found["credentials"].value, found["credentials"].ok) == ("none", None)
        assert (found["root"].value, found["root"].source, found["root"].ok) == (
            str(tmp_path),
            "set_root()",
            True,
        )

    def test_missing_credentials_are_wrong_where_s3_is_meant(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("CROSSFRAME_ROOT", "s3://lab")
        found = by_name(checks())
        assert found["credentials"].ok is False
        assert "AWS_ACCESS_KEY_ID" in found["credentials"].hint
        assert (found["root"].value, found["root"].source) == ("s3://lab", "CROSSFRAME_ROOT")

    def test_an_unknown_profile(self) -> None:
        found = by_name(checks(options=S3Options(profile="nobody")))
        assert found["credentials"].ok is False
        assert "nobody" in found["credentials"].value

    def test_an_endpoint_that_is_none(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("AWS_S3_ENDPOINT", "ftp://x")
        found = by_name(checks())
        assert found["endpoint"].ok is False
        assert "AWS_S3_ENDPOINT" in found["endpoint"].value

    def test_nobody_answers(self) -> None:
        options = S3Options("http://127.0.0.1:9", access_key="a", secret_key="b", attempts=1)
        found = by_name(checks(options=options))
        assert found["server"].ok is False
        assert "http://127.0.0.1:9 (from the endpoint argument)" in found["server"].value

    @pytest.mark.parametrize(
        ("answer", "ok", "says"),
        [
            (s3_error(403, "AccessDenied"), True, "may not list"),
            (s3_error(403, "InvalidAccessKeyId"), False, "does not accept"),
            (s3_error(400, "ExpiredToken"), False, "has expired"),
            (Answer(200, b"<html>hello</html"), False, "failed once"),
        ],
    )
    def test_what_the_server_says(self, scripted: Scripted, answer: Answer, ok: bool, says: str) -> None:
        scripted.answers = [answer]
        server = by_name(checks(options=reach(scripted)))["server"]
        assert server.ok is ok
        assert says in server.value

    @pytest.mark.parametrize(("minutes", "ok"), [(0, True), (10, True), (20, False), (-20, False)])
    def test_the_clock(self, minutes: int, ok: bool) -> None:
        there = format_datetime(datetime.now(UTC) + timedelta(minutes=minutes), usegmt=True)
        clock = _clock({"ResponseMetadata": {"HTTPHeaders": {"date": there}}})
        assert (clock.ok, bool(clock.hint)) == (ok, not ok)
        assert ("behind" if minutes > 0 else "ahead of") in clock.value or not minutes
        assert _clock({}).ok is None

    def test_a_token_near_its_end(self, scripted: Scripted, monkeypatch: pytest.MonkeyPatch) -> None:
        scripted.answers = [Answer(200, BUCKETS)]
        monkeypatch.setenv("AWS_ENDPOINT_URL", scripted.endpoint)
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
            monkeypatch.setenv(name, "something")
        end = datetime.now(UTC) + timedelta(minutes=14, seconds=30)
        monkeypatch.setenv("AWS_CREDENTIAL_EXPIRATION", end.isoformat())
        found = by_name(checks())
        assert found["token end"].value == f"{end:%Y-%m-%dT%H:%M:%SZ}, in 14 min"
        assert "renew" in found["token end"].hint

    def test_identity_by_sts(self, scripted: Scripted, monkeypatch: pytest.MonkeyPatch) -> None:
        scripted.answers = [Answer(200, BUCKETS)]
        with fake_aws() as sts:
            monkeypatch.setenv("AWS_ENDPOINT_URL_STS", sts)
            options = reach(scripted, access_key="lab", secret_key="secret of lab", session_token=None)
            found = by_name(checks(options=options))
        assert found["identity"].value == "arn:aws:iam::123456789012:user/lab"
        assert found["identity"].source == f"STS at {sts}"

    def test_proxies_without_their_passwords(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("HTTPS_PROXY", "http://me:password@proxy.lab:3128")
        monkeypatch.delenv("https_proxy", raising=False)
        proxies = [row for row in checks() if row.source == "HTTPS_PROXY"]
        assert [row.value for row in proxies] == ["http://proxy.lab:3128"]

    def test_authorities(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        monkeypatch.setenv("AWS_CA_BUNDLE", str(tmp_path / "gone.pem"))
        found = by_name(checks())["authorities"]
        assert (found.source, found.ok) == ("AWS_CA_BUNDLE", False)
        assert by_name(checks(options=S3Options(verify=False)))["authorities"].ok is False

    def test_shortened(self) -> None:
        assert shortened("AKIAEXAMPLE012345678") == "AKIA...5678"
        assert shortened("lab") == "la..."

    def test_time_left(self) -> None:
        assert [time_left(s) for s in (59, 3599, 3600, 90061, -5)] == [
            "0 min",
            "59 min",
            "1 h 0 min",
            "1 d 1 h",
            "0 min",
        ]

    def test_as_a_frame(self) -> None:
        frame = cf.doctor()
        assert list(frame.columns) == ["check", "value", "source", "ok", "hint"]
        assert [str(kind) for kind in frame.dtypes] == ["str", "str", "str", "boolean", "str"]


class TestProbe:
    NAMES = ("write", "read", "overwrite=False", "versions", "delete")

    def probe(self, where: str, options: S3Options | None = None) -> dict[str, Check]:
        rows = checks(where, options=options)[-5:]
        assert [row.check for row in rows] == [f"probe {name}" for name in self.NAMES]
        return {row.check.removeprefix("probe "): row for row in rows}

    def test_a_folder(self, tmp_path: Path) -> None:
        (tmp_path / "mine").write_bytes(b"mine")
        found = self.probe(str(tmp_path) + "/")
        assert {name: row.ok for name, row in found.items()} == dict.fromkeys(self.NAMES, True)
        left = [path for path in tmp_path.rglob("*") if path.is_file() and path.name != "lock"]
        assert left == [tmp_path / "mine"]

    @pytest.mark.parametrize("versioned", [True, False])
    def test_a_bucket(self, moto: Any, versioned: bool) -> None:
        bucket = moto.make_bucket()
        if versioned:
            moto.client.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
        found = self.probe(f"s3://{bucket}/scratch", moto.options())
        assert found["versions"].ok is (True if versioned else None)
        assert all(row.ok for name, row in found.items() if name != "versions")
        assert found["write"].source.startswith(f"s3://{bucket}/scratch/crossframe-probe-")
        left = moto.client.list_object_versions(Bucket=bucket)
        assert not left.get("Versions")
        assert not left.get("DeleteMarkers")

    def test_no_such_bucket(self, moto: Any) -> None:
        found = self.probe("s3://no-such-bucket", moto.options())
        assert found["write"].ok is False
        assert found["read"].value == "not tried"

    def test_a_server_that_ignores_conditions(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        put = MemoryStore.put

        def careless(self: MemoryStore, key: str, data: Any, **more: Any) -> Any:
            return put(self, key, data, **(more | {"if_absent": False}))

        monkeypatch.setattr(MemoryStore, "put", careless)
        monkeypatch.setattr(sys.modules["crossframe.stores.resolve"], "FolderStore", lambda _: MemoryStore())
        found = self.probe(f"{tmp_path}/unseen-before/")
        assert found["overwrite=False"].ok is False
        assert found["read"].ok is True

    def test_what_is_no_place(self) -> None:
        with pytest.raises(errors.InvalidUriError):
            checks("gopher://x")


class TestCommand:
    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-c", "from crossframe.cli import main; main()", *arguments],
            capture_output=True,
            text=True,
            check=False,
            env=dict(os.environ),
        )

    def test_well(self, tmp_path: Path) -> None:
        done = self.run("doctor", "--json", "--probe", str(tmp_path) + "/")
        assert (done.returncode, done.stderr) == (0, "")
        rows = json.loads(done.stdout)
        assert rows[0]["check"] == "crossframe"
        assert set(rows[0]) == {"check", "value", "source", "ok", "hint"}

    def test_wrong(self, moto: Any, use_server: Callable[[Any], None], monkeypatch: Any) -> None:
        use_server(moto)
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "wrong")
        done = self.run("doctor")
        assert done.returncode == 1
        assert "WRONG  server" in done.stdout
        assert "signature does not match" in done.stdout
