# Writing an object: in one request, or in parts where it is large; whole or not at all.

# As the Python package: what is larger goes in parts, each tried again by itself.
part_bytes <- 16 * 1024^2

# What the package writes into an object's metadata itself, where the ETag will be no MD5.
digest_header <- "x-amz-meta-crossframe-sha256"

s3_put <- function(
  session,
  bucket,
  key,
  data,
  if_absent = FALSE,
  if_match = NULL,
  media_type = NULL,
  metadata = NULL
) {
  check_write(key, data, if_absent, if_match)
  about <- about_headers(media_type, metadata)
  write <- new_write(bucket, key, raw_source(data), about, if_absent, if_match)
  s3_write(session, write)
}

# The same from a local file, in bounded memory.
s3_put_from <- function(
  session,
  bucket,
  key,
  path,
  if_absent = FALSE,
  if_match = NULL,
  media_type = NULL,
  metadata = NULL
) {
  check_write(key, raw(0), if_absent, if_match)
  about <- about_headers(media_type, metadata)
  source <- file_source(path)
  s3_write(
    session,
    new_write(bucket, key, source, about, if_absent, if_match)
  )
}

new_write <- function(bucket, key, source, about, if_absent, if_match) {
  list(
    bucket = bucket,
    key = key,
    source = source,
    about = about,
    if_absent = if_absent,
    if_match = if_match,
    conditions = c(
      "If-None-Match" = if (if_absent) "*",
      "If-Match" = if (!is.null(if_match)) paste0("\"", if_match, "\"")
    )
  )
}

# What is said of an object, as headers.
about_headers <- function(media_type = NULL, metadata = NULL) {
  metadata <- check_metadata(metadata)
  headers <- c(
    "Content-Type" = if (is.null(media_type)) {
      "application/octet-stream"
    } else {
      media_type
    }
  )
  if (length(metadata)) {
    names(metadata) <- paste0("x-amz-meta-", names(metadata))
  }
  c(headers, metadata)
}

s3_write <- function(session, write) {
  refused <- function(error) s3_put_refused(session, write, error)
  large <- write$source$size > part_bytes
  if (large) {
    check_free(session, write)
  }
  tryCatch(
    if (large) s3_put_parts(session, write) else s3_put_whole(session, write),
    crossframe_error_precondition_failed = refused,
    # What AWS says to If-Match where there is no object, and to an upload that has been completed.
    crossframe_error_object_not_found = refused
  )
}

s3_put_whole <- function(session, write) {
  answer <- s3_send(session, s3_put_request(session, write))
  written_meta(write, answer$headers)
}

# The request that writes all at once.
s3_put_request <- function(session, write) {
  data <- write$source$bytes(0, write$source$size)
  checksum <- upload_checksum(session, data)
  list(
    method = "PUT",
    bucket = write$bucket,
    key = write$key,
    headers = c(write$about, checksum, write$conditions),
    body = data,
    check = function(response) {
      check_stored(response$headers, checksum, function() data)
    }
  )
}

# Many objects, several on their way at once: see `put_stream` in store.R.
s3_put_stream <- function(session, bucket) {
  writes <- list()
  large <- numeric()
  stream <- s3_stream(session, function(at) {
    s3_put_request(session, writes[[as.character(at)]])
  })
  ask <- function(at, item) {
    write <- new_write(
      bucket,
      item$key,
      raw_source(item$data),
      about_headers(item$media_type),
      item$if_absent,
      NULL
    )
    check_write(item$key, item$data, item$if_absent, NULL)
    writes[[as.character(at)]] <<- write
    # Why alone: in parts, several of them are on their way as it is.
    if (write$source$size > part_bytes) {
      large <<- c(large, at)
    } else {
      stream$ask(at)
    }
  }
  take <- function() {
    one <- stream$take()
    if (is.null(one)) {
      if (!length(large)) {
        return(NULL)
      }
      one <- list(at = large[1L])
      large <<- large[-1L]
    }
    slot <- as.character(one$at)
    write <- writes[[slot]]
    writes[[slot]] <<- NULL
    got <- tryCatch(
      s3_put_answered(session, write, one$result),
      crossframe_error = identity
    )
    list(at = one$at, got = got)
  }
  close <- function() {
    stream$close()
    large <<- numeric()
  }
  list(ask = ask, take = take, close = close, width = stream_connections)
}

# The meta of a write by its answer; NULL where it has not been sent.
s3_put_answered <- function(session, write, result) {
  if (is.null(result)) {
    return(s3_write(session, write))
  }
  if (!inherits(result, "condition")) {
    return(written_meta(write, result$headers))
  }
  refused <- c(
    "crossframe_error_precondition_failed",
    "crossframe_error_object_not_found"
  )
  if (inherits(result, refused)) {
    return(s3_put_refused(session, write, result))
  }
  stop(result)
}

written_meta <- function(write, headers, etag = headers["etag"]) {
  new_meta(
    enc2utf8(write$key),
    write$source$size,
    header_time(headers["date"]),
    clean_etag(etag),
    header_version(headers),
    media_type = unname(write$about["Content-Type"]),
    metadata = header_metadata(write$about)
  )
}

# The store refused the write: an error for the caller, except where it was ours that got there first.
# Why: where the answer to a first attempt was lost, the second is refused by what the first has written.
s3_put_refused <- function(session, write, error) {
  found <- s3_head_or_null(session, write)
  if (error$attempts > 1 && !is.null(found) && is_ours(found, write$source)) {
    return(head_meta(write$key, found))
  }
  if (write$if_absent && !is.null(found)) {
    abort_object_exists(write$key, paste0("s3://", write$bucket))
  }
  if (!is.null(write$if_match)) {
    abort_changed(write, write$if_match, found)
  }
  stop(error)
}

is_ours <- function(headers, source) {
  if (
    !identical(as.numeric(headers["content-length"]), as.numeric(source$size))
  ) {
    return(FALSE)
  }
  etag <- clean_etag(headers["etag"])
  if (etag_is_md5(etag, headers)) {
    return(etag == hex_text(source$digest("md5")))
  }
  identical(unname(headers[digest_header]), hex_text(source$digest("sha256")))
}

# Ask before many bytes go out, and for the servers that know no conditions on an upload in parts.
check_free <- function(session, write) {
  if (length(write$conditions)) {
    found <- s3_head_or_null(session, write)
    if (write$if_absent && !is.null(found)) {
      abort_object_exists(write$key, paste0("s3://", write$bucket))
    }
    if (
      !is.null(write$if_match) &&
        !identical(clean_etag(found["etag"]), write$if_match)
    ) {
      abort_changed(write, write$if_match, found)
    }
  }
}

s3_head_or_null <- function(session, write) {
  tryCatch(
    s3_head_answer(session, write$bucket, write$key)$headers,
    crossframe_error_object_not_found = function(error) NULL
  )
}

abort_changed <- function(write, if_match, found) {
  etag <- if (!is.null(found)) clean_etag(found["etag"])
  abort_precondition_failed(
    write$key,
    paste0("s3://", write$bucket),
    if_match,
    etag
  )
}
