# Buckets in the words of aws.s3, and what it says of one object without its bytes.

#' @rdname aws.s3
#' @export
put_bucket <- function(
  bucket,
  region = Sys.getenv("AWS_DEFAULT_REGION"),
  acl = c(
    "private",
    "public-read",
    "public-read-write",
    "aws-exec-read",
    "authenticated-read",
    "bucket-owner-read",
    "bucket-owner-full-control"
  ),
  location_constraint = region,
  headers = list(),
  ...
) {
  check_choice(acl[1L], "acl", eval(formals()$acl))
  aws_about(list(acl = acl[1L], headers = headers))
  given <- list(...)
  given$region <- region
  # The region that a bucket is made in is the one that is asked.
  if (is_string(location_constraint) && nzchar(location_constraint)) {
    given$region <- location_constraint
  }
  place <- aws_bucket_uri(bucket)
  # Why without versions: aws.s3 makes such a bucket; cf_make_bucket() keeps them.
  cf_make_bucket(place, versioned = FALSE, options = aws_options(given))
  TRUE
}

#' @rdname aws.s3
#' @export
delete_bucket <- function(bucket, ...) {
  place <- aws_location("", bucket, list(...))
  s3 <- attr(place$store, "s3")
  if (is_folder(place$store)) {
    delete_folder(place$store)
  } else if (is.null(s3) || nzchar(place$key)) {
    abort_no_bucket(place)
  } else {
    check_empty_bucket(place)
    s3_send(
      s3$session,
      list(
        method = "DELETE",
        bucket = s3$bucket,
        verb = "delete the bucket",
        permission = "s3:DeleteBucket"
      )
    )
  }
  TRUE
}

# Why not left to the server: some delete a bucket with all that is in it.
check_empty_bucket <- function(place) {
  found <- place$store$children(place$key)
  held <- found$objects$key
  for (prefix in found$prefixes) {
    if (!length(held)) {
      # Why looked into: some servers keep a prefix whose objects are gone.
      held <- place$store$list(prefix)$key
    }
  }
  if (length(held)) {
    abort_not_empty(place$store$uri, held[1L])
  }
}

abort_not_empty <- function(what, held) {
  cf_abort(
    "usage",
    sprintf("Can't delete %s.", what),
    sprintf("It is not empty: it holds '%s'.", held),
    "Delete what is in it first."
  )
}

# Remove a folder that holds no object and no version, as a server does a bucket.
delete_folder <- function(store) {
  path <- sub("^file://", "", store$uri)
  left <- list.files(path, all.files = TRUE, recursive = TRUE, no.. = TRUE)
  if (!dir.exists(path)) {
    cf_abort("bucket_not_found", sprintf("Can't find the folder '%s'.", path))
  }
  held <- setdiff(left, ".crossframe/lock")
  if (length(held)) {
    abort_not_empty(store$uri, held[1L])
  }
  unlink(path, recursive = TRUE)
}

abort_no_bucket <- function(place) {
  cf_abort(
    "usage",
    sprintf("Can't delete %s: it is no bucket.", uri_of(place))
  )
}

#' @rdname aws.s3
#' @export
bucket_exists <- function(bucket, ...) {
  place <- aws_location("", bucket, list(...))
  found <- function(condition) FALSE
  tryCatch(
    {
      # Why one level: a bucket may hold millions of objects.
      place$store$children(place$key)
      TRUE
    },
    crossframe_error_bucket_not_found = found,
    crossframe_error_access_denied = found
  )
}

# s3://bucket, or a folder.
aws_bucket_uri <- function(bucket) {
  name <- aws_bucket_name(bucket)
  if (!is_string(name) || !nzchar(name)) {
    cf_abort("usage", "Argument 'bucket' must be the name of a bucket.")
  }
  if (grepl("^[/~.]|://", name)) name else paste0("s3://", name)
}

#' @rdname aws.s3
#' @export
head_object <- function(object, bucket, ...) {
  location <- aws_location(object, bucket, list(...))
  meta <- head_if_there(location)
  if (is.null(meta)) {
    return(FALSE)
  }
  told <- list(
    "content-length" = format_count(meta$size),
    "content-type" = if (!is.na(meta$media_type)) meta$media_type,
    etag = sprintf('"%s"', meta$etag),
    "last-modified" = http_date(meta$modified),
    "x-amz-version-id" = if (!is.na(meta$version)) meta$version
  )
  noted <- as.list(meta$metadata)
  names(noted) <- paste0("x-amz-meta-", names(noted), recycle0 = TRUE)
  do.call(structure, c(list(TRUE), Filter(Negate(is.null), told), noted))
}

# Why by hand: format() takes the names of days and months from the locale.
http_date <- function(time) {
  at <- as.POSIXlt(time, tz = "UTC")
  days <- c("Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat")
  format(
    at,
    sprintf(
      "%s, %%d %s %%Y %%H:%%M:%%S GMT",
      days[at$wday + 1L],
      month.abb[at$mon + 1L]
    )
  )
}

#' @rdname aws.s3
#' @export
object_size <- function(object, bucket, ...) {
  found <- head_object(object, bucket, ...)
  size <- if (found) as.numeric(attr(found, "content-length")) else NA_integer_
  # aws.s3 says NA of what is larger than its integers.
  if (isTRUE(size > .Machine$integer.max)) size else as.integer(size)
}
