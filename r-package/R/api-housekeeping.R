# What keeps a store tidy: what is temporary, what was left behind, and new buckets.

#' Say that what lies below a prefix is temporary
#'
#' In a bucket by a lifecycle rule of its own, which the server carries out about once a day; other rules are left as
#' they are. On a folder [cf_cleanup()] carries it out.
#'
#' @inheritParams cf_save
#' @param uri String; a prefix ending in `/`, or a key.
#' @param after How long after it was written an object goes: `"30d"`, `"2w"`, a number of seconds or a difftime, in
#'   whole days; `NULL` takes the rule back.
#' @returns `NULL`, invisibly.
#' @section Errors:
#' `crossframe_error_usage` (not a whole number of days), `crossframe_error_access_denied`,
#' `crossframe_error_not_supported` and other kinds of `crossframe_error_store`.
#' @section Source:
#' Amazon S3 API Reference, "PutBucketLifecycleConfiguration".
#' @seealso [cf_cleanup()]
#' @examples
#' old <- cf_set_root(tempfile())
#' cf_expire("scratch/", after = "2w")
#' cf_expire("scratch/", after = NULL)
#' cf_set_root(old)
#' @export
cf_expire <- function(uri, after = "30d", ..., options = list()) {
  check_empty(...)
  days <- if (!is.null(after)) days_of(after)
  location <- resolve(uri, options = options)
  location$store$expire(location$key, days)
  invisible(NULL)
}

#' Remove what was left behind
#'
#' Uploads that were begun and never ended, which a bucket's listing does not show and its owner pays for; what
#' [cf_save_many()] with `atomic = TRUE` was writing when its process was killed: keys below `.saving-` and 16 digits,
#' which no pattern matches and which are removed for good; in a folder the temporary files of writers that were
#' killed, and what has expired ([cf_expire()]).
#'
#' @inheritParams cf_save
#' @param uri String; a bucket, folder or prefix, by default the root. All of it is listed.
#' @param older_than How old what was left behind must be: `"7d"`, `"12h"`, a number of seconds or a difftime; of a
#'   batch, the key that was written last. What is younger may be under way.
#' @param dry_run `TRUE` only says what would be removed.
#' @returns A data frame: `kind` (`"upload"`, in a folder `"temporary"`; `"batch"`; or `"expired"`), `key`, `modified`
#'   (POSIXct, UTC), `size` (bytes, `NA` where the store does not tell), `done` (whether it was removed).
#' @section Errors:
#' `crossframe_error_usage` (no length of time), `crossframe_error_bucket_not_found` (no such bucket or folder),
#' `crossframe_error_access_denied` and other kinds of `crossframe_error_store`.
#' @section Source:
#' Amazon S3 API Reference, "ListMultipartUploads" and "AbortMultipartUpload".
#' @examples
#' old <- cf_set_root(tempfile())
#' cf_save(cars, "cars.csv")
#' cf_cleanup(dry_run = TRUE)
#' cf_set_root(old)
#' @export
cf_cleanup <- function(
  uri = ".",
  older_than = "7d",
  dry_run = FALSE,
  ...,
  options = list()
) {
  check_empty(...)
  age <- seconds_of(older_than)
  location <- resolve(
    if (is_string(uri)) sub("/?$", "/", if (nzchar(uri)) uri else ".") else uri,
    options = options
  )
  now <- Sys.time()
  rbind(
    clean_uploads(location, now - age, dry_run),
    clean_batches(location, now - age, dry_run),
    clean_expired(location, now, dry_run)
  )
}

cleaned <- function(kind, location, keys, modified, size, done) {
  data.frame(
    kind = rep(kind, length(keys)),
    key = shown_key(location, keys),
    modified = utc(modified),
    size = as.double(size),
    done = rep_len(done, length(keys)),
    stringsAsFactors = FALSE
  )
}

