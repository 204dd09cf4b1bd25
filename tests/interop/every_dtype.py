"""A pandas frame with a column of every dtype, and the indexes it may have."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd
import pyarrow as pa


def every_dtype() -> pd.DataFrame:
    times = pd.to_datetime(["2024-01-01 00:00:00", "2024-07-02 03:04:05.5", None], format="ISO8601")
    return pd.DataFrame(
        {
            "bool": [True, False, True],
            "boolean": pd.array([True, None, False], dtype="boolean"),
            **{f"int{bits}": np.array([1, -2, 3], f"int{bits}") for bits in (8, 16, 32, 64)},
            **{f"uint{bits}": np.array([1, 2, 3], f"uint{bits}") for bits in (8, 16, 32, 64)},
            **{f"Int{bits}": pd.array([1, None, -3], dtype=f"Int{bits}") for bits in (8, 16, 32, 64)},
            "large": np.array([2**53, -(2**60), 0]),
            "float32": np.array([1.5, np.nan, -0.25], "float32"),
            "float64": [0.1, np.nan, np.inf],
            "text": ["a", None, 'say "ß", 日本'],
            "string": pd.array(["a", None, ""], dtype="string"),
            "category": pd.Categorical(["u", None, "w"], categories=["w", "v", "u"]),
            "ordered": pd.Categorical(["lo", "hi", "lo"], categories=["lo", "mid", "hi"], ordered=True),
            "date": pd.array(
                [dt.date(1969, 7, 20), None, dt.date(2024, 2, 29)], dtype=pd.ArrowDtype(pa.date32())
            ),
            "naive": times.as_unit("ns"),
            "naive_us": times.as_unit("us"),
            "utc": times.as_unit("ns").tz_localize("UTC"),
            "vienna": times.as_unit("ns").tz_localize("Europe/Vienna"),
            "duration": pd.to_timedelta([1.5, None, -86400], unit="s"),
        }
    )


INDEXES = {
    "range": pd.RangeIndex(3),
    "text": pd.Index(["x", "y", "z"]),
    "whole": pd.Index([4, 7, 9]),
    "named": pd.Index(["p", "q", "r"], name="sample"),
    "levels": pd.MultiIndex.from_tuples([(1, "a"), (1, "b"), (2, "a")], names=["run", None]),
}
