# Which format: by explicit name, else magic bytes, else extension. Decided here
# and nowhere else. A choice is a list(format, compression), compression NULL for none.

# As many first bytes as any magic needs.
head_bytes <- 64L

# Why not utils::head(): every object that is read comes here three times.
first_bytes <- function(bytes) {
  if (length(bytes) > head_bytes) bytes[seq_len(head_bytes)] else bytes
}

# The compression that the first stored bytes show, or NULL.
sniff_compression <- function(head) {
  sniff(head, "compression")
}

# The format that the first bytes show, after decompression, or NULL; CSV shows none.
sniff_format <- function(head) {
  sniff(head, "format")
}

sniff <- function(head, layer) {
  if (length(head)) {
    for (magic in layer_magics(layer)[[as.integer(head[1L]) + 1L]]) {
      if (has_magic(head, magic)) {
        return(magic$name)
      }
    }
  }
  NULL
}

has_magic <- function(head, magic) {
  length(head) >= magic$length && identical(head[magic$at], magic$bytes)
}

# The row of a format or compression, by its name or one of its extensions, in any case.
format_row <- function(name, layer = "format") {
  table <- format_table()
  known <- is.character(name) && length(name) == 1L && !is.na(name)
  row <- if (known) match(tolower(name), table$name) else NA
  if (is.na(row) && known) {
    row <- rows_by_extension(sub("^\\.", "", name))
  }
  if (is.na(row) || table$layer[row] != layer) {
    cf_abort(
      "unknown_format",
      sprintf(
        "Can't use %s '%s'.",
        layer,
        paste(format(name), collapse = ", ")
      ),
      paste(
        "must be one of",
        paste(table$name[table$layer == layer], collapse = ", ")
      ),
      "Is the name spelt as in this list?"
    )
  }
  as.list(table[row, ])
}

# How a stored object is to be decoded.
#
# head: its first 64 bytes, after decompression; explicit: the format the user
# named; compression: what sniff_compression() found in the stored bytes; extension: the format of the key's.
choose_format <- function(
  key,
  head,
  explicit = NULL,
  compression = NULL,
  extension = split_extensions(key)$format
) {
  if (!is.null(explicit)) {
    return(list(format = format_row(explicit)$name, compression = compression))
  }
  magic <- sniff_format(head)
  if (!is.null(magic) && !is.na(extension) && magic != extension) {
    cf_warn(
      "format_mismatch",
      sprintf(
        "Object '%s' has the extension of %s but holds %s; loading it as %s.",
        key,
        extension,
        magic,
        magic
      )
    )
  }
  if (is.null(magic) && is.na(extension)) {
    cf_abort(
      "unknown_format",
      sprintf("Can't tell the format of object '%s'.", key),
      "neither its first bytes nor its extension belong to a format in formats.csv",
      'Do you know it? Then say so with format=, e.g. format = "csv".'
    )
  }
  list(
    format = if (is.null(magic)) extension else magic,
    compression = compression
  )
}

# How a frame is to be stored under a key.
#
# explicit: the format the user named; compression: the compression the user named,
# "none" for none; by default what the extension says, else what is usual for the format.
format_for_writing <- function(key, explicit = NULL, compression = NULL) {
  by_key <- split_extensions(key)
  if (is.null(explicit) && is.na(by_key$format)) {
    table <- format_table()
    usual <- vapply(table$extensions[table$layer == "format"], `[`, "", 1L)
    cf_abort(
      "unknown_format",
      sprintf("Can't tell in which format to save '%s'.", key),
      "the key has no extension of a format in formats.csv",
      sprintf(
        "Could the key end in one of %s? Else name the format with format=.",
        paste0(".", usual, collapse = ", ")
      )
    )
  }
  row <- format_row(if (is.null(explicit)) by_key$format else explicit)
  if (!is.na(by_key$format) && by_key$format != row$name) {
    cf_warn(
      "format_mismatch",
      sprintf(
        "Saving '%s' as %s: its extension says %s.",
        key,
        row$name,
        by_key$format
      )
    )
  }
  list(
    format = row$name,
    compression = compression_for_writing(
      key,
      row,
      by_key$compression,
      compression
    )
  )
}

compression_for_writing <- function(key, row, by_key, named) {
  if (is.null(named)) {
    usual <- if (row$compression %in% c("", "inside")) NULL else row$compression
    return(if (is.na(by_key)) usual else by_key)
  }
  name <- if (identical(tolower(named), "none")) {
    NULL
  } else {
    format_row(named, "compression")$name
  }
  if (!is.na(by_key) && !identical(name, by_key)) {
    cf_abort(
      "usage",
      sprintf("Can't save '%s' with compression '%s'.", key, named),
      paste("its extension says", by_key),
      "Leave out compression=, or change the extension?"
    )
  }
  if (!is.null(name) && is.na(by_key) && row$compression == "inside") {
    cf_abort(
      "usage",
      sprintf("Can't compress '%s' with %s.", key, name),
      paste(row$name, "compresses for itself")
    )
  }
  name
}

# The content type: the format's, unless an unusual compression lies around it.
format_media_type <- function(choice) {
  row <- format_row(choice$format)
  if (is.null(choice$compression) || choice$compression == row$compression) {
    return(row$media_type)
  }
  format_row(choice$compression, "compression")$media_type
}
