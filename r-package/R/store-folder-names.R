# Where a folder keeps what: pure text, the same in Python (tests/conformance/keys/folder.json).
#
# A key is its file's path, byte for byte; nothing is escaped. What a file system can't hold is refused.

internal_name <- ".crossframe"
temporary_name <- ".crossframe-tmp-"
# The file beside a key's versions that holds the key.
key_file <- "key"
# Source: POSIX, NAME_MAX of every file system in use; ext4, XFS, APFS, NTFS.
segment_bytes <- 255L

# The paths, below the root, that belong to a key that may be written.
folder_names <- function(key) {
  check_key(key)
  key <- enc2utf8(key)
  if (is_internal(key)) {
    cf_abort(
      "invalid_key",
      sprintf(
        "Can't write '%s': names that begin with '%s' are the store's own.",
        key,
        internal_name
      ),
      key = key
    )
  }
  if (any(nchar(segments(key), "bytes") > segment_bytes)) {
    cf_abort(
      "invalid_key",
      sprintf("Can't write '%s': the file system can't hold that name.", key),
      sprintf(
        "a name between two slashes has more than %d bytes",
        segment_bytes
      ),
      "Choose a shorter one; a bucket could hold it.",
      key = key
    )
  }
  list(
    file = key,
    versions = versions_folder(key),
    metadata = metadata_file(key)
  )
}

# Do these keys belong to the store itself: versions, locks, unfinished files? Capitals don't matter:
# where the file system knows none, ".CROSSFRAME" is our folder.
is_internal <- function(keys) {
  # Why bytes: letters of other alphabets are not ours, and no locale is to have a say.
  grepl("(^|/)[.]crossframe(/|$)", keys, ignore.case = TRUE, useBytes = TRUE) |
    grepl("(^|/)[.]crossframe-tmp-", keys, ignore.case = TRUE, useBytes = TRUE)
}

# Where the replaced and deleted contents of a key are kept.
versions_folder <- function(key) {
  digest <- key_digest(key)
  sprintf("%s/versions/%s/%s", internal_name, substr(digest, 1, 2), digest)
}

# Where the metadata of a key's content are kept, or those of a version that was replaced.
metadata_file <- function(key, version = NULL) {
  digest <- key_digest(key)
  version <- if (is.null(version)) "" else paste0(".", version)
  sprintf(
    "%s/metadata/%s/%s%s.json",
    internal_name,
    substr(digest, 1, 2),
    digest,
    version
  )
}

key_digest <- function(key) hex_sha256(charToRaw(enc2utf8(key)))

# ---- Version ids: a content's is its ETag, a deletion's `<time in ns, hex>.deleted` ----

is_content_id <- function(ids) grepl("^[0-9a-f]{1,16}-[0-9a-f]{1,16}$", ids)

is_marker_id <- function(ids) grepl("^[0-9a-f]{1,16}[.]deleted$", ids)

# The times in ids, 16 hexadecimal digits: exact, unlike a double, and their order is that of the text.
id_times <- function(ids) {
  digits <- sub("[.]deleted$", "", sub("^.*-", "", ids))
  paste0(strrep("0", 16 - nchar(digits)), digits, recycle0 = TRUE)
}

# Seconds of such times.
time_seconds <- function(times) hex_number(times) / 1e9

# As doubles: exact to 2^53.
hex_number <- function(digits) {
  digits <- paste0(strrep("0", 16 - nchar(digits)), digits, recycle0 = TRUE)
  part <- function(from, to) strtoi(substr(digits, from, to), 16L)
  part(1, 4) * 2^48 + part(5, 10) * 2^24 + part(11, 16)
}
