new_root <- function() {
  root <- tempfile("root-")
  dir.create(root)
  root
}


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

# ---- Processes at once, processes killed ----

# Runs make(i) in a process each, all at once; what each gives, or the class of its error.
at_once <- function(count, make) {
  jobs <- lapply(seq_len(count), function(i) {
    parallel::mcparallel(tryCatch(
      make(i),
      crossframe_error = function(e) class(e)[1]
    ))
  })
  unname(parallel::mccollect(jobs))
}

test_that("twelve processes at once: one winner with if_absent, one with if_match", {
  root <- new_root()
  store <- cf_store_folder(root)
  race <- function(...) {
    unlist(at_once(12, function(i) store$put("k", bytes(paste(i)), ...)$etag))
  }
  tries <- race(if_absent = TRUE)
  lost <- tries == "crossframe_error_object_exists"
  expect_identical(sum(!lost), 1L)
  expect_identical(store$head("k")$etag, tries[!lost])
  expect_identical(text_of(store, "k"), as.character(which(!lost)))
  expect_identical(list.files(root, all.files = TRUE, no.. = TRUE), "k")
  # Why before: an argument not yet looked at would be found out by each process for itself.
  etag <- store$head("k")$etag
  tries <- race(if_match = etag)
  lost <- tries == "crossframe_error_precondition_failed"
  expect_identical(sum(!lost), 1L)
  expect_identical(text_of(store, "k"), as.character(which(!lost)))
  expect_identical(nrow(store$versions("k")), 2L)
})

test_that("no update is lost between processes, and no content of those that write without conditions", {
  root <- new_root()
  store <- cf_store_folder(root)
  store$put("count", bytes("0"))
  done <- at_once(4, function(i) {
    for (j in 1:10) {
      repeat {
        old <- store$head("count")
        count <- as.integer(text_of(store, "count", version = old$version))
        put <- try(
          store$put("count", bytes(paste(count + 1L)), if_match = old$etag),
          silent = TRUE
        )
        if (!inherits(put, "try-error")) break
      }
    }
    TRUE
  })
  expect_identical(done, rep(list(TRUE), 4))
  expect_identical(text_of(store, "count"), "40")
  Sys.setenv(CROSSFRAME_VERSIONS = "100")
  on.exit(Sys.unsetenv("CROSSFRAME_VERSIONS"))
  at_once(4, function(i) {
    for (j in 1:5) {
      store$put("k", bytes(paste(i, j)))
    }
    TRUE
  })
  kept <- sub(" [*]$", "", told_versions(store, "k"))
  expect_setequal(kept, paste("k", rep(1:4, each = 5), 1:5))
})

test_that("a reader sees one content or the other, and never a part or none", {
  store <- cf_store_folder(new_root())
  whole <- list(rep(bytes("a"), 200000), rep(bytes("b"), 100000))
  store$put("k", whole[[1]])
  end <- tempfile()
  writer <- parallel::mcparallel({
    turns <- 0
    while (!file.exists(end)) {
      turns <- turns + 1
      store$put("k", whole[[turns %% 2 + 1]])
    }
    turns
  })
  seen <- vapply(
    1:1000,
    function(i) {
      got <- store$get("k")
      if (identical(got, whole[[1]])) {
        1L
      } else if (identical(got, whole[[2]])) {
        2L
      } else {
        0L
      }
    },
    0L
  )
  file.create(end)
  turns <- parallel::mccollect(writer)[[1]]
  expect_false(any(seen == 0L))
  expect_gt(turns, 10)
  expect_true(all(1:2 %in% seen))
})

test_that("kill -9 in mid save leaves the old content whole, and a leftover that can be cleared away", {
  root <- new_root()
  store <- cf_store_folder(root)
  old <- store$put("k", bytes("old"))
  large <- tempfile()
  file.create(large)
  system2("truncate", c("-s", "3G", large))
  on.exit(unlink(c(large, root), recursive = TRUE))
  writer <- parallel::mcparallel(store$put_from("k", large))
  for (waited in 1:200) {
    left <- store$uploads()
    if (nrow(left)) {
      break
    }
    Sys.sleep(0.02)
  }
  tools::pskill(writer$pid, tools::SIGKILL)
  suppressWarnings(parallel::mccollect(writer))
  expect_identical(store$head("k")$etag, old$etag)
  expect_identical(text_of(store, "k"), "old")
  expect_identical(store$list()$key, "k")
  left <- store$uploads()
  expect_identical(nrow(left), 1L)
  store$abort(left[1, ])
  expect_identical(nrow(store$uploads()), 0L)
  # A lock goes with its process.
  store$put("k", bytes("new"), if_match = old$etag)
  expect_identical(text_of(store, "k"), "new")
})

test_that("a lock that somebody keeps is given up in the end", {
  root <- new_root()
  folder <- list(root = root, uri = paste0("file://", root))
  held <- folder_lock(folder, "k", create = TRUE)
  on.exit(folder_unlock(held))
  expect_error(
    folder_lock(folder, "k", create = TRUE, wait_s = 0.1),
    "another process is writing",
    class = "crossframe_error_unavailable"
  )
})

test_that("a disk that is full while a version is kept, or a stream goes out, loses nothing", {
  full <- tempfile("full-")
  dir.create(full)
  mounted <- suppressWarnings(system2(
    "mount",
    c("-t", "tmpfs", "-o", "size=256k", "tmpfs", full),
    stderr = FALSE
  ))
  skip_if(mounted != 0, "no right to mount a small file system")
  on.exit(system2("umount", full))
  store <- cf_store_folder(full)
  old <- store$put("d.rds", raw(60000), metadata = c(a = "b"))
  large <- local_file(raw(400000))
  expect_error(
    store$put_from("d.rds", large),
    "is full",
    class = "crossframe_error_unavailable"
  )
  expect_error(
    store$copy(
      "d.rds",
      "e.rds",
      source = local({
        other <- cf_store_folder(new_root())
        other$put("d.rds", raw(400000))
        other
      })
    ),
    "is full",
    class = "crossframe_error_unavailable"
  )
  expect_identical(store$head("d.rds")$etag, old$etag)
  expect_identical(store$head("d.rds")$metadata, c(a = "b"))
  expect_identical(nrow(store$uploads()), 0L)
  big <- cf_store_folder(new_root())
  big$put("k", raw(400000))
  expect_error(
    big$get_to("k", file.path(full, "local")),
    "local file",
    class = "crossframe_error_store"
  )
})

test_that("a temporary file of another's keeps the folder, and a pipe is no object", {
  root <- new_root()
  store <- cf_store_folder(root)
  skip_if(Sys.which("mkfifo") == "", "no pipes here")
  system2("mkfifo", file.path(root, "pipe"))
  expect_error(store$get("pipe"), class = "crossframe_error_object_not_found")
  expect_error(
    store$get_to("pipe", tempfile()),
    class = "crossframe_error_object_not_found"
  )
  expect_error(
    store$put_from("k", file.path(root, "pipe")),
    class = "crossframe_error"
  )
  expect_identical(nrow(store$list()), 0L)
})
