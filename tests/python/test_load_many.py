"""Loading and saving many keys at once: one frame of many, keys that fail, bounds, all or nothing."""

from __future__ import annotations

import datetime as dt
import gc
import io
import itertools
import os
import signal
import subprocess
import sys
import threading
import time
import warnings
import weakref
from pathlib import Path

import pyarrow as pa
import pytest

import crossframe as cf
from crossframe import api, errors, pool, saving, stores, transfer
from gate import ALWAYS, Gate, Rule


@pytest.fixture(autouse=True)
def root(tmp_path):
    cf.set_root(tmp_path / "lab")
    (tmp_path / "lab").mkdir()
    yield tmp_path / "lab"
    cf.set_root(None)
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("crossframe")]


class TestOneFrame:
    @pytest.fixture(autouse=True)
    def runs(self, root):
        cf.save(pa.table({"x": pa.array([1, 2], pa.int32()), "g": ["u", "v"]}), "runs/b/2.parquet")
        cf.save(pa.table({"x": [0.5], "h": [True]}), "runs/a/10.rds")
        cf.save(pa.table({"x": pa.array([None], pa.int32()), "g": ["w"]}), "runs/a/9.csv")

    def test_pandas(self):
        frame = cf.load_many("runs/{site}/{n:int}.*", combine=True)
        assert list(frame.columns) == ["key", "site", "n", "x", "h", "g"]
        assert list(frame["key"]) == ["runs/a/10.rds", "runs/a/9.csv", *["runs/b/2.parquet"] * 2]
        assert [str(dtype) for dtype in frame.dtypes] == [
            "category",
            "category",
            "Int64",
            "float64",
            "boolean",
            "str",
        ]
        assert list(frame["key"].cat.categories) == ["runs/a/10.rds", "runs/a/9.csv", "runs/b/2.parquet"]
        assert frame["x"].tolist()[2:] == [1.0, 2.0]
        assert frame["g"].isna().tolist() == [True, False, False, False]
        assert list(frame.index) == [0, 1, 2, 3]

    def test_other_kinds(self):
        table = cf.load_many("runs/{site}/{n:int}.*", combine=True, as_="arrow")
        assert table.schema.field("site").type == pa.dictionary(pa.int32(), pa.string())
        assert table.column("x").to_pylist() == [0.5, None, 1.0, 2.0]
        polars = cf.load_many("runs/{site}/{n:int}.*", combine=True, as_="polars")
        assert polars.shape == (4, 6)
        backed = cf.load_many("runs/a/*", combine=True, dtype_backend="pyarrow")
        assert backed["x"].isna().tolist() == [False, True]

    def test_columns(self):
        frame = cf.load_many("runs/{site}/{n:int}.*", combine=True, columns=["x"])
        assert list(frame.columns) == ["key", "site", "n", "x"]

    def test_columns_that_a_key_lacks_are_missing_in_its_rows(self):
        frame = cf.load_many("runs/{site}/{n:int}.*", combine=True, columns=["g", "x", "h"])
        assert list(frame.columns) == ["key", "site", "n", "g", "x", "h"]
        assert frame["g"].tolist()[1:] == ["w", "u", "v"]
        assert frame["h"].isna().tolist() == [False, True, True, True]
        with pytest.raises(errors.UsageError, match=r"Can't find column 'z' of what 'runs/\*\*' matches"):
            cf.load_many("runs/**", combine=True, columns=["x", "z"])
        with pytest.raises(errors.DuplicateColumnError):
            cf.load_many("runs/**", combine=True, columns=["h", "h"])
        # Frames of their own have all that is asked for.
        with pytest.raises(errors.UsageError, match="Can't find column 'h'"):
            cf.load_many("runs/**", columns=["h"])

    def test_filters(self):
        given = {
            "where": {"site": "a"},
            "exclude": "**/*.csv",
            "max_size": 10**6,
            "modified_after": "2000-01-01",
        }
        assert list(cf.find("runs/{site}/{n:int}.*", **given)["key"]) == ["runs/a/10.rds"]
        assert list(cf.load_many("runs/{site}/{n:int}.*", **given)) == ["10"]
        assert [name for name, _ in cf.iter_many("runs/{site}/{n:int}.*", **given)] == ["10"]
        tomorrow = dt.datetime.now(dt.UTC) + dt.timedelta(days=1)
        with pytest.raises(errors.NoMatchError, match="narrowed by other arguments"):
            cf.load_many("runs/**", modified_after=tomorrow)

    def test_types_without_one_in_common(self):
        cf.save(pa.table({"x": ["text"]}), "runs/c/1.rds")
        with pytest.raises(errors.SchemaMismatchError) as raised:
            cf.load_many("runs/{site}/{n:int}.*", combine=True)
        for words in ("'x'", "'runs/a/10.rds'", "'runs/c/1.rds'", "numeric", "character"):
            assert words in str(raised.value)

    def test_what_is_no_frame(self):
        cf.save([1.5, 2.5], "runs/a/1.rds")
        cf.save({"p": pa.table({"x": [1.5]}), "q": pa.table({"x": [2.5]})}, "runs/a/2.RData")
        with pytest.raises(errors.UsageError, match=r"'runs/a/1\.rds'.*: it holds what is no frame"):
            cf.load_many("runs/a/", combine=True)
        with pytest.warns(errors.CrossframeWarning, match="Skipped") as told:
            frame = cf.load_many("runs/a/", combine=True, on_error="skip")
        assert len(told) == 2
        assert len(frame) == 2

    def test_losses_are_told_once(self):
        cf.save(pa.table({"x": pa.array([2**53 + 1])}), "wide/a.parquet")
        cf.save(pa.table({"x": [0.5]}), "wide/b.parquet")
        with pytest.warns(errors.LossyConversionWarning, match="column 'x': 1 value") as told:
            cf.load_many("wide/", combine=True)
        assert [one.filename for one in told] == [__file__]
        with pytest.raises(errors.LossyConversionError, match="Can't combine what matches 'wide/'"):
            cf.load_many("wide/", combine=True, strict=True)


