"""Frames between Python and an R in the same process: every row of the type table, and what stays in R."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parents[1] / "python"))
from every_dtype import INDEXES, every_dtype
from frames_strategies import tables

import crossframe as cf
from crossframe import errors
from crossframe.codecs import rds
from crossframe.losses import Losses

if TYPE_CHECKING:
    from collections.abc import Iterator

HERE = Path(__file__).parent
FRAMES = HERE.parent / "conformance" / "frames"
VECTORS = sorted(path.name for path in FRAMES.glob("*.rds") if path.name.count(".") == 1)
# as_ and dtype_backend.
KINDS = {"pandas": ("pandas", None), "pyarrow": ("pandas", "pyarrow"), "arrow": ("arrow", None)}


@pytest.fixture(scope="session")
def r() -> Iterator[Any]:
    """R in this process: ``r("code")``. It stays; what it keeps in the file system goes."""
    cf.to_r(None)
    from rpy2.robjects import r

    yield r
    shutil.rmtree(r("tempdir()")[0])


@pytest.fixture(scope="session")
def generated(r: Any) -> list[str]:
    """The generated frames and values of R, in R's list ``generated``; their names, frames first."""
    r.source(str(HERE / "generate.R"))
    r("frames <- c(generated_frames(), frames_beside_csv()); generated <- c(frames, list(values = values()))")
    return list(r("names(frames)"))


def same(r: Any, one: Any, two: Any) -> bool:
    return bool(r["identical"](one, two)[0])


def without(r: Any, held: Any, attribute: str) -> Any:
    return r("function(x, name) { attr(x, name) <- NULL; x }")(held, attribute)


def encoded(table: pa.Table) -> bytes:
    """Return what tells two tables apart, NaN and -0 and metadata included."""
    return rds.encode_rds(table, Losses())


# ---- every row of the type table


def there_and_back(held: Any, kind: str) -> tuple[Any, list[str]]:
    """Take an object of R's and give it back; also what was lost."""
    as_, dtype_backend = KINDS[kind]
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        back = cf.to_r(cf.from_r(held, as_=as_, dtype_backend=dtype_backend))
    assert all(issubclass(one.category, errors.LossyConversionWarning) for one in caught), caught
    return back, [str(one.message) for one in caught]


@pytest.mark.parametrize("kind", KINDS)
def test_generated_frames_come_back_identical(r: Any, generated: list[str], kind: str) -> None:
    unlike, lossy = {}, 0
    for name in generated:
        held = r["[["](r["generated"], name)
        back, lost = there_and_back(held, kind)
        lossy += bool(lost)
        if kind == "pyarrow":
            # It remembers that its dtypes are not pandas' usual ones.
            back = without(r, back, "crossframe")
        if not same(r, back, held) and not lost:
            unlike[name] = str(r["all.equal"](held, back))
    assert not unlike
    # Most must not need the excuse.
    assert lossy < len(generated) / 3


def test_generated_values_come_back_identical(r: Any, generated: list[str]) -> None:
    assert generated
    for name in r("names(generated$values)"):
        held = r["[["](r("generated$values"), name)
        back, lost = there_and_back(held, "pandas")
        assert same(r, back, held) or lost, name


@pytest.mark.parametrize("name", VECTORS)
def test_conformance_vectors_are_what_the_file_says(r: Any, name: str) -> None:
    held = r.readRDS(str(FRAMES / name))
    table = cf.from_r(held, as_="arrow")
    assert encoded(table) == encoded(rds.decode_rds((FRAMES / name).read_bytes(), Losses()))
    back = cf.to_r(table)
    # Loading drops pointers of a session, the only thing that does not come back.
    assert same(r, back, without(r, held, ".internal.selfref"))


@settings(deadline=None)
@given(tables())
def test_any_table_comes_back(r: Any, table: pa.Table) -> None:
    made = cf.to_r(table)
    back = cf.from_r(made, as_="arrow")
    assert encoded(back) == encoded(table)
    assert same(r, cf.to_r(back), made)


