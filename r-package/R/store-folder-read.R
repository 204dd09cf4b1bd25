# What a folder's key holds now, and what it held: contents, and what is told of them.

# list(path, size, modified, etag) of a key's file, which is a regular one.
folder_find <- function(folder, key) {
  check_read_key(key, folder$uri)
  path <- folder_path(folder, key)
  check_root(folder)
  found <- if (!is.null(path)) .Call(C_file_stat, path)
  # Why regular only: a folder is no object, and opening a pipe would wait for ever.
  own <- !is.null(path) && found$link && leads_to_own(path, folder$root)
  if (is.null(path) || found$type != "file" || own) {
    abort_object_not_found(key, folder$uri)
  }
  if (found$link && !is_within(path, folder$root)) {
    abort_leads_out(folder, key)
  }
  c(path = path, found)
}

folder_get <- function(folder, key, start, length, version) {
  limit <- if (is.null(length)) NA_real_ else as.double(length)
  folder_read(folder, key, version, function(path, etag) {
    .Call(C_file_read_as, path, as.double(start), limit, etag)
  })
}

folder_get_to <- function(folder, key, path, version) {
  target <- absolute_path(path)
  found <- folder_read(folder, key, version, function(path, etag) {
    got <- .Call(C_file_copy, path, target, etag, FALSE, FALSE)
    if (is.character(got) && got[3] == "target") {
      abort_local("write", target, got[2])
    }
    got
  })
  folder_meta(folder, key, found)
}

folder_head <- function(folder, key, version) {
  found <- folder_read(folder, key, version, function(path, etag) {
    found <- .Call(C_file_stat, path)
    changed <- !is.na(etag) && !identical(found$etag, etag)
    if (found$type != "file" || changed) "ENOENT" else found
  })
  folder_meta(folder, key, found)
}

folder_meta <- function(
  folder,
  key,
  found,
  about = folder_about(folder, key, found$etag)
) {
  new_meta(
    enc2utf8(key),
    found$size,
    found$modified,
    found$etag,
    version = if (versions_kept() > 0) found$etag else NA_character_,
    media_type = about$media_type,
    metadata = about$metadata
  )
}

# What `read(path, etag)` makes of a key's content, or of a version of it. It answers with a failure
# where the file is gone, or is not the content of that ETag.
folder_read <- function(folder, key, version, read) {
  if (is.null(version)) {
    # Why again: a writer may come between the look and the reading; a file kept open would not tell.
    for (attempt in 1:3) {
      got <- read(folder_find(folder, key)$path, NA_character_)
      if (!failed_with(got, c("ENOENT", "ESTALE"))) {
        break
      }
    }
    return(folder_got(folder, key, got))
  }
  check_read_key(key, folder$uri)
  current <- folder_path(folder, key)
  check_root(folder)
  if (is.null(current) || !is_string(version) || !is_content_id(version)) {
    abort_object_not_found(key, folder$uri, version)
  }
  kept <- below(folder$root, paste0(versions_folder(key), "/", version))
  # Why the current one in between: it may be on its way to the versions.
  for (path in c(kept, current, kept)) {
    got <- "ENOENT"
    if (is_plain_within(folder, path)) {
      if (path == kept) {
        check_version_size(folder, key, path, version)
      }
      # Why any ETag of what is kept: a folder that was copied has lost the times.
      got <- read(path, if (path == kept) NA_character_ else version)
    }
    if (!failed_with(got, c("ENOENT", "ENOTDIR", "ESTALE", "EISDIR"))) {
      got <- folder_got(folder, key, got)
      if (is.list(got)) {
        got$etag <- version
      }
      return(got)
    }
  }
  abort_object_not_found(key, folder$uri, version)
}

check_version_size <- function(folder, key, path, version) {
  size <- .Call(C_file_stat, path)$size
  if (size != hex_number(sub("-.*", "", version))) {
    cf_abort(
      "corrupt_object",
      sprintf(
        "Can't read version '%s' of '%s' in %s: it is damaged.",
        version,
        key,
        folder$uri
      ),
      sprintf("It has %.0f bytes, not those its name tells.", size),
      key = key
    )
  }
}

failed_with <- function(got, codes) is.character(got) && got[1] %in% codes

folder_got <- function(folder, key, got) {
  if (failed_with(got, "ESTALE")) {
    cf_abort(
      "unavailable",
      sprintf("Can't read '%s' in %s: it is being written.", key, folder$uri),
      "a program that writes into the file itself changed it three times while it was read",
      "Try again when that program is done.",
      key = key
    )
  }
  folder_try(folder, "read", key, got)
}

# A regular file, or a link to one, that lies within the root.
is_plain_within <- function(folder, path) {
  .Call(C_file_stat, path)$type == "file" && is_within(path, folder$root)
}
