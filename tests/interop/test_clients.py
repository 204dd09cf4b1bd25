"""Real clients agree: they list, fetch and verify what we store, and we load what they store."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest

import crossframe as cf

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import RunR

FRAME = pd.DataFrame(
    {"n": pd.array([1, 2, 3], dtype="Int32"), "text": pd.array(["a", None, "ü"], dtype="str")}
)
FRAMES = ["plain.rds", "a folder/with space+plus=and&.rds", "percent%20/quote'/~é日.rds"]
# In parts, whoever sends it.
FILE = "large/a+b %20.bin"
FILE_BYTES = 17 * 1024**2 + 5


@dataclass(frozen=True)
class Lab:
    """A bucket, its server's variables for other programs, and a folder for their files."""

    bucket: str
    env: dict[str, str]
    folder: Path

    def uri(self, key: str) -> str:
        return f"s3://{self.bucket}/{key}"

    def run(self, program: str, *arguments: str) -> str:
        """Run a program that was installed beside this Python, or one of the system's."""
        beside = Path(sys.executable).with_name(program)
        command = [str(beside) if beside.exists() else program, *arguments]
        done = subprocess.run(command, env=self.env, capture_output=True, text=True, check=False, timeout=300)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def file(self, name: str, data: bytes) -> Path:
        path = self.folder / name
        path.write_bytes(data)
        return path


@pytest.fixture
def lab(seaweedfs: Any, use_server: Callable[[Any], None], tmp_path: Path) -> Lab:
    use_server(seaweedfs)
    server = seaweedfs.server
    rclone = {
        "RCLONE_CONFIG": os.devnull,
        "RCLONE_CONFIG_LAB_TYPE": "s3",
        "RCLONE_CONFIG_LAB_PROVIDER": "SeaweedFS",
        "RCLONE_CONFIG_LAB_ENDPOINT": server.endpoint,
        "RCLONE_CONFIG_LAB_ACCESS_KEY_ID": server.access_key,
        "RCLONE_CONFIG_LAB_SECRET_ACCESS_KEY": server.secret_key,
        "RCLONE_S3_CHUNK_SIZE": "8M",
        "RCLONE_S3_UPLOAD_CUTOFF": "8M",
    }
    return Lab(seaweedfs.make_bucket(), os.environ | rclone, tmp_path)


@pytest.fixture(params=["python", "r"])
def us(request: pytest.FixtureRequest, lab: Lab, run_r: RunR) -> Us:
    return Us(lab, run_r if request.param == "r" else None)


@dataclass(frozen=True)
class Us:
    """What is under test: crossframe in one of the languages."""

    lab: Lab
    run_r: RunR | None

    def store(self, file: Path) -> None:
        """Save the frames, and upload a file."""
        frames = [self.lab.uri(key) for key in FRAMES]
        if self.run_r is not None:
            self.run_r("clients.R", "store", str(file), self.lab.uri(FILE), *frames)
        else:
            for frame in frames:
                cf.save(FRAME, frame)
            cf.upload(file, self.lab.uri(FILE))

    def take(self, file: Path) -> None:
        """Load the frames, and download a file."""
        frames = [self.lab.uri(key) for key in FRAMES]
        if self.run_r is not None:
            self.run_r("clients.R", "take", str(file), self.lab.uri(FILE), *frames)
        else:
            for frame in frames:
                pd.testing.assert_frame_equal(cf.load(frame), FRAME)
            cf.download(self.lab.uri(FILE), file)

    def links(self, key: str, free_key: str) -> list[str]:
        """Return a link to fetch and a link to upload."""
        if self.run_r is not None:
            return self.run_r("clients.R", "links", self.lab.uri(key), self.lab.uri(free_key)).split()
        return [cf.share(self.lab.uri(key), "10m"), cf.request(self.lab.uri(free_key), "10m")]


