"""What objects were before: listed, loaded, brought back; a CSV with the schema it had."""

from __future__ import annotations

import pandas as pd
import pytest

import crossframe as cf
from crossframe import api, errors, history, sidecars
from crossframe.stores import Location, MemoryStore

FRAMES = [
    pd.DataFrame({"f": pd.Categorical(["u", "v"], categories=["v", "u"], ordered=True)}),
    pd.DataFrame({"f": ["u", "w"]}),
    pd.DataFrame({"f": pd.to_datetime(["2020-01-01", None]).tz_localize("Europe/Vienna")}),
]
COLUMNS = ["key", "version", "modified", "size", "etag", "latest", "deleted"]


@pytest.fixture(params=["csv", "csv.gz", "rds"])
def key(request, place):
    key = f"runs/d.{request.param}"
    for frame in FRAMES:
        cf.save(frame, key)
    return key


def test_versions_of_a_key(key):
    listed = cf.versions(key)
    assert list(listed.columns) == COLUMNS
    assert [str(dtype) for dtype in listed.dtypes] == [
        "str",
        "str",
        listed["modified"].dtype.name,
        "Int64",
        "str",
        "bool",
        "bool",
    ]
    assert str(listed["modified"].dtype.tz) == "UTC"
    assert listed["key"].tolist() == [key] * 3
    assert listed["latest"].tolist() == [True, False, False]
    assert not listed["deleted"].any()
    assert cf.info(key).versions == 3
    assert cf.info(key).version == listed["version"][0]


def test_each_version_loads_as_it_was(key):
    for frame, version in zip(FRAMES, reversed(cf.versions(key)["version"].tolist()), strict=True):
        pd.testing.assert_frame_equal(cf.load(key, version=version), frame)
        assert cf.info(key, version=version).frames[0].rows == 2


def test_restore_a_version(key):
    oldest = cf.versions(key)["version"][2]
    stored = cf.restore(key, oldest)
    assert stored.key == key
    assert stored.bytes == cf.info(key).size
    pd.testing.assert_frame_equal(cf.load(key), FRAMES[0])
    # Nothing is lost by it.
    newest_before = cf.versions(key)["version"][1]
    pd.testing.assert_frame_equal(cf.load(key, version=newest_before), FRAMES[2])
    cf.restore(key, newest_before)
    pd.testing.assert_frame_equal(cf.load(key), FRAMES[2])


def test_undo_a_deletion(key):
    cf.delete(key)
    listed = cf.versions(key)
    assert listed["deleted"].tolist() == [True, False, False, False]
    assert listed["latest"].tolist() == [True, False, False, False]
    with pytest.raises(errors.ObjectNotFoundError):
        cf.load(key)
    cf.restore(key)
    pd.testing.assert_frame_equal(cf.load(key), FRAMES[2])
    before = cf.versions("runs/")
    cf.restore(key)
    pd.testing.assert_frame_equal(cf.versions("runs/"), before)


@pytest.mark.parametrize("place", ["folder"], indirect=True)
def test_the_same_bytes_with_other_types(place):
    text = pd.DataFrame({"f": ["u", "v"]})
    for frame in (FRAMES[0], text, FRAMES[0], text):
        cf.save(frame, "a.csv")
    listed = cf.versions("a.csv")["version"].tolist()
    for version, frame in zip(listed, (text, FRAMES[0]) * 2, strict=True):
        pd.testing.assert_frame_equal(cf.load("a.csv", version=version), frame)
    cf.restore("a.csv", listed[1])
    pd.testing.assert_frame_equal(cf.load("a.csv"), FRAMES[0])


def test_a_version_without_a_schema_has_none(place):
    cf.save(FRAMES[2], "a.csv", schema=False)
    cf.save(FRAMES[0], "a.csv")
    old = cf.versions("a.csv")["version"][1]
    assert cf.load("a.csv", version=old, as_="arrow").schema.field("f").type != FRAMES[0].dtypes["f"]
    assert str(cf.load("a.csv", version=old)["f"].dtype) != "category"


def test_versions_below_a_prefix(place):
    for name in ("runs/b.rds", "runs/a.rds", "runs.rds", "other.rds"):
        cf.save(FRAMES[0], name)
    cf.save(FRAMES[1], "runs/a.rds")
    assert cf.versions("runs/")["key"].tolist() == ["runs/a.rds", "runs/a.rds", "runs/b.rds"]
    assert cf.versions("runs.rds")["key"].tolist() == ["runs.rds"]
    assert len(cf.versions(place.root + "/")) == 5
    empty = cf.versions("nowhere/")
    assert empty.shape == (0, 7)
    assert list(empty.columns) == COLUMNS


def test_what_never_was(place):
    cf.save(FRAMES[0], "runs/first.rds")
    with pytest.raises(errors.ObjectNotFoundError, match=r"Did you mean 'runs/first\.rds'"):
        cf.versions("runs/firts.rds")
    for version in (None, "0" * 32):
        with pytest.raises(errors.ObjectNotFoundError):
            cf.restore("runs/never.rds", version)
    with pytest.raises(errors.CrossframeError):
        cf.load("runs/first.rds", version="no-such-version")


def test_the_schema_written_next_to_the_data_is_tried_first(monkeypatch):
    store = MemoryStore()
    location = Location(store, "a.csv")
    monkeypatch.setattr(api, "resolve", lambda *_, **__: location)
    for frame in FRAMES * 12:
        cf.save(frame, "a.csv")
    asked = []
    real = sidecars.stored
    monkeypatch.setattr(sidecars, "stored", lambda *args: (asked.append(args), real(*args))[1])
    versions = [one.version for one in store.versions("a.csv", exact=True)]
    pd.testing.assert_frame_equal(cf.load("a.csv", version=versions[-1]), FRAMES[0])
    assert len(asked) <= 4


def test_no_right_to_list_versions_is_a_warning(monkeypatch):
    class Closed(MemoryStore):
        def versions(self, prefix="", *, exact=False):
            raise errors.AccessDeniedError("Can't list the versions: no s3:ListBucketVersions.")

    with pytest.warns(errors.StaleSchemaWarning, match="ListBucketVersions"):
        assert sidecars.of_version(Location(Closed(), "a.csv"), 1, "x") is None


def test_a_store_without_versions():
    class Plain:
        uri = "plain://"

    with pytest.raises(errors.NotSupportedError, match="keeps none"):
        history._versioned(Location(Plain(), "a.csv"))
    assert sidecars.of_version(Location(Plain(), "a.csv"), 1, "x") is None


@pytest.mark.parametrize("text", ["", "[]", "{", '{"fields": []}', '{"fields": [], "hash": 1}'])
def test_what_is_no_schema_fits_nothing(text):
    assert not sidecars.fits(text, 0, "x")
