# Each test runs on a folder and on a bucket of a server, with the words of aws.s3.
on_buckets <- function(test) {
  test(bucket = tempfile("lab-"))
  test(bucket = cf_store_memory())
  if (identical(Sys.getenv("NOT_CRAN"), "true")) {
    server <- start_server("moto")
    bucket <- new_bucket("moto")
    with_env(server, test(bucket = bucket))
    # As on a data lab's server: host without scheme, use_https = FALSE, region = "".
    host <- sub("^http://", "", server[["AWS_ENDPOINT_URL_S3"]])
    with_env(
      c(
        server[c("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")],
        AWS_S3_ENDPOINT = host
      ),
      test(bucket = new_bucket("moto"), use_https = FALSE, region = "")
    )
  }
}

# What s3load() makes of a key.
objects_in <- function(store, key) {
  loaded <- new.env()
  s3load(key, store, envir = loaded)
  as.list(loaded, sorted = TRUE)
}

test_that("s3save() takes symbols, strings and list=, from its caller or envir", {
  lab <- cf_store_memory()
  a <- 1
  b <- 2
  expect_invisible(s3save(a, "b", object = "x", bucket = lab))
  expect_identical(objects_in(lab, "x"), list(a = 1, b = 2))
  s3save(list = c("b", "a"), object = "x", bucket = lab)
  expect_identical(names(rdata_decode(lab$get("x"))), c("b", "a"))
  elsewhere <- new.env()
  elsewhere$z <- "z"
  s3save(z, object = "x", bucket = lab, envir = elsewhere)
  expect_identical(objects_in(lab, "x"), list(z = "z"))
  s3save(
    a,
    object = "x",
    bucket = lab,
    compress = "xz",
    version = 2,
    key = "k",
    secret = "s"
  )
  expect_identical(
    lab$get("x")[1:6],
    as.raw(c(0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00))
  )
  s3save(a, object = "level", bucket = lab, compression_level = 9)
  expect_identical(get_object("level", lab)[1:2], as.raw(c(0x1f, 0x8b)))
  s3save(a, object = "x", bucket = lab, compress = FALSE)
  expect_identical(rawToChar(lab$get("x")[1:4]), "RDX3")
  expect_error(
    s3save(nothing_of_that_name, object = "x", bucket = lab),
    class = "crossframe_error_usage"
  )
  expect_error(
    s3save(a + b, object = "x", bucket = lab),
    class = "crossframe_error_usage"
  )
  expect_error(
    s3save(a, object = "x", bucket = lab, bukcet = "y"),
    "bukcet",
    class = "crossframe_error_usage"
  )
})

test_that("s3load() assigns what is asked for, and no code", {
  lab <- cf_store_memory()
  nothing <- NULL
  s3save(nothing, object = "n", bucket = lab)
  target <- new.env()
  expect_invisible(s3load("n", lab, target))
  expect_true(exists("nothing", envir = target, inherits = FALSE))
  run <- function() stop("ran")
  s3save(run, object = "code", bucket = lab)
  expect_error(
    s3load("code", lab, target),
    class = "crossframe_error_unsafe_data"
  )
  expect_false(exists("run", envir = target, inherits = FALSE))
  expect_error(s3load("gone", lab), class = "crossframe_error_object_not_found")
})

test_that("RDS goes both ways, and the zlib streams of old versions are read", {
  on_buckets(function(bucket, ...) {
    mine <- CO2
    expect_true(s3saveRDS(mine, bucket = bucket, ...))
    expect_true(object_exists("mine.rds", bucket, ...))
    expect_identical(s3readRDS("mine.rds", bucket, ...), CO2)
    s3saveRDS(mine, "x/y.rds", bucket, compress = FALSE, ...)
    expect_identical(s3readRDS(object = "x/y.rds", bucket = bucket, ...), CO2)
    old <- memCompress(serialize(CO2, NULL), "gzip")
    expect_identical(old[1:2], as.raw(c(0x78, 0x9c)))
    put_object(old, "old.rds", bucket, ...)
    expect_identical(s3readRDS("old.rds", bucket, ...), CO2)
    expect_error(
      s3readRDS("gone.rds", bucket, ...),
      class = "crossframe_error_object_not_found"
    )
  })
})