@pytest.mark.parametrize("index", INDEXES)
def test_every_dtype_comes_back(r: Any, index: str) -> None:
    frame = every_dtype().set_axis(INDEXES[index])
    pd.testing.assert_frame_equal(cf.from_r(cf.to_r(frame)), frame)


def test_values_and_polars(r: Any) -> None:
    assert str(r["class"](cf.to_r({"a": [1], "b": None}))[0]) == "list"
    assert cf.from_r(r("NULL")) is None
    assert cf.from_r(r("c(a = 1, b = 2)"))["b"] == 2
    frame = cf.from_r(r("data.frame(x = 1:2)"), as_="polars")
    assert type(frame).__module__.startswith("polars")
    assert same(r, cf.to_r(frame), r("data.frame(x = 1:2)"))


# ---- options, losses, and refusals


def test_nan_is_missing_unless_told_otherwise(r: Any) -> None:
    frame = pd.DataFrame({"x": [1.5, np.nan]})
    assert list(r["is.nan"](cf.to_r(frame).rx2("x"))) == [False, False]
    assert list(r["is.nan"](cf.to_r(frame, nan="nan").rx2("x"))) == [False, True]


def test_losses_are_told_and_strict_refuses_them(r: Any) -> None:
    held = r("data.frame(x = c(NaN, NA, 1))")
    with pytest.warns(errors.LossyConversionWarning, match="column 'x'") as told:
        cf.from_r(held)
    assert told[0].filename == __file__
    with pytest.raises(errors.LossyConversionError, match="Can't take the R object without loss"):
        cf.from_r(held, strict=True)
    backed = cf.from_r(held, dtype_backend="pyarrow", strict=True)
    assert same(r, without(r, cf.to_r(backed, strict=True), "crossframe"), held)

    # More digits than a double holds.
    table = pa.table({"price": pa.array(["0.1234567890123456789", "1"]).cast(pa.decimal128(25, 19))})
    with pytest.warns(errors.LossyConversionWarning, match="column 'price'") as told:
        cf.to_r(table)
    assert told[0].filename == __file__
    with pytest.raises(errors.LossyConversionError, match="Can't pass the frame to R without loss"):
        cf.to_r(table, strict=True)


@pytest.mark.parametrize(
    "code",
    [
        "function(x) x",
        "sum",
        "quote(ran <<- TRUE)",
        "expression(ran <<- TRUE)",
        "list2env(list(a = 1))",
        "list(a = list(b = function() 1))",
        "data.frame(x = I(list(function() 1)))",
        "structure(data.frame(x = 1), hidden = function() 1)",
        "lm(dist ~ speed, cars)",
    ],
)
def test_code_is_refused_and_not_run(r: Any, code: str) -> None:
    r("ran <- FALSE")
    with pytest.raises(errors.UnsafeDataError, match="holds code that could run") as refused:
        cf.from_r(r(code))
    assert "stay in R" in str(refused.value)
    assert not r("ran")[0]


def test_vectors_that_lie_elsewhere_are_data(r: Any, tmp_path: Path) -> None:
    """Version 3 would name the file and not its content, which no decoder may open."""
    np.array([1.5, np.inf]).tofile(tmp_path / "doubles")
    mapped = (
        "eval(quote(.Internal(mmap_file(file, 'double', TRUE, FALSE, TRUE))), list(file = FILE), baseenv())"
    )
    held = r(f"data.frame(x = {mapped.replace('FILE', repr(str(tmp_path / 'doubles')))})")
    assert b"mmap_real" in bytes(r["serialize"](held, r("NULL")))
    assert cf.from_r(held)["x"].tolist() == [1.5, np.inf]


