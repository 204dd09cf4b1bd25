place <- function(uri, ...) {
  found <- resolve(uri, ...)
  c(found$store$uri, found$key)
}

test_that("a relative key is below the root, wherever that is", {
  with_env(character(), {
    old <- options(crossframe.root = NULL)
    on.exit(options(old))
    here <- paste0("file://", getwd())
    expect_identical(place("a/b.rds"), c(here, "a/b.rds"))
    Sys.setenv(CROSSFRAME_ROOT = "/data/lab/")
    expect_identical(place("a/b.rds"), c("file:///data/lab", "a/b.rds"))
    Sys.setenv(CROSSFRAME_ROOT = "s3://lab-data/team")
    expect_identical(place("a/b.rds"), c("s3://lab-data/team", "a/b.rds"))
    cf_set_root("s3://other")
    expect_identical(place("a/b.rds"), c("s3://other", "a/b.rds"))
    expect_identical(place("a/b.rds", root = "/x"), c("file:///x", "a/b.rds"))
    cf_set_root(NULL)
    expect_identical(place("b"), c("s3://lab-data/team", "b"))
    Sys.unsetenv("CROSSFRAME_ROOT")
  })
})

test_that("a whole URI or path stands for itself", {
  with_env(character(), {
    expect_identical(
      place("s3://lab/a/b=c d.rds"),
      c("s3://lab", "a/b=c d.rds")
    )
    expect_identical(
      place("file:///tmp/x%20y/d.rds"),
      c("file:///tmp/x y", "d.rds")
    )
    expect_identical(
      place("/tmp/x/*/d_{n:int}.rds"),
      c("file:///tmp/x", "*/d_{n:int}.rds")
    )
    expect_identical(
      place("/data/lab/a/b", root = "/data/lab"),
      c("file:///data/lab", "a/b")
    )
    expect_identical(
      place("/data/lab2/b", root = "/data/lab"),
      c("file:///data/lab2", "b")
    )
    expect_identical(
      place("https://host/a/x%20y.rds?X-Amz-Signature=secret"),
      c("https://host/a", "x y.rds")
    )
    expect_error(
      resolve("ftp://host/x.rds"),
      class = "crossframe_error_invalid_uri"
    )
  })
})

test_that("a store can be the root, and the old root is given back", {
  store <- cf_store_memory()
  old <- cf_set_root(store)
  on.exit(cf_set_root(old))
  expect_identical(resolve("a/b")$store, store)
  expect_identical(cf_set_root(NULL), store)
  expect_error(
    cf_set_root("https://host/x"),
    class = "crossframe_error_invalid_uri"
  )
})

test_that("an S3 store is kept until something that decides on it changes", {
  with_env(c(AWS_ACCESS_KEY_ID = "a", AWS_SECRET_ACCESS_KEY = "b"), {
    first <- resolve("s3://lab/k")$store
    expect_identical(resolve("s3://lab/other")$store, first)
    Sys.setenv(AWS_S3_ENDPOINT = "minio.test")
    expect_match(resolve("s3://lab/k")$store$about[["endpoint"]], "minio.test")
    with_options <- resolve(
      "s3://lab/k",
      options = list(endpoint = "http://h:1")
    )$store
    expect_match(with_options$about[["endpoint"]], "http://h:1")
    Sys.unsetenv("AWS_S3_ENDPOINT")
  })
})