test_that("any reader and writer works on an object", {
  lab <- cf_store_memory()
  expect_true(s3write_using(
    cars,
    write.csv,
    row.names = FALSE,
    object = "c.csv",
    bucket = lab
  ))
  expect_equal(s3read_using(read.csv, object = "c.csv", bucket = lab), cars)
  expect_identical(
    s3read_using(
      basename,
      object = "c.csv",
      bucket = lab,
      filename = "mine.csv"
    ),
    "mine.csv"
  )
  extension <- s3read_using(
    function(path) sub("^[^.]*", "", basename(path)),
    object = "c.csv",
    bucket = lab
  )
  expect_identical(extension, ".csv")
  expect_error(
    s3write_using(cars, function(x, path) NULL, object = "n", bucket = lab),
    class = "crossframe_error_usage"
  )
  expect_false(object_exists("n", lab))
})

test_that("put_object() takes raw, text, files and connections", {
  lab <- cf_store_memory()
  put_object(as.raw(0:3), "raw", lab)
  expect_identical(get_object("raw", lab), as.raw(0:3))
  put_object("hello\nyou", "text", lab)
  expect_identical(get_object("text", lab, as = "text"), "hello\nyou")
  path <- temporary_path(".txt")
  writeLines(c("a", "b"), path)
  put_object(path, bucket = lab)
  put_object(file = path, object = "named", bucket = lab)
  put_object(file(path), "connection", lab)
  for (key in c(basename(path), "named", "connection")) {
    expect_identical(get_object(key, lab, as = "text"), "a\nb\n")
  }
  expect_error(
    put_object("no-such-file.csv", "x", lab),
    "no-such-file",
    class = "crossframe_error_usage"
  )
  expect_error(
    put_object(as.raw(1), bucket = lab),
    class = "crossframe_error_usage"
  )
  expect_error(put_object(1:3, "x", lab), class = "crossframe_error_usage")
  expect_error(
    put_object(file = tempfile(), object = "x", bucket = lab),
    class = "crossframe_error_usage"
  )
  expect_error(
    put_object(object = "x", bucket = lab),
    "'what' and 'file'",
    class = "crossframe_error_usage"
  )
  expect_error(
    put_object(as.raw(1), file = path, object = "x", bucket = lab),
    class = "crossframe_error_usage"
  )
  put_object(file = file(path), bucket = lab)
  expect_identical(get_object(basename(path), lab, as = "text"), "a\nb\n")
})

test_that("headers and ACLs say what they can, and warn of the rest", {
  lab <- cf_store_memory()
  put <- function(...) put_object(as.raw(1), "x", lab, ...)
  put(
    acl = "private",
    headers = list(
      "Content-Type" = "image/png",
      "x-amz-meta-sample" = "s1",
      "x-amz-acl" = "private"
    )
  )
  meta <- lab$head("x")
  expect_identical(meta$media_type, "image/png")
  expect_identical(meta$metadata, c(sample = "s1"))
  expect_warning(
    put(acl = "public-read"),
    "public-read.*cf_publish",
    class = "crossframe_warning_ignored"
  )
  expect_warning(
    put(headers = list("x-amz-server-side-encryption" = "AES256")),
    "server-side-encryption",
    class = "crossframe_warning_ignored"
  )
})

test_that("verbose names the object, show_progress shows a bar", {
  lab <- cf_store_memory()
  expect_message(
    put_object(as.raw(1:9), "x", lab, verbose = TRUE),
    "S3: memory.*/x"
  )
  told <- bars_told({
    expect_true(put_object(as.raw(1:9), "x", lab, show_progress = TRUE))
    expect_identical(
      get_object("x", lab, show_progress = TRUE),
      as.raw(1:9)
    )
  })
  expect_identical(told, list(c(9, 9), c(9, 9)))
  expect_silent(get_object("x", lab, verbose = FALSE, show_progress = FALSE))
})

test_that("save_object() writes where it is told", {
  lab <- cf_store_memory()
  put_object(as.raw(0:3), "a/b.bin", lab)
  path <- file.path(tempfile(), "deep", "b.bin")
  expect_identical(save_object("a/b.bin", lab, path), path)
  expect_identical(readBin(path, "raw", 9), as.raw(0:3))
  expect_error(
    save_object("a/b.bin", lab, path, overwrite = FALSE),
    class = "crossframe_error_usage"
  )
  expect_error(
    save_object("gone", lab, tempfile()),
    class = "crossframe_error_object_not_found"
  )
})

