#' A folder as a store
#'
#' No server, no account, and the promises of a bucket: a write goes to a temporary file beside the
#' target, which is synced and renamed, so that a reader sees the old content or the new. Keys are
#' paths below the root and can't leave it. Names of the store's own, `.crossframe` and
#' `.crossframe-tmp-*`, are no keys.
#'
#' @param root String; the folder, made by the first write where it does not exist.
#' @returns A store, to be used as a root: see [cf_set_root()].
#' @section Errors:
#' `crossframe_error_object_not_found`, `crossframe_error_bucket_not_found` (no such folder),
#' `crossframe_error_invalid_key` (a key that leaves the root), `crossframe_error_access_denied`,
#' `crossframe_error_unavailable` (the disk is full).
#' @examples
#' store <- cf_store_folder(tempfile())
#' store$put("a/b.txt", charToRaw("hello"))
#' store$list()$key
#' @export
cf_store_folder <- function(root) {
  root <- absolute_path(root)
  uri <- paste0("file://", sub("/+$", "", root))
  folder <- list(root = root, uri = uri)
  new_store(
    uri = uri,
    get = function(key, start = 0, length = NULL, version = NULL) {
      check_range(start, length)
      path <- folder_find(folder, key, version)$path
      limit <- if (is.null(length)) NA_real_ else as.double(length)
      folder_try(
        folder,
        "read",
        key,
        .Call(C_file_read, path, as.double(start), limit)
      )
    },
    put = function(
      key,
      data,
      if_absent = FALSE,
      if_match = NULL,
      media_type = NULL
    ) {
      check_write(key, data, if_absent, if_match)
      folder_put(folder, enc2utf8(key), data, if_absent, if_match)
    },
    head = function(key, version = NULL) {
      found <- folder_find(folder, key, version)
      new_meta(enc2utf8(key), found$size, found$modified, found$etag)
    },
    list = function(prefix = "") folder_list(folder, enc2utf8(prefix)),
    children = function(prefix = "") folder_children(folder, enc2utf8(prefix)),
    delete = function(key) folder_delete(folder, key)
  )
}

# ---- Reading ----

# list(path, size, modified, etag) of a key's file, which is a regular one.
folder_find <- function(folder, key, version = NULL) {
  check_read_key(key, folder$uri)
  if (!is.null(version)) {
    abort_no_versions(folder$uri)
  }
  path <- folder_path(folder, key)
  check_root(folder)
  found <- if (!is.null(path)) .Call(C_file_stat, path)
  # Why regular only: a folder is no object, and opening a pipe would wait for ever.
  if (is.null(path) || found$type != "file") {
    abort_object_not_found(key, folder$uri)
  }
  if (found$link && !is_within(path, folder$root)) {
    abort_leads_out(folder, key)
  }
  c(path = path, found)
}

# Where a key's file lies, NULL where there can be none; an error where the way there leaves the root.
folder_path <- function(folder, key) {
  key <- enc2utf8(key)
  check_inside(folder, key)
  if (is_internal(key) || any(segments(key) %in% c("", "."))) {
    return(NULL)
  }
  path <- below(folder$root, key)
  if (!is_within(dirname_utf8(path), folder$root)) {
    abort_leads_out(folder, key)
  }
  path
}

check_inside <- function(folder, key) {
  if (startsWith(key, "/") || any(segments(key) == "..")) {
    cf_abort(
      "invalid_key",
      sprintf("Can't reach '%s': the key leaves the root %s.", key, folder$uri),
      hint = "Give an absolute path, or set another root.",
      key = key
    )
  }
}

check_root <- function(folder) {
  if (.Call(C_file_stat, folder$root)$type != "dir") {
    cf_abort(
      "bucket_not_found",
      sprintf("Can't find the folder '%s'.", folder$root),
      hint = "It is made by the first save to it."
    )
  }
}

