# What others stored in parts, with no checksum of the whole: compared by the checksum of the parts'
# checksums, where the server tells the parts' sizes.
# Source: Amazon S3 User Guide, "Checking object integrity", "Using part-level checksums".

most_parts_asked <- 1000

# A check of an answer for check_body(); one for both attempts of a read.
check_parts <- function(session, bucket, key) {
  before <- NULL
  function(response) {
    headers <- response$headers
    form <- parts_form(headers)
    if (is.null(form)) {
      return(NULL)
    }
    sizes <- part_sizes(
      session,
      bucket,
      key,
      headers,
      form$count,
      exact = !is.null(before)
    )
    if (is.null(sizes)) {
      return(NULL)
    }
    got <- parts_digest(response, form$algorithm, sizes)
    if (identical(got, form$want)) {
      return(NULL)
    }
    # Why: some servers make it in another way. There, what comes twice alike is what they have.
    again <- identical(before, got)
    before <<- got
    if (!(again && session$endpoint$custom)) {
      sprintf(
        "%s of the parts %s stored, received %s",
        form$algorithm,
        form$want,
        got
      )
    }
  }
}

# list(algorithm, want, count) of what is told of the parts, or NULL.
parts_form <- function(headers) {
  etag <- regmatches(
    clean_etag(headers["etag"]),
    regexec("^([0-9a-f]{32})-([0-9]{1,5})$", clean_etag(headers["etag"]))
  )[[1]]
  if (length(etag) != 3) {
    return(NULL)
  }
  for (algorithm in c("crc32", "crc32c", "sha256", "sha1", "crc64nvme")) {
    value <- headers[paste0("x-amz-checksum-", algorithm)]
    if (!is.na(value) && endsWith(value, paste0("-", etag[3]))) {
      want <- hex_text(openssl::base64_decode(sub("-.*", "", value)))
      return(list(
        algorithm = algorithm,
        want = want,
        count = as.numeric(etag[3])
      ))
    }
  }
  if (etag_is_md5(etag[2], headers)) {
    list(algorithm = "md5", want = etag[2], count = as.numeric(etag[3]))
  }
}

parts_digest <- function(response, algorithm, sizes) {
  starts <- cumsum(c(0, sizes[-length(sizes)]))
  digests <- lapply(seq_along(sizes), function(at) {
    as.raw(s3_digest(
      received_bytes(response, starts[at], sizes[at]),
      algorithm
    ))
  })
  hex_text(as.raw(s3_digest(unlist(digests), algorithm)))
}

# The sizes of an object's parts, NULL where the server does not tell them.
# Mostly all are alike but the last, and that is taken for granted until the comparison fails.
part_sizes <- function(session, bucket, key, headers, count, exact) {
  version <- headers["x-amz-version-id"]
  total <- as.numeric(headers["content-length"])
  ask <- function(number) {
    s3_send(
      session,
      list(
        method = "HEAD",
        bucket = bucket,
        key = key,
        query = c(
          partNumber = format(number, scientific = FALSE),
          versionId = if (!is.na(version)) unname(version)
        )
      )
    )$headers
  }
  sizes <- tryCatch(
    {
      first <- ask(1)
      size <- as.numeric(first["content-length"])
      if (!identical(as.numeric(first["x-amz-mp-parts-count"]), count)) {
        return(NULL)
      }
      if (!exact && size * (count - 1) < total && total <= size * count) {
        c(rep(size, count - 1), total - size * (count - 1))
      } else if (count <= most_parts_asked) {
        vapply(
          seq_len(count),
          function(number) as.numeric(ask(number)["content-length"]),
          0
        )
      }
    },
    crossframe_error_store = function(error) NULL
  )
  if (!is.null(sizes) && identical(sum(sizes), total)) sizes
}

received_bytes <- function(response, start, size) {
  if (!is.null(response$file)) {
    return(file_bytes(response$file, start, size))
  }
  if (size > 0) response$body[(start + 1):(start + size)] else raw(0)
}
