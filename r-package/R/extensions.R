# What the end of a key says of its content: "d.csv.gz" is a frame "d", as csv,
# in gzip. The one reader of formats.csv, below both keys.R and formats.R.

# formats.csv with the columns extensions and magic split into lists.
format_table <- function() {
  table <- shared_table("formats")
  table$extensions <- strsplit(table$extensions, " ", fixed = TRUE)
  table$magic <- strsplit(table$magic, "|", fixed = TRUE)
  table
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
