# What a store is: a list of closures over bytes, of class crossframe_store.
#
#   uri       where it is, without a trailing slash, e.g. "s3://lab-data"
#   get       (key, start = 0, length = NULL, version = NULL) -> raw vector, verified and never short
#   get_many  (keys) -> list in the order of `keys`, each a raw vector or the error condition of that key
#   get_stream  (keys) -> list(ask, take, close, width): ask(at) sends for the key of that number; take() waits
#             for one that was sent for and gives list(at =, got =), got as in get_many, NULL where none
#             was; close() breaks off what is on its way; width: so many at once are of use
#   put_stream  () -> list(ask, take, close, width), as get_stream: ask(at, item) sends list(key, data,
#             if_absent, media_type); what take() gives as `got` is a meta or the error condition
#   put       (key, data, if_absent = FALSE, if_match = NULL, media_type = NULL, metadata = NULL)
#             -> meta; atomic
#   head      (key, version = NULL) -> meta, matched by the whole key
#   list      (prefix = "") -> data frame, a row for each object whose key starts with `prefix`
#   children  (prefix = "") -> list(prefixes =, objects =): one level
#   delete    (key) -> NULL, and no error where there is nothing
#
# Abilities: every store has these closures, too; that of a store without the ability stops with
# crossframe_error_not_supported, which names the store and says what to do (store-checks.R).
#
#   get_to      (key, path, version = NULL) -> meta: into a local file, in bounded memory, verified whole
#   put_from    (key, path, if_absent = FALSE, if_match = NULL, media_type = NULL, metadata = NULL)
#               -> meta: from a local file, in bounded memory; atomic
#   copy        (key, target, source = NULL, version = NULL, if_absent = FALSE) -> meta: within the store,
#               or from `source`, a store of the same kind; media type and metadata go along
#   delete_many (keys) -> named list: the error condition of each key that could not be deleted
#   versions    (prefix = "", exact = FALSE) -> data frame of new_versions(); `exact`: that one key only
#   restore     (key, version = NULL) -> meta: that version, or the last content, is the newest again
#   sign        (key, verb = "get", expires_s, version = NULL, media_type = NULL) -> crossframe_link
#   publish     (prefix) -> public URL; unpublish (prefix) -> NULL; published () -> character. A prefix
#               that is empty or ends in "/" means all below it, any other that key
#   expire      (prefix, days) -> NULL, `days` NULL: for ever; expiries () -> days, named by prefix
#   uploads     (prefix = "") -> data frame key, upload_id, started; abort (upload), a row of it -> NULL
#
# A meta is list(key, size, modified, etag, version, storage_class, media_type, metadata); a listing is
# a data frame with the first six as columns, its rows in byte order of the keys. `modified` is POSIXct
# in UTC; `version`, `storage_class` and `media_type` are NA where the store has none; `metadata` is a
# named character vector. Keys are UTF-8. A store holds no cache and knows nothing of formats or frames.

new_store <- function(
  uri,
  get,
  put,
  head,
  list,
  children,
  delete,
  get_stream = NULL,
  put_stream = NULL,
  about = character(),
  ...
) {
  if (is.null(get_stream)) {
    get_stream <- function(keys) stream_of(function(at, key) get(keys[[at]]))
  }
  if (is.null(put_stream)) {
    put_stream <- function() stream_of(function(at, item) put_item(put, item))
  }
  store <- base::list(
    uri = uri,
    get = get,
    get_many = get_all_of(get_stream),
    get_stream = get_stream,
    put_stream = put_stream,
    put = put,
    head = head,
    list = list,
    children = children,
    delete = delete,
    about = about
  )
  given <- base::list(...)
  stopifnot(names(given) %in% names(abilities))
  lacking <- setdiff(names(abilities), names(given))
  store[lacking] <- lapply(lacking, lacks_ability, uri = uri)
  store[names(given)] <- given
  if (!is.null(given$copy)) {
    store$copy <- copy_from_whole(given$copy)
  }
  structure(store, class = "crossframe_store")
}

