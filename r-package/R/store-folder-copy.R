# Copies within folders, and what unfinished writes left behind.

folder_copy <- function(folder, key, target, source, version, if_absent) {
  check_target(target, if_absent)
  from <- if (is.null(source)) folder else attr(source, "folder")
  if (is.null(from)) {
    abort_other_kind(key, folder$uri, source, "by the file system")
  }
  for (attempt in 1:3) {
    done <- tryCatch(
      folder_put_content(from, folder, key, version, target, if_absent),
      crossframe_error_object_not_found = identity
    )
    # Why again: where no version is kept, a content replaced meanwhile is gone.
    if (!inherits(done, "condition")) {
      return(done)
    }
  }
  stop(done)
}

# Write a content of one folder to a key of another, with what is said of it.
folder_put_content <- function(
  from,
  folder,
  key,
  version,
  target,
  if_absent
) {
  found <- folder_head(from, key, version)
  terms <- new_terms(
    target,
    found$size,
    if_absent,
    NULL,
    found$media_type,
    found$metadata
  )
  write <- function(temporary) {
    got <- folder_read(from, key, found$etag, function(path, etag) {
      got <- .Call(C_file_copy, path, temporary, etag, TRUE, FALSE)
      # Why as a list: what fails at the target is not the source's failure.
      if (is.character(got) && got[3] == "target") list(failed = got) else got
    })
    got$failed
  }
  folder_put(folder, target, write, terms)
}

# ---- Leftovers ----

folder_uploads <- function(folder, prefix) {
  check_inside(folder, prefix)
  check_root(folder)
  found <- leftovers(folder)
  found <- found[startsWith(found, prefix)]
  stat <- .Call(C_file_stat, below(folder$root, found))
  kept <- stat$type == "file" & !stat$link
  new_uploads(found[kept], basename(found[kept]), stat$modified[kept])
}

# Paths below the root of all temporary files, the store's own folder included.
leftovers <- function(folder) {
  found <- list()
  waiting <- ""
  while (length(waiting)) {
    level <- waiting[1]
    waiting <- waiting[-1]
    path <- if (nzchar(level)) below(folder$root, level) else folder$root
    names <- .Call(C_dir_list, path)
    if (is.character(names)) {
      next
    }
    names <- names[[1]][validUTF8(names[[1]])]
    stat <- .Call(C_file_stat, below(path, names))
    keys <- if (nzchar(level)) below(level, names) else names
    # Why no links: what they lead to is found where it lies, or is not ours.
    waiting <- c(waiting, keys[stat$type == "dir" & !stat$link])
    found[[length(found) + 1]] <- keys[startsWith(names, temporary_name)]
  }
  c(character(), unlist(found))
}

folder_abort <- function(folder, upload) {
  file <- enc2utf8(upload$key)
  check_inside(folder, file)
  path <- below(folder$root, file)
  ours <- startsWith(sub("^.*/", "", file), temporary_name)
  if (!ours || !is_within(dirname_utf8(path), folder$root)) {
    cf_abort(
      "usage",
      sprintf(
        "Can't abort '%s' in %s: it is no unfinished write.",
        file,
        folder$uri
      )
    )
  }
  failed <- .Call(C_file_remove, path)
  if (!is.null(failed) && !failed_with(failed, c("ENOENT", "ENOTDIR"))) {
    folder_try(folder, "delete", file, failed)
  }
  prune(dirname_utf8(path), folder$root)
  invisible(NULL)
}
