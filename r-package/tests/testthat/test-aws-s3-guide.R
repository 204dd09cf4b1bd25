# The R chapter of an S3 guide, function by function, as its readers type it: on SeaweedFS, reached by the
# environment or by arguments as at a data lab, and on a folder. Only the `library()` line is another.

chapters <- list(
  "a folder" = function(chapter) {
    chapter(tempfile("lab-"), function() character())
  },
  SeaweedFS = function(chapter) {
    with_env(
      start_server("seaweedfs"),
      chapter(new_bucket("seaweedfs"), function() bucketlist()$Bucket)
    )
  },
  "SeaweedFS, with region = \"\" and use_https = FALSE" = function(chapter) {
    server <- start_server("seaweedfs")
    bucket <- new_bucket("seaweedfs")
    host <- sub("^http://", "", server[["AWS_ENDPOINT_URL_S3"]])
    reached <- c(
      server[c("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")],
      AWS_S3_ENDPOINT = host
    )
    with_env(
      reached,
      chapter(
        bucket,
        function() bucketlist(region = "", use_https = FALSE)$Bucket,
        region = "",
        use_https = FALSE
      )
    )
  }
)

on_chapters <- function(promise, code) {
  for (place in names(chapters)) {
    test_that(paste0(place, ": ", promise), {
      if (place != "a folder") {
        skip_on_cran()
      }
      old <- setwd(tempdir())
      on.exit(setwd(old))
      chapters[[place]](code)
    })
  }
}

on_chapters("the chapter runs from its first line to its last", {
  function(b, buckets, ...) {
    opts <- list(...)
    # List buckets
    if (length(buckets())) {
      expect_true(b %in% buckets())
    }
    # Save and load a data frame
    df <- data.frame(x = 1:3, y = c("a", "b", NA))
    kept <- df
    s3save(df, bucket = b, object = "foo/bar/baz/df", opts = opts)
    rm(df)
    s3load(object = "foo/bar/baz/df", bucket = b, ...)
    expect_identical(df, kept)
    # List objects, and as a data frame
    objects <- get_bucket(b, ...)
    expect_identical(objects[[1]]$Key, "foo/bar/baz/df")
    bdf <- get_bucket_df(b, ...)
    expect_identical(bdf$Key, "foo/bar/baz/df")
    # Upload a file
    write.csv(df, "df.csv", row.names = FALSE)
    expect_true(put_object("df.csv", "foo/bar/baz/df.csv", b, ...))
    # Read a CSV without a file
    read <- s3read_using(
      read.csv,
      object = "foo/bar/baz/df.csv",
      bucket = b,
      opts = opts
    )
    expect_identical(read, kept)
    # Download a file
    unlink("df.csv")
    expect_identical(save_object("foo/bar/baz/df.csv", b, ...), "df.csv")
    expect_identical(read.csv("df.csv"), kept)
    unlink("df.csv")
    # All that match a pattern
    e <- 1
    f <- 2
    s3save(e, f, bucket = b, object = "foo/bar/baz/ef", opts = opts)
    delete_object("foo/bar/baz/df.csv", b, ...)
    bdf <- get_bucket_df(b, ...)
    rm(df, e, f)
    matches <- bdf$Key[grep("^foo/bar/baz/", bdf$Key)]
    for (match in matches) {
      s3load(object = match, bucket = b, ...)
    }
    expect_identical(list(df, e, f), list(kept, 1, 2))
  }
})

on_chapters("a listing has all keys, not the first thousand", {
  function(b, buckets, ...) {
    location <- aws_location("", b, list(...))
    keys <- sprintf("many/%04d", 1:1005)
    for (key in keys) {
      location$store$put(key, raw(1))
    }
    expect_identical(get_bucket_df(b, prefix = "many/", ...)$Key, keys)
    expect_length(get_bucket(b, prefix = "many/", ...), 1005)
    expect_true(delete_object(keys, b, ...))
    expect_identical(nrow(get_bucket_df(b, prefix = "many/", ...)), 0L)
  }
})
