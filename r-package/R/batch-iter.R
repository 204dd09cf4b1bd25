# Many keys one after the other, for what does not fit into memory at once.

#' Load the keys that a pattern matches one after the other
#'
#' The next objects are fetched while one is worked on.
#'
#' @inheritParams cf_load_many
#' @inheritSection cf_find Patterns
#' @param on_error `"raise"`: the first key that fails stops it; `"collect"`: it is left out, and at the end one
#'   `crossframe_error_batch` tells of every key that failed, with its conditions in `errors`, by key; `"skip"`: a
#'   warning for each.
#' @param prefetch Count; no more frames than that are held, or on their way.
#' @returns A function without arguments. Each call gives `list(name =, value =)` of the next frame, in byte
#'   order of the keys, and `NULL` after the last.
#' @section Errors:
#' `crossframe_error_no_match`: no key matches; from the function as from [cf_load_many()].
#' @examples
#' old <- cf_set_root(tempfile())
#' cf_save_many(split(CO2, CO2$Type), "co2/{type}.rds")
#' next_frame <- cf_iter_many("co2/", prefetch = 2L)
#' repeat {
#'   one <- next_frame()
#'   if (is.null(one)) break
#'   cat(one$name, mean(one$value$uptake), "\n")
#' }
#' cf_set_root(old)
#' @export
cf_iter_many <- function(
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
  columns = NULL,
  prefetch = 4L,
  format = NULL,
  trust = FALSE,
  options = list()
) {
  check_empty(...)
  check_choice(names, "names", c("name", "key"))
  check_choice(on_error, "on_error", c("raise", "collect", "skip"))
  check_prefetch(prefetch)
  narrow <- list(
    exclude = exclude,
    where = where,
    modified_after = modified_after,
    modified_before = modified_before,
    min_size = min_size,
    max_size = max_size
  )
  found <- find_some(pattern, regex, options, narrow)
  check_names_of_keys(shown_key(found, found$rows$key), names, format)
  how <- list(format = format, columns = columns, trust = trust)
  iterate_found(found, how, names, on_error, prefetch)
}

check_prefetch <- function(prefetch) {
  whole <- is.numeric(prefetch) &&
    length(prefetch) == 1L &&
    isTRUE(prefetch >= 1 & prefetch == trunc(prefetch))
  if (!whole) {
    cf_abort(
      "usage",
      "Argument 'prefetch' must be a whole number, 1 or more.",
      sprintf("got '%s'", paste(format(prefetch), collapse = ", "))
    )
  }
}

iterate_found <- function(found, how, names, on_error, prefetch) {
  keys <- shown_key(found, found$rows$key)
  fetcher <- new_fetcher(found)
  ready <- list()
  queue <- list()
  named <- character()
  errors <- list()
  given <- 0L

  # The result of the next key, once those before it are taken.
  next_result <- function() {
    whole <- FALSE
    on.exit({
      # Why anew: what an interrupt took away has been taken from the fetcher.
      if (!whole) {
        fetcher$close()
        fetcher <<- new_fetcher(found, given + 1L)
        ready <<- list()
      }
    })
    slot <- as.character(given + 1L)
    fetcher$ask(given + prefetch)
    while (is.null(ready[[slot]])) {
      one <- fetcher$take()
      fetcher$ask(given + prefetch)
      ready[[as.character(one$at)]] <<- decode_fetched(found, one, how)
    }
    result <- ready[[slot]]
    ready[[slot]] <<- NULL
    given <<- given + 1L
    whole <- TRUE
    result
  }
  fail <- function(error) {
    if (on_error == "raise") {
      given <<- length(keys)
      fetcher$close()
      stop(error)
    }
    error <- stats::setNames(list(error), keys[given])
    if (on_error == "skip") {
      warn_skipped(error)
    } else {
      errors <<- c(errors, error)
    }
  }
  add <- function(values) {
    if (names == "key") {
      value <- if (length(values) == 1L) values[[1L]] else values
      values <- named_value(keys[given], value)
    }
    twice <- match(base::names(values), base::names(named))
    if (!all(is.na(twice))) {
      at <- which(!is.na(twice))[1L]
      fetcher$close()
      abort_name_clash(base::names(values)[at], named[twice[at]], keys[given])
    }
    from <- rep(keys[given], length(values))
    named <<- c(named, stats::setNames(from, base::names(values)))
    queue <<- c(queue, values)
  }

  function() {
    while (!length(queue)) {
      if (given == length(keys)) {
        failed <- errors
        errors <<- list()
        if (length(failed)) {
          abort_batch("load", failed, length(keys))
        }
        return(NULL)
      }
      result <- next_result()
      if (inherits(result, "crossframe_error")) fail(result) else add(result)
    }
    one <- list(name = base::names(queue)[1L], value = queue[[1L]])
    queue <<- queue[-1L]
    one
  }
}
