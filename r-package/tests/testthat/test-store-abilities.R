# What stores promise beside the seven verbs, one run for each: see helper-stores.R. The same promises as
# tests/python/test_store_abilities.py.

each_store("every store has every ability", function(store, kind) {
  expect_true(all(names(abilities) %in% names(store)))
})

# ---- Streams ----

each_store("files go there and back", function(store, kind) {
  for (data in list(raw(0), bytes("hello"), rep(as.raw(0:255), 20000))) {
    put <- store$put_from("a/b.bin", local_file(data))
    expect_identical(put$key, "a/b.bin")
    expect_identical(put$size, as.double(length(data)))
    expect_identical(store$get("a/b.bin"), data)
    # Longer than what comes: none of it is to be left.
    path <- local_file(raw(6e6))
    got <- store$get_to("a/b.bin", path)
    expect_identical(file_bytes_of(path), data)
    expect_identical(
      got[c("key", "size", "etag")],
      put[c("key", "size", "etag")]
    )
  }
})

each_store(
  "files larger than a part come back whole, and leave no upload behind",
  function(store, kind) {
    data <- rep(
      serialize(stats::rnorm(1e5), NULL),
      length.out = 37 * 1024^2 + 5
    )
    path <- local_file(data)
    store$put_from("k", path, if_absent = TRUE)
    back <- tempfile()
    expect_identical(store$get_to("k", back)$size, as.double(length(data)))
    expect_identical(unname(tools::md5sum(back)), unname(tools::md5sum(path)))
    expect_identical(nrow(store$uploads()), 0L)
    unlink(c(path, back))
  },
  # Not moto: a request of it takes as long as all of this.
  c("memory", "folder", "seaweedfs", "seaweedfs-tls")
)

each_store("odd keys stream, are copied and told", function(store, kind) {
  path <- local_file(bytes("mine"))
  back <- tempfile()
  for (key in odd_keys()) {
    expect_identical(store$put_from(key, path)$key, key)
    expect_identical(store$get_to(key, back)$key, key)
    expect_identical(file_bytes_of(back), bytes("mine"))
    target <- paste0("copy of", substring(key, 8))
    expect_identical(store$copy(key, target)$key, target)
    expect_identical(text_of(store, target), "mine")
    expect_identical(store$versions(key, exact = TRUE)$key, key)
  }
})

each_store("conditions hold for files", function(store, kind) {
  first <- store$put_from("k", local_file(bytes("first")), if_absent = TRUE)
  second <- local_file(bytes("second"))
  expect_error(
    store$put_from("k", second, if_absent = TRUE),
    class = "crossframe_error_object_exists"
  )
  store$put_from("k", local_file(bytes("third")), if_match = first$etag)
  expect_error(
    store$put_from("k", second, if_match = first$etag),
    class = "crossframe_error_precondition_failed"
  )
  expect_error(
    store$put_from("a//b", second),
    class = "crossframe_error_invalid_key"
  )
  expect_identical(text_of(store, "k"), "third")
})

each_store(
  "a file that is not there, and one that can't be written, are named",
  function(store, kind) {
    missing <- file.path(tempdir(), "no", "such.bin")
    error <- expect_error(
      store$put_from("k", missing),
      class = "crossframe_error"
    )
    expect_match(conditionMessage(error), "such.bin", fixed = TRUE)
    expect_identical(nrow(store$list()), 0L)
    path <- local_file(bytes("mine"))
    expect_error(
      store$get_to("missing", path),
      class = "crossframe_error_object_not_found"
    )
    store$put("k", bytes("x"))
    expect_error(store$get_to("k", missing), class = "crossframe_error")
  }
)

# ---- Metadata ----

about <- c(owner = "lab 7", "run-id" = "a=b; c+%20")