def test_what_users_call_by_the_names_of_r_is_left_alone(r: Any) -> None:
    r("serialize <- unserialize <- raw <- do.call <- tryCatch <- function(...) stop('not meant')")
    try:
        assert cf.from_r(cf.to_r(pd.DataFrame({"x": [1]})))["x"].tolist() == [1]
    finally:
        r("rm(serialize, unserialize, raw, do.call, tryCatch)")


def test_what_is_not_of_r_is_named(r: Any) -> None:
    with pytest.raises(errors.UsageError, match="Can't take a DataFrame from R"):
        cf.from_r(pd.DataFrame())
    with pytest.raises(errors.UnsupportedTypeError):
        cf.to_r(object())
    with pytest.raises(errors.UsageError, match="dtype_backend="):
        cf.from_r(r("1"), dtype_backend="numpy")
    with pytest.raises(AttributeError, match="no attribute 'nope'"):
        cf.rbridge.nope  # noqa: B018 - the attribute is the test


# ---- R's memory


def test_nothing_is_freed_while_it_is_in_use(r: Any) -> None:
    frame = pd.DataFrame({"x": pd.Categorical(["a", None]), "s": ["u", "v"]})
    r("invisible(gctorture(TRUE))")
    try:
        back = cf.from_r(cf.to_r(frame))
    finally:
        r("invisible(gctorture(FALSE))")
    pd.testing.assert_frame_equal(back, frame)


def test_another_thread_may_ask(r: Any) -> None:
    held: list[pd.DataFrame] = []
    frame = pd.DataFrame({"x": [1, 2]})
    thread = threading.Thread(target=lambda: held.append(cf.from_r(cf.to_r(frame))))
    thread.start()
    thread.join()
    pd.testing.assert_frame_equal(held[0], frame)


def test_child_processes_start_as_before(r: Any) -> None:
    assert "/R/lib" not in os.environ.get("LD_LIBRARY_PATH", "")
    assert in_a_process_of_its_own("import ssl; print('started')") == "started\n"


def in_a_process_of_its_own(script: str, **environment: str) -> str:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", script],
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


SHORT_OF_MEMORY = """
import numpy as np, pandas as pd, crossframe as cf
cf.to_r(None)
from rpy2.robjects import r
r("x <- numeric(1e7); invisible(mem.maxVSize(140))")
for work in (lambda: cf.to_r(pd.DataFrame({"x": np.zeros(20_000_000)})), lambda: cf.from_r(r["x"])):
    try:
        work()
    except cf.errors.CodecError as error:
        print(error)
print(cf.from_r(cf.to_r(pd.DataFrame({"x": [1]})))["x"].item())
"""


def test_want_of_memory_is_an_error_and_not_the_end() -> None:
    told = in_a_process_of_its_own(SHORT_OF_MEMORY)
    assert told.count("R and Python can't pass the object between them.") == 2
    assert told.count("R says: ") == 2
    assert told.endswith("\n1\n")


# ---- where R is not to be had

WITHOUT = """
import sys, crossframe as cf
try:
    cf.to_r(None)
except cf.errors.EngineMissingError as error:
    print(error)
try:
    cf.rbridge.converter
except ImportError as error:
    print(error)
"""


def test_rpy2_is_not_installed() -> None:
    told = in_a_process_of_its_own(
        "import sys; sys.modules['rpy2'] = None  # as if it were not there\n" + WITHOUT
    )
    assert told.count("Can't reach R from Python.\n") == 2
    assert "pip install 'crossframe[r]'" in told


def test_r_is_not_installed(tmp_path: Path) -> None:
    told = in_a_process_of_its_own(WITHOUT, PATH=str(tmp_path), R_HOME="")
    assert told.count("Can't start R in this process.\n") == 2
    assert "Put R on the PATH" in told


def test_r_is_older_than_rpy2_asks_for(tmp_path: Path) -> None:
    (tmp_path / "rpy2").mkdir()
    (tmp_path / "rpy2" / "__init__.py").touch()
    failing = "raise AttributeError(\"symbol 'R_getVar' not found: undefined symbol: R_getVar\")\n"
    (tmp_path / "rpy2" / "rinterface.py").write_text(failing)
    told = in_a_process_of_its_own(WITHOUT, PYTHONPATH=str(tmp_path))
    assert told.count("R is older than this rpy2 asks for") == 2
    assert "rpy2-rinterface<3.6.6" in told


