# The names of the aws.s3 package, with its argument order and return values, so that
# library(aws.s3) can be replaced by library(crossframe).

#' Functions with the names of the aws.s3 package
#'
#' They take the arguments of aws.s3 in its order and return what it returns, so that a script
#' runs on with `library(crossframe)` in place of `library(aws.s3)`. Listings are complete, however
#' long; RData and RDS are scanned before they are read, and what holds code is refused.
#'
#' @section Where things are:
#' `object` may be `"s3://bucket/key"` or an element of [get_bucket()]. Without `bucket` it is below
#' the root ([cf_set_root()]). A `bucket` that begins with `/`, `~` or `.` is a folder, so that a
#' script runs without a server.
#'
#' @section Further arguments:
#' `...`, and the list `opts` where there is one, take `base_url` (host, or URL, of the server),
#' `use_https`, `region` (`""` leaves it open), `key`, `secret`, `session_token`, and
#' `check_region`, `verbose`, `show_progress`, `multipart`, `partsize`, `acl`, `headers`, `dualstack`,
#' `accelerate`, `url_style`, which change nothing here.
#'
#' @section Errors:
#' As [cf_load()] and [cf_save()]; unlike with aws.s3, a missing object always is an error, of class
#' `crossframe_error_object_not_found`, but for `object_exists`, `head_object` and `object_size`.
#'
#' @param object String, or element of [get_bucket()]; the object's key.
#' @param bucket String; the bucket's name.
#' @param ... For `s3save` the objects to save, as names or strings, and arguments of [save()]; for
#'   `s3read_using` and `s3write_using` arguments of `FUN`; else see below.
#' @param envir Environment to take objects from, or to load them into.
#' @param opts List of further arguments, see below.
#' @param x R object to save.
#' @param compress `TRUE`, `FALSE`, or `"gzip"`, `"bzip2"`, `"xz"`, as in [saveRDS()].
#' @param FUN Function that reads or writes the file whose path it is given.
#' @param filename String; name that the temporary file is given.
#' @param what Raw vector, connection, or string: the name of a file where there is one of that
#'   name, else the content.
#' @param file String; path of a file.
#' @param verbose `FALSE` lets `s3sync` say nothing; else accepted and without effect.
#' @param multipart,acl,headers,show_progress,partsize,parse_response,quiet,add_region
#'   Accepted and without effect.
#' @param marker String; only keys after this one.
#' @param as `"raw"` or `"text"`.
#' @param overwrite `FALSE` refuses to replace a file.
#' @param prefix String; only keys that begin so.
#' @param region String; where to make the bucket; `""` leaves it open.
#' @param from_object,to_object,from_bucket,to_bucket As `object` and `bucket`, of the source and the target.
#' @param folder String; a prefix. Nothing needs it: it makes an empty folder in other programs' listings.
#' @param path String; a folder of this machine.
#' @param direction `"upload"`, `"download"` or both: which way files may go.
#' @param create `TRUE` makes the bucket where there is none.
#' @param delimiter String; `"/"` leaves out what lies below the next slash.
#' @param max Count; the most objects to list, by default all.
#' @returns `s3load`: the names of the objects loaded, invisibly. `s3save`, `s3saveRDS`, `put_object`,
#'   `s3write_using`: `TRUE`, invisibly. `s3readRDS`, `s3read_using`: the object. `get_object`: raw vector, or
#'   string. `save_object`: the file's path. `get_bucket`: a list of class `s3_bucket` of elements of
#'   class `s3_object`. `get_bucket_df`: a data frame of character columns `Key`, `LastModified`,
#'   `ETag`, `Size`, `Owner_ID`, `Owner_DisplayName`, `StorageClass`, `Bucket`. `bucketlist`: a data frame
#'   of character columns `Bucket`, `CreationDate`. `object_exists`, `bucket_exists`, `delete_object`: `TRUE` or
#'   `FALSE`. `head_object`: `TRUE` with the headers as attributes, or `FALSE`. `object_size`: bytes, `NA` where there is
#'   no object. `copy_object`: a list of `LastModified`, `ETag`. `put_bucket`, `delete_bucket`, `put_folder`, `s3sync`:
#'   `TRUE`; `s3save_image`: `TRUE`, invisibly. `s3source`: as [source()].
#' @examples
#' lab <- tempfile()
#' d <- cars
#' s3save(d, object = "foo/bar/baz/d", bucket = lab)
#' get_bucket_df(lab)$Key
#' rm(d)
#' s3load("foo/bar/baz/d", lab)
#' head(d)
#' @name aws.s3
NULL

