"""The loop that this is for: list the bucket, grep the keys, load each one; then the same in one call."""

from __future__ import annotations

import pandas as pd
import pytest

import crossframe as cf


@pytest.fixture(params=["moto", "seaweedfs"])
def bucket(request, use_server, monkeypatch):
    server = request.getfixturevalue(request.param)
    use_server(server)
    name = server.make_bucket()
    monkeypatch.setenv("CROSSFRAME_ROOT", f"s3://{name}")
    yield name
    if server.name != "moto":
        server.client.delete_bucket(Bucket=name)


def test_keys_without_extension_end_as_three_objects(bucket, run_r):
    run_r("seed_story.R", "save")
    found = cf.find("^foo/bar/baz/", regex=True)
    assert list(found["key"]) == ["foo/bar/baz/d", "foo/bar/baz/e", "foo/bar/baz/f"]
    assert found["format"].isna().all()

    session = cf.load_many(f"s3://{bucket}/foo/bar/baz/")
    assert list(session) == ["d", "e", "f"]
    pd.testing.assert_frame_equal(
        session["d"], pd.DataFrame({"x": [1, 2, 3]}, dtype="Int32"), check_flags=False
    )
    assert list(session["e"]["g"].cat.categories) == ["a", "b"]
    assert [str(dtype) for dtype in session["e"].dtypes] == ["category", "date32[day][pyarrow]"]
    assert session["f"]["y"].isna().tolist() == [False, True]
    assert list(cf.load_many("^foo/bar/baz/", regex=True)) == ["d", "e", "f"]
    assert [name for name, _ in cf.iter_many("foo/bar/baz/?")] == ["d", "e", "f"]

    together = cf.load_many("foo/bar/baz/{name}", combine=True)
    assert list(together.columns) == ["key", "name", "x", "g", "t", "y"]
    assert together["name"].tolist() == ["d"] * 3 + ["e"] * 2 + ["f"] * 2

    assert run_r("seed_story.R", "load").split() == ["d", "e", "f"]
