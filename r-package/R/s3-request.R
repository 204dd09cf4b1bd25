# One S3 request over curl: built, signed, sent, tried again where that can help.
# The only place of the package that retries.

# Send a request until it is answered; the answer's status is below 300, anything else is our error.
#
# request: list(method, bucket, key, query, headers, body) and, where they are wanted:
#   check       a function of the response that returns NULL, or text saying why the answer can't be
#               trusted, which is tried again
#   root        the name of the XML that a good answer is; an answer of 200 may hold an error instead
#   from, to    a source's piece to send (s3-source.R), and the file that the body of the answer goes to
#   most        bytes; the body of an answer that announces more is not read, and `exceeded` is TRUE
#   verb, permission   for the message of an error, where the method does not tell
# failed: what s3_judge() made of a first attempt elsewhere (store-s3-many.R), which counts as one.
# Returns list(status, headers, body, file, attempts): headers a named character vector, names in
# lower case.
s3_send <- function(session, request, failed = NULL) {
  request <- s3_request_defaults(request)
  moved <- renewed <- FALSE
  doubted <- 0
  attempt <- 1
  repeat {
    elsewhere <- !is.null(failed)
    if (!elsewhere) {
      response <- s3_attempt(session, request)
      failed <- s3_judge(response, request)
    }
    if (is.null(failed)) {
      response$attempts <- attempt
      return(response)
    }
    # A wrong region or an old token is put right once, without counting as a failure.
    if (!moved && move_region(session, failed)) {
      moved <- TRUE
      failed <- NULL
      next
    }
    if (
      !renewed && failed$error == "expired_token" && renew_credentials(session)
    ) {
      renewed <- TRUE
      failed <- NULL
      next
    }
    doubted <- doubted + (failed$error == "corrupt_object")
    if (!failed$retry || doubted > 1 || attempt >= session$attempts) {
      failed$attempts <- attempt
      if (request$method == "HEAD" && failed$status >= 400) {
        ask_why(session, request)
      }
      s3_abort(session, request, failed)
    }
    # Why not after one elsewhere: the others have taken their time since.
    if (!elsewhere) {
      Sys.sleep(backoff_s(attempt))
    }
    attempt <- attempt + 1
    failed <- NULL
  }
}

# The answer to a HEAD has no body, so nothing says whether key or bucket is missing, or why
# access was denied: the same question as a GET of one byte stops with the full error.
ask_why <- function(session, request) {
  request$method <- "GET"
  request$headers <- c(Range = "bytes=0-0")
  request$check <- NULL
  s3_send(session, request)
}

s3_request_defaults <- function(request) {
  defaults <- list(
    bucket = "",
    key = "",
    query = character(),
    headers = character(),
    body = NULL,
    check = NULL,
    root = NULL
  )
  c(request, defaults[!names(defaults) %in% names(request)])
}

s3_attempt <- function(session, request) {
  signed <- s3_build(session, request)
  unread <- NULL
  if (!is.null(signed$from)) {
    signed$from$reader <- noting_errors(signed$from$reader, function(error) {
      unread <<- error
    })
  }
  tryCatch(session$transport(session, signed), error = function(error) {
    # Why not where a reader failed: curl says the same of both.
    if (is.null(unread)) {
      pass_interrupt(error)
    }
    # Why: a handle whose transfer broke off is not used again.
    session$handle <- NULL
    list(
      status = 0L,
      headers = character(),
      body = raw(0),
      broken = conditionMessage(error)
    )
  })
}

# A source's reader that tells `note` what it failed with.
noting_errors <- function(reader, note) {
  # Why: what is promised here is what it will be put in place of.
  force(reader)
  function() {
    read <- reader()
    function(count) {
      withCallingHandlers(read(count), error = note)
    }
  }
}

# The one place where bytes leave; a session of the tests has another.
curl_transport <- function(session, signed) {
  handle <- s3_configure(session_handle(session), session, signed)
  if (is.null(signed$to)) {
    return(s3_response(curl::curl_fetch_memory(signed$url, handle = handle)))
  }
  exceeded <- FALSE
  if (!is.null(signed$most)) {
    curl::handle_setopt(
      handle,
      noprogress = FALSE,
      progressfunction = function(down, up) {
        exceeded <<- down[1] > signed$most
        !exceeded
      }
    )
  }
  fetched <- tryCatch(
    curl::curl_fetch_disk(signed$url, signed$to, handle = handle),
    error = function(error) if (exceeded) NULL else stop(error)
  )
  if (!is.null(fetched)) {
    return(s3_file_response(fetched))
  }
  # Broken off by ourselves; what has come of it are the headers.
  session$handle <- NULL
  response <- s3_response(curl::handle_data(handle))
  response$exceeded <- TRUE
  response
}

