# What a folder keeps of the past: where, how much, and that nothing hostile gets in by it. The same layout
# as tests/python/test_folder_versions.py has; tests/interop shares one folder.

new_root <- function() {
  root <- tempfile("root-")
  dir.create(root)
  root
}

versions_of <- function(root, key, ...) {
  file.path(root, versions_folder(key), ...)
}

about_of <- function(root, key, version = NULL) {
  file.path(root, metadata_file(key, version))
}

names_in <- function(...) {
  sort(
    list.files(file.path(...), all.files = TRUE, no.. = TRUE),
    method = "radix"
  )
}

contents <- function(store, key) {
  told <- sub(" [*]$", "", told_versions(store, key, exact = TRUE))
  substring(told, nchar(key) + 2)
}

with_versions <- function(count, code) {
  old <- Sys.getenv("CROSSFRAME_VERSIONS", NA)
  on.exit(
    if (is.na(old)) {
      Sys.unsetenv("CROSSFRAME_VERSIONS")
    } else {
      Sys.setenv(CROSSFRAME_VERSIONS = old)
    }
  )
  Sys.setenv(CROSSFRAME_VERSIONS = count)
  force(code)
}

# ---- The layout ----

test_that("a replaced content lies by its ETag in the key's own folder", {
  root <- new_root()
  store <- cf_store_folder(root)
  key <- "a/\u00fc.csv"
  old <- store$put(key, bytes("old"))
  new <- store$put(key, bytes("newer"))
  expect_setequal(names_in(versions_of(root, key)), c("key", old$etag))
  expect_identical(
    file_bytes_of(versions_of(root, key, "key")),
    charToRaw(enc2utf8(key))
  )
  expect_identical(
    file_bytes_of(versions_of(root, key, old$etag)),
    bytes("old")
  )
  expect_identical(old$version, old$etag)
  expect_identical(store$head(key)$version, new$etag)
  expect_identical(names_in(root, ".crossframe"), c("lock", "versions"))
})

test_that("a deletion is an empty file named by its time", {
  root <- new_root()
  store <- cf_store_folder(root)
  old <- store$put("k", bytes("old"))
  store$delete("k")
  marker <- setdiff(names_in(versions_of(root, "k")), c("key", old$etag))
  expect_match(marker, "^[0-9a-f]{16}[.]deleted$")
  path <- versions_of(root, "k", marker)
  expect_identical(file.size(path), 0)
  expect_identical(
    paste0("0-", sub(".deleted", "", marker)),
    .Call(C_file_stat, path)$etag
  )
})

test_that("metadata lie beside, and go with their content", {
  root <- new_root()
  store <- cf_store_folder(root)
  old <- store$put(
    "k",
    bytes("old"),
    media_type = "text/x-lab",
    metadata = c(owner = "lab")
  )
  said <- list(
    etag = old$etag,
    media_type = "text/x-lab",
    metadata = list(owner = "lab")
  )
  expect_identical(
    parse_json(readLines(about_of(root, "k"), warn = FALSE)),
    said
  )
  store$put("k", bytes("new"))
  expect_false(file.exists(about_of(root, "k")))
  kept <- readLines(about_of(root, "k", old$etag), warn = FALSE)
  expect_identical(parse_json(kept), said)
  expect_length(store$head("k")$metadata, 0)
  expect_identical(store$head("k", old$etag)$metadata, c(owner = "lab"))
})

test_that("what the key tells needs no file, and a folder where nothing is replaced stays clean", {
  root <- new_root()
  store <- cf_store_folder(root)
  store$put("d.csv", raw(0), media_type = "text/csv", if_absent = TRUE)
  store$put("d.rds", raw(0), media_type = "application/x-r-rds")
  store$put("d.csv.gz", raw(0), media_type = "application/gzip")
  expect_identical(names_in(root), c("d.csv", "d.csv.gz", "d.rds"))
  types <- vapply(names_in(root), function(key) store$head(key)$media_type, "")
  expect_identical(
    unname(types),
    c("text/csv", "application/gzip", "application/x-r-rds")
  )
  store$put("d.csv", raw(0))
  expect_identical(names_in(root)[1], ".crossframe")
})

test_that("rules of expiry are one JSON file, and a damaged one is told", {
  root <- new_root()
  store <- cf_store_folder(root)
  store$expire("tmp/", 30)
  path <- file.path(root, ".crossframe", "expire.json")
  expect_identical(
    parse_json(readLines(path, warn = FALSE)),
    list(rules = list(list(prefix = "tmp/", days = 30L)))
  )
  damages <- c(
    "",
    "{}",
    "{\"rules\": [{\"prefix\": \"a\", \"days\": 0}]}",
    "{\"rules\": [{\"prefix\": 1, \"days\": 1}]}",
    "{\"rules\": [{\"prefix\": \"a\", \"days\": 1e300}]}"
  )
  for (damage in damages) {
    writeLines(damage, path, sep = "")
    expect_error(
      store$expiries(),
      "expire.json",
      class = "crossframe_error_corrupt_object"
    )
    expect_error(
      store$expire("other/", 1),
      class = "crossframe_error_corrupt_object"
    )
    expect_identical(file_bytes_of(path), bytes(damage))
  }
})

