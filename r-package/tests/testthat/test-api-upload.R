# Files up and down.

on_roots("a file goes up and comes down as it is", function(kind) {
  path <- text_file(paste(rep("line\r\n", 1e5), collapse = ""))
  told <- cf_upload(path, "a/", metadata = c(who = "me"))
  expect_identical(told$key, "a/hello.txt")
  expect_identical(told$bytes, file.size(path))
  expect_identical(told$etag, cf_ls("a")$etag)
  down <- tempfile()
  expect_identical(cf_download("a/hello.txt", down), down)
  expect_identical(tools::md5sum(down)[[1L]], tools::md5sum(path)[[1L]])
  location <- resolve("a/hello.txt")
  meta <- location$store$head(location$key)
  expect_identical(meta$metadata, c(who = "me"))
  expect_identical(meta$media_type, "text/csv")
})

on_roots("many by a pattern, or all below a folder", function(kind) {
  folder <- dirname(text_file("1", "1.txt"))
  dir.create(file.path(folder, "sub"))
  writeBin(charToRaw("2"), file.path(folder, "sub", "2.dat"))
  told <- cf_upload(folder, "a/")
  expect_identical(told$bytes, c(1, 1))
  expect_identical(told$key, c("a/1.txt", "a/sub/2.dat"))
  cf_upload(file.path(folder, "*.txt"), "b/")
  expect_identical(keys_there("b"), "b/1.txt")
  down <- tempfile()
  got <- cf_download("a/", paste0(down, "/"))
  expect_identical(got, file.path(down, c("1.txt", "sub/2.dat")))
  expect_identical(text_in(got[2]), "2")
  expect_error(
    cf_download("a/", tempfile()),
    class = "crossframe_error_usage"
  )
})

on_roots("a CSV keeps its types up and down", function(kind) {
  cf_save(typed(), "d.csv.gz")
  down <- file.path(tempfile(), "d.csv.gz")
  cf_download("d.csv.gz", down)
  expect_identical(cf_load(down), typed())
  cf_upload(down, "e.csv.gz")
  expect_silent(expect_identical(cf_load("e.csv.gz"), typed()))
  # another content, without one: the old must go
  plain <- text_file("y\n1\n", "e.csv")
  cf_upload(plain, "f.csv")
  cf_save(typed(), "f.csv")
  cf_upload(plain, "f.csv")
  expect_silent(expect_identical(cf_load("f.csv")$y, 1L))
})

on_roots("overwrite = FALSE refuses, both ways", function(kind) {
  path <- text_file("new")
  put_text("a.txt", "old")
  expect_error(
    cf_upload(path, "a.txt", overwrite = FALSE),
    class = "crossframe_error_object_exists"
  )
  expect_error(
    cf_download("a.txt", path, overwrite = FALSE),
    class = "crossframe_error_object_exists"
  )
  expect_identical(text_at("a.txt"), "old")
  expect_identical(text_in(path), "new")
  fresh <- tempfile()
  cf_download("a.txt", fresh, overwrite = FALSE)
  expect_identical(text_in(fresh), "old")
})

test_that("by default a download lands in the working folder", {
  folder <- tempfile("here-")
  dir.create(folder)
  old <- setwd(folder)
  on.exit(setwd(old))
  with_root({
    put_text("a/b.txt", "x")
    cf_download("a/b.txt")
    expect_identical(text_in("b.txt"), "x")
    cf_download("a/b.txt", "~nothing/c.txt")
    expect_identical(text_in("./~nothing/c.txt"), "x")
  })
})

test_that("a download that fails leaves what was there, and nothing else", {
  store <- cf_store_memory()
  store$get_to <- function(key, path, version = NULL) {
    writeBin(charToRaw("half"), path)
    cf_abort("corrupt_object", "Can't read it: damaged.")
  }
  with_root(root = store, {
    put_text("a.txt", "whole")
    path <- text_file("before")
    expect_error(
      cf_download("a.txt", path),
      class = "crossframe_error_corrupt_object"
    )
    expect_identical(text_in(path), "before")
    left <- list.files(dirname(path), all.files = TRUE, no.. = TRUE)
    expect_identical(left, basename(path))
  })
})

test_that("a key can't make a download leave its folder", {
  store <- cf_store_memory()
  store$list <- function(prefix = "") {
    new_listing("a/../../evil.txt", 1, 0, "e")
  }
  with_root(root = store, {
    expect_error(
      cf_download("a/**", paste0(tempfile(), "/")),
      class = "crossframe_error_invalid_key"
    )
    expect_error(
      cf_download("a/..", tempfile()),
      class = "crossframe_error"
    )
  })
})

test_that("a file that is not there is named", {
  with_root({
    expect_error(
      cf_upload(tempfile("nowhere-"), "a.txt"),
      "nowhere-",
      class = "crossframe_error_object_not_found"
    )
    expect_error(cf_upload(NULL, "a.txt"), class = "crossframe_error_usage")
    path <- text_file("x", "a[1].txt")
    cf_upload(path, "a/")
    expect_identical(keys_there(), "a/a[1].txt")
  })
})