# ---- rpy2's conversions, and IPython


def test_converter_takes_what_has_a_row_in_the_type_table(r: Any) -> None:
    from rpy2 import robjects
    from rpy2.robjects.conversion import localconverter

    frame = every_dtype()
    with localconverter(cf.rbridge.converter):
        robjects.globalenv["df"] = frame
        pd.testing.assert_frame_equal(robjects.globalenv["df"], frame)
        assert r("nrow(df)")[0] == r["nrow"](frame)[0] == 3
        assert str(r("df$ordered").dtype) == "category"
        assert r("df$large").tolist() == [2**53, -(2**60), 0]
        assert str(r("as.Date('2024-02-29')").dtype) == "date32[day][pyarrow]"
        assert str(r("as.POSIXlt('2024-02-29', tz = 'UTC')").dtype) == "datetime64[ns, UTC]"
        assert str(r("as.difftime(1, units = 'hours')").dtype) == "timedelta64[ns]"
        assert list(r["levels"](frame["ordered"])) == ["lo", "mid", "hi"]
        assert list(r["dim"](np.zeros((2, 3)))) == [2, 3]
        assert r["ncol"](pa.table({"a": [1], "b": [2]}))[0] == 2
        # All else is as ever.
        assert list(r("1:3")) == [1, 2, 3]
        assert type(r("sum")).__module__.startswith("rpy2")
        assert type(r("lm(dist ~ speed, cars)")).__module__.startswith("rpy2")
        assert r["paste"]("a", 1)[0] == "a 1"
    assert type(r("df")).__module__.startswith("rpy2")
    with localconverter(robjects.default_converter + cf.rbridge.converter):
        pd.testing.assert_frame_equal(r("df"), frame)
    assert cf.rbridge.converter is cf.rbridge.converter


@pytest.fixture
def shell(r: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """IPython as a notebook has it, nothing of its own in the file system."""
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path))
    from IPython.core.interactiveshell import InteractiveShell
    from traitlets.config import Config

    shell = InteractiveShell(config=Config({"HistoryManager": {"enabled": False}}))
    yield shell
    shell.restore_sys_module_state()


CELL = "df$twice <- df$n * 2L\ndf$day <- as.Date('2024-02-28') + seq_len(nrow(df))"
WAYS = {
    "by the extension": ("%load_ext crossframe.rbridge", "%%R -i df -o df"),
    "by the option -c": ("%load_ext rpy2.ipython", "%%R -c cf.rbridge.converter -i df -o df"),
}


@pytest.mark.parametrize("way", WAYS)
def test_a_frame_goes_through_a_cell_of_r(shell: Any, way: str) -> None:
    load, magic = WAYS[way]
    shell.user_ns |= {"cf": cf, "df": every_dtype().assign(n=pd.array([1, None, 3], dtype="Int32"))}
    before = shell.user_ns["df"].copy()
    assert shell.run_cell(load).success
    assert shell.run_cell(f"{magic}\n{CELL}").success
    after = shell.user_ns["df"]
    pd.testing.assert_frame_equal(after[before.columns], before)
    assert str(after["twice"].dtype) == "Int32"
    assert after["twice"].tolist() == [2, pd.NA, 6]
    assert str(after["day"].dtype) == "date32[day][pyarrow]"


def test_a_line_of_r_gives_a_frame(shell: Any) -> None:
    shell.run_line_magic("load_ext", "crossframe.rbridge")
    frame = shell.run_line_magic("R", "data.frame(f = factor(c('u', NA)))")
    pd.testing.assert_frame_equal(frame, pd.DataFrame({"f": pd.Categorical(["u", None])}))
