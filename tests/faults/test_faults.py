"""Each row of the table, in each language: the right data or a named error, and nothing lost."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import pytest

from faults.places import Place, content, digest
from faults.readme import sentence
from faults.table import ATTEMPTS, IF_MATCH, ROWS, Row

if TYPE_CHECKING:
    from faults.readme import Readme
    from faults.workers import Ended, Worker

WRITES = {"put", "put_from"}


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.fault} - {row.verb}")
def test_fault(row: Row, place: Place, worker: Worker, language: str, readme: Readme) -> None:
    old, new = content(row.size), content(row.size)
    etag = place.write(old) if row.before else ""
    arguments = _arguments(row, place, new, etag)
    opened = (place.link if row.by_link else place.store)(**{"attempts": ATTEMPTS} | row.options)
    place.gate.expect(*row.rules)
    ended = worker.ask(opened, row.do, **arguments)
    requests = len(place.gate.log)

    print(
        ended,
        [(entry.method, entry.target, entry.status, entry.fault) for entry in place.gate.log],
        file=sys.stderr,
    )
    assert ended.outcome == row.ends(language), ended.message
    _check_message(row, place, ended)
    _check_data(row, place, ended, old, new)
    assert requests == row.requests[language == "r"]
    assert ended.seconds < row.within_s
    readme.compare(row.fault, row.verb, language, sentence(ended.outcome, ended.message, requests))


def _arguments(row: Row, place: Place, new: bytes, etag: str) -> dict[str, Any]:
    arguments = {name: etag if value is IF_MATCH else value for name, value in row.arguments.items()}
    if row.do == "list":
        return {"prefix": place.prefix, **arguments}
    if row.do in WRITES:
        arguments["path"] = place.file("new", new)
    if row.do in {"get_many", "delete_many"}:
        return {"keys": [place.key] * 3, **arguments}
    if row.do == "copy":
        arguments["target"] = f"{place.prefix}copy.bin"
    return {"key": "data.bin" if row.by_link else place.key, **arguments}


def _check_message(row: Row, place: Place, ended: Ended) -> None:
    """Ours, by its words, and without a secret."""
    assert row.words in ended.message
    if ended.outcome != "ok":
        bucket = row.options.get("bucket", place.bucket)
        link = f"/{bucket}/{place.prefix.rstrip('/')}"
        assert (link if row.by_link else f"s3://{bucket}") in ended.message
    foreign = ("botocore", "urllib3", "curl", "Traceback")
    secrets = ("X-Amz-Signature", "X-Amz-Credential", place.server.server.secret_key)
    assert not any(text in ended.message for text in foreign + secrets)


def _check_data(row: Row, place: Place, ended: Ended, old: bytes, new: bytes) -> None:
    """The right data, nothing lost, nothing left behind."""
    if ended.outcome == "ok" and row.do in {"get", "get_to"}:
        start = row.arguments.get("start", 0)
        assert ended.value == digest(old[start:][: row.arguments.get("length")])
    if ended.outcome == "ok" and row.do == "get_many":
        assert ended.value == [digest(old)] * 3
    if row.do == "copy":
        assert place.stored(f"{place.prefix}copy.bin") == (old if ended.outcome == "ok" else None)
    if ended.outcome == "ok" and row.do == "list":
        assert ended.value == {"keys": [place.key]}
    if row.do in WRITES:
        done = "new" if row.outcome == "ok" else "old" if row.before else "none"
        assert place.stored() == {"new": new, "old": old, "none": None}[row.after or done]
    elif row.do in {"delete", "delete_many"} and row.outcome == "ok":
        assert place.stored() is None
    else:
        assert place.stored() == old
    assert place.uploads() == []


def test_the_readme_has_these_rows_and_no_others(readme: Readme) -> None:
    names = [(row.fault, row.verb) for row in ROWS]
    assert len(set(names)) == len(names)
    assert set(names) <= readme.rows()
