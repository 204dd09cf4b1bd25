# R attributes beside a frame in Arrow's form: the text under the key `r` of Parquet files and CSV
# sidecars, as R's arrow package writes it: an ASCII serialization of list(attributes = <of the
# frame>, columns = <by column>). It holds what the Arrow types do not imply; a NULL entry says
# that an attribute they imply is absent.

# arrow for R packs longer texts.
long_text <- 100000
# Bytes that a packed text may expand to.
long_limit <- 2^30

# Noted in a frame that came from Arrow types which R's own do not bring back; see origin.R.
origin_attribute <- "crossframe"

# The text for a data frame, or NULL where there is nothing to say.
#
# types: frame_types(x). Attributes that hold code can't be loaded again; they stay behind with a
# warning, external pointers without one. rows_told: something else says how many rows there are. whole: also
# what the Arrow types imply, for a file without them.
r_metadata <- function(x, types, rows_told = FALSE, whole = FALSE) {
  x <- drop_pointers(x)
  said <- struct_metadata(x, types, "the frame", rows_told, whole)
  if (!is.null(said)) r_text(said)
}

# list(attributes, columns) of a data frame, NULL where there is nothing to say.
struct_metadata <- function(
  x,
  types,
  whose,
  rows_told = TRUE,
  whole = FALSE
) {
  columns <- as.list(unclass(x))
  frame <- safe_attributes(frame_attributes(x, rows_told), whose)
  by_column <- lapply(seq_along(columns), function(i) {
    column_metadata(columns[[i]], types[[i]], names(columns)[i], whole)
  })
  names(by_column) <- names(columns)
  if (length(frame) > 0L || !all(vapply(by_column, is.null, TRUE))) {
    list(attributes = frame, columns = by_column)
  }
}

column_metadata <- function(x, type, name, whole = FALSE) {
  whose <- sprintf("column '%s'", name)
  if (type == "struct") {
    columns <- as.list(unclass(x))
    types <- mapply(column_type, columns, names(columns), USE.NAMES = FALSE)
    return(struct_metadata(x, as.character(types), whose))
  }
  said <- if (whole) attributes(x) else column_attributes(x, type)
  kept <- safe_attributes(said, whose)
  if (length(kept) > 0L) list(attributes = kept, columns = NULL)
}

r_text <- function(value) {
  # ascii = NA writes doubles in hexadecimal: the decimal form rounds to 16 digits
  bytes <- serialize(value, NULL, ascii = NA, version = 3L)
  if (length(bytes) > long_text) {
    bytes <- serialize(
      memCompress(bytes, "gzip"),
      NULL,
      ascii = TRUE,
      version = 3L
    )
  }
  rawToChar(bytes)
}

# Attributes of the frame itself that a data frame of the same columns does not have anyway.
frame_attributes <- function(x, rows_told = FALSE) {
  kept <- attributes(x)
  kept[c("names", origin_attribute)] <- NULL
  if (identical(kept[["class"]], "data.frame")) {
    kept$class <- NULL
  }
  rows <- kept[["row.names"]]
  # without columns the row names are all that tells the number of rows
  if (
    is.integer(rows) &&
      identical(rows, seq_along(rows)) &&
      (rows_told || length(x) > 0L || length(rows) == 0L)
  ) {
    kept$row.names <- NULL
  }
  kept
}

# Attributes of a column that its Arrow type does not imply.
column_attributes <- function(x, type) {
  # the broken-down fields hold more than the instants
  if (type == "posixlt") {
    return(list(posixlt = x))
  }
  kept <- attributes(x)
  if (is.null(kept)) {
    return(list())
  }
  implied <- implied_class(type)
  if (!is.null(implied) && identical(kept[["class"]], implied)) {
    kept$class <- NULL
  }
  if (
    type %in% c("factor", "ordered") && is.null(attributes(kept[["levels"]]))
  ) {
    kept$levels <- NULL
  }
  if (type %in% c("difftime", "hms")) {
    kept$units <- NULL
  }
  if (type == "posixct") {
    if (is.null(kept[["tzone"]])) {
      kept["tzone"] <- list(NULL)
    } else if (is_arrow_zone(kept[["tzone"]])) {
      kept$tzone <- NULL
    }
  }
  kept
}

# The class attribute that a row of types.csv stands for, or NULL.
implied_class <- function(type) {
  switch(
    type,
    factor = "factor",
    ordered = c("ordered", "factor"),
    date = "Date",
    posixct = c("POSIXct", "POSIXt"),
    difftime = "difftime",
    hms = c("hms", "difftime"),
    integer64 = "integer64"
  )
}

safe_attributes <- function(attributes, whose) {
  if (length(attributes) == 0L) {
    return(list())
  }
  safe <- vapply(
    attributes,
    function(value) is.atomic(value) || is_safe(value),
    TRUE
  )
  for (name in names(attributes)[!safe]) {
    cf_warn(
      "lossy_conversion",
      sprintf("Attribute '%s' of %s holds code and is not saved.", name, whose),
      NULL,
      "Code is kept in rds, and loads from there with trust = TRUE."
    )
  }
  attributes[safe]
}

