# What the end of a key says of its content: "d.csv.gz" is a frame "d", as csv,
# in gzip. The one reader of formats.csv, below both keys.R and formats.R.

# formats.csv with the column extensions split into lists, and magic into what magic_of() makes of each.
# Made once a session: every object that is read asks for it.
format_table <- function() {
  if (is.null(format_cache$table)) {
    table <- shared_table("formats")
    table$extensions <- strsplit(table$extensions, " ", fixed = TRUE)
    magic <- strsplit(table$magic, "|", fixed = TRUE)
    table$magic <- lapply(magic, lapply, magic_of)
    format_cache$rows <- rep(
      seq_along(table$extensions),
      lengths(table$extensions)
    )
    format_cache$extensions <- unlist(table$extensions)
    format_cache$table <- table
  }
  format_cache$table
}

format_cache <- new.env(parent = emptyenv())

# list(at, bytes, length) of pairs of hexadecimal digits, "??" for any byte: which bytes of an object's head are
# looked at, what they are, and how many it must have.
magic_of <- function(text) {
  starts <- seq(1L, nchar(text), 2L)
  pairs <- substring(text, starts, starts + 1L)
  at <- which(pairs != "??")
  list(at = at, bytes = as.raw(strtoi(pairs[at], 16L)), length = length(pairs))
}

# For each value of a first byte (from 0), the magics of a layer that may begin with it, each with its row's name.
layer_magics <- function(layer) {
  if (is.null(format_cache[[layer]])) {
    table <- format_table()
    magics <- list()
    for (row in which(table$layer == layer)) {
      named <- lapply(table$magic[[row]], c, name = table$name[row])
      magics <- c(magics, named)
    }
    begins <- function(magic, byte) magic$at[1L] > 1L || magic$bytes[1L] == byte
    by_byte <- lapply(as.raw(0:255), function(byte) {
      Filter(function(magic) begins(magic, byte), magics)
    })
    assign(layer, by_byte, envir = format_cache)
  }
  format_cache[[layer]]
}

# Row numbers of format_table() that extensions (no dot, any case) belong to; NA for none.
rows_by_extension <- function(extensions) {
  format_table()
  format_cache$rows[match(tolower(extensions), format_cache$extensions)]
}

# Take known extensions off the last segments of keys: at most one compression,
# then one format. A segment that is nothing but an extension (".csv") is a name.
#
# Returns a list of three character vectors: stem (the name), format, compression
# (NA where the extension says none).
split_extensions <- function(keys) {
  table <- format_table()
  stem <- enc2utf8(as.character(keys))
  if (any(endsWith(stem, "/"), na.rm = TRUE)) {
    stem <- sub("/+$", "", stem)
  }
  stem <- sub("^.*/", "", stem)
  found <- list()
  for (layer in c("compression", "format")) {
    dot <- regexpr("\\.[^.]*$", stem)
    row <- rows_by_extension(substring(stem, dot + 1L))
    known <- !is.na(row) & dot > 1L & table$layer[row] == layer
    found[[layer]] <- rep(NA_character_, length(stem))
    found[[layer]][known] <- table$name[row[known]]
    stem[known] <- substring(stem[known], 1L, dot[known] - 1L)
  }
  list(
    stem = stem,
    format = found$format,
    compression = found$compression
  )
}
