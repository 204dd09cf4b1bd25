# Files of this machine to a store and back.

#' Upload files and download objects
#'
#' Files of any kind and size go as they are, streamed. A download lands whole or not at all. The sidecar of a CSV
#' goes with its data, both ways. What takes long shows its progress where somebody watches (`options(crossframe.progress
#' = FALSE)` shows none), and may be interrupted: nothing half is left, here or in the store.
#'
#' @inheritParams cf_find
#' @inheritSection cf_find Patterns
#' @param file String; a path on this machine, whatever the root is. For `cf_upload()` also a pattern, or a folder
#'   with a trailing `/` for everything below. For `cf_download()` where it goes: by default the key's last segment
#'   in the working folder; into a folder (one that exists, or a path ending in `/`) objects keep their names.
#' @param uri String; a key. For `cf_upload()` a prefix with its `/` or a bucket keeps the file's name; for
#'   `cf_download()` also a pattern; a trailing `/` means everything below.
#' @param overwrite `FALSE` refuses a key, or a file, that is taken.
#' @param metadata Named character vector of metadata to keep with the object.
#' @param media_type String; content type, by default what the key's extension says.
#' @param version String; version id, by default the newest.
#' @returns `cf_upload()`: invisibly a data frame, a row for each file in byte order of the keys: `key`, `uri`, `bytes`,
#'   `etag`, `version` (`NA` where the store has none). `cf_download()`: invisibly the paths of the files.
#' @section Errors:
#' `crossframe_error_object_not_found` (no such file, or object), `crossframe_error_no_match`,
#' `crossframe_error_object_exists`, `crossframe_error_corrupt_object` (what came is not what was stored; there
#' is no file then) and other kinds of `crossframe_error_store`.
#' @section Source:
#' Amazon S3 API Reference, "PutObject", "CreateMultipartUpload" and "GetObject"; Amazon S3 User Guide, "Checking
#' object integrity".
#' @seealso [cf_copy()]
#' @examples
#' old <- cf_set_root(tempfile())
#' file <- tempfile(fileext = ".txt")
#' writeLines("hello", file)
#' cf_upload(file, "notes/hello.txt")
#' cf_download("notes/hello.txt", tempdir())
#' readLines(file.path(tempdir(), "hello.txt"))
#' cf_set_root(old)
#' @export
cf_upload <- function(
  file,
  uri,
  ...,
  overwrite = TRUE,
  metadata = NULL,
  media_type = NULL,
  options = list()
) {
  check_empty(...)
  work <- function(plan) {
    upload_one(plan, overwrite, metadata, media_type)
  }
  invisible(as_rows(move_all(plan_file(file, uri, options), work)))
}

# What an upload would upload, and where to.
plan_file <- function(file, uri, options) {
  path <- if (is_string(file) && nzchar(file)) of_this_machine(file) else file
  # Why the look: a file's name may hold what would be a pattern.
  if (is_string(path) && is_many(path) && !is_file(path)) {
    return(plan_copies(path, uri, options = options))
  }
  path <- check_file(file)
  if (dir.exists(path)) {
    return(plan_copies(paste0(path, "/"), uri, options = options))
  }
  # Why not through a folder's store: a file named by its user may well be a link, or have an odd name.
  goal <- goal_of(local_place(uri), options)
  if (goes_into(goal)) {
    goal$key <- paste0(goal$key, basename(path))
  }
  source <- new_location(cf_store_folder(dirname(path)), basename(path), TRUE)
  check_plans(list(list(
    source = source,
    target = goal,
    size = file.size(path),
    sidecar = NA
  )))
}

# What `work` makes of each plan, under a bar of all their bytes.
move_all <- function(plans, work) {
  sizes <- vapply(plans, function(plan) as.numeric(plan$size), 0)
  with_progress(
    sum(sizes, na.rm = TRUE),
    lapply(seq_along(plans), function(at) {
      moved <- work(plans[[at]])
      progress_complete(sizes[at])
      moved
    })
  )
}

is_file <- function(path) file.exists(path) && !dir.exists(path)

path_of <- function(location) substring(uri_of(location), nchar("file://") + 1L)

upload_one <- function(plan, overwrite, metadata, media_type) {
  path <- path_of(plan$source)
  target <- plan$target
  meta <- put_from(path, target, overwrite, media_type, metadata)
  if (has_sidecar(target$key)) {
    sidecar <- paste0(path, sidecar_suffix)
    if (has_sidecar(path) && is_file(sidecar)) {
      put_from(sidecar, beside(target), media_type = "application/json")
    } else {
      drop_sidecar(target)
    }
  }
  told(meta, target)
}

#' @rdname cf_upload
#' @export
cf_download <- function(
  uri,
  file = NULL,
  ...,
  version = NULL,
  overwrite = TRUE,
  options = list()
) {
  check_empty(...)
  if (!is.null(version) && is_many(uri)) {
    abort_version_of_many()
  }
  target <- of_this_machine(if (is.null(file)) "./" else file)
  plans <- plan_copies(uri, target, version = version, options = options)
  paths <- move_all(plans, function(plan) {
    path <- path_of(plan$target)
    download_one(plan$source, path, version, overwrite)
    path
  })
  invisible(unlist(paths))
}

download_one <- function(location, path, version = NULL, overwrite = TRUE) {
  meta <- fetch_atomically(location, path, version, overwrite)
  if (!has_sidecar(location$key)) {
    return(meta)
  }
  to <- paste0(path, sidecar_suffix)
  text <- if (is.null(version)) {
    read_sidecar(location)
  } else {
    sidecar_of_version(location, file_md5(path), meta)
  }
  if (is.null(text)) {
    # Why: it described what was there before.
    unlink(to)
  } else {
    atomically(to, TRUE, function(landing) {
      write_file(charToRaw(text), landing)
    })
  }
  meta
}
