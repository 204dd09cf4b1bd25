# The doctor finds what is there, says where it came from, tells no secret and leaves nothing behind.

row_of <- function(found, check) as.list(found[found$check == check, ])

doctor_at <- function(values, ..., root = tempfile("root-")) {
  with_env(values, with_root(cf_doctor(...), root))
}

test_that("all is well on a server, and no secret is told", {
  server <- start_server("moto")
  values <- server[setdiff(names(server), "AWS_CA_BUNDLE")]
  found <- doctor_at(values)
  expect_named(found, c("check", "value", "source", "ok", "hint"))
  expect_false(any(found$ok %in% FALSE))
  endpoint <- row_of(found, "endpoint")
  expect_identical(endpoint$value, server[["AWS_ENDPOINT_URL_S3"]])
  expect_identical(endpoint$source, "AWS_ENDPOINT_URL_S3")
  expect_identical(row_of(found, "region")$source, "AWS_DEFAULT_REGION")
  keys <- row_of(found, "credentials")
  expect_identical(keys$source, "the environment (AWS_ACCESS_KEY_ID)")
  expect_identical(keys$value, shortened(server[["AWS_ACCESS_KEY_ID"]]))
  expect_match(row_of(found, "server")$value, "^answers, ")
  expect_match(row_of(found, "clock")$value, "server's$")
  # The keys of another server are not shown to AWS's STS.
  expect_identical(row_of(found, "identity")$source, "the access key")
  expect_false(any(grepl(
    server[["AWS_SECRET_ACCESS_KEY"]],
    unlist(found),
    fixed = TRUE
  )))
})

test_that("who asks is told by the server's STS", {
  server <- start_server("moto")
  values <- c(server, AWS_ENDPOINT_URL_STS = server[["AWS_ENDPOINT_URL_S3"]])
  identity <- row_of(doctor_at(values), "identity")
  expect_match(identity$value, "^arn:aws:iam::.*user/lab$")
  expect_identical(
    identity$source,
    paste("STS at", server[["AWS_ENDPOINT_URL_S3"]])
  )
})

test_that("nothing is wrong without S3, and missing keys are where it is meant", {
  found <- doctor_at(character())
  expect_identical(row_of(found, "credentials")$ok, NA)
  expect_identical(row_of(found, "credentials")$value, "none")
  expect_identical(row_of(found, "root")$source, "cf_set_root()")
  expect_false(any(found$ok %in% FALSE))
  meant <- doctor_at(character(), root = "s3://lab")
  expect_false(row_of(meant, "credentials")$ok)
  expect_match(row_of(meant, "credentials")$hint, "AWS_ACCESS_KEY_ID")
  expect_identical(row_of(meant, "server")$value, "not known")
})

test_that("what is wrong is a row and no error", {
  profile <- row_of(doctor_at(c(AWS_PROFILE = "nobody")), "credentials")
  expect_match(profile$value, "nobody")
  expect_false(profile$ok)
  endpoint <- row_of(doctor_at(c(AWS_S3_ENDPOINT = "ftp://x")), "endpoint")
  expect_match(endpoint$value, "AWS_S3_ENDPOINT")
  expect_false(endpoint$ok)
  keys <- c(AWS_ACCESS_KEY_ID = "a", AWS_SECRET_ACCESS_KEY = "b")
  nobody <- c(keys, AWS_S3_ENDPOINT = "http://127.0.0.1:9")
  found <- doctor_at(nobody, options = list(attempts = 1))
  expect_false(row_of(found, "server")$ok)
  expect_match(
    row_of(found, "server")$value,
    "http://127.0.0.1:9 (from AWS_S3_ENDPOINT)",
    fixed = TRUE
  )
  server <- start_server("moto")
  wrong <- replace(server, "AWS_SECRET_ACCESS_KEY", "wrong")
  expect_match(
    row_of(doctor_at(wrong), "server")$value,
    "signature does not match"
  )
  ended <- c(keys, AWS_CREDENTIAL_EXPIRATION = "2020-01-31T10:00:00Z")
  expect_match(
    row_of(doctor_at(ended), "credentials")$value,
    "2020-01-31T10:00:00Z"
  )
  bundle <- row_of(doctor_at(c(AWS_CA_BUNDLE = "/gone.pem")), "authorities")
  expect_identical(
    bundle[c("source", "ok")],
    list(source = "AWS_CA_BUNDLE", ok = FALSE)
  )
  lax <- doctor_at(character(), options = list(verify = FALSE))
  expect_false(row_of(lax, "authorities")$ok)
})

