"""Many keys by pattern and template."""

from __future__ import annotations

import datetime as dt
import threading
import time
import weakref

import pandas as pd
import pyarrow as pa
import pytest

import crossframe as cf
from crossframe import attributes, errors, matching, pool


@pytest.fixture(autouse=True)
def root(tmp_path):
    cf.set_root(tmp_path)
    yield tmp_path
    cf.set_root(None)


@pytest.fixture
def runs():
    for site, n in (("b", 2), ("a", 10), ("a", 9)):
        cf.save(pa.table({"n": pa.array([n], pa.int32())}), f"runs/{site}/run_{n}_2024-01-0{n % 9 + 1}.csv")
    cf.save(pa.table({"x": ["other"]}), "other/x.rds")


def test_find_by_fields(runs):
    found = cf.find("runs/{site}/run_{n:int}_{day:date}.csv")
    assert list(found.columns) == ["key", "size", "modified", "etag", "format", "site", "n", "day"]
    assert list(found["key"]) == [
        "runs/a/run_10_2024-01-02.csv",
        "runs/a/run_9_2024-01-01.csv",
        "runs/b/run_2_2024-01-03.csv",
    ]
    assert [str(dtype) for dtype in found.dtypes[4:]] == ["str", "str", "Int64", "date32[day][pyarrow]"]
    assert found["day"].iloc[0] == dt.date(2024, 1, 2)
    assert set(found["format"]) == {"csv"}


def test_find_nothing_is_a_frame_without_rows(runs):
    found = cf.find("nowhere/{n:int}.csv")
    assert found.shape == (0, 6)
    assert str(found["n"].dtype) == "Int64"


@pytest.mark.parametrize(
    ("pattern", "regex", "count"),
    [
        ("", False, 4),
        ("runs/", False, 3),
        ("runs/*", False, 0),
        ("**/*.{csv,rds}", False, 4),
        ("^runs/a/", True, 2),
        (r"\.rds$", True, 1),
    ],
)
def test_find_patterns_leave_sidecars_out(runs, root, pattern, regex, count):
    assert (root / "runs/b/run_2_2024-01-03.csv.schema.json").exists()
    assert len(cf.find(pattern, regex=regex)) == count
    assert len(cf.find(str(root) + "/" + pattern)) == count or regex


def test_a_sidecar_alone_is_data(root, runs):
    (root / "runs/b/run_2_2024-01-03.csv").unlink()
    assert list(cf.find("runs/b/")["key"]) == ["runs/b/run_2_2024-01-03.csv.schema.json"]
    assert len(cf.find("runs/a/run_9_2024-01-01.csv.*")) == 0


@pytest.mark.parametrize(
    "exclude", ["runs/a/*", "./runs/a/", "{root}/runs/a/**", ["file://{root}/runs/a/", "none/*"]]
)
def test_left_out_is_written_as_the_pattern_is(runs, root, exclude):
    given = (
        exclude.format(root=root) if isinstance(exclude, str) else [one.format(root=root) for one in exclude]
    )
    assert [one.fields["n"] for one in matching.matches("runs/**/run_{n:int}_*", exclude=given)] == [2]
    assert [
        one.fields["n"] for one in matching.matches(f"{root}/runs/**/run_{{n:int}}_*", exclude=given)
    ] == [2]


def test_left_out_lies_where_the_pattern_looks(runs, tmp_path_factory):
    with pytest.raises(errors.UsageError, match="not where the pattern looks"):
        matching.matches("runs/", exclude="s3://lab/runs/a/")


def test_load_many_in_key_order(runs):
    loaded = cf.load_many("runs/")
    assert list(loaded) == ["run_10_2024-01-02", "run_9_2024-01-01", "run_2_2024-01-03"]
    assert [int(frame["n"].iloc[0]) for frame in loaded.values()] == [10, 9, 2]
    by_key = cf.load_many("runs/a/", names="key", as_="arrow")
    assert list(by_key) == ["runs/a/run_10_2024-01-02.csv", "runs/a/run_9_2024-01-01.csv"]
    assert by_key["runs/a/run_9_2024-01-01.csv"]["n"].to_pylist() == [9]


