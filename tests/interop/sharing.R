# What Python's side of test_sharing.py has R do with the store they share: one verb a run, its answer as JSON.
library(crossframe)

frame <- function(level) {
  data.frame(x = factor(c("a", level), levels = c(level, "a")))
}

shown <- function(frame) {
  list(x = as.character(frame$x), levels = levels(frame$x))
}

# Warnings are part of the answer: a type that was lost would be told by one.
load_shown <- function(...) shown(cf_load(...))

history <- function(key) {
  found <- cf_versions(key)
  lapply(seq_len(nrow(found)), function(at) {
    row <- as.list(found[at, c("key", "version", "latest", "deleted", "size")])
    if (!row$deleted) {
      row$etag <- found$etag[at]
      row$loaded <- load_shown(key, version = row$version)
    }
    row
  })
}

# The name of our error where the code stops with one, else "done".
outcome <- function(code) {
  tryCatch(
    {
      force(code)
      "done"
    },
    crossframe_error = function(condition) {
      sub("^crossframe_error_", "", class(condition)[1])
    }
  )
}

verbs <- list(
  save = function(key, level) cf_save(frame(level), key)$etag,
  save_new = function(key, level) {
    outcome(cf_save(frame(level), key, overwrite = FALSE))
  },
  save_if = function(key, level, etag) {
    outcome(cf_save(frame(level), key, if_match = etag))
  },
  save_with = function(key, level, note) {
    cf_save(frame(level), key, metadata = c(note = note))$etag
  },
  note = function(key) cf_info(key)$metadata[["note"]],
  delete = function(key) cf_delete(key),
  history = history,
  restore = function(key, version = NULL) cf_restore(key, version)$key,
  load = function(uri) load_shown(uri),
  share = function(key) as.character(cf_share(key, "1h")),
  share_version = function(key, version) {
    as.character(cf_share(key, "1h", version = version))
  },
  request = function(key) as.character(cf_request(key, "1h")),
  publish = function(uri) cf_publish(uri),
  unpublish = function(uri) cf_unpublish(uri),
  expire = function(uri, after) cf_expire(uri, after),
  upload = function(file, key) cf_upload(file, key)$etag,
  download = function(key, file) file.size(cf_download(key, file)),
  cleanup = function() cf_cleanup(older_than = 0)$kind
)

arguments <- as.list(commandArgs(trailingOnly = TRUE))
options(warn = 2)
answer <- do.call(verbs[[arguments[[1]]]], arguments[-1])
cat(jsonlite::toJSON(answer, auto_unbox = TRUE, null = "null"))
