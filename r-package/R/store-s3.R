#' A bucket of S3, or of a server that speaks its language
#'
#' AWS S3, MinIO, SeaweedFS, Ceph and others. Requests are signed by this package.
#'
#' The endpoint is, in this order: the argument, `AWS_ENDPOINT_URL_S3`, `AWS_ENDPOINT_URL`,
#' `AWS_S3_ENDPOINT` (a host without a scheme, as the aws.s3 package has it), the profile's
#' `endpoint_url`, AWS. The region is the argument, `AWS_REGION`, `AWS_DEFAULT_REGION`, the
#' profile's, and otherwise found by asking. Credentials are the arguments, the variables
#' `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY` and `AWS_SESSION_TOKEN`, or those of the profile
#' (`profile`, `AWS_PROFILE`) in `~/.aws/credentials` and `~/.aws/config`.
#'
#' @param bucket String; the bucket's name.
#' @param endpoint String; `"https://host:port"`, or a host alone.
#' @param region String.
#' @param profile String; a profile of the AWS files.
#' @param access_key,secret_key,session_token Strings; credentials.
#' @param use_https `FALSE` for plain HTTP where the endpoint names no scheme.
#' @param path_style `TRUE` for the bucket in the path, `FALSE` for the bucket in the host name;
#'   by default in the path for every endpoint but AWS's.
#' @param anonymous `TRUE` signs nothing, for public buckets.
#' @param verify `FALSE` trusts any certificate; a string names the authorities' file.
#' @param checksums `"when_required"` for servers that refuse the newer checksum headers; by default
#'   `AWS_REQUEST_CHECKSUM_CALCULATION`, the profile's `request_checksum_calculation`, `"when_supported"`.
#' @param attempts Count; how often a request is tried in all.
#' @param connect_timeout_s,read_timeout_s Seconds to wait for a connection, and for the next byte.
#' @returns A store, to be used as a root: see [cf_set_root()]. Nothing is sent before it is used.
#' @section Errors:
#' `crossframe_error_credentials` (`_signature`, `_expired_token`, `_clock_skew`),
#' `crossframe_error_access_denied`, `crossframe_error_endpoint`, `crossframe_error_bucket_not_found`,
#' `crossframe_error_object_not_found`, `crossframe_error_corrupt_object`, `crossframe_error_unavailable`.
#' @section Source:
#' AWS, "Amazon S3 API Reference".
#' @examples
#' cf_store_s3("lab-data", endpoint = "http://127.0.0.1:9000", access_key = "a", secret_key = "b")
#' @export
cf_store_s3 <- function(
  bucket,
  endpoint = NULL,
  region = NULL,
  profile = NULL,
  access_key = NULL,
  secret_key = NULL,
  session_token = NULL,
  use_https = TRUE,
  path_style = NULL,
  anonymous = FALSE,
  verify = NULL,
  checksums = NULL,
  attempts = 4L,
  connect_timeout_s = 10,
  read_timeout_s = 60
) {
  if (
    !is.character(bucket) ||
      length(bucket) != 1 ||
      is.na(bucket) ||
      !nzchar(bucket) ||
      grepl("/", bucket)
  ) {
    cf_abort(
      "invalid_uri",
      sprintf(
        "A bucket's name must be one string without '/', not '%s'.",
        toString(bucket)
      )
    )
  }
  session <- s3_session(
    endpoint = endpoint,
    region = region,
    profile = profile,
    access_key = access_key,
    secret_key = secret_key,
    session_token = session_token,
    use_https = use_https,
    path_style = path_style,
    anonymous = anonymous,
    verify = verify,
    checksums = checksums,
    attempts = attempts,
    connect_timeout_s = connect_timeout_s,
    read_timeout_s = read_timeout_s
  )
  s3_store(session, bucket)
}

s3_store <- function(session, bucket) {
  about <- c(
    endpoint = sprintf(
      "%s (from %s)",
      endpoint_text(session),
      session$endpoint$source
    )
  )
  # Every ability is a function of this package whose first arguments are session and bucket.
  bound <- function(f) {
    force(f)
    shown <- formals(f)[-(1:2)]
    call <- as.call(c(
      list(f, session, bucket),
      lapply(stats::setNames(names(shown), names(shown)), as.name)
    ))
    as.function(c(shown, list(call)), envir = environment(f))
  }
  store <- new_store(
    uri = paste0("s3://", bucket),
    get = bound(s3_get),
    get_stream = bound(s3_get_stream),
    put = bound(s3_put),
    put_stream = bound(s3_put_stream),
    head = bound(s3_head),
    list = function(prefix = "") s3_list_all(session, bucket, prefix)$objects,
    children = function(prefix = "") {
      found <- s3_list_all(session, bucket, prefix, delimiter = "/")
      list(prefixes = found$prefixes, objects = found$objects)
    },
    delete = bound(s3_delete),
    about = about,
    get_to = bound(s3_get_to),
    put_from = bound(s3_put_from),
    copy = bound(s3_copy),
    delete_many = bound(s3_delete_many),
    versions = bound(s3_versions),
    restore = bound(s3_restore),
    sign = function(
      key,
      verb = "get",
      expires_s,
      version = NULL,
      media_type = NULL
    ) {
      s3_sign(session, bucket, key, verb, expires_s, version, media_type)
    },
    publish = bound(s3_publish),
    unpublish = bound(s3_unpublish),
    published = bound(s3_published),
    expire = bound(s3_expire),
    expiries = bound(s3_expiries),
    uploads = bound(s3_uploads),
    abort = function(upload) {
      s3_abort_upload(session, bucket, upload$key, upload$upload_id)
    }
  )
  # For copies from one bucket to another.
  attr(store, "s3") <- list(session = session, bucket = bucket)
  store
}

s3_head <- function(session, bucket, key, version = NULL) {
  head_meta(key, s3_head_answer(session, bucket, key, version)$headers)
}

s3_head_answer <- function(session, bucket, key, version = NULL) {
  check_read_key(key, paste0("s3://", bucket))
  request <- list(
    method = "HEAD",
    bucket = bucket,
    key = key,
    query = c(versionId = version)
  )
  s3_send(session, request)
}

head_meta <- function(key, headers) {
  new_meta(
    enc2utf8(key),
    as.numeric(headers["content-length"]),
    header_time(headers["last-modified"]),
    clean_etag(headers["etag"]),
    header_version(headers),
    or_standard(headers["x-amz-storage-class"]),
    unname(headers["content-type"]),
    header_metadata(headers)
  )
}

# What the writer said of the object; our own digest is not the writer's.
header_metadata <- function(headers) {
  start <- "x-amz-meta-"
  told <- headers[startsWith(names(headers), start)]
  told <- told[names(told) != digest_header]
  names(told) <- substring(names(told), nchar(start) + 1)
  if (length(told)) told[byte_order(names(told))] else no_metadata
}

header_time <- function(text) {
  if (is.na(text)) NA_real_ else as.numeric(curl::parse_date(unname(text)))
}

header_version <- function(headers) {
  version <- unname(headers["x-amz-version-id"])
  if (identical(version, "null")) NA_character_ else version
}