def lines(told):
    return {(one.filename, one.lineno) for one in told}


def test_warnings_are_about_the_users_line(root):
    cf.save(pa.table({"x": [float("nan"), None]}), "w/a.parquet")
    (root / "w/b.parquet").write_bytes(b"PAR1")
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        line = sys._getframe().f_lineno + 1
        cf.load_many("w/", on_error="skip")
        cf.load_many("w/", on_error="skip", combine=True)
        for _ in cf.iter_many("w/", on_error="skip"):
            pass
    assert {one.filename for one in told} == {__file__}
    assert [one.lineno - line for one in told] == [0, 0, 1, 1, 2, 2]


class TestKeysThatFail:
    """Of 200 keys one is corrupt, one denied and one vanishes between the listing and its reading."""

    CORRUPT, DENIED, VANISHED = "many/017.rds", "many/101.rds", "many/150.rds"

    @pytest.fixture
    def failing(self, seaweedfs, use_server, monkeypatch):
        bucket = seaweedfs.make_bucket()
        key = {seaweedfs.server.access_key: seaweedfs.server.secret_key}
        use_server(seaweedfs)
        cf.set_root(f"s3://{bucket}")
        for row in cf.save_many({f"{n:03}": pa.table({"n": [float(n)]}) for n in range(200)}, "many/{n}.rds"):
            assert row.rows == 1
        rules = [
            Rule("corrupt", method="GET", target=self.CORRUPT, times=ALWAYS),
            Rule("status", method="GET", target=self.DENIED, status=403, code="AccessDenied", times=ALWAYS),
            Rule("status", method="GET", target=self.VANISHED, status=404, code="NoSuchKey", times=ALWAYS),
        ]
        with Gate(seaweedfs.server.endpoint, key) as gate:
            gate.expect(*rules)
            monkeypatch.setenv("AWS_ENDPOINT_URL_S3", gate.endpoint)
            yield gate
        seaweedfs.client.delete_bucket(Bucket=bucket)

    def check(self, found):
        kinds = {key: type(error) for key, error in found.items()}
        assert kinds == {
            self.CORRUPT: errors.CorruptObjectError,
            self.DENIED: errors.AccessDeniedError,
            self.VANISHED: errors.ObjectNotFoundError,
        }
        for key, error in found.items():
            assert key in str(error)

    def test_raise(self, failing):
        with pytest.raises(errors.CorruptObjectError, match=self.CORRUPT):
            cf.load_many("many/")
        with pytest.raises(errors.CorruptObjectError, match=self.CORRUPT):
            cf.load_many("many/", combine=True)
        frames = cf.iter_many("many/")
        assert [name for name, _ in itertools.islice(frames, 17)] == [f"{n:03}" for n in range(17)]
        with pytest.raises(errors.CorruptObjectError, match=self.CORRUPT):
            next(frames)

    def test_collect(self, failing):
        with pytest.raises(errors.BatchError, match="Can't load 3 keys") as raised:
            cf.load_many("many/", on_error="collect")
        self.check(raised.value.errors)
        assert len(raised.value.loaded) == 197
        assert raised.value.loaded["199"]["n"].tolist() == [199.0]
        with pytest.raises(errors.BatchError, match="Can't load 3 keys") as raised:
            cf.load_many("many/", on_error="collect", combine=True)
        self.check(raised.value.errors)
        assert raised.value.loaded["many/199.rds"]["n"].tolist() == [199.0]

    def test_skip(self, failing):
        with pytest.warns(errors.CrossframeWarning, match="Skipped") as told:
            loaded = cf.load_many("many/", on_error="skip")
        assert list(loaded) == [f"{n:03}" for n in range(200) if n not in {17, 101, 150}]
        assert [str(one.message).split("'")[1] for one in told] == [self.CORRUPT, self.DENIED, self.VANISHED]
        with pytest.warns(errors.CrossframeWarning, match="Skipped") as told:
            frame = cf.load_many("many/", on_error="skip", combine=True)
        assert len(told) == 3
        assert frame["n"].tolist() == [float(n) for n in range(200) if n not in {17, 101, 150}]

    def test_none_is_left_to_combine(self, failing):
        with pytest.raises(errors.BatchError, match="Can't load 1 key"):
            cf.load_many(self.DENIED, on_error="skip", combine=True)