# ---- How much ----

test_that("the last ten contents are kept, or as many as asked for", {
  store <- cf_store_folder(new_root())
  for (i in 0:14) {
    store$put("k", bytes(as.character(i)))
  }
  expect_identical(contents(store, "k"), as.character(14:4))
  root <- new_root()
  store <- cf_store_folder(root)
  with_versions("2", {
    for (i in 0:4) {
      store$put("k", bytes(as.character(i)), metadata = c(n = as.character(i)))
    }
    expect_identical(contents(store, "k"), c("4", "3", "2"))
    expect_length(names_in(dirname(about_of(root, "k"))), 3)
    for (i in 5:8) {
      store$put("d", bytes(as.character(i)))
      store$delete("d")
    }
    expect_identical(contents(store, "d"), c("-", "8", "-", "7"))
  })
})

test_that("none are kept where none are asked for", {
  root <- new_root()
  store <- cf_store_folder(root)
  store$put("k", bytes("1"))
  store$put("k", bytes("2"))
  with_versions("0", {
    expect_identical(store$put("k", bytes("3"))$version, NA_character_)
    expect_identical(contents(store, "k"), "3")
    expect_false(dir.exists(versions_of(root, "k")))
    store$delete("k")
    expect_identical(contents(store, "k"), character())
    expect_error(
      store$restore("k"),
      class = "crossframe_error_object_not_found"
    )
  })
  store$put("k", bytes("old"))
  for (text in c("-1", "ten", "1.5", "\u0663")) {
    with_versions(
      text,
      expect_error(
        store$put("k", bytes("new")),
        "CROSSFRAME_VERSIONS",
        class = "crossframe_error_usage"
      )
    )
  }
  expect_identical(text_of(store, "k"), "old")
})

test_that("the order is that of the times, to the nanosecond and whatever the clock", {
  root <- new_root()
  store <- cf_store_folder(root)
  writeLines("1970", file.path(root, "k"), sep = "")
  touch <- function(date) {
    system2("touch", c("-d", shQuote(date), file.path(root, "k")))
  }
  touch("1970-01-01 00:00:01.000000005 UTC")
  with_versions("1", {
    store$put("k", bytes("1"))
    expect_identical(contents(store, "k"), c("1", "1970"))
    store$put("k", bytes("2"))
    expect_identical(contents(store, "k"), c("2", "1"))
  })
  # From a clock that is ahead.
  touch("2100-01-01 00:00:00.123456789 UTC")
  ahead <- store$head("k")$etag
  new <- store$put("k", bytes("3"))$etag
  expect_identical(id_times(new) > id_times(ahead), TRUE)
  store$delete("k")
  store$put("k", bytes("4"))
  expect_identical(contents(store, "k")[1:3], c("4", "-", "3"))
})

# ---- Restoring ----

test_that("a version can be restored more than once", {
  store <- cf_store_folder(new_root())
  first <- store$put("a/k", bytes("first"))
  store$put("a/k", bytes("second"))
  for (i in 1:3) {
    store$delete("a/k")
    store$restore("a/k", first$etag)
    expect_identical(text_of(store, "a/k"), "first")
  }
  expect_false(identical(store$head("a/k")$etag, first$etag))
})

test_that("a content that a killed writer left among the versions, too, is told once", {
  root <- new_root()
  store <- cf_store_folder(root)
  old <- store$put("k", bytes("old"))
  dir.create(versions_of(root, "k"), recursive = TRUE)
  writeLines("k", versions_of(root, "k", "key"), sep = "")
  file.link(file.path(root, "k"), versions_of(root, "k", old$etag))
  expect_identical(told_versions(store, "k"), "k old *")
  store$put("k", bytes("new"))
  expect_identical(contents(store, "k"), c("new", "old"))
})

# ---- Hostile neighbours ----

test_that("version ids can't lead out", {
  root <- new_root()
  store <- cf_store_folder(root)
  store$put("k", bytes("old"))
  store$put("k", bytes("new"))
  secret <- file.path(dirname(root), "secret")
  writeLines("secret", secret)
  on.exit(unlink(secret))
  wrong <- c(
    "../../../../../secret",
    "key",
    "6-0/../../x",
    "",
    ".",
    "..",
    strrep("a", 300),
    "6-\u00e9"
  )
  for (version in wrong) {
    for (verb in list(
      store$get,
      store$head,
      store$restore,
      function(key, version) store$copy(key, "c", version = version)
    )) {
      expect_error(
        verb("k", version = version),
        class = "crossframe_error_object_not_found"
      )
    }
    store$delete("k", version = version)
  }
  expect_identical(contents(store, "k"), c("new", "old"))
  expect_true(file.exists(secret))
})

