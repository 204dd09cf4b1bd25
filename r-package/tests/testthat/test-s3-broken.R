# Whatever libcurl or R says of a connection, the error is ours and names the server and the variable.

# libcurl's own words, by curl_easy_strerror() of 7.88, and what it says in place of them.
curl_words <- c(
  "Unsupported protocol",
  "Failed initialization",
  "URL using bad/illegal format or missing URL",
  "A requested feature, protocol or option was not found built-in in this libcurl due to a build-time decision.",
  "Couldn't resolve proxy name",
  "Couldn't resolve host name",
  "Could not resolve host: store.test",
  "Couldn't connect to server",
  "Failed to connect to store.test port 9000 after 0 ms: Couldn't connect to server",
  "Weird server reply",
  "Access denied to remote resource",
  "Timeout was reached",
  "Operation timed out after 60000 milliseconds with 0 bytes received",
  "Operation too slow. Less than 1 bytes/sec transferred the last 60 seconds",
  "Transferred a partial file",
  "transfer closed with 5 bytes remaining to read",
  "Quote command returned error",
  "HTTP response code said error",
  "Failed writing received data to disk/application",
  "Upload failed (at start)",
  "Failed to open/read local data from file/application",
  "Out of memory",
  "Requested range was not delivered by the server",
  "Internal problem setting up the POST",
  "SSL connect error",
  "OpenSSL/3.0.0: error:0A00010B:SSL routines::wrong version number",
  "Couldn't resume download",
  "A libcurl function was given a bad argument",
  "Failed binding local connection end",
  "Number of redirects hit maximum amount",
  "An unknown option was passed in to libcurl",
  "Server returned nothing (no headers, no data)",
  "Empty reply from server",
  "SSL crypto engine not found",
  "Failed sending data to the peer",
  "Failure when receiving data from the peer",
  "Recv failure: Connection reset by peer",
  "Send failure: Broken pipe",
  "Problem with the local SSL certificate",
  "Couldn't use specified SSL cipher",
  "SSL peer certificate or SSH remote key was not OK",
  "SSL certificate problem: self-signed certificate",
  "Problem with the SSL CA cert (path? access rights?)",
  "error setting certificate verify locations:  CAfile: /gone.pem CApath: none",
  "Unrecognized or bad HTTP Content or Transfer-Encoding",
  "Send failed since rewinding of the data stream failed",
  "Error in the HTTP2 framing layer",
  "Stream error in the HTTP/2 framing layer",
  "Proxy handshake error",
  "Received HTTP code 407 from proxy after CONNECT",
  "An unrecoverable error occurred in the select/poll API",
  "Callback aborted",
  "cannot allocate vector of size 8.0 Gb"
)

broken_session <- function(words) {
  session <- fake_session(function(signed) stop(words, call. = FALSE))
  session$attempts <- 1L
  session$endpoint$source <- "AWS_ENDPOINT_URL"
  session
}

test_that("no text of libcurl's reaches a user by itself", {
  for (words in curl_words) {
    caught <- expect_error(
      get_from(broken_session(words)),
      class = "crossframe_error_store"
    )
    said <- conditionMessage(caught)
    expect_match(
      said,
      "^Can't read 'a/b.rds' in s3://lab: .*[.]\n",
      info = words
    )
    expect_match(said, sub("[.]$", "", words), fixed = TRUE)
    expect_false(identical(said, words))
    if (inherits(caught, "crossframe_error_endpoint")) {
      expect_match(
        said,
        "http://store.test:9000 (from AWS_ENDPOINT_URL)",
        fixed = TRUE
      )
      expect_true(nzchar(caught$hint))
    }
  }
})

class_of <- function(words) {
  caught <- tryCatch(get_from(broken_session(words)), error = identity)
  sub("crossframe_error_", "", class(caught)[1])
}

test_that("what to do is told for proxies, authorities and plain http", {
  hint <- function(words) {
    tryCatch(get_from(broken_session(words)), error = identity)$hint
  }
  expect_match(hint("Could not resolve proxy: gone.test"), "HTTPS_PROXY")
  expect_match(
    hint("error:0A00010B:SSL routines::wrong version number"),
    "http://"
  )
  expect_match(
    hint("SSL certificate problem: self-signed certificate"),
    "^Name"
  )
  gone <- "error setting certificate verify locations:  CAfile: /gone.pem"
  expect_match(hint(gone), "AWS_CA_BUNDLE names")
})

test_that("which error it is depends on what broke", {
  expect_identical(class_of("Could not resolve host: x"), "endpoint")
  expect_identical(class_of("SSL certificate problem: expired"), "endpoint")
  cut <- "transfer closed with 5 bytes remaining to read"
  expect_identical(class_of(cut), "corrupt_object")
})

# An endpoint of this machine, with keys that nothing is told of.
reach_at <- function(endpoint, ...) {
  cf_store_s3(
    "data",
    endpoint = endpoint,
    access_key = "a",
    secret_key = "b",
    attempts = 1,
    connect_timeout_s = 2,
    read_timeout_s = 1,
    ...
  )
}

test_that("what really breaks is told likewise", {
  expect_error(
    with_env(character(), reach_at("http://127.0.0.1:9")$get("k")),
    "http://127.0.0.1:9 (from the endpoint argument)",
    fixed = TRUE,
    class = "crossframe_error_endpoint"
  )
  expect_error(
    with_env(character(), reach_at("https://s3.invalid")$get("k")),
    "https://s3.invalid",
    class = "crossframe_error_endpoint"
  )
  plain <- start_server("moto")[["AWS_ENDPOINT_URL_S3"]]
  tls <- sub("http:", "https:", plain)
  expect_error(
    with_env(character(), reach_at(tls)$get("k")),
    "http",
    class = "crossframe_error_endpoint"
  )
  wrong <- with_env(
    character(),
    tryCatch(
      reach_at(tls, verify = tempfile())$get("k"),
      crossframe_error_endpoint = identity
    )
  )
  expect_match(wrong$hint, "AWS_CA_BUNDLE names")
  values <- c(http_proxy = "http://me:password@proxy.invalid:9", no_proxy = "")
  proxied <- expect_error(
    with_env(values, reach_at("http://store.invalid")$get("k")),
    class = "crossframe_error_endpoint"
  )
  expect_match(conditionMessage(proxied), "the proxy can't be reached")
  expect_no_match(conditionMessage(proxied), "password")
})
