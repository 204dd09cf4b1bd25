# Objects as they are, from store to store and within one: copied, moved, deleted.

#' Copy or move objects as they are
#'
#' One object, or all that a pattern matches; between buckets, folders and what is below the root. Within one
#' server the server copies for itself; otherwise objects are streamed. Content type and metadata are kept, and
#' the sidecar of a CSV goes with its data. A move deletes each object once its copy is complete.
#'
#' @inheritParams cf_find
#' @inheritSection cf_find Patterns
#' @param source String; a key, or a pattern; a trailing `/` means everything below. A path that begins with `./`
#'   or `../` is a file of this machine, whatever the root is.
#' @param target String; a key. Into a prefix (with its `/`), bucket or existing folder objects keep their names,
#'   and below a pattern's literal prefix their levels, too.
#' @param regex `TRUE` takes `source` as a regular expression.
#' @param overwrite `FALSE` refuses a key that is taken.
#' @returns Invisibly a data frame, a row for each object in byte order of the keys: `source`, `target` (URIs),
#'   `bytes`.
#' @section Errors:
#' Before anything is copied: `crossframe_error_object_not_found`, `crossframe_error_no_match`,
#' `crossframe_error_name_clash` (two to one key), `crossframe_error_usage` (many to one key, an object to
#' itself or over what is still to be copied), `crossframe_error_invalid_key`. Then
#' `crossframe_error_object_exists` and other kinds of `crossframe_error_store`; what came before is done.
#' @section Source:
#' Amazon S3 API Reference, "CopyObject" and "UploadPartCopy".
#' @examples
#' old <- cf_set_root(tempfile())
#' cf_save(cars, "a/cars.csv")
#' cf_copy("a/cars.csv", "b/")
#' cf_move("b/*.csv", "c/")
#' cf_ls(recursive = TRUE)$key
#' cf_set_root(old)
#' @export
cf_copy <- function(
  source,
  target,
  ...,
  regex = FALSE,
  overwrite = TRUE,
  options = list()
) {
  check_empty(...)
  plans <- plan_copies(source, target, regex = regex, options = options)
  invisible(as_rows(lapply(plans, copy_one, overwrite = overwrite)))
}

#' @rdname cf_copy
#' @export
cf_move <- function(
  source,
  target,
  ...,
  regex = FALSE,
  overwrite = TRUE,
  options = list()
) {
  check_empty(...)
  plans <- plan_copies(source, target, regex = regex, options = options)
  check_movable(plans)
  invisible(as_rows(lapply(plans, move_one, overwrite = overwrite)))
}

# Refuse to move from where nothing can be deleted, before anything is copied.
check_movable <- function(plans) {
  for (plan in plans) {
    if (grepl("^https?:", plan$source$store$uri)) {
      cf_abort(
        "not_supported",
        sprintf("Can't move '%s': a link only reads.", shown_key(plan$source)),
        hint = "Copy it."
      )
    }
  }
}

# Copy one object and its sidecar; what is told of it.
copy_one <- function(plan, overwrite = TRUE) {
  meta <- transfer_object(plan$source, plan$target, overwrite)
  copy_sidecar(plan$source, plan$target, plan$sidecar)
  list(
    source = uri_of(plan$source),
    target = uri_of(plan$target),
    bytes = meta$size
  )
}

move_one <- function(plan, overwrite = TRUE) {
  source <- plan$source
  copied <- copy_one(plan, overwrite)
  sidecar <- if (!isFALSE(plan$sidecar)) sidecar_there(source)
  # Why the sidecar last: a crash in between must not leave data without its types.
  for (key in c(source$key, sidecar)) {
    source$store$delete(key)
  }
  copied
}

as_rows <- function(told) do.call(rbind, lapply(told, as.data.frame))

# Copy an object, by the server where it can. Returns the copy's meta.
transfer_object <- function(source, target, overwrite = TRUE, version = NULL) {
  copied <- if (same_scheme(source$store, target$store)) {
    tryCatch(
      target$store$copy(
        source$key,
        target$key,
        source = source$store,
        version = version,
        if_absent = !overwrite
      ),
      crossframe_error_not_supported = function(condition) NULL
    )
  }
  if (is.null(copied)) {
    stream_object(source, target, overwrite, version)
  } else {
    copied
  }
}

same_scheme <- function(one, other) {
  scheme <- function(store) sub("://.*$", "", store$uri)
  scheme(one) == scheme(other)
}

stream_object <- function(source, target, overwrite, version = NULL) {
  with_fetched(source, version, function(path, meta) {
    target$store$put_from(
      target$key,
      path,
      if_absent = !overwrite,
      media_type = if (is.na(meta$media_type)) {
        media_type_of(target$key)
      } else {
        meta$media_type
      },
      metadata = meta$metadata
    )
  })
}

# Copy the sidecar of a CSV after its data.
#
# known: whether there is one, NA where nobody has looked yet.
copy_sidecar <- function(source, target, known = NA) {
  if (!has_sidecar(source$key)) {
    return(invisible(NULL))
  }
  from <- beside(source)
  to <- beside(target)
  copied <- !isFALSE(known) &&
    tryCatch(
      {
        transfer_object(from, to)
        TRUE
      },
      crossframe_error_object_not_found = function(condition) FALSE
    )
  if (!copied) {
    drop_sidecar(target)
  }
}

# Why: what lies there described what the key held before. Why a look first: where versions are kept a delete of
# nothing would leave a mark.
drop_sidecar <- function(location) {
  sidecar <- beside(location)
  if (!is.null(head_if_there(sidecar))) {
    sidecar$store$delete(sidecar$key)
  }
}

# Whether what lies under a key may have a sidecar, as its extension says.
has_sidecar <- function(key) {
  format <- split_extensions(key)$format
  !is.na(format) && codec_for(format)$sidecar
}

beside <- function(location) {
  location$key <- paste0(location$key, sidecar_suffix)
  location
}

# NULL where there is no object.
head_if_there <- function(location) {
  tryCatch(
    location$store$head(location$key),
    crossframe_error_object_not_found = function(condition) NULL
  )
}

head_of <- function(location, version = NULL) {
  tryCatch(
    location$store$head(location$key, version = version),
    crossframe_error_object_not_found = function(condition) {
      stop(
        if (is.null(version)) with_near_miss(condition, location) else condition
      )
    }
  )
}
