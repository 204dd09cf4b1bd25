# Many keys at once: loaded by name, or combined to one frame.

#' Load every key that a pattern matches
#'
#' Objects are fetched several at a time, and each is decoded while others arrive. Each is named as [cf_load()]
#' would name it: an RData's objects by their own names, everything else by its key's last segment without
#' known extensions. Each key is a frame of its own, the parts of a data set too: [cf_load()] of their prefix gives
#' them as one.
#'
#' @section One frame:
#' With `combine = TRUE` the frames are put below each other. The columns are `key`, the pattern's fields,
#' then the frames' columns in the order in which they are first seen; a column of the frames wins over a field
#' of its name. `key` and text fields are factors. Where a frame has no such column, its rows have missing values,
#' of `columns` too. Integer, integer64 and double become the widest of them; levels of factors are united in the
#' order in which they are first seen; a factor that meets text becomes text; other types do not mix. Attributes
#' are kept where the frames agree, but not what is true of one frame's rows only, such as data.table's key or
#' dplyr's groups.
#'
#' @inheritParams cf_find
#' @inheritSection cf_find Patterns
#' @param names `"name"`, or `"key"` for the whole key: then an RData with several objects is a list.
#' @param on_error `"raise"`: the first key that fails stops it; `"collect"`: all others are tried, then
#'   one `crossframe_error_batch` tells of every key that failed, with its conditions in `errors` (by
#'   key) and what was loaded in `loaded`; `"skip"`: a warning for each, and the rest is returned.
#' @param combine `TRUE` gives one data frame.
#' @param columns Names of the columns to load of each, in this order; by default all.
#' @param progress `TRUE` or `FALSE`, whether to show a bar on standard error; by default where that is a terminal.
#' @param format String; name of the format of all, by default chosen for each key.
#' @param trust `TRUE` loads RDS and RData although they hold code, with a warning for each.
#' @returns A named list in byte order of the keys; with `combine = TRUE` one data frame, its rows in that order.
#' @section Errors:
#' `crossframe_error_no_match`: no key matches; `crossframe_error_name_clash`: two keys give one name;
#' `crossframe_error_usage`: with `combine = TRUE`, no frame has one of `columns`;
#' `crossframe_error_schema_mismatch`: types of a column that do not mix, with both keys;
#' with `on_error = "raise"` the error of the first key that fails, as [cf_load()] gives it, with the
#' key in its message; with `"collect"`, and with `combine = TRUE` where no key can be loaded,
#' `crossframe_error_batch`.
#' @seealso [cf_iter_many()] for one after the other.
#' @examples
#' old <- cf_set_root(tempfile())
#' cf_save(cars, "data/cars.csv")
#' cf_save(CO2, "data/co2.rds")
#' frames <- cf_load_many("data/")
#' names(frames)
#' cf_save_many(list(oslo = cars, rome = women), "runs/{site}.rds")
#' runs <- cf_load_many("runs/{site}.rds", combine = TRUE)
#' str(runs)
#' cf_set_root(old)
#' @export
cf_load_many <- function(
  pattern,
  ...,
  regex = FALSE,
  exclude = NULL,
  where = NULL,
  modified_after = NULL,
  modified_before = NULL,
  min_size = NULL,
  max_size = NULL,
  names = "name",
  on_error = "raise",
  combine = FALSE,
  columns = NULL,
  progress = NULL,
  format = NULL,
  trust = FALSE,
  options = list()
) {
  check_empty(...)
  check_choice(names, "names", c("name", "key"))
  check_choice(on_error, "on_error", c("raise", "collect", "skip"))
  check_flag(combine, "combine")
  narrow <- list(
    exclude = exclude,
    where = where,
    modified_after = modified_after,
    modified_before = modified_before,
    min_size = min_size,
    max_size = max_size
  )
  found <- find_some(pattern, regex, options, narrow)
  if (!combine) {
    check_names_of_keys(shown_key(found, found$rows$key), names, format)
  }
  how <- list(
    format = format,
    columns = columns,
    trust = trust,
    frames = combine
  )
  if (combine) {
    check_column_names(columns)
  }
  decode <- function(one) {
    if (combine) {
      decode_those_there(found, one, how)
    } else {
      decode_fetched(found, one, how)
    }
  }
  results <- load_found(found, decode, on_error, progress)
  failed <- vapply(results, inherits, NA, what = "crossframe_error")
  if (combine && all(failed)) {
    # Why an error even where keys are skipped: of none there is no frame to make.
    abort_batch("load", results, length(results), loaded = list())
  }
  loaded <- if (combine) {
    fields <- lapply(found$fields, `[`, !failed)
    whole <- sprintf("what '%s' matches", pattern)
    combine_loaded(results[!failed], fields, columns, whole)
  } else {
    name_loaded(results[!failed], names)
  }
  if (any(failed)) {
    report_failures(results[failed], length(results), loaded, on_error)
  }
  loaded
}

