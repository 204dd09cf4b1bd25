# Links that carry their own permission.
# Source: Amazon S3 User Guide, "Download and upload objects with presigned URLs".

most_link_s <- 7 * 24 * 3600

s3_sign <- function(
  session,
  bucket,
  key,
  verb = "get",
  expires_s,
  version = NULL,
  media_type = NULL,
  time = Sys.time()
) {
  check_link(key, verb, expires_s, version)
  check_read_key(key, paste0("s3://", bucket))
  expires_s <- floor(expires_s)
  if (session$anonymous) {
    cf_abort(
      "credentials",
      "Can't sign a link without credentials.",
      hint = "Or publish the object."
    )
  }
  settle_region(session, bucket)
  credentials <- session_credentials(session)
  address <- s3_address(session, bucket, key)
  request <- list(
    method = toupper(verb),
    host = address$host,
    path = address$path,
    query = c(versionId = version),
    headers = c(
      "Content-Type" = if (verb == "put") media_type
    )
  )
  if (verb == "get" && !is.null(media_type)) {
    request$query <- c(request$query, "response-content-type" = media_type)
  }
  query <- sigv4_presign(
    request,
    credentials,
    session$region,
    expires_s,
    time
  )
  url <- paste0(
    session$endpoint$scheme,
    "://",
    address$host,
    address$path,
    "?",
    query
  )
  end <- link_end(key, bucket, credentials, as.numeric(time), expires_s)
  new_link(url, floor(end$expires), verb, end$warning)
}

# Why asked on AWS: a link can't be redirected to the bucket's own region.
settle_region <- function(session, bucket) {
  if (!session$endpoint$custom) {
    try(s3_send(session, list(method = "HEAD", bucket = bucket)), silent = TRUE)
  }
}

check_link <- function(key, verb, expires_s, version) {
  if (!is_string(verb) || !verb %in% c("get", "put")) {
    cf_abort(
      "usage",
      sprintf("Verb must be 'get' or 'put', not '%s'.", toString(verb))
    )
  }
  if (verb == "put" && !is.null(version)) {
    cf_abort(
      "usage",
      sprintf(
        "Can't sign a link that writes a version of '%s': a write makes its own.",
        key
      )
    )
  }
  fits <- is.numeric(expires_s) && length(expires_s) == 1 && !is.na(expires_s)
  if (!fits || expires_s < 1 || expires_s > most_link_s) {
    cf_abort(
      "usage",
      sprintf(
        "A link lasts from 1 second to 7 days, not %s seconds.",
        toString(format(expires_s, scientific = FALSE))
      ),
      hint = "For longer, sign another one later, or publish the object."
    )
  }
}

# A link ends with the session token that signed it, whatever it says itself.
link_end <- function(key, bucket, credentials, now, expires_s) {
  asked <- now + expires_s
  end <- credentials$expires
  if (is.null(end) || is.na(end)) {
    warning <- if (!is.null(credentials$session_token)) {
      until_the_session_ends
    }
    return(list(expires = asked, warning = warning))
  }
  if (as.numeric(end) <= now) {
    cf_abort(
      "expired_token",
      sprintf(
        "Can't sign a link to '%s' in s3://%s: the session token has expired.",
        key,
        bucket
      )
    )
  }
  if (as.numeric(end) >= asked) {
    return(list(expires = asked, warning = NULL))
  }
  list(
    expires = as.numeric(end),
    warning = sprintf(
      "The link ends at %s UTC, with the session that signed it.",
      format(end, "%Y-%m-%d %H:%M:%S", tz = "UTC")
    )
  )
}

until_the_session_ends <- paste(
  "Its keys belong to a session; the link ends with that, if sooner,",
  "and nobody here knows when that is."
)