#' @rdname aws.s3
#' @export
s3save <- function(..., object, bucket, envir = parent.frame(), opts = NULL) {
  force(envir)
  given <- as.list(substitute(list(...)))[-1L]
  named <- if (is.null(names(given))) {
    rep(FALSE, length(given))
  } else {
    nzchar(names(given))
  }
  arguments <- lapply(given[named], eval, envir = parent.frame())
  unknown <- setdiff(names(arguments), c(save_arguments, connection_arguments))
  if (length(unknown)) {
    cf_abort(
      "usage",
      sprintf("Can't use the argument '%s' of s3save().", unknown[1L])
    )
  }
  symbols <- vapply(given[!named], FUN.VALUE = "", function(one) {
    if (is.name(one) || is_string(one)) {
      return(as.character(one))
    }
    cf_abort(
      "usage",
      sprintf("Can't save '%s'.", deparse(one)[1L]),
      "must be the name of an object"
    )
  })
  names <- unique(c(as.character(arguments$list), symbols))
  absent <- names[!vapply(names, exists, NA, envir = envir)]
  if (length(absent)) {
    cf_abort("usage", sprintf("Can't find object '%s' to save.", absent[1L]))
  }
  location <- aws_location(object, bucket, c(opts, arguments))
  check_key(location$key)
  values <- mget(names, envir = envir, inherits = TRUE)
  compression <- aws_compression(arguments$compress)
  aws_put(
    location,
    rdata_encode(values, compression),
    list(format = "rdata", compression = compression)
  )
}

#' @rdname aws.s3
#' @export
s3load <- function(object, bucket, envir = parent.frame(), ...) {
  force(envir)
  location <- aws_location(object, bucket, list(...))
  objects <- placing(location, rdata_decode(fetch(location)))
  # Why not list2env(): it would leave out what is NULL.
  for (name in names(objects)) {
    assign(name, objects[[name]], envir = envir)
  }
  invisible(names(objects))
}

#' @rdname aws.s3
#' @export
s3saveRDS <- function(
  x,
  object = paste0(as.character(substitute(x)), ".rds"),
  bucket,
  compress = TRUE,
  ...
) {
  force(object)
  location <- aws_location(object, bucket, list(...))
  check_key(location$key)
  compression <- aws_compression(compress)
  aws_put(
    location,
    rds_encode(x, compression),
    list(format = "rds", compression = compression)
  )
}

#' @rdname aws.s3
#' @export
s3readRDS <- function(object, bucket, ...) {
  location <- aws_location(object, bucket, list(...))
  placing(location, rds_decode(fetch(location)))
}

#' @rdname aws.s3
#' @export
s3read_using <- function(
  FUN,
  ...,
  object,
  bucket,
  opts = NULL,
  filename = NULL
) {
  location <- aws_location(object, bucket, opts)
  path <- aws_tempfile(location$key, filename)
  on.exit(unlink(path))
  fetch_to(location, path)
  FUN(path, ...)
}

#' @rdname aws.s3
#' @export
s3write_using <- function(
  x,
  FUN,
  ...,
  object,
  bucket,
  opts = NULL,
  filename = NULL
) {
  location <- aws_location(object, bucket, opts)
  check_key(location$key)
  path <- aws_tempfile(location$key, filename)
  on.exit(unlink(path))
  FUN(x, path, ...)
  aws_put_file(location, path)
}

#' @rdname aws.s3
#' @export
put_object <- function(
  what,
  object,
  bucket,
  multipart = FALSE,
  acl = NULL,
  file,
  headers = list(),
  verbose = FALSE,
  show_progress = FALSE,
  partsize = 1e8,
  ...
) {
  if (missing(what)) {
    path <- file
  } else {
    path <- if (is_string(what) && file.exists(what)) what
    data <- if (is.null(path)) content_of(what)
  }
  if (missing(object)) {
    if (is.null(path)) {
      cf_abort(
        "usage",
        "Can't put an object without a key.",
        hint = "Say object =."
      )
    }
    object <- basename(path)
  }
  location <- aws_location(object, bucket, list(...))
  if (is.null(path)) aws_put(location, data) else aws_put_file(location, path)
}

