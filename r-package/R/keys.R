# URIs, keys, names and data sets of parts: pure text, no I/O. Patterns are in patterns.R.

# Amazon S3 User Guide, "Naming Amazon S3 objects".
max_key_bytes <- 1024L

# Every character is below U+0100, so it holds in R's byte and UTF-8 modes alike.
control_characters <- "[\\x{01}-\\x{1f}\\x{7f}-\\x{9f}]"

is_string <- function(x) {
  is.character(x) && length(x) == 1L && !is.na(x)
}

is_utf8 <- function(x) {
  is_string(x) && validUTF8(enc2utf8(x))
}

has_control <- function(x) {
  grepl(control_characters, x, perl = TRUE)
}

segments <- function(key) {
  # Why the extra slash: strsplit() drops an empty last segment.
  strsplit(paste0(key, "/"), "/", fixed = TRUE)[[1L]]
}

new_uri <- function(scheme, bucket, key) {
  structure(
    class = "crossframe_uri",
    list(scheme = scheme, bucket = bucket, key = key)
  )
}

# Take a URI or a path apart: list(scheme, bucket, key).
#
# scheme is "s3", "file" or "https"; bucket is the bucket, or host with port, or "";
# key is the key as it is (s3), path and query (https), or the path (file): absolute
# with a leading slash, else relative to the root. RFC 3986 (escapes), RFC 8089 (file).
parse_uri <- function(text) {
  if (is.data.frame(text)) {
    cf_abort(
      "invalid_uri",
      "Can't use a data frame as a URI.",
      "must be text",
      "What is saved comes first, then where."
    )
  }
  if (!is_utf8(text) || !nzchar(text)) {
    cf_abort(
      "invalid_uri",
      sprintf(
        "Can't use %s as a URI.",
        paste(deparse(text, nlines = 1L), collapse = "")
      ),
      "must be UTF-8 text, not empty, without NUL"
    )
  }
  text <- enc2utf8(text)
  if (!grepl("^[A-Za-z][A-Za-z0-9+.-]+://", text)) {
    if (grepl("^file:/", text, ignore.case = TRUE)) {
      return(parse_file_uri(text, substring(text, 6L)))
    }
    if (grepl("^(s3|https?|file):", text, ignore.case = TRUE)) {
      abort_uri(
        text,
        "two slashes must follow the scheme",
        "Is it s3://bucket/key?"
      )
    }
    return(new_uri("file", "", parse_path(text)))
  }
  scheme <- tolower(sub("://.*$", "", text))
  rest <- substring(text, nchar(scheme) + 4L)
  switch(
    scheme,
    s3 = parse_s3_uri(text, rest),
    file = parse_file_uri(text, rest),
    https = ,
    http = parse_https_uri(text, scheme, rest),
    abort_uri(
      text,
      sprintf("scheme '%s' is not one of s3, file, https, http", scheme)
    )
  )
}

abort_uri <- function(text, detail, hint = NULL) {
  cf_abort(
    "invalid_uri",
    sprintf("Can't use '%s' as a URI.", without_secrets(text)),
    detail,
    hint
  )
}

# A link without what lets its holder in: user, password and query, which holds a signature.
without_secrets <- function(text) {
  secrets <- "(?is)^(https?:/+)(?:[^/?#]*@)?([^?#]*).*"
  sub(secrets, "\\1\\2", text, perl = TRUE)
}

# A key of the store at `base` as it is to be written to mean the same object again, under the same
# root: the key itself below the root, unless it would be read as something else (`~/a`); otherwise, and
# where the place was named whole, s3://bucket/key or the absolute path. Vectorized over keys.
shown_keys <- function(base, keys, whole = FALSE) {
  if (startsWith(base, "memory:")) {
    return(keys)
  }
  other <- grepl(
    "^(/|~(/|\\z)|\\./|\\.?\\z|[a-z][a-z0-9+.-]+://|(s3|https?|file):)",
    keys,
    ignore.case = TRUE,
    perl = TRUE
  )
  longer <- isTRUE(whole) | other
  keys[longer] <- paste0(sub("^file://", "", base), "/", keys[longer])
  keys
}

before_slash <- function(text) {
  sub("/.*$", "", text)
}

# Wider than AWS's own rule: other stores hold older, upper-case and longer bucket names.
parse_s3_uri <- function(text, rest) {
  bucket <- before_slash(rest)
  if (
    !grepl(
      "^(?!.*\\.\\.)[A-Za-z0-9_][A-Za-z0-9._-]{0,254}$",
      bucket,
      perl = TRUE
    )
  ) {
    abort_uri(
      text,
      sprintf("'%s' can't be a bucket", bucket),
      "Is it s3://bucket/key?"
    )
  }
  new_uri("s3", bucket, substring(rest, nchar(bucket) + 2L))
}

parse_https_uri <- function(text, scheme, rest) {
  host <- before_slash(rest)
  path <- substring(rest, nchar(host) + 1L)
  named <- grepl("^([A-Za-z0-9.-]+|\\[[0-9A-Fa-f:.]+\\])(:[0-9]+)?$", host)
  if (!named || has_control(path) || grepl(" ", path, fixed = TRUE)) {
    abort_uri(text, "must be https://host/path, spaces as %20 and no user name")
  }
  new_uri(scheme, host, path)
}

