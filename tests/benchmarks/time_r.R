# Times R's own readRDS and saveRDS. Arguments: file, repetitions. Prints what, seconds, a line each.
arguments <- commandArgs(TRUE)
file <- arguments[1]
target <- tempfile(fileext = ".rds")
compressed <- !grepl("-plain", file)
for (i in seq_len(as.integer(arguments[2]))) {
  gc(FALSE)
  start <- proc.time()[["elapsed"]]
  frame <- readRDS(file)
  cat("read", proc.time()[["elapsed"]] - start, "\n")
  gc(FALSE)
  cat(
    "write",
    system.time(saveRDS(frame, target, compress = compressed))[["elapsed"]],
    "\n"
  )
}
cat("size", file.size(target), "\n")
