# Every kind of store, for what all of them promise: test-store-contract.R, test-store-abilities.R.

store_kinds <- c(
  "memory",
  "folder",
  "moto",
  "seaweedfs",
  "seaweedfs-tls",
  "prefix"
)
bucket_kinds <- setdiff(store_kinds, c("memory", "folder"))
# Moto looks for signatures in headers only.
checked_kinds <- c("seaweedfs", "seaweedfs-tls")

# code(store, kind) for a new, empty store of each kind; `versioned` where a bucket is to keep versions, as the
# others do.
each_store <- function(
  promise,
  code,
  kinds = store_kinds,
  versioned = FALSE
) {
  for (kind in kinds) {
    test_that(paste0(kind, ": ", promise), {
      code(new_test_store(kind, versioned), kind)
    })
  }
}

bytes <- charToRaw

text_of <- function(store, key, ...) rawToChar(store$get(key, ...))

# A store on an empty place; "prefix" is a part of a bucket.
new_test_store <- function(kind, versioned = FALSE, ...) {
  switch(
    kind,
    memory = cf_store_memory(),
    folder = new_folder_store(),
    prefix = new_prefix_store(versioned, ...),
    do.call(
      cf_store_s3,
      c(
        list(new_bucket(kind, versioned)),
        server_arguments(start_server(kind)),
        list(...)
      )
    )
  )
}

new_folder_store <- function() {
  root <- tempfile("root-")
  dir.create(root)
  cf_store_folder(root)
}

# With neighbours that a careless prefix would take in.
new_prefix_store <- function(versioned = FALSE, ...) {
  whole <- new_test_store("moto", versioned, ...)
  for (key in c("lab", "lab.csv", "laboratory/k", "other/lab/k")) {
    whole$put(key, bytes("a neighbour"))
  }
  store_below(whole, "lab/")
}

# Keys that a careless store would change.
odd_keys <- function() {
  rows <- conformance_vectors("stores", "odd_keys.json")
  enc2utf8(vapply(rows, `[[`, "", "key"))
}

# Local files of bytes, for what streams.
local_file <- function(data, path = tempfile()) {
  writeBin(data, path)
  path
}

file_bytes_of <- function(path) readBin(path, "raw", file.size(path))

# Key, content ("-" for a deletion) and whether it is the latest, of each version, as one text.
told_versions <- function(store, prefix = "", ...) {
  found <- store$versions(prefix, ...)
  content <- vapply(
    seq_len(nrow(found)),
    function(i) {
      if (found$deleted[i]) {
        "-"
      } else {
        text_of(store, found$key[i], version = found$version[i])
      }
    },
    ""
  )
  paste0(
    found$key,
    " ",
    content,
    ifelse(found$latest, " *", ""),
    recycle0 = TRUE
  )
}
