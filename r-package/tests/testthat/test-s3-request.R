# Errors, retries, verified bodies: faults come from a transport of the test's own (helper-s3.R).

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
  # Of an object in parts it counts where it is said to be of the whole.
  silent <- c(
    etag = paste0("\"", strrep("0", 32), "-2\""),
    "x-amz-checksum-crc32" = "AAAAAA==",
    "x-amz-meta-crossframe-sha256" = hex_sha256(hello)
  )
  expect_null(check_body(list(headers = silent, body = hello)))
  whole <- c(silent, "x-amz-checksum-type" = "FULL_OBJECT")
  expect_match(check_body(list(headers = whole, body = hello)), "crc32")
  composite <- c(silent, "x-amz-checksum-type" = "COMPOSITE")
  expect_null(check_body(list(headers = composite, body = hello)))
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
  # From zlib: crc32("hello") = 0x3610a686.
  expect_identical(
    session$sent[[1]]$headers[["x-amz-checksum-crc32"]],
    "NhCmhg=="
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
  old <- fake_session(answer(200, etag = hello_md5))
  old$checksums <- "when_required"
  put(old)
  expect_identical(
    old$sent[[1]]$headers[["Content-MD5"]],
    "XUFAKrxLKna5cZ2REBfFkg=="
  )
  expect_false("x-amz-checksum-crc32" %in% names(old$sent[[1]]$headers))
  # A server that repeats the checksum has compared it: its ETag may be anything.
  knows <- fake_session(answer(
    200,
    etag = "\"00000000000000000000000000000000\"",
    "x-amz-checksum-crc32" = "NhCmhg=="
  ))
  expect_identical(put(knows)$size, 5)
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
  session <- fake_session(started, part, part, part, late, answer(204))
  data <- raw(part_bytes + 1)
  sizes <- c(upload_part_bytes, upload_part_bytes, 1)
  expect_error(
    s3_put(session, "lab", "k", data, FALSE, NULL, NULL),
    class = "crossframe_error_access_denied"
  )
  methods <- vapply(session$sent, `[[`, "", "method")
  expect_identical(methods, c("POST", "PUT", "PUT", "PUT", "POST", "DELETE"))
  expect_identical(
    vapply(session$sent[2:4], function(sent) sent$from$size, 0),
    sizes
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

test_that("an answer's head is that of the last block, names in lower case", {
  head <- function(text) .Call(C_headers, charToRaw(text))
  expect_identical(
    head(
      "HTTP/1.1 200 OK\r\nETag: \"a:b\"\r\nX-Amz-Meta-Site:\t north \r\nEmpty:\r\n\r\n"
    ),
    c(etag = "\"a:b\"", "x-amz-meta-site" = "north", empty = "")
  )
  proxied <- "HTTP/1.1 200 Connected\r\nVia: p\r\n\r\nHTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nA: 1\r\n\r\n"
  expect_identical(head(proxied), c(a = "1"))
  expect_identical(head("HTTP/1.1 200 OK\nA: 1\n\n"), c(a = "1"))
  expect_identical(head("A: 1"), c(a = "1"))
  expect_length(head("HTTP/1.1 200 OK\r\n\r\n"), 0)
  expect_length(head(""), 0)
})

test_that("what is signed ahead is what would be signed when asked for", {
  keys <- sprintf("a/%03d \u00e9.rds", 1:70)
  session <- fake_session()
  request <- s3_request_defaults(s3_get_request(session, "lab", keys[1]))
  build <- build_ahead(session, keys)
  for (at in c(1:40, 70, 2)) {
    got <- build(at, request)
    time <- strptime(got$headers[["x-amz-date"]], "%Y%m%dT%H%M%SZ", tz = "UTC")
    path <- s3_address(session, "lab", keys[at])$path
    unsigned <- list(
      method = "GET",
      host = "store.test:9000",
      path = path,
      query = character(),
      headers = request$headers,
      payload_hash = hex_sha256(raw(0))
    )
    signed <- sigv4_sign(
      unsigned,
      session_credentials(session),
      "us-east-1",
      time
    )
    expect_identical(got$headers, signed)
    expect_identical(got$url, paste0("http://store.test:9000", path))
  }
})

test_that("what is signed ahead is signed anew for a region found, new keys, and after a while", {
  session <- fake_session()
  request <- s3_request_defaults(s3_get_request(session, "lab", "a"))
  build <- build_ahead(session, c("a", "b", "c", "d"))
  signed <- function(at) build(at, request)$headers[["Authorization"]]
  expect_match(signed(1), "/us-east-1/")
  session$region <- "eu-west-1"
  expect_match(signed(2), "/eu-west-1/")
  session$credentials$access_key <- "NEW"
  expect_match(signed(3), "Credential=NEW/")
  before <- signed(4)
  with_internal(
    list(signed_ahead_s = 0, sigv4_timestamp = function(time) {
      "20200101T000000Z"
    }),
    {
      expect_match(signed(4), "/20200101/")
    }
  )
  expect_false(grepl("/20200101/", before))
})

test_that("a file's checksum is taken piece by piece", {
  path <- temporary_path("")
  writeBin(charToRaw("123456789"), path)
  with_internal(list(file_step = 4), {
    expect_identical(hex_text(file_digest(path, "crc32")), "cbf43926")
    expect_identical(hex_text(file_digest(path, "crc32c")), "e3069283")
    expect_identical(
      hex_text(file_digest(path, "crc64nvme")),
      "ae8b14860a799888"
    )
  })
})