find_some <- function(pattern, regex, options, narrow) {
  found <- find_keys(pattern, regex, options, narrow)
  if (!nrow(found$rows)) {
    abort_no_match(pattern, regex, found)
  }
  found
}

check_choice <- function(value, argument, choices) {
  if (!is_string(value) || !value %in% choices) {
    cf_abort(
      "usage",
      sprintf(
        "Argument '%s' must be one of %s.",
        argument,
        shown_names(choices)
      ),
      sprintf("got '%s'", paste(format(value), collapse = ", "))
    )
  }
}

check_flag <- function(value, argument) {
  if (!isTRUE(value) && !isFALSE(value)) {
    cf_abort(
      "usage",
      sprintf("Argument '%s' must be TRUE or FALSE.", argument),
      sprintf("got '%s'", paste(format(value), collapse = ", "))
    )
  }
}

# Why before anything is fetched: a clash is seen in the keys alone. What names the objects
# within an RData is seen later.
check_names_of_keys <- function(keys, names, format) {
  known <- split_extensions(keys)$format
  one_value <- if (is.null(format)) !is.na(known) else rep(TRUE, length(keys))
  several <- format_table()$name[format_table()$decodes_to == "objects"]
  single <- one_value &
    !(if (is.null(format)) known else format_row(format)$name) %in% several
  name_keys(keys[single], names)
}

# For each key the named list of its values, or the condition why not; by key.
#
# decode: a function of what new_fetcher() gives, to that list or condition.
load_found <- function(found, decode, on_error, progress) {
  count <- nrow(found$rows)
  results <- vector("list", count)
  last <- count
  fetcher <- new_fetcher(found)
  bar <- progress_bar(progress, "Loading", count)
  on.exit({
    fetcher$close()
    bar$end()
  })
  fetcher$ask(last)
  repeat {
    one <- fetcher$take()
    if (is.null(one)) {
      break
    }
    bar$step()
    # Why before the decoding: the next arrives meanwhile.
    fetcher$ask(last)
    if (one$at > last) {
      next
    }
    results[[one$at]] <- decode(one)
    failed <- inherits(results[[one$at]], "crossframe_error")
    if (on_error == "raise" && failed) {
      last <- one$at
    }
    # Why not at once: an earlier key that fails, too, is the one to tell of.
    if (last < count && !any(vapply(results[seq_len(last)], is.null, NA))) {
      stop(results[[last]])
    }
  }
  # The last of all, or the only one.
  if (on_error == "raise" && inherits(results[[last]], "crossframe_error")) {
    stop(results[[last]])
  }
  stats::setNames(results, shown_key(found, found$rows$key))
}

# results: by key, the list of the one frame of each; fields: the values of each field.
combine_loaded <- function(results, fields, columns, whole) {
  if (!length(results)) {
    key <- factor(character())
    return(new_frame(c(list(key = key), fields), 0L))
  }
  parts <- Map(names(results), results, f = function(key, values) {
    list(key = key, frame = values[[1L]])
  })
  check_part_columns(columns, parts, whole)
  combined <- combine_frames(unname(parts), fields)
  if (is.null(columns)) {
    return(combined)
  }
  pick_columns(combined, c(setdiff(names(combined), columns), columns))
}

# results: by key, the named list of values of each.
name_loaded <- function(results, names) {
  if (names == "key") {
    return(lapply(results, function(values) {
      if (length(values) == 1L) values[[1L]] else values
    }))
  }
  given <- as.character(unlist(lapply(results, base::names)))
  twice <- anyDuplicated(given)
  if (twice) {
    keys <- rep(base::names(results), lengths(results))
    abort_name_clash(
      given[twice],
      keys[match(given[twice], given)],
      keys[twice]
    )
  }
  loaded <- do.call(c, unname(results))
  if (is.null(loaded)) stats::setNames(list(), character()) else loaded
}

report_failures <- function(errors, total, loaded, on_error) {
  if (on_error == "skip") {
    return(warn_skipped(errors))
  }
  abort_batch("load", errors, total, loaded = loaded)
}

# errors: conditions by key.
warn_skipped <- function(errors) {
  for (key in names(errors)) {
    cf_warn(
      "skipped_key",
      sprintf("Skipped '%s'.", key),
      conditionMessage(errors[[key]])
    )
  }
}

# errors: conditions by key; verb: what could not be done to them; done: keys with which it was done
# nonetheless, where that is to be told.
abort_batch <- function(verb, errors, total, ..., done = NULL) {
  lines <- vapply(errors, function(condition) condition$problem, "")
  lines <- utils::head(paste0("'", names(errors), "': ", lines), 5L)
  if (length(errors) > 5L) {
    lines <- c(lines, sprintf("and %d more", length(errors) - 5L))
  }
  if (length(done)) {
    lines <- c(lines, paste("Done nonetheless:", shown_names(done)))
  }
  cf_abort(
    "batch",
    sprintf("Can't %s %d of %d keys.", verb, length(errors), total),
    paste(lines, collapse = "\n  "),
    errors = errors,
    done = done,
    ...
  )
}
