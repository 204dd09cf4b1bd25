"""Files to keys, keys to files, keys to keys: one and many, whole or not at all, on every store."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pytest

import crossframe as cf
from crossframe import deletion, errors, plans, streams, transfer
from crossframe.stores import FolderStore, Location, MemoryStore, S3Options

FRAME = pd.DataFrame({"f": pd.Categorical(["u", "v"]), "x": [0.5, 1.5]})
ODD = [
    "a b+c=d&e.txt",
    "100%20.txt",
    'it\'s "q".txt',
    "e\u0301.txt",
    "\u00e9.txt",
    "~tilde.txt",
    ".leading",
    "x" * 200,
]


def keys(prefix="."):
    return list(cf.ls(prefix, recursive=True)["key"])


def content(key):
    with cf.open(key, "rb") as file:
        return file.read()


def put(key, text="hello"):
    with cf.open(key, "w") as file:
        file.write(text)


def test_a_file_there_and_back(place):
    Path("notes.txt").write_bytes(b"\x00\xff" * 1000)
    stored = cf.upload("notes.txt", "deep/er/n.txt")
    assert [(one.key, one.bytes) for one in stored] == [("deep/er/n.txt", 2000)]
    assert stored[0].uri == f"{place.root}/deep/er/n.txt"
    assert stored[0].etag
    assert stored[0].version
    assert cf.upload("notes.txt", "pre/")[0].key == "pre/notes.txt"
    assert cf.download("deep/er/n.txt") == [str(Path.cwd() / "n.txt")]
    Path("folder").mkdir()
    cf.download("deep/er/n.txt", "folder")
    cf.download("deep/er/n.txt", "new/m.txt")
    cf.download("deep/er/n.txt", "new/er/")
    for one in ("n.txt", "folder/n.txt", "new/m.txt", "new/er/n.txt"):
        assert Path(one).read_bytes() == b"\x00\xff" * 1000
    assert not list(Path.cwd().rglob(".crossframe*"))


@pytest.mark.parametrize("name", ODD)
def test_odd_names(place, name):
    Path(name).write_text(name, encoding="utf-8")
    assert cf.upload(f"./{name}", "odd/")[0].key == f"odd/{name}"
    Path(name).unlink()
    cf.copy("odd/", "copy/")
    cf.move("copy/", "moved/")
    cf.download("moved/", "back/")
    assert Path("back", name).read_text(encoding="utf-8") == name
    assert cf.delete("moved/") == [f"moved/{name}"]


def test_a_file_is_named_before_it_is_a_pattern(place):
    Path("d[1].txt").write_text("one")
    Path("d1.txt").write_text("other")
    assert [one.key for one in cf.upload("d[1].txt", "u/")] == ["u/d[1].txt"]
    assert [one.key for one in cf.upload("d?.txt", "v/")] == ["v/d1.txt"]


def test_a_link_to_a_file_elsewhere_can_be_uploaded(place, tmp_path):
    (tmp_path / "elsewhere.txt").write_text("far")
    Path("link.txt").symlink_to(tmp_path / "elsewhere.txt")
    cf.upload("link.txt", "k.txt")
    assert content("k.txt") == b"far"


def test_many_files_with_their_levels(place):
    for name in ("a.txt", "b/c.txt", "b/d.csv"):
        Path("in", name).parent.mkdir(parents=True, exist_ok=True)
        Path("in", name).write_text(name)
    assert [one.key for one in cf.upload("in/", "up/")] == ["up/a.txt", "up/b/c.txt", "up/b/d.csv"]
    assert [one.key for one in cf.upload("in/**/*.txt", "txt/")] == ["txt/a.txt", "txt/b/c.txt"]
    assert len(cf.upload("in", "all/")) == 3
    assert cf.download("up/b/*", "out/") == [str(Path.cwd() / f"out/{name}") for name in ("c.txt", "d.csv")]
    with pytest.raises(errors.NoMatchError):
        cf.upload("in/*.rds", "up/")
    with pytest.raises(errors.NoMatchError):
        cf.download("up/*.rds")


def test_media_type_and_metadata_travel(place):
    Path("a.csv").write_text("x\n1\n")
    cf.upload("a.csv", "a.csv", metadata={"who": "lab"})
    location = plans.resolve("a.csv")
    assert location.store.head("a.csv").media_type == "text/csv"
    cf.copy("a.csv", "b.csv")
    meta = location.store.head("b.csv")
    assert (meta.media_type, dict(meta.metadata)) == ("text/csv", {"who": "lab"})
    cf.upload("a.csv", "c", media_type="text/plain")
    assert location.store.head("c").media_type == "text/plain"


def test_metadata_of_a_frame(place):
    cf.save(FRAME, "a.parquet", metadata={"project": "x-1"})
    assert dict(cf.info("a.parquet").metadata) == {"project": "x-1"}
    with pytest.raises(errors.UsageError):
        cf.save(FRAME, "b.parquet", metadata={"Two\nlines": "x"})
    assert keys() == ["a.parquet"]


def test_overwrite_false(place):
    put("a.txt", "old")
    put("b.txt", "new")
    Path("a.txt").write_text("file")
    for call in (
        lambda: cf.upload("a.txt", "a.txt", overwrite=False),
        lambda: cf.copy("b.txt", "a.txt", overwrite=False),
        lambda: cf.move("b.txt", "a.txt", overwrite=False),
        lambda: cf.download("b.txt", "a.txt", overwrite=False),
    ):
        with pytest.raises(errors.ObjectExistsError, match=r"a\.txt"):
            call()
    assert (content("a.txt"), content("b.txt"), Path("a.txt").read_text()) == (b"old", b"new", "file")
    cf.download("b.txt", "c.txt", overwrite=False)
    assert Path("c.txt").read_text() == "new"


def test_copy_and_move_one(place):
    put("a/x.txt")
    copied = cf.copy("a/x.txt", "b/")
    assert [(one.source, one.target, one.bytes) for one in copied] == [
        (f"{place.root}/a/x.txt", f"{place.root}/b/x.txt", 5)
    ]
    cf.move("b/x.txt", "c/y.txt")
    assert keys() == ["a/x.txt", "c/y.txt"]
    assert content("c/y.txt") == b"hello"


def test_a_schema_goes_with_its_csv(place):
    cf.save(FRAME, "a.csv")
    cf.copy("a.csv", "b.csv")
    cf.move("b.csv", "d/")
    cf.download("d/b.csv", "down/")
    cf.upload("down/b.csv", "e/up.csv")
    cf.upload("down/", "f/")
    for key in ("a.csv", "d/b.csv", "e/up.csv", "f/b.csv"):
        pd.testing.assert_frame_equal(cf.load(key), FRAME)
    pd.testing.assert_frame_equal(cf.load(str(Path.cwd() / "down/b.csv")), FRAME)
    assert [key for key in keys() if "d/b.csv" in key or key.startswith("b.")] == [
        "d/b.csv",
        "d/b.csv.schema.json",
    ]
    assert cf.delete("e/up.csv") == ["e/up.csv"]
    assert cf.delete("f/*.csv") == ["f/b.csv"]
    assert keys("e/") == keys("f/") == []


def test_an_old_schema_goes_where_new_data_has_none(place):
    cf.save(FRAME, "a.csv")
    cf.save(FRAME, "bare.csv", schema=False)
    cf.copy("bare.csv", "a.csv")
    assert keys() == ["a.csv", "bare.csv"]


def test_the_schema_of_a_version_is_downloaded_with_it(place):
    cf.save(FRAME, "a.csv")
    cf.save(pd.DataFrame({"x": [1.5]}), "a.csv")
    old = cf.versions("a.csv")["version"][1]
    cf.download("a.csv", "old.csv", version=old)
    pd.testing.assert_frame_equal(cf.load(str(Path.cwd() / "old.csv")), FRAME)
    with pytest.raises(errors.UsageError, match="version="):
        cf.download("*.csv", version=old)


def test_move_by_pattern_and_regex(place):
    for name in "abc":
        put(f"in/{name}.txt", name)
    moved = cf.move("^in/[ab]", "out/", regex=True)
    assert [one.target.removeprefix(place.root + "/") for one in moved] == ["out/a.txt", "out/b.txt"]
    assert keys() == ["in/c.txt", "out/a.txt", "out/b.txt"]


@pytest.mark.parametrize("verb", [cf.copy, cf.move])
def test_nothing_goes_onto_itself(place, verb):
    put("a/x.txt")
    for source, target in (
        ("a/x.txt", "a/x.txt"),
        ("a/x.txt", "a/"),
        ("a/", "a/"),
        ("a/x.txt", place.root + "/a/"),
    ):
        with pytest.raises(errors.UsageError, match="to itself"):
            verb(source, target)
    assert content("a/x.txt") == b"hello"


def test_nothing_goes_over_what_is_still_to_be_moved(place):
    put("a/b/x", "outer")
    put("a/x", "inner")
    with pytest.raises(errors.UsageError, match="Can't copy 'a/x' over 'a/b/x'"):
        cf.move("a/", "a/b/")
    assert (content("a/b/x"), content("a/x")) == (b"outer", b"inner")


def test_a_file_by_two_ways_is_one(tmp_path):
    (tmp_path / "data").mkdir()
    (tmp_path / "data/x.txt").write_text("whole")
    (tmp_path / "alias").symlink_to(tmp_path / "data")
    with pytest.raises(errors.UsageError, match="to itself"):
        cf.move(tmp_path / "data/x.txt", tmp_path / "alias/x.txt")
    assert (tmp_path / "data/x.txt").read_text() == "whole"


def test_many_to_one_key_or_one_name(place):
    for key in ("a/x.txt", "a/y.txt"):
        put(key)
    with pytest.raises(errors.UsageError, match="Can't copy 2 objects to one key"):
        cf.copy("a/*", "b.txt")
    with pytest.raises(errors.InvalidKeyError):
        cf.copy("a/x.txt", "b/../../c.txt")


@pytest.mark.parametrize("verb", [cf.copy, cf.move, cf.download])
def test_what_is_not_there(place, verb):
    put("runs/first.txt")
    with pytest.raises(errors.ObjectNotFoundError, match=r"Did you mean 'runs/first\.txt'"):
        verb("runs/firts.txt", "x.txt")
    with pytest.raises(errors.ObjectNotFoundError, match=r"nope\.txt"):
        cf.upload("nope.txt", "x.txt")
    assert keys() == ["runs/first.txt"]


def test_a_download_that_fails_leaves_the_old_file(place, monkeypatch):
    put("a.txt")
    Path("a.txt").write_text("old")
    real = streams._get_to

    def broken(location, file, version=None):
        real(location, file, version)
        raise errors.CorruptObjectError("Can't read 'a.txt': damaged.")

    monkeypatch.setattr(streams, "_get_to", broken)
    with pytest.raises(errors.CorruptObjectError):
        cf.download("a.txt", "a.txt")
    with pytest.raises(errors.CorruptObjectError):
        cf.download("a.txt", "b.txt")
    assert [path.name for path in Path.cwd().iterdir()] == ["a.txt"]
    assert Path("a.txt").read_text() == "old"


@pytest.mark.parametrize(
    ("target", "error"),
    [
        ("file.txt/x.txt", errors.InvalidKeyError),
        ("y" * 300 + "/x", errors.InvalidKeyError),
    ],
)
def test_the_system_s_refusals_are_ours(place, target, error):
    put("a.txt")
    Path("file.txt").write_text("in the way")
    with pytest.raises(error) as caught:
        cf.download("a.txt", target)
    assert "Errno" not in str(caught.value)


def test_a_folder_in_the_way_of_a_file(place):
    cf.save(FRAME, "a.csv")
    Path("d/a.csv").mkdir(parents=True)
    with pytest.raises(errors.InvalidKeyError, match="a folder and a file"):
        cf.download("a.csv", "d/")
    assert not list(Path("d").glob(".cross*"))


@pytest.mark.parametrize(
    ("number", "error", "words"),
    [
        (errno.ENOSPC, errors.UnavailableError, "the disk or the quota is full"),
        (errno.EACCES, errors.AccessDeniedError, "the file system refuses"),
        (errno.EIO, errors.UnavailableError, "the file system failed"),
    ],
)
def test_a_disk_s_refusals_are_ours(place, monkeypatch, number, error, words):
    put("a.txt")

    def refuse(*_, **__):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(streams, "_get_to", refuse)
    with pytest.raises(error, match=words):
        cf.download("a.txt", "b.txt")
    assert not list(Path.cwd().iterdir())


def test_hostile_keys_stay_below_the_folder(tmp_path):
    store = MemoryStore("bad")
    for key in ("p/../../out.txt", "p//etc/x", "p/./x", "p/a\nb"):
        found = plans.Copy(Location(store, key), Location(FolderStore(tmp_path), key), 1, None)
        with pytest.raises(errors.InvalidKeyError):
            plans._checked([found])


def test_between_two_stores(bucket, tmp_path):
    cf.save(FRAME, "a.csv", metadata={"who": "lab"})
    folder = tmp_path / "far"
    folder.mkdir()
    cf.copy("a.csv", f"{folder}/")
    pd.testing.assert_frame_equal(cf.load(folder / "a.csv"), FRAME)
    assert dict(cf.info(folder / "a.csv").metadata) == {"who": "lab"}
    cf.move(folder / "a.csv", f"{bucket.root}/back/")
    pd.testing.assert_frame_equal(cf.load("back/a.csv"), FRAME)
    assert dict(cf.info("back/a.csv").metadata) == {"who": "lab"}
    assert not list(folder.glob("a.csv*"))


def test_between_two_servers(moto, seaweedfs, tmp_path):
    one, other = moto.make_bucket(), seaweedfs.make_bucket()
    Path(tmp_path, "x.bin").write_bytes(b"1" * 100)
    cf.upload(tmp_path / "x.bin", f"s3://{one}/", metadata={"who": "lab"}, options=moto.options())
    source = Location(plans.resolve(f"s3://{one}/", options=moto.options()).store, "x.bin", whole=True)
    target = Location(plans.resolve(f"s3://{other}/", options=seaweedfs.options()).store, "y.bin", whole=True)
    transfer.copy_one(plans.Copy(source, target, 100, None))
    meta = target.store.head("y.bin")
    assert (meta.size, dict(meta.metadata)) == (100, {"who": "lab"})


def test_a_store_of_five_verbs_is_enough():
    class Plain:
        uri = "plain://"

        def __init__(self):
            self.inner = MemoryStore("plain")
            for verb in ("get", "put", "head", "list", "children", "delete"):
                setattr(self, verb, getattr(self.inner, verb))

    one, other = Location(Plain(), "a.txt"), Location(Plain(), "b.txt")
    one.store.put("a.txt", b"hello", metadata={"who": "lab"})
    transfer.copy_one(plans.Copy(one, other, 5, None))
    assert bytes(other.store.get("b.txt")) == b"hello"
    assert dict(other.store.head("b.txt").metadata) == {"who": "lab"}
    assert deletion.remove([other]) == ["b.txt"]
    with pytest.raises(errors.ObjectNotFoundError):
        other.store.head("b.txt")


def test_delete(place):
    for key in ("a/x.txt", "a/y.txt", "b.txt", "c.txt"):
        put(key)
    assert cf.delete("b.txt") == ["b.txt"]
    with pytest.raises(errors.ObjectNotFoundError, match=r"Can't find object 'b\.txt'"):
        cf.delete("b.txt")
    with pytest.raises(errors.ObjectNotFoundError, match="Did you mean 'a/'"):
        cf.delete("a")
    with pytest.raises(errors.NoMatchError):
        cf.delete("z/")
    assert cf.delete("a/") == ["a/x.txt", "a/y.txt"]
    for everything in (place.root + "/", "./"):
        with pytest.raises(errors.UsageError, match=r"\*\*"):
            cf.delete(everything)
    assert cf.delete("**") == ["c.txt"]


def test_delete_one_version_for_ever(place):
    for text in ("one", "two", "three"):
        put("a.txt", text)
    listed = cf.versions("a.txt")
    assert cf.delete("a.txt", version=listed["version"][1]) == ["a.txt"]
    assert list(cf.versions("a.txt")["version"]) == [listed["version"][0], listed["version"][2]]
    assert content("a.txt") == b"three"
    with pytest.raises(errors.UsageError, match="version="):
        cf.delete("*.txt", version="1")


def test_what_could_not_be_deleted_is_told():
    class Stubborn(MemoryStore):
        def delete_many(self, keys):
            return [(key, errors.AccessDeniedError(f"Can't delete '{key}'.")) for key in keys if "no" in key]

    store = Stubborn()
    with pytest.raises(errors.AccessDeniedError, match="'no1'"):
        deletion.remove([Location(store, "no1"), Location(store, "yes")])
    with pytest.raises(errors.BatchError, match=r"(?s)Can't delete 2 keys.*'no1'.*'no2'") as caught:
        deletion.remove([Location(store, key) for key in ("no1", "yes", "no2")])
    assert list(caught.value.errors) == ["no1", "no2"]


LARGE = """
import resource, sys
import crossframe as cf
# Why: what reaching the server takes is no matter here.
cf.find("nothing/*")
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
cf.upload("large.bin", "large.bin")
cf.copy("large.bin", "copy.bin")
cf.download("copy.bin", "back.bin")
with cf.open("copy.bin", "rb") as file:
    file.seek(-1, 2)
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


