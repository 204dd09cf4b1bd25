# Carries out one verb after the other on a store, as it is told line by line, and says how each ended.
# The twin of worker.py, which says how.

suppressPackageStartupMessages(library(crossframe))

# Why: the waits between tries are most of the time that the tests would take.
utils::assignInNamespace("backoff_s", function(attempt) 0.02, "crossframe")

open_store <- function(said) {
  if (!is.null(said$root)) {
    return(cf_store_folder(said$root))
  }
  if (!is.null(said$link)) {
    return(crossframe:::store_https(said$link, said[names(said) != "link"]))
  }
  do.call(cf_store_s3, said)
}

read_bytes <- function(path) readBin(path, "raw", file.size(path))

digest <- function(data) {
  list(size = length(data), sha256 = paste(openssl::sha256(data)))
}

told <- function(meta) meta[c("size", "etag")]

get_to <- function(store, key) {
  path <- tempfile()
  on.exit(unlink(path))
  store$get_to(key, path)
  digest(read_bytes(path))
}

get_many <- function(store, keys) {
  lapply(store$get_many(unlist(keys)), function(got) {
    if (inherits(got, "condition")) {
      stop(got)
    }
    digest(got)
  })
}

delete_many <- function(store, keys) {
  for (error in store$delete_many(unlist(keys))) {
    stop(error)
  }
}

# Write to a key that must be free, from several processes at once; count how these ended.
race <- function(store, key, path, writers) {
  data <- read_bytes(path)
  start <- Sys.time() + 0.2
  jobs <- lapply(seq_len(writers), function(number) {
    parallel::mcparallel({
      Sys.sleep(max(0, as.numeric(start - Sys.time(), units = "secs")))
      mine <- c(data, charToRaw(as.character(number)))
      attempt(told(store$put(key, mine, if_absent = TRUE)))$outcome
    })
  })
  as.list(table(unlist(parallel::mccollect(jobs))))
}

# Read a key that often, and on until so many contents have been seen; count what came.
read_many <- function(store, key, times, contents) {
  came <- integer()
  while (sum(came) < times || length(came) < contents) {
    one <- digest(store$get(key))$sha256
    came[one] <- if (is.na(came[one])) 1L else came[[one]] + 1L
  }
  as.list(came)
}

# Write these contents in turn until a file appears; tell how often.
write_many <- function(store, key, paths, until) {
  contents <- lapply(paths, read_bytes)
  times <- 0
  while (!file.exists(until)) {
    store$put(key, contents[[times %% length(contents) + 1]])
    times <- times + 1
    # A writer that takes all the server's time leaves none for the reader.
    Sys.sleep(0.002)
  }
  list(times = times)
}

verbs <- list(
  get = function(store, key, ...) digest(store$get(key, ...)),
  get_to = get_to,
  put = function(store, key, path, ...) {
    told(store$put(key, read_bytes(path), ...))
  },
  put_from = function(store, key, path, ...) {
    told(store$put_from(key, path, ...))
  },
  get_many = get_many,
  delete_many = delete_many,
  head = function(store, key) told(store$head(key)),
  list = function(store, prefix = "") {
    list(keys = as.list(store$list(prefix)$key))
  },
  delete = function(store, key) {
    store$delete(key)
    NULL
  },
  copy = function(store, key, target) told(store$copy(key, target)),
  race = race,
  read_many = read_many,
  write_many = write_many
)

attempt <- function(code) {
  tryCatch(
    list(outcome = "ok", value = code),
    crossframe_error = function(error) {
      list(
        outcome = sub("^crossframe_error_", "", class(error)[[1]]),
        message = conditionMessage(error)
      )
    },
    error = function(error) {
      list(
        outcome = paste("foreign", class(error)[[1]]),
        message = conditionMessage(error)
      )
    }
  )
}

lines <- file("stdin", "r")
repeat {
  line <- readLines(lines, 1L)
  if (length(line) == 0L) {
    break
  }
  asked <- jsonlite::fromJSON(line)
  answer <- attempt({
    store <- open_store(asked$store)
    do.call(verbs[[asked$do]], c(list(store), asked$with))
  })
  cat(
    jsonlite::toJSON(answer, auto_unbox = TRUE, null = "null", digits = NA),
    "\n",
    sep = ""
  )
  flush(stdout())
}
