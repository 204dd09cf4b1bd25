# What every store checks, and what it answers, in the words of python/crossframe/stores/checks.py.

check_write <- function(key, data, if_absent, if_match) {
  check_key(key)
  if (!is.raw(data)) {
    cf_abort(
      "usage",
      sprintf(
        "Data for '%s' must be a raw vector, not %s.",
        key,
        class(data)[1]
      )
    )
  }
  if (if_absent && !is.null(if_match)) {
    cf_abort(
      "usage",
      sprintf(
        "Can't write '%s' both if absent and if its ETag is '%s'.",
        key,
        if_match
      )
    )
  }
}

check_range <- function(start, length) {
  if (start < 0 || (!is.null(length) && length < 0)) {
    got <- if (is.null(length)) "none" else length
    cf_abort(
      "usage",
      sprintf("Start and length must be 0 or more, not %s and %s.", start, got)
    )
  }
}

check_read_key <- function(key, uri) {
  if (!is_string(key)) {
    cf_abort("invalid_key", "A key must be one string.")
  }
  if (!nzchar(key)) {
    abort_object_not_found(key, uri)
  }
}

abort_object_not_found <- function(key, uri, version = NULL) {
  what <- if (is.null(version)) {
    sprintf("object '%s'", key)
  } else {
    sprintf("version '%s' of object '%s'", version, key)
  }
  cf_abort(
    "object_not_found",
    sprintf("Can't find %s in %s.", what, uri),
    key = key,
    uri = uri
  )
}

abort_object_exists <- function(key, uri) {
  cf_abort(
    "object_exists",
    sprintf("Can't write '%s' to %s: there is an object already.", key, uri),
    hint = "Choose another key, or allow it to be replaced (overwrite = TRUE).",
    key = key,
    uri = uri
  )
}

abort_precondition_failed <- function(key, uri, if_match, found = NULL) {
  cf_abort(
    "precondition_failed",
    sprintf(
      "Can't write '%s' to %s: the object is not the one with ETag '%s'.",
      key,
      uri,
      if_match
    ),
    if (!is.null(found)) sprintf("The object's ETag is '%s'.", found),
    "Somebody replaced or deleted it meanwhile: load it again, then save.",
    key = key,
    uri = uri
  )
}

abort_no_versions <- function(uri) {
  cf_abort(
    "not_supported",
    sprintf("Can't read a version from %s: this store keeps none.", uri)
  )
}

# Bytes `start` (from 0) to `start + length` of a raw vector, fewer where it ends before.
slice_raw <- function(bytes, start, length) {
  end <- if (is.null(length)) {
    base::length(bytes)
  } else {
    min(start + length, base::length(bytes))
  }
  if (start >= end) raw(0) else bytes[(start + 1):end]
}

# What each ability is, what to do without it: the error of a store that does not have it.
abilities <- list(
  get_to = c("stream an object to a file", "Use get()."),
  put_from = c("stream a file to an object", "Use put()."),
  copy = c("copy within the store", "Load it and save it under the other key."),
  delete_many = c("delete several objects at once", "Delete them one by one."),
  versions = c(
    "list versions",
    "Keep what must stay under a key of its own."
  ),
  restore = c(
    "bring back a version",
    "Keep what must stay under a key of its own."
  ),
  sign = c(
    "make a link",
    "Only a bucket gives links; of a folder, give the path, or run 'crossframe serve'."
  ),
  publish = c(
    "make anything public",
    "Only a bucket can; of a folder, run 'crossframe serve'."
  ),
  unpublish = c("end a publication", "Nothing is public there."),
  published = c("list what is public", "Nothing is public there."),
  expire = c("let anything expire", "Delete it when it is no longer needed."),
  expiries = c("list what expires", "Nothing expires there."),
  uploads = c("list unfinished uploads", "There are none."),
  abort = c("abort an upload", "There are none.")
)

# The closure of a store without an ability: it says which store that is, and what to do.
lacks_ability <- function(name, uri) {
  force(name)
  force(uri)
  function(...) abort_not_supported(name, uri)
}

abort_not_supported <- function(name, uri, detail = NULL) {
  ability <- abilities[[name]]
  cf_abort(
    "not_supported",
    sprintf("Can't %s in %s: this store has no such ability.", ability[1], uri),
    detail,
    ability[2],
    uri = uri
  )
}
