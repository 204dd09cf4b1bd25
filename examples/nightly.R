# A nightly job that survives a bad file: it does what it can, says what is wrong and puts that aside.
library(crossframe)

# Three instruments report; one of them was switched off while it wrote.
instruments <- c("balance", "camera", "scanner")
for (number in seq_along(instruments)) {
  run <- data.frame(reading = number + c(-0.5, 0.5))
  cf_save(run, sprintf("inbox/%s.rds", instruments[number]))
}
begun <- get_object("inbox/camera.rds")[1:40]
cf_write_using(writeBin, begun, "inbox/camera.rds")

failed <- NULL
runs <- tryCatch(
  cf_load_many("inbox/*.rds", on_error = "collect"),
  crossframe_error_batch = function(error) {
    failed <<- error
    error$loaded
  }
)

means <- data.frame(
  instrument = names(runs),
  mean = vapply(runs, function(run) mean(run$reading), 0)
)
cf_save(means, "reports/means.csv")
print(means, row.names = FALSE)

for (key in names(failed$errors)) {
  problem <- conditionMessage(failed$errors[[key]])
  cat("\nLeft out", paste0(key, ":"), sub("\n.*", "", problem), "\n")
  cf_move(key, "bad/")
}
cat("\nPut aside:", cf_find("bad/*")$key, "\n")
