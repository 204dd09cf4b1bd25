# Any reader or writer on a key: a function that takes a path is given one.

#' Use any function that reads or writes a file
#'
#' `cf_read_using()` calls `f(path, ...)` on a temporary file with the object's content, verified and
#' streamed from the store. `cf_write_using()` calls `f(x, path, ...)` and puts the file that it wrote; where
#' `f` fails, nothing is put. The path has the key's extensions.
#'
#' @inheritParams cf_save
#' @param f Function; of a path for reading, of a value and a path for writing.
#' @param x What `f` is to write.
#' @param ... Further arguments of `f`.
#' @param version String; version id, by default the newest.
#' @param media_type String; content type, by default what the key's extension says.
#' @param metadata Named character vector of metadata to keep with the object.
#' @returns `cf_read_using()`: what `f` returns. `cf_write_using()`: invisibly a list of `key`, `uri`,
#'   `bytes`, `etag`, `version`.
#' @section Errors:
#' What `f` stops with; `crossframe_error_usage` (`f` is no function, or wrote no file), and as [cf_load()] and
#' [cf_save()].
#' @section Source:
#' Amazon S3 API Reference, "GetObject" and "PutObject".
#' @seealso [cf_open()] for a connection
#' @examples
#' old <- cf_set_root(tempfile())
#' cf_write_using(write.csv, cars, "cars.csv", row.names = FALSE)
#' head(cf_read_using(read.csv, "cars.csv"))
#' cf_set_root(old)
#' @export
cf_read_using <- function(f, uri, ..., version = NULL, options = list()) {
  check_function(f)
  location <- resolve(uri, options = options)
  with_fetched(location, version, function(path, meta) f(path, ...))
}

#' @rdname cf_read_using
#' @export
cf_write_using <- function(
  f,
  x,
  uri,
  ...,
  overwrite = TRUE,
  media_type = NULL,
  metadata = NULL,
  options = list()
) {
  check_function(f)
  location <- resolve(uri, options = options)
  check_key(location$key)
  path <- temporary_for(location$key)
  on.exit(unlink(path))
  f(x, path, ...)
  if (!file.exists(path)) {
    cf_abort(
      "usage",
      sprintf(
        "Can't write '%s': the function wrote no file.",
        shown_key(location)
      ),
      "It was called as f(x, path, ...)."
    )
  }
  meta <- put_from(path, location, overwrite, media_type, metadata)
  invisible(told(meta, location))
}

check_function <- function(f) {
  if (!is.function(f)) {
    cf_abort(
      "usage",
      sprintf("Argument 'f' must be a function, not %s.", class(f)[1L])
    )
  }
}

# Put a file of this machine. Returns the object's meta.
put_from <- function(
  path,
  location,
  overwrite = TRUE,
  media_type = NULL,
  metadata = NULL
) {
  location$store$put_from(
    location$key,
    path,
    if_absent = !overwrite,
    media_type = if (is.null(media_type)) {
      media_type_of(location$key)
    } else {
      media_type
    },
    metadata = metadata
  )
}

told <- function(meta, location) {
  list(
    key = shown_key(location),
    uri = uri_of(location),
    bytes = meta$size,
    etag = meta$etag,
    version = meta$version
  )
}