is_safe <- function(value) {
  bytes <- suppressWarnings(serialize(value, NULL, version = 3L))
  .Call(C_scan, bytes, FALSE)$status == "safe"
}

# A data frame with the attributes that its text says; NULL text leaves it as it is.
apply_r_metadata <- function(x, text) {
  if (is.null(text)) {
    return(x)
  }
  apply_struct(x, parse_r_text(text), "the frame")
}

# A data frame with the attributes that list(attributes, columns) says.
apply_struct <- function(x, said, whose) {
  columns <- as.list(unclass(x))
  position <- match(names(columns), names(said[["columns"]]))
  for (i in which(!is.na(position))) {
    kept <- said[["columns"]][[position[i]]]
    if (is.list(kept)) {
      columns[[i]] <- apply_column(columns[[i]], kept, names(columns)[i])
    }
  }
  rows <- frame_rows(x)
  frame <- said[["attributes"]]
  row_names <- frame[["row.names"]]
  if (
    !is.null(row_names) && length(row_names) != rows && length(columns) > 0L
  ) {
    frame[["row.names"]] <- NULL
  }
  apply_attributes(new_frame(columns, rows), frame, whose)
}

apply_column <- function(x, kept, name) {
  whose <- sprintf("column '%s'", name)
  if (is.data.frame(x)) {
    return(apply_struct(x, kept, whose))
  }
  attributes <- kept[["attributes"]]
  if (inherits(attributes[["posixlt"]], "POSIXlt") && inherits(x, "POSIXct")) {
    return(apply_posixlt(x, attributes[["posixlt"]]))
  }
  if (length(attributes[["dim"]]) > 1L && length(dim(x)) > 1L) {
    attributes <- fit_dimensions(attributes, dim(x))
  }
  apply_attributes(x, attributes, whose)
}

# The broken-down times themselves where they still are the instants of the column.
apply_posixlt <- function(x, original) {
  instants <- tryCatch(as.double(as.POSIXct(original)), error = function(e) {
    NULL
  })
  if (identical(instants, as.double(x))) {
    original
  } else {
    posixlt_of(x)
  }
}

posixlt_of <- function(x) {
  zone <- attr(x, "tzone", exact = TRUE)[1L]
  as.POSIXlt(x, tz = if (is.null(zone)) "UTC" else zone)
}

# The attributes of a matrix for as many rows as it has now. dim: c(rows, items a row).
fit_dimensions <- function(attributes, dim) {
  said <- attributes[["dim"]]
  if (!is.numeric(said) || anyNA(said) || prod(said[-1L]) != prod(dim[-1L])) {
    attributes[c("dim", "dimnames")] <- NULL
    return(attributes)
  }
  said[1L] <- dim[1L]
  attributes$dim <- as.integer(said)
  names <- attributes[["dimnames"]]
  if (is.list(names) && !length(names[[1L]]) %in% c(0L, dim[1L])) {
    attributes$dimnames[1L] <- list(NULL)
  }
  # dim first: R checks dimnames against it
  attributes[c("dim", setdiff(names(attributes), "dim"))]
}

# list(attributes, columns) of a text. The bytes are scanned before they are read.
parse_r_text <- function(text) {
  kind <- "the frame's R attributes"
  said <- unserialize_checked(as_bytes(text), kind)
  if (is.raw(said)) {
    said <- .Call(C_inflate, said, long_limit)
    if (!is.raw(said)) {
      cf_abort(
        "decode",
        sprintf("Can't decode %s.", kind),
        "the packed text is damaged or too long"
      )
    }
    said <- unserialize_checked(said, kind)
  }
  if (!is.list(said)) {
    cf_abort(
      "decode",
      "Can't decode the frame's R attributes: they are no list."
    )
  }
  said
}

as_bytes <- function(text) {
  if (is.raw(text)) text else charToRaw(text)
}

# What no longer fits, such as the tsp of a series that was shortened, is left out with a warning.
apply_attributes <- function(x, attributes, whose) {
  for (name in setdiff(names(attributes), c("", "names"))) {
    x <- tryCatch(
      {
        attr(x, name) <- attributes[[name]]
        x
      },
      error = function(e) {
        cf_warn(
          "lossy_conversion",
          sprintf(
            "Attribute '%s' does not fit %s any more and is left out.",
            name,
            whose
          ),
          conditionMessage(e)
        )
        x
      }
    )
  }
  # a vector's own names are an attribute too, a frame's are its columns
  if (
    "names" %in%
      names(attributes) &&
      !is.data.frame(x) &&
      length(attributes$names) == length(x)
  ) {
    names(x) <- attributes$names
  }
  x
}

# A plain data frame of n rows from a named list of columns, without a look at them.
new_frame <- function(columns, n) {
  names <- names(columns)
  attributes(columns) <- NULL
  attr(columns, "names") <- if (is.null(names)) character() else names
  attr(columns, "row.names") <- .set_row_names(n)
  attr(columns, "class") <- "data.frame"
  columns
}
