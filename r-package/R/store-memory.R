#' A store in this session's memory
#'
#' For tests and examples: the objects are gone with the store.
#'
#' @param name String; what the store is called in its URI, `memory://name`.
#' @returns A store, to be used as a root: see [cf_set_root()].
#' @examples
#' store <- cf_store_memory()
#' store$put("a/b.txt", charToRaw("hello"))
#' rawToChar(store$get("a/b.txt"))
#' @export
cf_store_memory <- function(name = "memory") {
  uri <- paste0("memory://", name)
  objects <- new.env(parent = emptyenv())

  # Why encoded: R translates the names of an environment to the locale's charset.
  slot <- function(key) uri_encode(key)

  find <- function(key, version = NULL) {
    check_read_key(key, uri)
    if (!is.null(version)) {
      abort_no_versions(uri)
    }
    object <- objects[[slot(key)]]
    if (is.null(object)) {
      abort_object_not_found(key, uri)
    }
    object
  }

  get <- function(key, start = 0, length = NULL, version = NULL) {
    check_range(start, length)
    slice_raw(find(key, version)$data, start, length)
  }

  put <- function(
    key,
    data,
    if_absent = FALSE,
    if_match = NULL,
    media_type = NULL
  ) {
    check_write(key, data, if_absent, if_match)
    old <- objects[[slot(key)]]
    if (if_absent && !is.null(old)) {
      abort_object_exists(key, uri)
    }
    if (!is.null(if_match) && !identical(old$meta$etag, if_match)) {
      abort_precondition_failed(key, uri, if_match, old$meta$etag)
    }
    meta <- new_meta(
      enc2utf8(key),
      length(data),
      Sys.time(),
      hex_text(openssl::md5(data))
    )
    assign(slot(key), list(data = data, meta = meta), envir = objects)
    meta
  }

  list_all <- function(prefix = "") {
    metas <- lapply(
      as.list(objects, all.names = TRUE, sorted = FALSE),
      function(object) object$meta
    )
    column <- function(name, type) {
      vapply(
        metas,
        function(meta) as.vector(meta[[name]], mode(type)),
        type,
        USE.NAMES = FALSE
      )
    }
    keys <- column("key", "")
    kept <- startsWith(keys, enc2utf8(prefix))
    new_listing(
      keys[kept],
      column("size", 0)[kept],
      column("modified", 0)[kept],
      column("etag", "")[kept]
    )
  }

  delete <- function(key) {
    if (!is.null(objects[[slot(key)]])) {
      rm(list = slot(key), envir = objects)
    }
    invisible(NULL)
  }

  new_store(
    uri = uri,
    get = get,
    put = put,
    head = function(key, version = NULL) find(key, version)$meta,
    list = list_all,
    children = function(prefix = "") split_children(list_all(prefix), prefix),
    delete = delete
  )
}
