# S3 without a server: a transport of the test's own, in the place of curl's.

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

# Run code with other values of the package's own variables.
with_internal <- function(values, code) {
  namespace <- asNamespace("crossframe")
  change <- function(values) {
    for (name in names(values)) {
      unlockBinding(name, namespace)
      assign(name, values[[name]], envir = namespace)
      lockBinding(name, namespace)
    }
  }
  old <- mget(names(values), envir = namespace)
  on.exit(change(old))
  change(values)
  force(code)
}
