# Links, to a server of the test's own. Those that real servers sign are in test-store-contract.R.

open_link <- function(url, ...) {
  store_https(url, list(attempts = 3L, connect_timeout_s = 2, ...))
}

test_that("cf_load() reads what a link leads to, its name without the query", {
  frame <- data.frame(x = 1:3, y = c("a", NA, "b"))
  data <- memCompress(serialize(frame, NULL), "gzip")
  answers <- list("/b/my%20data.rds" = list(http_answer(data)))
  scripted_server(answers, function(url, requests) {
    link <- paste0(url, "/b/my%20data.rds?X-Amz-Signature=geheim")
    expect_identical(cf_load(link), frame)
    expect_match(requests(), "^GET /b/my%20data.rds[?]X-Amz-Signature=geheim")
    location <- resolve(link)
    expect_identical(location$key, "my data.rds")
    expect_identical(shown_key(location), paste0(url, "/b/my%20data.rds"))
    expect_no_match(
      paste(capture.output(location$store), collapse = ""),
      "geheim"
    )
  })
})

test_that("a CSV's sidecar is looked for beside a public link, and not beside a signed one", {
  answers <- list(
    "/d.csv" = list(http_answer("a\n1\n")),
    "/d.csv.schema.json" = list(http_answer(status = "403 Forbidden"))
  )
  scripted_server(answers, function(url, requests) {
    expect_identical(cf_load(paste0(url, "/d.csv"))$a, 1L)
    expect_match(requests(), "schema.json", all = FALSE)
    before <- length(requests())
    expect_identical(cf_load(paste0(url, "/d.csv?sig=geheim"))$a, 1L)
    expect_length(requests(), before + 1)
  })
})

test_that("parts are asked for by range, and cut out where a server knows none", {
  part <- function(body, range) {
    http_answer(
      body,
      paste("Content-Range: bytes", range),
      status = "206 Partial Content"
    )
  }
  beyond <- http_answer(
    "<Error/>",
    "Content-Range: bytes */10",
    status = "416 Range Not Satisfiable"
  )
  answers <- list(
    "/part" = list(part("234", "2-4/10")),
    "/tail" = list(part("89", "8-9/10")),
    "/beyond" = list(beyond),
    "/whole" = list(http_answer("0123456789")),
    "/other" = list(part("012", "0-2/10"))
  )
  scripted_server(answers, function(url, requests) {
    get <- function(name, ...) {
      rawToChar(open_link(paste0(url, "/", name))$get(name, ...))
    }
    expect_identical(get("part", start = 2, length = 3), "234")
    expect_match(requests(), "Range: bytes=2-4")
    expect_identical(get("tail", start = 8, length = 100), "89")
    expect_identical(get("beyond", start = 100), "")
    expect_identical(get("whole", start = 2, length = 3), "234")
    expect_error(
      get("other", start = 2, length = 3),
      class = "crossframe_error_corrupt_object"
    )
  })
})

test_that("head asks for one byte, and stops a server that sends all", {
  partial <- http_answer(
    "x",
    "Content-Range: bytes 0-0/1234567",
    "ETag: \"abc\"",
    "Last-Modified: Sun, 06 Nov 1994 08:49:37 GMT",
    "Content-Type: text/x",
    "x-amz-meta-who: me",
    "x-amz-meta-crossframe-sha256: 00",
    "x-amz-version-id: v1",
    status = "206 Partial Content"
  )
  all <- http_answer(raw(3e6))
  answers <- list("/part" = list(partial), "/all" = list(all))
  scripted_server(answers, function(url, requests) {
    meta <- open_link(paste0(url, "/part"))$head("part")
    expect_identical(meta$size, 1234567)
    expect_identical(meta$etag, "abc")
    expect_identical(
      meta$modified,
      as.POSIXct("1994-11-06 08:49:37", tz = "UTC")
    )
    expect_identical(meta$media_type, "text/x")
    expect_identical(meta$metadata, c(who = "me"))
    expect_identical(meta$version, "v1")
    expect_match(requests(), "Range: bytes=0-0")
    expect_identical(open_link(paste0(url, "/all"))$head("all")$size, 3e6)
  })
})

