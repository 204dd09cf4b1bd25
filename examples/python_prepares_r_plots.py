"""Python prepares measurements; python_prepares_r_plots.R plots them."""

import pandas as pd

import crossframe as cf

weeks = pd.date_range("2026-03-01 08:00", periods=6, freq="7D", tz="Europe/Paris", unit="ns")
treatments = pd.CategoricalDtype(["control", "drought", "heat"], ordered=True)
heights = {"control": [4, 7, 11, 16, 20, 23], "drought": [4, 6, 9, 11, 12, None]}

pots = pd.concat(
    pd.DataFrame(
        {
            "treatment": pd.Series([treatment] * len(weeks), dtype=treatments),
            "seen": weeks,
            "height": pd.array(values, dtype="Int32"),
        }
    )
    for treatment, values in heights.items()
)
pots = pots.reset_index(drop=True)
print(pots.groupby("treatment", observed=False)["height"].agg(["count", "min", "max"]))

saved = cf.save(pots, "growth/pots.rds")
print(f"\nSaved {saved.key}: {saved.rows} rows")