class Aws:
    """awscli."""

    name = "awscli"

    def keys(self, lab: Lab) -> set[str]:
        said = json.loads(
            lab.run("aws", "s3api", "list-objects-v2", "--bucket", lab.bucket, "--output", "json")
        )
        return {row["Key"] for row in said["Contents"]}

    def fetch(self, lab: Lab, folder: Path) -> None:
        lab.run("aws", "s3", "cp", "--recursive", "--no-progress", f"s3://{lab.bucket}", str(folder))

    def store(self, lab: Lab, folder: Path) -> None:
        lab.run("aws", "s3", "cp", "--recursive", "--no-progress", str(folder), f"s3://{lab.bucket}")

    def verify(self, lab: Lab, folder: Path) -> None:
        """Have awscli compare what comes with the checksum that is stored."""
        where = ["--bucket", lab.bucket, "--key", FRAMES[-1], "--checksum-mode", "ENABLED"]
        said = json.loads(lab.run("aws", "s3api", "get-object", *where, str(lab.folder / "verified")))
        assert said["ContentLength"] == (folder / FRAMES[-1]).stat().st_size
        assert said["ETag"].strip('"') == hashlib.md5((folder / FRAMES[-1]).read_bytes()).hexdigest()


class Rclone:
    """rclone."""

    name = "rclone"

    def keys(self, lab: Lab) -> set[str]:
        return set(lab.run("rclone", "lsf", "--recursive", "--files-only", f"lab:{lab.bucket}").splitlines())

    def fetch(self, lab: Lab, folder: Path) -> None:
        lab.run("rclone", "copy", f"lab:{lab.bucket}", str(folder))

    def store(self, lab: Lab, folder: Path) -> None:
        lab.run("rclone", "copy", str(folder), f"lab:{lab.bucket}")

    def verify(self, lab: Lab, folder: Path) -> None:
        """Have rclone compare both sides: their hashes, and every byte."""
        lab.run("rclone", "check", str(folder), f"lab:{lab.bucket}")
        lab.run("rclone", "check", "--download", str(folder), f"lab:{lab.bucket}")


@pytest.fixture(params=[Aws(), Rclone()], ids=lambda client: client.name)
def client(request: pytest.FixtureRequest) -> Any:
    return request.param


def test_they_list_fetch_and_verify_what_we_store(lab: Lab, us: Us, client: Any) -> None:
    sent, came = lab.file("sent", os.urandom(FILE_BYTES)), lab.folder / "came"
    us.store(sent)
    assert client.keys(lab) == {*FRAMES, FILE}
    client.fetch(lab, came)
    assert (came / FILE).read_bytes() == sent.read_bytes()
    for key in FRAMES:
        pd.testing.assert_frame_equal(cf.load(came / key), FRAME)
    client.verify(lab, came)


def test_we_load_what_they_store(lab: Lab, us: Us, client: Any) -> None:
    theirs, came = lab.folder / "theirs", lab.folder / "came"
    for key in FRAMES:
        cf.save(FRAME, theirs / key)
    (theirs / FILE).parent.mkdir(parents=True)
    (theirs / FILE).write_bytes(os.urandom(FILE_BYTES))
    client.store(lab, theirs)
    us.take(came)
    assert came.read_bytes() == (theirs / FILE).read_bytes()


def test_links_open_with_plain_curl(lab: Lab, us: Us) -> None:
    key, free = "a folder/with space+plus=and&é.bin", "in tray/from the collaborator.rds"
    sent = lab.file("sent", os.urandom(100_000))
    cf.upload(sent, lab.uri(key))
    cf.save(FRAME, str(lab.folder / "frame.rds"))
    fetch, upload = us.links(key, free)
    # Nothing of ours, and no keys: the link is all there is.
    bare = Lab(lab.bucket, {"PATH": os.environ["PATH"]}, lab.folder)
    bare.run("curl", "--silent", "--show-error", "--fail", "--output", str(lab.folder / "came"), fetch)
    assert (lab.folder / "came").read_bytes() == sent.read_bytes()
    bare.run(
        "curl", "--silent", "--show-error", "--fail", "--upload-file", str(lab.folder / "frame.rds"), upload
    )
    pd.testing.assert_frame_equal(cf.load(lab.uri(free)), FRAME)
