# Runs tests/conformance/bad: every file signals the error that index.json names, and nothing in it runs.
# "r" stands where R rightly differs: another error, or null where R holds such a value.

outcome_of <- function(path) {
  tryCatch(
    {
      cf_load(path)
      "loads"
    },
    crossframe_error = function(condition) {
      sub("^crossframe_error_", "", class(condition)[1L])
    }
  )
}

test_that("bad files signal their error and run nothing", {
  folder <- conformance("bad")
  vectors <- jsonlite::fromJSON(
    file.path(folder, "index.json"),
    simplifyVector = FALSE
  )
  gaps <- utils::read.csv(conformance("gaps.csv"), colClasses = "character")
  gaps <- gaps$name[gaps$suite == "bad" & gaps$language == "r"]
  attached <- search()
  empty <- tempfile()
  dir.create(empty)
  old <- setwd(empty)
  on.exit(setwd(old))
  for (vector in vectors) {
    expected <- if (!"r" %in% names(vector)) {
      vector$error
    } else if (is.null(vector$r)) {
      "loads"
    } else {
      vector$r
    }
    passed <- identical(outcome_of(file.path(folder, vector$file)), expected)
    expect_equal(passed, !vector$file %in% gaps, info = vector$file)
    expect_false(file.exists("crossframe-was-here"), info = vector$file)
  }
  expect_false("tcltk" %in% loadedNamespaces())
  expect_identical(search(), attached)
})
