# Every error and warning of the package is made here, from the rows of errors.csv.

# Stop with our condition.
#
# name: a row of errors.csv; problem: what can't be done, one sentence; detail:
# what was got and where; hint: what to do; ...: fields of the condition.
cf_abort <- function(name, problem, detail = NULL, hint = NULL, ...) {
  stop(cf_error(name, problem, detail, hint, ...))
}

# Warn with our condition. name: "lossy_conversion", "format_mismatch", "stale_schema" or "trusted".
cf_warn <- function(name, problem, detail = NULL, hint = NULL, ...) {
  class <- c(
    paste0("crossframe_warning_", name),
    "crossframe_warning",
    "warning",
    "condition"
  )
  warning(cf_condition(class, problem, detail, hint, ...))
}

# The error condition itself, for batches that collect errors instead of stopping.
cf_error <- function(name, problem, detail = NULL, hint = NULL, ...) {
  cf_condition(error_classes(name), problem, detail, hint, ...)
}

cf_condition <- function(class, problem, detail, hint, ...) {
  message <- paste(c(problem, detail, hint), collapse = "\n  ")
  fields <- list(
    message = message,
    call = NULL,
    problem = problem,
    detail = detail,
    hint = hint,
    ...
  )
  structure(class = class, fields)
}

# The classes of a row, itself first, then its parents: each parent can be caught.
error_classes <- function(name) {
  table <- shared_table("errors")
  classes <- character()
  while (name != "crossframe_error") {
    row <- match(name, table$name)
    if (is.na(row)) {
      stop("errors.csv has no row '", name, "'.", call. = FALSE)
    }
    classes <- c(classes, paste0("crossframe_error_", name))
    name <- table$parent[row]
  }
  c(classes, "crossframe_error", "error", "condition")
}
