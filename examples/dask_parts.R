# R loads what Dask's workers wrote in parts as one data frame; see dask_parts.py.
library(crossframe)

deep <- cf_load("dask/deep")
str(deep)
cat(
  nrow(deep),
  " rows, mean depth ",
  sprintf("%.6f", mean(deep$depth)),
  " m\n",
  sep = ""
)
