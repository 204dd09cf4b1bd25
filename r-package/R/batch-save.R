# Saving many: a named list or a grouped frame by a template.

#' Save many data frames, one key each
#'
#' Several are on their way at once.
#'
#' @inheritParams cf_save
#' @param x Named list of data frames (or of any values, for RDS and RData), whose names fill the
#'   template's one field; or one data frame, of which each group goes to its own key.
#' @param template String; a key with fields, such as `"runs/{site}.parquet"`. What saves with a
#'   template loads with it: see [cf_load_many()].
#' @param by Names of the columns to group one data frame by, by default the template's fields. They
#'   stay in the groups.
#' @param atomic `TRUE` for all or nothing: all are written under temporary keys, which patterns leave out, and
#'   copied once they are there. Nothing temporary stays. No store copies many keys at once: should a copy fail,
#'   the error's `done` tells which keys were written.
#' @param progress `TRUE` or `FALSE`, whether to show a bar on standard error; by default where that is a terminal.
#' @returns Invisibly a data frame, a row for each key in byte order of the keys: what [cf_save()]
#'   returns. `NULL` where there is no frame to save.
#' @section Errors:
#' Before anything is written: `crossframe_error_usage` (names or columns don't fit the template's
#' fields), `crossframe_error_invalid_pattern`, `crossframe_error_invalid_key` (a value that can't be part of
#' a key), `crossframe_error_name_clash`; then as [cf_save()], for the first key that fails. With `atomic = TRUE`
#' `crossframe_error_batch`: `errors` has the condition by key, `done` the keys that were written nonetheless.
#' @examples
#' old <- cf_set_root(tempfile())
#' cf_save_many(list(cars = cars, women = women), "data/{name}.csv")
#' cf_save_many(CO2, "co2/{Type}/{Treatment}.rds")
#' cf_find("co2/{type}/{treatment}.rds")
#' cf_save_many(CO2, "whole/{Type}.rds", by = "Type", atomic = TRUE)
#' cf_set_root(old)
#' @export
cf_save_many <- function(
  x,
  template,
  ...,
  by = NULL,
  atomic = FALSE,
  progress = NULL,
  format = NULL,
  compression = NULL,
  overwrite = TRUE,
  schema = TRUE,
  options = list()
) {
  check_empty(...)
  check_flag(atomic, "atomic")
  place <- resolve_pattern(template, FALSE, options)
  compiled <- compile_pattern(place$key)
  parts <- if (is.data.frame(x)) {
    grouped_parts(x, by, names(compiled$fields))
  } else {
    named_parts(x, by, names(compiled$fields))
  }
  plans <- plan_saves(parts, place, compiled, format, compression)
  bar <- progress_bar(progress, "Saving", length(plans))
  on.exit(bar$end())
  saved <- if (atomic) {
    base <- sub("[^/]*$", "", compiled$prefix)
    save_together(plans, base, overwrite, schema, bar)
  } else {
    save_each(plans, overwrite, schema, bar)
  }
  invisible(as_rows(unname(saved)))
}

# Parts: a list of list(fields = , value = ).
named_parts <- function(x, by, fields) {
  if (!is.null(by)) {
    cf_abort(
      "usage",
      "Argument 'by' must go with one data frame, not with a list of them."
    )
  }
  if (!is.list(x)) {
    cf_abort(
      "usage",
      sprintf("Can't save a value of class '%s' as many.", class(x)[1L]),
      "must be a named list of data frames, or one data frame"
    )
  }
  if (
    length(x) &&
      (is.null(names(x)) || anyNA(names(x)) || !all(nzchar(names(x))))
  ) {
    cf_abort(
      "usage",
      "Can't save a list without names.",
      "each element needs one: it fills the template's field"
    )
  }
  if (length(fields) != 1L) {
    cf_abort(
      "usage",
      "Can't fill the template with the names of a list.",
      sprintf("it has %d fields, and names fill one", length(fields)),
      "Is it a template such as runs/{name}.rds?"
    )
  }
  parts <- Map(x, names(x), f = function(value, name) {
    list(fields = stats::setNames(list(name), fields), value = value)
  })
  unname(parts)
}

grouped_parts <- function(x, by, fields) {
  columns <- if (is.null(by)) fields else by
  if (!length(fields) || !setequal(columns, fields)) {
    cf_abort(
      "usage",
      "Argument 'by' must name the template's fields.",
      sprintf(
        "its fields are %s; got %s",
        shown_names(fields),
        shown_names(columns)
      )
    )
  }
  unknown <- setdiff(columns, names(x))
  if (length(unknown)) {
    cf_abort(
      "usage",
      sprintf("Can't find column '%s' to group by.", unknown[1L]),
      sprintf("the columns are %s", shown_names(names(x)))
    )
  }
  keys <- unclass(x)[columns]
  # Why by position: values that differ may look alike as text.
  codes <- lapply(keys, function(column) match(column, unique(column)))
  code <- do.call(paste, unname(codes))
  rows <- unname(split(seq_along(code), factor(code, unique(code))))
  lapply(rows, function(these) {
    list(fields = lapply(keys, `[`, these[1L]), value = rows_of(x, these))
  })
}

# Rows of a data frame, its class and other attributes kept.
rows_of <- function(x, rows) {
  # Why as a data.frame: data.table's `[` has other rules; row names stay with their rows.
  plain <- x
  class(plain) <- "data.frame"
  taken <- plain[rows, , drop = FALSE]
  # Rows that are only counted are counted anew.
  if (.row_names_info(x) < 0L) {
    attr(taken, "row.names") <- .set_row_names(length(rows))
  }
  class(taken) <- class(x)
  taken
}

# What to write where, all checked before anything is written; in byte order of the keys.
plan_saves <- function(parts, place, compiled, format, compression) {
  keys <- vapply(parts, FUN.VALUE = "", function(part) {
    fill_template(compiled, part$fields)
  })
  twice <- anyDuplicated(keys)
  if (twice) {
    cf_abort(
      "name_clash",
      sprintf("Can't save two frames to the key '%s'.", keys[twice])
    )
  }
  in_order <- byte_order(keys)
  Map(parts[in_order], keys[in_order], f = function(part, key) {
    choice <- format_for_writing(key, format, compression)
    list(
      location = new_location(place$store, key, place$whole),
      choice = choice,
      values = values_to_save(part$value, name_of(key), choice$format)
    )
  })
}
