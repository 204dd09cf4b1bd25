# What a server says instead of giving what a link leads to, in our words and without the link's query.

# When a signed link ends, POSIXct or NULL where it does not tell.
# Source: Amazon S3 API Reference, "Authenticating Requests: Using Query Parameters"; of version 2, "REST
# Authentication", "Query String Request Authentication Alternative".
link_expiry <- function(url) {
  pairs <- strsplit(sub("^[^?]*[?]?", "", url), "&", fixed = TRUE)[[1]]
  values <- vapply(sub("^[^=]*=?", "", pairs), curl::curl_unescape, "")
  names(values) <- tolower(sub("=.*$", "", pairs))
  date <- values["x-amz-date"]
  if (grepl("^[0-9]{8}T[0-9]{6}Z$", date)) {
    start <- as.POSIXct(date, tz = "UTC", format = "%Y%m%dT%H%M%SZ")
    seconds <- link_seconds(values["x-amz-expires"])
    if (!is.na(start) && !is.na(seconds)) {
      return(utc(as.numeric(start) + seconds))
    }
  } else if ("awsaccesskeyid" %in% names(values)) {
    seconds <- link_seconds(values["expires"])
    if (!is.na(seconds)) {
      return(utc(seconds))
    }
  }
  NULL
}

link_seconds <- function(text) {
  if (grepl("^[0-9]{1,12}$", text)) as.numeric(text) else NA_real_
}

# Stop with the error for an answer that is none of success.
abort_refusal <- function(link, response) {
  text <- refusal_text(response$body)
  code <- regmatches(text, regexpr("<Code>[A-Za-z0-9.]{1,64}</Code>", text))
  code <- if (length(code)) gsub("</?Code>", "", code) else ""
  said <- trimws(sprintf("The server answered %d %s", response$status, code))
  refusal <- list(
    link = link,
    text = text,
    code = code,
    said = paste0(said, "."),
    # Why: a bucket that may not be listed answers so of what is not there.
    hidden = !link$own && response$status %in% c(401, 403)
  )
  if (refusal$hidden) {
    abort_object_not_found(link$key, link$uri)
  }
  if (response$status %in% c(400, 401, 403)) {
    abort_signed(refusal, response)
  }
  if (response$status %in% c(401, 403)) {
    abort_link(
      refusal,
      "access_denied",
      "access denied",
      "Ask its owner to share or publish it."
    )
  }
  if (code == "NoSuchBucket") {
    abort_link(refusal, "bucket_not_found", "there is no such bucket", NULL)
  }
  if (response$status %in% c(404, 410)) {
    abort_object_not_found(link$key, link$uri)
  }
  abort_link(refusal, "unavailable", "the server does not give it", NULL)
}

# Why bytes: whoever answers may answer anything.
refusal_text <- function(body) {
  text <- rawToChar(body[body != 0][seq_len(min(sum(body != 0), 65536))])
  iconv(text, "UTF-8", "ASCII", sub = "?")
}

abort_signed <- function(refusal, response) {
  ends <- link_expiry(refusal$link$url)
  expired <- "request has expired|<Code>Expired(Token|Request)</Code>"
  over <- !is.null(ends) && ends <= https_clock(response$headers)
  if (over || grepl(expired, refusal$text, ignore.case = TRUE)) {
    if (!is.null(ends)) {
      refusal$said <- sprintf(
        "It ended at %s UTC.",
        format(ends, "%Y-%m-%d %H:%M:%S", tz = "UTC")
      )
    }
    abort_link(
      refusal,
      "expired_token",
      "the link has expired",
      "Ask for a new link."
    )
  }
  unsigned <- c(
    "SignatureDoesNotMatch",
    "InvalidSignature",
    "AuthorizationQueryParametersError",
    "AuthorizationHeaderMalformed"
  )
  if (refusal$code %in% unsigned) {
    abort_link(
      refusal,
      "signature",
      "the link is not as it was signed",
      "Was it cut off or changed on its way?"
    )
  }
  early <- "RequestTimeTooSkewed|RequestNotYetValid|not valid yet"
  if (grepl(early, refusal$text, ignore.case = TRUE)) {
    abort_link(
      refusal,
      "clock_skew",
      "the link is not valid yet",
      "Was the clock right where it was made?"
    )
  }
  if (refusal$code == "InvalidAccessKeyId") {
    abort_link(
      refusal,
      "credentials",
      "the key that made the link is not known any more",
      "Ask for a new link."
    )
  }
}

# The server's time, else ours.
https_clock <- function(headers) {
  said <- if (!is.na(headers["date"])) curl::parse_date(headers["date"])
  if (length(said) && !is.na(said)) said else Sys.time()
}

abort_link <- function(refusal, error, problem, hint) {
  link <- refusal$link
  cf_abort(
    error,
    sprintf("Can't read '%s' in %s: %s.", link$key, link$uri, problem),
    refusal$said,
    hint,
    key = link$key,
    uri = link$uri
  )
}

# What libcurl says where no answer came, sorted. Why sorted: its words may hold the address.
https_failure <- function(message) {
  known <- list(
    c("local", "^Fail(ed|ure) writing (received|output)|^Failed to open file"),
    c("cut", "bytes remaining|Transferred a partial file|transfer closed"),
    c("name", "Could not resolve|Couldn't resolve"),
    c("trust", "certificate|SSL|TLS"),
    c("reach", "Failed to connect|Couldn't connect|refused|Connection time"),
    c("silent", "too slow|timed out|Timeout")
  )
  how <- "broke"
  for (row in known) {
    if (grepl(row[2], message, ignore.case = TRUE)) {
      how <- row[1]
      break
    }
  }
  list(how = how, retry = !how %in% c("local", "trust"))
}

abort_failure <- function(link, url, failed) {
  host <- sub("^[^/]*//([^/?]*).*$", "\\1", without_secrets(url))
  words <- switch(
    failed$how,
    local = list(
      "store",
      "the local file can't be written",
      "Is the disk full?"
    ),
    name = list(
      "endpoint",
      sprintf("the name '%s' is not known", host),
      "Is it right?"
    ),
    trust = list(
      "endpoint",
      "no trusted connection",
      "Name the authority's certificate by AWS_CA_BUNDLE."
    ),
    reach = list(
      "endpoint",
      sprintf("'%s' can't be reached", host),
      "Is the address right, and the network up?"
    ),
    silent = list(
      "unavailable",
      "the server fell silent",
      "Try again later."
    ),
    list("unavailable", "the connection broke off", "Try again later.")
  )
  abort_link(list(link = link), words[[1]], words[[2]], words[[3]])
}
