# The words of the shared vectors, as R values.

# Missing is NULL in JSON; every other value is a text.
read_values <- function(texts, type) {
  known <- !vapply(texts, is.null, NA)
  text <- as.character(texts[known])
  values <- switch(
    type,
    logical = text == "true",
    integer = as.integer(text),
    double = as.numeric(text),
    character = text,
    raw = as.raw(strtoi(text, 16L))
  )
  if (type == "raw") {
    return(values)
  }
  out <- rep(as.vector(NA, type), length(texts))
  out[known] <- values
  out
}

read_tagged <- function(said) {
  value <- switch(
    said$type,
    "NULL" = NULL,
    list = lapply(said$values, read_tagged),
    language = str2lang(said$values[[1L]]),
    read_values(said$values, said$type)
  )
  for (name in names(said$attributes)) {
    attr(value, name) <- read_tagged(said$attributes[[name]])
  }
  value
}

implied_classes <- list(
  integer64 = "integer64",
  factor = "factor",
  ordered = c("ordered", "factor"),
  date = "Date",
  posixct = c("POSIXct", "POSIXt"),
  difftime = "difftime"
)

read_column <- function(said) {
  type <- said$type
  attributes <- list(class = implied_classes[[type]])
  if (type %in% c("factor", "ordered")) {
    attributes$levels <- read_values(said$levels, "character")
    codes <- if (is.null(said$codes)) {
      match(
        read_values(said$values, "character"),
        attributes$levels,
        incomparables = NA
      )
    } else {
      as.integer(said$codes)
    }
    value <- codes
  } else if (type == "integer64") {
    value <- unclass(bit64::as.integer64(read_values(said$values, "character")))
  } else {
    storage <- if (!is.null(said$storage)) said$storage else "double"
    value <- read_values(
      said$values,
      if (is.null(implied_classes[[type]])) type else storage
    )
  }
  attributes$tzone <- if (!is.null(said$tzone)) as.character(said$tzone)
  attributes$units <- said$units
  own <- lapply(said$attributes, read_tagged)
  attributes[names(own)] <- own
  attributes(value) <- attributes
  value
}

read_frame <- function(said) {
  frame <- lapply(said$columns, read_column)
  names(frame) <- vapply(said$columns, `[[`, "", "name")
  names <- said$row_names
  class(frame) <- "data.frame"
  rows <- if (is.null(names)) {
    .set_row_names(as.integer(said$rows))
  } else {
    read_values(names$values, names$type)
  }
  attr(frame, "row.names") <- rows
  for (name in names(said$attributes)) {
    attr(frame, name) <- read_tagged(said$attributes[[name]])
  }
  frame
}

# Fields of a key, as ../../../tests/conformance/keys/README.md writes them.
tagged <- function(types, values) {
  texts <- lapply(names(types), function(name) {
    value <- values[[name]]
    text <- if (is.na(value)) {
      NULL
    } else if (is.numeric(value) && !inherits(value, "Date")) {
      sprintf(if (value == trunc(value)) "%.0f" else "%.15g", value)
    } else if (inherits(value, "Date")) {
      lt <- as.POSIXlt(value)
      sprintf("%04d-%02d-%02d", lt$year + 1900L, lt$mon + 1L, lt$mday)
    } else {
      value
    }
    list(types[[name]], text)
  })
  stats::setNames(texts, names(types))
}
