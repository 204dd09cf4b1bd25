# Damaged bytes through the readers of the R package, for as many seconds as asked: a value or an error of ours,
# and R still stands. The C of the scan by itself is fuzz_scan.cpp's business.
#
#   fuzz_r.R SECONDS FOLDER     FOLDER as corpus.py writes it

words <- commandArgs(trailingOnly = TRUE)
seconds <- as.numeric(words[1])
library(crossframe)
set.seed(1)

read_folder <- function(name) {
  files <- list.files(file.path(words[2], name), full.names = TRUE)
  files <- files[file.size(files) < 5000]
  lapply(files, function(file) readBin(file, "raw", file.size(file)))
}

damaged <- function(bytes) {
  if (length(bytes) == 0L) {
    return(bytes)
  }
  at <- sample.int(length(bytes), 1L)
  if (stats::runif(1) < 0.2) {
    return(utils::head(bytes, at - 1L))
  }
  flip <- sample(c(0xFF, 0x01, 0x80, 0x04), 1L)
  bytes[at] <- xor(bytes[at], as.raw(flip))
  bytes
}

readers <- list(
  serialized = function(bytes) crossframe:::rds_decode(bytes),
  csv = function(bytes) crossframe:::csv_decode(bytes)
)

# Kept on disk before it is read, since a crash leaves nothing else behind.
last <- file.path(words[2], "last-r.bin")

run <- function(read, bytes) {
  writeBin(bytes, last)
  tryCatch(
    {
      suppressWarnings(read(bytes))
      NULL
    },
    crossframe_error = function(e) NULL,
    error = function(e) conditionMessage(e)
  )
}

foreign <- character()
runs <- 0L
end <- Sys.time() + seconds
seeds <- lapply(stats::setNames(nm = names(readers)), read_folder)
while (Sys.time() < end) {
  for (name in names(readers)) {
    bytes <- damaged(seeds[[name]][[sample.int(length(seeds[[name]]), 1L)]])
    problem <- run(readers[[name]], bytes)
    runs <- runs + 1L
    if (!is.null(problem)) {
      foreign[[paste0(name, ": ", problem)]] <- paste(bytes, collapse = "")
    }
  }
}
cat(runs, "runs in R\n")
for (problem in names(foreign)) {
  cat("FOREIGN", problem, "\n ", substr(foreign[[problem]], 1, 1500), "\n")
}
quit(status = if (length(foreign) > 0L) 1L else 0L)
