# The vectors that both languages share are run by test-conformance-keys.R; here what only R has.

test_that("a difftime is a length of time, whatever its units", {
  expect_identical(seconds_of(as.difftime(90, units = "mins")), 5400)
  expect_identical(days_of(as.difftime(2, units = "weeks")), 14)
  expect_error(
    seconds_of(as.difftime(-1, units = "mins")),
    class = "crossframe_error_usage"
  )
})

test_that("what is no length of time is named", {
  for (bad in list(NULL, NA, NA_character_, NaN, Inf, c("1d", "2d"), list())) {
    expect_error(seconds_of(bad), class = "crossframe_error_usage")
  }
  expect_error(seconds_of("soon"), "\"soon\" as a length of time")
  # Why: a date or a factor is a number to R.
  expect_error(seconds_of(Sys.Date()), class = "crossframe_error_usage")
  expect_error(seconds_of(factor("1d")), class = "crossframe_error_usage")
})
