# Run `code(kind)` with a root of each kind: a folder, a part of a bucket of moto, and one of SeaweedFS.
on_roots <- function(
  promise,
  code,
  kinds = c("folder", "moto", "seaweedfs")
) {
  for (kind in kinds) {
    test_that(paste0(kind, ": ", promise), {
      if (kind == "folder") {
        with_env(character(), with_root(code(kind)))
      } else {
        bucket <- versioned_bucket(kind)
        with_env(
          start_server(kind),
          with_root(code(kind), paste0("s3://", bucket, "/lab"))
        )
      }
    })
  }
}

# A new bucket that keeps versions.
versioned_bucket <- function(kind) {
  bucket <- new_bucket(kind)
  session <- do.call(s3_session, server_arguments(start_server(kind)))
  s3_set_versioning(session, bucket)
  bucket
}

# A file that holds a text, by its name.
text_file <- function(text, name = "hello.txt") {
  folder <- tempfile("files-")
  dir.create(folder)
  path <- file.path(folder, name)
  writeBin(charToRaw(text), path)
  path
}

text_in <- function(path) rawToChar(readBin(path, "raw", file.size(path)))

# What a key of the root holds, as text.
text_at <- function(key) cf_read_using(text_in, key)

put_text <- function(key, text, ...) {
  cf_upload(text_file(text, basename(key)), key, ...)
}

# A folder that nothing was saved to does not exist.
keys_there <- function(uri = ".") {
  tryCatch(
    cf_ls(uri, recursive = TRUE)$key,
    crossframe_error_bucket_not_found = function(condition) character()
  )
}

# The attributes of a loaded data frame are kept only by its CSV's sidecar.
typed <- function(level = "b") {
  data.frame(x = factor(c("a", level), levels = c(level, "a")))
}
