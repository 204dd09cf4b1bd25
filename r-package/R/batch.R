# Many keys at once: what a pattern finds and loads.

# Why 64: a chunk's bytes are held while it is decoded, and an error stops before the next.
chunk_keys <- 64L

#' Find the keys that a pattern matches
#'
#' Only the pattern's literal beginning is listed. Sidecars of CSV objects are no data and left out.
#'
#' @section Patterns:
#' `*` and `?` stay within a segment, `**` crosses segments, `[a-c]` and `[!a]` are classes,
#' `{csv,rds}` are alternatives. A brace with a bare name is a field: `{site}` (text), `{n:int}`,
#' `{x:float}`, `{day:date}`. A trailing `/` means everything below. There is no escape character:
#' `[*]` is a star. With `regex = TRUE` the key is searched for a Perl-like regular expression, as
#' `grep(perl = TRUE)` does; named groups, `(?<site>...)`, are fields. A regular expression is about the
#' key below the root, or below the bucket after `s3://bucket/`.
#'
#' @inheritParams cf_save
#' @param pattern String; a pattern after `"s3://bucket/"`, a folder, or below the root.
#' @param regex `TRUE` takes the pattern as a regular expression.
#' @returns A data frame, a row for each key, in byte order of the keys: `key` (relative to the root, or
#'   whole where `pattern` is whole: what [cf_load()] takes), `size` (bytes), `modified` (POSIXct, UTC),
#'   `etag`, `format` (by the extension, `NA` where it says none), and a column for each field: character,
#'   integer (double beyond its range), double or Date.
#' @section Errors:
#' `crossframe_error_invalid_pattern`, `crossframe_error_bucket_not_found` and other kinds of
#' `crossframe_error_store`.
#' @seealso [cf_load_many()]
#' @examples
#' old <- cf_set_root(tempfile())
#' cf_save_many(split(CO2, CO2$Type), "co2/{type}.rds")
#' cf_find("co2/{type}.rds")
#' cf_set_root(old)
#' @export
cf_find <- function(pattern, ..., regex = FALSE, options = list()) {
  check_empty(...)
  found <- find_keys(pattern, regex, options)
  rows <- found$rows
  frame <- rows[c("key", "size", "modified", "etag")]
  frame$key <- shown_key(found, rows$key)
  frame$format <- split_extensions(rows$key)$format
  frame[names(found$fields)] <- found$fields
  rownames(frame) <- NULL
  frame
}

# A location with prefix, rows, fields, sidecars: what was listed, the objects that match, the fields of
# their keys, and which sidecars stand beside them.
find_keys <- function(pattern, regex, options) {
  place <- resolve_pattern(pattern, regex, options)
  compiled <- compile_pattern(place$key, regex)
  listed <- place$store$list(compiled$prefix)
  is_sidecar <- endsWith(listed$key, sidecar_suffix) &
    sub("[.]schema[.]json$", "", listed$key) %in% listed$key
  found <- pattern_match(compiled, listed$key)
  # The matches' numbers among the listed, less those that are sidecars.
  matched <- which(found$matched)
  data <- !is_sidecar[matched]
  c(
    place,
    list(
      prefix = compiled$prefix,
      rows = listed[matched[data], ],
      fields = lapply(found$fields, `[`, data),
      sidecars = listed$key[is_sidecar]
    )
  )
}

# A location whose key is the pattern.
resolve_pattern <- function(pattern, regex, options) {
  if (identical(pattern, "")) {
    return(resolve(".", options = options))
  }
  if (!regex || !is_string(pattern)) {
    return(resolve(pattern, options = options))
  }
  # Why by hand: a regular expression is no path; its signs would be taken for segments.
  bucket <- regmatches(pattern, regexpr("^[sS]3://[^/]*", pattern))
  location <- resolve(if (length(bucket)) bucket else ".", options = options)
  location$key <- if (length(bucket)) {
    sub("^/", "", substring(pattern, nchar(bucket) + 1L))
  } else {
    pattern
  }
  location
}

