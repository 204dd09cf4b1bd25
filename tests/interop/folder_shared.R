# One folder, used by R while Python uses it, too: see test_folder_shared.py.
#
# folder_shared.R VERB ROOT [...]: what is asked for is printed as JSON.

suppressPackageStartupMessages(library(crossframe))

arguments <- commandArgs(trailingOnly = TRUE)
store <- cf_store_folder(arguments[2])
rest <- arguments[-(1:2)]
bytes <- charToRaw

text <- function(key, ...) rawToChar(store$get(key, ...))

# Add one to a number in an object, again and again, whoever else does so.
count <- function(key, times) {
  for (turn in seq_len(times)) {
    repeat {
      old <- store$head(key)
      done <- tryCatch(
        {
          number <- as.integer(text(key, version = old$version))
          store$put(key, bytes(paste(number + 1L)), if_match = old$etag)
        },
        crossframe_error_precondition_failed = function(e) NULL,
        # The others were that quick that its version is no longer kept.
        crossframe_error_object_not_found = function(e) NULL
      )
      if (!is.null(done)) break
    }
  }
  times
}

# Try to be the first at each of several keys; how often we were.
create <- function(prefix, count) {
  won <- vapply(
    seq_len(count),
    function(i) {
      tryCatch(
        {
          store$put(paste0(prefix, i), bytes("R"), if_absent = TRUE)
          TRUE
        },
        crossframe_error_object_exists = function(e) FALSE
      )
    },
    NA
  )
  sum(won)
}

write <- function(key, count) {
  for (i in seq_len(count)) {
    store$put(key, bytes(paste("R", i)), metadata = c(by = paste0("r", i)))
  }
  count
}

populate <- function() {
  for (key in c(
    "a b+c/%20=&'.csv",
    "\u00e9/e\u0301",
    "~/.hidden",
    "plain.rds"
  )) {
    key <- enc2utf8(key)
    store$put(key, bytes("R one"), metadata = c(by = "R", turn = "1"))
    store$put(key, bytes("R two"), media_type = "text/x-lab")
    store$delete(key)
    store$put(key, bytes("R three"), metadata = c(by = "R", turn = "3"))
  }
  store$restore("plain.rds", store$versions("plain.rds")$version[4])
  store$put("gone", bytes("R"))
  store$delete("gone")
  store$expire("tmp/ r/", 30)
  store$expire("both/", 7)
  TRUE
}

# All that the store tells, for comparison with what Python tells of the same folder.
tell <- function() {
  versions <- store$versions()
  rows <- lapply(seq_len(nrow(versions)), function(i) {
    one <- as.list(versions[i, ])
    told <- one[c("key", "version", "size", "etag", "latest", "deleted")]
    if (!one$deleted) {
      head <- store$head(one$key, version = one$version)
      told$content <- text(one$key, version = one$version)
      told$media_type <- if (!is.na(head$media_type)) head$media_type
      told$metadata <- as.list(head$metadata)
    }
    told
  })
  list(
    keys = as.list(store$list()$key),
    versions = rows,
    expiries = as.list(store$expiries()),
    uploads = as.list(store$uploads()$key)
  )
}

# The class of the error that writing a key gives.
refused <- function(...) {
  vapply(
    c(...),
    function(key) {
      tryCatch(
        {
          store$put(key, raw(0))
          "written"
        },
        crossframe_error = function(e) sub("crossframe_error_", "", class(e)[1])
      )
    },
    "",
    USE.NAMES = FALSE
  )
}

answer <- switch(
  arguments[1],
  count = count(rest[1], as.integer(rest[2])),
  create = create(rest[1], as.integer(rest[2])),
  write = write(rest[1], as.integer(rest[2])),
  populate = populate(),
  clear = lapply(seq_len(nrow(store$uploads())), function(i) {
    store$abort(store$uploads()[1, ])
    i
  }),
  tell = tell(),
  refused = as.list(do.call(refused, as.list(rest)))
)
cat(jsonlite::toJSON(answer, auto_unbox = TRUE, null = "null", digits = NA))
