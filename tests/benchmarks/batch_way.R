# R's own loop over files on the local disk, once warm. Argument: folder. Prints the seconds it took.
files <- list.files(commandArgs(TRUE)[[1]], pattern = "[.]rds$", full.names = TRUE)
frames <- lapply(files, readRDS)
start <- proc.time()[["elapsed"]]
frames <- lapply(files, readRDS)
cat("seconds", proc.time()[["elapsed"]] - start, "\n")
