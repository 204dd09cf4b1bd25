# Uploads in parts, several at once: begun, sent, completed, or ended without a trace.
# Source: Amazon S3 API Reference, "CreateMultipartUpload" and its sisters.

# Source: Amazon S3 User Guide, "Amazon S3 multipart upload limits".
most_parts <- 10000
# Why smaller than what is sent whole: the digests of a part need it in memory.
upload_part_bytes <- 8 * 1024^2
part_connections <- 6L

s3_put_parts <- function(session, write) {
  crc32 <- !identical(session$checksums, "when_required")
  # Why our digest: the ETag of an object sent in parts is no MD5.
  about <- c(
    write$about,
    structure(hex_text(write$source$digest("sha256")), names = digest_header),
    "x-amz-checksum-algorithm" = if (crc32) "CRC32"
  )
  size <- max(upload_part_bytes, ceiling(write$source$size / most_parts))
  starts <- steps(write$source$size, size)
  answer <- in_parts(session, write, about, length(starts), function(at, id) {
    write$source$unchanged()
    length <- min(size, write$source$size - starts[at])
    piece <- source_piece(session, write$source, starts[at], length)
    list(
      method = "PUT",
      query = c(partNumber = format(at, scientific = FALSE), id),
      # Why a type: libcurl would make up another.
      headers = c(
        "Content-Type" = "application/octet-stream",
        piece$checksum
      ),
      from = piece,
      check = function(response) {
        check_stored(response$headers, piece$checksum, piece$bytes)
      },
      part = function(response) {
        c(
          ETag = clean_etag(response$headers["etag"]),
          ChecksumCRC32 = if (crc32) {
            piece$checksum[["x-amz-checksum-crc32"]]
          }
        )
      }
    )
  })
  written_meta(write, answer$headers, xml_field(answer$body, "ETag"))
}

# Begin an upload, send its parts, complete it; whatever fails, nothing of it stays.
#
# write: bucket, key, conditions. about: headers of the object. make: a function of a part's number
# and the upload's id that returns the request; its `part` makes the fields of the answer that
# completing takes. Returns the last answer.
in_parts <- function(session, write, about, count, make) {
  where <- list(bucket = write$bucket, key = write$key)
  started <- s3_send(
    session,
    c(
      where,
      list(
        method = "POST",
        query = c(uploads = ""),
        headers = about,
        body = raw(0),
        root = "InitiateMultipartUploadResult"
      )
    )
  )
  id <- c(uploadId = xml_field(started$body, "UploadId"))
  completed <- FALSE
  # Whatever ends it, an interrupt included: parts left behind are paid for and never seen.
  on.exit(
    if (!completed) {
      try(s3_abort_upload(session, write$bucket, write$key, id), silent = TRUE)
    }
  )
  parts <- vector("list", count)
  s3_send_many(
    session,
    count,
    make = function(at) c(where, make(at, id)),
    done = function(at, result, request) {
      if (inherits(result, "condition")) {
        stop(result)
      }
      parts[[at]] <<- request$part(result)
      progress_add(if (is.null(request$from)) 0 else request$from$size)
    },
    connections = part_connections
  )
  if (!is.null(write$source)) {
    write$source$unchanged()
  }
  answer <- s3_send(
    session,
    c(
      where,
      list(
        method = "POST",
        query = id,
        headers = c("Content-Type" = "application/xml", write$conditions),
        body = charToRaw(parts_xml(parts)),
        root = "CompleteMultipartUploadResult"
      )
    )
  )
  completed <- TRUE
  answer
}

parts_xml <- function(parts) {
  rows <- vapply(seq_along(parts), "", FUN = function(number) {
    fields <- c(
      PartNumber = format(number, scientific = FALSE),
      parts[[number]]
    )
    fields[["ETag"]] <- paste0("\"", fields[["ETag"]], "\"")
    inner <- sprintf("<%1$s>%2$s</%1$s>", names(fields), fields)
    paste0("<Part>", paste(inner, collapse = ""), "</Part>")
  })
  paste0(
    "<CompleteMultipartUpload>",
    paste(rows, collapse = ""),
    "</CompleteMultipartUpload>"
  )
}

xml_field <- function(body, name) {
  document <- xml_root(body)
  xml2::xml_text(xml2::xml_find_first(document, paste0("./", name)))
}

# ---- Uploads that nobody completed ----

s3_uploads <- function(session, bucket, prefix = "") {
  # Why not encoded as URLs: SeaweedFS says that they are and sends them as they are.
  query <- c(uploads = "", prefix = prefix)
  request <- list(
    method = "GET",
    bucket = bucket,
    verb = "list the uploads in",
    permission = "s3:ListBucketMultipartUploads"
  )
  markers <- c(
    "key-marker" = "KeyMarker",
    "upload-id-marker" = "UploadIdMarker"
  )
  pages <- marked_pages(
    session,
    request,
    query,
    markers,
    "ListMultipartUploadsResult",
    function(page) {
      nodes <- xml2::xml_find_all(page, "./Upload")
      list(
        key = decode_keys(child_text(page, nodes, "Upload", "Key"), page),
        upload_id = child_text(page, nodes, "Upload", "UploadId"),
        started = parse_iso_time(
          child_text(page, nodes, "Upload", "Initiated")
        )
      )
    }
  )
  found <- new_uploads(
    page_column(pages, "key", character()),
    page_column(pages, "upload_id", character()),
    page_column(pages, "started", numeric())
  )
  # Why again: some servers know no prefix here.
  found <- found[startsWith(found$key, prefix), ]
  rownames(found) <- NULL
  found
}

# No error where it is gone.
s3_abort_upload <- function(session, bucket, key, upload_id) {
  request <- list(
    method = "DELETE",
    bucket = bucket,
    key = key,
    query = c(uploadId = unname(upload_id)),
    verb = "abort the upload to",
    permission = "s3:AbortMultipartUpload"
  )
  tryCatch(
    s3_send(session, request),
    crossframe_error_object_not_found = function(error) NULL
  )
  invisible(NULL)
}