abort_leads_out <- function(folder, key) {
  cf_abort(
    "invalid_key",
    sprintf(
      "Can't reach '%s': a symbolic link leads out of the root %s.",
      key,
      folder$uri
    ),
    key = key
  )
}

# ---- Writing ----

folder_put <- function(folder, key, data, if_absent, if_match) {
  path <- folder_path(folder, key)
  if (is.null(path)) {
    cf_abort(
      "invalid_key",
      sprintf(
        "Can't write '%s': names that begin with '%s' are the store's own.",
        key,
        internal_name
      ),
      key = key
    )
  }
  parent <- dirname_utf8(path)
  temporary <- below(
    parent,
    paste0(temporary_name, hex_text(openssl::rand_bytes(8)))
  )
  # Why again: a concurrent delete may take the folder away that was just found empty.
  for (attempt in 1:3) {
    failed <- make_folders(parent)
    if (is.null(failed)) {
      failed <- .Call(C_file_write, temporary, data)
    }
    if (is.null(failed) || failed[1] != "ENOENT") {
      break
    }
  }
  folder_try(folder, "write", key, failed)
  on.exit(.Call(C_file_remove, temporary))
  found <- folder_publish(
    folder,
    key,
    path,
    temporary,
    length(data),
    if_absent,
    if_match
  )
  .Call(C_dir_sync, parent)
  new_meta(key, found$size, found$modified, found$etag)
}

# Give a finished temporary file its name, where the conditions hold. Returns its stat.
folder_publish <- function(
  folder,
  key,
  path,
  temporary,
  size,
  if_absent,
  if_match
) {
  lock <- folder_lock(folder, key, create = !is.null(if_match))
  on.exit(folder_unlock(lock))
  old <- .Call(C_file_stat, path)
  if (old$type == "dir") {
    remove_empty(path, key)
    old$type <- "none"
  }
  if (!is.null(if_match) && !identical(old$etag, if_match)) {
    abort_precondition_failed(
      key,
      folder$uri,
      if_match,
      if (old$type != "none") old$etag
    )
  }
  folder_try(folder, "write", key, .Call(C_file_touch, temporary, path))
  new <- .Call(C_file_stat, temporary)
  # Why looked at: a network share may lose the end of a file and report nothing.
  if (!identical(new$size, as.double(size))) {
    cf_abort(
      "unavailable",
      sprintf(
        "Can't write '%s' in %s: the file system lost bytes.",
        key,
        folder$uri
      )
    )
  }
  if (!if_absent) {
    folder_try(folder, "write", key, .Call(C_file_rename, temporary, path))
  } else if (!folder_link(folder, key, path, temporary)) {
    abort_object_exists(key, folder$uri)
  }
  new
}

# Give the file its name unless that is taken; tell whether it was free.
# Why a link: unlike a rename it never replaces, whoever else is writing.
folder_link <- function(folder, key, path, temporary) {
  failed <- .Call(C_file_link, temporary, path)
  if (is.null(failed)) {
    return(TRUE)
  }
  if (failed[1] == "EEXIST") {
    return(FALSE)
  }
  if (!failed[1] %in% c("EPERM", "ENOTSUP", "ENOSYS", "EMLINK")) {
    folder_try(folder, "write", key, failed)
  }
  # FAT and some shares know no links: the best to be had is a look under the lock.
  lock <- folder_lock(folder, key, create = TRUE)
  on.exit(folder_unlock(lock))
  found <- .Call(C_file_stat, path)
  if (found$type != "none" || found$link) {
    return(FALSE)
  }
  folder_try(folder, "write", key, .Call(C_file_rename, temporary, path))
  TRUE
}

# Make way for an object where an empty folder is: a bucket would not know of it.
remove_empty <- function(path, key) {
  if (!is.null(.Call(C_dir_remove, path))) {
    cf_abort(
      "invalid_key",
      sprintf("Can't write '%s': there are objects below '%s/'.", key, key),
      hint = "A folder can't hold both 'a' and 'a/b'; a bucket can.",
      key = key
    )
  }
}

