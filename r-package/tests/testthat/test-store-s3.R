# What only the S3 store has to get right. Faults come from a transport of the test's own,
# in the place of curl's; endpoints and credentials are read, and nothing is sent.

# A session whose requests are answered by `answers`, functions or responses, one after the other.
fake_session <- function(...) {
  answers <- list(...)
  session <- s3_session(
    endpoint = "http://store.test:9000",
    access_key = "AK",
    secret_key = "SK",
    region = "us-east-1"
  )
  session$sent <- list()
  session$transport <- function(session, signed) {
    session$sent[[length(session$sent) + 1]] <- signed
    answer <- answers[[min(length(session$sent), length(answers))]]
    if (is.function(answer)) answer(signed) else answer
  }
  session
}

answer <- function(status, body = raw(0), ...) {
  if (is.character(body)) {
    body <- charToRaw(body)
  }
  list(status = as.integer(status), headers = c(character(), ...), body = body)
}

s3_says <- function(status, code, message = "As said", ...) {
  text <- sprintf(
    "<Error><Code>%s</Code><Message>%s</Message></Error>",
    code,
    message
  )
  answer(status, text, ...)
}

get_from <- function(session, key = "a/b.rds") s3_get(session, "lab", key)

hello <- charToRaw("hello")
hello_md5 <- "\"5d41402abc4b2a76b9719d911017c592\""

test_that("each code of s3_errors.csv is its error", {
  table <- shared_table("s3_errors")
  for (row in seq_len(nrow(table))) {
    session <- fake_session(s3_says(table$status[row], table$code[row]))
    session$attempts <- 1L
    error <- tryCatch(get_from(session), error = identity)
    expect_s3_class(error, paste0("crossframe_error_", table$error[row]))
    expect_true(nzchar(error$problem))
  }
})

test_that("messages say what, where and what to do", {
  expect_snapshot(
    error = TRUE,
    get_from(fake_session(s3_says(404, "NoSuchKey")))
  )
  expect_snapshot(
    error = TRUE,
    get_from(fake_session(s3_says(404, "NoSuchBucket")))
  )
  expect_snapshot(
    error = TRUE,
    get_from(fake_session(s3_says(403, "AccessDenied")))
  )
  expect_snapshot(
    error = TRUE,
    get_from(fake_session(s3_says(403, "InvalidAccessKeyId")))
  )
  expect_snapshot(
    error = TRUE,
    get_from(fake_session(s3_says(403, "SignatureDoesNotMatch")))
  )
  expect_snapshot(
    error = TRUE,
    get_from(fake_session(s3_says(400, "ExpiredToken")))
  )
  expect_snapshot(
    error = TRUE,
    get_from(fake_session(answer(200, "hellO", etag = hello_md5)))
  )
  expect_snapshot(
    error = TRUE,
    s3_list_all(fake_session(s3_says(403, "AccessDenied")), "lab")
  )
})

test_that("denied names the permission that the request needs", {
  denied <- s3_says(403, "AccessDenied")
  expect_error(
    s3_put(fake_session(denied), "lab", "k", hello, FALSE, NULL, NULL),
    "s3:PutObject"
  )
  expect_error(s3_delete(fake_session(denied), "lab", "k"), "s3:DeleteObject")
  expect_error(s3_list_buckets(fake_session(denied)), "s3:ListAllMyBuckets")
})

test_that("a clock that is wrong is told with both times", {
  error <- tryCatch(
    get_from(fake_session(s3_says(
      403,
      "RequestTimeTooSkewed",
      date = "Sun, 22 Nov 2026 09:00:00 GMT"
    ))),
    error = identity
  )
  expect_s3_class(error, "crossframe_error_clock_skew")
  expect_match(
    conditionMessage(error),
    "Sun, 22 Nov 2026 09:00:00 GMT",
    fixed = TRUE
  )
})