# The request as it goes out: url, method, headers (signed) and body.
s3_build <- function(session, request) {
  s3_build_each(session, request, request$key)[[1]]
}

# The same request for each of several keys.
s3_build_each <- function(session, request, keys) {
  address <- s3_address(session, request$bucket, keys)
  unsigned <- list(
    method = request$method,
    host = address$host,
    path = address$path,
    query = request$query,
    headers = request$headers,
    payload_hash = payload_hash(session, request)
  )
  credentials <- session_credentials(session)
  signed <- if (session$anonymous) {
    list(headers = request$headers)
  } else {
    sigv4_authorize(unsigned, credentials, session$region)
  }
  query <- canonical_query(request$query)
  urls <- paste0(
    session$endpoint$scheme,
    "://",
    address$host,
    address$path,
    if (nzchar(query)) "?",
    query
  )
  lapply(seq_along(urls), function(at) {
    list(
      url = urls[at],
      method = request$method,
      headers = c(signed$headers, Authorization = signed$authorization[at]),
      body = request$body,
      from = request$from,
      to = request$to,
      most = request$most
    )
  })
}

# Why not a second digest over TLS, which protects what it carries: it would be a pass over all the bytes.
payload_hash <- function(session, request) {
  if (is.null(request$from)) {
    if (length(request$body)) hex_sha256(request$body) else hash_of_nothing
  } else if (session$endpoint$scheme == "https") {
    "UNSIGNED-PAYLOAD"
  } else {
    request$from$sha256
  }
}

hash_of_nothing <- hex_sha256(raw(0))

s3_configure <- function(handle, session, signed) {
  options <- list(
    url = signed$url,
    customrequest = signed$method,
    nobody = signed$method == "HEAD",
    # Why: libcurl would make "a/./b" and "a/../b" of keys into other keys.
    path_as_is = TRUE,
    # Why: a redirect needs a signature for the new host.
    followlocation = FALSE,
    # Why: an object stored with Content-Encoding is to come as it was stored.
    http_content_decoding = FALSE,
    connecttimeout = session$connect_timeout_s,
    low_speed_limit = 1,
    low_speed_time = session$read_timeout_s,
    # Why: on a connection used before, libcurl sends a request whose answer was lost once more without
    # a word, and the second would be refused by what the first has written, or completed.
    fresh_connect = is_conditional(signed) || signed$method == "POST"
  )
  if (!is.null(signed$body)) {
    options$postfields <- signed$body
    options$postfieldsize_large <- length(signed$body)
  }
  if (!is.null(signed$from)) {
    options$upload <- TRUE
    options$infilesize_large <- signed$from$size
    # Why not larger: memory, measured at the same speed.
    options$upload_buffersize <- 2^17
    options$readfunction <- signed$from$reader()
  }
  if (!is.null(signed$to)) {
    options$buffersize <- 2^19
  }
  # Why at once: each call looks up all that libcurl knows.
  curl::handle_setopt(handle, .list = options)
  if (startsWith(signed$url, "https:")) {
    trust(handle, session$verify)
  }
  set_headers(handle, signed)
}

set_headers <- function(handle, signed) {
  # Neither is signed: proxies may rewrite the first, and the second is switched off.
  headers <- c(signed$headers, "Accept-Encoding" = "identity", Expect = "")
  curl::handle_setheaders(handle, .list = as.list(headers))
}

# Whether a handle that was configured for one such request is for another, but for address and headers.
is_plain_get <- function(signed) {
  signed$method == "GET" && is.null(c(signed$body, signed$from, signed$to))
}

is_conditional <- function(request) {
  request$method != "GET" &&
    any(c("If-None-Match", "If-Match") %in% names(request$headers))
}

# verify: NULL, FALSE or the authorities' file. Why by hand: the R package curl below 5.2 ignores
# both variables.
trust <- function(handle, verify) {
  bundle <- if (is.character(verify)) {
    verify
  } else {
    env_value("AWS_CA_BUNDLE", "CURL_CA_BUNDLE")
  }
  if (identical(verify, FALSE)) {
    curl::handle_setopt(handle, ssl_verifypeer = FALSE, ssl_verifyhost = FALSE)
  } else if (!is.null(bundle)) {
    curl::handle_setopt(handle, cainfo = bundle)
  }
}