test_that("what came damaged or cut is asked for once more, and never returned", {
  good <- charToRaw("hello world")
  bad <- charToRaw("hello w0rld")
  amz <- "x-amz-request-id: 1"
  etag <- sprintf("ETag: \"%s\"", openssl::md5(good))
  sha <- "x-amz-meta-crossframe-sha256:"
  sha <- paste(sha, openssl::sha256(good))
  cut <- http_answer(good[1:5], amz, etag, size = length(good))
  answers <- list(
    "/once" = list(http_answer(bad, amz, etag), http_answer(good, amz, etag)),
    "/ever" = list(http_answer(bad, amz, etag)),
    "/digest" = list(http_answer(bad, sha)),
    "/cut" = list(cut, http_answer(good)),
    "/cut-ever" = list(cut),
    # A server that is no bucket has ETags of its own.
    "/foreign" = list(http_answer(bad, etag))
  )
  scripted_server(answers, function(url, requests) {
    get <- function(name) {
      open_link(paste0(url, "/", name, "?s=geheim"))$get(name)
    }
    expect_identical(get("once"), good)
    expect_identical(get("cut"), good)
    expect_identical(get("foreign"), bad)
    for (name in c("ever", "digest", "cut-ever")) {
      before <- length(requests())
      error <- expect_error(
        get(name),
        class = "crossframe_error_corrupt_object"
      )
      expect_no_match(conditionMessage(error), "geheim")
      expect_length(requests(), before + 2)
    }
    path <- tempfile()
    store <- open_link(paste0(url, "/once"))
    expect_identical(store$get_to("once", path)$size, 11)
    expect_identical(readBin(path, "raw", 100), good)
    expect_error(
      open_link(paste0(url, "/ever"))$get_to("ever", path),
      class = "crossframe_error_corrupt_object"
    )
  })
})

test_that("a server that fails is asked again, and named in the end", {
  busy <- http_answer(status = "503 Slow Down", "Retry-After: 0")
  answers <- list(
    "/twice" = list(busy, busy, http_answer("x")),
    "/ever" = list(busy)
  )
  scripted_server(answers, function(url, requests) {
    expect_identical(
      open_link(paste0(url, "/twice"))$get("twice"),
      charToRaw("x")
    )
    before <- length(requests())
    expect_error(
      open_link(paste0(url, "/ever"))$get("ever"),
      "answered 503",
      class = "crossframe_error_unavailable"
    )
    expect_length(requests(), before + 3)
  })
})

test_that("refusals are told in our words, the expiry computed, the signature not shown", {
  said <- function(code, status = "403 Forbidden") {
    body <- sprintf("<Error><Code>%s</Code><Message>m</Message></Error>", code)
    list(http_answer(body, status = status))
  }
  answers <- list(
    "/denied" = said("AccessDenied"),
    "/changed" = said("SignatureDoesNotMatch"),
    "/early" = said("RequestNotYetValid"),
    "/unknown" = said("InvalidAccessKeyId"),
    "/token" = said("ExpiredToken", "400 Bad Request"),
    "/bucket" = said("NoSuchBucket", "404 Not Found"),
    "/key" = said("NoSuchKey", "404 Not Found"),
    "/teapot" = said("Odd", "418 Teapot")
  )
  classes <- c(
    denied = "access_denied",
    changed = "signature",
    early = "clock_skew",
    unknown = "credentials",
    token = "expired_token",
    bucket = "bucket_not_found",
    key = "object_not_found",
    teapot = "unavailable"
  )
  scripted_server(answers, function(url, requests) {
    for (name in names(classes)) {
      link <- paste0(url, "/", name, "?X-Amz-Signature=geheim")
      error <- expect_error(
        open_link(link)$get(name),
        class = paste0("crossframe_error_", classes[[name]])
      )
      expect_match(conditionMessage(error), sprintf("'%s'", name))
      expect_no_match(conditionMessage(error), "geheim")
    }
    ended <- paste0(
      url,
      "/denied?X-Amz-Date=20200101T000000Z&X-Amz-Expires=3600&X-Amz-Signature=geheim"
    )
    expect_error(
      open_link(ended)$get("denied"),
      "It ended at 2020-01-01 01:00:00 UTC.",
      fixed = TRUE,
      class = "crossframe_error_expired_token"
    )
    old <- paste0(
      url,
      "/denied?AWSAccessKeyId=a&Expires=1577840400&Signature=geheim"
    )
    expect_error(
      open_link(old)$head("denied"),
      "2020-01-01 01:00:00",
      class = "crossframe_error_expired_token"
    )
  })
})

