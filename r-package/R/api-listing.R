# Listings as data frames: what is in a bucket, below a prefix, and which buckets there are.

#' List what is in a bucket, folder or below a prefix
#'
#' @inheritParams cf_save
#' @param uri String; bucket, prefix or folder, by default the root. A prefix without its trailing
#'   slash is given one.
#' @param recursive `TRUE` for every object below instead of one level.
#' @returns A data frame, in byte order of the keys: `key`, `size` (bytes), `modified` (POSIXct, UTC),
#'   `etag`, `storage_class`. A prefix one level down has its key, ending in `/`, and `NA` besides. Keys
#'   are relative to the root, or whole where `uri` is whole: what [cf_load()] and `cf_ls()` take.
#' @section Errors:
#' `crossframe_error_bucket_not_found` and other kinds of `crossframe_error_store`.
#' @section Source:
#' Amazon S3 API Reference, "ListObjectsV2".
#' @examples
#' old <- cf_set_root(tempfile())
#' cf_save(cars, "data/cars.csv")
#' cf_ls()
#' cf_ls("data")$key
#' cf_set_root(old)
#' @export
cf_ls <- function(uri = ".", ..., recursive = FALSE, options = list()) {
  check_empty(...)
  if (is_string(uri)) {
    uri <- sub("/?$", "/", if (nzchar(uri)) uri else ".")
  }
  location <- resolve(uri, options = options)
  columns <- c("key", "size", "modified", "etag", "storage_class")
  if (recursive) {
    rows <- location$store$list(location$key)[columns]
    rows$key <- shown_key(location, rows$key)
    return(rows)
  }
  children <- location$store$children(location$key)
  below <- new_listing(
    key = children$prefixes,
    size = rep(NA_real_, length(children$prefixes)),
    modified = rep(NA_real_, length(children$prefixes)),
    etag = rep(NA_character_, length(children$prefixes))
  )
  rows <- rbind(children$objects[columns], below[columns])
  rows$key <- shown_key(location, rows$key)
  rows <- rows[byte_order(rows$key), ]
  rownames(rows) <- NULL
  rows
}

#' List the buckets that the credentials may list
#'
#' @inheritParams cf_save
#' @returns A data frame: `bucket`, `created` (POSIXct, UTC), in byte order of the names.
#' @section Errors:
#' `crossframe_error_credentials`, `crossframe_error_access_denied`, `crossframe_error_endpoint`.
#' @section Source:
#' Amazon S3 API Reference, "ListBuckets".
#' @examples
#' \dontrun{
#' cf_buckets()
#' }
#' @export
cf_buckets <- function(..., options = list()) {
  check_empty(...)
  found <- s3_list_buckets(do.call(s3_session, options))
  names(found) <- c("bucket", "created")
  found
}
