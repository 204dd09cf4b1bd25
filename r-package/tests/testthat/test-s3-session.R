credentials_file <- function(...) {
  path <- tempfile("aws-")
  writeLines(c(...), path)
  path
}

test_that("the endpoint is found in the order that is promised", {
  config <- credentials_file(
    "[profile lab]",
    "endpoint_url = https://profile.test",
    "region = eu-lab-1"
  )
  both <- c(AWS_CONFIG_FILE = config, AWS_PROFILE = "lab")
  found <- function(values, ...) {
    with_env(c(both, values), {
      session <- s3_session(...)
      c(endpoint_text(session), session$endpoint$source)
    })
  }
  expect_identical(
    found(character()),
    c("https://profile.test", "profile 'lab'")
  )
  values <- c(AWS_S3_ENDPOINT = "onyxia.test")
  expect_identical(found(values), c("https://onyxia.test", "AWS_S3_ENDPOINT"))
  expect_identical(found(values, use_https = FALSE)[1], "http://onyxia.test")
  values <- c(values, AWS_ENDPOINT_URL = "http://all.test:80")
  expect_identical(found(values), c("http://all.test", "AWS_ENDPOINT_URL"))
  values <- c(values, AWS_ENDPOINT_URL_S3 = "http://s3.test:9000/")
  expect_identical(
    found(values),
    c("http://s3.test:9000", "AWS_ENDPOINT_URL_S3")
  )
  expect_identical(
    found(values, endpoint = "https://arg.test:443"),
    c("https://arg.test", "the endpoint argument")
  )
  expect_error(
    found(c(AWS_S3_ENDPOINT = "ftp://x")),
    "It came from AWS_S3_ENDPOINT",
    class = "crossframe_error_endpoint"
  )
})

test_that("the services of a profile name S3's own endpoint", {
  config <- credentials_file(
    "[default]",
    "services = local",
    "[services local]",
    "s3 =",
    "  endpoint_url = http://services.test:9000",
    "dynamodb =",
    "  endpoint_url = http://other.test"
  )
  with_env(c(AWS_CONFIG_FILE = config), {
    expect_identical(endpoint_text(s3_session()), "http://services.test:9000")
  })
})

test_that("AWS itself has the bucket in the host, other endpoints in the path", {
  with_env(character(), {
    aws <- s3_session(region = "eu-west-1")
    expect_identical(
      s3_address(aws, "lab-data", "a b")$host,
      "lab-data.s3.eu-west-1.amazonaws.com"
    )
    expect_identical(s3_address(aws, "lab-data", "a b")$path, "/a%20b")
    expect_identical(s3_address(aws, "lab.data", "k")$path, "/lab.data/k")
    expect_identical(
      s3_address(s3_session(region = "cn-north-1"), "lab", "k")$host,
      "lab.s3.cn-north-1.amazonaws.com.cn"
    )
    named <- s3_session(endpoint = "s3.amazonaws.com", region = "us-west-2")
    expect_identical(
      s3_address(named, "lab", "k")$host,
      "lab.s3.us-west-2.amazonaws.com"
    )
    custom <- s3_session(endpoint = "https://minio.test/base/")
    expect_identical(
      s3_address(custom, "lab", "k"),
      list(host = "minio.test", path = "/base/lab/k")
    )
    hosted <- s3_session(endpoint = "https://minio.test", path_style = FALSE)
    expect_identical(
      s3_address(hosted, "lab", "k"),
      list(host = "lab.minio.test", path = "/k")
    )
  })
})

test_that("the region is found and never demanded", {
  region <- function(values, ...) with_env(values, s3_session(...)$region)
  expect_identical(region(character()), "us-east-1")
  expect_identical(region(c(AWS_DEFAULT_REGION = "eu-1")), "eu-1")
  expect_identical(
    region(c(AWS_DEFAULT_REGION = "eu-1", AWS_REGION = "eu-2")),
    "eu-2"
  )
  expect_identical(region(c(AWS_REGION = "eu-2"), region = ""), "eu-2")
  expect_identical(region(c(AWS_REGION = "eu-2"), region = "eu-3"), "eu-3")
  expect_identical(
    region(character(), endpoint = "https://s3.eu-west-3.amazonaws.com"),
    "eu-west-3"
  )
})

test_that("credentials are the arguments, the environment, the profile", {
  file <- credentials_file(
    "# a comment",
    "[default]",
    "aws_access_key_id = DEFAULT",
    "aws_secret_access_key=a=b/c+d",
    "",
    "[lab]",
    "  aws_access_key_id = LAB",
    "  aws_secret_access_key = s",
    "  aws_session_token = t=="
  )
  files <- c(AWS_SHARED_CREDENTIALS_FILE = file)
  used <- function(values, ...) {
    with_env(c(files, values), session_credentials(s3_session(...)))
  }
  expect_identical(used(character())$access_key, "DEFAULT")
  expect_identical(used(character())$secret_key, "a=b/c+d")
  expect_identical(
    used(c(AWS_PROFILE = "lab"))[c("access_key", "session_token")],
    list(access_key = "LAB", session_token = "t==")
  )
  env <- c(
    AWS_ACCESS_KEY_ID = "ENV",
    AWS_SECRET_ACCESS_KEY = "s",
    AWS_SESSION_TOKEN = ""
  )
  expect_identical(used(c(env, AWS_PROFILE = "lab"))$access_key, "ENV")
  expect_null(used(env)$session_token)
  expect_identical(used(env, profile = "lab")$access_key, "LAB")
  expect_identical(
    used(env, access_key = "ARG", secret_key = "s")$access_key,
    "ARG"
  )
})

test_that("credentials that are missing or half there are an error", {
  find <- function(values, ...) {
    with_env(values, session_credentials(s3_session(...)))
  }
  expect_error(
    find(character()),
    "Can't find credentials for S3",
    class = "crossframe_error_credentials"
  )
  expect_error(
    find(c(AWS_ACCESS_KEY_ID = "x")),
    "Only one of the two",
    class = "crossframe_error_credentials"
  )
  expect_error(
    find(character(), access_key = "x"),
    "the arguments",
    class = "crossframe_error_credentials"
  )
  expect_error(
    find(c(AWS_PROFILE = "nobody")),
    "profile 'nobody'",
    class = "crossframe_error_credentials"
  )
  role <- credentials_file("[default]", "sso_role_name = lab")
  expect_error(
    find(c(AWS_CONFIG_FILE = role)),
    "lacks sso_account_id, sso_start_url, sso_region",
    class = "crossframe_error_credentials"
  )
  # The store itself can be made without: nothing is sent before it is used.
  with_env(
    character(),
    expect_error(
      cf_store_s3("b")$list(),
      class = "crossframe_error_credentials"
    )
  )
})

test_that("anonymous signs nothing", {
  session <- s3_session(endpoint = "http://h", anonymous = TRUE)
  expect_false(
    "Authorization" %in%
      names(
        s3_build(session, s3_request_defaults(list(method = "GET")))$headers
      )
  )
})