# A stream of a store that does one thing at a time. work: a function of what is asked for.
stream_of <- function(work) {
  asked <- list()
  list(
    ask = function(at, item = NULL) {
      asked[[length(asked) + 1L]] <<- list(at = at, item = item)
    },
    take = function() {
      if (!length(asked)) {
        return(NULL)
      }
      one <- asked[[1L]]
      asked <<- asked[-1L]
      got <- tryCatch(work(one$at, one$item), crossframe_error = identity)
      list(at = one$at, got = got)
    },
    close = function() {
      asked <<- list()
    },
    width = 1L
  )
}

put_item <- function(put, item) {
  put(
    item$key,
    item$data,
    if_absent = item$if_absent,
    media_type = item$media_type
  )
}

get_all_of <- function(get_stream) {
  force(get_stream)
  function(keys) {
    results <- vector("list", length(keys))
    stream <- get_stream(keys)
    on.exit(stream$close())
    asked <- min(stream$width, length(keys))
    lapply(seq_len(asked), stream$ask)
    repeat {
      one <- stream$take()
      if (is.null(one)) {
        break
      }
      results[[one$at]] <- one$got
      if (asked < length(keys)) {
        asked <- asked + 1L
        stream$ask(asked)
      }
    }
    results
  }
}

# A copy from a part of a store is one from that store, by the whole key: see store_below().
copy_from_whole <- function(copy) {
  force(copy)
  function(key, target, source = NULL, version = NULL, if_absent = FALSE) {
    while (!is.null(attr(source, "part_of"))) {
      part <- attr(source, "part_of")
      key <- paste0(part$above, key)
      source <- part$store
    }
    copy(key, target, source, version, if_absent)
  }
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
  storage_class = NA_character_,
  media_type = NA_character_,
  metadata = no_metadata
) {
  list(
    key = key,
    size = as.double(size),
    modified = utc(modified),
    etag = etag,
    version = version,
    storage_class = storage_class,
    media_type = media_type,
    metadata = metadata
  )
}

no_metadata <- stats::setNames(character(), character())

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

# Versions as rows: keys in byte order, the newest of each first. `modified` orders them where no
# `order` (larger is newer) is given: a time as a double can't tell nanoseconds apart.
new_versions <- function(
  key = character(),
  version = character(),
  modified = numeric(),
  size = numeric(),
  etag = character(),
  latest = logical(),
  deleted = logical(),
  order = NULL
) {
  found <- data.frame(
    key = key,
    version = version,
    modified = utc(modified),
    size = as.double(size),
    etag = etag,
    latest = latest,
    deleted = deleted,
    stringsAsFactors = FALSE
  )
  newest <- if (is.null(order)) as.numeric(modified) else order
  # Why radix: see byte_order(); it takes a direction for each.
  rows <- base::order(
    found$key,
    found$latest,
    newest,
    decreasing = c(FALSE, TRUE, TRUE),
    method = "radix"
  )
  found <- found[rows, ]
  rownames(found) <- NULL
  found
}

# Unfinished uploads as rows, in byte order of the keys.
new_uploads <- function(
  key = character(),
  upload_id = character(),
  started = numeric()
) {
  found <- data.frame(
    key = key,
    upload_id = upload_id,
    started = utc(started),
    stringsAsFactors = FALSE
  )
  found <- found[order(found$key, found$upload_id, method = "radix"), ]
  rownames(found) <- NULL
  found
}

# A link that carries its own permission, as text with `expires` (POSIXct, its true end), `verb`
# ("get" or "put") and `warning` (text or NULL) as attributes.
new_link <- function(url, expires, verb, warning = NULL) {
  structure(
    url,
    expires = utc(expires),
    verb = verb,
    warning = warning,
    class = "crossframe_link"
  )
}

# Why: printed like text, with its end; the attributes would hide the link.
#' @export
print.crossframe_link <- function(x, ...) {
  until <- format(attr(x, "expires"), "%Y-%m-%d %H:%M:%S UTC")
  cat(as.character(unclass(x)), "\n(until ", until, ")\n", sep = "")
  invisible(x)
}

#' @export
format.crossframe_link <- function(x, ...) as.character(x)

#' @export
as.character.crossframe_link <- function(x, ...) {
  as.vector(unclass(x), "character")
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
