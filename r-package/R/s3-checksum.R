# Is a body the one that was stored? Against the stored checksum, else an ETag that is an MD5, else
# the digest that this package leaves in the metadata of what it sends in parts.
# Source: AWS, "Checking object integrity in Amazon S3".

# Polynomial (reflected, hexadecimal) and width of the checksums that are CRCs.
crc_forms <- list(
  crc32 = list("EDB88320", 32L),
  crc32c = list("82F63B78", 32L),
  crc64nvme = list("9A6C9329AC4BC9B5", 64L)
)

# In the order in which they are looked for.
checksum_algorithms <- c("crc64nvme", "crc32c", "crc32", "sha1", "sha256")
checksum_headers <- paste0("x-amz-checksum-", checksum_algorithms)

# Bytes of a file that are looked at in one go.
file_step <- 4 * 1024^2

s3_digest <- function(bytes, algorithm) {
  switch(
    algorithm,
    md5 = openssl::md5(bytes),
    sha1 = openssl::sha1(bytes),
    sha256 = openssl::sha256(bytes),
    crc_of(bytes, algorithm)
  )
}

crc_of <- function(bytes, algorithm, before = NULL) {
  form <- crc_forms[[algorithm]]
  .Call(C_crc, bytes, form[[1]], form[[2]], before)
}

# The same of a file, in bounded memory.
file_digest <- function(path, algorithm) {
  if (!algorithm %in% names(crc_forms)) {
    # Why raw: else what is gzip would be expanded, and the text within digested.
    return(s3_digest(file(path, raw = TRUE), algorithm))
  }
  digest <- crc_of(raw(0), algorithm)
  for (start in steps(file.size(path), file_step)) {
    digest <- crc_of(file_bytes(path, start, file_step), algorithm, digest)
  }
  digest
}

# `length` bytes of a file from `start` (from 0), fewer at its end.
file_bytes <- function(path, start, length) {
  bytes <- .Call(C_file_read, path, as.double(start), as.double(length))
  if (!is.raw(bytes)) {
    cf_abort(
      "store",
      sprintf("Can't read the file '%s'.", path),
      sprintf("The system says: %s.", toString(bytes))
    )
  }
  bytes
}

# Where pieces of `step` begin, from 0; none of nothing.
steps <- function(size, step) {
  if (size > 0) seq(0, size - 1, by = step) else numeric()
}

base64_digest <- function(bytes, algorithm) {
  base64_of(s3_digest(bytes, algorithm))
}

# Why not openssl's: it takes four times as long, which counts for small objects.
base64_of <- function(digest) jsonlite::base64_enc(as.raw(digest))

# What to send along with bytes that go up: CRC32 as the AWS tools do, or MD5 for servers that don't
# know the newer headers.
upload_checksum <- function(session, bytes) {
  if (identical(session$checksums, "when_required")) {
    c("Content-MD5" = base64_digest(bytes, "md5"))
  } else {
    c("x-amz-checksum-crc32" = base64_digest(bytes, "crc32"))
  }
}

# "when_supported" or "when_required": the argument, the variable, the profile.
find_checksums <- function(argument, profile) {
  found <- argument
  if (is.null(found)) {
    found <- env_value("AWS_REQUEST_CHECKSUM_CALCULATION")
  }
  if (is.null(found)) {
    found <- profile$values$request_checksum_calculation
  }
  found <- if (is.null(found)) "when_supported" else tolower(found)
  if (!found %in% c("when_supported", "when_required")) {
    cf_abort(
      "usage",
      sprintf(
        "Checksums are \"when_supported\" or \"when_required\", not '%s'.",
        toString(found)
      )
    )
  }
  found
}

# What came, in memory or in a file: its size, and its digest by an algorithm.
received_size <- function(response) {
  if (is.null(response$file)) {
    length(response$body)
  } else {
    file.size(response$file)
  }
}

received_digest <- function(response, algorithm) {
  if (is.null(response$file)) {
    s3_digest(response$body, algorithm)
  } else {
    file_digest(response$file, algorithm)
  }
}

# NULL where a whole body is right or nothing is stored to tell by, else text saying what differs.
# parts: what to ask where nothing is stored of the whole, see check_parts().
check_body <- function(response, parts = function(response) NULL) {
  headers <- response$headers
  size <- as.numeric(headers["content-length"])
  if (!is.na(size) && size != received_size(response)) {
    return(sprintf(
      "%.0f bytes announced, %.0f received",
      size,
      received_size(response)
    ))
  }
  etag <- unname(headers["etag"])
  whole <- is_of_whole(unname(headers["x-amz-checksum-type"]), etag)
  stored <- headers[checksum_headers]
  # "...-3" is a checksum of the checksums of three parts.
  known <- which(whole & !is.na(stored) & !grepl("-", stored, fixed = TRUE))
  if (length(known)) {
    algorithm <- checksum_algorithms[known[1]]
    stored <- stored[[known[1]]]
    got <- base64_of(received_digest(response, algorithm))
    return(
      if (got != stored) {
        sprintf("%s stored %s, received %s", algorithm, stored, got)
      }
    )
  }
  etag <- clean_etag(etag)
  if (etag_is_md5(etag, headers)) {
    got <- hex_text(received_digest(response, "md5"))
    return(
      if (got != etag) sprintf("ETag %s, MD5 of the bytes %s", etag, got)
    )
  }
  ours <- headers["x-amz-meta-crossframe-sha256"]
  if (is.na(ours)) {
    return(parts(response))
  }
  got <- hex_text(received_digest(response, "sha256"))
  if (got != ours) sprintf("SHA256 %s stored, received %s", ours, got)
}

# Whether a checksum of that type can be that of the whole; etag: as it came.
# Why not where parts were stored and nothing is said: some servers leave the "-3" of three parts out.
is_of_whole <- function(type, etag) {
  if (is.na(type)) {
    # Why twice: most have no dash, and are not looked at further.
    !grepl("-", etag, fixed = TRUE) ||
      !grepl("^[0-9a-f]{32}-[0-9]{1,5}$", clean_etag(etag))
  } else {
    type == "FULL_OBJECT"
  }
}

# Has a server stored the bytes that were sent? By the checksum that it repeats, else by the ETag.
# Why both: a server that does not know the checksum says nothing about it, nor looks at it.
check_stored <- function(headers, sent, bytes) {
  crc32 <- sent["x-amz-checksum-crc32"]
  repeated <- headers["x-amz-checksum-crc32"]
  if (!is.na(crc32) && !is.na(repeated)) {
    return(
      if (crc32 != repeated) {
        sprintf("crc32 sent %s, stored %s", crc32, repeated)
      }
    )
  }
  etag <- clean_etag(headers["etag"])
  if (etag_is_md5(etag, headers)) {
    got <- hex_text(openssl::md5(bytes()))
    if (got != etag) sprintf("ETag %s, MD5 of the bytes %s", etag, got)
  }
}

# Why not where KMS or the caller's key encrypts: the ETag is then of the encrypted bytes.
etag_is_md5 <- function(etag, headers) {
  kms <- grepl("kms", headers["x-amz-server-side-encryption"], fixed = TRUE)
  own_key <- !is.na(headers["x-amz-server-side-encryption-customer-algorithm"])
  grepl("^[0-9a-f]{32}$", etag) && !kms && !own_key
}

clean_etag <- function(etag) gsub("^(W/)?\"|\"$", "", unname(etag))
