"""Many keys in both languages: the same frame of the same files, and the same errors of the same keys."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
import uuid
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
import pyarrow as pa
import pytest

import crossframe as cf
from crossframe import errors
from gate import ALWAYS, Gate, Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conftest import RunR

HERE = Path(__file__).parent
PATTERN = "runs/{site}/{n:int}_{day:date}.*"
KEYS = [f"many/f{number:03}.rds" for number in range(200)]
CORRUPT, DENIED, VANISHED = KEYS[50], KEYS[100], KEYS[150]


def test_both_combine_the_same_files_to_one_frame(shared_root: str, run_r: RunR) -> None:
    run_r("batch.R", "write")
    frame = pd.DataFrame(
        {
            "id": pd.array([7, None], dtype="Int64"),
            "f": pd.Categorical(["v", "q"], categories=["q", "v"]),
            "s": ["py", None],
            "flag": pd.array([True, None], dtype="boolean"),
        }
    )
    cf.save(frame, "runs/oslo/2_2024-05-03.parquet")
    cf.save(frame, "runs/bern/1_2024-05-03.rds")
    combined = cf.load_many(PATTERN, combine=True)
    cf.save(combined, "combined/Python.rds")
    assert list(combined)[:4] == ["key", "site", "n", "day"]
    assert len(combined) == 8, shared_root
    run_r("batch.R", "combine")
    assert run_r("batch.R", "same") == "TRUE"
    ours = cf.load("combined/R.rds", as_="arrow")
    number = ours.schema.get_field_index("n")
    ours = ours.set_column(number, "n", ours.column("n").cast(pa.int64()))
    theirs = cf.load("combined/Python.rds", as_="arrow")
    assert ours.unify_dictionaries().to_pydict() == theirs.unify_dictionaries().to_pydict()


@pytest.fixture
def many(seaweedfs: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> Iterator[Gate]:
    """A gate before 200 keys, one of them corrupt; the root lies behind it."""
    server = seaweedfs.server
    prefix = f"run-{uuid.uuid4().hex}/"
    cf.save(pd.DataFrame({"x": [1.5, 2.5]}), tmp_path / "x.rds")
    data = (tmp_path / "x.rds").read_bytes()
    bucket, client = seaweedfs.make_bucket(), server.client()
    for key in KEYS:
        client.put_object(Bucket=bucket, Key=prefix + key, Body=data[:-9] if key == CORRUPT else data)
    with Gate(server.endpoint, {server.access_key: server.secret_key}) as gate:
        for name, value in {**server.env(), "AWS_ENDPOINT_URL_S3": gate.endpoint}.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setenv("CROSSFRAME_ROOT", f"s3://{bucket}/{prefix}")
        yield gate


def outcome(mode: str) -> dict[str, Any]:
    """Return what batch.R tells of R."""
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        try:
            loaded = cf.load_many("many/", on_error=mode)
        except errors.BatchError as error:
            said = [f"{key} {errors.row_name(type(one))}" for key, one in error.errors.items()]
            return {"kind": "batch", "said": said, "loaded": len(error.loaded)}
        except errors.CrossframeError as error:
            return {"kind": errors.row_name(type(error)), "said": str(error), "loaded": 0}
    return {"kind": "loaded", "said": [str(one.message) for one in told], "loaded": len(loaded)}


def test_three_of_200_keys_fail(many: Gate, run_r: RunR) -> None:
    many.expect(
        Rule("status", "GET", DENIED, status=403, code="AccessDenied", times=ALWAYS),
        Rule("status", "GET", VANISHED, status=404, code="NoSuchKey", times=ALWAYS),
    )
    python = {mode: outcome(mode) for mode in ("raise", "collect", "skip")}
    for told in (python, json.loads(run_r("batch.R", "faults", "many/"))):
        assert told["raise"]["kind"] == "decode"
        assert CORRUPT in told["raise"]["said"]
        assert told["collect"] == {
            "kind": "batch",
            "said": [f"{CORRUPT} decode", f"{DENIED} access_denied", f"{VANISHED} object_not_found"],
            "loaded": 197,
        }
        assert told["skip"]["loaded"] == 197
        for key, said in zip((CORRUPT, DENIED, VANISHED), told["skip"]["said"], strict=True):
            assert f"'{key}'" in said


def test_an_interrupt_ends_what_r_has_on_its_way(many: Gate) -> None:
    many.expect(Rule("hang", "GET", "[.]rds", seconds=60, times=ALWAYS))
    command = ["Rscript", "--vanilla", str(HERE / "batch.R"), "interrupt"]
    environment = {"R_LIBS": str(HERE.parents[1] / ".rlib")} | os.environ
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as child:
        until = time.monotonic() + 60
        while not any(entry.fault for entry in many.log) and time.monotonic() < until:
            time.sleep(0.1)
        child.send_signal(signal.SIGINT)
        said, _ = child.communicate(timeout=50)
    assert said == "interrupted"
