"""Keys come in byte order, whatever order a server lists in, and no more is held back than that needs."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossframe.stores import ObjectMeta
from crossframe.stores.s3_order import MOST_HELD, DisorderError, in_byte_order

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

WHEN = datetime(2024, 5, 1, tzinfo=UTC)
# Signs on both sides of the slash.
SEGMENTS = st.text("a-./0é", min_size=1, max_size=4)
KEYS = st.lists(SEGMENTS, unique=True, max_size=30)


def metas(keys: Iterable[str]) -> Iterator[ObjectMeta]:
    return (ObjectMeta(key, 1, WHEN, "etag") for key in keys)


def walked(keys: Iterable[str]) -> list[str]:
    """Return keys as a server does that walks through folders."""
    return sorted(keys, key=lambda key: key.split("/"))


class Late:
    """Answers whether a name has a later one that belongs before what is in it, and counts."""

    def __init__(self, keys: Iterable[str]) -> None:
        self.keys = list(keys)
        self.asked: list[str] = []

    def __call__(self, name: str) -> bool:
        self.asked.append(name)
        return any(name < key < f"{name}/" and key.startswith(name) for key in self.keys)


def ordered(listed: list[str], folder: str = "") -> list[str]:
    return [meta.key for meta in in_byte_order(metas(listed), folder, Late(listed))]


@given(KEYS)
def test_a_walk(keys: list[str]) -> None:
    assert ordered(walked(keys)) == sorted(keys)


@given(KEYS)
def test_bytes(keys: list[str]) -> None:
    assert ordered(sorted(keys)) == sorted(keys)


@given(KEYS)
def test_a_folder_of_it(keys: list[str]) -> None:
    below = [f"lab/{key}" for key in keys]
    assert ordered(walked(below), "lab/") == sorted(below)


@given(KEYS)
def test_large_folders(keys: list[str]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("crossframe.stores.s3_order.MOST_HELD", 2)
        assert ordered(walked(keys)) == ordered(sorted(keys)) == sorted(keys)


@given(st.permutations(["a/1", "a-b", "a.b", "a/2", "a0", "b/1/1", "b/1-1", "c"]))
def test_any_other_order_is_sorted_or_told(keys: list[str]) -> None:
    given_away: list[str] = []
    told = False
    try:
        given_away.extend(meta.key for meta in in_byte_order(metas(keys), "", Late(keys)))
    except DisorderError:
        told = True
    assert given_away == (sorted(given_away) if told else sorted(keys))


def most_held(keys: list[str], folder: str = "") -> tuple[int, list[str]]:
    """Return how many keys were held at most, and what was asked."""
    taken, most = 0, 0

    def counted() -> Iterator[ObjectMeta]:
        nonlocal taken
        for meta in metas(keys):
            taken += 1
            yield meta

    late = Late(keys)
    for given_away, _ in enumerate(in_byte_order(counted(), folder, late), 1):
        most = max(most, taken - given_away)
    return most, late.asked


def test_a_flat_folder_streams() -> None:
    assert most_held([f"lab/run-{n:05}.rds" for n in range(20_000)], "lab/") == (0, [])


def test_a_folder_is_held_until_the_next() -> None:
    keys = [f"lab/{n:05}/{m}.rds" for n in range(2_000) for m in range(10)]
    assert most_held(keys, "lab/") == (10, [])


def test_the_one_large_folder_streams_once_nothing_is_late() -> None:
    keys = walked([f"lab/{n % 2}/{n:05}.rds" for n in range(40_000)])
    most, asked = most_held(keys)
    assert most <= 2 * MOST_HELD
    assert asked == ["lab", "lab/0", "lab/1"]


def test_a_large_folder_is_held_where_something_is_late() -> None:
    keys = walked([*(f"lab/{n:05}.rds" for n in range(20_000)), "lab-old/1"])
    assert most_held(keys) == (20_000, ["lab"])


def test_the_order_of_bytes_streams_once_it_shows() -> None:
    keys = ["a-b", *(f"a/{n:05}" for n in range(20_000))]
    assert most_held(keys) == (0, [])


def test_what_is_written_meanwhile_before_what_is_gone_is_left_out() -> None:
    keys = [f"lab/{n:05}" for n in range(MOST_HELD + 10)]
    found = in_byte_order(metas([*keys, "lab-new", "z"]), "", lambda _name: False)
    assert [meta.key for meta in found] == [*keys, "z"]


def test_a_key_that_comes_twice() -> None:
    assert ordered(["a/1", "a/1", "b", "b"]) == ["a/1", "a/1", "b", "b"]
