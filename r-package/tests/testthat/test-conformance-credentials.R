# The vectors of credentials, endpoints and regions, which Python runs too, beside boto3.

# Run code with a vector's files and variables in place: with_env() and a home folder of its own.
with_vector <- function(vector, code) {
  server <- start_server("aws")[["AWS_ENDPOINT_URL_S3"]]
  home <- tempfile("home-")
  on.exit(unlink(home, recursive = TRUE))
  fill <- function(text) {
    text <- gsub("{server}", server, text, fixed = TRUE)
    gsub("{home}", home, text, fixed = TRUE)
  }
  files <- vector$files
  for (name in c("config", "credentials")) {
    files[[paste0(".aws/", name)]] <- paste(vector[[name]], collapse = "\n")
  }
  for (name in names(files)) {
    path <- file.path(home, name)
    dir.create(dirname(path), recursive = TRUE, showWarnings = FALSE)
    cat(fill(files[[name]]), file = path)
  }
  values <- c(
    HOME = home,
    AWS_SHARED_CREDENTIALS_FILE = file.path(home, ".aws/credentials"),
    AWS_CONFIG_FILE = file.path(home, ".aws/config")
  )
  given <- vapply(vector$env, fill, "")
  values <- c(values[setdiff(names(values), names(given))], given)
  arguments <- lapply(vector$arguments, fill)
  with_env(values, code(do.call(s3_session, c(arguments, attempts = 1))))
}

look <- function(session) {
  found <- session_credentials(session)
  list(
    access_key = found$access_key,
    secret_key = found$secret_key,
    token = found$session_token,
    source = found$source,
    endpoint = endpoint_text(session),
    endpoint_source = session$endpoint$source,
    region = session$region,
    region_source = session$region_source,
    ends = if (!is.null(found$expires)) time_text(found$expires)
  )
}

for (vector in conformance_vectors("credentials", "found.json")) {
  test_that(paste("credentials:", vector$name), {
    want <- vector$want
    if (is.null(want$error)) {
      found <- with_vector(vector, look)
      if (is.logical(want$ends)) {
        found$ends <- !is.null(found$ends)
      }
      expect_identical(found[names(want)], want)
    } else {
      class <- paste0("crossframe_error_", want$error)
      caught <- expect_error(with_vector(vector, look), class = class)
      for (text in want$says) {
        expect_match(conditionMessage(caught), text, fixed = TRUE)
      }
      expect_no_match(conditionMessage(caught), "secret of|hidden")
      expect_identical(class(caught)[1], class)
    }
  })
}
