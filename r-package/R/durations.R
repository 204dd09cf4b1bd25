# Lengths of time as users write them: "45s", "30m", "12h", "1d", "2w". Pure text, the twin of
# python/crossframe/durations.py. Vectors: tests/conformance/keys/durations.json and days.json.

unit_seconds <- c(s = 1, m = 60, h = 3600, d = 86400, w = 604800)

# Why a limit: 100 years are meant for ever, and still a date in every language.
longest_duration <- 100 * 366 * 86400

# A length of time in whole seconds, a double; what a number has beyond them is cut off.
#
# duration: text with its unit, a number of seconds, or a difftime.
seconds_of <- function(duration) {
  seconds <- duration_seconds(duration)
  if (is.na(seconds) || seconds < 0 || seconds > longest_duration) {
    cf_abort(
      "usage",
      sprintf("Can't use %s as a length of time.", shown_duration(duration)),
      paste(
        "must be a whole number with its unit (s, m, h, d or w),",
        "or a number of seconds; at most 100 years"
      ),
      'Is it "30m", "12h", "1d" or "2w"?'
    )
  }
  floor(seconds)
}

# A length of time in days, as stores count the life of what is temporary.
days_of <- function(duration) {
  days <- seconds_of(duration) / unit_seconds[["d"]]
  if (days < 1 || days != trunc(days)) {
    cf_abort(
      "usage",
      sprintf("Can't use %s here.", shown_duration(duration)),
      "must be a whole number of days, at least 1",
      'Is it "30d"?'
    )
  }
  days
}

# NA for what is no length of time.
duration_seconds <- function(duration) {
  if (length(duration) != 1L) {
    return(NA_real_)
  }
  if (inherits(duration, "difftime")) {
    return(as.numeric(duration, units = "secs"))
  }
  if (is.numeric(duration) && !is.object(duration)) {
    return(as.double(duration))
  }
  if (
    !is_string(duration) ||
      !grepl("\\A[0-9]{1,12}[smhdw]\\z", duration, perl = TRUE)
  ) {
    return(NA_real_)
  }
  digits <- nchar(duration) - 1L
  as.double(substr(duration, 1L, digits)) *
    unit_seconds[[substring(duration, digits + 1L)]]
}

shown_duration <- function(duration) {
  paste(deparse(duration, nlines = 1L), collapse = "")
}
