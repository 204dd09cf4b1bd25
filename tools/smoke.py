"""Save and load one frame in each format with the installed package; print what was done.

Run by path against a wheel, so it shows what a user's first minute shows.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import pandas as pd

import crossframe as cf


def main() -> None:
    """Save a frame as each format, load it, and compare."""
    frame = pd.DataFrame(
        {
            "n": pd.array([1, None, 3], dtype="Int32"),
            "x": [0.5, float("inf"), -1.25],
            "s": pd.array(["a", None, "ü"], dtype="str"),
            "f": pd.Categorical(["lo", "hi", "lo"], categories=["lo", "mid", "hi"], ordered=True),
            "t": pd.to_datetime(["2024-01-02T03:04:05Z"] * 3),
        }
    )
    with tempfile.TemporaryDirectory() as folder:
        for extension in ("rds", "RData", "parquet", "csv", "csv.gz"):
            path = Path(folder) / f"d.{extension}"
            cf.save(frame, str(path))
            # Why: units of time may differ (us, ns) where the instants don't.
            pd.testing.assert_frame_equal(cf.load(str(path)), frame, check_dtype=False)
            print(f"{path.name}: {path.stat().st_size} bytes, came back equal")


if __name__ == "__main__":
    main()
