# R loads as one data frame what Python's workers saved in parts (run dask_parts.py first).
library(crossframe)

deep <- cf_load("dask/deep")
print(sapply(deep, \(column) class(column)[1]))
average <- sprintf("%.4f m on average", mean(deep$depth))
cat(nrow(deep), "rows,", average, "\n")
