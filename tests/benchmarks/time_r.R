# Times readRDS and saveRDS. Arguments: file, a small file to begin with. Prints what, seconds, a line each.
arguments <- commandArgs(TRUE)
file <- arguments[1]
target <- tempfile(fileext = ".rds")
compressed <- !grepl("-plain", file)
saveRDS(readRDS(arguments[2]), target)

timed <- function(what, work) {
  gc(FALSE)
  start <- proc.time()
  result <- work()
  took <- proc.time() - start
  cat(what, took[["elapsed"]], "\n")
  cat(paste0(what, "-cpu"), took[["user.self"]] + took[["sys.self"]], "\n")
  result
}

frame <- timed("read", function() readRDS(file))
rm(frame)
frame <- timed("again", function() readRDS(file))
invisible(timed("write", function() {
  saveRDS(frame, target, compress = compressed)
}))
cat("size", file.size(target), "\n")