each_store("metadata and media type are told by head", function(store, kind) {
  put <- store$put(
    "k",
    bytes("bytes"),
    media_type = "text/x-lab",
    metadata = about
  )
  head <- store$head("k")
  expect_identical(head$media_type, "text/x-lab")
  expect_mapequal(head$metadata, about)
  expect_identical(head$etag, put$etag)
  expect_null(store$list()$metadata)
  store$put_from(
    "f",
    local_file(bytes("bytes")),
    media_type = "text/x-lab",
    metadata = as.list(about)
  )
  expect_mapequal(store$head("f")$metadata, about)
  expect_mapequal(store$get_to("f", tempfile())$metadata, about)
  store$put("k", bytes("again"))
  expect_length(store$head("k")$metadata, 0)
  store$put("d.csv", bytes("bytes"), media_type = "text/csv")
  expect_identical(store$head("d.csv")$media_type, "text/csv")
})

each_store(
  "metadata that would come back changed are refused",
  function(store, kind) {
    wrong <- list(
      c(Upper = "x"),
      c("a b" = "x"),
      list("x"),
      c(a = "\u00e9"),
      c(a = "x\ny"),
      c(a = " x"),
      c(a = strrep("x", 2100)),
      list(a = 1),
      c(a = NA_character_)
    )
    path <- local_file(raw(1))
    for (metadata in wrong) {
      expect_error(
        store$put("k", raw(1), metadata = metadata),
        "Metadata",
        class = "crossframe_error_usage"
      )
      expect_error(
        store$put_from("k", path, metadata = metadata),
        class = "crossframe_error_usage"
      )
    }
    expect_identical(nrow(store$list()), 0L)
  }
)

# ---- Copies ----

each_store("a copy has what is said of it, too", function(store, kind) {
  store$put("a/k", bytes("bytes"), media_type = "text/x-lab", metadata = about)
  meta <- store$copy("a/k", "b/k")
  expect_identical(meta[c("key", "size")], list(key = "b/k", size = 5))
  expect_identical(text_of(store, "b/k"), "bytes")
  expect_identical(text_of(store, "a/k"), "bytes")
  head <- store$head("b/k")
  expect_identical(head$media_type, "text/x-lab")
  expect_mapequal(head$metadata, about)
  expect_identical(head$etag, meta$etag)
})

each_store(
  "a copy comes from another store of the kind",
  function(store, kind) {
    other <- new_test_store(kind)
    other$put("theirs", bytes("bytes"), metadata = about)
    expect_identical(store$copy("theirs", "mine", source = other)$key, "mine")
    expect_identical(text_of(store, "mine"), "bytes")
    expect_mapequal(store$head("mine")$metadata, about)
    other$put("deep/er/k", bytes("deep"))
    part <- store_below(store_below(other, "deep/"), "er/")
    store$copy("k", "deep", source = part)
    expect_identical(text_of(store, "deep"), "deep")
  }
)

each_store("a copy from another kind is refused", function(store, kind) {
  other <- if (kind == "memory") {
    cf_store_folder(tempfile("root-"))
  } else {
    cf_store_memory("other")
  }
  other$put("k", bytes("bytes"))
  error <- expect_error(
    store$copy("k", "mine", source = other),
    class = "crossframe_error_not_supported"
  )
  expect_false(is.null(error$hint))
  expect_identical(nrow(store$list()), 0L)
})

each_store("a copy replaces only what it may", function(store, kind) {
  store$put("a", bytes("a"))
  store$put("b", bytes("b"))
  expect_error(
    store$copy("a", "b", if_absent = TRUE),
    class = "crossframe_error_object_exists"
  )
  expect_identical(text_of(store, "b"), "b")
  store$copy("a", "c", if_absent = TRUE)
  expect_identical(text_of(store, "c"), "a")
  store$copy("a", "b")
  expect_identical(text_of(store, "b"), "a")
  expect_error(
    store$copy("missing", "k"),
    class = "crossframe_error_object_not_found"
  )
  expect_error(store$copy("a", "a//b"), class = "crossframe_error_invalid_key")
})

# ---- Deleting many ----

each_store("many are deleted at once", function(store, kind) {
  for (key in c(odd_keys(), "stays")) {
    store$put(key, raw(0))
  }
  expect_length(store$delete_many(c(odd_keys(), "missing")), 0)
  expect_identical(store$list()$key, "stays")
  expect_length(store$delete_many(character()), 0)
})

