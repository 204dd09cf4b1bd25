"""Damaged bytes of every format give an error of ours or a table, and nothing else.

What the native parts do on damage is shown byte by byte in ``tests/fuzz``; here the whole way of each reader
is taken, on a sample.
"""

from __future__ import annotations

import random
import sys
import time
import warnings
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "fuzz"))
import targets

from crossframe import errors

# For each reader; a longer run is part of `make fuzz`.
SECONDS = 4


def check(name, data):
    """Read ``data``; any foreign error is the test's own failure, with the bytes that made it."""
    try:
        targets.READERS[name](data)
    except errors.CrossframeError:
        pass
    except BaseException as error:
        error.add_note(f"{name}: {bytes(data[:2000])!r}")
        raise


def damaged(data, chance, times):
    """Yield some truncations of ``data``, and some copies with one byte changed."""
    for at in sorted(chance.sample(range(len(data)), min(times, len(data)))):
        yield data[:at]
        for flip in (0xFF, 0x01, 0x80):
            changed = bytearray(data)
            changed[at] ^= flip
            yield bytes(changed)


@pytest.mark.parametrize("name", targets.READERS)
def test_damage_is_ours(name):
    seeds = targets.seeds(name)
    chance = random.Random(1)
    chance.shuffle(seeds)
    end = time.monotonic() + SECONDS
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", errors.CrossframeWarning)
        for seed in seeds:
            check(name, seed)
        while time.monotonic() < end:
            for data in damaged(chance.choice(seeds), chance, 4):
                check(name, data)
            check(name, targets.mutated(seeds, chance))
