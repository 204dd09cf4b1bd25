# Deleting: one object, one version of it for ever, or objects by the thousand.
# Source: Amazon S3 API Reference, "DeleteObject", "DeleteObjects".

delete_keys <- 1000

# No error where there is nothing.
s3_delete <- function(session, bucket, key, version = NULL) {
  if (!nzchar(key)) {
    return(invisible(NULL))
  }
  request <- list(
    method = "DELETE",
    bucket = bucket,
    key = key,
    query = c(versionId = version),
    permission = if (!is.null(version)) "s3:DeleteObjectVersion"
  )
  tryCatch(
    s3_send(session, request),
    crossframe_error_object_not_found = function(error) NULL
  )
  invisible(NULL)
}

# The error conditions, named by key, of what could not be deleted. Where a whole request fails the
# rest is not tried, and fails for the same reason.
s3_delete_many <- function(session, bucket, keys) {
  keys <- unique(enc2utf8(as.character(keys)))
  keys <- keys[nzchar(keys)]
  failures <- list()
  refused <- NULL
  for (start in steps(length(keys), delete_keys)) {
    batch <- keys[(start + 1):min(start + delete_keys, length(keys))]
    if (is.null(refused)) {
      found <- tryCatch(
        delete_batch(session, bucket, batch),
        crossframe_error = identity
      )
      if (!inherits(found, "condition")) {
        failures <- c(failures, found)
        next
      }
      refused <- found
    }
    failures[batch] <- rep(list(refused), length(batch))
  }
  failures
}

# What servers say that do not know the request, or not the checksum that goes with it.
delete_not_known <- c(
  "NotImplemented",
  "MethodNotAllowed",
  "MissingContentMD5",
  "InvalidDigest",
  "MalformedXML"
)

delete_batch <- function(session, bucket, keys) {
  # Why not all: XML can't carry every character.
  plain <- !grepl("[\u0001-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]", keys)
  answered <- if (any(plain)) {
    tryCatch(
      ask_to_delete(session, bucket, keys[plain]),
      crossframe_error_store = function(error) {
        known <- !is.null(error$code) && error$code %in% delete_not_known
        if (known || identical(error$status, 501L)) NULL else stop(error)
      }
    )
  }
  done <- c(answered$done, names(answered$failures))
  rest <- setdiff(keys, done)
  c(answered$failures, delete_each_of(session, bucket, rest))
}

delete_each_of <- function(session, bucket, keys) {
  failed <- lapply(keys, function(key) {
    tryCatch(
      s3_delete(session, bucket, key),
      crossframe_error = identity
    )
  })
  names(failed) <- keys
  Filter(Negate(is.null), failed)
}

# list(done, failures): what the server has said nothing or nothing final about is in neither.
ask_to_delete <- function(session, bucket, keys) {
  document <- xml2::xml_new_root("Delete")
  for (key in keys) {
    object <- xml2::xml_add_child(document, "Object")
    xml2::xml_add_child(object, "Key", key)
  }
  body <- charToRaw(enc2utf8(as.character(document)))
  request <- list(
    method = "POST",
    bucket = bucket,
    query = c(delete = ""),
    headers = c(
      "Content-Type" = "application/xml",
      # Why always: the one checksum that every server takes, and AWS wants one here.
      "Content-MD5" = base64_digest(body, "md5")
    ),
    body = body,
    verb = "delete objects in",
    permission = "s3:DeleteObject"
  )
  page <- s3_page(session, request, "DeleteResult")
  done <- xml2::xml_text(xml2::xml_find_all(page, "./Deleted/Key"))
  failures <- list()
  for (node in as.list(xml2::xml_find_all(page, "./Error"))) {
    key <- one_text(node, "Key")
    code <- one_text(node, "Code")
    if (identical(code, "NoSuchKey")) {
      done <- c(done, key)
    } else if (key %in% keys && !is.na(code) && !code %in% passing_codes) {
      failures[[key]] <- delete_failure(session, bucket, key, node)
    }
  }
  list(done = done, failures = failures)
}

delete_failure <- function(session, bucket, key, node) {
  fields <- c(
    Code = one_text(node, "Code"),
    Message = one_text(node, "Message")
  )
  fields[is.na(fields)] <- ""
  request <- s3_request_defaults(list(
    method = "DELETE",
    bucket = bucket,
    key = key
  ))
  failed <- list(
    error = s3_error_name(fields, 200),
    code = fields[["Code"]],
    message = fields[["Message"]],
    status = 200L,
    attempts = 1
  )
  tryCatch(s3_abort(session, request, failed), crossframe_error = identity)
}
