# Compression around a stored object: bytes in, bytes out, by the names of formats.csv.

# The compressions a stored object may lie in; nested ones are peeled one by one.
compression_depth <- 3L

# Compress bytes. name: "gzip", "bzip2", "xz" or "zstd".
compress_bytes <- function(data, name, level = 5L) {
  switch(
    name,
    gzip = .Call(C_gzip, data, as.integer(level)),
    bzip2 = memCompress(data, "bzip2"),
    xz = memCompress(data, "xz"),
    zlib = memCompress(data, "gzip"), # R's word for a zlib stream
    zstd = {
      need_zstd("compress")
      memCompress(data, "zstd")
    },
    no_compression(name)
  )
}

# The bytes that a compressed object holds, at most `limit` of them; to be released where they are used up.
decompress_bytes <- function(
  data,
  name,
  limit = decompress_limit(length(data))
) {
  switch(
    name,
    gzip = inflate(data, name, limit),
    zlib = inflate(data, name, limit),
    bzip2 = expand(data, name, limit),
    xz = expand(data, name, limit),
    zstd = {
      need_zstd("decompress")
      expand(data, name, limit)
    },
    no_compression(name)
  )
}

# What lies under all compressions that the magic bytes show.
decompress_all <- function(data) {
  for (i in seq_len(compression_depth)) {
    name <- sniff_compression(first_bytes(data))
    if (is.null(name)) {
      break
    }
    packed <- data
    data <- decompress_bytes(packed, name)
    if (i > 1L) {
      release(packed)
    }
  }
  data
}

# What `size` bytes may expand to: a small file can hold a value that fills the memory. 2 GiB or
# 200 times the size, unless the environment says otherwise.
decompress_limit <- function(size) {
  named <- Sys.getenv("CROSSFRAME_MAX_BYTES")
  if (nzchar(named)) {
    limit <- suppressWarnings(as.numeric(named))
    if (is.na(limit) || limit < 1) {
      cf_abort(
        "usage",
        "Can't use CROSSFRAME_MAX_BYTES: it must be a number of bytes.",
        sprintf("got '%s'", named)
      )
    }
    return(limit)
  }
  max(2^31, 200 * size)
}

# Let go of bytes that lie outside of R's memory (src/bytes.c); of others, this does nothing.
# Why not left to R: it does not see how large they are.
release <- function(data) {
  .Call(C_release, data)
}

inflate <- function(data, name, limit) {
  out <- .Call(C_inflate, data, as.double(limit))
  if (is.raw(out)) {
    return(out)
  }
  if (out == "limit") {
    too_large(name, limit)
  }
  cf_abort(
    "decode",
    sprintf("Can't decompress %s data: it is %s.", name, out),
    sprintf("%.0f bytes were given", length(data)),
    "Was the object stored completely? Compare its size with the file it was made from."
  )
}

# R bounds what memDecompress() makes (4 GiB), so the limit can be looked at afterwards.
expand <- function(data, name, limit) {
  problem <- function(e) {
    cf_abort(
      "decode",
      sprintf("Can't decompress %s data: it is damaged or truncated.", name),
      sprintf(
        "%.0f bytes were given; R says: %s",
        length(data),
        conditionMessage(e)
      ),
      "Was the object stored completely? Compare its size with the file it was made from."
    )
  }
  out <- tryCatch(memDecompress(data, name), error = problem, warning = problem)
  if (length(out) > limit) {
    too_large(name, limit)
  }
  out
}

too_large <- function(name, limit) {
  cf_abort(
    "decode",
    sprintf(
      "Can't decompress %s data: it holds more than %.0f bytes.",
      name,
      limit
    ),
    NULL,
    "Do you trust it? Then raise the limit: Sys.setenv(CROSSFRAME_MAX_BYTES = )."
  )
}

# R has zstd from 4.5 on.
need_zstd <- function(verb) {
  if (!"zstd" %in% eval(formals(memDecompress)$type)) {
    cf_abort(
      "engine_missing",
      sprintf("Can't %s zstd data with this R.", verb),
      sprintf("this is R %s", getRversion()),
      "R has zstd from version 4.5 on; elsewhere, store with gzip."
    )
  }
}

no_compression <- function(name) {
  cf_abort(
    "unknown_format",
    sprintf("Can't use compression '%s'.", name),
    "it must be one of gzip, bzip2, xz, zstd"
  )
}
