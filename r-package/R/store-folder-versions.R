# What a folder keeps of a key besides its content: those that were replaced or deleted, as files named by
# their version id in the key's own folder below `.crossframe/versions`, and the marks of deletions.

# How many old contents of a key are kept.
versions_kept <- function() {
  text <- env_value("CROSSFRAME_VERSIONS")
  if (is.null(text)) {
    return(10)
  }
  if (!grepl("^\\s*[0-9]+\\s*$", text)) {
    cf_abort(
      "usage",
      sprintf(
        "CROSSFRAME_VERSIONS must be a whole number, 0 or more, not '%s'.",
        text
      )
    )
  }
  as.numeric(text)
}

# ---- Looking ----

versions_path <- function(folder, key) {
  below(folder$root, versions_folder(key))
}

# What is kept in one of the versions' folders, the newest first: ids, times and sizes.
kept_entries <- function(folder, path) {
  none <- data.frame(id = character(), time = character(), size = numeric())
  names <- .Call(C_dir_list, path)
  if (is.character(names) || !is_within(path, folder$root)) {
    return(none)
  }
  ids <- names[[1]]
  ids <- ids[is_content_id(ids) | is_marker_id(ids)]
  found <- .Call(C_file_stat, below(path, ids))
  whole <- found$type == "file" & !found$link
  entries <- data.frame(
    id = ids[whole],
    time = id_times(ids[whole]),
    size = found$size[whole],
    stringsAsFactors = FALSE
  )
  entries[order(entries$time, decreasing = TRUE, method = "radix"), ]
}

# The newest time that is known of a key's past, 16 hexadecimal digits or NA.
last_time <- function(folder, key) {
  times <- kept_entries(folder, versions_path(folder, key))$time
  if (length(times)) times[1] else NA_character_
}

folder_versions <- function(folder, prefix, exact) {
  check_inside(folder, prefix)
  check_root(folder)
  current <- if (!exact) {
    folder_list(folder, prefix)
  } else {
    tryCatch(
      as.data.frame(folder_head(folder, prefix, NULL)[1:4]),
      crossframe_error_object_not_found = function(e) new_listing()
    )
  }
  keys <- if (exact) prefix else kept_keys(folder, prefix)
  kept <- lapply(keys, function(key) kept_rows(folder, key, current))
  column <- function(name, empty) c(empty, unlist(lapply(kept, `[[`, name)))
  count <- nrow(current)
  new_versions(
    c(current$key, column("key", character())),
    c(current$etag, column("id", character())),
    c(as.numeric(current$modified), column("modified", numeric())),
    c(current$size, column("size", numeric())),
    c(current$etag, column("etag", character())),
    c(rep(TRUE, count), column("latest", logical())),
    c(rep(FALSE, count), column("deleted", logical())),
    order = c(rep(strrep("g", 16), count), column("time", character()))
  )
}

kept_rows <- function(folder, key, current) {
  entries <- kept_entries(folder, versions_path(folder, key))
  now <- match(key, current$key)
  # Why: a writer that was killed leaves what is current among the versions, too.
  entries <- entries[!entries$id %in% current$etag[now], ]
  deleted <- is_marker_id(entries$id)
  list(
    key = rep(key, nrow(entries)),
    id = entries$id,
    time = entries$time,
    modified = time_seconds(entries$time),
    size = entries$size,
    etag = ifelse(deleted, "", entries$id),
    latest = is.na(now) & deleted & seq_along(deleted) == 1L,
    deleted = deleted
  )
}

# The keys that start with a prefix and of which something is kept.
kept_keys <- function(folder, prefix) {
  top <- below(folder$root, paste0(internal_name, "/versions"))
  folders <- sub_folders(sub_folders(top))
  keys <- vapply(folders, function(path) kept_key(folder, path), "")
  keys <- keys[!is.na(keys) & startsWith(keys, prefix)]
  unname(keys)
}

sub_folders <- function(paths) {
  found <- lapply(paths, function(path) {
    names <- .Call(C_dir_list, path)
    if (is.character(names)) character() else below(path, names[[1]])
  })
  c(character(), unlist(found))
}

# The key that a folder of versions says it is of; NA where it is not.
kept_key <- function(folder, path) {
  if (!is_within(path, folder$root)) {
    return(NA_character_)
  }
  got <- .Call(C_file_read, below(path, key_file), 0, max_key_bytes + 1)
  if (!is.raw(got) || any(got == 0)) {
    return(NA_character_)
  }
  key <- rawToChar(got)
  Encoding(key) <- "UTF-8"
  ours <- validUTF8(key) && endsWith(path, versions_folder(key))
  if (ours && nzchar(key)) key else NA_character_
}

# ---- Keeping ----

