# What an R data frame remembers of the Arrow types it came from. R has one integer and one double,
# pandas and Arrow have many: one attribute keeps, as JSON, the types that R does not bring back and
# pandas' note on its index. It counts only while a column still has the R type and values that fit.

# The attribute for a frame just read: arrow is its columns' Arrow types, pandas the JSON note.
note_origin <- function(x, arrow, pandas = NULL) {
  types <- frame_types(x)
  columns <- as.list(unclass(x))
  own <- as.character(mapply(arrow_type, columns, types))
  differs <- unname(arrow) != own
  document <- list()
  if (any(differs)) {
    document$columns <- lapply(which(differs), function(i) {
      list(arrow = arrow[[i]], r = types[[i]])
    })
    names(document$columns) <- names(columns)[differs]
  }
  if (is.character(pandas)) {
    document$pandas <- parse_json(pandas)
  }
  if (length(document) > 0L) {
    attr(x, origin_attribute) <- write_json(document)
  }
  x
}

# The Arrow types to write: R's own, or those the frame came from where they still fit.
origin_arrow <- function(x, types) {
  columns <- as.list(unclass(x))
  entries <- origin_entries(x)
  arrow <- Map(origin_type, columns, types, entries)
  as.character(unlist(arrow, use.names = FALSE))
}

# What is noted of each column, NULL for nothing.
origin_entries <- function(x) {
  noted <- read_origin(x)[["columns"]]
  lapply(match(names(x), names(noted)), function(position) {
    if (!is.na(position)) noted[[position]]
  })
}

# The Arrow type of a column: what is noted where it still fits, else R's own.
origin_type <- function(x, type, entry) {
  own <- arrow_type(x, type)
  fits <- is.list(entry) &&
    identical(entry[["r"]], type) &&
    is.character(entry[["arrow"]]) &&
    length(entry[["arrow"]]) == 1L &&
    fits_arrow(x, type, entry[["arrow"]], own)
  if (fits) entry[["arrow"]] else own
}

# The dtype that pandas noted of each column, NA for none.
origin_dtypes <- function(x) {
  pandas <- read_origin(x)[["pandas"]]
  noted <- if (is.list(pandas)) pandas[["columns"]]
  is_whole <- function(one) {
    is.list(one) &&
      is_string(one[["field_name"]]) &&
      is_string(one[["numpy_type"]])
  }
  noted <- if (is.list(noted)) Filter(is_whole, noted)
  of <- vapply(noted, `[[`, "", "field_name")
  dtypes <- vapply(noted, `[[`, "", "numpy_type")
  as.character(dtypes[match(names(x), of)])
}

# pandas' note as JSON text, or NULL.
origin_pandas <- function(x) {
  pandas <- read_origin(x)[["pandas"]]
  if (is.list(pandas)) write_json(pandas)
}

read_origin <- function(x) {
  text <- attr(x, origin_attribute, exact = TRUE)
  if (is.character(text) && length(text) == 1L) {
    tryCatch(parse_json(text), error = function(e) NULL)
  }
}

integer_limits <- list(
  int8 = c(-2^7, 2^7 - 1),
  int16 = c(-2^15, 2^15 - 1),
  int32 = c(-2^31, 2^31 - 1),
  int64 = c(-2^53, 2^53),
  uint8 = c(0, 2^8 - 1),
  uint16 = c(0, 2^16 - 1),
  uint32 = c(0, 2^32 - 1),
  uint64 = c(0, 2^53)
)

# Whether the values of an R column are all values of an Arrow type.
fits_arrow <- function(x, type, arrow, own) {
  if (type %in% c("list", "matrix")) {
    return(fits_items(x, type, arrow, own))
  }
  if (type %in% c("complex", "raw", "robject", "struct")) {
    return(FALSE)
  }
  if (type == "posixlt") {
    return(fits_ticks(as.double(as.POSIXct(x)), "posixct", arrow, own))
  }
  values <- unclass(x)
  if (arrow %in% names(integer_limits)) {
    if (type == "integer64") {
      return(arrow == "int64")
    }
    limits <- integer_limits[[arrow]]
    whole <- !anyNA(values) || !any(is.nan(values))
    return(
      type %in%
        c("integer", "double") &&
        whole &&
        all(
          is.na(values) |
            (values >= limits[1L] &
              values <= limits[2L] &
              values == floor(values))
        )
    )
  }
  if (arrow == "float") {
    single <- readBin(
      writeBin(as.double(values), raw(), size = 4L),
      "double",
      length(values),
      size = 4L
    )
    return(type == "double" && all(is.na(values) | single == values))
  }
  if (arrow == "large_string") {
    return(type == "character")
  }
  if (startsWith(arrow, "dictionary<values=")) {
    index <- sub("^.*indices=([a-z0-9]+),.*$", "\\1", arrow)
    return(
      type %in%
        c("factor", "ordered") &&
        index %in% names(integer_limits) &&
        nlevels(x) <= integer_limits[[index]][2L]
    )
  }
  is.numeric(values) && fits_ticks(as.double(values), type, arrow, own)
}

ticks_per_second <- c(s = 1, ms = 1e3, us = 1e6, ns = 1e9)

fits_ticks <- function(values, type, arrow, own) {
  zone <- function(text) sub("^[a-z]+\\[[a-z]+(, tz=)?(.*)\\]$", "\\2", text)
  unit <- sub("^[a-z]+\\[([a-z]+).*$", "\\1", arrow)
  same <- type == "hms" &&
    grepl("^time(32|64)\\[", arrow) ||
    type == "posixct" &&
      startsWith(arrow, "timestamp[") &&
      zone(arrow) %in% c(zone(own), if (zone(own) == "UTC") "") ||
    type == "difftime" && startsWith(arrow, "duration[")
  if (!same || !unit %in% names(ticks_per_second)) {
    return(FALSE)
  }
  per <- ticks_per_second[[unit]]
  all(
    !is.finite(values) |
      (round(values * per) / per == values & abs(values) < 2^63 / per)
  )
}

# A list of whole numbers, for one, may have come from any of Arrow's integers.
fits_items <- function(x, type, arrow, own) {
  item <- arrow_item(arrow)
  kind <- function(text) {
    sub("^(large_)?(list|fixed_size_list)<.*>", "\\2", text)
  }
  if (is.null(item) || kind(arrow) != kind(own)) {
    return(FALSE)
  }
  if (type == "list") {
    flat <- unlist(unclass(x), use.names = FALSE)
    item_type <- list_item_type(x)
  } else {
    flat <- as.vector(x)
    item_type <- matrix_item_type(x)
  }
  # bit64's values need no look: int64 is their own
  length(flat) == 0L ||
    item == arrow_item(own) ||
    item_type %in%
      c("integer", "double", "character") &&
      fits_arrow(flat, item_type, item, arrow_item(own))
}
