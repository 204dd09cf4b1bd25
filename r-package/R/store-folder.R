#' A folder as a store
#'
#' No server, no account, and the promises of a bucket: a write goes to a temporary file beside the
#' target, which is synced and renamed, so that a reader sees the old content or the new. Keys are
#' paths below the root and can't leave it. Names of the store's own, `.crossframe` and
#' `.crossframe-tmp-*`, are no keys.
#'
#' What is replaced or deleted is kept below `.crossframe/versions`: of each key the last 10 contents,
#' or as many as the environment variable `CROSSFRAME_VERSIONS` says (0 keeps none).
#'
#' @param root String; the folder, made by the first write where it does not exist.
#' @returns A store, to be used as a root: see [cf_set_root()].
#' @section Errors:
#' `crossframe_error_object_not_found`, `crossframe_error_bucket_not_found` (no such folder),
#' `crossframe_error_invalid_key` (a key that leaves the root, or that the file system can't hold),
#' `crossframe_error_access_denied`, `crossframe_error_unavailable` (the disk is full),
#' `crossframe_error_not_supported` (links and publications, which need a bucket).
#' @section Source:
#' POSIX.1-2017, rename() and fsync().
#' @examples
#' store <- cf_store_folder(tempfile())
#' store$put("a/b.txt", charToRaw("hello"))
#' store$list()$key
#' @export
cf_store_folder <- function(root) {
  root <- absolute_path(root)
  uri <- paste0("file://", sub("/+$", "", root))
  folder <- list(root = root, uri = uri)
  links <- without_links(
    uri,
    paste(
      "Run 'crossframe serve' to show the folder in a browser, or copy it to a",
      "bucket and share that."
    )
  )
  store <- new_store(
    uri = uri,
    get = function(key, start = 0, length = NULL, version = NULL) {
      check_range(start, length)
      folder_get(folder, key, start, length, version)
    },
    put = function(
      key,
      data,
      if_absent = FALSE,
      if_match = NULL,
      media_type = NULL,
      metadata = NULL
    ) {
      check_write(key, data, if_absent, if_match)
      write <- function(temporary) .Call(C_file_write, temporary, data)
      size <- length(data)
      terms <- new_terms(key, size, if_absent, if_match, media_type, metadata)
      folder_put(folder, key, write, terms)
    },
    head = function(key, version = NULL) folder_head(folder, key, version),
    list = function(prefix = "") folder_list(folder, enc2utf8(prefix)),
    children = function(prefix = "") folder_children(folder, enc2utf8(prefix)),
    delete = function(key, version = NULL) folder_delete(folder, key, version),
    get_to = function(key, path, version = NULL) {
      folder_get_to(folder, key, path, version)
    },
    put_from = function(
      key,
      path,
      if_absent = FALSE,
      if_match = NULL,
      media_type = NULL,
      metadata = NULL
    ) {
      check_target(key, if_absent, if_match)
      terms <- new_terms(key, NA, if_absent, if_match, media_type, metadata)
      folder_put_from(folder, key, path, terms)
    },
    copy = function(
      key,
      target,
      source = NULL,
      version = NULL,
      if_absent = FALSE
    ) {
      folder_copy(folder, key, target, source, version, if_absent)
    },
    delete_many = function(keys) {
      delete_each(keys, function(key) folder_delete(folder, key))
    },
    versions = function(prefix = "", exact = FALSE) {
      folder_versions(folder, enc2utf8(prefix), exact)
    },
    restore = function(key, version = NULL) {
      folder_restore(folder, key, version)
    },
    expire = function(prefix, days) folder_expire(folder, prefix, days),
    expiries = function() folder_expiries(folder),
    uploads = function(prefix = "") folder_uploads(folder, enc2utf8(prefix)),
    abort = function(upload) folder_abort(folder, upload),
    sign = links$sign,
    publish = links$publish,
    unpublish = links$unpublish,
    published = links$published
  )
  attr(store, "folder") <- folder
  store
}
