"""The command's verbs on stores: what they print, ask and leave behind."""

from __future__ import annotations

import io
import json
import re
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pytest

import crossframe as cf
from crossframe import cli, errors

COMMANDS = [
    "mv",
    "rm",
    "share",
    "request",
    "publish",
    "unpublish",
    "expire",
    "versions",
    "restore",
    "cleanup",
    "mb",
    "find",
]
on_seaweedfs = pytest.mark.parametrize("bucket", ["seaweedfs"], indirect=True)


@pytest.fixture
def run(capsys):
    def call(*arguments, code=0):
        capsys.readouterr()
        assert cli.run(arguments) == code
        got = capsys.readouterr()
        assert "Traceback" not in got.err
        return got.out if code == 0 else got.err

    return call


@pytest.fixture
def runs(place):
    for name in ("a.csv", "b.csv", "c.rds"):
        cf.save(pa.table({"x": [1.5]}), f"runs/{name}")


def answers(monkeypatch, text):
    class Terminal(io.StringIO):
        def isatty(self):
            return True

    monkeypatch.setattr(sys, "stdin", Terminal(text))


def test_files_there_and_back(place, run):
    Path("up").mkdir()
    Path("up/a b.txt").write_text("hello")
    assert run("cp", "./up/a b.txt", "deep/").endswith(
        "deep/a b.txt\n" if place.is_s3 else "deep/a%20b.txt\n"
    )
    run("cp", "deep/a b.txt", ".")
    run("cp", "deep/", f"{Path.cwd()}/down/")
    run("mv", "deep/a b.txt", "./moved.txt")
    assert {
        path: Path(path).read_text() for path in ("a b.txt", "down/a b.txt", "moved.txt")
    } == dict.fromkeys(("a b.txt", "down/a b.txt", "moved.txt"), "hello")
    run("mv", "./moved.txt", "back.txt")
    assert not Path("moved.txt").exists()
    assert cf.find("**")["key"].tolist() == ["back.txt"]
    assert not list(Path.cwd().rglob(".crossframe*"))


def test_mv(place, run, runs):
    dry = json.loads(run("mv", "--dry-run", "--json", "runs/*.csv", "old/"))
    assert [one["target"].removeprefix(place.root + "/") for one in dry] == ["old/a.csv", "old/b.csv"]
    assert cf.find("old/")["key"].tolist() == []
    run("mv", "runs/*.csv", "old/")
    assert cf.find("**")["key"].tolist() == ["old/a.csv", "old/b.csv", "runs/c.rds"]
    assert "old/b.csv" in run("mv", "--no-overwrite", "old/a.csv", "old/b.csv", code=1)


def test_rm_one_and_many(place, run, runs, monkeypatch):
    assert run("rm", "runs/c.rds") == "runs/c.rds\n"
    assert run("rm", "--dry-run", "runs/").split() == ["runs/a.csv", "runs/b.csv"]
    assert "--yes" in run("rm", "runs/*.csv", code=1)
    answers(monkeypatch, "n\n")
    assert "Delete 2 objects, runs/a.csv to runs/b.csv?" in run("rm", "runs/*.csv", code=1)
    assert len(cf.find("runs/")) == 2
    answers(monkeypatch, "y\n")
    assert run("rm", "runs/*.csv").split() == ["runs/a.csv", "runs/b.csv"]
    assert len(cf.find("**")) == 0
    assert "Can't find object 'runs/a.csv'" in run("rm", "runs/a.csv", code=1)


def test_rm_without_asking(place, run, runs):
    assert json.loads(run("rm", "--yes", "--json", "--regex", "^runs/")) == [
        "runs/a.csv",
        "runs/b.csv",
        "runs/c.rds",
    ]
    assert "**" in run("rm", "--yes", place.root + "/", code=1)


def test_versions_restore_and_rm_of_one(place, run, runs):
    cf.save(pa.table({"x": [1.5, 2.5]}), "runs/a.csv")
    cf.delete("runs/a.csv")
    lines = run("versions", "runs/a.csv").splitlines()
    assert [re.split(r"  +", line)[2] for line in lines][:1] == ["deleted"]
    listed = json.loads(run("versions", "--json", "runs/a.csv"))
    assert [one["deleted"] for one in listed] == [True, False, False]
    assert run("restore", "runs/a.csv").endswith("bytes\n")
    assert len(cf.load("runs/a.csv")) == 2
    restored = json.loads(run("restore", "runs/a.csv", "--version", listed[2]["version"], "--json"))
    assert restored["key"] == "runs/a.csv"
    assert len(cf.load("runs/a.csv")) == 1
    before = len(cf.versions("runs/a.csv"))
    run("rm", "--dry-run", "runs/a.csv", "--version", listed[1]["version"])
    assert len(cf.versions("runs/a.csv")) == before
    run("rm", "runs/a.csv", "--version", listed[1]["version"])
    assert len(cf.versions("runs/a.csv")) == before - 1
    assert "kept" in run("info", "runs/a.csv")


@on_seaweedfs
def test_share_prints_what_loads_it(bucket, run):
    cf.save(pa.table({"x": [1.5]}), "d.rds")
    link, ends, r, python, more, shell = run("share", "d.rds", "--expires", "2h").splitlines()
    assert link.startswith("http")
    assert "Works until" in ends
    assert r.strip() == f'R:      d <- crossframe::cf_load("{link}")'
    held = {}
    exec("\n".join([python.partition("Python: ")[2], more.strip()]), held)
    assert held["d"]["x"].tolist() == [1.5]
    subprocess.run(shell.partition("Shell:")[2], shell=True, check=True, capture_output=True)
    assert Path("d.rds").exists()
    subject, empty, *letter = run("share", "d.rds", "--mail").splitlines()
    assert (subject, empty) == ("Subject: Data for you: d.rds", "")
    assert any(line.startswith("  R:      d <- crossframe::cf_load(") for line in letter)
    told = json.loads(run("share", "--json", "d.rds"))
    assert set(told) == {"link", "verb", "expires"}
    assert "7 days" in run("share", "d.rds", "-e", "8d", code=1)


