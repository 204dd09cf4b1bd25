# Deleting keys, one or many by pattern; the sidecar of a CSV goes with its data.

#' Delete objects
#'
#' One, or all that a pattern matches; the sidecar of a CSV goes with its data. Where the store keeps versions,
#' [cf_restore()] brings back what was deleted.
#'
#' @inheritParams cf_find
#' @inheritSection cf_find Patterns
#' @param uri String; a key or a pattern; a trailing `/` means everything below.
#' @param regex `TRUE` takes `uri` as a regular expression.
#' @param version String; version id of a single key: that version is removed for ever, the others stay.
#' @returns Invisibly the keys that were deleted, in byte order.
#' @section Errors:
#' `crossframe_error_object_not_found` (no object at the key), `crossframe_error_no_match`, `crossframe_error_usage`
#' (all of a bucket or folder without saying so: `"**"`), `crossframe_error_batch` (several could not be deleted:
#' `errors` has their conditions by key), and other kinds of `crossframe_error_store`.
#' @section Source:
#' Amazon S3 API Reference, "DeleteObject" and "DeleteObjects".
#' @examples
#' old <- cf_set_root(tempfile())
#' cf_save(cars, "a/cars.csv")
#' cf_delete("a/*.csv")
#' cf_ls()
#' cf_set_root(old)
#' @export
cf_delete <- function(
  uri,
  ...,
  regex = FALSE,
  version = NULL,
  options = list()
) {
  check_empty(...)
  uri <- local_place(uri)
  if (!is.null(version)) {
    return(delete_version(uri, regex, version, options))
  }
  if (!regex) {
    location <- resolve(uri, options = options)
    if (!nzchar(location$key)) {
      cf_abort(
        "usage",
        sprintf("Can't delete all of %s at a word.", location$store$uri),
        hint = sprintf(
          "Is that what you mean? Then say '%s'.",
          shown_key(location, "**")
        )
      )
    }
    if (!is_many(uri)) {
      head_of(location)
      delete_all(location, location$key, sidecar_there(location))
      return(invisible(shown_key(location)))
    }
  }
  found <- find_keys(uri, regex, options, lists = TRUE)
  keys <- found$rows$key
  if (!length(keys)) {
    abort_no_match(uri, regex, found)
  }
  delete_all(
    found,
    keys,
    intersect(paste0(keys, sidecar_suffix), found$sidecars)
  )
  invisible(shown_key(found, keys))
}

delete_version <- function(uri, regex, version, options) {
  if (regex || is_many(uri)) {
    abort_version_of_many()
  }
  location <- resolve(uri, options = options)
  location$store$delete(location$key, version = version)
  invisible(shown_key(location))
}

abort_version_of_many <- function() {
  cf_abort(
    "usage",
    "Argument 'version' goes with a single key, not with a pattern."
  )
}

# Without keeping it as an older version; no error where it is gone.
delete_for_good <- function(store, key) {
  tryCatch(
    {
      version <- store$head(key)$version
      store$delete(key, version = if (!is.na(version)) version)
    },
    crossframe_error_object_not_found = function(condition) NULL
  )
}

# The key of the sidecar beside an object, character() for none.
sidecar_there <- function(location) {
  sidecar <- beside(location)
  there <- has_sidecar(location$key) && !is.null(head_if_there(sidecar))
  if (there) sidecar$key else character()
}

# Why the sidecars last: a crash in between must not leave data without its types.
delete_all <- function(place, keys, sidecars = character()) {
  errors <- place$store$delete_many(keys)
  if (length(sidecars)) {
    errors <- c(errors, place$store$delete_many(sidecars))
  }
  if (length(errors) == 1L) {
    stop(errors[[1L]])
  }
  if (length(errors)) {
    names(errors) <- shown_key(place, names(errors))
    abort_batch("delete", errors, length(keys))
  }
}
