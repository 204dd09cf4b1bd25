# Any reader or writer on a key: functions of a path, and connections.

writeLines_to <- function(x, path) writeLines(x, path)

on_roots(
  "a function that reads or writes a file does so on a key",
  function(kind) {
    told <- cf_write_using(write.csv, cars, "a/cars.csv", row.names = FALSE)
    expect_identical(told$key, "a/cars.csv")
    expect_identical(told$bytes, cf_ls("a")$size)
    expect_equal(cf_read_using(read.csv, "a/cars.csv", nrows = 2), cars[1:2, ])
    path <- cf_read_using(function(path) path, "a/cars.csv")
    expect_true(endsWith(path, ".csv"))
    expect_false(file.exists(path))
  }
)

test_that("a writer that fails, or writes nothing, puts nothing", {
  with_root({
    put_text("a.txt", "before")
    before <- list.files(tempdir(), "^crossframe-")
    half <- function(x, path) {
      writeLines("half", path)
      stop("gave up")
    }
    expect_error(cf_write_using(half, 1, "a.txt"), "gave up")
    expect_error(
      cf_write_using(function(x, path) NULL, 1, "a.txt"),
      class = "crossframe_error_usage"
    )
    expect_error(
      cf_read_using("read.csv", "a.txt"),
      class = "crossframe_error_usage"
    )
    expect_identical(text_at("a.txt"), "before")
    expect_identical(list.files(tempdir(), "^crossframe-"), before)
  })
})

test_that("a version can be read, and a taken key refused", {
  with_root({
    put_text("a.txt", "one")
    put_text("a.txt", "two")
    id <- cf_versions("a.txt")$version[2]
    expect_identical(cf_read_using(text_in, "a.txt", version = id), "one")
    con <- cf_open("a.txt", "rb", version = id)
    expect_identical(readChar(con, 10), "one")
    close(con)
    expect_error(
      cf_write_using(writeLines_to, "x", "a.txt", overwrite = FALSE),
      class = "crossframe_error_object_exists"
    )
  })
})

on_roots("a connection reads text, lines and bytes", function(kind) {
  put_text("a.txt", "one\ntwo\n")
  for (mode in c("r", "rt")) {
    con <- cf_open("a.txt", mode)
    expect_s3_class(con, "connection")
    expect_identical(readLines(con, 1), "one")
    expect_identical(readLines(con), "two")
    close(con)
  }
  con <- cf_open("a.txt", "rb")
  expect_identical(readBin(con, "raw", 100), charToRaw("one\ntwo\n"))
  close(con)
  cf_save(cars, "cars.csv.gz", schema = FALSE)
  con <- cf_open("cars.csv.gz")
  expect_equal(read.csv(con)$dist, cars$dist)
  close(con)
})

on_roots(
  "what is written to a connection is put when it is closed",
  function(kind) {
    con <- cf_open("a.csv", "w", metadata = c(k = "v"))
    write.csv(cars, con, row.names = FALSE)
    expect_identical(keys_there(), character())
    close(con)
    expect_equal(cf_read_using(read.csv, "a.csv"), cars)
    location <- resolve("a.csv")
    meta <- location$store$head(location$key)
    expect_identical(meta$media_type, "text/csv")
    expect_identical(meta$metadata, c(k = "v"))
    con <- cf_open("b.bin", "wb")
    writeBin(as.raw(0:255), con)
    close(con)
    expect_identical(
      cf_read_using(readBin, "b.bin", "raw", 999),
      as.raw(0:255)
    )
  }
)

test_that("close(put = FALSE) and mode x put nothing where they must not", {
  with_root({
    con <- cf_open("a.txt", "w")
    writeLines("x", con)
    close(con, put = FALSE)
    expect_identical(keys_there(), character())
    put_text("a.txt", "before")
    con <- cf_open("a.txt", "x")
    writeLines("x", con)
    expect_error(close(con), class = "crossframe_error_object_exists")
    expect_identical(text_at("a.txt"), "before")
    con <- cf_open("b.txt", "x")
    writeLines("x", con)
    close(con)
    expect_identical(text_at("b.txt"), "x\n")
  })
})

test_that("a connection that is never closed puts nothing and says so", {
  root <- tempfile("root-")
  script <- tempfile(fileext = ".R")
  writeLines(
    c(
      "library(crossframe)",
      sprintf("cf_set_root('%s')", root),
      "con <- cf_open('a.txt', 'w')",
      "writeLines('x', con)",
      "rm(con)",
      "invisible(gc())"
    ),
    script
  )
  # Why a session of its own: no handler sees what a finalizer says.
  said <- system2(
    file.path(R.home("bin"), "Rscript"),
    c("--vanilla", script),
    stdout = TRUE,
    stderr = TRUE,
    env = paste0("R_LIBS=", paste(.libPaths(), collapse = ":"))
  )
  expect_match(said, "Nothing was written to .*a.txt", all = FALSE)
  expect_false(file.exists(file.path(root, "a.txt")))
})

test_that("other modes say what to do", {
  with_root({
    for (mode in list("a", "r+", "rw", NULL, c("r", "w"), NA)) {
      expect_error(cf_open("a.txt", mode), class = "crossframe_error_usage")
    }
    expect_error(cf_open("a.txt", "a"), "written whole")
    expect_error(cf_open("../a.txt", "w"), class = "crossframe_error")
  })
})

test_that("what a file is called is no matter", {
  with_root({
    keys <- c(
      "a/.hidden",
      "odd name (1).tar.gz",
      paste0(strrep("k", 200), ".x")
    )
    for (key in keys) {
      cf_write_using(writeLines_to, "x", key)
      expect_identical(text_at(key), "x\n")
    }
  })
})
