# Renewal, and the parts that the vectors of tests/conformance/credentials reach only from afar.

# A session whose provider gives `found`, functions or credentials, one after the other.
renewing_session <- function(...) {
  found <- list(...)
  session <- s3_session(endpoint = "http://store.test", region = "eu-a-1")
  session$asked <- 0
  session$find_credentials <- function() {
    session$asked <- session$asked + 1
    one <- found[[min(session$asked, length(found))]]
    if (is.function(one)) one() else one
  }
  session
}

key_for <- function(name, seconds = NULL) {
  end <- if (!is.null(seconds)) Sys.time() + seconds
  credentials(name, "secret", "token", "the test", end)
}

fails <- function() cf_abort("unavailable", "Can't get credentials.")

test_that("credentials are found once, and again near their end", {
  lasting <- renewing_session(key_for("one"), key_for("two"))
  session_credentials(lasting)
  expect_identical(session_credentials(lasting)$access_key, "one")
  expect_identical(
    session_credentials(lasting, renew = TRUE)$access_key,
    "two"
  )
  hour <- renewing_session(key_for("one", 3600), key_for("two", 3600))
  session_credentials(hour)
  expect_identical(session_credentials(hour)$access_key, "one")
  left <- as.numeric(hour$credentials$expires) - as.numeric(hour$renew_at)
  expect_equal(left, 900, tolerance = 0.01)
  hour$renew_at <- Sys.time()
  expect_identical(session_credentials(hour)$access_key, "two")
  expect_identical(hour$asked, 2)
  # A short life is not looked up anew by every request.
  short <- renewing_session(key_for("one", 60), key_for("two", 60))
  session_credentials(short)
  expect_identical(session_credentials(short)$access_key, "one")
})

test_that("a renewal that fails is no error while there is time left", {
  session <- renewing_session(key_for("one", 3600), fails)
  session_credentials(session)
  session$renew_at <- Sys.time() - 10
  expect_identical(session_credentials(session)$access_key, "one")
  session$credentials$expires <- Sys.time() + 60
  session$renew_at <- Sys.time() - 600
  expect_error(
    session_credentials(session),
    class = "crossframe_error_unavailable"
  )
  ended <- renewing_session(key_for("one", -5))
  expect_error(
    session_credentials(ended),
    "That from the test ended at .*Z; it is .*Z now",
    class = "crossframe_error_expired_token"
  )
})

test_that("the service's answer that a token has expired says when it ended", {
  session <- fake_session(s3_says(400, "ExpiredToken"))
  end <- as.POSIXct("2020-01-31 10:00:00", tz = "UTC")
  session$credentials <- key_for("AK")
  session$find_credentials <- function() key_for("AK")
  session$credentials$expires <- end
  session$renew_at <- Sys.time() + 60
  session$find_credentials <- function() session$credentials
  caught <- expect_error(
    get_from(session),
    class = "crossframe_error_expired_token"
  )
  expect_match(conditionMessage(caught), "2020-01-31T10:00:00Z", fixed = TRUE)
})

test_that("STS takes what is signed here", {
  server <- start_server("moto")
  config <- tempfile()
  writeLines(
    c(
      "[profile lab]",
      "role_arn = arn:aws:iam::123456789012:role/reader",
      "credential_source = Environment"
    ),
    config
  )
  values <- c(
    server,
    AWS_CONFIG_FILE = config,
    AWS_ENDPOINT_URL_STS = server[["AWS_ENDPOINT_URL_S3"]]
  )
  role <- with_env(values, session_credentials(s3_session(profile = "lab")))
  expect_match(role$access_key, "^ASIA")
  expect_true(nzchar(role$session_token))
  expect_gt(as.numeric(role$expires), as.numeric(Sys.time()) + 60)
  values[["AWS_SECRET_ACCESS_KEY"]] <- "wrong"
  expect_error(
    with_env(values, session_credentials(s3_session(profile = "lab"))),
    "sts:AssumeRole",
    class = "crossframe_error_signature"
  )
})

test_that("a command is taken apart as a shell does, and nothing is run by one", {
  expect_identical(
    split_command("aws 'a b' \"c \\\"d\\\"\" e\\ f g''h 'x'\"y\"z"),
    c("aws", "a b", "c \"d\"", "e f", "gh", "xyz")
  )
  expect_identical(
    split_command("a; rm -rf $HOME `b` | c"),
    c("a;", "rm", "-rf", "$HOME", "`b`", "|", "c")
  )
  expect_identical(split_command(""), character())
  marker <- tempfile()
  config <- tempfile()
  writeLines(
    c(
      "[default]",
      sprintf(
        "credential_process = echo '$(touch %s)'; touch %s",
        marker,
        marker
      )
    ),
    config
  )
  expect_error(
    with_env(c(AWS_CONFIG_FILE = config), session_credentials(s3_session())),
    class = "crossframe_error_credentials"
  )
  expect_false(file.exists(marker))
})

test_that("files of profiles that are none are told by their line", {
  says <- function(...) {
    path <- tempfile()
    writeLines(c(...), path)
    caught <- expect_error(
      read_ini(path),
      class = "crossframe_error_credentials"
    )
    expect_match(conditionMessage(caught), path, fixed = TRUE)
    caught$detail
  }
  expect_match(says("a = 1"), "line 1: no \\[section\\]")
  expect_match(says("[a]", "", "b"), "line 3: neither")
  expect_match(says("[a]", "b = 1", "B = 2"), "line 3: 'b' for the second")
  expect_match(says("[a]", "[a]"), "line 2: section")
  expect_identical(read_ini(tempfile()), list())
  expect_identical(read_ini(tempdir()), list())
})

test_that("times are read whatever the zone", {
  seconds <- function(text) as.numeric(aws_time(text, "x"))
  want <- as.numeric(as.POSIXct("2030-01-31 10:00:00", tz = "UTC"))
  same <- c(
    "2030-01-31T10:00:00Z",
    "2030-01-31T10:00:00UTC",
    "2030-01-31 10:00:00.123Z",
    "2030-01-31T10:00:00",
    "2030-01-31T12:30:00+02:30",
    "2030-01-31T08:00:00-0200"
  )
  for (text in same) {
    expect_identical(seconds(text), want)
  }
  for (text in list("soon", "2030-13-31T10:00:00Z", 5, NULL, NA_character_)) {
    expect_error(seconds(text), class = "crossframe_error_credentials")
  }
})

test_that("a container's address is near or https", {
  near <- c(
    "http://169.254.170.2/x",
    "http://127.0.0.1:80/x",
    "http://[::1]:80/x",
    "http://localhost/x",
    "https://anywhere.test/x"
  )
  for (url in near) {
    expect_null(check_container_url(url))
  }
  far <- c(
    "http://192.0.2.1/x",
    "http://127.0.0.1@192.0.2.1/",
    "http://127.0.0.1.evil.test/",
    "http://localhost.evil.test/",
    "ftp://127.0.0.1/",
    "/x"
  )
  for (url in far) {
    expect_error(
      check_container_url(url),
      class = "crossframe_error_credentials"
    )
  }
})
