# What only the S3 store has to get right: its listings, and what a real server refuses.

test_that("a listing that is cut short is an error", {
  page <- "<ListBucketResult><Contents><Key>a</Key></Contents>%s</ListBucketResult>"
  more <- sprintf(page, "<IsTruncated>true</IsTruncated>")
  expect_error(
    s3_list_all(fake_session(answer(200, more)), "lab"),
    class = "crossframe_error_unavailable"
  )
  again <- sprintf(
    page,
    "<IsTruncated>true</IsTruncated><NextContinuationToken>t</NextContinuationToken>"
  )
  expect_error(
    s3_list_all(fake_session(answer(200, again)), "lab"),
    class = "crossframe_error_unavailable"
  )
  untold <- answer(200, sprintf(page, ""))
  expect_error(
    s3_list_all(fake_session(untold), "lab"),
    "whether it is all",
    class = "crossframe_error_unavailable"
  )
  fewer <- sprintf(
    page,
    "<KeyCount>2</KeyCount><IsTruncated>false</IsTruncated>"
  )
  expect_error(
    s3_list_all(fake_session(answer(200, fewer)), "lab"),
    "2 keys and sent 1",
    class = "crossframe_error_unavailable"
  )
  half <- answer(200, substr(again, 1, 60))
  expect_error(
    s3_list_all(fake_session(half), "lab"),
    "complete XML",
    class = "crossframe_error_unavailable"
  )
  other <- answer(200, "<html><body>Please log in</body></html>")
  expect_error(
    s3_list_all(fake_session(other), "lab"),
    "<html>",
    class = "crossframe_error_unavailable"
  )
})

test_that("keys are decoded where the server says that they are encoded", {
  page <- "<ListBucketResult xmlns='http://s3.amazonaws.com/doc/2006-03-01/'>%s<IsTruncated>false</IsTruncated><Contents><Key>a+b%%2Bc%%25</Key>
    <Size>5</Size><LastModified>2026-11-22T09:00:00.123Z</LastModified></Contents></ListBucketResult>"
  encoded <- sprintf(page, "<EncodingType>url</EncodingType>")
  expect_identical(
    s3_list_all(fake_session(answer(200, encoded)), "lab")$objects$key,
    "a b+c%"
  )
  plain <- s3_list_all(
    fake_session(answer(200, sprintf(page, ""))),
    "lab"
  )$objects
  expect_identical(plain$key, "a+b%2Bc%25")
  expect_identical(plain$storage_class, "STANDARD")
  expect_identical(plain$size, 5)
})

test_that("a listing is read whatever namespaces it names, and where", {
  row <- "<Contents %s><Key>%s</Key><Size>1</Size><LastModified>2026-11-22T09:00:00Z</LastModified>%s</Contents>"
  name <- "http://s3.amazonaws.com/doc/2006-03-01/"
  rows <- paste0(
    sprintf(row, "", "xmlns=", "<StorageClass>GLACIER</StorageClass>"),
    sprintf(row, sprintf("xmlns='%s'", name), "b", "<StorageClass/>"),
    sprintf(row, sprintf('xmlns="%s"', name), "c", "")
  )
  roots <- c(
    "<ListBucketResult>",
    sprintf('<ListBucketResult xmlns="%s">', name),
    sprintf("<ListBucketResult xmlns='%s'>", name),
    sprintf(
      '<?xml version="1.0" encoding="UTF-8"?>\n<ListBucketResult xmlns="%s" a="b">',
      name
    ),
    sprintf('<!-- a > b --><ListBucketResult a="b" xmlns="%s">', name)
  )
  for (root in roots) {
    body <- paste0(
      root,
      "<IsTruncated>false</IsTruncated>",
      rows,
      "</ListBucketResult>"
    )
    found <- s3_list_all(fake_session(answer(200, body)), "lab")$objects
    expect_identical(found$key, c("b", "c", "xmlns="))
    expect_identical(
      found$storage_class,
      c("STANDARD", "STANDARD", "GLACIER")
    )
  }
})