@pytest.mark.parametrize("place", ["folder", "seaweedfs"], indirect=True)
def test_a_large_file_is_never_in_memory(place):
    size = 192 * 1024 * 1024
    with Path("large.bin").open("wb") as file:
        file.write(b"head")
        file.truncate(size)
    environment = os.environ | {"CROSSFRAME_ROOT": place.root}
    ended = subprocess.run(
        [sys.executable, "-c", LARGE], check=True, capture_output=True, text=True, env=environment
    )
    back = Path("back.bin")
    assert back.stat().st_size == size
    with back.open("rb") as file:
        assert file.read(8) == b"head\0\0\0\0"
    assert int(ended.stdout) < 160 * 1024, "kB more than before"


def test_options_reach_the_store(moto):
    bucket = moto.make_bucket()
    options = S3Options(
        endpoint=moto.server.endpoint, access_key=moto.server.access_key, secret_key=moto.server.secret_key
    )
    cf.save(pa.table({"x": [1.5]}), f"s3://{bucket}/a.parquet", options=options)
    cf.copy(f"s3://{bucket}/a.parquet", f"s3://{bucket}/b.parquet", options=options)
    assert len(cf.delete(f"s3://{bucket}/*", options=options)) == 2


def test_at_most_two_large_objects_at_once():
    store = MemoryStore()
    running, most, lock = [], [], threading.Lock()

    def work(copy):
        with lock:
            running.append(copy)
            most.append(sum(one.size > 16 * 1024 * 1024 for one in running))
        time.sleep(0.02)
        with lock:
            running.remove(copy)
        return copy.source.key

    copies = [
        plans.Copy(Location(store, str(i)), Location(store, str(i)), size, None)
        for i, size in enumerate([10**9] * 6 + [10] * 4)
    ]
    assert list(transfer.run(copies, work)) == [str(i) for i in range(10)]
    assert max(most) == 2
