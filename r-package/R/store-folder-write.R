# Writing to a folder: a temporary file, finished and synced, gets its name where the conditions hold.

# write(temporary) makes the finished file and answers with NULL, or c(name, text) of the failure.
folder_put <- function(folder, key, write, terms) {
  key <- folder_names(key)$file
  path <- folder_path(folder, key)
  parent <- dirname_utf8(path)
  temporary <- new_temporary(parent)
  # Why again: a concurrent delete may take the folder away that was just found empty.
  for (attempt in 1:3) {
    failed <- make_folders(parent)
    if (is.null(failed)) {
      failed <- write(temporary)
    }
    if (!failed_with(failed, "ENOENT")) {
      break
    }
  }
  on.exit(.Call(C_file_remove, temporary))
  folder_try(folder, "write", key, failed)
  check_names_kept(folder, key)
  found <- folder_publish(folder, key, path, temporary, terms)
  .Call(C_dir_sync, parent)
  folder_meta(folder, key, found, as_said(key, terms$about))
}

new_terms <- function(key, size, if_absent, if_match, media_type, metadata) {
  list(
    size = size,
    if_absent = if_absent,
    if_match = if_match,
    about = new_about(key, media_type, metadata)
  )
}

new_temporary <- function(parent) {
  below(parent, paste0(temporary_name, hex_text(openssl::rand_bytes(8))))
}

# terms: as new_terms() makes them; the size is the file's.
folder_put_from <- function(folder, key, path, terms) {
  local <- absolute_path(path)
  found <- .Call(C_file_stat, local)
  if (found$type != "file") {
    abort_local("read", local, "It is no file.")
  }
  terms$size <- found$size
  write <- function(temporary) {
    got <- .Call(C_file_copy, local, temporary, found$etag, TRUE, FALSE)
    if (is.character(got) && identical(got[3], "source")) {
      abort_local("read", local, got[2])
    }
    if (is.character(got)) got
  }
  folder_put(folder, key, write, terms)
}

# Give a finished temporary file its name, where the terms hold: list(size, if_absent, if_match, about).
# Returns its stat.
#
# Why not always under the lock: a name that is free is taken by one writer alone, see folder_link(), and a
# folder where nothing is ever replaced stays clean.
folder_publish <- function(
  folder,
  key,
  path,
  temporary,
  terms,
  held = NULL,
  lock = FALSE
) {
  if (is.null(held)) {
    create <- lock || !is.null(terms$if_match) || !is.null(terms$about)
    held <- folder_lock(folder, key, create)
    on.exit(folder_unlock(held))
  }
  old <- folder_old(path, key)
  taken <- old$type != "none" || old$link
  check_terms(folder, key, old, taken, terms)
  if (taken && is.null(held)) {
    return(folder_publish(folder, key, path, temporary, terms, lock = TRUE))
  }
  failed <- .Call(C_file_touch, temporary, path, last_time(folder, key))
  folder_try(folder, "write", key, failed)
  new <- check_whole(folder, key, temporary, terms$size)
  noted <- note_about(folder, key, new$etag, terms$about)
  on.exit(if (!is.null(noted)) .Call(C_file_remove, noted), add = TRUE)
  if (taken) {
    # Why no link: what it leads to is not replaced.
    if (old$type == "file" && !old$link) {
      folder_keep(folder, key, path, old)
    }
    folder_try(folder, "write", key, .Call(C_file_rename, temporary, path))
  } else if (!folder_link(folder, key, path, temporary, held)) {
    if (terms$if_absent) {
      abort_object_exists(key, folder$uri)
    }
    # Somebody else took the name meanwhile, without the lock: theirs is a content to be kept.
    return(folder_publish(
      folder,
      key,
      path,
      temporary,
      terms,
      held,
      lock = TRUE
    ))
  } else if (!is_kept(dirname_utf8(path), path)) {
    .Call(C_file_remove, path)
    abort_name_changed(folder, key)
  }
  if (!is.null(held)) {
    set_about(folder, key, noted)
    prune_versions(folder, key)
  }
  new
}

check_terms <- function(folder, key, old, taken, terms) {
  if (!is.null(terms$if_match) && !identical(old$etag, terms$if_match)) {
    found <- if (old$type != "none") old$etag
    abort_precondition_failed(key, folder$uri, terms$if_match, found)
  }
  if (terms$if_absent && taken) {
    abort_object_exists(key, folder$uri)
  }
}

# What is at a path; an empty folder makes way, since a bucket would not know of it.
folder_old <- function(path, key) {
  old <- .Call(C_file_stat, path)
  if (old$type == "dir") {
    remove_empty(path, key)
    old$type <- "none"
    old$etag <- NA_character_
  }
  old
}

# Why looked at: a network share may lose the end of a file and report nothing.
check_whole <- function(folder, key, temporary, size) {
  new <- .Call(C_file_stat, temporary)
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
  new
}

# Give the file its name unless that is taken; tell whether it was free.
# Why a link: unlike a rename it never replaces, whoever else is writing.
folder_link <- function(folder, key, path, temporary, held) {
  failed <- .Call(C_file_link, temporary, path)
  if (is.null(failed)) {
    return(TRUE)
  }
  if (failed[1] == "EEXIST") {
    return(FALSE)
  }
  if (!failed[1] %in% no_links) {
    folder_try(folder, "write", key, failed)
  }
  # FAT and some shares know no links: the best to be had is a look under the lock.
  if (is.null(held)) {
    held <- folder_lock(folder, key, create = TRUE)
    on.exit(folder_unlock(held))
  }
  found <- .Call(C_file_stat, path)
  if (found$type != "none" || found$link) {
    return(FALSE)
  }
  folder_try(folder, "write", key, .Call(C_file_rename, temporary, path))
  TRUE
}

no_links <- c("EPERM", "ENOTSUP", "ENOSYS", "EMLINK", "EXDEV")

# ---- Deleting ----

folder_delete <- function(folder, key, version = NULL) {
  check_root(folder)
  path <- if (nzchar(key)) folder_path(folder, key)
  if (is.null(path)) {
    return(invisible(NULL))
  }
  if (!is.null(version)) {
    return(invisible(folder_delete_version(folder, key, path, version)))
  }
  found <- .Call(C_file_stat, path)
  if (found$type == "dir" || (found$type == "none" && !found$link)) {
    return(invisible(NULL))
  }
  lock <- folder_lock(folder, key, create = versions_kept() > 0)
  on.exit(folder_unlock(lock))
  found <- .Call(C_file_stat, path)
  if (found$type == "file" && !found$link && versions_kept() > 0) {
    folder_keep(folder, key, path, found, move = TRUE)
    mark_deleted(folder, key, found$etag)
  }
  failed <- .Call(C_file_remove, path)
  if (!is.null(failed) && !failed[1] %in% c("ENOENT", "ENOTDIR")) {
    folder_try(folder, "delete", key, failed)
  }
  drop_about(folder, key)
  prune_versions(folder, key)
  prune(dirname_utf8(path), folder$root)
  invisible(NULL)
}
