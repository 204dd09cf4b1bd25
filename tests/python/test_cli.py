"""The command: what it prints, its exit codes, and that help does not wait."""

from __future__ import annotations

import json
import re
import resource
import subprocess
import sys
from datetime import UTC, datetime

import pyarrow as pa
import pytest

import crossframe as cf
from crossframe import cli, listing, matching
from crossframe.cli.completion import complete_place
from crossframe.cli.tables import fit
from crossframe.errors import UnavailableError
from crossframe.stores import Location, ObjectMeta

COMMANDS = ["ls", "info", "head", "cp", "convert", "check", "doctor"]
SLOW = {"boto3", "pandas", "pyarrow", "rich.progress"}


@pytest.fixture(autouse=True)
def root(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("CROSSFRAME_ROOT", raising=False)
    yield tmp_path
    cf.set_root(None)


@pytest.fixture
def runs():
    for name in "ab":
        cf.save(pa.table({"x": [1.5, None, 0.1], "s": ["one", "two\nlines", None]}), f"runs/{name}.csv")
    cf.save({"d": pa.table({"x": [1.5]}), "e": pa.table({"x": [True]})}, "runs/both.RData")


@pytest.fixture
def run(capsys):
    def call(*arguments, code=0):
        assert cli.run(arguments) == code
        got = capsys.readouterr()
        assert "Traceback" not in got.err
        return got.out if code == 0 else got.err

    return call


def test_ls(run, runs):
    assert run("ls").split() == ["runs/"]
    lines = run("ls", "runs").splitlines()
    assert [line.split()[-1] for line in lines] == [
        "runs/a.csv",
        "runs/a.csv.schema.json",
        "runs/b.csv",
        "runs/b.csv.schema.json",
        "runs/both.RData",
    ]
    listed = json.loads(run("ls", "--recursive", "--json"))
    assert listed[0]["key"] == "runs/a.csv"
    assert set(listed[0]) == {"key", "size", "modified", "etag"}


def test_root_option(run, runs, root):
    assert run("--root", str(root / "runs"), "ls").splitlines()[0].split()[-1] == "a.csv"


def test_info(run, runs):
    text = run("info", "runs/a.csv")
    assert "csv, 39 bytes" in text or "csv, " in text
    assert "a: 3 rows x 2 columns" in text
    assert text.splitlines()[-2].split()[:4] == ["x", "numeric", "double", "float64"]
    told = json.loads(run("info", "runs/both.RData", "--json"))
    assert [frame["name"] for frame in told["frames"]] == ["d", "e"]


def test_head(run, runs):
    assert run("head", "runs/a.csv", "-n", "2").splitlines() == [
        "      x  s",
        "numeric  character",
        "float64  str",
        "    1.5  one",
        "         two\\nlines",
        "... 3 rows in all",
    ]
    assert json.loads(run("head", "runs/a.csv", "-n", "1", "--json")) == [{"x": 1.5, "s": "one"}]
    assert "d:\n" in run("head", "runs/both.RData")
    assert run("head", "runs/both.RData", "--name", "e").split() == ["x", "logical", "boolean", "True"]


def test_cp_one_and_its_schema(run, runs, root):
    assert run("cp", "runs/a.csv", "c.csv").endswith("/c.csv\n")
    assert (root / "c.csv").read_bytes() == (root / "runs/a.csv").read_bytes()
    assert (root / "c.csv.schema.json").exists()
    (root / "copies").mkdir()
    run("cp", "runs/a.csv", "copies")
    run("cp", "runs/b.csv", "./copies/")
    run("cp", "runs/b.csv", "new/")
    assert sorted(path.name for path in (root / "copies").glob("*.csv")) == ["a.csv", "b.csv"]
    assert (root / "new/b.csv").exists()


def test_cp_by_pattern(run, runs, root):
    told = json.loads(run("cp", "runs/*.csv", "out/", "--json"))
    assert [one["target"].rpartition("/")[2] for one in told] == ["a.csv", "b.csv"]
    assert len(list((root / "out").iterdir())) == 4
    run("cp", "runs/", "all/")
    run("cp", "runs", "all2/")
    assert len(list((root / "all").iterdir())) == len(list((root / "all2").iterdir())) == 5
    run("cp", "--regex", "^runs/both", "re/")
    assert (root / "re/both.RData").exists()
    assert cf.load("out/a.csv", as_="arrow").equals(cf.load("runs/a.csv", as_="arrow"))


def test_cp_keeps_levels(run, runs, root):
    cf.save(pa.table({"x": [1.5]}), "deep/p/q/x.parquet")
    run("cp", "deep/**", "flat/")
    assert (root / "flat/p/q/x.parquet").exists()


def test_cp_of_a_path_with_a_dot_is_local_whatever_the_root(run, runs, root):
    (root / "elsewhere").mkdir()
    run("--root", str(root / "elsewhere"), "cp", "./runs/a.csv", "kept/a.csv")
    assert (root / "elsewhere/kept/a.csv").exists()
    run("--root", str(root / "elsewhere"), "cp", "kept/a.csv", ".")
    assert (root / "a.csv").exists()


def test_cp_dry_run_and_no_overwrite(run, runs, root):
    run("cp", "--dry-run", "runs/*.csv", "out/")
    assert not (root / "out").exists()
    assert "runs/b.csv" in run("cp", "--no-overwrite", "runs/a.csv", "runs/b.csv", code=1)


def test_cp_many_to_one_key(run, runs):
    assert "Can't copy 2 objects to one key 'x.csv'" in run("cp", "runs/*.csv", "x.csv", code=1)


def test_cp_two_to_one_name(run, runs):
    cf.save(pa.table({"x": [1.5]}), "runs/a/b.csv")
    copies = json.loads(run("cp", "--dry-run", "--json", "runs/**/b.csv", "out/"))
    assert [copy["target"].rpartition("/out/")[2] for copy in copies] == ["a/b.csv", "b.csv"]


@pytest.fixture
def at_terminal(monkeypatch):
    """Return a function that runs the command as if somebody watched."""
    for name, value in {"TERM": "xterm", "FORCE_COLOR": "1", "COLUMNS": "60"}.items():
        monkeypatch.setenv(name, value)

    def call(*arguments):
        monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
        monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
        return cli.run(arguments)

    return call


def test_progress_bar(runs, capsys, at_terminal):
    assert at_terminal("cp", "runs/", "out/") == 0
    got = capsys.readouterr()
    assert "out/a.csv" in got.out
    assert "copying" in got.err


@pytest.mark.parametrize("command", [["cp", "./big", "key"], ["cp", "big", "./down"], ["mv", "./big", "key"]])
def test_a_large_file_moves_under_a_bar_of_its_bytes(root, capsys, at_terminal, command):
    (root / "big").write_bytes(bytes(20_000_000))
    assert at_terminal(*command) == 0
    # What has moved and what there is, in megabytes; how fast.
    assert re.search(r"20[.]0/20[.]0.*MB.*[MG]B/s", capsys.readouterr().err)
    assert (root / command[2]).stat().st_size == 20_000_000


@pytest.mark.parametrize("count", [1, 1000])
def test_a_full_disk_is_told_in_one_line(root, count):
    for number in range(count):
        (root / f"some-file-{number}.csv").touch()
    ended = subprocess.run(
        ["bash", "-c", "crossframe ls >/dev/full"], check=False, capture_output=True, text=True
    )
    assert ended.returncode == 1
    assert ended.stderr == "crossframe: Can't write the output: No space left on device.\n"


def test_a_table_fits_the_terminal(capsys, at_terminal):
    def run(*arguments):
        capsys.readouterr()
        assert at_terminal(*arguments) == 0
        return capsys.readouterr().out

    cf.save(pa.table({f"column{n}": ["text " * 5] for n in range(9)}), "wide.rds")
    lines = run("head", "wide.rds").splitlines()
    assert max(map(len, lines)) <= 60
    assert lines[-1] == "... and 3 more columns, column6 to column8"
    cf.save(pa.table({f"column{n}": ["text " * 5] for n in range(7)}), "one-too-many.rds")
    assert run("head", "one-too-many.rds").splitlines()[-1] == "... and 1 more column, column6"
    cf.save(pa.table({"name": ["n"], "text": ["t" * 300]}), "long.rds")
    lines = run("head", "long.rds").splitlines()
    assert lines[3] == "n          " + "t" * 48 + "…"
    key = "deep/" * 15 + "a.csv"
    cf.save(pa.table({"x": [1.5]}), key)
    assert key in run("ls", "-r")


@pytest.mark.parametrize(
    ("widths", "room", "shown", "hidden"),
    [
        ([3, 3], 80, [3, 3], 0),  # room enough
        ([30, 3], 20, [15, 3], 0),  # the widest shrinks
        ([30, 30, 3], 40, [16, 16, 3], 0),  # equals shrink alike
        ([30, 20, 3], 40, [16, 16, 3], 0),  # the widest first, then both
        ([9, 9, 9], 19, [8, 8], 1),  # narrower says nothing: the last is hidden
        ([90], 5, [8], 0),  # one is always shown
        ([], 80, [], 0),
    ],
)
def test_widths_fit(widths, room, shown, hidden):
    assert fit(widths, room) == (shown, hidden)


def test_nothing_printed_is_obeyed_by_a_terminal(run):
    cf.save(pa.table({"x": ["\x1b[2J\x07gone\u202e"]}), "a.rds")
    assert run("head", "a.rds").splitlines()[-1] == "\\x1b[2J\\x07gone\\u202e"


def test_version(run):
    assert run("--version") == f"crossframe {cf.__version__}\n"


def test_who_reads_no_more_ends_it_quietly(runs):
    script = "from crossframe.cli import main; main()"
    command = f"'{sys.executable}' -c '{script}' ls -r | head -c 1; exit ${{PIPESTATUS[0]}}"
    ended = subprocess.run(["bash", "-c", command], check=False, capture_output=True, text=True)
    assert ended.stdout == "2"
    assert ended.stderr == ""


def test_ctrl_c_ends_it(runs, monkeypatch, capsys):
    def interrupted(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr("crossframe.transfer.run", interrupted)
    assert cli.run(["cp", "runs/", "out/"]) == 130
    assert "Traceback" not in capsys.readouterr().err


def test_the_shell_completes_keys(runs, root):
    assert complete_place("ru") == ["runs/"]
    assert complete_place("runs/a") == ["runs/a.csv", "runs/a.csv.schema.json"]
    assert complete_place(f"{root}/runs/bo") == [f"{root}/runs/both.RData"]
    assert complete_place("nothing/here") == []
    assert complete_place("ftp://x/") == []


def test_the_shell_completes_buckets_and_what_is_in_them(moto, use_server):
    use_server(moto)
    bucket = moto.make_bucket()
    moto.client.put_object(Bucket=bucket, Key="runs/a.csv", Body=b"x\n1\n")
    assert complete_place(f"s3://{bucket[:-1]}") == [f"s3://{bucket}/"]
    assert complete_place(f"s3://{bucket}/r") == [f"s3://{bucket}/runs/"]
    assert complete_place(f"s3://{bucket}/runs/") == [f"s3://{bucket}/runs/a.csv"]


def test_completion_can_be_installed(run):
    assert "--install-completion" in run("--help")


@pytest.mark.parametrize("target", ["a.parquet", "a.rds", "a.RData", "a.csv.gz"])
def test_convert(run, runs, root, target):
    assert "3 rows x 2 columns" in run("convert", "runs/a.csv", target)
    assert cf.load(target, as_="arrow").to_pydict() == cf.load("runs/a.csv", as_="arrow").to_pydict()
    told = json.loads(run("convert", str(root / target), "./back.csv", "--json"))
    assert (told["format"], told["rows"]) == ("csv", 3)
    assert (root / "back.csv").read_bytes() == (root / "runs/a.csv").read_bytes()


def test_convert_one_object_of_an_rdata(run, runs):
    run("convert", "runs/both.RData", "d.parquet", "--name", "d")
    assert cf.load("d.parquet", as_="arrow").to_pydict() == {"x": [1.5]}
    run("convert", "runs/both.RData", "both2.RData")
    assert list(cf.load("both2.RData")) == ["d", "e"]
    assert "several frames" in run("convert", "runs/both.RData", "d2.parquet", code=1)


def test_convert_without_extensions(run, runs, root):
    run("convert", "runs/a.csv", "plain", "--to", "rds")
    run("convert", "plain", "plain.csv", "--from", "rds")
    assert (root / "plain.csv").exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["info", "runs/nope.csv"], "nope.csv"),
        (["head", "runs/a.csv", "--name", "z"], "Can't find object 'z'"),
        (["cp", "runs/z*", "out/"], "Can't find a key that matches"),
        (["cp", "nothing", "out/"], "nothing"),
        (["ls", "ftp://x"], "scheme 'ftp'"),
        (["convert", "runs/a.csv", "noextension"], "Can't tell in which format"),
        (["cp", "runs/a.csv", "out/../../out.csv"], "out.csv"),
    ],
)
def test_our_errors_are_messages(run, runs, arguments, message):
    told = run(*arguments, code=1)
    assert told.startswith("crossframe: ")
    assert message in told


