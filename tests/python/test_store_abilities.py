"""What stores promise beside the five verbs; each test runs against each store."""

from __future__ import annotations

import io
import json
import os
import pickle
import threading
import urllib.request
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, ClassVar

import pytest

from crossframe import errors
from crossframe.stores import (
    Copies,
    DeletesMany,
    Expires,
    HttpStore,
    KeepsUploads,
    MemoryStore,
    Publishes,
    S3Options,
    Signs,
    Streams,
    Upload,
    Versions,
)
from places import KINDS, ODD_KEYS, Place, make_place

if TYPE_CHECKING:
    from pathlib import Path

MIB = 1 << 20
BUCKETS = pytest.mark.parametrize("place", ["moto", "seaweedfs", "seaweedfs_tls", "prefix"], indirect=True)
# Moto looks for signatures in headers only.
CHECKED = pytest.mark.parametrize("place", ["seaweedfs", "seaweedfs_tls"], indirect=True)
LOCAL = pytest.mark.parametrize("place", ["memory", "folder"], indirect=True)


@pytest.fixture(params=KINDS)
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    return make_place(request.param, request, tmp_path / "root")


@pytest.fixture(params=KINDS)
def kept(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    """A place that keeps versions."""
    return make_place(request.param, request, tmp_path / "root", versioned=True)


def keys(store: Any, prefix: str = "") -> list[str]:
    return [meta.key for meta in store.list(prefix)]


def told(store: Any, prefix: str = "", **more: bool) -> list[tuple[str, str, bool]]:
    """Return key, content or deletion, and whether it is the latest, of each version."""
    return [
        (one.key, "-" if one.deleted else bytes(store.get(one.key, version=one.version)).decode(), one.latest)
        for one in store.versions(prefix, **more)
    ]


def test_every_store_has_every_ability(place: Place) -> None:
    for ability in (Copies, DeletesMany, Expires, KeepsUploads, Publishes, Signs, Streams, Versions):
        assert isinstance(place.store, ability)


class TestStreams:
    @pytest.mark.parametrize("data", [b"", b"hello", bytes(range(256)) * 20000])
    def test_there_and_back(self, place: Place, data: bytes) -> None:
        file = io.BytesIO(b"before" + data)
        file.seek(6)
        put = place.store.put_from("a/b.bin", file)
        assert (put.key, put.size) == ("a/b.bin", len(data))
        assert place.read("a/b.bin") == data
        back = io.BytesIO(b"mine")
        back.seek(4)
        got = place.store.get_to("a/b.bin", back)
        assert back.getvalue() == b"mine" + data
        assert (got.key, got.size, got.etag) == ("a/b.bin", len(data), put.etag)

    # Not moto: a request of it takes as long as all of this.
    @pytest.mark.parametrize("place", ["memory", "folder", "seaweedfs", "seaweedfs_tls"], indirect=True)
    def test_in_parts(self, place: Place, tmp_path: Path) -> None:
        data = os.urandom(37 * MIB + 5)
        path, back = tmp_path / "file", tmp_path / "back"
        path.write_bytes(data)
        with path.open("rb") as file:
            place.store.put_from("k", file, if_absent=True)
        with back.open("wb") as file:
            assert place.store.get_to("k", file).size == len(data)
        assert back.read_bytes() == data
        assert place.store.get("k") == data
        assert place.store.uploads() == []

    @pytest.mark.parametrize("key", ODD_KEYS)
    def test_odd_keys(self, place: Place, key: str) -> None:
        assert place.store.put_from(key, io.BytesIO(b"mine")).key == key
        file = io.BytesIO()
        assert place.store.get_to(key, file).key == key
        assert file.getvalue() == place.read(key) == b"mine"

    def test_conditions(self, place: Place) -> None:
        first = place.store.put_from("k", io.BytesIO(b"first"), if_absent=True)
        with pytest.raises(errors.ObjectExistsError):
            place.store.put_from("k", io.BytesIO(b"second"), if_absent=True)
        place.store.put_from("k", io.BytesIO(b"third"), if_match=first.etag)
        with pytest.raises(errors.PreconditionFailedError):
            place.store.put_from("k", io.BytesIO(b"fourth"), if_match=first.etag)
        assert place.read("k") == b"third"

    def test_nothing_there(self, place: Place) -> None:
        file = io.BytesIO()
        with pytest.raises(errors.ObjectNotFoundError):
            place.store.get_to("missing", file)
        assert file.getvalue() == b""

    def test_a_key_that_must_not_be_written(self, place: Place) -> None:
        with pytest.raises(errors.InvalidKeyError):
            place.store.put_from("a//b", io.BytesIO(b""))


class TestMetadata:
    ABOUT: ClassVar[dict[str, str]] = {"owner": "lab 7", "run-id": "a=b; c+%20"}

    def test_told_by_head(self, place: Place) -> None:
        put = place.store.put("k", b"bytes", media_type="text/x-lab", metadata=self.ABOUT)
        head = place.store.head("k")
        assert (head.media_type, dict(head.metadata)) == ("text/x-lab", self.ABOUT)
        assert head.etag == put.etag
        assert [dict(meta.metadata) for meta in place.store.list()] == [{}]

    def test_streams_have_them(self, place: Place) -> None:
        place.store.put_from("k", io.BytesIO(b"bytes"), media_type="text/x-lab", metadata=self.ABOUT)
        for meta in (place.store.head("k"), place.store.get_to("k", io.BytesIO())):
            assert (meta.media_type, dict(meta.metadata)) == ("text/x-lab", self.ABOUT)

    def test_none_is_none(self, place: Place) -> None:
        place.store.put("k", b"bytes", metadata={"a": "b"})
        place.store.put("k", b"again")
        assert dict(place.store.head("k").metadata) == {}

    def test_the_usual_type(self, place: Place) -> None:
        place.store.put("d.csv", b"bytes", media_type="text/csv")
        assert place.store.head("d.csv").media_type == "text/csv"

    @pytest.mark.parametrize(
        "metadata",
        [
            {"a": ""},
            {"Upper": "x"},
            {"a b": "x"},
            {"": "x"},
            {"a": "é"},
            {"a": "x\ny"},
            {"a": " x"},
            {"a": "x" * 2100},
        ],
    )
    def test_what_would_come_back_changed_is_refused(self, place: Place, metadata: dict[str, str]) -> None:
        for write in (
            place.store.put,
            lambda key, data, **more: place.store.put_from(key, io.BytesIO(data), **more),
        ):
            with pytest.raises(errors.UsageError, match="Metadata"):
                write("k", b"", metadata=metadata)
        assert keys(place.store) == []


class TestCopy:
    def test_within(self, place: Place) -> None:
        place.store.put("a/k", b"bytes", media_type="text/x-lab", metadata={"owner": "lab"})
        meta = place.store.copy("a/k", "b/k")
        assert (meta.key, meta.size) == ("b/k", 5)
        assert place.read("b/k") == place.read("a/k") == b"bytes"
        head = place.store.head("b/k")
        assert (head.media_type, dict(head.metadata), head.etag) == (
            "text/x-lab",
            {"owner": "lab"},
            meta.etag,
        )

    @pytest.mark.parametrize("key", ODD_KEYS)
    def test_odd_keys(self, place: Place, key: str) -> None:
        place.write(key, b"bytes")
        target = "copy of" + key[7:]
        assert place.store.copy(key, target).key == target
        assert place.read(target) == b"bytes"

    def test_from_another_of_the_kind(self, place: Place) -> None:
        other: Any = place.other()
        other.put("theirs", b"bytes", metadata={"owner": "lab"})
        assert place.store.copy("theirs", "mine", source=other).key == "mine"
        assert place.read("mine") == b"bytes"
        assert dict(place.store.head("mine").metadata) == {"owner": "lab"}

    def test_not_from_another_kind(self, place: Place, tmp_path: Path) -> None:
        from crossframe.stores import FolderStore

        other = FolderStore(tmp_path / "f") if place.kind == "memory" else MemoryStore("other")
        other.put("k", b"bytes")
        with pytest.raises(errors.NotSupportedError) as caught:
            place.store.copy("k", "mine", source=other)
        assert caught.value.hint
        assert keys(place.store) == []

    def test_if_absent(self, place: Place) -> None:
        place.write("a", b"a")
        place.write("b", b"b")
        with pytest.raises(errors.ObjectExistsError):
            place.store.copy("a", "b", if_absent=True)
        assert place.read("b") == b"b"
        place.store.copy("a", "c", if_absent=True)
        assert place.read("c") == b"a"
        place.store.copy("a", "b")
        assert place.read("b") == b"a"

    def test_nothing_there(self, place: Place) -> None:
        with pytest.raises(errors.ObjectNotFoundError):
            place.store.copy("missing", "k")
        with pytest.raises(errors.InvalidKeyError):
            place.store.copy("missing", "a//b")

    def test_a_version(self, kept: Place) -> None:
        kept.store.put("k", b"old")
        kept.store.put("k", b"new")
        version = [one.version for one in kept.store.versions("k")][-1]
        kept.store.copy("k", "copy", version=version)
        assert kept.read("copy") == b"old"


class TestDeleteMany:
    def test_all(self, place: Place) -> None:
        for key in ODD_KEYS:
            place.store.put(key, b"")
        place.store.put("stays", b"")
        assert place.store.delete_many([*ODD_KEYS, "missing"]) == []
        assert keys(place.store) == ["stays"]
        assert place.store.delete_many([]) == []

    # Not moto: a thousand signatures take it too long.
    @pytest.mark.parametrize("place", ["memory", "seaweedfs"], indirect=True)
    def test_more_than_a_request(self, place: Place) -> None:
        many = [f"many/{number:04}" for number in range(1005)]
        for key in many:
            place.write(key, b"")
        assert place.store.delete_many(iter(many)) == []
        assert keys(place.store) == []

    @pytest.mark.parametrize("place", ["folder"], indirect=True)
    def test_failures_are_told(self, place: Place) -> None:
        place.store.put("a", b"")
        ((key, error),) = place.store.delete_many(["../outside", "a"])
        assert (key, type(error)) == ("../outside", errors.InvalidKeyError)
        assert keys(place.store) == []


class TestVersions:
    def test_newest_first(self, kept: Place) -> None:
        for number in range(3):
            kept.store.put("k", str(number).encode())
        assert told(kept.store) == [("k", "2", True), ("k", "1", False), ("k", "0", False)]
        found = list(kept.store.versions("k", exact=True))
        assert [one.size for one in found] == [1, 1, 1]
        assert len({one.version for one in found}) == 3
        head = kept.store.head("k")
        assert (found[0].etag, found[0].version) == (head.etag, head.version)
        for one in found:
            assert one.modified.tzinfo is UTC
            assert abs(one.modified - datetime.now(UTC)) < timedelta(minutes=1)
            assert kept.store.head("k", version=one.version).etag == one.etag

    def test_what_others_wrote(self, place: Place) -> None:
        place.write("theirs", b"bytes")
        ((key, content, latest),) = told(place.store)
        assert (key, content, latest) == ("theirs", "bytes", True)

    def test_deletions_are_told(self, kept: Place) -> None:
        kept.store.put("k", b"old")
        kept.store.delete("k")
        assert told(kept.store) == [("k", "-", True), ("k", "old", False)]
        marker = next(iter(kept.store.versions("k")))
        assert (marker.size, marker.etag, marker.deleted) == (0, "", True)
        with pytest.raises(errors.ObjectNotFoundError):
            kept.store.get("k", version=marker.version)
        kept.store.put("k", b"new")
        after = told(kept.store)
        assert after[0] == ("k", "new", True)
        # Moto answers with the deletions after all contents.
        older = sorted(after[1:]) if kept.kind in {"moto", "prefix"} else after[1:]
        assert older == [("k", "-", False), ("k", "old", False)]

    def test_keys_in_order(self, kept: Place) -> None:
        for key in ("b", "a/c", "a.b", "a/b"):
            kept.store.put(key, b"1")
            kept.store.put(key, b"2")
        kept.store.delete("a/b")
        assert [row[0] for row in told(kept.store)] == ["a.b"] * 2 + ["a/b"] * 3 + ["a/c"] * 2 + ["b"] * 2
        assert told(kept.store, "a/b") == [("a/b", "-", True), ("a/b", "2", False), ("a/b", "1", False)]
        assert {row[0] for row in told(kept.store, "a")} == {"a.b", "a/b", "a/c"}
        assert told(kept.store, "a/") == told(kept.store, "a/b") + told(kept.store, "a/c")
        assert told(kept.store, "a", exact=True) == []
        assert told(kept.store, "x") == []

    @pytest.mark.parametrize("key", ODD_KEYS)
    def test_odd_keys(self, kept: Place, key: str) -> None:
        kept.store.put(key, b"old")
        kept.store.put(key, b"new")
        assert told(kept.store, key, exact=True) == [(key, "new", True), (key, "old", False)]
        kept.store.delete(key)
        assert kept.store.restore(key).key == key
        assert kept.read(key) == b"new"

    @pytest.mark.parametrize("version", ["nonsense", "../../k", "0-0", "", "1-0000000000000001", "0.deleted"])
    def test_no_such_version(self, kept: Place, version: str) -> None:
        kept.store.put("k", b"bytes")
        # Some servers call an id that can be none an invalid request.
        kind = errors.ObjectNotFoundError if kept.kind in {"memory", "folder"} else errors.StoreError
        for verb in (kept.store.get, kept.store.head):
            with pytest.raises(kind):
                verb("k", version=version)


class TestRestore:
    def test_an_old_one(self, kept: Place) -> None:
        kept.store.put("k", b"old", media_type="text/x-lab", metadata={"owner": "lab"})
        kept.store.put("k", b"new")
        old = list(kept.store.versions("k"))[-1]
        meta = kept.store.restore("k", old.version)
        assert (meta.key, meta.size) == ("k", 3)
        assert kept.read("k") == b"old"
        assert [content for _, content, _ in told(kept.store)] == ["old", "new", "old"]
        head = kept.store.head("k")
        assert (head.media_type, dict(head.metadata), head.etag) == (
            "text/x-lab",
            {"owner": "lab"},
            meta.etag,
        )

    def test_undelete(self, kept: Place) -> None:
        kept.store.put("k", b"older")
        kept.store.put("k", b"last")
        kept.store.delete("k")
        assert keys(kept.store) == []
        assert kept.store.restore("k").size == 4
        assert keys(kept.store) == ["k"]
        assert kept.read("k") == b"last"

    def test_what_is_there_is_left(self, kept: Place) -> None:
        put = kept.store.put("k", b"bytes")
        before = told(kept.store)
        assert kept.store.restore("k").etag == put.etag
        assert kept.store.restore("k", kept.store.head("k").version).etag == put.etag
        assert told(kept.store) == before

    def test_nothing_to_restore(self, kept: Place) -> None:
        with pytest.raises(errors.ObjectNotFoundError):
            kept.store.restore("missing")
        kept.store.put("k", b"bytes")
        kept.store.delete("k")
        marker = next(iter(kept.store.versions("k")))
        with pytest.raises(errors.ObjectNotFoundError):
            kept.store.restore("k", marker.version)


class TestDeleteAVersion:
    def test_for_ever(self, kept: Place) -> None:
        for number in range(3):
            kept.store.put("k", str(number).encode())
        found = list(kept.store.versions("k"))
        kept.store.delete("k", version=found[1].version)
        assert told(kept.store) == [("k", "2", True), ("k", "0", False)]
        kept.store.delete("k", version=found[1].version)
        assert len(told(kept.store)) == 2

    def test_the_current_one_makes_way_for_the_last(self, kept: Place) -> None:
        kept.store.put("a/k", b"old")
        kept.store.put("a/k", b"new")
        newest = next(iter(kept.store.versions("a/k")))
        kept.store.delete("a/k", version=newest.version)
        assert kept.read("a/k") == b"old"
        assert told(kept.store) == [("a/k", "old", True)]

    def test_a_deletion_undone(self, kept: Place) -> None:
        kept.store.put("a/k", b"old")
        kept.store.delete("a/k")
        marker = next(iter(kept.store.versions("a/k")))
        kept.store.delete("a/k", version=marker.version)
        assert kept.read("a/k") == b"old"
        assert told(kept.store) == [("a/k", "old", True)]

    def test_the_only_one(self, kept: Place) -> None:
        kept.store.put("a/k", b"bytes")
        ((version),) = [one.version for one in kept.store.versions("a/k")]
        kept.store.delete("a/k", version=version)
        assert keys(kept.store) == []
        assert told(kept.store) == []


class TestLinks:
    @LOCAL
    def test_only_buckets(self, place: Place) -> None:
        for call in (
            lambda: place.store.sign("k", verb="get", expires_s=60),
            lambda: place.store.publish("k"),
            lambda: place.store.unpublish("k"),
        ):
            with pytest.raises(errors.NotSupportedError, match="only a bucket") as caught:
                call()
            assert caught.value.hint
        assert place.store.published() == []

    @BUCKETS
    def test_a_link_tells(self, place: Place) -> None:
        before = datetime.now(UTC)
        link = place.store.sign("k", verb="get", expires_s=600)
        assert isinstance(link, str)
        assert link.verb == "get"
        assert before + timedelta(seconds=590) < link.expires < before + timedelta(seconds=610)
        assert link.warning is None
        again = pickle.loads(pickle.dumps(link))
        assert (again, again.expires, again.verb) == (link, link.expires, "get")

    @BUCKETS
    @pytest.mark.parametrize("seconds", [0, -1, 7 * 86400 + 1])
    def test_bounds(self, place: Place, seconds: int) -> None:
        with pytest.raises(errors.UsageError):
            place.store.sign("k", verb="get", expires_s=seconds)

    @CHECKED
    @pytest.mark.parametrize("key", ODD_KEYS)
    def test_reads(self, place: Place, key: str, request: pytest.FixtureRequest) -> None:
        place.write(key, b"bytes")
        server = request.getfixturevalue(place.kind)
        link = place.store.sign(key, verb="get", expires_s=600)
        reader = HttpStore(link, S3Options(verify=server.server.authority))
        assert reader.key == key.rpartition("/")[2]
        assert reader.get(reader.key) == b"bytes"

    @CHECKED
    def test_writes(self, place: Place, request: pytest.FixtureRequest) -> None:
        import ssl

        server = request.getfixturevalue(place.kind)
        link = place.store.sign("a b+c/é.csv", verb="put", expires_s=600)
        assert link.verb == "put"
        context = (
            ssl.create_default_context(cafile=server.server.authority) if server.server.authority else None
        )
        ask = urllib.request.Request(link, data=b"theirs", method="PUT", headers={"Content-Type": ""})
        with urllib.request.urlopen(ask, context=context, timeout=60) as answer:
            assert answer.status == 200
        assert place.store.get("a b+c/é.csv") == b"theirs"

    @CHECKED
    def test_a_version(self, request: pytest.FixtureRequest, place: Place, tmp_path: Path) -> None:
        kept = make_place(place.kind, request, tmp_path, versioned=True)
        kept.store.put("k", b"old")
        kept.store.put("k", b"new")
        version = list(kept.store.versions("k"))[-1].version
        server = request.getfixturevalue(place.kind)
        link = kept.store.sign("k", verb="get", expires_s=60, version=version)
        assert HttpStore(link, S3Options(verify=server.server.authority)).get("k") == b"old"


class TestPublish:
    @BUCKETS
    def test_and_unpublish(self, place: Place) -> None:
        place.store.put("open/a b.csv", b"bytes")
        assert place.store.published() == []
        url = place.store.publish("open/")
        place.store.publish("one.csv")
        assert url.startswith("http")
        assert url.endswith("open/")
        assert sorted(place.store.published()) == ["one.csv", "open/"]
        place.store.unpublish("open/")
        place.store.unpublish("never/")
        assert place.store.published() == ["one.csv"]
        place.store.unpublish("one.csv")
        assert place.store.published() == []

    @CHECKED
    def test_anybody_reads(self, place: Place, request: pytest.FixtureRequest) -> None:
        place.store.put("open/a b.csv", b"bytes")
        place.store.put("closed/k", b"bytes")
        options = S3Options(verify=request.getfixturevalue(place.kind).server.authority, attempts=1)
        url = place.store.publish("open/")
        reader = HttpStore(url + "a%20b.csv", options)
        assert reader.get("a b.csv") == b"bytes"
        closed = HttpStore(url.replace("open/", "closed/k"), options)
        with pytest.raises(errors.AccessDeniedError):
            closed.get("k")
        place.store.unpublish("open/")
        with pytest.raises(errors.AccessDeniedError):
            reader.get("a b.csv")


class TestExpire:
    def test_rules_by_prefix(self, place: Place) -> None:
        assert place.store.expiries() == {}
        place.store.expire("tmp/", 30)
        place.store.expire("ü b/", 1)
        assert place.store.expiries() == {"tmp/": 30, "ü b/": 1}
        place.store.expire("tmp/", 7)
        place.store.expire("ü b/", None)
        place.store.expire("never/", None)
        assert place.store.expiries() == {"tmp/": 7}
        place.store.expire("tmp/", None)
        assert place.store.expiries() == {}

    @pytest.mark.parametrize("days", [0, -1, 1.5, True])
    def test_days_are_days(self, place: Place, days: Any) -> None:
        with pytest.raises(errors.UsageError):
            place.store.expire("tmp/", days)
        assert place.store.expiries() == {}


class TestUploads:
    def test_none(self, place: Place) -> None:
        place.store.put("k", b"bytes")
        assert place.store.uploads() == []

    def test_what_is_gone_is_no_error(self, place: Place) -> None:
        if place.kind == "folder":
            gone = Upload("a/.crossframe-tmp-0", ".crossframe-tmp-0", datetime.now(UTC))
        else:
            gone = Upload("k", "0123456789abcdef", datetime.now(UTC))
        place.store.abort(gone)

    @pytest.mark.parametrize("place", ["moto", "seaweedfs", "seaweedfs_tls"], indirect=True)
    def test_left_behind(self, place: Place, request: pytest.FixtureRequest) -> None:
        client = request.getfixturevalue(place.kind).client
        bucket = place.store.uri.removeprefix("s3://")
        for key in ("a/b c", "b"):
            client.create_multipart_upload(Bucket=bucket, Key=key)
        found = place.store.uploads()
        assert [one.key for one in found] == ["a/b c", "b"]
        # Moto says 2010 of all.
        assert abs(found[0].started - datetime.now(UTC)) < timedelta(minutes=1) or place.kind == "moto"
        assert [one.key for one in place.store.uploads("a/")] == ["a/b c"]
        place.store.abort(found[0])
        assert [one.key for one in place.store.uploads()] == ["b"]


def test_two_threads(kept: Place) -> None:
    """Versions are whole and none is lost where two write."""

    def work(name: str) -> None:
        for number in range(4):
            kept.store.put("k", f"{name}{number}".encode())

    threads = [threading.Thread(target=work, args=(name,)) for name in "ab"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    contents = [content for _, content, _ in told(kept.store)]
    assert sorted(contents) == sorted(f"{name}{number}" for name in "ab" for number in range(4))
    assert json.dumps(contents)
