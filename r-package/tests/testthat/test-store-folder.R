new_root <- function() {
  root <- tempfile("root-")
  dir.create(root)
  root
}

bytes <- charToRaw

test_that("a folder that is not there is made by the first write, and is no empty bucket before", {
  root <- file.path(tempfile("none-"), "deep")
  store <- cf_store_folder(root)
  for (read in list(store$get, store$head, store$delete)) {
    expect_error(read("k"), class = "crossframe_error_bucket_not_found")
  }
  expect_error(store$list(), class = "crossframe_error_bucket_not_found")
  expect_error(
    store$children(),
    root,
    fixed = TRUE,
    class = "crossframe_error_bucket_not_found"
  )
  store$put("a/b", bytes("x"))
  expect_identical(readBin(file.path(root, "a", "b"), "raw", 10), bytes("x"))
})

test_that("a key can't leave the root", {
  root <- new_root()
  outside <- new_root()
  writeLines("secret", file.path(outside, "secret"))
  file.symlink(outside, file.path(root, "out"))
  file.symlink(file.path(outside, "secret"), file.path(root, "link"))
  store <- cf_store_folder(root)
  for (key in c(
    "../x",
    "a/../../x",
    "/etc/passwd",
    "..",
    "out/secret",
    "link"
  )) {
    expect_error(store$get(key), class = "crossframe_error_invalid_key")
    expect_error(store$head(key), class = "crossframe_error_invalid_key")
  }
  expect_error(
    store$put("out/new", bytes("x")),
    class = "crossframe_error_invalid_key"
  )
  expect_error(
    store$delete("out/secret"),
    class = "crossframe_error_invalid_key"
  )
  expect_error(store$list("../"), class = "crossframe_error_invalid_key")
  expect_identical(nrow(store$list()), 0L)
  expect_identical(nrow(store$list("out/")), 0L)
  expect_identical(list.files(outside), "secret")
})

test_that("links within the root are followed, and circles end", {
  root <- new_root()
  store <- cf_store_folder(root)
  store$put("data/x", bytes("x"))
  file.symlink(file.path(root, "data"), file.path(root, "again"))
  file.symlink(root, file.path(root, "data", "circle"))
  file.symlink("self", file.path(root, "self"))
  expect_true(all(c("again/x", "data/x") %in% store$list()$key))
  expect_identical(store$get("again/x"), bytes("x"))
})

test_that("what is the store's own is no key", {
  root <- new_root()
  store <- cf_store_folder(root)
  store$put("k", bytes("x"))
  dir.create(file.path(root, ".crossframe", "versions"), recursive = TRUE)
  writeLines("x", file.path(root, ".crossframe", "versions", "k"))
  writeLines("x", file.path(root, ".crossframe-tmp-0123"))
  expect_identical(store$list()$key, "k")
  expect_identical(store$list(".crossframe")$key, character())
  expect_identical(
    store$children(),
    list(prefixes = character(), objects = store$list())
  )
  expect_error(
    store$get(".crossframe/versions/k"),
    class = "crossframe_error_object_not_found"
  )
  expect_error(
    store$put(".crossframe/k", bytes("x")),
    "the store's own",
    class = "crossframe_error_invalid_key"
  )
  expect_error(
    store$put("a/.crossframe-tmp-1", bytes("x")),
    class = "crossframe_error_invalid_key"
  )
  store$put(".crossframe.rds", bytes("x"))
  expect_identical(store$list(".c")$key, ".crossframe.rds")
})

test_that("folders left empty go, and an empty folder is no prefix", {
  root <- new_root()
  store <- cf_store_folder(root)
  store$put("a/b/c", bytes("x"))
  dir.create(file.path(root, "empty", "er"), recursive = TRUE)
  expect_identical(store$children()$prefixes, "a/")
  store$delete("a/b/c")
  expect_identical(list.files(root), "empty")
  store$put("empty/er", bytes("x"))
  expect_identical(store$get("empty/er"), bytes("x"))
  store$delete("empty/er")
  expect_true(dir.exists(root))
})

