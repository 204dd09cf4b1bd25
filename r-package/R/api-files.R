# Files of this machine: what transfers, connections and functions that want a path are built on.

# A file of this machine, as an absolute path.
check_file <- function(file) {
  if (!is_string(file) || !nzchar(file)) {
    cf_abort("usage", "Argument 'file' must be one path.")
  }
  path <- of_this_machine(file)
  if (!file.exists(path)) {
    cf_abort(
      "object_not_found",
      sprintf("Can't read the file '%s': there is none.", file)
    )
  }
  path
}

# Fetch an object into a file; a missing key is answered with the key most like it.
fetch_to <- function(location, path, version = NULL) {
  tryCatch(
    location$store$get_to(location$key, path, version = version),
    crossframe_error_object_not_found = function(condition) {
      stop(
        if (is.null(version)) with_near_miss(condition, location) else condition
      )
    }
  )
}

# Run `code(path, meta)` with an object in a temporary file that is gone afterwards.
with_fetched <- function(location, version, code) {
  path <- temporary_for(location$key)
  on.exit(unlink(path))
  meta <- fetch_to(location, path, version)
  code(path, meta)
}

# Fetch an object so that the file is there whole or not at all.
fetch_atomically <- function(location, path, version = NULL, overwrite = TRUE) {
  atomically(path, overwrite, function(landing) {
    fetch_to(location, landing, version)
  })
}

# Let `write(landing)` write a file that then takes the path's place; what was there stays until then.
atomically <- function(path, overwrite, write) {
  if (!overwrite && file.exists(path)) {
    abort_file_exists(path)
  }
  dir.create(dirname(path), showWarnings = FALSE, recursive = TRUE)
  # Why this name and beside the file: a rename stays within a file system, and where the place is a
  # folder that is a store, what a crash leaves is no key and is cleaned up.
  landing <- file.path(
    dirname(path),
    paste0(temporary_name, hex_text(openssl::rand_bytes(8)))
  )
  on.exit(unlink(landing))
  written <- write(landing)
  if (overwrite) {
    land(path, .Call(C_file_rename, landing, path))
    return(written)
  }
  # Why a link: unlike a rename it never replaces, whoever else is writing.
  failed <- .Call(C_file_link, landing, path)
  if (!is.null(failed) && file.exists(path)) {
    abort_file_exists(path)
  }
  if (!is.null(failed)) {
    # FAT and some shares know no links.
    failed <- .Call(C_file_rename, landing, path)
  }
  land(path, failed)
  written
}

land <- function(path, failed) {
  if (!is.null(failed)) {
    cf_abort(
      "unavailable",
      sprintf("Can't write the file '%s'.", path),
      failed[2L]
    )
  }
}

abort_file_exists <- function(path) {
  cf_abort(
    "object_exists",
    sprintf("Can't write the file '%s': there is one already.", path),
    hint = "Choose another name, or allow it to be replaced (overwrite = TRUE)."
  )
}

# A path for a temporary file with the key's extension, by which many readers and writers go.
temporary_for <- function(key) {
  extension <- sub("^[^.]*", "", sub("^.*/", "", key))
  fits <- grepl("^(\\.[A-Za-z0-9_-]{1,16}){1,3}$", extension)
  tempfile("crossframe-", fileext = if (fits) extension else "")
}

# The content type that a key's extensions tell, NULL where they tell none.
media_type_of <- function(key) {
  by_key <- split_extensions(key)
  if (!is.na(by_key$format)) {
    compression <- if (!is.na(by_key$compression)) by_key$compression
    format_media_type(list(format = by_key$format, compression = compression))
  }
}
