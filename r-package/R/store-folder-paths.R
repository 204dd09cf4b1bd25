# Paths below a root: UTF-8 text, whatever the locale; links that lead out are not followed.

# Why paste0 and not file.path: the root may be "/".
below <- function(path, names) {
  if (length(names) == 0) {
    return(character())
  }
  paste0(sub("/$", "", path), "/", names)
}

# Why not dirname(): it expands "~", and passes through the locale.
dirname_utf8 <- function(path) {
  parent <- sub("/[^/]*$", "", path)
  if (nzchar(parent)) parent else "/"
}

real_path <- function(path) .Call(C_real_path, path)

# Is a path, its links followed, the root or below it? What does not exist yet counts by what is above it.
is_within <- function(path, root) {
  real <- real_path(path)
  base <- real_path(root)
  while (is.na(real) && path != root && path != "/") {
    path <- dirname_utf8(path)
    real <- real_path(path)
  }
  is.na(base) ||
    real == base ||
    startsWith(real, paste0(sub("/$", "", base), "/"))
}

# Does a path, its links followed, lie in a folder of the store's own?
leads_to_own <- function(path, root) {
  real <- real_path(path)
  base <- paste0(sub("/$", "", real_path(root)), "/")
  !is.na(real) &&
    startsWith(real, base) &&
    is_internal(substring(real, nchar(base) + 1))
}

# A path as the user gave it, absolute, "~" expanded, without a slash at the end.
absolute_path <- function(path) {
  if (!is_string(path) || !nzchar(path)) {
    cf_abort(
      "invalid_uri",
      "A folder's root must be one string that is not empty."
    )
  }
  path <- as_utf8(path.expand(path))
  if (!startsWith(path, "/")) {
    path <- below(as_utf8(getwd()), path)
  }
  path <- gsub("/(\\./)+", "/", gsub("/+", "/", paste0(path, "/")))
  if (path == "/") path else sub("/$", "", path)
}

# Why by hand: in the C locale R knows no charset of a path, and would write its bytes as escapes.
as_utf8 <- function(text) {
  if (Encoding(text) != "latin1" && validUTF8(text)) {
    Encoding(text) <- "UTF-8"
  }
  enc2utf8(text)
}

# ---- Where a key's file may lie ----

# Where a key's file lies, NULL where there can be none; an error where the way there leaves the root.
folder_path <- function(folder, key) {
  key <- enc2utf8(key)
  check_inside(folder, key)
  if (is_internal(key) || any(segments(key) %in% c("", "."))) {
    return(NULL)
  }
  path <- below(folder$root, key)
  if (
    !is_within(dirname_utf8(path), folder$root) ||
      leads_to_own(dirname_utf8(path), folder$root)
  ) {
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

# ---- Folders, made and taken away ----

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
# shared_as: a folder whose permissions they get, whatever our umask.
make_folders <- function(path, shared_as = NULL) {
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
    if (is.null(failed) && !is.null(shared_as)) {
      .Call(C_file_mode, one, shared_as)
    }
    .Call(C_dir_sync, dirname_utf8(one))
  }
  NULL
}

# Remove folders left empty, as a bucket has none; never the root.
prune <- function(path, root) {
  .Call(C_dir_sync, path)
  while (path != root && is.null(.Call(C_dir_remove, path))) {
    path <- dirname_utf8(path)
  }
}

# Refuse a key whose folders or file the file system would take for others: it may know no capitals, or
# one form of accented letters only. Asked for before the file has its name, and after.
check_names_kept <- function(folder, key) {
  level <- folder$root
  for (segment in segments(key)) {
    path <- below(level, segment)
    if (!is_kept(level, path)) {
      abort_name_changed(folder, key)
    }
    level <- path
  }
}

# Does a file system have a name as it is written? True of what is not there.
# Why by a twin first: to look through a large folder at every write would take too long. Other forms of
# accented letters R does not know, so of such names it looks.
is_kept <- function(level, path) {
  segment <- sub("^.*/", "", path)
  mine <- .Call(C_file_stat, path)
  if (mine$type == "none") {
    return(TRUE)
  }
  lower <- paste(letters, collapse = "")
  upper <- paste(LETTERS, collapse = "")
  twin <- chartr(paste0(lower, upper), paste0(upper, lower), segment)
  is_ascii <- !grepl("[^ -~]", segment, useBytes = TRUE)
  if (is_ascii) {
    theirs <- if (twin != segment) .Call(C_file_stat, below(level, twin))
    if (is.null(theirs) || !identical(mine$etag, theirs$etag)) {
      return(TRUE)
    }
  }
  names <- .Call(C_dir_list, level)
  is.character(names) || enc2utf8(segment) %in% names[[1]]
}