class TestIterMany:
    @pytest.fixture(autouse=True)
    def frames(self, root):
        cf.save_many({f"{n:02}": pa.table({"n": [n]}) for n in range(30)}, "i/{n}.parquet")

    def test_in_order(self):
        given = [(name, frame["n"].tolist()) for name, frame in cf.iter_many("i/")]
        assert given == [(f"{n:02}", [n]) for n in range(30)]
        assert next(cf.iter_many("i/", names="key", as_="arrow"))[0] == "i/00.parquet"

    @pytest.mark.parametrize("prefetch", [1, 2, 4, 7])
    def test_no_more_than_prefetch_are_held(self, prefetch, monkeypatch):
        alive, most, lock = 0, 0, threading.Lock()
        decode = api.decode

        def add(number):
            nonlocal alive, most
            with lock:
                alive += number
                most = max(most, alive)

        def counted(*given, **more):
            found = decode(*given, **more)
            for table in found.values():
                add(1)
                weakref.finalize(table, add, -1)
            return found

        monkeypatch.setattr(api, "decode", counted)
        frames = cf.iter_many("i/", prefetch=prefetch, as_="arrow")
        for number in range(30):
            name, frame = next(frames)
            assert frame["n"].to_pylist() == [number]
            time.sleep(0.01)
            del name, frame
        assert next(frames, None) is None
        gc.collect()
        assert 0 < most <= prefetch
        assert alive == 0

    def test_nothing_is_read_before_the_first_is_wanted(self, root):
        frames = cf.iter_many("i/")
        cf.save(pa.table({"n": [-1]}), "i/00.parquet")
        assert next(frames)[1]["n"].tolist() == [-1]

    def test_closed_early(self, monkeypatch):
        begun = []
        decode = api.decode
        monkeypatch.setattr(api, "decode", lambda *a, **k: begun.append(1) or decode(*a, **k))
        frames = cf.iter_many("i/", prefetch=2)
        next(frames)
        frames.close()
        assert len(begun) <= 3
        assert next(frames, None) is None

    def test_a_name_twice(self):
        cf.save({"a": pa.table({"n": [1]})}, "j/x.RData")
        cf.save({"a": pa.table({"n": [1]})}, "j/y.RData")
        frames = cf.iter_many("j/")
        assert next(frames)[0] == "a"
        with pytest.raises(errors.NameClashError, match=r"keys 'j/x\.RData' and 'j/y\.RData'"):
            next(frames)

    @pytest.mark.parametrize("prefetch", [0, -1, 1.5, "4", True])
    def test_prefetch_is_a_number(self, prefetch):
        with pytest.raises(errors.UsageError, match="prefetch="):
            cf.iter_many("i/", prefetch=prefetch)


