# The rest of aws.s3's words, on a folder and on a bucket.

on_a_bucket <- function(promise, code) {
  for (kind in c("folder", "moto", "seaweedfs")) {
    test_that(paste0(kind, ": ", promise), {
      if (kind == "folder") {
        code(tempfile("lab-"))
      } else {
        with_env(start_server(kind), code(new_bucket(kind)))
      }
    })
  }
}

on_a_bucket("an object is looked at, copied and sized", function(bucket) {
  put_object(charToRaw("hello"), "a/one.txt", bucket)
  found <- head_object("a/one.txt", bucket)
  expect_true(isTRUE(as.logical(found)))
  expect_identical(attr(found, "content-length"), "5")
  expect_identical(attr(found, "content-type"), "text/csv")
  expect_match(attr(found, "etag"), '^".+"$')
  expect_match(
    attr(found, "last-modified"),
    "^(Sun|Mon|Tue|Wed|Thu|Fri|Sat), [0-9]{2} [A-Z][a-z]{2} [0-9]{4} [0-9:]{8} GMT$"
  )
  expect_identical(object_size("a/one.txt", bucket), 5L)
  copied <- copy_object("a/one.txt", "b/two.txt", bucket, bucket)
  expect_named(copied, c("LastModified", "ETag"))
  expect_identical(get_object("b/two.txt", bucket, as = "text"), "hello")
  expect_false(head_object("nothing", bucket))
  expect_identical(object_size("nothing", bucket), NA_integer_)
  expect_error(
    copy_object("nothing", "b/three.txt", bucket, bucket),
    class = "crossframe_error_object_not_found"
  )
})

on_a_bucket("a script is sourced, an image saved", function(bucket) {
  put_object(charToRaw("from_afar <- 40 + 2"), "code.R", bucket)
  here <- new.env()
  s3source("code.R", bucket, local = here)
  expect_identical(here$from_afar, 42)
  assign(".kept_by_the_image", 1:3, envir = globalenv())
  on.exit(rm(".kept_by_the_image", envir = globalenv()))
  expect_true(s3save_image("image.RData", bucket))
  location <- aws_location("image.RData", bucket)
  # A workspace holds what whoever runs the tests has in it, code included.
  objects <- suppressWarnings(
    rdata_decode(location$store$get(location$key), trust = TRUE),
    classes = "crossframe_warning_trusted"
  )
  expect_identical(objects[[".kept_by_the_image"]], 1:3)
})

on_a_bucket("a folder and a bucket are made alike", function(bucket) {
  here <- dirname(text_file("one", "1.txt"))
  dir.create(file.path(here, "sub"))
  writeBin(charToRaw("two"), file.path(here, "sub", "2.txt"))
  put_object(charToRaw("three"), "p/3.txt", bucket)
  put_object(charToRaw("beside"), "q.txt", bucket)
  expect_true(s3sync(here, bucket, "p/", "upload", verbose = FALSE))
  expect_identical(
    get_bucket_df(bucket, prefix = "p/")$Key,
    c("p/1.txt", "p/3.txt", "p/sub/2.txt")
  )
  expect_false(file.exists(file.path(here, "3.txt")))
  expect_message(s3sync(here, bucket, "p/"), "<== 3.txt", fixed = TRUE)
  expect_identical(text_in(file.path(here, "3.txt")), "three")
  expect_false(file.exists(file.path(here, "q.txt")))
  # the newer wins; what is the same stays
  writeBin(charToRaw("ONE"), file.path(here, "1.txt"))
  Sys.setFileTime(file.path(here, "1.txt"), Sys.time() + 60)
  writeBin(charToRaw("TWO"), file.path(here, "sub", "2.txt"))
  Sys.setFileTime(file.path(here, "sub", "2.txt"), Sys.time() - 3600)
  said <- testthat::capture_messages(s3sync(here, bucket, "p/"))
  expect_setequal(said, c("==> 1.txt\n", "<== sub/2.txt\n"))
  expect_identical(get_object("p/1.txt", bucket, as = "text"), "ONE")
  expect_identical(text_in(file.path(here, "sub", "2.txt")), "two")
  expect_silent(s3sync(here, bucket, "p/"))
})

test_that("a key can't make s3sync() leave its folder", {
  here <- dirname(text_file("one"))
  store <- cf_store_memory()
  store$list <- function(prefix = "") new_listing("../evil.txt", 1, 0, "e")
  expect_error(
    s3sync(here, store, direction = "download", verbose = FALSE),
    class = "crossframe_error_invalid_key"
  )
  expect_false(file.exists(file.path(dirname(here), "evil.txt")))
})

test_that("buckets come and go", {
  for (kind in c("moto", "seaweedfs")) {
    with_env(start_server(kind), {
      bucket <- sprintf("aws-%s-%d", kind, Sys.getpid())
      expect_false(bucket_exists(bucket))
      expect_true(put_bucket(bucket))
      expect_true(bucket_exists(bucket))
      expect_true(put_folder("empty", bucket))
      expect_true("empty/" %in% get_bucket_df(bucket)$Key)
      put_object(charToRaw("x"), "a/b.txt", bucket)
      delete_object("empty/", bucket)
      expect_error(
        delete_bucket(bucket),
        "not empty",
        class = "crossframe_error_usage"
      )
      delete_object("a/b.txt", bucket)
      expect_true(delete_bucket(bucket))
      expect_false(bucket_exists(bucket))
    })
  }
})

test_that("a folder is a bucket that comes and goes", {
  bucket <- tempfile("lab-")
  expect_false(bucket_exists(bucket))
  expect_true(put_bucket(bucket))
  expect_true(bucket_exists(bucket))
  put_object(charToRaw("x"), "a.txt", bucket)
  expect_error(delete_bucket(bucket), "not empty", class = "crossframe_error")
  # what was deleted is still kept
  delete_object("a.txt", bucket)
  expect_error(delete_bucket(bucket), class = "crossframe_error")
  unlink(file.path(bucket, ".crossframe"), recursive = TRUE)
  expect_true(delete_bucket(bucket))
  expect_false(dir.exists(bucket))
})
