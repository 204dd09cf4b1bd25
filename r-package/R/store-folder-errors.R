# The lock that writers of one folder share, and the system's errors as ours.

# Hold the root's lock, the one Python's FolderStore takes too: while conditions are looked at, and while
# contents are replaced, deleted and kept. `create` makes the file: a folder where no content was ever
# replaced stays clean. NULL where there is no lock and none was to be made.
folder_lock <- function(folder, key, create, wait_s = lock_wait_s) {
  own <- below(folder$root, internal_name)
  if (create) {
    folder_try(folder, "write", key, make_own(folder, ""))
  }
  lock <- .Call(C_lock, below(own, "lock"), create, wait_s)
  if (is.character(lock) && lock[1] %in% c("ENOENT", "ENOTDIR") && !create) {
    return(NULL)
  }
  if (failed_with(lock, "EAGAIN")) {
    # Why an end: its holder may be stopped for good.
    cf_abort(
      "unavailable",
      sprintf(
        "Can't write to %s: another process is writing for %.0f seconds.",
        folder$uri,
        wait_s
      ),
      hint = sprintf(
        "Is a process stopped that holds '%s'?",
        below(own, "lock")
      )
    )
  }
  folder_try(folder, "write", key, lock)
}

lock_wait_s <- 60

folder_unlock <- function(lock) if (!is.null(lock)) .Call(C_unlock, lock)

# Make a folder of the store's own, `path` below ".crossframe"; NULL or the error.
make_own <- function(folder, path) {
  own <- below(folder$root, internal_name)
  whole <- if (nzchar(path)) below(own, path) else own
  # Why: what somebody made a link there must not lead our writes out of the root.
  if (!is_within(whole, folder$root)) {
    abort_leads_out(folder, internal_name)
  }
  if (.Call(C_file_stat, whole)$type != "dir") {
    make_folders(whole, shared_as = folder$root)
  }
}

# Remove a file of the store's own; no error where there is none, or where a link leads out to it.
remove_own <- function(folder, path) {
  if (is_within(dirname_utf8(path), folder$root)) {
    .Call(C_file_remove, path)
  }
}

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
  writing <- verb %in% c("write", "restore")
  if (writing && no_such_name) {
    cf_abort(
      "invalid_key",
      paste0(problem, ": the file system can't hold that name."),
      result[2],
      key = key
    )
  }
  if (writing && code %in% c("EEXIST", "ENOTDIR")) {
    hint <- "A folder can't hold both 'a' and 'a/b'; a bucket can."
    cf_abort(
      "invalid_key",
      paste0(problem, ": an object's key is the beginning of this one."),
      hint = hint,
      key = key
    )
  }
  if (code %in% c("ENOENT", "ENOTDIR", "ELOOP") || no_such_name) {
    abort_object_not_found(key, folder$uri)
  }
  cf_abort(
    "unavailable",
    paste0(problem, ": the file system failed."),
    result[2],
    key = key
  )
}

abort_name_changed <- function(folder, key) {
  cf_abort(
    "invalid_key",
    sprintf(
      "Can't write '%s' in %s: the file system would change that name.",
      key,
      folder$uri
    ),
    paste(
      "It takes names for equal that differ in capitals or in the form of",
      "accented letters."
    ),
    "Write the name as the one that is there, or choose another.",
    key = key
  )
}
