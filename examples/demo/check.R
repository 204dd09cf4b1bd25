# R loads all that by pattern and compares it with its own frames.
library(crossframe)
source("frames.R")

means <- tapply(d$height, d$treatment, mean, na.rm = TRUE)
means <- data.frame(
  treatment = factor(names(means), levels(d$treatment)),
  height = as.vector(means)
)
own <- list(d = d, e = e, f = f, means = means)

rdata <- new.env()
s3load("foo/bar/python/all.RData", envir = rdata)
loaded <- list(
  parquet = cf_load_many("foo/bar/python/*.parquet"),
  rds = cf_load_many("foo/bar/python/*.rds"),
  csv = cf_load_many("foo/bar/python/*.csv"),
  RData = as.list(rdata)
)

same <- sapply(loaded, function(frames) {
  mapply(identical, own, frames[names(own)])
})
print(same)
stopifnot("A frame came back different" = same)