# Make a folder and those above it, each known to its parent for good; NULL or the error.
make_folders <- function(path) {
  missing <- character()
  while (.Call(C_file_stat, path)$type != "dir") {
    missing <- c(path, missing)
    path <- dirname_utf8(path)
  }
  for (one in missing) {
    failed <- .Call(C_dir_create, one)
    if (
      !is.null(failed) &&
        !(failed[1] == "EEXIST" && .Call(C_file_stat, one)$type == "dir")
    ) {
      return(failed)
    }
    .Call(C_dir_sync, dirname_utf8(one))
  }
  NULL
}

folder_delete <- function(folder, key) {
  path <- folder_path(folder, key)
  check_root(folder)
  if (is.null(path) || .Call(C_file_stat, path)$type == "dir") {
    return(invisible(NULL))
  }
  lock <- folder_lock(folder, key, create = FALSE)
  on.exit(folder_unlock(lock))
  failed <- .Call(C_file_remove, path)
  if (!is.null(failed) && !failed[1] %in% c("ENOENT", "ENOTDIR")) {
    folder_try(folder, "delete", key, failed)
  }
  if (is.null(failed)) {
    prune(dirname_utf8(path), folder$root)
  }
  invisible(NULL)
}

# Remove folders left empty, as a bucket has none; never the root.
prune <- function(path, root) {
  .Call(C_dir_sync, path)
  while (path != root && is.null(.Call(C_dir_remove, path))) {
    path <- dirname_utf8(path)
  }
}

# Hold the root's lock, the one Python's FolderStore takes too, while looking at an ETag and renaming.
# Only a conditional write makes the lock file: a folder where nobody uses them stays clean.
folder_lock <- function(folder, key, create) {
  own <- below(folder$root, internal_name)
  if (create && .Call(C_file_stat, own)$type != "dir") {
    .Call(C_dir_create, own)
  }
  lock <- .Call(C_lock, below(own, "lock"), create)
  if (is.character(lock) && lock[1] %in% c("ENOENT", "ENOTDIR") && !create) {
    return(NULL)
  }
  folder_try(folder, "write", key, lock)
}

folder_unlock <- function(lock) if (!is.null(lock)) .Call(C_unlock, lock)

# ---- The system's errors as ours ----

# The result of a C function, or our error where it is c(name, text) of the system's.
folder_try <- function(folder, verb, key, result) {
  if (!is.character(result)) {
    return(result)
  }
  problem <- sprintf("Can't %s '%s' in %s", verb, key, folder$uri)
  code <- result[1]
  no_such_name <- code %in% c("ENAMETOOLONG", "EILSEQ", "EINVAL")
  if (code %in% c("EACCES", "EPERM", "EROFS")) {
    hint <- "Ask for the right to it, or log in anew."
    cf_abort(
      "access_denied",
      paste0(problem, ": the file system refuses."),
      result[2],
      hint,
      key = key
    )
  }
  if (code %in% c("ENOSPC", "EDQUOT", "EFBIG")) {
    hint <- "What was there before is whole."
    cf_abort(
      "unavailable",
      paste0(problem, ": the disk or the quota is full."),
      hint = hint,
      key = key
    )
  }
  if (verb == "write" && no_such_name) {
    cf_abort(
      "invalid_key",
      paste0(problem, ": the file system can't hold that name."),
      result[2],
      key = key
    )
  }
  if (verb == "write" && code %in% c("EEXIST", "ENOTDIR")) {
    hint <- "A folder can't hold both 'a' and 'a/b'; a bucket can."
    cf_abort(
      "invalid_key",
      paste0(problem, ": an object's key is the beginning of this one."),
      hint = hint,
      key = key
    )
  }
  if (code %in% c("ENOENT", "ENOTDIR") || no_such_name) {
    abort_object_not_found(key, folder$uri)
  }
  cf_abort(
    "unavailable",
    paste0(problem, ": the file system failed."),
    result[2],
    key = key
  )
}