class TestAllOrNothing:
    FRAMES = {"b": pa.table({"x": [1.5]}), "a": pa.table({"x": [2.5]})}  # noqa: RUF012 - never changed

    def test_all(self, place):
        cf.save(pa.table({"x": [0.5]}), "m/a.csv")
        saved = cf.save_many(self.FRAMES, "m/{name}.csv", atomic=True, metadata={"by": "lab"})
        assert [one.key for one in saved] == ["m/a.csv", "m/b.csv"]
        assert [one.key for one in cf.ls(recursive=True).itertuples()] == [
            key for name in "ab" for key in (f"m/{name}.csv", f"m/{name}.csv.schema.json")
        ]
        for one in saved:
            told = cf.info(one.key)
            assert (told.etag, told.version, told.metadata) == (one.etag, one.version, {"by": "lab"})
        assert {name: list(frame["x"]) for name, frame in cf.load_many("m/").items()} == {
            "a": [2.5],
            "b": [1.5],
        }
        assert not [one for one in self.everything(place) if ".saving" in one]

    @staticmethod
    def everything(place):
        """Return what is there, old versions and the store's own files included."""
        if not place.is_s3:
            return [str(path) for path in Path(place.root.removeprefix("file://")).rglob("*")]
        listed = place.client.list_object_versions(Bucket=place.bucket)
        return [row["Key"] for kind in ("Versions", "DeleteMarkers") for row in listed.get(kind, ())]

    def test_nothing(self, root):
        odd = {"a": pa.table({"x": [1.5]}), "b": pa.table({"x": pa.array([b"x"], pa.binary())})}
        with pytest.raises(errors.BatchError, match=r"Can't save 1 key\.\n  'm/b\.rds'") as raised:
            cf.save_many(odd, "m/{name}.rds", atomic=True)
        assert "Nothing was written." in str(raised.value)
        assert raised.value.done == ()
        assert isinstance(raised.value.errors["m/b.rds"], errors.UnsupportedTypeError)
        assert len(cf.ls(recursive=True)) == 0

    def test_a_key_that_is_taken(self, root):
        cf.save(pa.table({"x": [0.5]}), "m/b.rds")
        with pytest.raises(errors.BatchError) as raised:
            cf.save_many(self.FRAMES, "m/{name}.rds", atomic=True, overwrite=False)
        assert isinstance(raised.value.errors["m/b.rds"], errors.ObjectExistsError)
        assert list(cf.find("**")["key"]) == ["m/b.rds"]

    def test_what_was_done_is_told(self, root, monkeypatch):
        copy = saving.copy_with_schema

        def fail(one, **how):
            if one.target.key == "m/3.rds":
                raise errors.UnavailableError("The store has gone.")
            return copy(one, **how)

        monkeypatch.setattr(saving, "copy_with_schema", fail)
        with pytest.raises(errors.BatchError, match=r"'m/3\.rds': The store has gone\.") as raised:
            cf.save_many({str(n): pa.table({"x": [n]}) for n in range(40)}, "m/{n:int}.rds", atomic=True)
        found = list(cf.find("m/")["key"])
        assert sorted(raised.value.done) == found
        assert "Written were 'm/0.rds', 'm/1.rds'" in str(raised.value)
        assert "m/3.rds" not in found
        assert len(cf.ls(recursive=True)) == len(found)

    def test_data_without_its_schema_was_written(self, root, monkeypatch):
        pour = transfer.pour

        def fail(source, target, **how):
            if target.key == "m/a.csv.schema.json":
                raise errors.UnavailableError("The store has gone.")
            return pour(source, target, **how)

        monkeypatch.setattr(transfer, "pour", fail)
        with pytest.raises(errors.BatchError, match=r"'m/a\.csv': The store has gone\.") as raised:
            cf.save_many({"a": pa.table({"x": [1.5]})}, "m/{name}.csv", atomic=True)
        assert raised.value.done == ("m/a.csv",) == tuple(cf.find("m/")["key"])

    def test_nobody_sees_what_is_being_written(self, root, monkeypatch):
        seen = []
        copy = saving.copy_with_schema

        def look(one, **how):
            seen.append((list(cf.find("**")["key"]), cf.ls(recursive=True).shape[0]))
            return copy(one, **how)

        monkeypatch.setattr(saving, "copy_with_schema", look)
        cf.save_many({"a": pa.table({"x": [1]})}, "m/{name}.rds", atomic=True)
        assert seen == [([], 1)]

    def test_what_can_not_be_removed_is_told(self, root, monkeypatch):
        def refuse(self, key, version=None):
            raise errors.AccessDeniedError("No.")

        monkeypatch.setattr(stores.FolderStore, "delete", refuse)
        with pytest.warns(errors.CrossframeWarning, match=r"m/\.saving-[0-9a-f]{16}/'"):
            assert len(cf.save_many(self.FRAMES, "m/{name}.rds", atomic=True)) == 2

    def test_if_match_is_about_one(self, root):
        with pytest.raises(errors.UsageError, match="if_match="):
            cf.save_many(self.FRAMES, "m/{name}.rds", atomic=True, if_match="x")

    def test_none(self, root):
        assert cf.save_many({}, "m/{name}.rds", atomic=True) == []


