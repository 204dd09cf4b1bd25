# Times loading many gzip RDS of 5,000 rows x 6 columns. Prints `what seconds`, a line each.
#
#   Rscript --vanilla time_batch.R make <folder> [<count>]   writes count files, by default 500
#   Rscript --vanilla time_batch.R disk <folder>             "readRDS": R's own loop over local files
#   Rscript --vanilla time_batch.R many <prefix>             "many": cf_load_many(prefix)
#   Rscript --vanilla time_batch.R loop <prefix>             "loop": cf_load() of each key, one by one
#
# <prefix> ends in a slash and may be s3://bucket/...; how to reach S3 is in the environment. Each run begins
# with a few of the files, so that what is measured is not the loading of libraries or the first connection.

arguments <- commandArgs(trailingOnly = TRUE)
mode <- arguments[[1L]]
place <- arguments[[2L]]

timed <- function(what, work) {
  gc(FALSE)
  start <- proc.time()[["elapsed"]]
  result <- work()
  cat(what, proc.time()[["elapsed"]] - start, "\n")
  invisible(result)
}

make_frame <- function(n) {
  data.frame(
    id = seq_len(n),
    value = rnorm(n),
    rounded = round(runif(n), 3),
    site = sample(c("oslo", "rome", "bern"), n, TRUE),
    group = factor(sample(letters, n, TRUE)),
    time = as.POSIXct("2024-01-01", tz = "UTC") + sample(1e6, n)
  )
}

make <- function(folder, count) {
  set.seed(1)
  dir.create(folder, showWarnings = FALSE, recursive = TRUE)
  for (i in seq_len(count)) {
    saveRDS(make_frame(5000), file.path(folder, sprintf("sample%04d.rds", i)))
  }
}

disk <- function(folder) {
  files <- list.files(folder, "[.]rds$", full.names = TRUE)
  lapply(files[1:3], readRDS)
  timed("readRDS", function() lapply(files, readRDS))
}

many <- function(prefix) {
  crossframe::cf_load_many(paste0(prefix, "*1?.rds"))
  frames <- timed("many", function() crossframe::cf_load_many(prefix))
  stopifnot(all(vapply(frames, nrow, 0L) == 5000L))
}

loop <- function(prefix) {
  keys <- crossframe::cf_find(prefix)$key
  lapply(keys[1:3], crossframe::cf_load)
  timed("loop", function() lapply(keys, crossframe::cf_load))
}

switch(
  mode,
  make = make(
    place,
    if (length(arguments) > 2L) as.integer(arguments[[3L]]) else 500L
  ),
  disk = disk(place),
  many = many(place),
  loop = loop(place),
  stop("The first argument is make, disk, many or loop.")
)
