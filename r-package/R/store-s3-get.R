# Reading an object: whole, a range of it, or into a file; verified, and asked for again once.

# Up to here into a file in one request; what is larger comes as ranges, several at once.
whole_bytes <- 16 * 1024^2
# What is in memory at once is their product.
range_bytes <- 8 * 1024^2
range_connections <- 4L

s3_get_request <- function(session, bucket, key, version = NULL) {
  check_read_key(key, paste0("s3://", bucket))
  parts <- check_parts(session, bucket, key)
  list(
    method = "GET",
    bucket = bucket,
    key = key,
    query = c(versionId = version),
    headers = c("x-amz-checksum-mode" = "ENABLED"),
    check = function(response) {
      check_body(response, parts)
    }
  )
}

s3_get <- function(
  session,
  bucket,
  key,
  start = 0,
  length = NULL,
  version = NULL
) {
  check_range(start, length)
  request <- s3_get_request(session, bucket, key, version)
  if (start == 0 && is.null(length)) {
    return(s3_send(session, request)$body)
  }
  if (identical(as.numeric(length), 0)) {
    s3_head(session, bucket, key, version)
    return(raw(0))
  }
  digits <- function(x) format(x, scientific = FALSE, trim = TRUE)
  request$headers <- c(
    Range = paste0(
      "bytes=",
      digits(start),
      "-",
      if (!is.null(length)) digits(start + length - 1)
    )
  )
  request$check <- function(response) {
    check_range_body(response, start, length)
  }
  response <- tryCatch(
    s3_send(session, request),
    crossframe_error_store = function(error) {
      # 416: the object ends before `start`.
      if (identical(error$status, 416L)) NULL else stop(error)
    }
  )
  if (is.null(response)) {
    return(raw(0))
  }
  # Why: a server that knows no ranges answers 200 with the whole.
  if (response$status == 200L) {
    slice_raw(response$body, start, length)
  } else {
    response$body
  }
}

# A range has no checksum of its own, but where it begins and its length are told.
check_range_body <- function(response, start, count) {
  if (response$status == 200L) {
    return(check_body(response))
  }
  told <- response$headers["content-range"]
  told <- regmatches(
    told,
    regexec("^bytes ([0-9]+)-[0-9]+/([0-9]+)$", told)
  )[[1]]
  if (length(told) != 3) {
    return(NULL)
  }
  rest <- as.numeric(told[3]) - start
  expected <- if (is.null(count)) rest else min(count, rest)
  if (as.numeric(told[2]) != start || expected != length(response$body)) {
    sprintf(
      "%.0f bytes from %.0f on asked for, %d from %s on received",
      expected,
      start,
      length(response$body),
      told[2]
    )
  }
}

# Into a local file, in bounded memory; nothing is left of it where that fails.
s3_get_to <- function(session, bucket, key, path, version = NULL) {
  request <- s3_get_request(session, bucket, key, version)
  request$to <- path
  request$most <- whole_bytes
  done <- FALSE
  on.exit(if (!done) unlink(path))
  response <- s3_send(session, request)
  if (isTRUE(response$exceeded)) {
    response <- s3_get_large(session, request, response)
  }
  done <- TRUE
  head_meta(key, response$headers)
}

# request: as for one of the whole; response: its answer, without the body. Returns the answer that the
# file now holds the body of.
s3_get_large <- function(session, request, response) {
  for (attempt in 1:2) {
    failed <- tryCatch(
      {
        s3_get_ranges(session, request, response$headers)
        doubt <- request$check(
          list(headers = response$headers, file = request$to)
        )
        if (!is.null(doubt)) list(error = "corrupt_object", message = doubt)
      },
      crossframe_error_precondition_failed = function(error) {
        list(
          error = "unavailable",
          message = "It was replaced while it was read, twice"
        )
      }
    )
    if (is.null(failed)) {
      return(response)
    }
    if (attempt == 1) {
      response <- s3_send(session, request)
      # It was replaced by a smaller one.
      if (!isTRUE(response$exceeded)) {
        return(response)
      }
    }
  }
  failed$status <- 0L
  failed$attempts <- 2
  s3_abort(session, s3_request_defaults(request), failed)
}

s3_get_ranges <- function(session, request, headers) {
  size <- as.numeric(headers["content-length"])
  starts <- steps(size, range_bytes)
  version <- header_version(headers)
  ends <- pmin(starts + range_bytes, size)
  make <- function(at) {
    length <- ends[at] - starts[at]
    list(
      method = "GET",
      bucket = request$bucket,
      key = request$key,
      query = if (is.na(version)) request$query else c(versionId = version),
      headers = c(
        Range = sprintf("bytes=%.0f-%.0f", starts[at], ends[at] - 1),
        # Why: what is replaced meanwhile would be mixed.
        "If-Match" = unname(headers["etag"])
      ),
      check = function(response) {
        check_range_body(response, starts[at], length)
      }
    )
  }
  done <- function(at, result, request_of) {
    if (inherits(result, "condition")) {
      stop(result)
    }
    bytes <- result$body
    # A server that knows no ranges sends all there is.
    if (result$status == 200L) {
      bytes <- slice_raw(bytes, starts[at], ends[at] - starts[at])
    }
    write_at(request$to, starts[at], bytes)
    progress_add(length(bytes))
  }
  unlink(request$to)
  s3_send_many(session, length(starts), make, done, range_connections)
}

write_at <- function(path, start, bytes) {
  failed <- .Call(C_file_put, path, as.double(start), bytes)
  if (!is.null(failed)) {
    abort_local("write", path, failed[2])
  }
}
