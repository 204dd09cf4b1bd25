"""Both doctors look at the same things in the same order and find the same."""

from __future__ import annotations

import json
import re
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import pytest

from crossframe.diagnosis import checks

if TYPE_CHECKING:
    from conftest import RunR

OWN = ("crossframe", "language", "system", "engine", "clock")


def compared(row: dict[str, Any]) -> tuple[str, str, bool | None]:
    # The probe's key is another each time.
    return row["check"], re.sub(r"probe-\w+", "probe", row["value"]), row["ok"]


@pytest.mark.parametrize("what", ["well", "wrong secret", "no profile", "nothing"])
def test_the_same_rows(what: str, moto: Any, run_r: RunR, monkeypatch: pytest.MonkeyPatch) -> None:
    probe = []
    if what in {"well", "wrong secret"}:
        for name, value in moto.server.env().items():
            monkeypatch.setenv(name.replace("_URL_S3", "_URL"), value)
        probe = [f"s3://{moto.make_bucket()}/scratch/"]
    if what == "wrong secret":
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "wrong")
    if what == "no profile":
        monkeypatch.setenv("AWS_PROFILE", "nobody")
    if what == "nothing":
        monkeypatch.setenv("AWS_S3_ENDPOINT", "http://127.0.0.1:9")
    in_r = json.loads(run_r("doctor.R", *probe))
    here = [asdict(row) for row in checks(*probe)]
    rows = [[compared(row) for row in both if not row["check"].startswith(OWN)] for both in (here, in_r)]
    assert rows[0] == rows[1]
    sources = [
        {row["check"]: row["source"] for row in both if not row["check"].startswith(("engine", "probe"))}
        for both in (here, in_r)
    ]
    for name in ("endpoint", "region", "credentials", "identity", "root"):
        assert sources[0][name] == sources[1][name]