def test_rdata_goes_by_the_names_inside():
    cf.save({"x": pa.table({"a": [1.5]}), "y": pa.table({"a": [2.5]})}, "z/both", format="rdata")
    assert list(cf.load_many("z/")) == ["x", "y"]
    assert list(cf.load_many("z/", names="key")["z/both"]) == ["x", "y"]
    cf.save(pa.table({"a": [1.5]}), "z/x.parquet")
    with pytest.raises(errors.NameClashError, match=r"name 'x'.*\n  keys 'z/both' and 'z/x.parquet'"):
        cf.load_many("z/")


def test_one_name_twice_is_found_before_loading(root):
    for key in ("p/a.csv", "p/q/a.parquet"):
        cf.save(pa.table({"x": [1.5]}), key)
    (root / "p/a.csv").write_bytes(b"\xff")
    with pytest.raises(errors.NameClashError, match=r"keys 'p/a.csv' and 'p/q/a.parquet'"):
        cf.load_many("p/")


@pytest.fixture
def damaged(root):
    for name in "abcd":
        cf.save(pa.table({"x": [1.5]}), f"d/{name}.parquet")
    for name in "bc":
        (root / f"d/{name}.parquet").write_bytes(b"PAR1 but no more")


def test_on_error(damaged):
    with pytest.raises(errors.DecodeError, match=r"d/b\.parquet"):
        cf.load_many("d/")
    with pytest.raises(errors.BatchError, match=r"(?s)Can't load 2 keys.*'d/b.parquet'.*'d/c.parquet'"):
        cf.load_many("d/", on_error="collect")
    with pytest.warns(errors.CrossframeWarning, match=r"Skipped 'd/[bc]\.parquet'") as caught:
        assert list(cf.load_many("d/", on_error="skip")) == ["a", "d"]
    assert len(caught) == 2


def test_nothing_matches(runs):
    with pytest.raises(errors.NoMatchError) as caught:
        cf.load_many("runs/z*.csv")
    assert "Can't find a key that matches 'runs/z*.csv'." in str(caught.value)
    assert "Looked below 'runs/z' in file://" in str(caught.value)


@pytest.mark.parametrize("option", [{"names": "file"}, {"on_error": "ignore"}])
def test_options_have_given_values(option):
    with pytest.raises(errors.UsageError, match="must be one of"):
        cf.load_many("x/", **option)


def test_save_many_by_name():
    saved = cf.save_many({"b": pa.table({"x": [1.5]}), "a": pd.DataFrame({"x": [2.5]})}, "m/{name}.parquet")
    assert [one.key for one in saved] == ["m/a.parquet", "m/b.parquet"]
    assert {name: float(frame["x"].iloc[0]) for name, frame in cf.load_many("m/").items()} == {
        "a": 2.5,
        "b": 1.5,
    }


def test_save_many_with_several_fields():
    cf.save_many({("x", 1): pa.table({"a": [1.5]}), ("y", 2): pa.table({"a": [1.5]})}, "m/{site}/{n:int}.csv")
    assert list(cf.find("m/{site}/{n:int}.csv")["n"]) == [1, 2]


@pytest.mark.parametrize("kind", [pd.DataFrame, pa.table])
def test_save_many_by_groups(kind):
    frame = kind({"site": ["b", "a", "b"], "n": [1, 1, 1], "x": [0.5, 1.5, 2.5]})
    saved = cf.save_many(frame, "g/{site}_{n:int}.parquet", by=["site", "n"])
    assert [(one.key, one.rows) for one in saved] == [("g/a_1.parquet", 1), ("g/b_1.parquet", 2)]
    assert list(cf.load("g/b_1.parquet")["x"]) == [0.5, 2.5]
    assert list(cf.load("g/b_1.parquet").columns) == ["site", "n", "x"]


def test_groups_of_polars():
    polars = pytest.importorskip("polars")
    frame = polars.DataFrame({"site": ["b", "a", "b"], "x": [0.5, 1.5, 2.5]})
    for kind in (polars.String, polars.Categorical):
        cf.save_many(frame.with_columns(polars.col("site").cast(kind)), "g/{site}.rds")
        assert cf.load("g/b.rds", as_="arrow").to_pydict() == {"site": ["b", "b"], "x": [0.5, 2.5]}


