# What lies below a folder, by the rules of a bucket's listing.

folder_list <- function(folder, prefix = "") {
  check_inside(folder, prefix)
  check_root(folder)
  files <- list()
  # Each waiting level with the real paths above it: a link back to one of them would go on for ever.
  waiting <- list(list(prefix = prefix, above = character()))
  while (length(waiting)) {
    level <- waiting[[length(waiting)]]
    waiting[[length(waiting)]] <- NULL
    here <- real_path(level_path(folder, level$prefix))
    if (is.na(here) || here %in% level$above) {
      next
    }
    entries <- folder_entries(folder, level$prefix)
    is_dir <- entries$type == "dir"
    files[[length(files) + 1]] <- lapply(entries, `[`, !is_dir)
    above <- c(level$above, here)
    waiting <- c(
      waiting,
      lapply(entries$key[is_dir], function(key) {
        list(prefix = key, above = above)
      })
    )
  }
  column <- function(name, empty) c(empty, unlist(lapply(files, `[[`, name)))
  new_listing(
    column("key", character()),
    column("size", numeric()),
    column("modified", numeric()),
    column("etag", character())
  )
}

folder_children <- function(folder, prefix = "") {
  check_inside(folder, prefix)
  check_root(folder)
  entries <- folder_entries(folder, prefix)
  is_dir <- entries$type == "dir"
  # A bucket does not list empty folders.
  prefixes <- Filter(function(key) holds_any(folder, key), entries$key[is_dir])
  files <- lapply(entries, `[`, !is_dir)
  list(
    prefixes = prefixes[byte_order(prefixes)],
    objects = new_listing(files$key, files$size, files$modified, files$etag)
  )
}

holds_any <- function(folder, prefix) {
  waiting <- prefix
  seen <- character()
  while (length(waiting)) {
    level <- waiting[1]
    waiting <- waiting[-1]
    here <- real_path(level_path(folder, level))
    if (is.na(here) || here %in% seen) {
      next
    }
    seen <- c(seen, here)
    entries <- folder_entries(folder, level)
    if (any(entries$type == "file")) {
      return(TRUE)
    }
    waiting <- c(waiting, entries$key)
  }
  FALSE
}

# What is on the level of `prefix` and starts with it: columns key, type, size, modified, etag.
# A folder's key ends in "/". Left out: what is no file or folder, leads out of the root, or is gone.
folder_entries <- function(folder, prefix) {
  level <- sub("[^/]*$", "", prefix)
  none <- list(
    key = character(),
    type = character(),
    size = numeric(),
    modified = numeric(),
    etag = character()
  )
  path <- level_path(folder, prefix)
  steps <- segments(sub("/$", "", level))
  if (
    nzchar(level) &&
      (is_internal(level) ||
        any(steps %in% c("", ".")) ||
        !is_within(path, folder$root))
  ) {
    return(none)
  }
  names <- .Call(C_dir_list, path)
  if (is.character(names) && names[1] %in% c("ENOENT", "ENOTDIR")) {
    return(none)
  }
  names <- folder_try(folder, "list", prefix, names)[[1]]
  names <- names[validUTF8(names)]
  names <- names[
    startsWith(names, substring(prefix, nchar(level) + 1)) & !is_internal(names)
  ]
  found <- .Call(C_file_stat, below(path, names))
  inside <- !found$link
  inside[found$link] <- vapply(
    below(path, names[found$link]),
    function(link) {
      is_within(link, folder$root) && !leads_to_own(link, folder$root)
    },
    NA
  )
  kept <- inside & found$type %in% c("dir", "file")
  slash <- ifelse(found$type == "dir", "/", "")
  entries <- list(
    key = paste0(rep(level, length(names)), names, slash),
    type = found$type,
    size = found$size,
    modified = found$modified,
    etag = found$etag
  )
  lapply(entries, `[`, kept)
}

level_path <- function(folder, prefix) {
  level <- sub("/?[^/]*$", "", prefix)
  if (nzchar(level)) below(folder$root, level) else folder$root
}
