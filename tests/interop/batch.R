# The R side of test_batch.py. Arguments: a verb, then what it needs; the root is CROSSFRAME_ROOT.

library(crossframe)

arguments <- commandArgs(trailingOnly = TRUE)
verb <- arguments[[1L]]

pattern <- "runs/{site}/{n:int}_{day:date}.*"

# Some of the keys that both languages combine.
write_some <- function() {
  first <- data.frame(
    id = 1:3,
    x = structure(c(1, NA, 3.5), label = "x in kg"),
    f = factor(c("u", "v", NA), levels = c("v", "unused", "u")),
    s = c("\u00e9", NA, "z"),
    t = as.POSIXct(c(0, NA, 1.5), origin = "1970-01-01", tz = "Europe/Oslo")
  )
  second <- data.frame(
    x = structure(0.25, label = "x in kg"),
    f = factor("w"),
    id = 4.5,
    d = as.Date("2024-02-29")
  )
  cf_save(first, "runs/oslo/1_2024-05-01.rds")
  cf_save(second, "runs/rome/2_2024-05-02.csv.gz")
  third <- data.frame(x = structure(numeric(), label = "x in kg"))
  cf_save(third, "runs/rome/3_2024-05-02.rds")
}

# What one mode makes of the keys that fail: list(kind, keys, loaded).
outcome <- function(prefix, mode) {
  warned <- character()
  loaded <- withCallingHandlers(
    tryCatch(
      cf_load_many(prefix, on_error = mode),
      crossframe_error = identity
    ),
    crossframe_warning_skipped_key = function(condition) {
      warned <<- c(warned, conditionMessage(condition))
      invokeRestart("muffleWarning")
    }
  )
  if (!inherits(loaded, "condition")) {
    return(list(kind = "loaded", said = warned, loaded = length(loaded)))
  }
  kind <- sub("^crossframe_error_", "", class(loaded)[1L])
  if (kind != "batch") {
    return(list(kind = kind, said = conditionMessage(loaded), loaded = 0L))
  }
  kinds <- vapply(loaded$errors, function(error) class(error)[1L], "")
  said <- paste(names(kinds), sub("^crossframe_error_", "", kinds))
  list(kind = kind, said = said, loaded = length(loaded$loaded))
}

# Python's int64 of a field is R's integer; the frame notes where it is from.
same <- function(one, other) {
  attr(one, "crossframe") <- attr(other, "crossframe") <- NULL
  told <- all.equal(one, other, tolerance = 0)
  identical(one, other, attrib.as.set = TRUE) || return(told)
}

switch(
  verb,
  write = write_some(),
  combine = cf_save(cf_load_many(pattern, combine = TRUE), "combined/R.rds"),
  same = cat(same(cf_load("combined/R.rds"), cf_load("combined/Python.rds"))),
  interrupt = tryCatch(
    cf_load_many("many/"),
    interrupt = function(condition) cat("interrupted")
  ),
  faults = cat(jsonlite::toJSON(
    lapply(
      c(raise = "raise", collect = "collect", skip = "skip"),
      outcome,
      prefix = arguments[[2L]]
    ),
    auto_unbox = TRUE
  ))
)