test_that("links among the versions, or in the place of the store's own folders, lead nowhere", {
  outside <- new_root()
  writeLines("secret", file.path(outside, "secret"))
  root <- new_root()
  store <- cf_store_folder(root)
  store$put("k", bytes("old"))
  store$put("k", bytes("new"))
  file.symlink(file.path(outside, "secret"), versions_of(root, "k", "7-1"))
  expect_identical(contents(store, "k"), c("new", "old"))
  for (verb in list(store$get, store$restore)) {
    expect_error(
      verb("k", version = "7-1"),
      class = "crossframe_error_object_not_found"
    )
  }
  for (own in c(
    ".crossframe",
    ".crossframe/versions",
    ".crossframe/metadata"
  )) {
    root <- new_root()
    store <- cf_store_folder(root)
    store$put("k", bytes("old"))
    if (own != ".crossframe") {
      dir.create(file.path(root, ".crossframe"))
    }
    file.symlink(outside, file.path(root, own))
    expect_error(
      store$put("k", bytes("new"), metadata = c(a = "b")),
      "symbolic link",
      class = "crossframe_error_invalid_key"
    )
    expect_identical(names_in(outside), "secret")
    expect_identical(text_of(store, "k"), "old")
  }
})

test_that("links to the store's own folders are no way in", {
  root <- new_root()
  store <- cf_store_folder(root)
  store$put("k", bytes("old"))
  store$put("k", bytes("new"))
  file.symlink(".crossframe", file.path(root, "way"))
  file.symlink(".crossframe/lock", file.path(root, "lock"))
  expect_identical(store$list()$key, "k")
  expect_identical(store$children()$prefixes, character())
  expect_error(store$get("lock"), class = "crossframe_error_object_not_found")
  for (verb in list(store$get, function(key) store$put(key, raw(0)))) {
    expect_error(verb("way/lock"), class = "crossframe_error")
  }
})

test_that("what is damaged is told, and what is no history is passed over", {
  root <- new_root()
  store <- cf_store_folder(root)
  old <- store$put("k", bytes("old"))
  store$put("k", bytes("new"))
  other <- versions_of(root, "other")
  dir.create(other, recursive = TRUE)
  writeLines("not other", file.path(other, "key"))
  writeLines("", file.path(root, ".crossframe", "versions", "zz"))
  writeLines("", versions_of(root, "k", "notes.txt"))
  writeLines("", versions_of(root, "k", "3-10000000000000000"))
  expect_identical(store$versions()$key, c("k", "k"))
  writeLines("o", versions_of(root, "k", old$etag))
  expect_error(
    store$get("k", version = old$etag),
    "damaged",
    class = "crossframe_error_corrupt_object"
  )
  damages <- c(
    "",
    "{",
    "[]",
    "null",
    "{\"etag\": 1}",
    strrep("[", 60000),
    strrep(" ", 70000),
    "{\"metadata\": [1]}"
  )
  for (damage in damages) {
    store$put("m", bytes("x"), metadata = c(a = "b"))
    writeLines(damage, about_of(root, "m"), sep = "")
    expect_length(store$head("m")$metadata, 0)
  }
  etag <- store$put("m", bytes("x"), metadata = c(a = "b"))$etag
  said <- list(etag = etag, media_type = 7, metadata = list(a = 1, c = "d"))
  writeLines(write_json(said), about_of(root, "m"))
  head <- store$head("m")
  expect_identical(head$media_type, NA_character_)
  expect_identical(head$metadata, c(c = "d"))
})

# ---- Leftovers ----

test_that("leftovers of killed writers are uploads, and nothing else is aborted", {
  root <- new_root()
  outside <- new_root()
  store <- cf_store_folder(root)
  store$put("a/k", bytes("x"))
  for (name in c("a/.crossframe-tmp-1", ".crossframe-tmp-2")) {
    writeLines("", file.path(root, name))
  }
  found <- store$uploads()
  expect_identical(found$key, c(".crossframe-tmp-2", "a/.crossframe-tmp-1"))
  expect_identical(found$upload_id, basename(found$key))
  expect_true(all(abs(as.numeric(found$started) - as.numeric(Sys.time())) < 60))
  expect_identical(store$uploads("a/")$key, "a/.crossframe-tmp-1")
  theirs <- file.path(outside, ".crossframe-tmp-1")
  writeLines("theirs", theirs)
  file.symlink(outside, file.path(root, "way"))
  wrong <- c(
    "a/k",
    file.path("..", basename(outside), ".crossframe-tmp-1"),
    "a/../a/k",
    "way/.crossframe-tmp-1"
  )
  for (key in wrong) {
    expect_error(
      store$abort(new_uploads(key, "x", 0)),
      class = "crossframe_error_usage"
    )
  }
  expect_true(file.exists(theirs))
  for (i in 1:2) {
    store$abort(found[i, ])
  }
  expect_identical(nrow(store$uploads()), 0L)
  expect_identical(text_of(store, "a/k"), "x")
})