# Keep the content at `path`, whose stat is `old`: by a second name, or with `move` by that name alone.
# Called under the lock.
folder_keep <- function(folder, key, path, old, move = FALSE) {
  if (versions_kept() == 0) {
    return(invisible(NULL))
  }
  home <- make_versions_folder(folder, key)
  target <- below(home, old$etag)
  failed <- if (move) {
    .Call(C_file_rename, path, target)
  } else {
    .Call(C_file_link, path, target)
  }
  if (failed_with(failed, "EEXIST")) {
    # Left by a writer that was killed between the link and the rename.
    failed <- NULL
  }
  if (failed_with(failed, no_links)) {
    got <- .Call(C_file_copy, path, target, old$etag, TRUE, TRUE)
    failed <- if (is.character(got)) got
  }
  folder_try(folder, "write", key, failed)
  keep_about(folder, key, old$etag)
  .Call(C_dir_sync, home)
  invisible(NULL)
}

make_versions_folder <- function(folder, key) {
  home <- versions_path(folder, key)
  relative <- sub("^[^/]*/", "", versions_folder(key))
  folder_try(folder, "write", key, make_own(folder, relative))
  name <- below(home, key_file)
  if (.Call(C_file_stat, name)$type != "file") {
    temporary <- new_temporary(home)
    failed <- .Call(C_file_write, temporary, charToRaw(enc2utf8(key)))
    folder_try(folder, "write", key, failed)
    failed <- .Call(C_file_rename, temporary, name)
    folder_try(folder, "write", key, failed)
  }
  home
}

# Note that the content of that ETag was deleted.
mark_deleted <- function(folder, key, etag) {
  home <- make_versions_folder(folder, key)
  temporary <- new_temporary(home)
  folder_try(folder, "delete", key, .Call(C_file_write, temporary, raw(0)))
  last <- max(id_times(etag), last_time(folder, key), na.rm = TRUE)
  folder_try(
    folder,
    "delete",
    key,
    .Call(C_file_touch, temporary, temporary, last)
  )
  time <- sub("^.*-", "", .Call(C_file_stat, temporary)$etag)
  marker <- below(home, paste0(time, ".deleted"))
  folder_try(folder, "delete", key, .Call(C_file_rename, temporary, marker))
  .Call(C_dir_sync, home)
}

# Let the oldest contents go, beyond those that are kept, and the marks of deletions before them.
prune_versions <- function(folder, key) {
  home <- versions_path(folder, key)
  entries <- kept_entries(folder, home)
  if (nrow(entries) == 0) {
    return(invisible(NULL))
  }
  contents <- cumsum(is_content_id(entries$id))
  left <- max(contents)
  past <- contents > versions_kept() |
    (is_marker_id(entries$id) & contents >= min(left, versions_kept()))
  drop_versions(folder, key, entries$id[past])
}

drop_versions <- function(folder, key, ids) {
  home <- versions_path(folder, key)
  for (id in ids) {
    remove_own(folder, below(home, id))
    remove_own(folder, below(folder$root, metadata_file(key, id)))
  }
  names <- .Call(C_dir_list, home)
  if (identical(names, list(key_file))) {
    remove_own(folder, below(home, key_file))
    .Call(C_dir_remove, home)
  }
  invisible(NULL)
}

# ---- Bringing back ----

# Why not renamed: the version stays what it was, and the content has a time of its own.
folder_restore <- function(folder, key, version) {
  now <- tryCatch(
    folder_head(folder, key, NULL),
    crossframe_error_object_not_found = function(e) NULL
  )
  if (!is.null(now) && (is.null(version) || identical(version, now$etag))) {
    return(now)
  }
  if (is.null(version)) {
    ids <- kept_entries(folder, versions_path(folder, key))$id
    version <- ids[is_content_id(ids)][1]
    if (is.na(version)) {
      abort_object_not_found(key, folder$uri)
    }
  }
  folder_copy(folder, key, key, NULL, version, FALSE)
}

# One version, for ever. What was before the newest is current again, as in a bucket.
folder_delete_version <- function(folder, key, path, version) {
  if (
    !is_string(version) || !(is_content_id(version) || is_marker_id(version))
  ) {
    return(NULL)
  }
  held <- folder_lock(folder, key, create = FALSE)
  on.exit(folder_unlock(held))
  now <- .Call(C_file_stat, path)
  there <- now$type != "none" || now$link
  latest <- if (there) {
    now$etag
  } else {
    kept_entries(folder, versions_path(folder, key))$id[1]
  }
  if (now$type == "file" && !now$link && identical(now$etag, version)) {
    folder_try(folder, "delete", key, .Call(C_file_remove, path))
    drop_about(folder, key)
  }
  drop_versions(folder, key, version)
  if (identical(latest, version)) {
    promote(folder, key, path)
  }
  if (.Call(C_file_stat, path)$type == "none") {
    prune(dirname_utf8(path), folder$root)
  }
  NULL
}

# Give a key its newest kept content back where nothing newer says that it was deleted.
promote <- function(folder, key, path) {
  home <- versions_path(folder, key)
  newest <- kept_entries(folder, home)$id[1]
  if (is.na(newest) || !is_content_id(newest)) {
    return(NULL)
  }
  folder_try(folder, "write", key, make_folders(dirname_utf8(path)))
  failed <- .Call(C_file_rename, below(home, newest), path)
  folder_try(folder, "write", key, failed)
  drop_versions(folder, key, character())
}
