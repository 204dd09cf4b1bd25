# Copies, folders, images and scripts in the words of aws.s3.

#' @rdname aws.s3
#' @export
copy_object <- function(
  from_object,
  to_object = from_object,
  from_bucket,
  to_bucket,
  headers = list(),
  ...
) {
  force(to_object)
  aws_about(list(headers = headers))
  source <- aws_location(from_object, from_bucket, list(...))
  if (inherits(to_object, "s3_object")) {
    # The same key in another bucket.
    to_object <- to_object$Key
  }
  target <- aws_location(to_object, to_bucket, list(...))
  plans <- check_plans(list(list(
    source = source,
    target = target,
    size = NA_real_,
    sidecar = NA
  )))
  copy_one(plans[[1L]])
  meta <- target$store$head(target$key)
  list(
    LastModified = listing_time(meta$modified),
    ETag = sprintf('"%s"', meta$etag)
  )
}

#' @rdname aws.s3
#' @export
put_folder <- function(folder, bucket, ...) {
  location <- aws_location(folder, bucket, list(...))
  key <- sub("/*$", "/", location$key)
  check_key(sub("/$", "", key))
  place <- bucket_place(location$store, key, list(...))
  if (is_folder(location$store)) {
    path <- file.path(sub("^file://", "", location$store$uri), key)
    dir.create(path, showWarnings = FALSE, recursive = TRUE)
  } else if (!is.null(place)) {
    # Why not put(): no key of ours ends in a slash; this is a mark that other programs show.
    s3_send(
      place$session,
      list(
        method = "PUT",
        bucket = place$bucket,
        key = place$key,
        headers = c("Content-Type" = "application/x-directory"),
        body = raw(0),
        permission = "s3:PutObject"
      )
    )
  }
  TRUE
}

# Session, bucket and whole key of what lies in a bucket, a root's prefix included; else NULL.
bucket_place <- function(store, key, given) {
  if (startsWith(store$uri, "s3://")) {
    whole <- resolve(store$uri, options = aws_options(given))
    above <- if (nzchar(whole$key)) {
      paste0(sub("/$", "", whole$key), "/")
    } else {
      ""
    }
    c(attr(whole$store, "s3"), key = paste0(above, key))
  }
}

#' @rdname aws.s3
#' @export
s3save_image <- function(object, bucket, opts = NULL) {
  location <- aws_location(object, bucket, opts)
  check_key(location$key)
  names <- ls(globalenv(), all.names = TRUE)
  invisible(aws_put(
    location,
    rdata_encode(mget(names, envir = globalenv()), "gzip"),
    list(format = "rdata", compression = "gzip"),
    opts
  ))
}

#' @rdname aws.s3
#' @export
s3source <- function(object, bucket, ..., opts = NULL) {
  location <- aws_location(object, bucket, opts)
  path <- tempfile(fileext = ".R")
  on.exit(unlink(path))
  fetch_to(location, path)
  source(path, ...)
}
