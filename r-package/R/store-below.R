# A part of a store as a store of its own: what lies below a prefix that ends in a slash. Keys are
# relative to the prefix; errors name the object as the store below does, with its whole key.
store_below <- function(store, above) {
  uri <- paste0(store$uri, "/", sub("/$", "", above))

  whole <- function(key) {
    check_read_key(key, uri)
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

  new_store(
    uri = uri,
    get = function(key, start = 0, length = NULL, version = NULL) {
      check_range(start, length)
      store$get(whole(key), start = start, length = length, version = version)
    },
    get_many = function(keys) {
      store$get_many(paste0(above, keys, recycle0 = TRUE))
    },
    put = function(
      key,
      data,
      if_absent = FALSE,
      if_match = NULL,
      media_type = NULL
    ) {
      check_write(key, data, if_absent, if_match)
      relative(store$put(
        paste0(above, key),
        data,
        if_absent = if_absent,
        if_match = if_match,
        media_type = media_type
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
    delete = function(key) {
      if (nzchar(key)) store$delete(paste0(above, key)) else invisible(NULL)
    },
    about = store$about
  )
}