def test_groups_keep_their_row_names():
    names = attributes.from_python(["r1", "r2", "r3"], "row.names")
    table = attributes.RMetadata(attributes={"row.names": names}).apply(pa.table({"g": ["u", "v", "u"]}))
    cf.save_many(table, "g/{g}.rds")
    kept = attributes.RMetadata.of(cf.load("g/u.rds", as_="arrow").schema).attributes["row.names"]
    assert attributes.to_array(kept).to_pylist() == ["r1", "r3"]


def test_rows_that_are_only_counted_are_counted_anew_in_each_group():
    cf.save_many(pd.DataFrame({"g": ["u", "v", "u"]}), "g/{g}.rds")
    assert cf.load("g/u.rds").index.equals(pd.RangeIndex(2))
    cf.save_many(pd.DataFrame({"g": ["u", "v", "u"]}, index=[7, 8, 9]), "named/{g}.rds")
    assert cf.load("named/u.rds").index.tolist() == [7, 9]


def test_save_many_checks_every_key_before_it_writes(root):
    with pytest.raises(errors.InvalidKeyError):
        cf.save_many({"a": pa.table({"x": [1]}), "b/c": pa.table({"x": [1]})}, "m/{name}.csv")
    with pytest.raises(errors.InvalidKeyError):
        cf.save_many(pd.DataFrame({"g": ["a", None]}), "m/{g}.csv")
    assert list(root.iterdir()) == []


@pytest.mark.parametrize(
    ("frames", "template", "by"),
    [
        ({"a": 1}, "m/{x}/{y}.csv", None),
        ({"a": 1}, "m.csv", None),
        ({"a": 1}, "m/{x}.csv", "x"),
        (pd.DataFrame({"x": [1]}), "m/{y}.csv", None),
        (pd.DataFrame({"x": [1]}), "m/{y}.csv", "x"),
        (pd.DataFrame({"x": [1]}), "m.csv", None),
    ],
)
def test_save_many_says_what_does_not_fit(frames, template, by):
    with pytest.raises(errors.UsageError):
        cf.save_many(frames, template, by=by)


@pytest.mark.parametrize(
    ("frame", "kind", "match"),
    [
        (pa.table([["a"], ["b"]], names=["g", "g"]), errors.DuplicateColumnError, "'g'"),
        (pd.DataFrame([["a", "b"]], columns=["g", "g"]), errors.DuplicateColumnError, "'g'"),
        (pa.table({"g": [["a"]]}), errors.UsageError, "Can't group by 'g'.*\n.*list"),
        (pd.DataFrame({"g": [["a"]]}), errors.UsageError, "Can't group by 'g'.*\n.*list"),
    ],
)
def test_what_can_not_be_grouped(frame, kind, match):
    with pytest.raises(kind, match=match):
        cf.save_many(frame, "m/{g}.csv")


def test_save_many_takes_what_save_takes():
    cf.save_many({"a": pa.table({"x": [1.5]})}, "m/{name}.csv", schema=False, compression="none")
    with pytest.raises(errors.ObjectExistsError):
        cf.save_many({"a": pa.table({"x": [1.5]})}, "m/{name}.csv", overwrite=False)


def test_the_pool_is_bounded_and_keeps_order():
    running, most, lock = 0, 0, threading.Lock()

    def work(n):
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        time.sleep(0.001 * (n % 3))
        with lock:
            running -= 1
        return n * n

    assert [future.result() for _, future in pool.in_order(work, range(100), 4)] == [
        n * n for n in range(100)
    ]
    assert 1 < most <= 4


def test_closing_the_pool_early_drops_the_rest():
    begun = []
    done = pool.in_order(begun.append, range(1000), 2)
    next(done)
    done.close()
    assert len(begun) < 1000


def threads_of_ours():
    return [one for one in threading.enumerate() if one.name.startswith("crossframe")]


