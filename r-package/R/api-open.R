# An object as an R connection: a file of this session, fetched when opened or put when closed.

#' Open an object as a connection
#'
#' Reading (`"r"`, `"rt"`, `"rb"`) gives a [file()] connection to a copy of the object, streamed from the
#' store and verified before the first byte is read. As `file()` does, `"r"` and `"rt"` read what is
#' compressed as the text within; `"rb"` gives the bytes as stored. The copy goes when the connection is closed.
#'
#' Writing (`"w"`, `"wt"`, `"wb"`, and `"x"`, `"xt"`, `"xb"`, which refuse a key that is taken) collects what
#' is written in a temporary file, and `close()` puts it: until then the key holds what it held. `close(con, put
#' = FALSE)` throws it away instead. A connection that is never closed puts nothing, and says so by a warning.
#' R closes a connection in `on.exit(close(con))` after an error, too: where half a file must not be put, use
#' [cf_write_using()]. Nothing is compressed by itself. There is no appending: an object is written whole.
#'
#' @inheritParams cf_read_using
#' @param mode String; one of `"r"`, `"rt"`, `"rb"`, `"w"`, `"wt"`, `"wb"`, `"x"`, `"xt"`, `"xb"`.
#' @param encoding String; that of the text, as in [file()].
#' @param con Connection for writing that `cf_open()` gave.
#' @param put `FALSE` closes it without putting anything.
#' @param ... Must be empty: what follows goes by name.
#' @returns `cf_open()`: an open connection, for the caller to [close()]. `close()`: `NULL`, invisibly.
#' @section Errors:
#' `crossframe_error_usage` (another mode), when reading as [cf_load()]; `close()` stops with what [cf_save()]
#' does.
#' @section Source:
#' Amazon S3 API Reference, "GetObject" and "PutObject".
#' @examples
#' old <- cf_set_root(tempfile())
#' con <- cf_open("notes.txt", "w")
#' writeLines(c("one", "two"), con)
#' close(con)
#' con <- cf_open("notes.txt")
#' readLines(con)
#' close(con)
#' cf_set_root(old)
#' @export
cf_open <- function(
  uri,
  mode = "r",
  ...,
  encoding = getOption("encoding"),
  version = NULL,
  media_type = NULL,
  metadata = NULL,
  options = list()
) {
  check_empty(...)
  check_mode(mode)
  location <- resolve(uri, options = options)
  if (startsWith(mode, "r")) {
    return(with_fetched(location, version, function(path, meta) {
      # Why it may be removed at once: what is open stays readable until it is closed.
      file(path, mode, encoding = encoding)
    }))
  }
  check_key(location$key)
  if (!is.null(version)) {
    cf_abort("usage", "Argument 'version' is for reading.")
  }
  state <- new.env(parent = emptyenv())
  state$location <- location
  state$path <- temporary_for(location$key)
  state$put <- function() {
    put_from(
      state$path,
      location,
      overwrite = !startsWith(mode, "x"),
      media_type = media_type,
      metadata = metadata
    )
  }
  con <- file(state$path, sub("x", "w", mode), encoding = encoding)
  reg.finalizer(state, forget_unclosed, onexit = TRUE)
  attr(con, "crossframe") <- state
  class(con) <- c("crossframe_connection", class(con))
  con
}

check_mode <- function(mode) {
  modes <- c("r", "rt", "rb", "w", "wt", "wb", "x", "xt", "xb")
  if (!is_string(mode) || !mode %in% modes) {
    cf_abort(
      "usage",
      sprintf(
        "Can't open an object in mode '%s'.",
        paste(format(mode), collapse = ", ")
      ),
      sprintf("must be one of %s", shown_names(modes)),
      if (is_string(mode) && grepl("[a+]", mode)) {
        "An object is written whole: read it, then write it anew."
      }
    )
  }
}

# Why: base R calls no hook when a connection closes, but close() is generic.
#' @rdname cf_open
#' @export
close.crossframe_connection <- function(con, ..., put = TRUE) {
  state <- attr(con, "crossframe")
  on.exit({
    unlink(state$path)
    state$done <- TRUE
  })
  refuse <- function(condition) {
    cf_abort(
      "unavailable",
      sprintf(
        "Can't write '%s': its temporary file failed.",
        state$location$key
      ),
      conditionMessage(condition)
    )
  }
  # Why warnings too: R only warns of a full disk.
  tryCatch(NextMethod(), error = refuse, warning = refuse)
  if (put && is.null(state$done)) {
    state$put()
  }
  invisible(NULL)
}

forget_unclosed <- function(state) {
  if (is.null(state$done)) {
    unlink(state$path)
    cf_warn(
      "unclosed",
      sprintf("Nothing was written to '%s'.", uri_of(state$location)),
      "its connection was never closed",
      "Call close() on what cf_open() gives."
    )
  }
}
