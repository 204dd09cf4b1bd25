# What a store is: a list of closures over bytes, of class crossframe_store.
#
#   uri       where it is, without a trailing slash, e.g. "s3://lab-data"
#   get       (key, start = 0, length = NULL, version = NULL) -> raw vector, verified and never short
#   get_many  (keys) -> list in the order of `keys`, each a raw vector or the error condition of that key
#   put       (key, data, if_absent = FALSE, if_match = NULL, media_type = NULL) -> meta; atomic
#   head      (key, version = NULL) -> meta, matched by the whole key
#   list      (prefix = "") -> data frame, a row for each object whose key starts with `prefix`
#   children  (prefix = "") -> list(prefixes =, objects =): one level
#   delete    (key) -> NULL, and no error where there is nothing
#
# A meta is list(key, size, modified, etag, version, storage_class); a listing is a data
# frame with those columns, its rows in byte order of the keys. `modified` is POSIXct in UTC,
# `version` and `storage_class` are NA where the store has none. Keys are UTF-8.
# A store holds no cache and knows nothing of formats or frames.

new_store <- function(
  uri,
  get,
  put,
  head,
  list,
  children,
  delete,
  get_many = NULL,
  about = character()
) {
  if (is.null(get_many)) {
    get_many <- function(keys) {
      lapply(keys, function(key) {
        tryCatch(get(key), crossframe_error = identity)
      })
    }
  }
  store <- base::list(
    uri = uri,
    get = get,
    get_many = get_many,
    put = put,
    head = head,
    list = list,
    children = children,
    delete = delete,
    about = about
  )
  structure(store, class = "crossframe_store")
}

is_store <- function(x) inherits(x, "crossframe_store")

#' @export
print.crossframe_store <- function(x, ...) {
  cat("<crossframe store> ", x$uri, "\n", sep = "")
  if (length(x$about)) {
    cat(paste0("  ", names(x$about), ": ", x$about, "\n"), sep = "")
  }
  invisible(x)
}

new_meta <- function(
  key,
  size,
  modified,
  etag,
  version = NA_character_,
  storage_class = NA_character_
) {
  list(
    key = key,
    size = as.double(size),
    modified = utc(modified),
    etag = etag,
    version = version,
    storage_class = storage_class
  )
}

# Metas as columns, the rows put in byte order.
new_listing <- function(
  key = character(),
  size = numeric(),
  modified = numeric(),
  etag = character(),
  storage_class = NA_character_
) {
  count <- length(key)
  listing <- data.frame(
    key = key,
    size = as.double(size),
    modified = utc(modified),
    etag = etag,
    version = rep(NA_character_, count),
    storage_class = rep_len(storage_class, count),
    stringsAsFactors = FALSE
  )
  listing <- listing[byte_order(listing$key), ]
  rownames(listing) <- NULL
  listing
}

# One level of a listing, from all that lies below `prefix`.
split_children <- function(listing, prefix) {
  rest <- substring(listing$key, nchar(prefix) + 1)
  below <- grepl("/", rest, fixed = TRUE)
  prefixes <- unique(paste0(
    rep(prefix, sum(below)),
    sub("/.*", "/", rest[below])
  ))
  objects <- listing[!below, ]
  rownames(objects) <- NULL
  list(prefixes = prefixes[byte_order(prefixes)], objects = objects)
}

# Why radix: it compares bytes whatever the locale, as S3 and Python do.
byte_order <- function(keys) order(keys, method = "radix")

utc <- function(seconds) {
  as.POSIXct(as.numeric(seconds), origin = "1970-01-01", tz = "UTC")
}

# ---- What every store checks, in the words of python/crossframe/stores/checks.py ----

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
