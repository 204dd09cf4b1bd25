# Writing an object: in one request, or in parts where it is large; whole or not at all.

# As the Python package: larger objects go in parts, each tried again by itself.
part_bytes <- 16 * 1024^2
# Source: Amazon S3 User Guide, "Amazon S3 multipart upload limits".
most_parts <- 10000

s3_put <- function(
  session,
  bucket,
  key,
  data,
  if_absent,
  if_match,
  media_type
) {
  check_write(key, data, if_absent, if_match)
  write <- list(
    bucket = bucket,
    key = key,
    data = data,
    about = c(
      "Content-Type" = if (is.null(media_type)) {
        "application/octet-stream"
      } else {
        media_type
      }
    ),
    conditions = c(
      "If-None-Match" = if (if_absent) "*",
      "If-Match" = if (!is.null(if_match)) paste0("\"", if_match, "\"")
    )
  )
  refused <- function(error) {
    s3_put_refused(session, write, error, if_absent, if_match)
  }
  if (length(data) > part_bytes) {
    check_conditions(session, write)
  }
  tryCatch(
    if (length(data) > part_bytes) {
      s3_put_parts(session, write)
    } else {
      s3_put_whole(session, write)
    },
    crossframe_error_precondition_failed = refused,
    # What AWS says to If-Match where there is no object, and to an upload that has been completed.
    crossframe_error_object_not_found = refused
  )
}

s3_put_whole <- function(session, write) {
  request <- list(
    method = "PUT",
    bucket = write$bucket,
    key = write$key,
    headers = c(
      write$about,
      "Content-MD5" = base64_digest(write$data, "md5"),
      write$conditions
    ),
    body = write$data,
    check = function(response) check_etag(response$headers, write$data)
  )
  written_meta(write, s3_send(session, request)$headers)
}

written_meta <- function(write, headers, etag = headers["etag"]) {
  new_meta(
    enc2utf8(write$key),
    length(write$data),
    header_time(headers["date"]),
    clean_etag(etag),
    header_version(headers)
  )
}

# The store refused the write: an error for the caller, except where it was ours that got there first.
# Why: where the answer to a first attempt was lost, the second is refused by what the first has written.
s3_put_refused <- function(session, write, error, if_absent, if_match) {
  found <- s3_head_or_null(session, write)
  if (error$attempts > 1 && !is.null(found) && is_ours(found, write$data)) {
    return(head_meta(write$key, found))
  }
  if (if_absent && !is.null(found)) {
    abort_object_exists(write$key, paste0("s3://", write$bucket))
  }
  if (!is.null(if_match)) {
    abort_changed(write, if_match, found)
  }
  stop(error)
}

is_ours <- function(headers, data) {
  etag <- clean_etag(headers["etag"])
  if (etag_is_md5(etag, headers)) {
    return(etag == hex_text(openssl::md5(data)))
  }
  identical(unname(headers["x-amz-meta-crossframe-sha256"]), hex_sha256(data))
}

# Ask before many bytes go out, and for the servers that know no conditions on an upload in parts.
check_conditions <- function(session, write) {
  if (length(write$conditions)) {
    found <- s3_head_or_null(session, write)
    wanted <- clean_etag(write$conditions["If-Match"])
    if (is.na(wanted) && !is.null(found)) {
      abort_object_exists(write$key, paste0("s3://", write$bucket))
    }
    if (!is.na(wanted) && !identical(clean_etag(found["etag"]), wanted)) {
      abort_changed(write, wanted, found)
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

# ---- In parts. Source: Amazon S3 API Reference, "CreateMultipartUpload" and its sisters ----

s3_put_parts <- function(session, write) {
  # Why our digest: the ETag of an object sent in parts is no MD5.
  digest <- c("x-amz-meta-crossframe-sha256" = hex_sha256(write$data))
  upload <- function(
    method,
    query,
    headers = character(),
    body = NULL,
    check = NULL
  ) {
    request <- list(
      bucket = write$bucket,
      key = write$key,
      method = method,
      query = query
    )
    s3_send(
      session,
      c(request, list(headers = headers, body = body, check = check))
    )
  }
  started <- upload("POST", c(uploads = ""), c(write$about, digest), raw(0))
  id <- c(uploadId = xml_field(started$body, "UploadId"))
  completed <- FALSE
  # Whatever ends it, an interrupt included: parts left behind are paid for and never seen.
  on.exit(if (!completed) try(upload("DELETE", id), silent = TRUE))

  size <- max(part_bytes, ceiling(length(write$data) / most_parts))
  starts <- seq(1, length(write$data), by = size)
  etags <- vapply(seq_along(starts), "", FUN = function(number) {
    part <- write$data[
      starts[number]:min(starts[number] + size - 1, length(write$data))
    ]
    headers <- c(write$about, "Content-MD5" = base64_digest(part, "md5"))
    check <- function(response) check_etag(response$headers, part)
    answer <- upload(
      "PUT",
      c(partNumber = format(number), id),
      headers,
      part,
      check
    )
    clean_etag(answer$headers["etag"])
  })
  rows <- sprintf(
    "<Part><PartNumber>%d</PartNumber><ETag>\"%s\"</ETag></Part>",
    seq_along(etags),
    etags
  )
  list_of_parts <- paste0(
    "<CompleteMultipartUpload>",
    paste(rows, collapse = ""),
    "</CompleteMultipartUpload>"
  )
  headers <- c("Content-Type" = "application/xml", write$conditions)
  answer <- upload("POST", id, headers, charToRaw(list_of_parts))
  completed <- TRUE
  written_meta(write, answer$headers, xml_field(answer$body, "ETag"))
}

xml_field <- function(body, name) {
  document <- xml2::xml_ns_strip(xml2::read_xml(body))
  xml2::xml_text(xml2::xml_find_first(document, paste0("./", name)))
}
