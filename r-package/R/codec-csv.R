# CSV bytes to data frames and back; the types travel in a sidecar (csv-schema.R). What a CSV means
# is laid down in tests/conformance/csv/README.md and is the same in Python.

# The CSV of a data frame: list(data, schema); schema is the sidecar's text, or NULL; separator is one
# character.
csv_encode <- function(x, schema = TRUE, separator = ",") {
  types <- frame_types(x)
  arrow <- origin_arrow(x, types)
  columns <- as.list(unclass(x))
  plain <- unname(Map(csv_plain, columns, types, names(columns)))
  names <- csv_text(names(columns), "a column's name")
  # a time without a zone has no Z
  kinds <- ifelse(
    types == "difftime",
    "double",
    ifelse(types == "ordered", "factor", types)
  )
  kinds[types == "posixct" & !grepl("tz=", arrow, fixed = TRUE)] <- "naive"
  written <- .Call(
    C_csv_write,
    plain,
    as.character(unname(kinds)),
    as.character(names),
    separator
  )
  warn_lost(columns, written[[2L]], written[[3L]])
  data <- written[[1L]]
  list(
    data = data,
    schema = if (schema) csv_schema_write(x, types, arrow, data)
  )
}

# A data frame from a CSV.
#
# schema: the sidecar's text, or NULL for none; stored: the bytes it describes, where data was
# compressed; columns: names of the columns to read, by default all; separator: one character.
csv_decode <- function(
  data,
  schema = NULL,
  stored = data,
  columns = NULL,
  separator = ","
) {
  index <- .Call(C_csv_index, data, separator)
  if (!is.null(index$problem)) {
    cf_abort(
      "decode",
      "Can't decode these bytes as CSV.",
      sprintf("%s, line %.0f", index$problem, index$line),
      "Is it a whole CSV in UTF-8, with commas between the fields?"
    )
  }
  check_column_names(index$names)
  csv <- list(data = data, index = index, separator = separator)
  if (!is.null(schema)) {
    sidecar <- csv_schema_read(schema)
    if (
      identical(sidecar$names, index$names) &&
        csv_schema_fits(sidecar, if (is.null(stored)) data else stored)
    ) {
      return(csv_typed(csv, sidecar, columns))
    }
    cf_warn(
      "stale_schema",
      "The schema beside the CSV belongs to other data and was not used; types are inferred."
    )
  }
  x <- csv_inferred(csv)
  if (is.null(columns)) x else x[csv_pick(names(x), columns)]
}

# ---- towards text

# A column as the writer takes it: no class, dates and times as doubles, text as UTF-8.
csv_plain <- function(x, type, name) {
  values <- switch(
    type,
    character = csv_text(x, sprintf("column '%s'", name)),
    date = ,
    posixct = ,
    difftime = as.double(unclass(x)),
    unclass(x)
  )
  attributes(values) <- NULL
  if (type %in% c("factor", "ordered")) {
    attr(values, "levels") <- csv_text(
      levels(x),
      sprintf("levels of column '%s'", name)
    )
  }
  values
}

csv_text <- function(x, whose) {
  if (any(Encoding(x) == "bytes")) {
    cf_abort(
      "unsupported_type",
      sprintf("Text of %s must be text, not bytes of no encoding.", whose)
    )
  }
  x <- enc2utf8(as.character(x))
  wrong <- which(!validUTF8(x))
  if (length(wrong) > 0L) {
    cf_abort(
      "unsupported_type",
      sprintf("Text of %s must be valid in its encoding.", whose),
      sprintf("value %d is not: %s", wrong[1L], encodeString(x[wrong[1L]]))
    )
  }
  x
}

warn_lost <- function(columns, lost, first) {
  for (i in which(lost > 0)) {
    value <- format(unclass(columns[[i]])[first[i]], digits = 17L)
    cf_warn(
      "lossy_conversion",
      sprintf(
        "Column '%s': %.0f values can't be kept exactly in CSV.",
        names(columns)[i],
        lost[i]
      ),
      sprintf("the first is %s in row %.0f", value, first[i])
    )
  }
}

# ---- from text, with a sidecar

csv_typed <- function(csv, sidecar, columns) {
  wanted <- csv_pick(sidecar$names, columns)
  read <- lapply(wanted, function(i) {
    csv_field_read(csv, i, sidecar$fields[[i]])
  })
  names(read) <- sidecar$names[wanted]
  rows <- csv$index$shape[1L]
  if (length(sidecar$names) == 0L) {
    rows <- if (is.null(sidecar[["rows"]])) {
      csv_rows_said(sidecar[["r"]])
    } else {
      sidecar[["rows"]]
    }
  }
  x <- apply_r_metadata(new_frame(read, as.integer(rows)), sidecar[["r"]])
  arrow <- vapply(sidecar$fields[wanted], function(field) field$arrow, "")
  note_origin(x, arrow, csv_pandas(sidecar))
}

csv_pandas <- function(sidecar) {
  metadata <- sidecar[["metadata"]]
  if (is.list(metadata)) metadata[["pandas"]]
}

csv_rows_said <- function(text) {
  if (is.null(text)) {
    0L
  } else {
    length(parse_r_text(text)[["attributes"]][["row.names"]])
  }
}

