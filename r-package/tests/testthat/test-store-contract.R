# What every store promises, one run for each: see helper-stores.R. The same promises as
# tests/python/test_store_contract.py.

each_store("what is put is got, all of it or a part", function(store, kind) {
  store$put("a/b.bin", as.raw(0:255))
  expect_identical(store$get("a/b.bin"), as.raw(0:255))
  expect_identical(store$get("a/b.bin", start = 250), as.raw(250:255))
  expect_identical(store$get("a/b.bin", start = 2, length = 3), as.raw(2:4))
  expect_identical(
    store$get("a/b.bin", start = 254, length = 100),
    as.raw(254:255)
  )
  expect_identical(store$get("a/b.bin", start = 1000), raw(0))
  expect_identical(store$get("a/b.bin", length = 0), raw(0))
  expect_error(
    store$get("a/b.bin", start = -1),
    class = "crossframe_error_usage"
  )
  expect_error(
    store$get("a/b.bin", length = -1),
    class = "crossframe_error_usage"
  )
})

each_store("nothing is an object too", function(store, kind) {
  meta <- store$put("empty", raw(0))
  expect_identical(meta$size, 0)
  expect_identical(store$get("empty"), raw(0))
  expect_identical(store$head("empty")$size, 0)
})

each_store("put tells what head tells", function(store, kind) {
  before <- Sys.time()
  put <- store$put("d.rds", bytes("hello"), media_type = "text/plain")
  head <- store$head("d.rds")
  expect_identical(put$key, "d.rds")
  expect_identical(put$size, 5)
  expect_identical(
    head[c("key", "size", "etag")],
    put[c("key", "size", "etag")]
  )
  expect_s3_class(head$modified, "POSIXct")
  expect_identical(attr(head$modified, "tzone"), "UTC")
  expect_lt(abs(as.numeric(head$modified) - as.numeric(before)), 5)
  expect_identical(store$list()$etag, put$etag)
})

each_store(
  "a replaced object has another ETag, even of the same size",
  function(store, kind) {
    etags <- vapply(
      c("a", "b", "c"),
      function(text) store$put("k", bytes(text))$etag,
      ""
    )
    expect_identical(anyDuplicated(etags), 0L)
    expect_identical(store$get("k"), bytes("c"))
  }
)

each_store(
  "a key that holds nothing is an error of its own",
  function(store, kind) {
    store$put("foobar", bytes("x"))
    expect_error(store$get("foo"), class = "crossframe_error_object_not_found")
    expect_error(store$head("foo"), class = "crossframe_error_object_not_found")
    expect_error(
      store$get("foo", start = 1, length = 1),
      class = "crossframe_error_object_not_found"
    )
    expect_error(store$get(""), class = "crossframe_error_object_not_found")
    error <- expect_error(
      store$get("a/b.csv"),
      class = "crossframe_error_store"
    )
    # A part of a bucket tells of the bucket's own key.
    expect_match(
      conditionMessage(error),
      sprintf("'%sa/b.csv'", if (kind == "prefix") "lab/" else ""),
      fixed = TRUE
    )
    expect_match(
      conditionMessage(error),
      sub("/lab$", "", store$uri),
      fixed = TRUE
    )
  }
)

each_store("a key that must not be written is refused", function(store, kind) {
  for (key in c("", "/a", "a//b", "a/", "./a", "a/../b", "..")) {
    expect_error(
      store$put(key, bytes("x")),
      class = "crossframe_error_invalid_key"
    )
  }
  expect_error(store$put("text", "not raw"), class = "crossframe_error_usage")
  store$put("kept", bytes("x"))
  expect_identical(store$list()$key, "kept")
})

each_store("if_absent writes once", function(store, kind) {
  store$put("k", bytes("first"), if_absent = TRUE)
  expect_error(
    store$put("k", bytes("second"), if_absent = TRUE),
    class = "crossframe_error_object_exists"
  )
  expect_identical(store$get("k"), bytes("first"))
})

each_store("if_match loses no update", function(store, kind) {
  old <- store$put("k", bytes("1"))
  new <- store$put("k", bytes("2"), if_match = old$etag)
  expect_error(
    store$put("k", bytes("3"), if_match = old$etag),
    class = "crossframe_error_precondition_failed"
  )
  expect_error(
    store$put("none", bytes("3"), if_match = old$etag),
    class = "crossframe_error_precondition_failed"
  )
  expect_error(
    store$put("k", bytes("3"), if_absent = TRUE, if_match = new$etag),
    class = "crossframe_error_usage"
  )
  expect_identical(store$get("k"), bytes("2"))
})

each_store("odd keys are kept as they are", function(store, kind) {
  for (key in odd_keys()) {
    store$put(key, bytes(enc2utf8(key)))
  }
  for (key in odd_keys()) {
    expect_identical(store$get(key), bytes(enc2utf8(key)))
    expect_identical(store$head(key)$key, enc2utf8(key))
    expect_identical(store$list(key)$key, enc2utf8(key))
  }
  expect_setequal(store$list()$key, enc2utf8(odd_keys()))
})