parse_file_uri <- function(text, rest) {
  host <- before_slash(rest)
  path <- substring(rest, nchar(host) + 1L)
  if (!startsWith(path, "/") || !tolower(host) %in% c("", "localhost")) {
    abort_uri(
      text,
      sprintf("host '%s' is not this machine", host),
      "Is it file:///path, with three slashes?"
    )
  }
  if (grepl("%(?![0-9A-Fa-f]{2})|%2[fF]|%00", path, perl = TRUE)) {
    abort_uri(text, "an escape is broken, or stands for a slash or NUL")
  }
  path <- percent_decode(path)
  if (!validUTF8(path)) {
    abort_uri(text, "its escapes are not UTF-8")
  }
  # Why: a URI is made by programs; dots in one are an attempt to leave a folder, not a habit of typing.
  if (has_control(path) || any(segments(path) %in% c(".", ".."))) {
    abort_uri(text, "must have no '.' or '..' segment and no control character")
  }
  new_uri("file", "", path)
}

percent_decode <- function(text) {
  bytes <- charToRaw(text)
  at <- which(bytes == charToRaw("%"))
  if (length(at)) {
    hex <- paste0(
      rawToChar(bytes[at + 1L], multiple = TRUE),
      rawToChar(bytes[at + 2L], multiple = TRUE)
    )
    bytes[at] <- as.raw(strtoi(hex, 16L))
    bytes <- bytes[-c(at + 1L, at + 2L)]
  }
  text <- rawToChar(bytes)
  Encoding(text) <- "UTF-8"
  text
}

parse_path <- function(text) {
  if (text == "~" || startsWith(text, "~/")) {
    home <- enc2utf8(Sys.getenv("HOME", "~"))
    return(paste0(sub("/+$", "", home), substring(text, 2L)))
  }
  if (text == ".") "" else sub("^(\\./+)+", "", text)
}

# Stop unless a key may be written; any key that exists may be read.
check_key <- function(key) {
  problem <- if (!is_utf8(key)) {
    "must be UTF-8 text without NUL"
  } else if (!nzchar(key)) {
    "must not be empty"
  } else if (startsWith(key, "/")) {
    "must not start with a slash"
  } else if (has_control(enc2utf8(key))) {
    "must have no control character"
  } else if (any(segments(key) %in% c("", ".", ".."))) {
    "must have no empty, '.' or '..' segment"
  } else if (nchar(enc2utf8(key), "bytes") > max_key_bytes) {
    sprintf(
      "must have at most %d bytes, not %d",
      max_key_bytes,
      nchar(enc2utf8(key), "bytes")
    )
  }
  if (!is.null(problem)) {
    shown <- paste(
      encodeString(as.character(key), quote = "'"),
      collapse = ", "
    )
    cf_abort("invalid_key", sprintf("Can't write key %s.", shown), problem)
  }
  invisible(enc2utf8(key))
}

# Names of frames: the last segments of keys without their known extensions.
name_of <- function(keys) {
  split_extensions(keys)$stem
}

# Keys in order of their UTF-8 bytes, as stores list them, whatever the locale.
sort_keys <- function(keys) {
  sort(enc2utf8(as.character(keys)), method = "radix")
}

# What loads as one frame: "prefix/part.0.parquet", "prefix/part.1.parquet" ... are one
# data set "prefix/". Dask's "prefix/0.part" counts too; files about the parts
# ("_metadata") are left out beside them.
#
# Returns a list, by key in byte order, of the parts' keys in order of their numbers;
# character() for a single object.
group_parts <- function(keys) {
  keys <- sort_keys(keys)
  last <- sub("^.*/", "", keys)
  prefix <- substring(keys, 1L, nchar(keys) - nchar(last))
  numbered <- grepl("^part\\.[0-9]{1,9}\\..+$", last) &
    !is.na(split_extensions(keys)$format)
  is_part <- nzchar(prefix) & (numbered | grepl("^[0-9]{1,9}\\.part$", last))
  about <- last %in%
    c("_metadata", "_common_metadata", "_SUCCESS", "_crossframe.json")
  single <- keys[!is_part & !(about & prefix %in% prefix[is_part])]
  number <- rep(0, length(keys))
  number[is_part] <- as.numeric(gsub("^part\\.|\\..*$", "", last[is_part]))
  in_order <- which(is_part)[order(number[is_part])]
  sets <- c(
    split(keys[in_order], prefix[in_order]),
    stats::setNames(rep(list(character()), length(single)), single)
  )
  sets[order(enc2utf8(as.character(names(sets))), method = "radix")]
}

# Keys, named: by name_of() or, with names = "key", by themselves. Two keys of one name are an error.
name_keys <- function(keys, names = "name") {
  given <- if (names == "key") keys else name_of(keys)
  twice <- anyDuplicated(given)
  if (twice) {
    abort_name_clash(
      given[twice],
      keys[match(given[twice], given)],
      keys[twice]
    )
  }
  stats::setNames(keys, given)
}

abort_name_clash <- function(name, one, other) {
  cf_abort(
    "name_clash",
    sprintf("Can't give two frames the name '%s'.", name),
    sprintf("keys '%s' and '%s'", one, other),
    'Should each go by its whole key? Then say names = "key".'
  )
}
