# AWS Signature Version 4 for S3, header and query signing.
# Source: AWS, "Authenticating Requests (AWS Signature Version 4)", S3 API Reference.
#
# Why our own: libcurl's aws_sigv4 signs an Expect header it does not send, leaves
# the query unsorted, omits x-amz-content-sha256 and can't presign.
#
# A request is list(method, host, path, query, headers, payload_hash): host with its
# port where that is not the scheme's own, path encoded as sent (or several), query a named
# character vector (not encoded), headers a named character vector.
# Credentials are list(access_key, secret_key, session_token or NULL).

# AWS's unreserved characters, and the slash, which stays in keys.
unreserved_bytes <- charToRaw(
  "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.~"
)
key_bytes <- c(unreserved_bytes, charToRaw("/"))

# Percent-encode the UTF-8 bytes of each element; AWS's unreserved characters stay.
uri_encode <- function(x, keep_slash = FALSE) {
  unreserved <- if (keep_slash) key_bytes else unreserved_bytes
  encode <- function(text) {
    bytes <- charToRaw(enc2utf8(text))
    if (all(bytes %in% unreserved)) {
      return(text)
    }
    chars <- sprintf("%%%02X", as.integer(bytes))
    kept <- bytes %in% unreserved
    chars[kept] <- rawToChar(bytes[kept], multiple = TRUE)
    paste(chars, collapse = "")
  }
  vapply(x, encode, "", USE.NAMES = FALSE)
}

# The query as it is signed and as it is sent: one string, so that the two can't differ.
canonical_query <- function(query) {
  if (length(query) == 0) {
    return("")
  }
  names <- uri_encode(names(query))
  values <- uri_encode(unname(query))
  # Why radix: it sorts by bytes whatever the locale.
  sorted <- order(names, values, method = "radix")
  paste(paste0(names[sorted], "=", values[sorted]), collapse = "&")
}

# Names lower-case and sorted, values trimmed and runs of space made one.
canonical_headers <- function(headers) {
  names(headers) <- tolower(names(headers))
  headers <- headers[order(names(headers), method = "radix")]
  # Why not trimws(): it takes three times as long, and this is done for each object of a batch.
  headers[] <- gsub(" +", " ", gsub("^[ \t\r\n]+|[ \t\r\n]+$", "", headers))
  list(
    text = paste0(names(headers), ":", headers, "\n", collapse = ""),
    signed = paste(names(headers), collapse = ";")
  )
}

# headers: what canonical_headers() makes of the request's.
sigv4_canonical_request <- function(
  request,
  headers = request_headers(request),
  query = request$query
) {
  paste(
    request$method,
    request$path,
    canonical_query(query),
    headers$text,
    headers$signed,
    request$payload_hash,
    sep = "\n"
  )
}

request_headers <- function(request) {
  canonical_headers(c(host = request$host, request$headers))
}

# The request's headers with those of the signature added; all of them are signed.
sigv4_sign <- function(
  request,
  credentials,
  region,
  time = Sys.time(),
  service = "s3"
) {
  signed <- sigv4_authorize(request, credentials, region, time, service)
  c(signed$headers, Authorization = signed$authorization)
}

# list(headers, authorization): the headers that are signed, and what is to go with them. Of several paths, for
# each: then most of the work is done once.
sigv4_authorize <- function(
  request,
  credentials,
  region,
  time = Sys.time(),
  service = "s3"
) {
  stamp <- sigv4_timestamp(time)
  request$headers <- c(
    request$headers,
    "x-amz-content-sha256" = request$payload_hash,
    "x-amz-date" = stamp,
    "x-amz-security-token" = credentials$session_token
  )
  scope <- sigv4_scope(stamp, region, service)
  headers <- request_headers(request)
  signature <- sigv4_signature(
    sigv4_canonical_request(request, headers),
    credentials,
    stamp,
    scope
  )
  authorization <- sprintf(
    "AWS4-HMAC-SHA256 Credential=%s/%s, SignedHeaders=%s, Signature=%s",
    credentials$access_key,
    scope,
    headers$signed,
    signature
  )
  list(headers = request$headers, authorization = authorization)
}

# The query string of a presigned link; whoever has the link sends the request's headers and no others.
sigv4_presign <- function(
  request,
  credentials,
  region,
  expires_s,
  time = Sys.time(),
  service = "s3"
) {
  stamp <- sigv4_timestamp(time)
  scope <- sigv4_scope(stamp, region, service)
  headers <- request_headers(request)
  query <- c(
    request$query,
    "X-Amz-Algorithm" = "AWS4-HMAC-SHA256",
    "X-Amz-Credential" = paste0(credentials$access_key, "/", scope),
    "X-Amz-Date" = stamp,
    "X-Amz-Expires" = format(expires_s, scientific = FALSE),
    "X-Amz-SignedHeaders" = headers$signed,
    "X-Amz-Security-Token" = credentials$session_token
  )
  request$payload_hash <- "UNSIGNED-PAYLOAD"
  signature <- sigv4_signature(
    sigv4_canonical_request(request, headers, query),
    credentials,
    stamp,
    scope
  )
  paste0(canonical_query(query), "&X-Amz-Signature=", signature)
}

sigv4_timestamp <- function(time) format(time, "%Y%m%dT%H%M%SZ", tz = "UTC")

sigv4_scope <- function(stamp, region, service) {
  paste(substr(stamp, 1, 8), region, service, "aws4_request", sep = "/")
}

sigv4_signature <- function(canonical_request, credentials, stamp, scope) {
  to_sign <- paste(
    "AWS4-HMAC-SHA256",
    stamp,
    scope,
    text_sha256(canonical_request),
    sep = "\n"
  )
  text_sha256(to_sign, sigv4_key(credentials$secret_key, scope))
}

# The key that signs for a day, kept while secret and scope stay the same.
sigv4_key <- function(secret, scope) {
  if (!identical(signing$secret, secret) || !identical(signing$scope, scope)) {
    key <- charToRaw(paste0("AWS4", secret))
    for (part in strsplit(scope, "/", fixed = TRUE)[[1]]) {
      key <- hmac_sha256(key, part)
    }
    signing$secret <- secret
    signing$scope <- scope
    signing$key <- key
  }
  signing$key
}

signing <- new.env(parent = emptyenv())

hmac_sha256 <- function(key, text) {
  unclass(openssl::sha256(charToRaw(enc2utf8(text)), key = key))
}

# Hexadecimal; of each text.
text_sha256 <- function(texts, key = NULL) {
  as.vector(unclass(openssl::sha256(enc2utf8(texts), key = key)))
}

hex_sha256 <- function(bytes) hex_text(openssl::sha256(bytes))

hex_text <- function(bytes) paste(as.character(unclass(bytes)), collapse = "")
