# What is known of the way to S3, row by row, for cf_doctor(); the rows and words of
# python/crossframe/stores/s3_diagnosis.py.

near_end_s <- 15 * 60
# S3 refuses what was signed by a clock this far off.
most_skew_s <- 15 * 60

# Rows of doctor_row(). Nothing is wrong where S3 is neither wanted nor set up.
s3_diagnose <- function(options, wanted) {
  session <- tryCatch(
    do.call(s3_session, options),
    crossframe_error = function(error) error
  )
  if (inherits(session, "error")) {
    bad_endpoint <- inherits(session, "crossframe_error_endpoint")
    return(s3_rows_after(
      if (bad_endpoint) "endpoint" else "credentials",
      session
    ))
  }
  found <- rbind(
    doctor_row("endpoint", endpoint_text(session), session$endpoint$source),
    doctor_row("region", session$region, session$region_source)
  )
  if (session$anonymous) {
    source <- "the anonymous argument"
    return(rbind(
      found,
      doctor_row("credentials", "none", source),
      doctor_row("identity", "none", source),
      doctor_row("token end", "none"),
      s3_server_rows(session)
    ))
  }
  keys <- tryCatch(session_credentials(session), crossframe_error = identity)
  if (inherits(keys, "error")) {
    meant <- wanted || session$endpoint$source != "AWS's default"
    none <- startsWith(keys$problem, "Can't find credentials")
    row <- if (none) {
      doctor_row("credentials", "none", "", if (meant) FALSE else NA, keys$hint)
    } else {
      doctor_failure("credentials", keys)
    }
    rest <- c("identity", "token end", "server", "clock")
    return(rbind(found, row, unknown_rows(rest)))
  }
  rbind(
    found,
    doctor_row("credentials", shortened(keys$access_key), keys$source, TRUE),
    s3_identity_row(session, keys),
    s3_end_row(keys),
    s3_server_rows(session)
  )
}

s3_rows_after <- function(failed, error) {
  names <- c("endpoint", "region", "credentials", "identity", "token end")
  rows <- unknown_rows(c(names, "server", "clock"))
  rows[rows$check == failed, ] <- doctor_failure(failed, error)
  rows
}

# Enough of an access key's id to know it again.
shortened <- function(access_key) {
  size <- nchar(access_key)
  if (size > 12) {
    last <- substring(access_key, size - 3)
    return(paste0(substr(access_key, 1, 4), "...", last))
  }
  paste0(substr(access_key, 1, 2), "...")
}

# STS is asked where it is the server's own; the keys of another server are nothing for AWS to see.
s3_identity_row <- function(session, keys) {
  quick <- list2env(as.list(session), parent = emptyenv())
  quick$attempts <- 1L
  quick$connect_timeout_s <- 5
  quick$read_timeout_s <- 10
  found <- tryCatch(
    {
      endpoint <- service_endpoint(quick, "sts")
      if (session$endpoint$custom && endpoint$source == "AWS's default") {
        NULL
      } else {
        answer <- sts_ask(quick, "GetCallerIdentity", NULL, keys)
        arn <- xml2::xml_text(xml2::xml_find_first(answer, ".//Arn"))
        list(arn = arn, source = paste("STS at", endpoint_address(endpoint)))
      }
    },
    crossframe_error = function(error) NULL
  )
  if (is.null(found) || is.na(found$arn)) {
    return(doctor_row("identity", shortened(keys$access_key), "the access key"))
  }
  doctor_row("identity", found$arn, found$source, TRUE)
}

s3_end_row <- function(keys) {
  if (is.null(keys$expires)) {
    return(doctor_row("token end", "none is known", keys$source))
  }
  left <- as.numeric(keys$expires) - as.numeric(Sys.time())
  near <- left < near_end_s
  doctor_row(
    "token end",
    sprintf("%s, in %s", time_text(keys$expires), time_left(left)),
    keys$source,
    if (near) NA else TRUE,
    if (near) "Near its end: renew it before long work." else ""
  )
}

# A length of time in its two largest units.
time_left <- function(seconds) {
  minutes <- max(seconds %/% 60, 0)
  days <- minutes %/% 1440
  hours <- minutes %/% 60 %% 24
  if (days > 0) {
    return(sprintf("%.0f d %.0f h", days, hours))
  }
  if (hours > 0) {
    return(sprintf("%.0f h %.0f min", hours, minutes %% 60))
  }
  sprintf("%.0f min", minutes)
}

# Ask for the buckets: whether the server answers and takes the keys, and what time it has.
s3_server_rows <- function(session) {
  seen <- new.env(parent = emptyenv())
  send <- session$transport
  session$transport <- function(session, signed, ...) {
    response <- send(session, signed, ...)
    seen$date <- response$headers["date"]
    response
  }
  request <- list(method = "GET", root = "ListAllMyBucketsResult")
  answer <- tryCatch(s3_send(session, request), crossframe_error = identity)
  session$transport <- send
  address <- endpoint_text(session)
  row <- if (inherits(answer, "crossframe_error_access_denied")) {
    said <- "answers; these keys may not list buckets"
    doctor_row("server", said, address, TRUE)
  } else if (inherits(answer, "error")) {
    doctor_failure("server", answer)
  } else {
    document <- xml2::xml_ns_strip(xml2::read_xml(answer$body))
    count <- length(xml2::xml_find_all(document, "./Buckets/Bucket"))
    many <- format(count, big.mark = ",")
    buckets <- if (count == 1) "1 bucket" else paste(many, "buckets")
    doctor_row("server", paste0("answers, ", buckets), address, TRUE)
  }
  rbind(row, clock_row(seen$date))
}

clock_row <- function(said) {
  there <- if (length(said) && !is.na(said)) http_time(said) else NA
  if (is.na(there)) {
    return(doctor_row("clock", "not known"))
  }
  apart <- as.numeric(Sys.time()) - as.numeric(there)
  close <- abs(apart) < most_skew_s
  # Why from two seconds on: the header is cut to whole ones.
  value <- if (abs(apart) < 2) {
    "the server's"
  } else {
    way <- if (apart > 0) "ahead of" else "behind"
    sprintf("%.0f s %s the server's", abs(apart), way)
  }
  doctor_row(
    "clock",
    value,
    paste("the answer of", said),
    close,
    if (close) "" else "Set the clock, e.g. by `timedatectl set-ntp true`."
  )
}

# POSIXct of an HTTP date; NA where it is none. Why by hand: the names of months follow the locale.
http_time <- function(text) {
  form <- "^[A-Za-z]{3}, ([0-9]{2}) ([A-Z][a-z]{2}) ([0-9]{4}) ([0-9:]{8}) GMT$"
  parts <- regmatches(text, regexec(form, text))[[1]]
  month <- match(parts[3], month.abb)
  if (!length(parts) || is.na(month)) {
    return(.POSIXct(NA_real_))
  }
  as.POSIXct(
    sprintf("%s-%02d-%s %s", parts[4], month, parts[2], parts[5]),
    tz = "UTC",
    optional = TRUE
  )
}

# ---- Rows ----

# ok: NA where there is no right or wrong; hint: what to do.
doctor_row <- function(check, value, source = "", ok = NA, hint = "") {
  data.frame(
    check = check,
    value = unname(value),
    source = unname(source),
    ok = ok,
    hint = if (is.null(hint)) "" else hint
  )
}

doctor_failure <- function(check, error, source = "") {
  said <- paste(c(error$problem, error$detail), collapse = " ")
  doctor_row(check, said, source, FALSE, error$hint)
}

unknown_rows <- function(names) {
  do.call(rbind, lapply(names, doctor_row, value = "not known"))
}
