# What lies below a folder, by the rules of a bucket's listing; and paths as UTF-8 bytes.

internal_name <- ".crossframe"
temporary_name <- ".crossframe-tmp-"

# Do these keys belong to the store itself: versions, locks, unfinished files?
is_internal <- function(keys) {
  grepl("(^|/)[.]crossframe(/|$)", keys) |
    grepl("(^|/)[.]crossframe-tmp-", keys)
}

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
    is_within,
    NA,
    root = folder$root
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

# ---- Paths: UTF-8 text, whatever the locale ----

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
