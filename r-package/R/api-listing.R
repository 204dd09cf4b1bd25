# Listings as data frames: what is in a bucket, below a prefix, and which buckets there are.

#' List what is in a bucket, folder or below a prefix
#'
#' @inheritParams cf_save
#' @param uri String; bucket, prefix or folder, by default the root. A prefix without its trailing
#'   slash is given one.
#' @param recursive `TRUE` for every object below instead of one level.
#' @returns A data frame, in byte order of the keys: `key`, `size` (bytes), `modified` (POSIXct, UTC),
#'   `etag`, `storage_class`. A prefix one level down has its key, ending in `/`, and `NA` besides.
#' @section Errors:
#' `crossframe_error_bucket_not_found` and other kinds of `crossframe_error_store`.
#' @examples
#' old <- cf_set_root(tempfile())
#' cf_save(cars, "data/cars.csv")
#' cf_ls()
#' cf_ls("data")$key
#' cf_set_root(old)
#' @export
cf_ls <- function(uri = ".", ..., recursive = FALSE, options = list()) {
  check_empty(...)
  location <- resolve(if (identical(uri, "")) "." else uri, options = options)
  prefix <- if (grepl("^$|/$", location$key)) {
    location$key
  } else {
    paste0(location$key, "/")
  }
  columns <- c("key", "size", "modified", "etag", "storage_class")
  if (recursive) {
    return(location$store$list(prefix)[columns])
  }
  children <- location$store$children(prefix)
  below <- new_listing(
    key = children$prefixes,
    size = rep(NA_real_, length(children$prefixes)),
    modified = rep(NA_real_, length(children$prefixes)),
    etag = rep(NA_character_, length(children$prefixes))
  )
  rows <- rbind(children$objects[columns], below[columns])
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