class TestProgress:
    @pytest.fixture(autouse=True)
    def frames(self, root):
        cf.save_many({f"{n}": pa.table({"n": [n]}) for n in range(3)}, "p/{n}.parquet")

    def test_none_where_nobody_is_watching(self, capsys):
        cf.load_many("p/")
        assert capsys.readouterr() == ("", "")

    def test_where_asked_for(self, capsys):
        cf.load_many("p/", progress=True)
        cf.load_many("p/", combine=True, progress=True)
        cf.save_many({"x": pa.table({"n": [1]})}, "q/{n}.parquet", progress=True, atomic=True)
        out, err = capsys.readouterr()
        assert out == ""
        assert err.count("3/3") == 2
        assert "loading" in err
        assert "saving" in err

    def test_on_a_terminal(self, monkeypatch):
        class Terminal(io.StringIO):
            def isatty(self):
                return True

        for progress, shown in ((None, True), (False, False)):
            monkeypatch.setattr(sys, "stderr", Terminal())
            cf.load_many("p/", progress=progress)
            assert bool(sys.stderr.getvalue()) is shown


INTERRUPTED = """
import sys, threading, crossframe as cf
print("begun", flush=True)
try:
    cf.load_many(sys.argv[1], combine=True)
except KeyboardInterrupt:
    ours = [one for one in threading.enumerate() if one.name.startswith("crossframe")]
    # Why alive: one that the interrupt kept from being started is counted for ever, and never runs.
    print("stopped", [one.name for one in ours if one.is_alive()], flush=True)
"""


def test_an_interrupt_stops_cleanly(seaweedfs, use_server):
    bucket = seaweedfs.make_bucket()
    use_server(seaweedfs)
    cf.save_many({f"{n:03}": pa.table({"n": [n]}) for n in range(100)}, f"s3://{bucket}/s/{{n}}.rds")
    with Gate(seaweedfs.server.endpoint, {seaweedfs.server.access_key: seaweedfs.server.secret_key}) as gate:
        gate.expect(Rule("delay", method="GET", target=r"\.rds", seconds=1.0, times=ALWAYS))
        env = os.environ | {"AWS_ENDPOINT_URL_S3": gate.endpoint}
        command = [sys.executable, "-c", INTERRUPTED, f"s3://{bucket}/s/"]
        with subprocess.Popen(
            command, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        ) as child:
            assert child.stdout.readline() == "begun\n"
            end = time.monotonic() + 60
            while not any(".rds" in entry.target for entry in gate.log) and time.monotonic() < end:
                time.sleep(0.05)
            child.send_signal(signal.SIGINT)
            out, err = child.communicate(timeout=60)
        asked = sum(".rds" in entry.target for entry in gate.log)
    seaweedfs.client.delete_bucket(Bucket=bucket)
    assert (out, err, child.returncode) == ("stopped []\n", "", 0)
    assert asked <= 2 * pool.WAITERS