test_that("failures that pass are tried again, others are not", {
  good <- answer(200, hello, etag = hello_md5)
  for (passing in list(
    s3_says(503, "SlowDown"),
    s3_says(500, "InternalError"),
    answer(502),
    s3_says(400, "RequestTimeout"),
    function(signed) stop("Recv failure: Connection reset by peer")
  )) {
    session <- fake_session(passing, passing, good)
    expect_identical(get_from(session), hello)
    expect_length(session$sent, 3)
  }
  session <- fake_session(s3_says(403, "AccessDenied"), good)
  expect_error(get_from(session), class = "crossframe_error_access_denied")
  expect_length(session$sent, 1)
  session <- fake_session(answer(503))
  expect_error(
    get_from(session),
    "the server failed 4 times",
    class = "crossframe_error_unavailable"
  )
  expect_length(session$sent, 4)
})

test_that("waiting leaves the random numbers alone", {
  set.seed(1)
  before <- .Random.seed
  get_from(fake_session(answer(503), answer(200, hello)))
  expect_identical(.Random.seed, before)
  expect_true(all(vapply(1:20, backoff_s, 0) <= 20))
})

test_that("a damaged or short body is asked for again once and never returned", {
  good <- answer(200, hello, etag = hello_md5)
  damaged <- answer(200, "hellO", etag = hello_md5)
  expect_identical(get_from(fake_session(damaged, good)), hello)
  session <- fake_session(damaged)
  expect_error(get_from(session), class = "crossframe_error_corrupt_object")
  expect_length(session$sent, 2)
  short <- answer(200, "hel", "content-length" = "5")
  expect_error(
    get_from(fake_session(short)),
    class = "crossframe_error_corrupt_object"
  )
  cut <- function(signed) stop("transfer closed with 2 bytes remaining to read")
  expect_error(
    get_from(fake_session(cut)),
    class = "crossframe_error_corrupt_object"
  )
})

test_that("stored checksums are compared, by which the ETag may say nothing", {
  # From the catalogue of CRCs: check values of "123456789".
  expect_identical(
    hex_text(s3_digest(charToRaw("123456789"), "crc32")),
    "cbf43926"
  )
  expect_identical(
    hex_text(s3_digest(charToRaw("123456789"), "crc32c")),
    "e3069283"
  )
  expect_identical(
    hex_text(s3_digest(charToRaw("123456789"), "crc64nvme")),
    "ae8b14860a799888"
  )
  for (algorithm in c("crc32", "crc32c", "crc64nvme", "sha1", "sha256")) {
    headers <- c(etag = "\"0123-2\"", base64_digest(hello, algorithm))
    names(headers)[2] <- paste0("x-amz-checksum-", algorithm)
    expect_null(check_body(list(headers = headers, body = hello)))
    expect_match(
      check_body(list(headers = headers, body = charToRaw("hellO"))),
      algorithm
    )
  }
  parts <- c(etag = "\"0123-2\"", "x-amz-checksum-crc32" = "AAAAAA==-2")
  expect_null(check_body(list(headers = parts, body = hello)))
  ours <- c(parts, "x-amz-meta-crossframe-sha256" = hex_sha256(hello))
  expect_null(check_body(list(headers = ours, body = hello)))
  expect_match(
    check_body(list(headers = ours, body = charToRaw("x"))),
    "SHA256"
  )
  kms <- c(etag = hello_md5, "x-amz-server-side-encryption" = "aws:kms")
  expect_null(check_body(list(headers = kms, body = charToRaw("x"))))
})

test_that("an upload is sent with its digest and compared with the answer's ETag", {
  put <- function(session, ...) {
    s3_put(session, "lab", "k", hello, FALSE, NULL, NULL)
  }
  session <- fake_session(answer(
    200,
    etag = hello_md5,
    date = "Sun, 22 Nov 2026 09:00:00 GMT"
  ))
  meta <- put(session)
  expect_identical(
    session$sent[[1]]$headers[["Content-MD5"]],
    "XUFAKrxLKna5cZ2REBfFkg=="
  )
  expect_identical(
    session$sent[[1]]$headers[["Content-Type"]],
    "application/octet-stream"
  )
  expect_identical(format(meta$modified), "2026-11-22 09:00:00")
  wrong <- fake_session(answer(
    200,
    etag = "\"00000000000000000000000000000000\""
  ))
  expect_error(put(wrong), class = "crossframe_error_corrupt_object")
})