@pytest.mark.parametrize(
    "arguments", [["nope"], ["cp", "one"], ["head", "x", "-n", "many"], ["ls", "--nope"]]
)
def test_wrong_use(run, arguments):
    assert "Usage:" in run(*arguments, code=2)


def test_every_command_has_help_with_an_example(run):
    assert all(command in run("--help") for command in COMMANDS)
    for command in COMMANDS:
        assert f"Example: crossframe {command} " in run(command, "--help")


def test_help_does_not_wait():
    script = "from crossframe import cli; import sys; cli.run(['--help']); "
    script += f"assert not set(sys.modules) & {SLOW}"
    times = []
    for _ in range(5):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run([sys.executable, "-c", script], check=True, capture_output=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        # Why processor time: other tests may run on the same machine.
        times.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    assert min(times) < 0.3


def test_find_and_ls_need_neither_pandas_nor_pyarrow(runs):
    script = "import sys; from crossframe import cli; assert cli.run(sys.argv[1:]) == 0; "
    script += "assert not {'pandas', 'pyarrow', 'numpy'} & set(sys.modules)"
    for command in ("find", "ls"):
        subprocess.run([sys.executable, "-c", script, command, "runs/", "--json"], check=True)


@pytest.mark.parametrize(("command", "key"), [(["find", "**"], "**"), (["ls", "--recursive"], "")])
def test_rows_are_written_as_they_come(command, key, monkeypatch, capsys):
    class Listing:
        uri = "s3://data"

        def list(self, _prefix=""):
            for number in range(3000):
                yield ObjectMeta(f"k{number:04}.rds", 1, datetime(2024, 5, 1, tzinfo=UTC), "etag")
            raise UnavailableError("The server went away.")

    for module in (matching, listing):
        monkeypatch.setattr(module, "resolve", lambda _text, options=None: Location(Listing(), key))
    assert cli.run([*command, "--json"]) == 1
    told = capsys.readouterr()
    assert "The server went away." in told.err
    assert json.loads(told.out + "]")[0]["key"] == "k0000.rds"


def test_convert_needs_no_pandas(runs):
    script = "import atexit, sys; from crossframe.cli import main; "
    script += "atexit.register(lambda: print('pandas' in sys.modules)); main()"
    for source, target in (("a.csv", "a.rds"), ("a.rds", "a.parquet"), ("a.parquet", "a2.csv")):
        command = [sys.executable, "-c", script, "convert", f"runs/{source}", f"runs/{target}"]
        ended = subprocess.run(command, check=True, capture_output=True, text=True)
        assert ended.stdout.splitlines()[-1] == "False"


def test_head_of_times(run):
    ticks = pa.array([1, None], pa.int64())
    types = {"t": pa.timestamp("ns", "UTC"), "n": pa.timestamp("us"), "h": pa.duration("ns")}
    table = pa.table({name: ticks.cast(type_) for name, type_ in types.items()})
    cf.save(table.append_column("d", pa.array([0, None], pa.int32()).cast(pa.date32())), "t.parquet")
    assert re.split(" {2,}", run("head", "t.parquet", "-n", "1").splitlines()[3]) == [
        "1970-01-01 00:00:00.000000001Z",
        "1970-01-01 00:00:00.000001",
        "0:00:00",
        "1970-01-01",
    ]


def test_main_exits_with_the_code_and_shows_warnings_as_lines():
    script = "from crossframe.cli import main; main()"
    ended = subprocess.run(
        [sys.executable, "-c", script, "info", "no.csv"], check=False, capture_output=True, text=True
    )
    assert ended.returncode == 1
    assert ended.stderr.startswith("crossframe: ")
    assert subprocess.run([sys.executable, "-c", script], check=False, capture_output=True).returncode == 2
    cf.save(pa.table({"x": [1.5]}), "a.parquet")
    subprocess.run(
        [sys.executable, "-c", script, "cp", "a.parquet", "a.csv"], check=True, capture_output=True
    )
    ended = subprocess.run(
        [sys.executable, "-c", script, "head", "a.csv"], check=True, capture_output=True, text=True
    )
    assert ended.stderr.startswith("crossframe: warning: Object 'a.csv' has the extension of csv")
