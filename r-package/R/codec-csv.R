# CSV bytes to data frames and back; the types travel in a sidecar (csv-schema.R). What a CSV means
# is laid down in tests/conformance/csv/README.md and is the same in Python.

# The CSV of a data frame: list(data, schema); schema is the sidecar's text, or NULL; separator is one
# character.
csv_encode <- function(x, schema = TRUE, separator = ",") {
  types <- frame_types(x)
  arrow <- origin_arrow(x, types)
  columns <- as.list(unclass(x))
  cells <- Map(
    csv_cells,
    columns,
    types,
    arrow,
    sprintf("column '%s'", names(columns))
  )
  names <- csv_text(names(columns), "a column's name")
  written <- csv_write(unname(cells), names, separator)
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
  x <- csv_finish(x, sidecar$fields[wanted])
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