test_that("listings have aws.s3's columns, all of text", {
  on_buckets(function(bucket, ...) {
    for (key in c("b", "a/x", "a/y/z", "A=1 +%20\u00e9")) {
      put_object(as.raw(1:3), key, bucket, ...)
    }
    bdf <- get_bucket_df(bucket, ...)
    columns <- c(
      "Key",
      "LastModified",
      "ETag",
      "Size",
      "Owner_ID",
      "Owner_DisplayName",
      "StorageClass",
      "Bucket"
    )
    expect_named(bdf, columns)
    expect_true(all(vapply(bdf, is.character, NA)))
    expect_identical(bdf$Key, c("A=1 +%20\u00e9", "a/x", "a/y/z", "b"))
    expect_identical(unique(bdf$Size), "3")
    expect_match(
      bdf$LastModified,
      "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}[.]000Z$"
    )
    expect_match(bdf$ETag, '^".+"$')
    expect_identical(get_bucket_df(bucket, "a/", ...)$Key, c("a/x", "a/y/z"))
    expect_identical(
      get_bucket_df(bucket, prefix = "a/", delimiter = "/", ...)$Key,
      "a/x"
    )
    expect_identical(get_bucket_df(bucket, max = 2, ...)$Key, bdf$Key[1:2])
    expect_identical(
      get_bucket_df(bucket, marker = "a/x", ...)$Key,
      c("a/y/z", "b")
    )
    listed <- get_bucket(bucket, ...)
    expect_s3_class(listed, "s3_bucket")
    expect_length(listed, 4)
    expect_s3_class(listed[[2]], "s3_object")
    expect_identical(listed[[2]]$Key, "a/x")
    expect_identical(listed[[2]]$Size, 3)
    expect_identical(as.data.frame(listed), bdf)
    expect_output(print(listed), "Key: +a/x")
    level <- get_bucket(bucket, prefix = "a/", delimiter = "/", ...)
    expect_identical(attr(level, "CommonPrefixes"), "a/y/")
    expect_identical(
      attr(get_bucket(bucket, max = 2, ...), "IsTruncated"),
      "true"
    )
    level <- get_bucket(bucket, prefix = "a", delimiter = "y", ...)
    expect_identical(attr(level, "CommonPrefixes"), "a/y")
    expect_true(delete_object("b", bucket, ...))
    expect_false(object_exists("b", bucket, ...))
    expect_true(delete_object(c("a/x", "a/y/z"), bucket, ...))
    expect_identical(get_bucket_df(bucket, ...)$Key, "A=1 +%20\u00e9")
    none <- get_bucket_df(bucket, prefix = "none", ...)
    expect_identical(nrow(none), 0L)
    expect_identical(unique(vapply(none, typeof, "")), "character")
  })
})

test_that("an element of a bucket and an s3:// URI are objects", {
  skip_on_cran()
  server <- start_server("moto")
  bucket <- new_bucket("moto")
  with_env(server, {
    x <- 1
    s3save(x, object = sprintf("s3://%s/x", bucket))
    expect_true(object_exists(get_bucket(bucket)[[1]]))
    expect_null(s3load(sprintf("s3://%s/x", bucket), envir = new.env()))
    buckets <- bucketlist()
    expect_named(buckets, c("Bucket", "CreationDate"))
    expect_true(bucket %in% buckets$Bucket)
    expect_true(delete_object(get_bucket(bucket)[[1]]))
  })
  host <- sub("^http://", "", server[["AWS_ENDPOINT_URL_S3"]])
  with_env(character(), {
    x <- 2
    s3save(
      x,
      object = "y",
      bucket = bucket,
      opts = list(
        base_url = host,
        use_https = FALSE,
        region = "",
        key = server[["AWS_ACCESS_KEY_ID"]],
        secret = server[["AWS_SECRET_ACCESS_KEY"]]
      )
    )
  })
  with_env(server, expect_true(object_exists("y", bucket)))
})

test_that("without a bucket the root is meant", {
  with_root({
    d <- cars
    s3save(d, object = "foo/d")
    expect_true(object_exists("foo/d"))
    expect_identical(cf_load("foo/d"), cars)
    expect_identical(get_bucket_df(prefix = "foo")$Key, "foo/d")
  })
})
