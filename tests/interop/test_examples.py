"""Each example tells its story to the last word, on a folder and on SeaweedFS, and leaves what it says."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import crossframe as cf

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

REPOSITORY = Path(__file__).parents[2]
EXAMPLES = REPOSITORY / "examples"
anywhere = pytest.mark.parametrize("shared_root", ["folder", "seaweedfs"], indirect=True)
in_a_bucket = pytest.mark.parametrize("shared_root", ["seaweedfs"], indirect=True)


def tell(story: str, **environment: str) -> str:
    """Run an example as a reader would; give what it prints, lines without their trailing blanks."""
    programs = {".py": [sys.executable], ".R": ["Rscript", "--vanilla"]}
    ours = {
        "LANG": "C.UTF-8",
        "PYTHONWARNINGS": "error",
        "R_LIBS": str(REPOSITORY / ".rlib"),
        "CROSSFRAME_PYTHON": sys.executable,
    }
    done = subprocess.run(
        [*programs[Path(story).suffix], str(EXAMPLES / story)],
        env=os.environ | ours | environment,
        capture_output=True,
        encoding="utf-8",
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert not done.stderr
    return "\n".join(line.rstrip() for line in done.stdout.strip("\n").splitlines())


def squeezed(text: str) -> str:
    """Return the text without what only lines it up: the languages put different blanks into a table."""
    return "\n".join(" ".join(line.split()) for line in text.splitlines())


@pytest.fixture(autouse=True)
def here(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Run where an example that writes to the working folder is found out."""
    folder = tmp_path_factory.mktemp("here")
    monkeypatch.chdir(folder)
    yield folder
    assert not list(folder.iterdir())


# ---- R saves and Python models

SAVED = "Saved plants/co2.rds - 84 rows, 5 columns"
MODELLED = """\
Plant        category
Type         category
Treatment    category
conc          float64
uptake        float64

       Type  Treatment  slope  intercept
     Quebec nonchilled  10.89     -28.02
     Quebec    chilled  11.17     -33.24
Mississippi nonchilled   8.41     -22.97
Mississippi    chilled   3.47      -4.40

Saved plants/fits.rds"""
SHOWN = f"""\
{SAVED}
Python's fit, with R's own levels: Quebec Mississippi
         Type  Treatment slope intercept
1      Quebec nonchilled 10.89     -28.0
2      Quebec    chilled 11.17     -33.2
3 Mississippi nonchilled  8.41     -23.0
4 Mississippi    chilled  3.47      -4.4"""


@anywhere
def test_r_saves_python_models(shared_root: str) -> None:
    assert tell("r_saves_python_models.R") == SAVED
    assert tell("r_saves_python_models.py") == MODELLED
    assert tell("r_saves_python_models.R") == SHOWN


# ---- Python prepares and R plots

PREPARED = """\
           count   min   max
treatment
control        6     4    23
drought        5     4    12
heat           0  <NA>  <NA>

Saved growth/pots.rds: 12 rows"""
PLOTTED = """\
 treatment                seen height
   control 2026-03-01 08:00:00      4
   drought 2026-03-01 08:00:00      4
Plotted 11 points to growth/pots.pdf"""


@anywhere
def test_python_prepares_r_plots(shared_root: str) -> None:
    assert tell("python_prepares_r_plots.py") == PREPARED
    assert tell("python_prepares_r_plots.R") == PLOTTED
    with cf.open("growth/pots.pdf", "rb") as file:
        drawing = file.read()
    assert drawing.startswith(b"%PDF-")
    assert drawing.rstrip().endswith(b"%%EOF")
    assert len(drawing) > 3000


# ---- a pattern batch over samples

FOUND = """\
key site sample day
runs/north/sample_1_2026-03-01.EXT north 1 2026-03-01
runs/north/sample_2_2026-03-01.EXT north 2 2026-03-01
runs/south/sample_10_2026-03-02.EXT south 10 2026-03-02

site sample day well density
north 1 2026-03-01 A1 0.11
north 1 2026-03-01 A2 0.13
north 2 2026-03-01 A1 0.42
north 2 2026-03-01 A2 0.40
south 10 2026-03-02 A1 0.93
south 10 2026-03-02 A2 0.95

Saved means/north.csv means/south.csv"""


@anywhere
@pytest.mark.parametrize(("story", "extension"), [("batch.py", "parquet"), ("batch.R", "rds")])
def test_batch(shared_root: str, story: str, extension: str) -> None:
    assert squeezed(tell(story)) == FOUND.replace("EXT", extension)
    means = cf.load_many("means/*.csv")
    assert list(means) == ["north", "south"]
    assert means["north"]["density"].round(9).tolist() == [0.12, 0.41]
    assert means["south"]["site"].tolist() == ["south"]


# ---- more rows than fit into memory

PARTED = """\
20,000 rows in 4 parts
<n> counted at 3 sites

<n> deeper than 80 m, saved as dask/deep/part.0.rds and so on
<n> rows, <n> m on average
A worker held <n> MiB at most."""
UNITED = """\
site day depth count
"factor" "Date" "numeric" "integer"
"""


