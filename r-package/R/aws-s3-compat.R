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
#' `use_https`, `region` (`""` leaves it open: it is found), `key`, `secret`, `session_token`; `verbose` (`TRUE` names
#' each object), `show_progress` (`TRUE` shows a bar); and `check_region`, `multipart`, `partsize`, `dualstack`,
#' `accelerate`, `url_style`, which need no setting here. Of `headers`, `Content-Type` and `x-amz-meta-` are kept with
#' the object. Other headers, and an `acl` other than `"private"`, can't be followed: a warning of class
#' `crossframe_warning_ignored` says so; [cf_publish()] lets anybody read an object.
#'
#' @section Errors:
#' As [cf_load()] and [cf_save()], and `crossframe_error_usage` for arguments that can't be used; unlike with aws.s3, a missing object always is an error, of class
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
#' @param verbose `TRUE` names each object; `FALSE` lets `s3sync` say nothing.
#' @param show_progress `TRUE` shows a bar.
#' @param acl,headers What to keep with the object, see below.
#' @param location_constraint String; the same as `region`, which it goes before.
#' @param multipart,partsize,parse_response,quiet Accepted and without effect: large objects go in parts by themselves.
#' @param add_region `TRUE` adds the column `Region`, `NA` where the server does not tell.
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
#' @param delimiter String; `"/"` lists what lies before the next slash only.
#' @param max Count; the most objects to list, by default all.
#' @returns `s3load`: `NULL`, invisibly. `put_object`: `TRUE`. `s3save`, `s3saveRDS`, `s3write_using`: `TRUE`,
#'   invisibly. `s3readRDS`, `s3read_using`: the object. `get_object`: raw vector, or
#'   string. `save_object`: the file's path. `get_bucket`: a list of class `s3_bucket` of elements of
#'   class `s3_object`, for which there is [as.data.frame()]; its attribute `CommonPrefixes` has what lies below the next
#'   `delimiter`. `get_bucket_df`: a data frame of character columns `Key`, `LastModified`,
#'   `ETag`, `Size`, `Owner_ID`, `Owner_DisplayName`, `StorageClass`, `Bucket`. `bucketlist`: a data frame
#'   of character columns `Bucket`, `CreationDate`. `object_exists`, `bucket_exists`, `delete_object`: `TRUE` or
#'   `FALSE`. `head_object`: `TRUE` with the headers as attributes, or `FALSE`. `object_size`: bytes, an
#'   integer up to 2^31 - 1 and a double beyond, `NA` where there is no object. `copy_object`: a list of `LastModified`, `ETag`. `put_bucket`, `delete_bucket`, `put_folder`, `s3sync`:
#'   `TRUE`; `s3save_image`: `TRUE`, invisibly. `s3source`: as [source()].
#' @section Source:
#' The reference manual of aws.s3 0.3.22.
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
  # Why [[ ]]: with $, `compression_level` would be taken for `compress`.
  names <- unique(c(as.character(arguments[["list"]]), symbols))
  absent <- names[!vapply(names, exists, NA, envir = envir)]
  if (length(absent)) {
    cf_abort("usage", sprintf("Can't find object '%s' to save.", absent[1L]))
  }
  location <- aws_location(object, bucket, c(opts, arguments))
  check_key(location$key)
  values <- mget(names, envir = envir, inherits = TRUE)
  compression <- aws_compression(arguments[["compress"]])
  invisible(aws_put(
    location,
    rdata_encode(values, compression),
    list(format = "rdata", compression = compression),
    c(opts, arguments)
  ))
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
  invisible()
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
  invisible(aws_put(
    location,
    rds_encode(x, compression),
    list(format = "rds", compression = compression),
    list(...)
  ))
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
  watched(opts, size_there(location), fetch_to(location, path))
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
  opts = NULL
) {
  location <- aws_location(object, bucket, opts)
  check_key(location$key)
  path <- temporary_for(location$key)
  on.exit(unlink(path))
  FUN(x, path, ...)
  invisible(aws_put_file(location, path, opts))
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
  verbose = getOption("verbose", FALSE),
  show_progress = getOption("verbose", FALSE),
  partsize = 10e7,
  ...
) {
  if (missing(what) == missing(file)) {
    cf_abort(
      "usage",
      "Can't put an object: one of the arguments 'what' and 'file' must be given."
    )
  }
  given <- if (missing(what)) file else what
  named <- is_string(given) && (missing(what) || file.exists(given))
  path <- if (named) given else connected_file(given)
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
  options <- list(
    ...,
    acl = acl,
    headers = headers,
    verbose = verbose,
    show_progress = show_progress
  )
  location <- aws_location(object, bucket, options)
  if (named) {
    aws_put_file(location, path, options)
  } else {
    aws_put(location, content_of(given), options = options)
  }
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
  location <- aws_location(object, bucket, list(...))
  data <- watched(list(...), size_there(location), fetch(location))
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
  watched(list(...), size_there(location), fetch_atomically(location, path))
  path
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
  places <- lapply(objects, aws_location, bucket, list(...))
  keys <- vapply(places, `[[`, "", "key")
  stores <- vapply(places, function(place) place$store$uri, "")
  for (at in split(seq_along(places), stores)) {
    delete_all(places[[at[1L]]], keys[at])
  }
  TRUE
}
