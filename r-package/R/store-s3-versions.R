# Versions: contents that were replaced or deleted and are still there; and getting them back.
# Source: Amazon S3 API Reference, "ListObjectVersions".

s3_versions <- function(session, bucket, prefix = "", exact = FALSE) {
  request <- list(
    method = "GET",
    bucket = bucket,
    verb = "list the versions in",
    permission = "s3:ListBucketVersions"
  )
  query <- c(versions = "", "encoding-type" = "url", prefix = prefix)
  markers <- c(
    "key-marker" = "KeyMarker",
    "version-id-marker" = "VersionIdMarker"
  )
  pages <- marked_pages(
    session,
    request,
    query,
    markers,
    "ListVersionsResult",
    page_versions,
    # Why: of all keys that begin with it, the key itself is listed first.
    last = function(found) exact && any(found$key != prefix)
  )
  column <- function(name, empty) page_column(pages, name, empty)
  key <- column("key", character())
  found <- new_versions(
    key,
    column("version", character()),
    column("modified", numeric()),
    column("size", numeric()),
    column("etag", character()),
    column("latest", logical()),
    column("deleted", logical()),
    # Why the server's order, too: it tells apart what was written within one second. Why not that alone:
    # some servers list all deletions after all contents.
    order = order(order(column("modified", numeric()), -seq_along(key)))
  )
  if (exact) {
    found <- found[found$key == prefix, ]
    rownames(found) <- NULL
  }
  found
}

page_versions <- function(page) {
  nodes <- xml2::xml_find_all(page, "./Version | ./DeleteMarker")
  text <- function(child) {
    xml2::xml_text(xml2::xml_find_first(nodes, paste0("./", child)))
  }
  deleted <- xml2::xml_name(nodes) == "DeleteMarker"
  size <- as.numeric(text("Size"))
  etag <- clean_etag(text("ETag"))
  size[deleted] <- 0
  # A bucket without versioning has the current contents only.
  version <- text("VersionId")
  version[is.na(version)] <- "null"
  etag[deleted] <- ""
  list(
    key = decode_keys(text("Key"), page),
    version = version,
    modified = parse_iso_time(text("LastModified")),
    size = size,
    etag = etag,
    latest = text("IsLatest") == "true",
    deleted = deleted
  )
}

# Make a version, or the last content, what the key holds now, by a copy: nothing is lost by it.
s3_restore <- function(session, bucket, key, version = NULL) {
  check_key(key)
  uri <- paste0("s3://", bucket)
  now <- tryCatch(
    s3_head(session, bucket, key),
    crossframe_error_object_not_found = function(error) NULL
  )
  current <- if (is.null(now) || is.na(now$version)) "null" else now$version
  if (!is.null(now) && (is.null(version) || identical(version, current))) {
    return(now)
  }
  if (is.null(version)) {
    version <- last_content(session, bucket, key)
  }
  tryCatch(
    s3_copy(session, bucket, key, key, version = version),
    # What a server says to HEAD and GET of a deletion.
    crossframe_error_not_supported = function(error) {
      abort_object_not_found(key, uri, version)
    }
  )
}

last_content <- function(session, bucket, key) {
  found <- s3_versions(session, bucket, key, exact = TRUE)
  kept <- found$version[!found$deleted]
  if (length(kept) == 0) {
    cf_abort(
      "object_not_found",
      sprintf("Can't find object '%s' in s3://%s.", key, bucket),
      "No version of it is kept.",
      "Only a bucket whose versioning was on by then keeps what is deleted.",
      key = key,
      uri = paste0("s3://", bucket)
    )
  }
  kept[1]
}