#' Load every key that a pattern matches
#'
#' Objects are fetched several at a time. Each is named as [cf_load()] would name it: an RData's
#' objects by their own names, everything else by its key's last segment without known extensions.
#'
#' @inheritParams cf_find
#' @inheritSection cf_find Patterns
#' @param names `"name"`, or `"key"` for the whole key: then an RData with several objects is a list.
#' @param on_error `"raise"`: the first key that fails stops it; `"collect"`: all others are tried, then
#'   one `crossframe_error_batch` tells of every key that failed, with its conditions in `errors` (by
#'   key) and what was loaded in `loaded`; `"skip"`: a warning for each, and the rest is returned.
#' @param format String; name of the format of all, by default chosen for each key.
#' @param columns Names of the columns to load of each; by default all.
#' @param trust `TRUE` loads RDS and RData although they hold code, with a warning for each.
#' @returns A named list in byte order of the keys.
#' @section Errors:
#' `crossframe_error_no_match`: no key matches; `crossframe_error_name_clash`: two keys give one name;
#' with `on_error = "raise"` the error of the first key that fails, as [cf_load()] gives it, with the
#' key in its message; with `"collect"` `crossframe_error_batch`.
#' @examples
#' old <- cf_set_root(tempfile())
#' cf_save(cars, "data/cars.csv")
#' cf_save(CO2, "data/co2.rds")
#' frames <- cf_load_many("data/")
#' names(frames)
#' cf_set_root(old)
#' @export
cf_load_many <- function(
  pattern,
  ...,
  regex = FALSE,
  names = "name",
  on_error = "raise",
  format = NULL,
  columns = NULL,
  trust = FALSE,
  options = list()
) {
  check_empty(...)
  check_choice(names, "names", c("name", "key"))
  check_choice(on_error, "on_error", c("raise", "collect", "skip"))
  found <- find_keys(pattern, regex, options)
  keys <- found$rows$key
  if (!length(keys)) {
    abort_no_match(pattern, regex, found$store)
  }
  check_names_of_keys(shown_key(found, keys), names, format)
  results <- load_found(found, keys, on_error, format, columns, trust)
  failed <- vapply(results, inherits, NA, what = "crossframe_error")
  loaded <- name_loaded(results[!failed], names)
  if (any(failed)) {
    report_failures(results[failed], length(keys), loaded, on_error)
  }
  loaded
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

abort_no_match <- function(pattern, regex, store) {
  cf_abort(
    "no_match",
    sprintf("Can't find a key that matches '%s'.", pattern),
    sprintf("in %s", store$uri),
    if (!regex && grepl("[$^|\\]", pattern)) {
      "Is it a regular expression? Then say regex = TRUE."
    }
  )
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
load_found <- function(found, keys, on_error, format, columns, trust) {
  results <- vector("list", length(keys))
  for (chunk in split(seq_along(keys), (seq_along(keys) - 1L) %/% chunk_keys)) {
    beside <- paste0(keys[chunk], sidecar_suffix)
    beside <- beside[beside %in% found$sidecars]
    stored <- found$store$get_many(c(keys[chunk], beside))
    sidecars <- stats::setNames(stored[-seq_along(chunk)], beside)
    for (at in seq_along(chunk)) {
      key <- keys[chunk[at]]
      # Why first: the condition of an object that was not got is its result.
      result <- tryCatch(
        load_got(
          new_location(found$store, key, found$whole),
          stored[[at]],
          sidecars,
          format,
          columns,
          trust
        ),
        crossframe_error = identity
      )
      if (on_error == "raise" && inherits(result, "crossframe_error")) {
        stop(result)
      }
      results[[chunk[at]]] <- result
    }
  }
  stats::setNames(results, shown_key(found, keys))
}

load_got <- function(location, stored, sidecars, format, columns, trust) {
  placing(location, if (inherits(stored, "condition")) stop(stored))
  decode_stored(location, stored, format, NULL, columns, trust, function() {
    sidecar <- sidecars[[paste0(location$key, sidecar_suffix)]]
    if (is.raw(sidecar)) sidecar_text(sidecar)
  })
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
    for (key in names(errors)) {
      cf_warn(
        "skipped_key",
        sprintf("Skipped '%s'.", key),
        conditionMessage(errors[[key]])
      )
    }
    return(invisible())
  }
  abort_batch("load", errors, total, loaded = loaded)
}

# errors: conditions by key; verb: what could not be done to them.
abort_batch <- function(verb, errors, total, ...) {
  lines <- vapply(errors, function(condition) condition$problem, "")
  lines <- utils::head(paste0("'", names(errors), "': ", lines), 5L)
  if (length(errors) > 5L) {
    lines <- c(lines, sprintf("and %d more", length(errors) - 5L))
  }
  cf_abort(
    "batch",
    sprintf("Can't %s %d of %d keys.", verb, length(errors), total),
    paste(lines, collapse = "\n  "),
    errors = errors,
    ...
  )
}
