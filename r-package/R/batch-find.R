# What a pattern finds.

#' Find the keys that a pattern matches
#'
#' Only the pattern's literal beginning is listed: several beginnings where `where` tells the values of the
#' fields in front. Sidecars of CSV objects are no data and left out.
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
#' @param regex `TRUE` takes the pattern, and those of `exclude`, as regular expressions.
#' @param exclude Patterns, written as `pattern` is, whose matches are left out.
#' @param where Named list; values by field: only keys are meant whose field has one of them.
#' @param modified_after,modified_before POSIXct, Date or text (`"2024-05-01"`, `"2024-05-01T12:30:00Z"`; UTC
#'   without a zone): only objects last written then or later, and before.
#' @param min_size,max_size Whole numbers; only objects of at least, and at most, so many bytes.
#' @returns A data frame, a row for each key, in byte order of the keys: `key` (relative to the root, or
#'   whole where `pattern` is whole: what [cf_load()] takes), `size` (bytes), `modified` (POSIXct, UTC),
#'   `etag`, `format` (by the extension, `NA` where it says none), and a column for each field: character,
#'   integer (double beyond its range), double or Date.
#' @section Errors:
#' `crossframe_error_invalid_pattern`, `crossframe_error_usage` (a filter is not of its form, or names no field
#' of the pattern), `crossframe_error_bucket_not_found` and other kinds of `crossframe_error_store`.
#' @seealso [cf_load_many()]
#' @examples
#' old <- cf_set_root(tempfile())
#' cf_save_many(split(CO2, CO2$Type), "co2/{type}.rds")
#' cf_find("co2/{type}.rds")
#' cf_find("co2/{type}.rds", where = list(type = "Quebec"))
#' cf_find("co2/", exclude = "**/Q*", max_size = 1e6, modified_after = Sys.Date() - 7)
#' cf_set_root(old)
#' @export
cf_find <- function(
  pattern,
  ...,
  regex = FALSE,
  exclude = NULL,
  where = NULL,
  modified_after = NULL,
  modified_before = NULL,
  min_size = NULL,
  max_size = NULL,
  options = list()
) {
  check_empty(...)
  narrow <- list(
    exclude = exclude,
    where = where,
    modified_after = modified_after,
    modified_before = modified_before,
    min_size = min_size,
    max_size = max_size
  )
  found <- find_keys(pattern, regex, options, narrow)
  rows <- found$rows
  frame <- rows[c("key", "size", "modified", "etag")]
  frame$key <- shown_key(found, rows$key)
  frame$format <- split_extensions(rows$key)$format
  frame[names(found$fields)] <- found$fields
  rownames(frame) <- NULL
  frame
}

# A location with prefix, rows, fields, sidecars, narrowed: the pattern's literal beginning, the objects
# that match as they are listed, the fields of their keys, which sidecars stand beside them, and whether
# anything narrows the pattern.
#
# narrow: the arguments of cf_find() that do, by name; lists: whether the lists of data sets, which are no
# data, are to be among the objects.
find_keys <- function(
  pattern,
  regex,
  options,
  narrow = list(),
  lists = FALSE
) {
  place <- resolve_pattern(pattern, regex, options)
  exclude <- vapply(
    excluded_texts(narrow$exclude),
    pattern_within,
    "",
    place = place,
    options = options
  )
  selection <- select_keys(place$key, regex, exclude, narrow)
  prefixes <- selected_prefixes(selection)
  listings <- lapply(prefixes, function(prefix) place$store$list(prefix))
  listed <- do.call(rbind, c(list(new_listing()), listings))
  is_sidecar <- are_sidecars(listed$key, prefixes, place$store)
  found <- selection_match(selection, listed)
  # The matches' numbers among the listed, less those that are sidecars.
  matched <- which(found$matched)
  data <- !is_sidecar[matched]
  if (!lists) {
    last <- sub("^.*/", "", listed$key[matched])
    data <- data & last != data_set_name
  }
  c(
    place,
    list(
      prefix = selection$pattern$prefix,
      rows = listed[matched[data], ],
      fields = lapply(found$fields, `[`, data),
      types = selection$pattern$fields,
      sidecars = listed$key[is_sidecar],
      narrowed = is_narrowed(selection)
    )
  )
}

# Whether each key is the sidecar of another's data. That is listed before it, or it lies before the
# prefix that was listed, and has to be asked for.
are_sidecars <- function(keys, prefixes, store) {
  named <- endsWith(keys, sidecar_suffix)
  data <- substring(keys, 1L, nchar(keys) - nchar(sidecar_suffix))
  listable <- rep(FALSE, length(keys))
  for (prefix in prefixes) {
    listable <- listable | startsWith(data, prefix)
  }
  found <- named & data %in% keys
  for (at in which(named & !listable)) {
    found[at] <- !is.null(head_if_there(list(store = store, key = data[at])))
  }
  found
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

# A pattern to be left out as one of the keys of a place's store; a relative one is that already.
pattern_within <- function(text, place, options) {
  relative <- !startsWith(text, "/") && !grepl("://", text, fixed = TRUE)
  if (relative && (!nzchar(text) || parse_uri(text)$key == text)) {
    return(text)
  }
  other <- resolve(text, options = options)
  base <- shown_keys(place$store$uri, "", whole = TRUE)
  whole <- shown_keys(other$store$uri, other$key, whole = TRUE)
  if (!startsWith(whole, base)) {
    cf_abort(
      "usage",
      sprintf("Can't leave out '%s': it is not where the pattern looks.", text),
      sprintf("the pattern looks in %s", place$store$uri)
    )
  }
  substring(whole, nchar(base) + 1L)
}

abort_no_match <- function(pattern, regex, found) {
  cf_abort(
    "no_match",
    sprintf("Can't find a key that matches '%s'.", pattern),
    paste0(
      "in ",
      found$store$uri,
      if (found$narrowed) ", narrowed by other arguments"
    ),
    if (!regex && grepl("[$^|\\]", pattern)) {
      "Is it a regular expression? Then say regex = TRUE."
    }
  )
}
