"""Any order of saving, finding and loading many keys, on every store, against a dict."""

from __future__ import annotations

import itertools

import hypothesis.strategies as st
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import RuleBasedStateMachine, rule, run_state_machine_as_test

import crossframe as cf
from crossframe import errors, stores
from places import KINDS, make_place

SITES = st.sampled_from(["a", "ab", "b c", "\u00fc", "Z"])
NUMBERS = st.integers(0, 3)
FORMATS = st.sampled_from(["rds", "parquet", "csv"])
VALUES = st.lists(st.integers(-5, 5) | st.none(), max_size=3)
GROUPS = st.dictionaries(st.tuples(SITES, NUMBERS), VALUES, max_size=6)


class Machine(RuleBasedStateMachine):
    """The dict has the values of each key's one column."""

    store: stores.Store

    def __init__(self):
        super().__init__()
        self.known = {}
        for meta in list(self.store.list()):
            self.store.delete(meta.key)

    @staticmethod
    def table(values):
        return pa.table({"x": pa.array(values, pa.int32())})

    def chosen(self, pattern_format, sites=None):
        return {
            key: values
            for key, values in sorted(self.known.items())
            if key.endswith("." + pattern_format) and (sites is None or key.split("/")[1] in sites)
        }

    @rule(groups=GROUPS, format=FORMATS, atomic=st.booleans())
    def save_named(self, groups, format, atomic):
        saved = cf.save_many(
            {name: self.table(values) for name, values in groups.items()},
            f"runs/{{site}}/{{n:int}}.{format}",
            atomic=atomic,
        )
        written = {f"runs/{site}/{n}.{format}": values for (site, n), values in groups.items()}
        assert [one.key for one in saved] == sorted(written)
        assert [one.rows for one in saved] == [len(written[key]) for key in sorted(written)]
        self.known |= written

    @rule(rows=st.lists(st.tuples(SITES, st.integers(-5, 5)), min_size=1, max_size=6), format=FORMATS)
    def save_groups(self, rows, format):
        table = pa.table(
            {"site": [site for site, _ in rows], "x": pa.array([x for _, x in rows], pa.int32())}
        )
        cf.save_many(table, f"runs/{{site}}/9.{format}", by="site")
        for site in {site for site, _ in rows}:
            self.known[f"runs/{site}/9.{format}"] = [x for other, x in rows if other == site]

    @rule(groups=GROUPS, format=FORMATS)
    def refuse_what_is_taken(self, groups, format):
        keys = {f"runs/{site}/{n}.{format}": values for (site, n), values in groups.items()}
        taken = [key for key in keys if key in self.known]
        named = {name: self.table(values) for name, values in groups.items()}
        if not taken:
            return
        with pytest.raises(errors.BatchError) as raised:
            cf.save_many(named, f"runs/{{site}}/{{n:int}}.{format}", atomic=True, overwrite=False)
        assert set(raised.value.errors) <= set(taken)
        assert raised.value.done == ()

    @rule(data=st.data())
    def delete(self, data):
        if self.known:
            key = data.draw(st.sampled_from(sorted(self.known)))
            cf.delete(key)
            del self.known[key]

    @rule(format=FORMATS, sites=st.none() | st.lists(SITES, max_size=3))
    def find(self, format, sites):
        where = None if sites is None else {"site": sites}
        found = cf.find(f"runs/{{site}}/{{n:int}}.{format}", where=where)
        wanted = self.chosen(format, sites)
        assert list(found["key"]) == list(wanted)
        fields = zip(found["site"], found["n"], strict=True)
        assert [f"runs/{site}/{n}.{format}" for site, n in fields] == list(wanted)

    @rule(format=FORMATS, left_out=SITES, prefetch=st.integers(1, 3))
    def load(self, format, left_out, prefetch):
        pattern, exclude = f"runs/{{site}}/{{n:int}}.{format}", f"runs/{left_out}/"
        wanted = {key: x for key, x in self.chosen(format).items() if key.split("/")[1] != left_out}
        if not wanted:
            with pytest.raises(errors.NoMatchError):
                cf.load_many(pattern, exclude=exclude)
            return
        loaded = cf.load_many(pattern, exclude=exclude, names="key", as_="arrow", columns=["x"])
        assert {key: table["x"].to_pylist() for key, table in loaded.items()} == wanted
        assert list(loaded) == list(wanted)
        combined = cf.load_many(pattern, exclude=exclude, combine=True, as_="arrow", columns=["x"])
        assert combined["x"].to_pylist() == list(itertools.chain(*wanted.values()))
        assert combined["key"].to_pylist() == [key for key, values in wanted.items() for _ in values]
        one_by_one = cf.iter_many(
            pattern, exclude=exclude, names="key", as_="arrow", columns=["x"], prefetch=prefetch
        )
        assert [(key, table["x"].to_pylist()) for key, table in one_by_one] == list(wanted.items())

    @rule()
    def nothing_else_is_there(self):
        schemas = {key + ".schema.json" for key in self.known if key.endswith(".csv")}
        assert {meta.key for meta in self.store.list()} == {*self.known, *schemas}


@pytest.mark.parametrize("kind", KINDS)
def test_machine(kind, request, tmp_path, monkeypatch):
    place = make_place(kind, request, tmp_path / "root")

    def resolve(text, *, root=None, options=None):
        return stores.Location(place.store, "" if text == "." else str(text))

    for name in ("api", "deletion", "matching", "plans"):
        monkeypatch.setattr(f"crossframe.{name}.resolve", resolve)
    run_state_machine_as_test(
        type("Machine", (Machine,), {"store": place.store}),
        settings=settings(
            max_examples=8 if kind in ("memory", "folder") else 3,
            stateful_step_count=12,
            deadline=None,
            derandomize=True,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
    for meta in list(place.store.list()):
        place.store.delete(meta.key)
