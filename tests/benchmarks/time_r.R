# Times one way of R to read and write an RDS. Arguments: way ("base": readRDS and saveRDS; "crossframe"), file,
# a small file to begin with. Prints what, seconds, a line each.
arguments <- commandArgs(TRUE)
file <- arguments[2]
small <- arguments[3]
target <- tempfile(fileext = ".rds")
plain <- grepl("-plain", file)

ways <- list(
  base = list(
    read = readRDS,
    write = function(x) saveRDS(x, target, compress = !plain)
  ),
  crossframe = list(
    read = function(file) crossframe::cf_load(file),
    write = function(x) {
      crossframe::cf_save(x, target, compression = if (plain) "none")
    }
  )
)
way <- ways[[arguments[1]]]
invisible(way$write(way$read(small)))

timed <- function(what, work) {
  gc(FALSE)
  start <- proc.time()
  result <- work()
  took <- proc.time() - start
  cat(what, took[["elapsed"]], "\n")
  cat(paste0(what, "-cpu"), took[["user.self"]] + took[["sys.self"]], "\n")
  result
}

frame <- timed("read", function() way$read(file))
rm(frame)
frame <- timed("again", function() way$read(file))
invisible(timed("write", function() way$write(frame)))
cat("size", file.size(target), "\n")
