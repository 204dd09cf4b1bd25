"""One folder that R and Python use at the same time: the lock, the layout and the rules are one."""

from __future__ import annotations

import json
import multiprocessing
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

from crossframe import errors
from crossframe.stores import FolderStore

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from conftest import RunR

KEYS = ["a b+c/%20=&'.csv", "\u00e9/e\u0301", "~/.hidden", "plain.rds"]
# For what hangs; a busy machine must not be taken for it.
PATIENCE_S = 300
spawn = multiprocessing.get_context("spawn")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "r\u00f6ot").mkdir()
    return tmp_path / "r\u00f6ot"


@pytest.fixture
def r(run_r: RunR, root: Path) -> Callable[..., Any]:
    """Have R do a verb of folder_shared.R in the folder; give its answer."""

    def do(verb: str, *arguments: object) -> Any:
        return json.loads(run_r("folder_shared.R", verb, str(root), *map(str, arguments)))

    return do


def count(root: Path, key: str, times: int) -> int:
    """Add one to a number in an object, again and again, whoever else does so."""
    store = FolderStore(root)
    for _ in range(times):
        while True:
            old = store.head(key)
            try:
                number = int(store.get(key, version=old.version))
                store.put(key, str(number + 1).encode(), if_match=old.etag)
            # The second where the others were that quick that its version is no longer kept.
            except (errors.PreconditionFailedError, errors.ObjectNotFoundError):
                continue
            break
    return times


def create(root: Path, prefix: str, count: int) -> int:
    """Try to be the first at each of several keys; return how often we were."""
    won = 0
    for number in range(1, count + 1):
        try:
            FolderStore(root).put(f"{prefix}{number}", b"Python", if_absent=True)
        except errors.ObjectExistsError:
            continue
        won += 1
    return won


def write(root: Path, key: str, count: int) -> int:
    """Replace an object again and again, each content with metadata of its own."""
    for number in range(1, count + 1):
        FolderStore(root).put(key, f"Python {number}".encode(), metadata={"by": f"p{number}"})
    return count


def populate(store: FolderStore) -> None:
    """Do as R's ``populate`` does."""
    for key in KEYS:
        store.put(key, b"P one", metadata={"by": "Python", "turn": "1"})
        store.put(key, b"P two", media_type="text/x-lab")
        store.delete(key)
        store.put(key, b"P three", metadata={"by": "Python", "turn": "3"})
    store.restore("plain.rds", list(store.versions("plain.rds"))[3].version)
    store.put("lost", b"P")
    store.delete("lost")
    store.expire("tmp/ p/", 3)
    store.expire("both/", 8)


def tell(store: FolderStore) -> dict[str, Any]:
    """Return all that the store tells, as R's ``tell`` does."""
    rows = []
    for one in store.versions():
        row: dict[str, Any] = {
            name: getattr(one, name) for name in ("key", "version", "size", "etag", "latest", "deleted")
        }
        if not one.deleted:
            head = store.head(one.key, version=one.version)
            row["content"] = store.get(one.key, version=one.version).decode()
            if head.media_type:
                row["media_type"] = head.media_type
            row["metadata"] = dict(head.metadata)
        rows.append(row)
    return {
        "keys": [meta.key for meta in store.list()],
        "versions": rows,
        "expiries": store.expiries(),
        "uploads": [upload.key for upload in store.uploads()],
    }


def told_by_r(answer: dict[str, Any]) -> dict[str, Any]:
    """Return R's answer with empty lists as Python has them."""
    for row in answer["versions"]:
        if "metadata" in row:
            row["metadata"] = dict(row["metadata"])
    return answer | {"expiries": dict(answer["expiries"])}


@pytest.mark.parametrize("first", ["R", "Python"])
def test_both_tell_the_same(root: Path, r: Callable[..., Any], first: str) -> None:
    store = FolderStore(root)
    (root / "a").mkdir()
    for name in ("a/.crossframe-tmp-1", ".crossframe-tmp-2"):
        (root / name).write_bytes(b"left behind")
    for language in (first, "Python" if first == "R" else "R"):
        if language == "R":
            r("populate")
        else:
            populate(store)
        assert told_by_r(r("tell")) == tell(store)
    told = tell(store)
    assert {row["key"] for row in told["versions"]} == {*KEYS, "gone", "lost"}
    assert told["expiries"] == {"tmp/ r/": 30, "tmp/ p/": 3, "both/": 8 if first == "R" else 7}
    assert len(told["uploads"]) == 2
    # Each keeps ten of what both have written.
    r("write", "plain.rds", 8)
    write(root, "plain.rds", 5)
    told = tell(store)
    assert told_by_r(r("tell")) == told
    contents = [row["content"] for row in told["versions"] if row["key"] == "plain.rds"]
    assert contents == [f"Python {n}" for n in range(5, 0, -1)] + [f"R {n}" for n in range(8, 2, -1)]
    r("clear")
    assert store.uploads() == []


def test_no_update_is_lost(root: Path, r: Callable[..., Any]) -> None:
    store = FolderStore(root)
    store.put("n", b"0")
    with ThreadPoolExecutor(2) as threads, spawn.Pool(2) as processes:
        ours = [processes.apply_async(count, (root, "n", 40)) for _ in range(2)]
        theirs = [threads.submit(r, "count", "n", 40) for _ in range(2)]
        assert sum([one.get(PATIENCE_S) for one in ours] + [one.result(PATIENCE_S) for one in theirs]) == 160
    assert store.get("n") == b"160"


def test_one_is_the_first(root: Path, r: Callable[..., Any]) -> None:
    with ThreadPoolExecutor(2) as threads, spawn.Pool(2) as processes:
        theirs = [threads.submit(r, "create", "k/", 300) for _ in range(2)]
        ours = [processes.apply_async(create, (root, "k/", 300)) for _ in range(2)]
        won = [one.get(PATIENCE_S) for one in ours] + [one.result(PATIENCE_S) for one in theirs]
    assert sum(won) == 300
    store = FolderStore(root)
    assert sum(store.get(f"k/{number}") == b"R" for number in range(1, 301)) == won[2] + won[3]


def test_no_content_is_lost(root: Path, r: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CROSSFRAME_VERSIONS", "1000")
    with ThreadPoolExecutor(1) as threads, spawn.Pool(1) as processes:
        ours, theirs = processes.apply_async(write, (root, "k", 50)), threads.submit(r, "write", "k", 50)
        assert ours.get(PATIENCE_S) == theirs.result(PATIENCE_S) == 50
    told = tell(FolderStore(root))
    assert told_by_r(r("tell")) == told
    kept = {row["content"]: row["metadata"] for row in told["versions"]}
    assert kept == {
        f"{language} {number}": {"by": f"{language[0].lower()}{number}"}
        for language in ("R", "Python")
        for number in range(1, 51)
    }


def test_both_refuse_the_same_keys(root: Path, r: Callable[..., Any]) -> None:
    keys = ["a/b", "a", "a/b/c", ".crossframe/x", "x/.Crossframe-tmp-1", "n" * 256, "../x", "ok"]
    refused = []
    for key in keys:
        try:
            FolderStore(root).put(key, b"")
        except errors.InvalidKeyError:
            refused.append("invalid_key")
        else:
            refused.append("written")
    assert refused == ["written", *["invalid_key"] * 6, "written"]
    assert r("refused", *keys) == refused
