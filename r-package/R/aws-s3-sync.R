# A folder of this machine and a bucket, made alike.

#' @rdname aws.s3
#' @export
s3sync <- function(
  path = ".",
  bucket,
  prefix = "",
  direction = c("upload", "download"),
  verbose = TRUE,
  create = FALSE,
  ...
) {
  given <- list(...)
  direction <- if (identical(direction, "both")) {
    c("upload", "download")
  } else {
    match.arg(tolower(direction), c("upload", "download"), several.ok = TRUE)
  }
  folder <- of_this_machine(path)
  if (!dir.exists(folder)) {
    cf_abort("usage", sprintf("Can't find the folder '%s'.", path))
  }
  if (create && !bucket_exists(bucket, ...)) {
    put_bucket(bucket, ...)
  }
  place <- aws_location(prefix, bucket, given)
  moves <- plan_sync(folder, place)
  say <- function(...) if (isTRUE(verbose)) message(...)
  for (name in moves$name[moves$way == "upload" & "upload" %in% direction]) {
    say("==> ", name)
    target <- new_location(place$store, paste0(place$key, name))
    check_key(target$key)
    put_from(file.path(folder, name), target)
  }
  for (name in moves$name[
    moves$way == "download" & "download" %in% direction
  ]) {
    say("<== ", name)
    # Why checked: a key with '..' would leave the folder.
    check_key(name)
    source <- new_location(place$store, paste0(place$key, name))
    fetch_atomically(source, file.path(folder, name))
  }
  TRUE
}

# What differs, by name below the folder and the prefix, and which way it goes: to where it is missing,
# or from the newer of the two.
plan_sync <- function(folder, place) {
  local <- list.files(folder, recursive = TRUE, all.files = TRUE)
  local <- local[!is_internal(local)]
  found <- place$store$list(place$key)
  there <- substring(found$key, nchar(place$key) + 1L)
  kept <- nzchar(there) & !endsWith(there, "/")
  found <- found[kept, ]
  there <- there[kept]
  both <- intersect(local, there)
  at <- match(both, there)
  files <- file.info(file.path(folder, both), extra_cols = FALSE)
  changed <- vapply(seq_along(both), FUN.VALUE = NA, function(i) {
    meta <- as.list(found[at[i], ])
    path <- file.path(folder, both[i])
    !is_content(path, files$size[i], meta, place)
  })
  later <- files$mtime[changed] > found$modified[at[changed]]
  name <- c(setdiff(local, there), setdiff(there, local), both[changed])
  way <- c(
    rep("upload", length(setdiff(local, there))),
    rep("download", length(setdiff(there, local))),
    ifelse(later, "upload", "download")
  )
  data.frame(name = name, way = way)[byte_order(name), ]
}

# Whether a file is what an object holds. Why the bytes at last: the ETag of what came in parts, or of a
# folder's file, is no digest.
is_content <- function(path, size, meta, place) {
  if (size != meta$size) {
    return(FALSE)
  }
  digest <- file_md5(path)
  if (grepl("^[0-9a-fA-F]{32}$", meta$etag) && tolower(meta$etag) == digest) {
    return(TRUE)
  }
  location <- new_location(place$store, meta$key)
  digest == with_fetched(location, NULL, function(path, meta) file_md5(path))
}
