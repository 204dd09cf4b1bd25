# What goes up: bytes in memory or in a file, read piece by piece, so that a file need not fit in memory.

# A source is list(size, bytes = function(start, length) -> raw, digest = function(algorithm),
# unchanged = function(): stops where the bytes may no longer be what they were).
raw_source <- function(data) {
  list(
    size = length(data),
    bytes = function(start, length) {
      if (start == 0 && length >= base::length(data)) {
        return(data)
      }
      end <- min(start + length, base::length(data))
      if (start >= end) raw(0) else data[(start + 1):end]
    },
    digest = function(algorithm) s3_digest(data, algorithm),
    unchanged = function() NULL
  )
}

file_source <- function(path) {
  look <- function() file.info(path, extra_cols = FALSE)[c("size", "mtime")]
  first <- look()
  if (is.na(first$size) || dir.exists(path)) {
    cf_abort(
      "usage",
      sprintf("Can't read the file '%s': there is none of that name.", path)
    )
  }
  list(
    size = first$size,
    bytes = function(start, length) file_bytes(path, start, length),
    digest = function(algorithm) file_digest(path, algorithm),
    unchanged = function() {
      if (!identical(look(), first)) {
        cf_abort(
          "store",
          sprintf(
            "Can't send the file '%s' whole: it changed meanwhile.",
            path
          ),
          hint = "Send it again when nobody writes to it."
        )
      }
    }
  )
}

# A piece of a source, as s3_send() takes it in `from`, with the headers that protect it.
# Why the bytes are read twice, for the digests and to be sent: so that they are not kept meanwhile.
source_piece <- function(session, source, start = 0, size = source$size) {
  piece <- piece_digests(session, source, start, size)
  piece$size <- size
  piece$bytes <- function() source$bytes(start, size)
  # Why a new one each: an attempt begins at the piece's start.
  piece$reader <- function() {
    sent <- 0
    function(count) {
      taken <- source$bytes(start + sent, min(count, size - sent))
      sent <<- sent + length(taken)
      taken
    }
  }
  piece
}

piece_digests <- function(session, source, start, size) {
  bytes <- source$bytes(start, size)
  if (length(bytes) != size) {
    cf_abort(
      "store",
      sprintf("Can't read %.0f bytes from %.0f on to send them.", size, start),
      "It became shorter."
    )
  }
  list(
    checksum = upload_checksum(session, bytes),
    sha256 = if (session$endpoint$scheme != "https") hex_sha256(bytes)
  )
}
