"""Columns side by side: results, losses and errors as if one came after the other."""

from __future__ import annotations

import threading

import pytest

from crossframe.columnwise import convert_each
from crossframe.losses import Losses

FEW, MANY = 10, 1 << 20


@pytest.mark.parametrize("rows", [FEW, MANY])
def test_results_and_losses_come_in_the_order_of_the_columns(rows, monkeypatch):
    monkeypatch.setattr("os.cpu_count", lambda: 2)
    first_may_end = threading.Event()

    def convert(name: str, losses: Losses) -> str:
        if name == "b":
            first_may_end.set()
        elif rows == MANY:  # the second ends before the first
            assert first_may_end.wait(10)
        losses.add(name, 1, "x", "lost")
        return name.upper()

    losses = Losses()
    losses.add("before", 1, "x", "lost")
    assert convert_each(convert, ["a", "b"], rows, losses) == ["A", "B"]
    assert [loss.column for loss in losses.found] == ["before", "a", "b"]


@pytest.mark.parametrize("rows", [FEW, MANY])
def test_the_first_error_is_told_and_no_thread_is_left(rows):
    def convert(name: str, losses: Losses) -> str:
        losses.add(name, 1, "x", "lost")
        if name != "a":
            raise ValueError(name)
        return name

    before, losses = threading.active_count(), Losses()
    with pytest.raises(ValueError, match="b"):
        convert_each(convert, ["a", "b", "c"], rows, losses)
    assert threading.active_count() == before


def test_no_columns():
    assert convert_each(lambda name, losses: name, [], MANY, Losses()) == []
