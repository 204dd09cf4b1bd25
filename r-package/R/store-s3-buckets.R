# New buckets.

# Make a bucket, in the region of the session, that keeps what is replaced and deleted.
s3_make_bucket <- function(session, bucket, versioned = TRUE) {
  request <- list(
    bucket = bucket,
    verb = "make the bucket",
    permission = "s3:CreateBucket"
  )
  # Why first: AWS's first region says "made" to who has it already.
  if (is_bucket(session, bucket)) {
    abort_bucket_exists(session, bucket)
  }
  # AWS's first region is the one that must not be named.
  body <- if (session$region != "us-east-1") {
    charToRaw(sprintf(
      paste0(
        "<CreateBucketConfiguration xmlns=\"%s\">",
        "<LocationConstraint>%s</LocationConstraint></CreateBucketConfiguration>"
      ),
      s3_namespace,
      session$region
    ))
  }
  request$method <- "PUT"
  request$body <- body
  request$headers <- c(
    "Content-Type" = if (!is.null(body)) "application/xml"
  )
  tryCatch(
    s3_send(session, request),
    crossframe_error_store = function(error) {
      taken <- c("BucketAlreadyOwnedByYou", "BucketAlreadyExists")
      # A repeated request finds what the first one made.
      made <- identical(error$code, taken[1]) && error$attempts > 1
      if (!made && is_string(error$code) && error$code %in% taken) {
        abort_bucket_exists(session, bucket)
      }
      if (!made) {
        stop(error)
      }
    }
  )
  if (versioned) {
    s3_set_versioning(session, bucket)
  }
  invisible(NULL)
}

s3_namespace <- "http://s3.amazonaws.com/doc/2006-03-01/"

# None, or not to be seen: the attempt to make it tells.
is_bucket <- function(session, bucket) {
  tryCatch(
    {
      s3_send(session, list(method = "HEAD", bucket = bucket))
      TRUE
    },
    crossframe_error_endpoint = function(error) stop(error),
    crossframe_error_store = function(error) FALSE
  )
}

abort_bucket_exists <- function(session, bucket) {
  cf_abort(
    "object_exists",
    sprintf(
      "Can't make the bucket s3://%s: there is a bucket of that name.",
      bucket
    ),
    sprintf(
      "The endpoint is %s (from %s).",
      endpoint_text(session),
      session$endpoint$source
    ),
    "Use it, or choose another name; on AWS names are shared by everybody.",
    bucket = bucket
  )
}

# Have a bucket keep what is replaced and deleted from now on, or no longer.
s3_set_versioning <- function(session, bucket, on = TRUE) {
  body <- charToRaw(sprintf(
    "<VersioningConfiguration xmlns=\"%s\"><Status>%s</Status></VersioningConfiguration>",
    s3_namespace,
    if (on) "Enabled" else "Suspended"
  ))
  request <- list(
    method = "PUT",
    bucket = bucket,
    query = c(versioning = ""),
    headers = c(
      "Content-Type" = "application/xml",
      "Content-MD5" = base64_digest(body, "md5")
    ),
    body = body,
    verb = "set the versioning of",
    permission = "s3:PutBucketVersioning"
  )
  s3_send(session, request)
  invisible(NULL)
}
