"""Several requests at once: in order, bounded, and over once one fails."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest

from crossframe.stores.s3_parallel import collected, in_order, one_behind

if TYPE_CHECKING:
    from collections.abc import Iterator

# Far beyond what a busy machine takes: a test that waits that long has failed.
PATIENCE_S = 60


class TestCollected:
    def test_results_are_in_order(self) -> None:
        assert collected(lambda x: x * x, range(100), at_once=5) == [x * x for x in range(100)]
        assert collected(str, [], at_once=5) == []

    def test_a_slow_one_holds_up_no_other(self) -> None:
        others = threading.Semaphore(0)

        def work(number: int) -> int:
            if number == 0:
                # All the others, while this one is under way.
                assert all(others.acquire(timeout=PATIENCE_S) for _ in range(19))
            else:
                others.release()
            return number

        assert collected(work, range(20), at_once=2) == list(range(20))

    def test_no_more_are_taken_than_there_is_room_for(self) -> None:
        lock = threading.Lock()
        under_way, most = 0, 0

        def items() -> Iterator[int]:
            nonlocal under_way, most
            for number in range(50):
                with lock:
                    under_way += 1
                    most = max(most, under_way)
                yield number

        def work(_: int) -> None:
            nonlocal under_way
            with lock:
                under_way -= 1

        collected(work, items(), at_once=3)
        # Three, and the one that waits.
        assert most <= 4

    def test_a_failure_ends_it(self) -> None:
        begun: list[int] = []

        def work(number: int) -> None:
            begun.append(number)
            if number == 3:
                raise ValueError("the third")

        with pytest.raises(ValueError, match="the third"):
            collected(work, range(1000), at_once=2)
        assert len(begun) < 10

    def test_a_failure_of_the_items_ends_it(self) -> None:
        def items() -> Iterator[int]:
            yield 1
            raise OSError("no more")

        with pytest.raises(OSError, match="no more"):
            collected(str, items(), at_once=2)


class TestInOrder:
    def test_results_are_in_order(self) -> None:
        assert list(in_order(str, range(50), at_once=4)) == [str(x) for x in range(50)]


class TestOneBehind:
    def test_each_in_its_turn(self) -> None:
        seen: list[int] = []
        one_behind(seen.append, range(100))
        assert seen == list(range(100))
        one_behind(seen.append, [])

    def test_the_next_is_made_meanwhile(self) -> None:
        made = threading.Event()

        def items() -> Iterator[int]:
            yield 1
            made.set()
            yield 2

        def work(_: int) -> None:
            assert made.wait(PATIENCE_S)

        one_behind(work, items())

    def test_a_failure(self) -> None:
        with pytest.raises(ZeroDivisionError):
            one_behind(lambda x: 1 // x, [1, 0, 1])
