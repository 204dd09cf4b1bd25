# A part of a store as a store of its own: what lies below a prefix that ends in a slash. Keys are
# relative to the prefix; errors name the object as the store below does, with its whole key.
store_below <- function(store, above) {
  uri <- paste0(store$uri, "/", sub("/$", "", above))

  whole <- function(key) {
    check_read_key(key, uri)
    paste0(above, key)
  }

  # Why checked here: of a key like "../x" only the whole one would look well to the store below.
  target <- function(key) {
    check_key(key)
    paste0(above, key)
  }

  relative <- function(found) {
    found$key <- substring(found$key, nchar(above) + 1L)
    found
  }

  # Why: an object of the prefix's own name is the mark of an empty folder, with no key here.
  listed <- function(rows) {
    rows <- relative(rows[rows$key != above, ])
    rownames(rows) <- NULL
    rows
  }

  part <- new_store(
    uri = uri,
    get = function(key, start = 0, length = NULL, version = NULL) {
      check_range(start, length)
      store$get(whole(key), start = start, length = length, version = version)
    },
    get_stream = function(keys) {
      store$get_stream(paste0(above, keys, recycle0 = TRUE))
    },
    put_stream = function() {
      stream <- store$put_stream()
      ask <- stream$ask
      stream$ask <- function(at, item) {
        check_key(item$key)
        item$key <- paste0(above, item$key)
        ask(at, item)
      }
      stream
    },
    put = function(key, data, if_absent = FALSE, if_match = NULL, ...) {
      check_write(key, data, if_absent, if_match)
      relative(store$put(
        paste0(above, key),
        data,
        if_absent = if_absent,
        if_match = if_match,
        ...
      ))
    },
    head = function(key, version = NULL) {
      relative(store$head(whole(key), version = version))
    },
    list = function(prefix = "") listed(store$list(paste0(above, prefix))),
    children = function(prefix = "") {
      found <- store$children(paste0(above, prefix))
      base::list(
        prefixes = substring(found$prefixes, nchar(above) + 1L),
        objects = listed(found$objects)
      )
    },
    delete = function(key, version = NULL) {
      if (nzchar(key)) {
        store$delete(paste0(above, key), version = version)
      } else {
        invisible(NULL)
      }
    },
    about = store$about,
    get_to = function(key, path, version = NULL) {
      relative(store$get_to(whole(key), path, version = version))
    },
    put_from = function(key, path, ...) {
      relative(store$put_from(target(key), path, ...))
    },
    copy = function(
      key,
      target,
      source = NULL,
      version = NULL,
      if_absent = FALSE
    ) {
      check_target(target, if_absent)
      from <- if (is.null(source)) whole(key) else key
      to <- paste0(above, target)
      relative(store$copy(from, to, source, version, if_absent))
    },
    delete_many = function(keys) {
      keys <- keys[nzchar(keys)]
      failed <- store$delete_many(paste0(above, keys, recycle0 = TRUE))
      stats::setNames(failed, substring(names(failed), nchar(above) + 1L))
    },
    versions = function(prefix = "", exact = FALSE) {
      listed(store$versions(paste0(above, prefix), exact = exact))
    },
    restore = function(key, version = NULL) {
      relative(store$restore(whole(key), version = version))
    },
    sign = function(key, ...) store$sign(whole(key), ...),
    publish = function(prefix) store$publish(paste0(above, prefix)),
    unpublish = function(prefix) store$unpublish(paste0(above, prefix)),
    published = function() {
      found <- store$published()
      substring(found[startsWith(found, above)], nchar(above) + 1L)
    },
    expire = function(prefix, days) {
      store$expire(paste0(above, prefix), days)
    },
    expiries = function() {
      days <- store$expiries()
      days <- days[startsWith(names(days), above)]
      stats::setNames(days, substring(names(days), nchar(above) + 1L))
    },
    uploads = function(prefix = "") {
      listed(store$uploads(paste0(above, prefix)))
    },
    abort = function(upload) {
      upload$key <- paste0(above, upload$key)
      store$abort(upload)
    }
  )
  attr(part, "part_of") <- list(store = store, above = above)
  part
}
