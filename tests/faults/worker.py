"""Carries out one verb after the other on a store, as it is told line by line, and says how each ended.

The twin of worker.R. A line asks in JSON: ``{"store": {...}, "do": "get", "with": {...}}``. The answer is a
line, too: ``{"outcome": "ok", "value": {...}}``, or an error's name in errors.csv and its message.
"""

from __future__ import annotations

import hashlib
import json
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from botocore.retries import standard

from crossframe import errors
from crossframe.stores import FolderStore, S3Options, S3Store
from crossframe.stores.http import HttpStore

if TYPE_CHECKING:
    from crossframe.stores import ObjectMeta, Store


# Why: the waits between tries are botocore's business, and most of the time that the tests would take.
standard.ExponentialBackoff.delay_amount = lambda *_: 0.02


def open_store(said: dict[str, Any]) -> Store:
    """Open the store that a line names."""
    said = dict(said)
    if "root" in said:
        return FolderStore(said["root"])
    if "link" in said:
        return HttpStore(said.pop("link"), S3Options(**said))
    return S3Store(said.pop("bucket"), S3Options(**said))


def digest(data: Any) -> dict[str, Any]:
    return {"size": len(data), "sha256": hashlib.sha256(data).hexdigest()}


def told(meta: ObjectMeta) -> dict[str, Any]:
    return {"size": meta.size, "etag": meta.etag}


def get_to(store: Any, key: str) -> dict[str, Any]:
    with tempfile.TemporaryFile() as file:
        store.get_to(key, file)
        file.seek(0)
        return digest(file.read())


def put_from(store: Any, key: str, path: str, **conditions: Any) -> dict[str, Any]:
    with Path(path).open("rb") as file:
        return told(store.put_from(key, file, **conditions))


def delete_many(store: Any, keys: list[str]) -> None:
    for _, error in store.delete_many(keys):
        raise error


def race(store: Store, key: str, path: str, writers: int) -> dict[str, Any]:
    """Write to a key that must be free, from several threads at once; count how these ended."""
    line, ends, data = threading.Barrier(writers), [], Path(path).read_bytes()

    def run(number: int) -> None:
        line.wait()
        ends.append(attempt(lambda: told(store.put(key, data + b"%d" % number, if_absent=True)))["outcome"])

    threads = [threading.Thread(target=run, args=(number,)) for number in range(writers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return {end: ends.count(end) for end in sorted(set(ends))}


def read_many(store: Store, key: str, times: int, contents: int) -> dict[str, Any]:
    """Read a key that often, and on until so many contents have been seen; count what came."""
    came: dict[str, int] = {}
    while sum(came.values()) < times or len(came) < contents:
        one = hashlib.sha256(store.get(key)).hexdigest()
        came[one] = came.get(one, 0) + 1
    return came


def write_many(store: Store, key: str, paths: list[str], until: str) -> dict[str, Any]:
    """Write these contents in turn until a file appears; tell how often."""
    contents = [Path(path).read_bytes() for path in paths]
    times = 0
    while not Path(until).exists():
        store.put(key, contents[times % len(contents)])
        times += 1
        # A writer that takes all the server's time leaves none for the reader.
        time.sleep(0.002)
    return {"times": times}


VERBS = {
    "get": lambda store, key, **part: digest(store.get(key, **part)),
    "get_to": get_to,
    "put": lambda store, key, path, **conditions: told(store.put(key, Path(path).read_bytes(), **conditions)),
    "put_from": put_from,
    "get_many": lambda store, keys: [digest(store.get(key)) for key in keys],
    "delete_many": delete_many,
    "head": lambda store, key: told(store.head(key)),
    "list": lambda store, prefix="": {"keys": [meta.key for meta in store.list(prefix)]},
    "delete": lambda store, key: store.delete(key),
    "copy": lambda store, key, target: told(store.copy(key, target)),
    "race": race,
    "read_many": read_many,
    "write_many": write_many,
}


def attempt(call: Any) -> dict[str, Any]:
    """Return how a call ended."""
    try:
        return {"outcome": "ok", "value": call()}
    except errors.CrossframeError as error:
        return {"outcome": errors.row_name(type(error)), "message": str(error)}
    except Exception as error:  # noqa: BLE001 - that is the finding
        return {"outcome": f"foreign {type(error).__name__}", "message": str(error)}


def main() -> None:
    """Answer until there are no more lines."""
    for line in sys.stdin:
        asked = json.loads(line)
        answer = attempt(lambda: VERBS[asked["do"]](open_store(asked["store"]), **asked["with"]))  # noqa: B023
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