test_that("redirects are followed, not for ever, and to no other protocol", {
  to <- function(where) {
    list(http_answer(raw(0), paste("Location:", where), status = "302 Found"))
  }
  answers <- list(
    "/a/one" = to("two?x=1"),
    "/a/two" = to("/three"),
    "/three" = list(http_answer("there")),
    "/round" = to("/round"),
    "/file" = to("file:///etc/passwd"),
    "/ftp" = to("ftp://127.0.0.1/x?s=geheim")
  )
  scripted_server(answers, function(url, requests) {
    get <- function(path, key) open_link(paste0(url, path))$get(key)
    expect_identical(get("/a/one", "one"), charToRaw("there"))
    expect_match(requests()[2], "GET /a/two[?]x=1")
    expect_error(
      get("/round", "round"),
      "redirected 5 times",
      class = "crossframe_error_unavailable"
    )
    for (name in c("file", "ftp")) {
      error <- expect_error(
        get(paste0("/", name), name),
        "nothing is encrypted",
        class = "crossframe_error_unavailable"
      )
      expect_no_match(conditionMessage(error), "geheim")
    }
  })
  link <- list(key = "k", uri = "https://a.test")
  expect_error(
    redirected(link, "https://a.test/k", "http://a.test/k?s=geheim"),
    "nothing is encrypted"
  )
  expect_identical(
    redirected(link, "https://a.test/k", "//b.test/k"),
    "https://b.test/k"
  )
})

test_that("a server that can't be reached or falls silent is named, without the query", {
  error <- expect_error(
    open_link("http://127.0.0.1:9/k?s=geheim")$get("k"),
    "'127.0.0.1:9' can't be reached",
    class = "crossframe_error_endpoint"
  )
  expect_no_match(conditionMessage(error), "geheim")
  words <- c(
    name = "Could not resolve host: a.test",
    trust = "SSL certificate problem: unable to get local issuer certificate",
    reach = "Failed to connect to a.test port 443 after 3 ms: Connection refused",
    silent = "Operation too slow. Less than 1024 bytes/sec transferred",
    cut = "transfer closed with 6 bytes remaining to read",
    local = "Failed writing received data to disk/application",
    broke = "Recv failure: Connection reset by peer"
  )
  for (how in names(words)) {
    expect_identical(https_failure(words[[how]])$how, how)
  }
})

test_that("a link is for reading, of one object and one version", {
  store <- open_link("https://a.test/b/k.csv?s=geheim")
  refused <- list(
    function() store$put("k.csv", raw(1)),
    function() store$put_from("k.csv", tempfile()),
    function() store$delete("k.csv"),
    function() store$list(),
    function() store$children(),
    function() store$get("k.csv", version = "1"),
    function() store$versions("k.csv"),
    function() store$copy("k.csv", "l"),
    function() store$sign("k.csv", verb = "get", expires_s = 1)
  )
  for (refuse in refused) {
    error <- expect_error(refuse(), class = "crossframe_error_not_supported")
    expect_no_match(conditionMessage(error), "geheim")
  }
  expect_error(store$get("other"), class = "crossframe_error_object_not_found")
  expect_error(
    cf_set_root("https://a.test/b?s=geheim"),
    "'https://a.test/b'",
    class = "crossframe_error_invalid_uri"
  )
  expect_error(
    cf_save(data.frame(x = 1), "https://a.test/b/k.csv?s=geheim"),
    class = "crossframe_error_not_supported"
  )
})