clean_uploads <- function(location, before, dry_run) {
  left <- location$store$uploads(location$key)
  left <- left[left$started <= before, ]
  if (!dry_run) {
    for (at in seq_len(nrow(left))) {
      location$store$abort(left[at, ])
    }
  }
  kind <- if (is_folder(location$store)) "temporary" else "upload"
  unknown <- rep(NA_real_, nrow(left))
  cleaned(kind, location, left$key, left$started, unknown, !dry_run)
}

# A batch is as old as its last key: one of many keys may run for long, and its first are not left behind.
clean_batches <- function(location, before, dry_run) {
  left <- location$store$list(location$key)
  folder <- saving_folders(left$key)
  young <- folder[left$modified > before]
  left <- left[!is.na(folder) & !folder %in% young, ]
  if (!dry_run) {
    for (key in left$key) {
      delete_for_good(location$store, key)
    }
  }
  cleaned("batch", location, left$key, left$modified, left$size, !dry_run)
}

# Why here: a folder has no server that would carry its rules out.
clean_expired <- function(location, now, dry_run) {
  nothing <- cleaned("expired", location, character(), numeric(), numeric(), NA)
  if (!is_folder(location$store)) {
    return(nothing)
  }
  rules <- location$store$expiries()
  parts <- lapply(names(rules), function(prefix) {
    found <- location$store$list(prefix)
    # What a batch is writing is not yet there to expire.
    covered <- startsWith(found$key, location$key) &
      (goes_below(prefix) | found$key == prefix) &
      is.na(saving_folders(found$key))
    found[covered & found$modified <= now - rules[[prefix]] * 86400, ]
  })
  found <- do.call(rbind, parts)
  if (is.null(found) || !nrow(found)) {
    return(nothing)
  }
  found <- found[!duplicated(found$key), ]
  found <- found[byte_order(found$key), ]
  if (!dry_run) {
    delete_all(location, found$key)
  }
  cleaned("expired", location, found$key, found$modified, found$size, !dry_run)
}

goes_below <- function(prefix) !nzchar(prefix) || endsWith(prefix, "/")

is_folder <- function(store) startsWith(store$uri, "file:")

#' Make a bucket
#'
#' @inheritParams cf_save
#' @param uri String; `"s3://bucket"`, or a folder, which is made.
#' @param versioned `FALSE` leaves versioning off: then what is replaced or deleted is gone. A folder keeps versions in
#'   any case (`CROSSFRAME_VERSIONS`).
#' @returns The URI of the bucket or folder, invisibly.
#' @section Errors:
#' `crossframe_error_object_exists` (somebody has a bucket of that name), `crossframe_error_access_denied`,
#' `crossframe_error_usage` (a key, not a bucket) and other kinds of `crossframe_error_store`.
#' @section Source:
#' Amazon S3 API Reference, "CreateBucket" and "PutBucketVersioning".
#' @examples
#' cf_make_bucket(file.path(tempfile(), "lab"))
#' \dontrun{
#' cf_make_bucket("s3://lab-data")
#' }
#' @export
cf_make_bucket <- function(uri, versioned = TRUE, ..., options = list()) {
  check_empty(...)
  parsed <- parse_uri(uri)
  if (parsed$scheme == "s3" && !nzchar(gsub("/", "", parsed$key))) {
    s3_make_bucket(do.call(s3_session, options), parsed$bucket, versioned)
    return(invisible(paste0("s3://", parsed$bucket)))
  }
  if (parsed$scheme != "file") {
    cf_abort(
      "usage",
      sprintf("Can't make a bucket of '%s'.", uri),
      "it has a key",
      "Is it s3://bucket? A prefix need not be made."
    )
  }
  path <- absolute_path(if (nzchar(parsed$key)) parsed$key else ".")
  made <- dir.exists(path) || dir.create(path, FALSE, recursive = TRUE)
  if (!made) {
    cf_abort("access_denied", sprintf("Can't make the folder '%s'.", path))
  }
  invisible(paste0("file://", path))
}