@anywhere
def test_dask_parts(shared_root: str) -> None:
    told = tell("dask_parts.py", ROWS="20000", PARTS="4")
    numbers = r"^[\d,]+(?= counted| deeper| rows,)|[\d.,]+(?= m on average| MiB)"
    assert re.sub(numbers, "<n>", told, flags=re.MULTILINE) == PARTED
    assert squeezed(tell("dask_parts.R")) == UNITED + told.splitlines()[-2]


# ---- a collaborator who has only curl

SHARED = """\
Dear Anna, until <day> this fetches our results:

curl -o results.csv "<link to for_anna/results.csv>"

and this sends us your counts:

curl --upload-file counts.csv "<link to from_anna/counts.csv>"

Anna reads:
"site","yield"
"north",4.25
"south",3.5

We load:
site count
north 12
south 7"""


@in_a_bucket
@pytest.mark.parametrize("story", ["share_link.py", "share_link.R"])
def test_share_link(shared_root: str, story: str) -> None:
    told = re.sub(r"until \d{4}-\d\d-\d\d ", "until <day> ", squeezed(tell(story)))
    link = r'"http://[^"?]+/lab/([^"?]+)\?[^"]*X-Amz-Signature=[^"]+"'
    assert re.sub(link, r'"<link to \1>"', told) == SHARED
    assert cf.load("from_anna/counts.csv")["count"].tolist() == [12, 7]


# ---- a nightly job that survives a bad file

SURVIVED = {
    "nightly.py": """\
instrument  mean
   balance   1.0
   scanner   3.0

Left out inbox/camera.rds: Can't decompress the gzip data.

Put aside: bad/camera.rds""",
    "nightly.R": """\
 instrument mean
    balance    1
    scanner    3

Left out inbox/camera.rds: Can't decompress gzip data: it is truncated.

Put aside: bad/camera.rds""",
}


@anywhere
@pytest.mark.parametrize("story", SURVIVED)
def test_nightly(shared_root: str, story: str) -> None:
    assert tell(story) == SURVIVED[story]
    assert list(cf.find("**/*.{rds,csv}")["key"]) == [
        "bad/camera.rds",
        "inbox/balance.rds",
        "inbox/scanner.rds",
        "reports/means.csv",
    ]
    assert cf.load("reports/means.csv")["mean"].tolist() == [1, 3]


# ---- moving a lab

MOVED = {
    "moving.R": """\
old/breaks      rdata
old/chicks.rds  rds
old/plots.csv   csv

and from now on
'data.frame':	2 obs. of  2 variables:
 $ code: chr  "007" "012"
 $ size: Factor w/ 2 levels "small","large": 1 2

The others are identical: TRUE""",
    "moving.py": """\
days    day date32[day][pyarrow]  count float64
plots   code str  size str

and from now on
days    day date32[day][pyarrow]  count Int32
plots   code str  size category

Smaller than large: ['small', 'large'] small""",
}


@anywhere
@pytest.mark.parametrize("story", MOVED)
def test_moving(shared_root: str, story: str) -> None:
    assert tell(story) == MOVED[story]


@anywhere
def test_what_moved_from_r_loads_in_python(shared_root: str) -> None:
    tell("moving.R")
    moved = cf.load_many("new/*")
    assert list(moved) == ["chicks", "plots", "warpbreaks"]
    assert list(moved["plots"]["size"].cat.categories) == ["small", "large"]
    assert moved["plots"]["code"].tolist() == ["007", "012"]
    assert moved["warpbreaks"].equals(cf.load("old/breaks"))


# ---- MinIO's and Onyxia's variables

SET_UP = """\
endpoint https://<host> AWS_S3_ENDPOINT
region us-east-1 AWS_DEFAULT_REGION
credentials la... the environment (AWS_ACCESS_KEY_ID)
server answers, <n> https://<host>

key size
diffusion/shared.rds <n>"""
LISTED = {"onyxia.py": "", "onyxia.R": "\n\naws.s3's listing:\ndiffusion/shared.rds"}


@pytest.mark.parametrize("story", LISTED)
def test_onyxia(seaweedfs_tls: Any, use_server: Callable[[Any], None], story: str) -> None:
    use_server(seaweedfs_tls)
    host = seaweedfs_tls.server.endpoint.removeprefix("https://")
    bucket = seaweedfs_tls.make_bucket()
    told = squeezed(tell(story, AWS_S3_ENDPOINT=host, AWS_ENDPOINT_URL_S3="", BUCKET=bucket))
    told = re.sub(r"\d+ buckets?|(?<=shared\.rds )\d+", "<n>", told.replace(host, "<host>"))
    assert told == SET_UP + LISTED[story]


# ---- all of them


def test_every_example_is_listed_told_and_in_both_languages() -> None:
    stories = {path.name for path in EXAMPLES.iterdir() if path.suffix in {".py", ".R"}} - {"demo.py"}
    readme = (EXAMPLES / "README.md").read_text()
    tests = "".join(path.read_text() for path in Path(__file__).parent.glob("test_*.py"))
    for story in stories:
        assert f"({story})" in readme
        assert f'"{story}"' in tests
    assert {Path(story).stem for story in stories if story.endswith(".R")} == {
        Path(story).stem for story in stories if story.endswith(".py")
    }
