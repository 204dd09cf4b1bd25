# Runs the tests in a folder against the installed package and writes the count as JSON.
# Rscript run_tests.R <folder of tests> <report.json>
#
# A test_that() block passes when it neither failed nor stopped nor warned; pytest treats warnings alike.

args <- commandArgs(trailingOnly = TRUE)
# Why this one: it prints a line a file, and what failed at the end, also where it is not on a terminal.
progress <- testthat::SummaryReporter$new(
  show_praise = FALSE,
  max_reports = Inf
)
collected <- testthat::ListReporter$new()
Sys.setenv(NOT_CRAN = "true")

testthat::test_dir(
  args[[1]],
  package = "crossframe",
  load_package = "installed",
  reporter = testthat::MultiReporter$new(list(progress, collected)),
  stop_on_failure = FALSE
)

results <- as.data.frame(collected$get_results())
bad <- results$failed > 0 | results$error | results$warning > 0
skipped <- !bad & results$skipped
json <- jsonlite::toJSON(
  list(
    passed = jsonlite::unbox(sum(!bad & !skipped)),
    failed = jsonlite::unbox(sum(bad)),
    skipped = sprintf("%s: %s", results$file[skipped], results$test[skipped])
  )
)
writeLines(json, args[[2]])
