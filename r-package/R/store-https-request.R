# A request for what a link leads to: redirected, tried again, and never waited for without end.

most_redirects <- 5
# Slower than this for as long as may be waited is as good as silent.
slow_bytes_per_s <- 1024
longest_pause_s <- 10

# An answer of success, or 416: list(status, headers, body, file).
#
# to: the file that the body goes to; most: how much of the body is enough.
https_send <- function(link, headers = character(), to = NULL, most = NULL) {
  for (attempt in seq_len(max(1, link$options$attempts))) {
    last <- attempt >= link$options$attempts
    response <- https_follow(link, headers, to, most)
    if (is.null(response$broken)) {
      if (response$status < 300 || response$status == 416) {
        return(response)
      }
      again <- response$status %in% c(408, 429, 500, 502, 503, 504)
      if (last || !again) {
        abort_refusal(link, response)
      }
      https_pause(attempt, response$headers["retry-after"])
      next
    }
    failed <- https_failure(response$broken)
    if (failed$how == "cut") {
      doubt_link("the connection was cut off")
    }
    if (last || !failed$retry) {
      abort_failure(link, response$url, failed)
    }
    https_pause(attempt, NA)
  }
}

# Longer each time, or as long as the server asks, within reason.
https_pause <- function(attempt, asked) {
  asked <- unname(asked)
  pause <- if (grepl("^[0-9]{1,9}$", asked)) {
    as.numeric(asked)
  } else {
    backoff_s(attempt)
  }
  Sys.sleep(min(pause, longest_pause_s))
}

https_follow <- function(link, headers, to, most) {
  url <- link$url
  for (hop in 0:most_redirects) {
    response <- https_ask(link, url, headers, to, most)
    response$url <- url
    target <- unname(response$headers["location"])
    moved <- response$status %in% c(301, 302, 303, 307, 308)
    if (!is.null(response$broken) || !moved || is.na(target)) {
      return(response)
    }
    url <- redirected(link, url, target)
  }
  cf_abort(
    "unavailable",
    sprintf(
      "Can't read '%s' in %s: it was redirected %d times.",
      link$key,
      link$uri,
      most_redirects
    )
  )
}

redirected <- function(link, url, location) {
  target <- ascii_url(sub("#.*$", "", join_url(url, location)))
  scheme <- tolower(sub(":.*$", "", target))
  plain <- scheme == "http" && grepl("^http:", url, ignore.case = TRUE)
  if (scheme != "https" && !plain) {
    cf_abort(
      "unavailable",
      sprintf(
        "Can't read '%s' in %s: it was redirected to where nothing is encrypted.",
        link$key,
        link$uri
      ),
      sprintf("To '%s'.", without_secrets(sub("[?].*$", "", target)))
    )
  }
  target
}

# RFC 3986, section 5.2, but for dot segments, which servers take as they are.
join_url <- function(base, location) {
  scheme <- sub(":.*$", "", base)
  origin <- sub("^([^/]*//[^/?]*).*$", "\\1", base)
  path <- sub("[?].*$", "", substring(base, nchar(origin) + 1))
  if (grepl("^[A-Za-z][A-Za-z0-9+.-]*:", location)) {
    location
  } else if (startsWith(location, "//")) {
    paste0(scheme, ":", location)
  } else if (startsWith(location, "/")) {
    paste0(origin, location)
  } else if (startsWith(location, "?")) {
    paste0(origin, path, location)
  } else {
    paste0(
      origin,
      sub("[^/]*$", "", paste0("/", sub("^/", "", path))),
      location
    )
  }
}

# One request; list(broken, status) where no answer came, or not all of it.
https_ask <- function(link, url, headers, to, most) {
  handle <- curl::new_handle(
    followlocation = FALSE,
    # Why: what is stored compressed is to come as it was stored.
    http_content_decoding = FALSE,
    path_as_is = TRUE,
    connecttimeout = link$options$connect_timeout_s,
    low_speed_limit = slow_bytes_per_s,
    low_speed_time = link$options$read_timeout_s
  )
  if (grepl("^https:", url, ignore.case = TRUE)) {
    trust(handle, link$options$verify)
  }
  sent <- c(
    headers,
    "User-Agent" = "crossframe",
    "Accept-Encoding" = "identity"
  )
  curl::handle_setheaders(handle, .list = as.list(sent))
  tryCatch(
    https_fetch(handle, url, to, most),
    error = function(error) {
      pass_interrupt(error)
      list(status = 0L, headers = character(), broken = conditionMessage(error))
    }
  )
}

https_fetch <- function(handle, url, to, most) {
  if (!is.null(to)) {
    return(s3_file_response(curl::curl_fetch_disk(url, to, handle = handle)))
  }
  if (is.null(most)) {
    return(s3_response(curl::curl_fetch_memory(url, handle = handle)))
  }
  body <- raw(0)
  enough <- function(condition) NULL
  take <- function(bytes) {
    body <<- c(body, bytes)
    if (length(body) > most) {
      stop(structure(
        class = c("crossframe_enough", "error", "condition"),
        list(message = "enough", call = NULL)
      ))
    }
  }
  tryCatch(
    curl::curl_fetch_stream(url, take, handle = handle),
    error = function(error) {
      # Why not by its class: libcurl's own error may come instead, that of a receiver that has stopped.
      if (length(body) <= most) stop(error)
    }
  )
  fetched <- curl::handle_data(handle)
  fetched$content <- body
  s3_response(fetched)
}
