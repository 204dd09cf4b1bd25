"""What somebody who gets a link is told."""

from __future__ import annotations

import shlex
from datetime import UTC, datetime
from email.policy import default
from urllib.parse import parse_qs, urlsplit

import pytest

from crossframe.letters import invitation, plea, told
from crossframe.snippets import loading, uploading

END = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
LINK = "https://s3.lab/b/d.rds?X-Amz-Signature=0a%2F"


def test_a_letter_has_the_link_its_end_and_how_to_load_it() -> None:
    letter = invitation("d.rds", LINK, END)
    assert letter.subject == "Data for you: d.rds"
    assert f"\n  {LINK}\n" in letter.body
    assert "until 2026-01-02 03:04 UTC" in letter.body
    for line in told(loading(LINK, "d.rds")):
        assert f"\n{line}\n" in letter.body


def test_a_plea_says_how_to_upload() -> None:
    letter = plea("d.csv", LINK, END)
    assert letter.subject == "Please send: d.csv"
    for line in told(uploading(LINK, "d.csv")):
        assert f"\n{line}\n" in letter.body


def test_the_lines_of_a_language_stand_below_each_other() -> None:
    assert told({"R": "one", "Python": "two\nthree"}) == ["  R:      one", "  Python: two", "          three"]


def test_a_mail_program_gets_it_whole() -> None:
    letter = invitation("a & b?.rds", LINK, END)
    parts = urlsplit(letter.mailto)
    assert parts.scheme == "mailto"
    told = {name: values[0] for name, values in parse_qs(parts.query, strict_parsing=True).items()}
    assert told["subject"] == letter.subject
    assert told["body"] == letter.body.replace("\n", "\r\n")


def test_a_name_begins_no_other_line() -> None:
    letter = invitation("x\r\nBcc: all@lab\n\n.rds", LINK, END)
    assert "\n" not in letter.subject
    assert "\nBcc" not in letter.body
    assert default.header_factory("subject", letter.subject) == letter.subject


@pytest.mark.parametrize("name", ["it's.bin", "$(reboot).rds", "a b.csv", "-x"])
def test_the_shell_reads_the_lines_as_they_are_meant(name: str) -> None:
    assert shlex.split(loading(LINK, name)["Shell"]) == ["curl", "--output", name, LINK]
    assert shlex.split(uploading(LINK, name)["Shell"]) == ["curl", "--upload-file", name, LINK]
