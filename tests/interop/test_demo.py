"""The demo tells its story on a folder and on a bucket, cleans up, and fails where R finds a difference."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]
FRAMES = ("d", "e", "f", "means")
FORMATS = 4
FIRST_LINE = "1. A folder: no server, no account"


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """Neither a locale nor keys nor a root; temporary files where the test can see them."""
    (tmp_path / "temporary").mkdir()
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("LC_", "LANG", "AWS_"))}
    return kept | {"R_LIBS": str(REPOSITORY / ".rlib"), "TMPDIR": str(tmp_path / "temporary")}


def run_demo(repository: Path, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(repository / "examples" / "demo.py")],
        env=environment,
        capture_output=True,
        encoding="utf-8",
        check=False,
        timeout=300,
    )


def copy_of_repository(folder: Path) -> Path:
    """As much of it as the demo reads."""
    shutil.copytree(REPOSITORY / "examples", folder / "examples")
    (folder / "tests").mkdir()
    shutil.copy(REPOSITORY / "tests" / "servers.py", folder / "tests")
    return folder


def test_demo_tells_the_whole_story(environment: dict[str, str], tmp_path: Path) -> None:
    done = run_demo(REPOSITORY, environment)
    assert done.returncode == 0, done.stdout + done.stderr
    assert not done.stderr
    assert "\x1b" not in done.stdout

    folder, bucket = re.split(r"^2\. ", done.stdout, flags=re.MULTILINE)
    for act in (folder, bucket):
        rows = [line.split() for line in act.splitlines() if line.endswith("identical  ")]
        assert [row[0] for row in rows] == list(FRAMES)
        assert all(row.count("identical") == FORMATS for row in rows)
    assert "DIFFERENT" not in done.stdout

    assert 's3save(d, object = "foo/bar/baz/d")' in folder
    assert 'cf.load_many("foo/bar/baz/*")' in folder
    assert re.search(r"^ +e +seen +POSIXct/POSIXt +datetime64\[ns, Europe/Paris\] +1$", folder, re.MULTILINE)
    assert re.search(r"^ +2 +heat +NaN$", folder, re.MULTILINE)
    assert "CROSSFRAME_ROOT=s3://lab\n" in bucket
    assert "AWS_ENDPOINT_URL_S3=http://127.0.0.1:" in bucket

    # What lies there, by other means than crossframe: 3 of R's, 4 x 3 and an RData of Python's, 4 sidecars.
    assert "There are 20 files in the folder." in folder
    assert "There are 20 objects in the bucket" in bucket
    assert not list((tmp_path / "temporary").iterdir())


def test_difference_is_shown_and_ends_the_demo(environment: dict[str, str], tmp_path: Path) -> None:
    repository = copy_of_repository(tmp_path / "copy")
    check = repository / "examples" / "demo" / "check.R"
    script = check.read_text()
    assert "rdata <- new.env()" in script
    check.write_text(script.replace("rdata <- new.env()", "own$e$alive[1] <- NA\nrdata <- new.env()"))

    done = run_demo(repository, environment)
    assert done.returncode == 1
    assert done.stdout.count("DIFFERENT") == FORMATS
    assert "Not every frame came back identical." in done.stdout
    assert "2. The same scripts" not in done.stdout
    assert not list((tmp_path / "temporary").iterdir())


def test_failing_script_ends_the_demo_with_its_error(environment: dict[str, str], tmp_path: Path) -> None:
    repository = copy_of_repository(tmp_path / "copy")
    compute = repository / "examples" / "demo" / "compute.py"
    compute.write_text(compute.read_text().replace("foo/bar/baz/*", "foo/bar/nothing/*"))

    done = run_demo(repository, environment)
    assert done.returncode == 1
    assert "Can't find a key" in done.stdout
    assert "check.R  " not in done.stdout
    assert not list((tmp_path / "temporary").iterdir())


def test_interrupted_demo_leaves_nothing_behind(environment: dict[str, str], tmp_path: Path) -> None:
    command = [sys.executable, str(REPOSITORY / "examples" / "demo.py")]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as demo:
        assert demo.stdout is not None
        assert demo.stdout.readline().startswith(FIRST_LINE)
        time.sleep(0.5)
        demo.send_signal(signal.SIGTERM)
        assert demo.wait(30) == 128 + signal.SIGTERM
    assert not list((tmp_path / "temporary").iterdir())