test_that("a token's end is told, and proxies without their passwords", {
  end <- Sys.time() + 14.5 * 60
  values <- c(
    AWS_ACCESS_KEY_ID = "a",
    AWS_SECRET_ACCESS_KEY = "b",
    AWS_CREDENTIAL_EXPIRATION = time_text(end),
    AWS_S3_ENDPOINT = "http://127.0.0.1:9",
    https_proxy = "",
    HTTPS_PROXY = "http://me:password@proxy.lab:3128"
  )
  found <- doctor_at(values, options = list(attempts = 1))
  token <- row_of(found, "token end")
  expect_identical(token$value, paste0(time_text(end), ", in 14 min"))
  expect_match(token$hint, "renew")
  proxy <- found[found$source == "HTTPS_PROXY", ]
  expect_identical(proxy$value, "http://proxy.lab:3128")
})

test_that("clocks, keys and times are put in words", {
  at <- function(minutes) {
    time <- as.POSIXlt(Sys.time() + 60 * minutes, tz = "UTC")
    days <- c("Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat")
    months <- month.abb[time$mon + 1]
    said <- format(time, "%d @ %Y %H:%M:%S GMT")
    clock_row(paste0(days[time$wday + 1], ", ", sub("@", months, said)))
  }
  expect_true(at(0)$ok)
  expect_true(at(10)$ok)
  expect_false(at(20)$ok)
  expect_match(at(20)$value, "behind")
  expect_false(at(-20)$ok)
  expect_match(at(-20)$value, "ahead of")
  expect_identical(clock_row("yesterday")$ok, NA)
  expect_identical(shortened("AKIAEXAMPLE012345678"), "AKIA...5678")
  expect_identical(shortened("lab"), "la...")
  left <- vapply(c(59, 3599, 3600, 90061, -5), time_left, "")
  expect_identical(left, c("0 min", "59 min", "1 h 0 min", "1 d 1 h", "0 min"))
})

probed <- c("write", "read", "overwrite=False", "versions", "delete")

test_that("a probe of a folder is whole and leaves nothing", {
  root <- tempfile("root-")
  dir.create(root)
  writeLines("mine", file.path(root, "mine"))
  found <- utils::tail(doctor_at(character(), probe = paste0(root, "/")), 5)
  expect_identical(found$check, paste("probe", probed))
  expect_identical(found$ok, rep(TRUE, 5))
  left <- list.files(root, recursive = TRUE, all.files = TRUE)
  expect_identical(left[basename(left) != "lock"], "mine")
})

test_that("a probe of a bucket is whole and leaves nothing", {
  server <- start_server("moto")
  bucket <- new_bucket("moto")
  session <- do.call(s3_session, server_arguments(server))
  probe <- function() {
    found <- doctor_at(server, probe = sprintf("s3://%s/scratch", bucket))
    utils::tail(found, 5)
  }
  plain <- probe()
  expect_identical(plain$ok, c(TRUE, TRUE, TRUE, NA, TRUE))
  s3_set_versioning(session, bucket)
  kept <- probe()
  expect_identical(kept$ok, rep(TRUE, 5))
  expect_match(
    kept$source[1],
    sprintf("^s3://%s/scratch/crossframe-probe-", bucket)
  )
  listing <- s3_send(
    session,
    list(method = "GET", bucket = bucket, query = c(versions = ""))
  )
  expect_no_match(rawToChar(listing$body), "crossframe-probe")
})

test_that("a probe of what is not there says so", {
  server <- start_server("moto")
  found <- utils::tail(doctor_at(server, probe = "s3://no-such-bucket"), 5)
  expect_match(found$value[1], "Can't find the bucket")
  expect_identical(found$value[2:4], rep("not tried", 3))
  expect_error(cf_doctor("gopher://x"), class = "crossframe_error_invalid_uri")
})

test_that("it prints a line for each row", {
  expect_output(print(doctor_at(character())), "credentials +none")
  expect_output(
    print(doctor_at(c(AWS_PROFILE = "nobody"))),
    "WRONG +credentials"
  )
})