# Why kept: a new handle opens a new connection. Why by process: a fork must not share one.
session_handle <- function(session) {
  if (is.null(session$handle) || !identical(session$pid, Sys.getpid())) {
    session$handle <- curl::new_handle()
    session$pid <- Sys.getpid()
    return(session$handle)
  }
  curl::handle_reset(session$handle)
}

s3_response <- function(fetched) {
  list(
    status = fetched$status_code,
    headers = .Call(C_headers, fetched$headers),
    body = fetched$content
  )
}

# The same where the body went to a file; what the server says of an error is read back from there.
s3_file_response <- function(fetched) {
  response <- s3_response(fetched)
  response$file <- fetched$content
  response$body <- if (response$status < 300) {
    raw(0)
  } else {
    file_bytes(fetched$content, 0, 1e5)
  }
  response
}

# NULL where the answer is good, else list(error, code, message, status, retry, ...).
s3_judge <- function(response, request) {
  if (!is.null(response$broken)) {
    return(s3_judge_broken(response$broken))
  }
  if (!is.null(response$exceeded)) {
    return(NULL)
  }
  if (response$status < 300 && !is_late_error(response, request)) {
    return(s3_judge_doubt(response, request))
  }
  failed <- s3_error_of(response, request)
  broken <- failed$error == "unavailable" &&
    (failed$status >= 500 || failed$status == 429)
  damaged <- failed$error == "corrupt_object"
  failed$retry <- broken || damaged || failed$code %in% passing_codes
  failed
}

# What gets better by waiting, whatever the status it comes with.
passing_codes <- c(
  "RequestTimeout",
  "SlowDown",
  "InternalError",
  "ServiceUnavailable",
  "OperationAborted",
  "ConditionalRequestConflict"
)

s3_judge_doubt <- function(response, request) {
  doubt <- if (!is.null(request$root)) {
    doubt_root(response, request$root)
  } else if (!is.null(request$check)) {
    request$check(response)
  }
  if (is.null(doubt)) {
    return(NULL)
  }
  of_bytes <- nzchar(request$key) && is.null(request$root)
  list(
    error = if (of_bytes) "corrupt_object" else "unavailable",
    status = response$status,
    message = doubt,
    # Why not with a condition: damaged bytes that were written would now be in its way.
    retry = !of_bytes || !is_conditional(request)
  )
}

# CompleteMultipartUpload and CopyObject answer 200 before they know, and an error in the body.
is_late_error <- function(response, request) {
  !is.null(request$root) && nzchar(s3_error_fields(response$body)[["Code"]])
}

doubt_root <- function(response, root) {
  document <- tryCatch(
    xml2::read_xml(response$body),
    error = function(error) NULL
  )
  if (is.null(document)) {
    "the answer is not complete XML"
  } else if (xml2::xml_name(document) != root) {
    sprintf("the answer is <%s>, not <%s>", xml2::xml_name(document), root)
  }
}

# What libcurl says where no answer came, or not all of it.
s3_judge_broken <- function(message) {
  cut_short <- grepl("bytes remaining", message, fixed = TRUE)
  unwritten <- grepl("^Fail(ed|ure) writing (received|output)", message)
  error <- if (cut_short) {
    "corrupt_object"
  } else if (unwritten) {
    "store"
  } else {
    "endpoint"
  }
  list(
    error = error,
    status = 0L,
    message = message,
    # Why not for certificates and a full disk: they do not get better by waiting.
    retry = !unwritten && !grepl("certificate", message, fixed = TRUE)
  )
}

# Take over the region the server names; FALSE where there is nothing new in the answer.
move_region <- function(session, failed) {
  region <- failed$region
  codes <- c(
    "AuthorizationHeaderMalformed",
    "PermanentRedirect",
    "TemporaryRedirect",
    "IllegalLocationConstraintException"
  )
  silent <- identical(failed$code, "") && failed$status == 400L
  asked_elsewhere <- silent ||
    failed$status %in% c(301L, 307L) ||
    failed$code %in% codes
  if (
    !asked_elsewhere ||
      is.null(region) ||
      !nzchar(region) ||
      identical(region, session$region)
  ) {
    return(FALSE)
  }
  session$region <- region
  session$region_source <- "the server"
  TRUE
}

renew_credentials <- function(session) {
  old <- session$credentials
  !identical(old, session_credentials(session, renew = TRUE))
}

# Seconds to wait: doubled each time, up to half of it by chance.
# Why not runif(): it would change the user's random numbers.
backoff_s <- function(attempt) {
  chance <- (as.numeric(Sys.time()) * 1e4) %% 1
  min(20, 0.2 * 2^(attempt - 1)) * (0.5 + 0.5 * chance)
}
