# R saves a data set as it is; r_saves_python_models.py fits a model to it, then this script shows the fit.
library(crossframe)

# Plants that take up CO2: an ordered factor, plain factors, and a formula among the attributes.
saved <- cf_save(CO2, "plants/co2.rds")
cat("Saved", saved$key, "-", saved$rows, "rows,", saved$columns, "columns\n")

if (nrow(cf_find("plants/fits.rds"))) {
  fits <- cf_load("plants/fits.rds")
  cat("Python's fit, with R's own levels:", levels(fits$Type), "\n")
  print(fits, digits = 3)
}