csv_field_read <- function(csv, i, field) {
  read <- function(type, levels = NULL) csv_column(csv, i, type, levels, FALSE)
  storage <- field$crossframe$storage
  as_stored <- function(x) {
    if (identical(storage, "integer") && all(is.na(x) | x == floor(x))) {
      as.integer(x)
    } else {
      x
    }
  }
  switch(
    csv_field_kind(field$arrow),
    logical = read("logical"),
    integer = csv_integer(csv, i, field, storage),
    double = read("double"),
    character = read("character"),
    factor = structure(
      read("factor", csv_levels(field)),
      levels = csv_levels(field),
      class = implied_class(
        if (grepl("ordered=1", field$arrow, fixed = TRUE)) {
          "ordered"
        } else {
          "factor"
        }
      )
    ),
    date = structure(as_stored(read("date")), class = "Date"),
    timestamp = structure(
      as_stored(read("posixct")),
      class = c("POSIXct", "POSIXt"),
      tzone = csv_zone(field$arrow)
    ),
    duration = structure(
      as_stored(read("double")),
      class = "difftime",
      units = csv_units(field)
    ),
    abort_schema(sprintf(
      "'%s' is no Arrow type that CSV keeps",
      substr(field$arrow, 1L, 80L)
    ))
  )
}

csv_field_kind <- function(arrow) {
  base <- sub("[[<].*$", "", arrow)
  switch(
    base,
    bool = "logical",
    int8 = ,
    int16 = ,
    int32 = ,
    int64 = ,
    uint8 = ,
    uint16 = ,
    uint32 = ,
    uint64 = "integer",
    halffloat = ,
    float = ,
    double = "double",
    string = ,
    large_string = "character",
    dictionary = "factor",
    date32 = "date",
    timestamp = "timestamp",
    duration = "duration",
    "unknown"
  )
}

csv_levels <- function(field) {
  levels <- as.character(unlist(field$constraints$enum))
  if (anyDuplicated(levels)) {
    abort_schema(sprintf("enum of field '%s' has a level twice", field$name))
  }
  levels
}

csv_zone <- function(arrow) {
  zone <- sub("^timestamp\\[[a-z]+(, tz=)?(.*)\\]$", "\\2", arrow)
  if (nzchar(zone)) zone else "UTC"
}

csv_units <- function(field) {
  units <- field$crossframe$units
  if (is.character(units) && units %in% names(difftime_units)) units else "secs"
}

# Whole numbers: integer where every value fits, else double where exact, else integer64. What came
# from integer64 goes back as such.
csv_integer <- function(csv, i, field, storage) {
  read <- function(type) {
    .Call(
      C_csv_column,
      csv$data,
      csv$index,
      i,
      csv$separator,
      type,
      NULL,
      FALSE
    )
  }
  if (!identical(storage, "integer64")) {
    values <- read("integer")
    if (!is.list(values)) {
      return(values)
    }
    values <- read("double")
    if (
      !is.list(values) &&
        all(is.na(values) | (abs(values) < 2^53 & values == floor(values)))
    ) {
      return(values)
    }
  }
  structure(csv_column(csv, i, "integer64", NULL, FALSE), class = "integer64")
}

# A column's values as a plain vector; a cell that does not fit is an error.
csv_column <- function(csv, i, type, levels, na_is_missing) {
  values <- .Call(
    C_csv_column,
    csv$data,
    csv$index,
    i,
    csv$separator,
    type,
    levels,
    na_is_missing
  )
  if (is.list(values)) {
    cf_abort(
      "decode",
      sprintf("Can't decode column '%s' as %s.", csv$index$names[i], type),
      sprintf("row %.0f holds '%s'", values$row, values$text),
      "Does the schema belong to this CSV? schema = FALSE loads it without."
    )
  }
  values
}

csv_pick <- function(names, columns) {
  if (is.null(columns)) {
    return(seq_along(names))
  }
  check_column_names(columns)
  found <- match(columns, names)
  if (anyNA(found)) {
    cf_abort(
      "usage",
      sprintf("Can't find column '%s'.", columns[is.na(found)][1L]),
      sprintf(
        "the columns are %s",
        paste(utils::head(names, 10L), collapse = ", ")
      )
    )
  }
  found
}

# ---- from text, without a sidecar

csv_inferred <- function(csv) {
  names <- csv$index$names
  rows <- as.integer(csv$index$shape[1L])
  guess <- function(i) .Call(C_csv_guess, csv$data, csv$index, i, csv$separator)
  row_names <- if (length(names) > 0L && names[1L] %in% c("", "Unnamed: 0")) {
    csv_row_names(csv, guess(1L))
  }
  wanted <- setdiff(seq_along(names), if (!is.null(row_names)) 1L)
  read <- lapply(wanted, function(i) {
    type <- guess(i)
    values <- csv_column(csv, i, type, NULL, TRUE)
    switch(
      type,
      integer64 = structure(values, class = "integer64"),
      date = structure(values, class = "Date"),
      posixct = structure(
        values,
        class = c("POSIXct", "POSIXt"),
        tzone = "UTC"
      ),
      values
    )
  })
  names(read) <- names[wanted]
  x <- new_frame(read, rows)
  if (!is.null(row_names)) {
    attr(x, "row.names") <- row_names
  }
  x
}

# Row names in the first column, or NULL where it is a column like others.
csv_row_names <- function(csv, type) {
  texts <- csv_column(csv, 1L, "character", NULL, TRUE)
  if (anyNA(texts) || anyDuplicated(texts)) {
    return(NULL)
  }
  if (length(texts) == 0L) {
    return(integer())
  }
  if (type != "integer") {
    return(texts)
  }
  numbers <- csv_column(csv, 1L, "integer", NULL, TRUE)
  if (identical(numbers, seq_along(numbers) - 1L)) {
    seq_along(numbers)
  } else {
    numbers
  }
}
