"""What a small lab keeps: a file of every kind, for the browser tests and the picture in the README."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

import crossframe as cf

if TYPE_CHECKING:
    from web_page import Page

BAD = Path(os.environ["CROSSFRAME_CONFORMANCE"]) / "bad"
PLOT = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 200 120">'
    '<rect width="200" height="120" fill="#fff"/>'
    '<path d="M10 100 60 60 110 70 190 20" stroke="#1f5fce" fill="none" stroke-width="3"/></svg>'
)


def visits(rows: int = 300) -> pd.DataFrame:
    """Return a frame with a column of each common type."""
    rng = np.random.default_rng(1)
    frame = pd.DataFrame(
        {
            "patient": [f"P{i:04}" for i in range(rows)],
            "site": pd.Categorical(rng.choice(["Lyon", "Paris", "Nice"], rows, p=[0.5, 0.3, 0.2])),
            "age": pd.array(rng.normal(52, 14, rows).round().clip(18, 90).astype(int), dtype="Int32"),
            "dose_mg": rng.normal(50, 12, rows).round(2),
            "seen": pd.date_range("2026-01-05", periods=rows, freq="7h", tz="Europe/Paris"),
            "responded": pd.array(rng.random(rows) > 0.4, dtype="boolean"),
        }
    )
    frame.loc[::17, "dose_mg"] = np.nan
    return frame


def fill(page: Page) -> None:
    """Write it all to a page's root."""
    frame, options = visits(), page.site.place.options

    def save(value: Any, key: str, **more: Any) -> None:
        cf.save(value, f"{page.root}/{key}", options=options, **more)

    save(frame, "runs/2026/visits.parquet")
    save(frame, "runs/2026/visits.csv")
    save(frame, "runs/2026/visits.rds")
    model = {
        "coefficients": pd.Series([1.5, 2.25]),
        "fit": {"rss": 3.2, "notes": ["converged", "in 5 steps"]},
    }
    save(model, "runs/2026/model.rds")
    save({"visits": frame.head(20), "model": model}, "runs/2026/all.RData")
    for key, content in {
        "README.md": b"# Lab data\n\nWhat lies where, and whom to ask.\n",
        "figures/dose.svg": PLOT.encode(),
        "incoming/notes.txt": b"hello\n",
        "from-a-stranger.rds": (BAD / "code_promise.rds").read_bytes(),
    }.items():
        page.store.put(key, content)