def interrupt_the_start(number, monkeypatch):
    start, started = threading.Thread.start, []

    def interrupted(thread):
        start(thread)
        started.append(thread)
        if len(started) == number:
            raise KeyboardInterrupt

    monkeypatch.setattr(threading.Thread, "start", interrupted)


@pytest.mark.parametrize("way", [pool.in_two_steps, pool.fetch_ahead])
class TestFetchAndWork:
    @pytest.mark.parametrize("count", [0, 1, 47, 100, 500])
    def test_in_order(self, way, count):
        done = way(str, lambda n, text: (n, text), range(count))
        assert list(done) == [(n, str(n)) for n in range(count)]

    def test_closed_early(self, way):
        fetched, worked = [], []
        done = way(fetched.append, lambda n, _: worked.append(n), range(1000))
        next(done)
        done.close()
        assert len(worked) <= len(fetched) < 1000
        assert not threads_of_ours()

    @pytest.mark.parametrize("step", ["fetch", "work"])
    def test_what_is_raised_is_raised_here(self, way, step):
        def fail(name, n):
            if name == step and n == 20:
                raise LookupError(name)

        done = way(lambda n: fail("fetch", n), lambda n, _: fail("work", n) or n, range(1000))
        given = []
        with pytest.raises(LookupError, match=step):
            given.extend(done)
        assert not threads_of_ours()

    def test_an_interrupt_while_a_thread_starts_leaves_none_running(self, way, monkeypatch):
        interrupt_the_start(3, monkeypatch)
        with pytest.raises(KeyboardInterrupt):
            # The third thread's takes longest.
            list(way(lambda n: time.sleep(0.05 * n * n), lambda n, _: n, range(100)))
        assert not threads_of_ours()

    def test_what_comes_late_holds_up_no_other_fetch(self, way):
        late = threading.Event()
        begun = []

        def fetch(n):
            begun.append(n)
            # All that there is room for are on their way before the first has come.
            if len(begun) == pool.WAITERS:
                late.set()
            assert late.wait(60)
            return n

        assert list(way(fetch, lambda n, _: n, range(100))) == list(range(100))


@pytest.mark.parametrize("most", [1, 2, 5, 8, 48])
def test_in_two_steps_holds_no_more_than_most(most):
    held, seen, lock = 0, 0, threading.Lock()

    class Held:
        """What was fetched, or made of it: it counts from before the one until the other is let go."""

    def add(number):
        nonlocal held, seen
        with lock:
            held += number
            seen = max(seen, held)

    def fetch(n):
        add(1)
        return n

    def work(n, fetched):
        assert n == fetched
        made = Held()
        weakref.finalize(made, add, -1)
        return made

    for one in pool.in_two_steps(fetch, work, range(100), most=most):
        time.sleep(0.001)
        del one
    assert 0 < seen <= most
    assert held == 0


def test_fetch_ahead_is_bounded_and_works_in_the_callers_thread():
    ahead, most, lock = 0, 0, threading.Lock()

    def fetch(_):
        nonlocal ahead, most
        with lock:
            ahead += 1
            most = max(most, ahead)

    def work(_, __):
        nonlocal ahead
        with lock:
            ahead -= 1
        return threading.current_thread()

    assert set(pool.fetch_ahead(fetch, work, range(2000))) == {threading.current_thread()}
    assert pool.WAITERS < most <= 4 * pool.WAITERS


def test_root_that_is_a_prefix_is_no_pattern(monkeypatch):
    from crossframe import stores

    memory = stores.MemoryStore("memory")
    below = stores.PrefixStore(memory, "a[b/")
    for key in ("a[b/x.csv", "a[b/y.csv", "ab/z.csv"):
        memory.put(key, b"x\n1\n")
    monkeypatch.setattr(
        matching,
        "resolve",
        lambda text, options=None: stores.Location(below, text.removeprefix(".")),
    )
    assert [match.meta.key for match in matching.matches("*.csv")] == ["x.csv", "y.csv"]
    assert [match.meta.key for match in matching.matches("")] == ["x.csv", "y.csv"]
    assert [match.meta.key for match in matching.matches("^y", regex=True)] == ["y.csv"]
