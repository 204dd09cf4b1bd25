# R's part of test_clients.py: saves frames and uploads a file, loads and downloads them, or makes links.
library(crossframe)

args <- commandArgs(TRUE)
frame <- data.frame(n = 1:3, text = c("a", NA, "\u00fc"))

if (args[[1]] == "store") {
  for (key in args[-(1:3)]) {
    cf_save(frame, key)
  }
  cf_upload(args[[2]], args[[3]])
} else if (args[[1]] == "take") {
  for (key in args[-(1:3)]) {
    stopifnot(identical(cf_load(key), frame))
  }
  cf_download(args[[3]], args[[2]])
} else {
  cat(cf_share(args[[2]], "10m"), cf_request(args[[3]], "10m"), sep = "\n")
}
