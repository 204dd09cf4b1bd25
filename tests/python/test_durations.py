"""Lengths of time that JSON can't hold; the others are vectors in ``conformance/keys``."""

from datetime import timedelta

import pytest

from crossframe import durations, errors


def test_a_timedelta():
    assert durations.seconds_of(timedelta(hours=1, milliseconds=900)) == 3600
    assert durations.days_of(timedelta(weeks=1)) == 7
    with pytest.raises(errors.UsageError):
        durations.seconds_of(timedelta(seconds=-1))


@pytest.mark.parametrize("odd", [float("nan"), float("inf"), 10**400, None, b"1d", [1]])
def test_what_is_no_length_of_time(odd):
    with pytest.raises(errors.UsageError, match="as a length of time"):
        durations.seconds_of(odd)


def test_the_message_says_how_to_write_it():
    with pytest.raises(errors.UsageError) as caught:
        durations.seconds_of("1 day")
    assert "'1 day'" in caught.value.problem
    assert '"1d"' in caught.value.hint
