"""What no proxy can do: processes killed, disks full, many writers at once, a server that comes back."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import servers
from faults.places import Place, content, digest
from faults.readme import sentence
from faults.workers import Worker
from gate import Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from faults.readme import Readme

MEGABYTE = 1024**2
WRITERS = 12
READS = 1_000
BOTH = sorted(["python", "r"])


@pytest.fixture
def folder(tmp_path: Path) -> dict[str, Any]:
    """Return an empty folder store."""
    (tmp_path / "root").mkdir()
    return {"root": str(tmp_path / "root")}


def file(folder: Path, name: str, data: bytes) -> str:
    path = folder / name
    path.write_bytes(data)
    return str(path)


class TestKilled:
    """kill -9 while an object is replaced: the old one is whole, and the next write goes well."""

    def test_on_s3(self, place: Place, worker: Worker, language: str, readme: Readme) -> None:
        old, new = content(1_000), content(17 * MEGABYTE)
        place.write(old)
        place.gate.expect(Rule("hang", target="partNumber=2"))
        worker.start(place.store(), "put", key=place.key, path=place.file("new", new))
        wait_until(lambda: any(entry.fault for entry in place.gate.log))
        worker.kill()
        assert place.stored() == old
        assert place.uploads() == [place.key]
        place.gate.expect()
        assert worker.ask(place.store(), "put", key=place.key, path=place.file("new", new)).outcome == "ok"
        assert place.stored() == new
        seen = "the old object is whole; an upload is left, for `cleanup`"
        readme.compare("kill -9 in mid save", "put (17 MB) on S3", language, seen)

    def test_in_a_folder(
        self, folder: dict[str, Any], tmp_path: Path, worker: Worker, language: str, readme: Readme
    ) -> None:
        root, old = Path(folder["root"]), content(1_000)
        first = worker.ask(folder, "put", key="data.bin", path=file(tmp_path, "old", old))
        assert first.outcome == "ok"
        path = file(tmp_path, "new", os.urandom(MEGABYTE) * 64)
        for _ in range(10):
            before = set(files(root))
            worker.start(folder, "put", key="data.bin", path=path)
            wait_until(lambda: set(files(root)) - before, pause_s=0.0005)  # noqa: B023
            worker.kill()
            if (root / "data.bin").read_bytes() == old:
                break
            # It was quicker than the kill: once more.
            worker.ask(folder, "put", key="data.bin", path=str(tmp_path / "old"))
        else:
            pytest.fail("It was quicker than the kill, ten times.")
        assert worker.ask(folder, "get", key="data.bin").value == digest(old)
        assert worker.ask(folder, "list").value == {"keys": ["data.bin"]}
        assert worker.ask(folder, "put", key="data.bin", path=path).outcome == "ok"
        assert (
            hashlib.sha256((root / "data.bin").read_bytes()).digest()
            == hashlib.sha256(Path(path).read_bytes()).digest()
        )
        seen = "the old object is whole; a listing shows nothing else"
        readme.compare("kill -9 in mid save", "put (64 MB) in a folder", language, seen)


def files(root: Path) -> list[Path]:
    return [Path(folder) / name for folder, _, names in os.walk(root) for name in names]


def wait_until(done: Any, *, pause_s: float = 0.01, most_s: float = 30.0) -> None:
    """Return once that is so."""
    end = time.monotonic() + most_s
    while not done():
        assert time.monotonic() < end, "It did not come to that."
        time.sleep(pause_s)


class TestFullDisk:
    """A disk of one megabyte: what does not fit is an error, and what was there stays."""

    @pytest.fixture
    def small_disk(self, tmp_path: Path) -> Iterator[tuple[dict[str, Any], list[str]]]:
        """Return a folder store on a full disk, and the command that lets a worker see it."""
        mount = tmp_path / "disk"
        mount.mkdir()
        yield {"root": str(mount / "root")}, within_a_small_disk(mount)
        shutil.rmtree(mount, ignore_errors=True)

    def test_in_a_folder(
        self,
        small_disk: tuple[dict[str, Any], list[str]],
        tmp_path: Path,
        language: str,
        readme: Readme,
    ) -> None:
        store, before = small_disk
        old = content(200_000)
        small, large = file(tmp_path, "old", old), file(tmp_path, "new", content(2 * MEGABYTE))
        worker = Worker(language, before)
        try:
            assert worker.ask(store, "put", key="data.bin", path=small).outcome == "ok"
            ended = worker.ask(store, "put", key="data.bin", path=large)
            assert ended.outcome == "unavailable", ended.message
            assert store["root"] in ended.message
            assert worker.ask(store, "get", key="data.bin").value == digest(old)
            assert worker.ask(store, "list").value == {"keys": ["data.bin"]}
            # Nothing is left that would keep the disk full.
            assert worker.ask(store, "put", key="other.bin", path=small).outcome == "ok"
        finally:
            worker.kill()
        seen = f"`{ended.outcome}`; the old object is whole, no room is lost"
        readme.compare("disk full", "put (2 MB) in a folder of 1 MB", language, seen)


def within_a_small_disk(mount: Path) -> list[str]:
    """Return a command before another that has a disk of one megabyte there.

    Where neither root nor a user namespace may mount one, files of more than a megabyte are refused.
    """
    inside = f'mount -t tmpfs -o size=1m tmpfs "{mount}" && exec "$@"'
    namespace = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", inside, "sh"]
    private = ["unshare", "--mount", "sh", "-c", inside, "sh"]
    for before in (namespace, private):
        try:
            if subprocess.run([*before, "true"], capture_output=True, check=False).returncode == 0:
                return before
        except FileNotFoundError:
            break
    # A signal that would end the process is ignored; then the write fails.
    return ["sh", "-c", 'trap "" XFSZ; ulimit -f 2048; exec "$@"', "sh"]


@pytest.fixture(params=["folder", "seaweedfs"])
def shared(
    request: pytest.FixtureRequest, folder: dict[str, Any], place: Place
) -> tuple[str, dict[str, Any], str]:
    """Return a store that everybody shares: its name, what opens it, a key."""
    if request.param == "folder":
        return "a folder", folder, "data.bin"
    server = place.server.server
    return "SeaweedFS", place.store(endpoint=server.endpoint, read_timeout_s=10), place.key


class TestManyAtOnce:
    @pytest.mark.parametrize("who", [["python"], ["r"], BOTH], ids="+".join)
    def test_one_winner(
        self,
        who: list[str],
        shared: tuple[str, dict[str, Any], str],
        workers: dict[str, Worker],
        tmp_path: Path,
        readme: Readme,
    ) -> None:
        where, store, key = shared
        path = file(tmp_path, "new", content(10_000))
        for language in who:
            workers[language].start(store, "race", key=key, path=path, writers=WRITERS // len(who))
        ends: dict[str, int] = {}
        for language in who:
            answer = workers[language].answer()
            assert answer.outcome == "ok", answer.message
            for end, count in answer.value.items():
                ends[end] = ends.get(end, 0) + count
        assert ends == {"ok": 1, "object_exists": WRITERS - 1}
        stored = workers[who[0]].ask(store, "get", key=key).value
        assert stored["sha256"] in {
            hashlib.sha256(Path(path).read_bytes() + b"%d" % number).hexdigest()
            for number in range(WRITERS + 1)
        }
        for language in who:
            others = " (with the other language)" if len(who) > 1 else ""
            seen = f"1 done, {WRITERS - 1} `object_exists`"
            verb = f"put (overwrite=False) in {where}{others}"
            readme.compare(f"{WRITERS} writers on one key", verb, language, seen)

    def test_no_torn_read(
        self,
        shared: tuple[str, dict[str, Any], str],
        workers: dict[str, Worker],
        language: str,
        tmp_path: Path,
        readme: Readme,
    ) -> None:
        where, store, key = shared
        reader, writer = workers[language], workers[next(one for one in BOTH if one != language)]
        contents = [content(50_000), content(70_000)]
        paths = [file(tmp_path, str(number), data) for number, data in enumerate(contents)]
        until = tmp_path / "until"
        assert writer.ask(store, "put", key=key, path=paths[0]).outcome == "ok"
        writer.start(store, "write_many", key=key, paths=paths, until=str(until))
        try:
            # Until it has seen both: then they were written while it read.
            read = reader.ask(store, "read_many", key=key, times=READS, contents=len(contents))
        finally:
            until.touch()
            wrote = writer.answer()
        assert read.outcome == "ok", read.message
        assert wrote.outcome == "ok", wrote.message
        assert set(read.value) == {hashlib.sha256(data).hexdigest() for data in contents}
        assert sum(read.value.values()) >= READS
        verb = f"get in {where}, while the other language writes"
        readme.compare("torn reads", verb, language, f"0 of {READS:,}")


class TestServerGone:
    def test_killed_and_restarted(
        self, tmp_path: Path, worker: Worker, language: str, readme: Readme
    ) -> None:
        old, path = content(1_000), file(tmp_path, "new", content(2_000))
        with servers.Restartable(tmp_path / "weed") as weed:
            weed.server.client().create_bucket(Bucket="test-0")
            weed.server.client().put_object(Bucket="test-0", Key="k", Body=old)
            store = {
                "bucket": "test-0",
                "endpoint": weed.server.endpoint,
                "access_key": weed.server.access_key,
                "secret_key": weed.server.secret_key,
                "attempts": 2,
                "connect_timeout_s": 2,
            }
            assert worker.ask(store, "get", key="k").value == digest(old)
            weed.kill()
            gone = worker.ask(store, "put", key="k", path=path)
            assert gone.outcome == "endpoint", gone.message
            assert weed.server.endpoint in gone.message
            weed.start()
            assert worker.ask(store, "get", key="k").value == digest(old)
            assert worker.ask(store, "put", key="k", path=path).outcome == "ok"
            assert worker.ask(store, "get", key="k").value == digest(Path(path).read_bytes())
        seen = f"{sentence(gone.outcome, gone.message, 2).replace('2 requests', 'then')} Back again: done"
        readme.compare("server killed and restarted", "put, get", language, seen)
