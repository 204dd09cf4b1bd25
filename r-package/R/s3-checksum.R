# Is a body the one that was stored? Against the stored checksum, else an ETag that is an MD5, else
# the digest that this package leaves in the metadata of what it sends in parts.
# Source: AWS, "Checking object integrity in Amazon S3".

# Polynomial (reflected, hexadecimal) and width of the checksums that are CRCs.
crc_forms <- list(
  crc32 = list("EDB88320", 32L),
  crc32c = list("82F63B78", 32L),
  crc64nvme = list("9A6C9329AC4BC9B5", 64L)
)

s3_digest <- function(bytes, algorithm) {
  switch(
    algorithm,
    md5 = openssl::md5(bytes),
    sha1 = openssl::sha1(bytes),
    sha256 = openssl::sha256(bytes),
    .Call(
      C_crc,
      bytes,
      crc_forms[[algorithm]][[1]],
      crc_forms[[algorithm]][[2]]
    )
  )
}

base64_digest <- function(bytes, algorithm) {
  openssl::base64_encode(unclass(as.raw(s3_digest(bytes, algorithm))))
}

# NULL where a whole body is right or nothing is stored to tell by, else text saying what differs.
check_body <- function(response) {
  headers <- response$headers
  size <- headers["content-length"]
  if (!is.na(size) && as.numeric(size) != length(response$body)) {
    return(sprintf(
      "%s bytes announced, %s received",
      size,
      length(response$body)
    ))
  }
  for (algorithm in c("crc64nvme", "crc32c", "crc32", "sha1", "sha256")) {
    stored <- headers[paste0("x-amz-checksum-", algorithm)]
    # "...-3" is a checksum of the checksums of three parts.
    if (!is.na(stored) && !grepl("-", stored, fixed = TRUE)) {
      got <- base64_digest(response$body, algorithm)
      return(
        if (got != stored) {
          sprintf("%s stored %s, received %s", algorithm, stored, got)
        }
      )
    }
  }
  etag <- clean_etag(headers["etag"])
  ours <- headers["x-amz-meta-crossframe-sha256"]
  if (etag_is_md5(etag, headers) || is.na(ours)) {
    return(check_etag(headers, response$body))
  }
  got <- hex_sha256(response$body)
  if (got != ours) sprintf("SHA256 %s stored, received %s", ours, got)
}

# The same by ETag, after a PUT and a GET.
check_etag <- function(headers, bytes) {
  etag <- clean_etag(headers["etag"])
  if (!etag_is_md5(etag, headers)) {
    return(NULL)
  }
  got <- hex_text(openssl::md5(bytes))
  if (got != etag) sprintf("ETag %s, MD5 of the bytes %s", etag, got)
}

# Why not where KMS or the caller's key encrypts: the ETag is then of the encrypted bytes.
etag_is_md5 <- function(etag, headers) {
  kms <- grepl("kms", headers["x-amz-server-side-encryption"], fixed = TRUE)
  own_key <- !is.na(headers["x-amz-server-side-encryption-customer-algorithm"])
  grepl("^[0-9a-f]{32}$", etag) && !kms && !own_key
}

clean_etag <- function(etag) gsub("^(W/)?\"|\"$", "", unname(etag))