@on_seaweedfs
def test_request_prints_how_to_upload(bucket, run):
    Path("it's.csv").write_text("x\n1\n")
    shell = next(line for line in run("request", "in/it's.csv").splitlines() if "Shell:" in line)
    assert "Subject: Please send: it's.csv" in run("request", "in/it's.csv", "--mail")
    subprocess.run(shell.partition("Shell:")[2], shell=True, check=True, capture_output=True)
    assert len(cf.load("in/it's.csv")) == 1


@on_seaweedfs
def test_publish_and_take_back(bucket, run):
    cf.save(pa.table({"x": [1.5]}), "open/d.rds")
    url = run("publish", "open/").strip()
    assert len(cf.load(url + "d.rds")) == 1
    assert run("unpublish", "open/") == "open/: no longer public\n"
    with pytest.raises(errors.StoreError):
        cf.load(url + "d.rds")
    assert "--yes" in run("publish", bucket.root, code=1)
    assert json.loads(run("publish", bucket.root, "--yes", "--json"))["url"].startswith("http")


def test_expire(place, run):
    assert run("expire", "tmp/", "--after", "30d") == ""
    assert run("expire", "--list").split() == ["30", "tmp/"]
    run("expire", "tmp/", "--never")
    assert json.loads(run("expire", "--list", "--json")) == []
    for wrong in ((), ("--after", "1d", "--never")):
        assert "--after 30d, or --never" in run("expire", "tmp/", *wrong, code=1)
    assert "whole number of days" in run("expire", "tmp/", "--after", "36h", code=1)


def test_cleanup(place, run):
    assert run("cleanup") == ""
    assert json.loads(run("cleanup", "--dry-run", "--json", "--older-than", "1d")) == []
    cf.save(pa.table({"x": [1.5]}), "d/.saving-0123456789abcdef/a.rds")
    (row,) = json.loads(run("cleanup", "--json", "--older-than", "0s"))
    assert (row["kind"], row["key"], row["done"]) == ("batch", "d/.saving-0123456789abcdef/a.rds", True)
    assert "length of time" in run("cleanup", "--older-than", "soon", code=1)


@pytest.mark.parametrize("place", ["folder"], indirect=True)
def test_a_folder_says_what_to_do_instead(place, run, runs):
    for verb in ("share", "request", "publish"):
        assert "crossframe serve" in run(verb, "runs/a.csv", code=1)


def test_mb(bucket, run, tmp_path):
    name = bucket.bucket + "-more"
    assert run("mb", f"s3://{name}") == f"s3://{name}\n"
    assert bucket.client.get_bucket_versioning(Bucket=name)["Status"] == "Enabled"
    assert name in run("mb", f"s3://{name}", code=1)
    assert json.loads(run("mb", "./lab", "--json"))["uri"].endswith("/lab")
    assert (tmp_path / "lab").is_dir()


def test_find(place, run, runs):
    lines = run("find", "runs/{name}.{kind}").splitlines()
    assert [line.split()[-1] for line in lines] == ["runs/a.csv", "runs/b.csv", "runs/c.rds"]
    found = json.loads(run("find", "runs/{name}.{kind}", "--json"))
    assert (found[0]["name"], found[2]["kind"], found[2]["format"]) == ("a", "rds", "rds")
    assert run("find", "--regex", r"\.rds$").split()[-1] == "runs/c.rds"
    assert run("find", "nothing/*") == ""


def test_find_less(place, run, runs):
    def keys(*arguments):
        return [line.split()[-1] for line in run("find", "runs/{name}.{kind}", *arguments).splitlines()]

    assert keys("--where", "name=a", "--where", "name=c") == ["runs/a.csv", "runs/c.rds"]
    assert keys("--exclude", "runs/a*", "--exclude", "**/*.rds") == ["runs/b.csv"]
    assert keys("--modified-before", "2000-01-01") == []
    assert len(keys("--modified-after", "2000-01-01T00:00:00Z", "--min-size", "1", "--max-size", "9999")) == 3
    assert "FIELD=VALUE" in run("find", "runs/{name}.csv", "--where", "a", code=1)
    assert "no field of the pattern" in run("find", "runs/{name}.csv", "--where", "x=a", code=1)


@pytest.mark.parametrize(
    "arguments", [["rm"], ["share"], ["mv", "one"], ["restore"], ["cleanup", "--nope"], ["mb"]]
)
def test_wrong_use(run, arguments):
    assert "Usage:" in run(*arguments, code=2)


@pytest.mark.parametrize("command", COMMANDS)
def test_help_has_an_example(run, command):
    assert command in run("--help")
    assert f"Example: crossframe {command} " in run(command, "--help")


def test_none_of_it_needs_pandas(tmp_path):
    cf.save(pa.table({"x": [1.5]}), tmp_path / "a.csv")
    script = "import atexit, sys; from crossframe.cli import main; "
    script += "atexit.register(lambda: print('pandas' in sys.modules)); main()"
    for arguments in (
        ["versions", "a.csv"],
        ["cp", "a.csv", "b.csv"],
        ["find", "*"],
        ["rm", "b.csv"],
        ["cleanup"],
    ):
        ended = subprocess.run(
            [sys.executable, "-c", script, "--root", str(tmp_path), *arguments],
            check=True,
            capture_output=True,
            text=True,
        )
        assert ended.stdout.splitlines()[-1] == "False"
