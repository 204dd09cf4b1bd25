# What every store checks, and what it answers, in the words of python/crossframe/stores/checks.py.

check_write <- function(
  key,
  data,
  if_absent,
  if_match,
  metadata = NULL
) {
  if (!is.raw(data)) {
    check_key(key)
    cf_abort(
      "usage",
      sprintf(
        "Data for '%s' must be a raw vector, not %s.",
        key,
        class(data)[1]
      )
    )
  }
  check_target(key, if_absent, if_match)
  check_metadata(metadata)
}

check_target <- function(key, if_absent, if_match = NULL) {
  check_key(key)
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

# Source: Amazon S3 User Guide, "Working with object metadata".
metadata_bytes <- 2048

# Metadata that every store keeps as they are, headers of HTTP included, as a named character vector.
check_metadata <- function(metadata) {
  if (length(metadata) == 0) {
    return(no_metadata)
  }
  found <- as.list(metadata)
  names <- names(found)
  if (is.null(names)) {
    names <- rep("", length(found))
  }
  for (i in seq_along(found)) {
    value <- found[[i]]
    if (!grepl("^[a-z0-9][a-z0-9._-]*$", names[i], useBytes = TRUE)) {
      cf_abort(
        "usage",
        sprintf("Metadata name '%s' can't be used.", names[i]),
        "Names are small letters, digits, dots, dashes and underscores."
      )
    }
    if (!is_plain_value(value)) {
      shown <- paste(deparse(value, nlines = 1L), collapse = "")
      cf_abort(
        "usage",
        sprintf("Metadata '%s' can't be %s.", names[i], shown),
        "Values are plain ASCII text, not empty and without spaces around it."
      )
    }
  }
  if (anyDuplicated(names)) {
    cf_abort(
      "usage",
      sprintf("Metadata '%s' is given twice.", names[anyDuplicated(names)])
    )
  }
  found <- stats::setNames(as.character(unlist(found)), names)
  size <- sum(nchar(names, "bytes")) + sum(nchar(found, "bytes"))
  if (size > metadata_bytes) {
    cf_abort(
      "usage",
      sprintf(
        "Metadata must have at most %d bytes, not %d.",
        metadata_bytes,
        size
      )
    )
  }
  found
}

is_plain_value <- function(value) {
  is_string(value) &&
    grepl("^[!-~]([ -~]*[!-~])?$", value, useBytes = TRUE)
}

check_days <- function(days) {
  whole <- is.numeric(days) &&
    length(days) == 1 &&
    isTRUE(days >= 1 & days < 2^31 & days == trunc(days))
  if (!is.null(days) && !whole) {
    cf_abort(
      "usage",
      sprintf(
        "Objects can expire after 1 day or more, not %s.",
        paste(format(days), collapse = " ")
      )
    )
  }
}

# A file of the caller's own, outside the store, that can't be read or written.
abort_local <- function(verb, path, detail) {
  cf_abort(
    "store",
    sprintf("Can't %s the local file '%s'.", verb, path),
    detail
  )
}

# The errors of deleting each of the keys, named by key: those that could not be deleted.
delete_each <- function(keys, delete) {
  failed <- lapply(keys, function(key) {
    tryCatch(
      {
        delete(key)
        NULL
      },
      crossframe_error = identity
    )
  })
  names(failed) <- keys
  Filter(Negate(is.null), failed)
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
  copy = c("copy within the store", "Get it and put it under the other key."),
  delete_many = c("delete objects", "Delete them where they are kept."),
  versions = c("list versions", "Ask where the objects are kept."),
  restore = c("restore a version", "Ask where the objects are kept."),
  sign = c("make a link", "Copy it to a bucket and share that."),
  publish = c("publish anything", "Copy it to a bucket and share that."),
  unpublish = c("unpublish anything", "Copy it to a bucket and share that."),
  published = c("list what is public", "Ask where the objects are kept."),
  expire = c("let anything expire", "Delete it when it is no longer needed."),
  expiries = c("list what expires", "Ask where the objects are kept."),
  uploads = c("list unfinished uploads", "Ask where the objects are kept."),
  abort = c("abort an upload", "Ask where the objects are kept.")
)

# The closures of a store that nobody reaches by a link; `instead` says what to do.
without_links <- function(
  uri,
  instead = "Copy it to a bucket and share that."
) {
  refuse <- function(what) {
    cf_abort(
      "not_supported",
      sprintf("Can't %s: only a bucket can.", what),
      hint = instead,
      uri = uri
    )
  }
  list(
    sign = function(key, ...) {
      refuse(sprintf("make a link to '%s' in %s", key, uri))
    },
    publish = function(prefix) {
      refuse(sprintf("publish '%s' in %s", prefix, uri))
    },
    unpublish = function(prefix) {
      refuse(sprintf("unpublish '%s' in %s", prefix, uri))
    },
    published = function() character()
  )
}

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

abort_other_kind <- function(key, uri, source, how) {
  cf_abort(
    "not_supported",
    sprintf("Can't copy '%s' from %s to %s %s.", key, source$uri, uri, how),
    hint = "Read it there and write it here.",
    uri = uri
  )
}
