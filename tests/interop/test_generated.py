"""R saves frames and values of every row of the type table, Python loads and saves them, R compares."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import TYPE_CHECKING

import crossframe as cf

if TYPE_CHECKING:
    import pytest

    from conftest import RunR

EXTENSIONS = ("rds", "RData", "parquet", "csv")


def through_python(key: str, kind: str) -> list[str]:
    """Load, save and say what was lost."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        held = cf.load(f"from_r/{key}", as_=kind)
        cf.save(held, f"{kind}/{key}")
    assert all(issubclass(one.category, cf.errors.LossyConversionWarning) for one in caught), caught
    return [str(one.message) for one in caught]


def test_generated_frames_come_back_identical(
    run_r: RunR, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("CROSSFRAME_ROOT", str(tmp_path))
    monkeypatch.setenv("CROSSFRAME_INTEROP", str(Path(__file__).parent))
    count = int(run_r("save_generated.R", *EXTENSIONS))
    keys = [str(path.relative_to(tmp_path / "from_r")) for path in (tmp_path / "from_r").rglob("*.*")]
    keys = sorted(key for key in keys if not key.endswith(".schema.json"))
    assert len(keys) == count

    lost = {f"arrow/{key}": through_python(key, "arrow") for key in keys if not key.startswith("values/")}
    lost |= {f"pandas/{key}": through_python(key, "pandas") for key in keys}

    told = run_r("compare_generated.R", "arrow", "pandas", "--", *EXTENSIONS)
    lines = [line.split("\t") for line in told.splitlines()]
    compared = [line for line in lines if line[0] in lost]
    # What was lost was told; anything else must be the very same.
    different = [(line, lost[line[0]]) for line in compared if line[1] != "TRUE" and not lost[line[0]]]
    same = sum(line[1] == "TRUE" for line in compared)
    with capsys.disabled():
        print(f"\n{same} of {len(compared)} generated objects identical, the others with a warning")
    assert not different, "\n".join(map(str, different))
    assert len(compared) == len(lost)
