"""Python fits a model to what r_saves_python_models.R saved, and saves the fit for R."""

import numpy as np
import pandas as pd

import crossframe as cf

plants = cf.load("plants/co2.rds")
print(plants.dtypes.to_string(), "\n")


def fit(group):
    """Uptake grows with the logarithm of the concentration."""
    slope, intercept = np.polyfit(np.log(group["conc"]), group["uptake"], 1)
    return pd.Series({"slope": slope, "intercept": intercept})


groups = plants.groupby(["Type", "Treatment"], observed=True)
fits = groups[["conc", "uptake"]].apply(fit).reset_index()
print(fits.round(2).to_string(index=False))

saved = cf.save(fits, "plants/fits.rds")
print("\nSaved", saved.key)