test_that("folder: what could not be deleted is told", {
  store <- new_test_store("folder")
  store$put("a", raw(0))
  failed <- store$delete_many(c("../outside", "a"))
  expect_named(failed, "../outside")
  expect_s3_class(failed[[1]], "crossframe_error_invalid_key")
  expect_identical(nrow(store$list()), 0L)
})

# ---- Versions ----

each_store(
  "versions are told, the newest first",
  function(store, kind) {
    for (text in c("0", "1", "2")) {
      store$put("k", bytes(text))
    }
    expect_identical(told_versions(store), c("k 2 *", "k 1", "k 0"))
    found <- store$versions("k", exact = TRUE)
    expect_identical(
      names(found),
      c("key", "version", "modified", "size", "etag", "latest", "deleted")
    )
    expect_identical(found$size, c(1, 1, 1))
    expect_identical(anyDuplicated(found$version), 0L)
    head <- store$head("k")
    expect_identical(found$etag[1], head$etag)
    expect_identical(found$version[1], head$version)
    expect_identical(attr(found$modified, "tzone"), "UTC")
    expect_true(all(
      abs(as.numeric(found$modified) - as.numeric(Sys.time())) < 60
    ))
    for (i in 1:3) {
      expect_identical(
        store$head("k", version = found$version[i])$etag,
        found$etag[i]
      )
    }
    expect_identical(store$get("k", 0, 1, found$version[3]), bytes("0"))
    path <- tempfile()
    store$get_to("k", path, version = found$version[3])
    expect_identical(file_bytes_of(path), bytes("0"))
    store$copy("k", "copy", version = found$version[3])
    expect_identical(text_of(store, "copy"), "0")
  },
  versioned = TRUE
)

# Moto knows times by the second, and lists deletions after all contents.
next_second <- function(kind) {
  if (kind %in% c("moto", "prefix")) Sys.sleep(1.1)
}

each_store(
  "deletions are told, and keys in byte order",
  function(store, kind) {
    store$put("k", bytes("old"))
    next_second(kind)
    store$delete("k")
    expect_identical(told_versions(store), c("k - *", "k old"))
    marker <- store$versions("k")[1, ]
    expect_identical(marker$size, 0)
    expect_identical(marker$etag, "")
    expect_error(
      store$get("k", version = marker$version),
      class = "crossframe_error_object_not_found"
    )
    next_second(kind)
    store$put("k", bytes("new"))
    expect_identical(told_versions(store), c("k new *", "k -", "k old"))
    for (key in c("b", "a/c", "a.b", "a/b")) {
      store$put(key, bytes("1"))
    }
    store$delete("a/b")
    expect_identical(
      store$versions()$key,
      c("a.b", "a/b", "a/b", "a/c", "b", "k", "k", "k")
    )
    expect_identical(
      told_versions(store, "a/"),
      c("a/b - *", "a/b 1", "a/c 1 *")
    )
    expect_identical(nrow(store$versions("a", exact = TRUE)), 0L)
    expect_identical(nrow(store$versions("x")), 0L)
  },
  versioned = TRUE
)

each_store(
  "a version that is none is not found",
  function(store, kind) {
    store$put("k", bytes("bytes"))
    wrong <- c("nonsense", "0-0", "1-0000000000000001", "0.deleted", "../../k")
    for (version in wrong) {
      for (verb in list(store$get, store$head)) {
        error <- expect_error(verb("k", version = version))
        none <- c("crossframe_error_object_not_found", "crossframe_error_usage")
        # SeaweedFS takes a path for a request that makes no sense.
        refused <- if (version == "../../k" && kind %in% checked_kinds) {
          "crossframe_error_store"
        }
        expect_true(inherits(error, c(none, refused)), info = version)
      }
    }
  },
  versioned = TRUE
)

each_store(
  "a version is brought back, and nothing is lost",
  function(store, kind) {
    store$put("k", bytes("old"), media_type = "text/x-lab", metadata = about)
    store$put("k", bytes("new"))
    old <- store$versions("k")$version[2]
    meta <- store$restore("k", old)
    expect_identical(meta[c("key", "size")], list(key = "k", size = 3))
    expect_identical(told_versions(store), c("k old *", "k new", "k old"))
    head <- store$head("k")
    expect_identical(head$media_type, "text/x-lab")
    expect_mapequal(head$metadata, about)
    expect_identical(head$etag, meta$etag)
    # What is there is left.
    expect_identical(store$restore("k")$etag, head$etag)
    expect_identical(store$restore("k", head$version)$etag, head$etag)
    expect_identical(nrow(store$versions("k")), 3L)
  },
  versioned = TRUE
)

