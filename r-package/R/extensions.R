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
    assign("table", table, envir = format_cache)
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

# Row numbers of format_table() that extensions (no dot, any case) belong to; NA for none.
rows_by_extension <- function(extensions, table = format_table()) {
  owner <- rep(seq_along(table$extensions), lengths(table$extensions))
  owner[match(tolower(extensions), unlist(table$extensions))]
}

# Take known extensions off the last segments of keys: at most one compression,
# then one format. A segment that is nothing but an extension (".csv") is a name.
#
# Returns a list of three character vectors: stem (the name), format, compression
# (NA where the extension says none).
split_extensions <- function(keys) {
  table <- format_table()
  stem <- sub("^.*/", "", sub("/+$", "", enc2utf8(as.character(keys))))
  found <- list(compression = NA_character_, format = NA_character_)
  for (layer in names(found)) {
    dotted <- grepl("^.+\\.[^.]*$", stem)
    row <- rows_by_extension(ifelse(dotted, sub("^.*\\.", "", stem), NA), table)
    known <- !is.na(row) & table$layer[row] == layer
    found[[layer]] <- as.character(ifelse(known, table$name[row], NA))
    stem[known] <- sub("\\.[^.]*$", "", stem[known])
  }
  list(
    stem = stem,
    format = found$format,
    compression = found$compression
  )
}
