# The vectors are made by botocore's own signer: tests/conformance/generate_sigv4.py.

pairs <- function(x) {
  values <- vapply(x, `[[`, "", 2)
  names(values) <- vapply(x, `[[`, "", 1)
  if (length(values)) values else character()
}

request_of <- function(vector) {
  list(
    method = vector$method,
    host = vector$host,
    path = vector$path,
    query = pairs(vector$query),
    headers = pairs(vector$headers),
    payload_hash = hex_sha256(charToRaw(enc2utf8(vector$payload)))
  )
}

time_of <- function(vector) {
  as.POSIXct(vector$time, format = "%Y%m%dT%H%M%SZ", tz = "UTC")
}

test_that("headers are signed as botocore signs them", {
  for (vector in jsonlite::read_json(conformance("sigv4", "header.json"))) {
    signed <- sigv4_sign(
      request_of(vector),
      vector,
      vector$region,
      time_of(vector)
    )
    expect_identical(
      signed[["Authorization"]],
      vector$authorization,
      info = vector$why
    )
  }
})

test_that("the canonical request is botocore's", {
  for (vector in jsonlite::read_json(conformance("sigv4", "header.json"))) {
    request <- request_of(vector)
    hash <- c(
      "x-amz-content-sha256" = request$payload_hash,
      "x-amz-date" = vector$time
    )
    request$headers <- c(
      request$headers,
      hash,
      "x-amz-security-token" = vector$session_token
    )
    expect_identical(
      sigv4_canonical_request(request),
      vector$canonical_request,
      info = vector$why
    )
  }
})

test_that("links are signed as botocore signs them", {
  for (vector in jsonlite::read_json(conformance("sigv4", "link.json"))) {
    query <- sigv4_presign(
      request_of(vector),
      vector,
      vector$region,
      as.numeric(vector$expires),
      time_of(vector)
    )
    expect_identical(
      sub(".*&X-Amz-Signature=", "", query),
      vector$signature,
      info = vector$why
    )
  }
})

test_that("a request's address is the key encoded once, as boto3 sends it", {
  for (vector in jsonlite::read_json(conformance("sigv4", "header.json"))) {
    session <- s3_session(
      endpoint = paste0(vector$scheme, "://", vector$host),
      access_key = "a",
      secret_key = "b"
    )
    expect_identical(
      s3_address(session, vector$bucket, vector$key)$path,
      vector$path,
      info = vector$why
    )
  }
})

test_that("the query is sorted by bytes, and empty text stays empty", {
  expect_identical(
    canonical_query(c(b = "2", a = "", B = "1", a = "\u00e9 +")),
    "B=1&a=&a=%C3%A9%20%2B&b=2"
  )
  expect_identical(canonical_query(character()), "")
})

test_that("several paths are signed at once as each would be alone", {
  request <- list(
    method = "GET",
    host = "store.test:9000",
    path = c("/lab/a.rds", "/lab/b%20c.rds", "/lab/%C3%A9.rds"),
    query = character(),
    headers = c("x-amz-checksum-mode" = " ENABLED \t"),
    payload_hash = hex_sha256(raw(0))
  )
  credentials <- list(access_key = "a", secret_key = "b", session_token = "c")
  time <- as.POSIXct("2024-05-01 12:00:00", tz = "UTC")
  together <- sigv4_authorize(request, credentials, "eu-west-1", time)
  for (at in seq_along(request$path)) {
    one <- request
    one$path <- request$path[at]
    expect_identical(
      sigv4_sign(one, credentials, "eu-west-1", time),
      c(together$headers, Authorization = together$authorization[at])
    )
  }
  expect_false(anyDuplicated(together$authorization) > 0)
})