each_store(
  "a deletion is undone",
  function(store, kind) {
    for (key in c("k", odd_keys())) {
      store$put(key, bytes("older"))
      store$put(key, bytes("last"))
      store$delete(key)
      expect_identical(store$restore(key)$size, 4)
      expect_identical(text_of(store, key), "last")
    }
    expect_error(
      store$restore("missing"),
      class = "crossframe_error_object_not_found"
    )
    store$delete("k")
    marker <- store$versions("k")$version[1]
    expect_error(
      store$restore("k", marker),
      class = "crossframe_error_object_not_found"
    )
  },
  versioned = TRUE
)

each_store(
  "a version is deleted for ever",
  function(store, kind) {
    for (text in c("0", "1", "2")) {
      store$put("a/k", bytes(text))
    }
    middle <- store$versions("a/k")$version[2]
    store$delete("a/k", version = middle)
    store$delete("a/k", version = middle)
    expect_identical(told_versions(store), c("a/k 2 *", "a/k 0"))
    # The current one makes way for the last.
    store$delete("a/k", version = store$versions("a/k")$version[1])
    expect_identical(told_versions(store), "a/k 0 *")
    store$delete("a/k")
    store$delete("a/k", version = store$versions("a/k")$version[1])
    expect_identical(told_versions(store), "a/k 0 *")
    expect_identical(text_of(store, "a/k"), "0")
    store$delete("a/k", version = store$versions("a/k")$version[1])
    expect_identical(nrow(store$versions()), 0L)
    expect_identical(nrow(store$list()), 0L)
  },
  versioned = TRUE
)

# ---- Links and publication ----

each_store(
  "only a bucket gives links",
  function(store, kind) {
    for (refused in list(
      function() store$sign("k", verb = "get", expires_s = 60),
      function() store$publish("k"),
      function() store$unpublish("k")
    )) {
      error <- expect_error(
        refused(),
        "only a bucket",
        class = "crossframe_error_not_supported"
      )
      expect_false(is.null(error$hint))
    }
    expect_identical(store$published(), character())
  },
  c("memory", "folder")
)

each_store(
  "a link tells its verb and its end, seven days at most",
  function(store, kind) {
    before <- as.numeric(Sys.time())
    link <- store$sign("k", verb = "get", expires_s = 600)
    expect_s3_class(link, "crossframe_link")
    expect_match(as.character(link), "^https?://")
    expect_identical(attr(link, "verb"), "get")
    expect_null(attr(link, "warning"))
    rest <- as.numeric(attr(link, "expires")) - before
    expect_true(rest > 590 && rest < 610)
    for (seconds in c(0, -1, 7 * 86400 + 1)) {
      expect_error(
        store$sign("k", verb = "get", expires_s = seconds),
        class = "crossframe_error_usage"
      )
    }
  },
  bucket_kinds
)

link_options <- function(kind) {
  authority <- server_arguments(start_server(kind))$verify
  c(list(attempts = 1L), if (!is.null(authority)) list(verify = authority))
}

each_store(
  "a link reads what it was made for",
  function(store, kind) {
    for (key in odd_keys()) {
      store$put(key, bytes("bytes"))
      link <- store$sign(key, verb = "get", expires_s = 600)
      location <- resolve(as.character(link), options = link_options(kind))
      expect_identical(location$key, sub("^.*/", "", key))
      expect_identical(text_of(location$store, location$key), "bytes")
      expect_identical(location$store$head(location$key)$size, 5)
    }
    frame <- data.frame(x = 1:3)
    store$put("d.rds", memCompress(serialize(frame, NULL), "gzip"))
    link <- store$sign("d.rds", verb = "get", expires_s = 600)
    expect_identical(cf_load(link, options = link_options(kind)), frame)
    broken <- sub("d.rds", "e.rds", link, fixed = TRUE)
    error <- expect_error(
      cf_load(broken, options = link_options(kind)),
      class = "crossframe_error_store"
    )
    expect_no_match(conditionMessage(error), "Signature=", fixed = TRUE)
  },
  checked_kinds
)