#' @rdname aws.s3
#' @export
get_object <- function(
  object,
  bucket,
  headers = list(),
  parse_response = FALSE,
  as = "raw",
  ...
) {
  check_choice(as, "as", c("raw", "text"))
  data <- fetch(aws_location(object, bucket, list(...)))
  if (as == "text") sidecar_text(data) else data
}

#' @rdname aws.s3
#' @export
save_object <- function(
  object,
  bucket,
  file = basename(object),
  headers = list(),
  overwrite = TRUE,
  ...
) {
  location <- aws_location(object, bucket, list(...))
  # Why not the default at once: object may be an element of get_bucket().
  path <- if (missing(file)) basename(location$key) else file
  if (!overwrite && file.exists(path)) {
    cf_abort(
      "usage",
      sprintf("Can't save to '%s': there is a file of that name.", path)
    )
  }
  fetch_atomically(location, path)
  path
}

#' @rdname aws.s3
#' @export
get_bucket <- function(
  bucket,
  prefix = NULL,
  delimiter = NULL,
  max = NULL,
  marker = NULL,
  parse_response = TRUE,
  ...
) {
  frame <- get_bucket_df(bucket, prefix, delimiter, max, marker, ...)
  objects <- lapply(seq_len(nrow(frame)), function(i) {
    row <- as.list(frame[i, ])
    owner <- list(ID = row$Owner_ID, DisplayName = row$Owner_DisplayName)
    content <- c(
      row[c("Key", "LastModified", "ETag", "Size")],
      list(Owner = owner)
    )
    structure(class = "s3_object", c(content, row[c("StorageClass", "Bucket")]))
  })
  structure(
    stats::setNames(objects, rep("Contents", length(objects))),
    class = "s3_bucket",
    Name = aws_bucket_name(bucket),
    Prefix = prefix
  )
}

#' @rdname aws.s3
#' @export
get_bucket_df <- function(
  bucket,
  prefix = NULL,
  delimiter = NULL,
  max = NULL,
  marker = NULL,
  ...
) {
  place <- aws_location("", bucket, list(...))
  prefix <- if (is.null(prefix)) "" else prefix
  rows <- place$store$list(paste0(place$key, prefix))
  if (!is.null(delimiter) && nzchar(delimiter)) {
    rest <- substring(rows$key, nchar(place$key) + nchar(prefix) + 1L)
    rows <- rows[!grepl(delimiter, rest, fixed = TRUE), ]
  }
  if (!is.null(marker)) {
    # Why not >: it compares by the locale, where listings go by bytes.
    place_of <- order(byte_order(c(marker, rows$key)))
    rows <- rows[place_of[-1L] > place_of[1L] & rows$key != marker, ]
  }
  rows <- if (is.null(max)) rows else utils::head(rows, max)
  class <- rows$storage_class
  data.frame(
    Key = rows$key,
    LastModified = format(rows$modified, "%Y-%m-%dT%H:%M:%S.000Z", tz = "UTC"),
    ETag = sprintf('"%s"', rows$etag),
    Size = format_count(rows$size),
    Owner_ID = rep(NA_character_, nrow(rows)),
    Owner_DisplayName = rep(NA_character_, nrow(rows)),
    StorageClass = ifelse(is.na(class), "STANDARD", class),
    Bucket = rep(aws_bucket_name(bucket), nrow(rows)),
    stringsAsFactors = FALSE
  )
}

#' @rdname aws.s3
#' @export
bucketlist <- function(add_region = FALSE, ...) {
  found <- cf_buckets(options = aws_options(list(...)))
  data.frame(
    Bucket = found$bucket,
    CreationDate = format(found$created, "%Y-%m-%dT%H:%M:%S.000Z", tz = "UTC"),
    stringsAsFactors = FALSE
  )
}

#' @rdname aws.s3
#' @export
object_exists <- function(object, bucket, ...) {
  location <- aws_location(object, bucket, list(...))
  tryCatch(
    {
      location$store$head(location$key)
      TRUE
    },
    crossframe_error_object_not_found = function(condition) FALSE,
    crossframe_error_bucket_not_found = function(condition) FALSE
  )
}

#' @rdname aws.s3
#' @export
delete_object <- function(object, bucket, quiet = TRUE, ...) {
  # Several may be given; an element of get_bucket() is one.
  objects <- if (inherits(object, "s3_object")) {
    list(object)
  } else {
    as.list(object)
  }
  for (one in objects) {
    location <- aws_location(one, bucket, list(...))
    location$store$delete(location$key)
  }
  TRUE
}
