# Requests to the services that give out credentials, and their refusals in our words.

# A service's endpoint, as S3's: variables and profile first, then AWS's own. service: "sts", "sso", "sso_oidc".
service_endpoint <- function(session, service, region = session$region) {
  found <- configured_endpoint(service, session$profile)
  if (!is.null(found)) {
    return(parse_endpoint(found$url, found$source, TRUE))
  }
  name <- c(sts = "sts", sso = "portal.sso", sso_oidc = "oidc")[[service]]
  list(
    scheme = "https",
    host = sprintf("%s.%s.%s", name, region, aws_domain(region)),
    path = "",
    source = "AWS's default"
  )
}

endpoint_address <- function(endpoint) {
  paste0(endpoint$scheme, "://", endpoint$host, endpoint$path)
}

# list(status, body) of an answer, tried again where that can help; an error where none comes.
service_fetch <- function(session, method, url, headers, body = NULL) {
  for (attempt in seq_len(session$attempts)) {
    answer <- service_attempt(session, method, url, headers, body)
    if (answer$status > 0 && answer$status < 500) {
      return(answer)
    }
    if (attempt < session$attempts) Sys.sleep(backoff_s(attempt))
  }
  if (answer$status > 0) {
    return(answer)
  }
  cf_abort(
    "endpoint",
    "Can't get credentials for S3: the server that gives them can't be reached.",
    sprintf("The endpoint is %s. Got: %s.", without_query(url), answer$message),
    "Is the endpoint right, and the network up?"
  )
}

service_attempt <- function(session, method, url, headers, body) {
  handle <- curl::new_handle(
    customrequest = method,
    followlocation = FALSE,
    connecttimeout = session$connect_timeout_s,
    timeout = session$read_timeout_s
  )
  if (!is.null(body)) {
    bytes <- charToRaw(body)
    curl::handle_setopt(handle, postfields = bytes)
  }
  if (startsWith(url, "https:")) {
    trust(handle, session$verify)
  }
  sent <- c(headers, Expect = "")
  curl::handle_setheaders(handle, .list = as.list(sent))
  tryCatch(
    {
      fetched <- curl::curl_fetch_memory(url, handle = handle)
      list(status = fetched$status_code, body = fetched$content)
    },
    error = function(error) {
      pass_interrupt(error)
      list(status = 0L, message = sub("\\.$", "", conditionMessage(error)))
    }
  )
}

# Stop for a refusal: our error for its code, as for S3's own.
abort_service <- function(
  answer,
  url,
  permission,
  code = "",
  message = "",
  about = NULL
) {
  fields <- c(Code = code, Message = message)
  error <- s3_error_name(fields, answer$status)
  kept <- c("access_denied", "expired_token", "clock_skew", "signature")
  failed <- error == "unavailable" && answer$status >= 500
  if (!error %in% kept && !failed) {
    error <- "credentials"
  }
  said <- s3_answer_text(list(
    status = answer$status,
    code = code,
    message = message
  ))
  role <- if (!is.null(about)) sprintf(" for the role %s", about)
  cf_abort(
    error,
    sprintf("Can't get credentials for S3%s.", paste(role, collapse = "")),
    sprintf("%s It needs the permission %s.", said, permission),
    sprintf("The endpoint was %s.", without_query(url))
  )
}

# The answer's JSON, or NULL.
service_json <- function(answer) {
  found <- tryCatch(
    parse_json(answer_text(answer)),
    error = function(error) NULL
  )
  if (is.list(found)) found
}

answer_text <- function(answer) {
  text <- answer$body[answer$body != as.raw(0)]
  text <- rawToChar(text)
  Encoding(text) <- "UTF-8"
  text
}

json_text <- function(x) if (is_filled_text(x)) x else ""
