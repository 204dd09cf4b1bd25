# Copies that the server makes itself.
# Source: Amazon S3 API Reference, "CopyObject", "UploadPartCopy".

# What the server copies in one request; what is larger is copied in parts.
copy_bytes <- 5 * 1024^3
copy_part_bytes <- 512 * 1024^2
# source: another S3 store of the same server, or NULL.
s3_copy <- function(
  session,
  bucket,
  key,
  target,
  source = NULL,
  version = NULL,
  if_absent = FALSE
) {
  check_write(target, raw(0), if_absent, NULL)
  from <- copy_origin(session, bucket, source)
  found <- s3_head_answer(from$session, from$bucket, key, version)$headers
  write <- new_write(bucket, target, NULL, character(), if_absent, NULL)
  # Why asked: one that does not know the condition on copies can't tell.
  check_free(session, write)
  if (from$bucket == bucket && key == target && is.null(version)) {
    return(head_meta(key, found))
  }
  origin <- paste0(
    "/",
    uri_encode(from$bucket),
    "/",
    uri_encode(key, keep_slash = TRUE),
    if (!is.null(version)) paste0("?versionId=", uri_encode(version))
  )
  copied <- c(
    "x-amz-copy-source" = origin,
    # Why: what is copied is what was looked at, in every part.
    "x-amz-copy-source-if-match" = unname(found["etag"])
  )
  refused <- function(error) copy_refused(session, write, found, error)
  answer <- tryCatch(
    if (as.numeric(found["content-length"]) > copy_bytes) {
      copy_parts(session, write, copied, found)
    } else {
      copy_whole(session, write, copied, found)
    },
    crossframe_error_precondition_failed = refused,
    crossframe_error_object_not_found = refused
  )
  copied_meta(target, found, answer)
}

copied_meta <- function(target, found, answer) {
  meta <- head_meta(target, found)
  meta$storage_class <- NA_character_
  if (length(answer$body) == 0) {
    # Found there already, by HEAD.
    return(head_meta(target, answer$headers))
  }
  modified <- xml_field(answer$body, "LastModified")
  meta$modified <- if (is.na(modified)) {
    utc(header_time(answer$headers["date"]))
  } else {
    utc(parse_iso_time(modified))
  }
  meta$etag <- clean_etag(xml_field(answer$body, "ETag"))
  meta$version <- header_version(answer$headers)
  meta
}

copy_verb <- list(
  verb = "copy to",
  permission = "s3:PutObject, and s3:GetObject on what is copied"
)

copy_whole <- function(session, write, copied, found) {
  request <- list(
    method = "PUT",
    bucket = write$bucket,
    key = write$key,
    headers = c(copied, write$conditions),
    root = "CopyObjectResult"
  )
  answer <- s3_send(session, c(request, copy_verb))
  etag <- clean_etag(xml_field(answer$body, "ETag"))
  was <- clean_etag(found["etag"])
  # Both whole and by MD5: then they are equal.
  by_md5 <- etag_is_md5(etag, answer$headers) && etag_is_md5(was, found)
  if (by_md5 && etag != was) {
    cf_abort(
      "corrupt_object",
      sprintf(
        "Can't copy to '%s' in s3://%s: the copy is not what was copied.",
        write$key,
        write$bucket
      ),
      sprintf("The copy has ETag %s, the object %s.", etag, was),
      key = write$key,
      bucket = write$bucket
    )
  }
  answer
}

# Why by hand: an upload in parts begins with no metadata, and nobody copies them over.
copy_parts <- function(session, write, copied, found) {
  kept <- c(
    "cache-control",
    "content-disposition",
    "content-encoding",
    "content-language",
    "content-type",
    "x-amz-storage-class",
    "x-amz-website-redirect-location"
  )
  about <- found[
    names(found) %in% kept | startsWith(names(found), "x-amz-meta-")
  ]
  size <- as.numeric(found["content-length"])
  step <- max(copy_part_bytes, ceiling(size / most_parts))
  starts <- steps(size, step)
  in_parts(session, write, about, length(starts), function(at, id) {
    end <- min(starts[at] + step, size) - 1
    range <- sprintf("bytes=%.0f-%.0f", starts[at], end)
    request <- list(
      method = "PUT",
      query = c(partNumber = format(at, scientific = FALSE), id),
      headers = c(copied, "x-amz-copy-source-range" = range),
      root = "CopyPartResult",
      part = function(response) {
        c(ETag = clean_etag(xml_field(response$body, "ETag")))
      }
    )
    c(request, copy_verb)
  })
}

# As s3_put_refused(): where the answer to a first attempt was lost, the second finds its copy in its way.
copy_refused <- function(session, write, origin, error) {
  found <- s3_head_or_null(session, write)
  same <- function(name) {
    identical(unname(found[name]), unname(origin[name])) && !is.na(found[name])
  }
  ours <- error$attempts > 1 &&
    !is.null(found) &&
    same("content-length") &&
    (same("etag") || same(digest_header))
  if (ours) {
    return(list(headers = found))
  }
  if (write$if_absent && !is.null(found)) {
    abort_object_exists(write$key, paste0("s3://", write$bucket))
  }
  stop(error)
}

# Session and bucket to copy from: by the target's server, who must be the source's, too.
copy_origin <- function(session, bucket, source) {
  if (is.null(source)) {
    return(list(session = session, bucket = bucket))
  }
  from <- attr(source, "s3")
  if (
    is.null(from) ||
      !identical(from$session$endpoint$host, session$endpoint$host) ||
      !identical(
        session_credentials(from$session)$access_key,
        session_credentials(session)$access_key
      )
  ) {
    uri <- paste0("s3://", bucket)
    cf_abort(
      "not_supported",
      sprintf(
        "Can't copy from %s to %s within the server: %s.",
        source$uri,
        uri,
        "it is another one, or is reached by other credentials"
      ),
      hint = "Get the object and put it.",
      uri = uri
    )
  }
  from
}