each_store(
  "a link reads a version, and a link writes",
  function(store, kind) {
    store$put("k", bytes("old"))
    store$put("k", bytes("new"))
    version <- store$versions("k")$version[2]
    link <- store$sign("k", verb = "get", expires_s = 60, version = version)
    location <- resolve(as.character(link), options = link_options(kind))
    expect_identical(text_of(location$store, "k"), "old")
    link <- store$sign("a b+c/\u00e9.csv", verb = "put", expires_s = 600)
    expect_identical(attr(link, "verb"), "put")
    handle <- curl::new_handle(
      customrequest = "PUT",
      postfields = bytes("theirs"),
      postfieldsize = 6
    )
    authority <- link_options(kind)$verify
    if (!is.null(authority)) {
      curl::handle_setopt(handle, cainfo = authority)
    }
    curl::handle_setheaders(handle, "Content-Type" = "")
    answer <- curl::curl_fetch_memory(as.character(link), handle)
    expect_identical(answer$status_code, 200L)
    expect_identical(text_of(store, "a b+c/\u00e9.csv"), "theirs")
  },
  checked_kinds,
  versioned = TRUE
)

each_store(
  "what is published is told, until it is no more",
  function(store, kind) {
    store$put("open/a b.csv", bytes("bytes"))
    expect_identical(store$published(), character())
    expect_match(store$publish("open/"), "^https?://.*open/$")
    store$publish("one.csv")
    expect_setequal(store$published(), c("one.csv", "open/"))
    store$unpublish("open/")
    store$unpublish("never/")
    expect_identical(store$published(), "one.csv")
    store$unpublish("one.csv")
    expect_identical(store$published(), character())
  },
  bucket_kinds
)

each_store(
  "anybody reads what is published, and no more",
  function(store, kind) {
    store$put("open/a b.csv", bytes("bytes"))
    store$put("closed/k", bytes("bytes"))
    url <- store$publish("open/")
    read <- function(url) {
      location <- resolve(url, options = link_options(kind))
      text_of(location$store, location$key)
    }
    expect_identical(read(paste0(url, "a%20b.csv")), "bytes")
    expect_error(
      read(sub("open/$", "closed/k", url)),
      class = "crossframe_error_access_denied"
    )
    store$unpublish("open/")
    expect_error(
      read(paste0(url, "a%20b.csv")),
      class = "crossframe_error_access_denied"
    )
  },
  checked_kinds
)

# ---- Expiry and uploads ----

each_store("rules of expiry are kept by prefix", function(store, kind) {
  expect_length(store$expiries(), 0)
  store$put("k", raw(0))
  store$expire("tmp/", 30)
  store$expire("\u00fc b/", 1)
  expect_identical(store$expiries(), c("tmp/" = 30L, "\u00fc b/" = 1L))
  store$expire("tmp/", 7)
  store$expire("\u00fc b/", NULL)
  store$expire("never/", NULL)
  expect_identical(store$expiries(), c("tmp/" = 7L))
  for (days in list(0, -1, 1.5, TRUE, "1", NA_real_)) {
    expect_error(store$expire("tmp/", days), class = "crossframe_error_usage")
  }
  store$expire("tmp/", NULL)
  expect_length(store$expiries(), 0)
})

each_store(
  "there are no unfinished uploads, and what is gone is no error",
  function(store, kind) {
    store$put("k", bytes("bytes"))
    found <- store$uploads()
    expect_identical(names(found), c("key", "upload_id", "started"))
    expect_identical(nrow(found), 0L)
    gone <- if (kind == "folder") {
      new_uploads("a/.crossframe-tmp-0", ".crossframe-tmp-0", 0)
    } else {
      new_uploads("k", "0123456789abcdef", 0)
    }
    expect_no_error(store$abort(gone))
  }
)