test_that("a folder can't hold an object above another, and says so", {
  store <- cf_store_folder(new_root())
  store$put("a", bytes("x"))
  expect_error(
    store$put("a/b", bytes("x")),
    "the beginning of this one",
    class = "crossframe_error_invalid_key"
  )
  store$put("c/d", bytes("x"))
  expect_error(
    store$put("c", bytes("x")),
    "objects below 'c/'",
    class = "crossframe_error_invalid_key"
  )
  expect_error(store$get("c"), class = "crossframe_error_object_not_found")
  expect_error(
    store$put(strrep("n", 300), bytes("x")),
    "can't hold that name",
    class = "crossframe_error_invalid_key"
  )
  expect_identical(store$list()$key, c("a", "c/d"))
})

test_that("the ETag is Python's, to the nanosecond", {
  root <- new_root()
  store <- cf_store_folder(root)
  etag <- store$put("k", bytes("hello"))$etag
  stat <- system2(
    "stat",
    c("--format=%s_%.9Y", file.path(root, "k")),
    stdout = TRUE
  )
  parts <- strsplit(stat, "[_.]")[[1]]
  ns <- paste0(parts[2], parts[3])
  # Hexadecimal by long division: a double can't hold that many nanoseconds.
  digits <- character()
  while (nchar(ns)) {
    rest <- 0
    quotient <- ""
    for (digit in strsplit(ns, "")[[1]]) {
      rest <- rest * 10 + as.integer(digit)
      quotient <- paste0(quotient, rest %/% 16)
      rest <- rest %% 16
    }
    digits <- c(sprintf("%x", as.integer(rest)), digits)
    ns <- sub("^0+", "", quotient)
  }
  expect_identical(etag, paste0("5-", paste(digits, collapse = "")))
})

test_that("a write that fails leaves what was there, and nothing else", {
  skip_if(
    Sys.info()[["user"]] == "root" && !nzchar(Sys.which("mount")),
    "no file system to fill"
  )
  full <- tempfile("full-")
  dir.create(full)
  mounted <- suppressWarnings(system2(
    "mount",
    c("-t", "tmpfs", "-o", "size=64k", "tmpfs", full),
    stderr = FALSE
  ))
  skip_if(mounted != 0, "no right to mount a small file system")
  on.exit(system2("umount", full))
  store <- cf_store_folder(full)
  old <- store$put("d.rds", bytes("old"))
  expect_error(
    store$put("d.rds", raw(200000)),
    "is full",
    class = "crossframe_error_unavailable"
  )
  expect_identical(store$get("d.rds"), bytes("old"))
  expect_identical(list.files(full, all.files = TRUE, no.. = TRUE), "d.rds")
})

test_that("if_absent has one winner of many, and leaves no file behind", {
  skip_on_os("windows")
  root <- new_root()
  store <- cf_store_folder(root)
  tries <- parallel::mclapply(
    1:12,
    function(i) {
      tryCatch(
        store$put("k", charToRaw(as.character(i)), if_absent = TRUE)$etag,
        error = function(e) class(e)[1]
      )
    },
    mc.cores = 2
  )
  expect_identical(sum(unlist(tries) != "crossframe_error_object_exists"), 1L)
  expect_identical(list.files(root, all.files = TRUE, no.. = TRUE), "k")
})

test_that("names do not pass through the locale", {
  root <- new_root()
  old <- Sys.getlocale("LC_CTYPE")
  on.exit(Sys.setlocale("LC_CTYPE", old))
  Sys.setlocale("LC_CTYPE", "C")
  store <- cf_store_folder(root)
  key <- "donn\u00e9es/\u6f22.rds"
  store$put(key, bytes("x"))
  expect_identical(charToRaw(store$list()$key), charToRaw(key))
  expect_identical(store$get(key), bytes("x"))
  memory <- cf_store_memory()
  memory$put(key, bytes("x"))
  expect_identical(charToRaw(memory$list()$key), charToRaw(key))
  Sys.setlocale("LC_CTYPE", old)
  expect_identical(store$list()$key, enc2utf8(key))
})