test_that("a lost answer to a conditional write is no conflict with itself", {
  lost <- function(signed) stop("Empty reply from server")
  refused <- s3_says(412, "PreconditionFailed")
  head <- answer(
    200,
    etag = hello_md5,
    "content-length" = "5",
    "last-modified" = "Sun, 22 Nov 2026 09:00:00 GMT"
  )
  meta <- s3_put(
    fake_session(lost, refused, head),
    "lab",
    "k",
    hello,
    TRUE,
    NULL,
    NULL
  )
  expect_identical(meta$etag, "5d41402abc4b2a76b9719d911017c592")
  expect_error(
    s3_put(fake_session(refused, head), "lab", "k", hello, TRUE, NULL, NULL),
    class = "crossframe_error_object_exists"
  )
})

test_that("an upload in parts is ended where it fails, and told by its body", {
  started <- answer(
    200,
    "<InitiateMultipartUploadResult><UploadId>id</UploadId></InitiateMultipartUploadResult>"
  )
  part <- answer(200, etag = "\"none\"")
  late <- answer(
    200,
    "<Error><Code>AccessDenied</Code><Message>Late</Message></Error>"
  )
  session <- fake_session(started, part, part, late, answer(204))
  data <- raw(part_bytes + 1)
  expect_error(
    s3_put(session, "lab", "k", data, FALSE, NULL, NULL),
    class = "crossframe_error_access_denied"
  )
  methods <- vapply(session$sent, `[[`, "", "method")
  expect_identical(methods, c("POST", "PUT", "PUT", "POST", "DELETE"))
  expect_identical(
    length(session$sent[[2]]$body) + length(session$sent[[3]]$body),
    length(data)
  )
  whole <- session$sent[[1]]$headers[["x-amz-meta-crossframe-sha256"]]
  expect_identical(whole, hex_sha256(data))
})

test_that("the region is taken over from the server's answer", {
  good <- answer(200, hello, etag = hello_md5)
  moves <- list(
    answer(301, "", "x-amz-bucket-region" = "eu-west-3"),
    answer(
      400,
      "<Error><Code>AuthorizationHeaderMalformed</Code><Region>eu-west-3</Region></Error>"
    )
  )
  for (move in moves) {
    session <- fake_session(move, good)
    expect_identical(get_from(session), hello)
    expect_match(
      session$sent[[2]]$headers[["Authorization"]],
      "/eu-west-3/s3/",
      fixed = TRUE
    )
  }
  endless <- fake_session(moves[[1]])
  expect_error(
    get_from(endless),
    "the bucket is elsewhere",
    class = "crossframe_error_endpoint"
  )
})

test_that("renewed credentials are taken up when the old have expired", {
  with_env(
    c(
      AWS_ACCESS_KEY_ID = "OLD",
      AWS_SECRET_ACCESS_KEY = "s",
      AWS_SESSION_TOKEN = "t"
    ),
    {
      session <- s3_session(endpoint = "http://store.test")
      session$transport <- function(session, signed) {
        if (grepl("Credential=NEW/", signed$headers[["Authorization"]])) {
          return(answer(200, hello))
        }
        Sys.setenv(AWS_ACCESS_KEY_ID = "NEW")
        s3_says(400, "ExpiredToken")
      }
      expect_identical(get_from(session), hello)
    }
  )
})

test_that("HEAD, whose answer gives no reason, is asked again by GET", {
  session <- fake_session(answer(404), s3_says(404, "NoSuchBucket"))
  expect_error(
    s3_head(session, "lab", "k"),
    class = "crossframe_error_bucket_not_found"
  )
  expect_identical(vapply(session$sent, `[[`, "", "method"), c("HEAD", "GET"))
})

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
  page <- "<ListBucketResult xmlns='http://s3.amazonaws.com/doc/2006-03-01/'>%s<Contents><Key>a+b%%2Bc%%25</Key>
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