for (kind in c("moto", "seaweedfs")) {
  test_that(paste0(kind, ": every page of a listing is read"), {
    bucket <- new_bucket(kind)
    session <- do.call(s3_session, server_arguments(start_server(kind)))
    keys <- sprintf("p/%02d+%%20 x", 1:7)
    for (key in keys) {
      s3_put(session, bucket, key, hello, FALSE, NULL, NULL)
    }
    expect_identical(
      s3_list_all(session, bucket, page_keys = 3)$objects$key,
      keys
    )
    expect_true(bucket %in% s3_list_buckets(session)$name)
  })

  test_that(paste0(kind, ": a wrong key, secret or bucket is told apart"), {
    good <- server_arguments(start_server(kind))
    bucket <- new_bucket(kind)
    try_with <- function(..., at = bucket) {
      store <- do.call(
        cf_store_s3,
        c(list(at), utils::modifyList(good, list(...)))
      )
      store$list()
    }
    expect_error(
      try_with(secret_key = "wrong"),
      class = "crossframe_error_signature"
    )
    expect_error(
      try_with(access_key = "WRONG"),
      class = "crossframe_error_credentials"
    )
    expect_error(
      try_with(at = "no-such-bucket"),
      class = "crossframe_error_bucket_not_found"
    )
    store <- do.call(cf_store_s3, c(list("no-such-bucket"), good))
    expect_error(
      store$put("k", hello),
      class = "crossframe_error_bucket_not_found"
    )
    expect_error(store$head("k"), class = "crossframe_error_bucket_not_found")
  })

  test_that(
    paste0(
      kind,
      ": an object stored with Content-Encoding comes as it was stored"
    ),
    {
      bucket <- new_bucket(kind)
      session <- do.call(s3_session, server_arguments(start_server(kind)))
      zipped <- memCompress(charToRaw(strrep("a", 1000)), "gzip")
      headers <- c("Content-Type" = "text/csv", "Content-Encoding" = "gzip")
      s3_send(
        session,
        list(
          method = "PUT",
          bucket = bucket,
          key = "z",
          headers = headers,
          body = zipped
        )
      )
      expect_identical(s3_get(session, bucket, "z"), zipped)
    }
  )
}

test_that("an endpoint that is not there is named with its origin", {
  with_env(
    c(
      AWS_S3_ENDPOINT = "127.0.0.1:1",
      AWS_ACCESS_KEY_ID = "a",
      AWS_SECRET_ACCESS_KEY = "b"
    ),
    {
      store <- cf_store_s3("lab", use_https = FALSE, attempts = 2L)
      error <- tryCatch(store$get("k"), error = identity)
      expect_s3_class(error, "crossframe_error_endpoint")
      expect_match(
        conditionMessage(error),
        "http://127.0.0.1:1 (from AWS_S3_ENDPOINT)",
        fixed = TRUE
      )
      got <- store$get_many(c("a", "b", "c"))
      expect_true(all(vapply(got, inherits, NA, "crossframe_error_endpoint")))
    }
  )
})

test_that("printing a store shows its endpoint and no secret", {
  store <- cf_store_s3(
    "lab",
    endpoint = "http://h:1",
    access_key = "AKEY",
    secret_key = "SECRET"
  )
  shown <- paste(utils::capture.output(print(store)), collapse = " ")
  expect_match(shown, "s3://lab")
  expect_match(shown, "http://h:1 (from the endpoint argument)", fixed = TRUE)
  expect_no_match(shown, "SECRET")
})

test_that("a bucket's name is one string without a slash", {
  for (bucket in list("", "a/b", NA_character_, c("a", "b"), 1)) {
    expect_error(cf_store_s3(bucket), class = "crossframe_error_invalid_uri")
  }
})