each_store(
  "a listing is in byte order, by literal prefix",
  function(store, kind) {
    keys <- c(
      "Z",
      "a",
      "a.b",
      "a-b/x",
      "a_b/x",
      "b/1",
      "b/10",
      "b/2",
      "ba",
      "c/d/e",
      "\u00e9",
      "\U1F642"
    )
    # A folder can't hold both "a" and "a/...", so there is none here.
    for (key in rev(keys)) {
      store$put(key, bytes(key))
    }
    sorted <- sort(enc2utf8(keys), method = "radix")
    listing <- store$list()
    expect_identical(listing$key, sorted)
    expect_identical(
      names(listing),
      c("key", "size", "modified", "etag", "version", "storage_class")
    )
    expect_identical(store$list("b")$key, c("b/1", "b/10", "b/2", "ba"))
    expect_identical(store$list("b/")$key, c("b/1", "b/10", "b/2"))
    expect_identical(store$list("b/1")$key, c("b/1", "b/10"))
    expect_identical(store$list("c/d/e")$key, "c/d/e")
    expect_identical(nrow(store$list("nothing/")), 0L)
  }
)

each_store("children are one level", function(store, kind) {
  for (key in c("c/1", "c/2/x", "c/2/y", "c/10/z", "cc/1", "top")) {
    store$put(key, bytes("x"))
  }
  top <- store$children()
  expect_identical(top$prefixes, c("c/", "cc/"))
  expect_identical(top$objects$key, "top")
  below <- store$children("c/")
  expect_identical(below$prefixes, c("c/10/", "c/2/"))
  expect_identical(below$objects$key, "c/1")
  expect_identical(store$children("none/")$prefixes, character())
  expect_identical(nrow(store$children("none/")$objects), 0L)
})

each_store(
  "delete removes, and is no error where there is nothing",
  function(store, kind) {
    store$put("a/b/c", bytes("x"))
    store$put("a/d", bytes("x"))
    store$delete("a/b/c")
    store$delete("a/b/c")
    store$delete("never/was")
    expect_error(
      store$get("a/b/c"),
      class = "crossframe_error_object_not_found"
    )
    expect_identical(store$list()$key, "a/d")
    # SeaweedFS takes a folder left empty away a while later.
    if (!startsWith(kind, "seaweedfs")) {
      expect_identical(store$children("a/")$prefixes, character())
    }
  }
)

each_store(
  "many are got in the order asked for, errors in their place",
  function(store, kind) {
    keys <- sprintf("many/%02d", 1:30)
    for (key in keys) {
      store$put(key, bytes(key))
    }
    asked <- c(rev(keys), "missing", keys[1])
    got <- store$get_many(asked)
    expect_length(got, 32)
    expect_s3_class(got[[31]], "crossframe_error_object_not_found")
    expect_match(conditionMessage(got[[31]]), "missing'")
    expect_identical(vapply(got[-31], rawToChar, ""), asked[-31])
    expect_identical(store$get_many(character()), list())
  }
)

each_store(
  "many are put, errors in their place, and a stream that is closed sends nothing more",
  function(store, kind) {
    store$put("many/05", bytes("taken"))
    stream <- store$put_stream()
    for (at in 1:12) {
      item <- list(key = sprintf("many/%02d", at), data = bytes("new"))
      item$if_absent <- TRUE
      stream$ask(at, item)
    }
    got <- vector("list", 12)
    for (count in 1:12) {
      one <- stream$take()
      got[[one$at]] <- one$got
    }
    expect_null(stream$take())
    expect_s3_class(got[[5]], "crossframe_error_object_exists")
    expect_identical(vapply(got[-5], `[[`, 0, "size"), rep(3, 11))
    expect_identical(store$list("many/")$key, sprintf("many/%02d", 1:12))
    expect_identical(text_of(store, "many/05"), "taken")
    stream <- store$get_stream(c("many/01", "many/02"))
    stream$ask(1)
    stream$close()
    expect_null(stream$take())
  }
)

each_store("larger bytes come back as they were", function(store, kind) {
  data <- as.raw(bitwAnd(seq_len(3e6) * 7L, 255L))
  store$put("large.bin", data)
  expect_identical(store$get("large.bin"), data)
})

each_store(
  "objects above 16 MiB come back as they were, their conditions kept",
  function(store, kind) {
    data <- rep(as.raw(c(1:255, 0)), length.out = 17 * 1024^2)
    meta <- store$put("huge.bin", data, media_type = "application/x-test")
    expect_identical(
      meta[c("size", "etag")],
      store$head("huge.bin")[c("size", "etag")]
    )
    expect_identical(meta$size, as.double(length(data)))
    expect_identical(store$get("huge.bin"), data)
    expect_error(
      store$put("huge.bin", data, if_absent = TRUE),
      class = "crossframe_error_object_exists"
    )
    expect_error(
      store$put("huge.bin", data, if_match = "x"),
      class = "crossframe_error_precondition_failed"
    )
    store$put("huge.bin", data, if_match = meta$etag)
  }
)
