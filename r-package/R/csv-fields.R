# A CSV's columns as R vectors: each cell by its field in the sidecar. The forms are those of
# tests/conformance/csv/README.md.

# list(data, index, separator) of a CSV's bytes.
csv_source <- function(data, separator = ",") {
  index <- .Call(C_csv_index, data, separator)
  list(data = data, index = index, separator = separator)
}

# A CSV of one column with these cells, for values that were inside another.
csv_of_texts <- function(texts, name) {
  cells <- list(values = texts, kind = "character")
  csv_source(csv_write(list(cells), enc2utf8(name))[[1L]])
}

# ---- fields of a sidecar

# Column i of a CSV (csv_source()) as its field says.
csv_field_read <- function(csv, i, field) {
  if (csv_field_kind(field$arrow) %in% c("list", "matrix", "struct")) {
    return(csv_nested_read(csv, i, field))
  }
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
    factor = csv_factor(csv, i, field),
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
    time = structure(
      as_stored(csv_clock(csv, i)),
      class = c("hms", "difftime"),
      units = "secs"
    ),
    complex = csv_complex(csv, i),
    robject = csv_robjects(csv, i),
    binary = csv_binary(csv, i, storage),
    decimal = csv_decimal(csv, i, field),
    null = csv_nulls(csv, i),
    abort_schema(sprintf(
      "'%s' is no Arrow type that CSV keeps",
      substr(field$arrow, 1L, 80L)
    ))
  )
}

csv_field_kind <- function(arrow) {
  base <- sub("[[<(].*$", "", arrow)
  switch(
    if (base == "extension") arrow else base,
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
    date32 = ,
    date64 = "date",
    timestamp = "timestamp",
    duration = "duration",
    time32 = ,
    time64 = "time",
    null = "null",
    binary = ,
    large_binary = "binary",
    decimal32 = ,
    decimal64 = ,
    decimal128 = ,
    decimal256 = "decimal",
    list = ,
    large_list = "list",
    fixed_size_list = "matrix",
    struct = "struct",
    "extension<crossframe.complex>" = "complex",
    "extension<crossframe.robject>" = "robject",
    "unknown"
  )
}

# enum holds null for a missing level; NA here.
csv_levels <- function(field) {
  levels <- vapply(field$constraints$enum, FUN.VALUE = "", function(level) {
    if (is.null(level)) NA_character_ else as.character(level)
  })
  if (anyDuplicated(levels)) {
    abort_schema(sprintf("enum of field '%s' has a level twice", field$name))
  }
  levels
}

# An empty cell is the missing level, but for the rows that are said to have no code.
csv_factor <- function(csv, i, field) {
  levels <- csv_levels(field)
  known <- which(!is.na(levels))
  codes <- csv_column(csv, i, "factor", levels[known], FALSE)
  if (anyNA(levels)) {
    codes <- known[codes]
    codes[is.na(codes)] <- which(is.na(levels))
    none <- field$crossframe$missing
    codes[
      seq_along(codes) %in% (unlist(none[vapply(none, is.numeric, TRUE)]) + 1)
    ] <- NA
  }
  ordered <- grepl("ordered=1", field$arrow, fixed = TRUE)
  structure(
    codes,
    levels = levels,
    class = implied_class(if (ordered) "ordered" else "factor")
  )
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
      is_raw <- identical(storage, "raw") &&
        all(!is.na(values) & values >= 0L & values <= 255L)
      return(if (is_raw) as.raw(values) else values)
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
    abort_cell(csv$index$names[i], type, values$row, values$text)
  }
  values
}

csv_nulls <- function(csv, i) {
  csv_column(csv, i, "logical", NULL, FALSE)
}

# R has no decimal numbers: the nearest doubles, and a word on it.
csv_decimal <- function(csv, i, field) {
  cf_warn(
    "lossy_conversion",
    sprintf(
      "Column '%s' holds decimal numbers (%s), which R does not have.",
      field$name,
      field$arrow
    ),
    "they become doubles"
  )
  csv_column(csv, i, "double", NULL, FALSE)
}

# Text that is no text in any encoding known, or bytes: a list of raw vectors.
csv_binary <- function(csv, i, storage) {
  texts <- csv_strings(csv, i)
  bytes <- lapply(texts, function(text) {
    if (!is.na(text)) openssl::base64_decode(text)
  })
  if (!identical(storage, "bytes")) {
    return(bytes)
  }
  vapply(seq_along(bytes), FUN.VALUE = "", function(row) {
    one <- bytes[[row]]
    if (is.null(one)) {
      return(NA_character_)
    }
    if (any(one == as.raw(0L))) {
      abort_cell(csv$index$names[i], "text", row, texts[row])
    }
    text <- rawToChar(one)
    Encoding(text) <- if (validUTF8(text)) "UTF-8" else "bytes"
    text
  })
}

csv_strings <- function(csv, i) {
  csv_column(csv, i, "character", NULL, FALSE)
}

# ---- rows that are no plain values

csv_complex <- function(csv, i) {
  texts <- trimws(csv_strings(csv, i))
  name <- csv$index$names[i]
  pattern <- "^([+-]?(?:nan|na|inf|[0-9.]+(?:e[+-]?[0-9]+)?))([+-](?:nan|na|inf|[0-9.]+(?:e[+-]?[0-9]+)?))i$"
  found <- grepl(pattern, texts, ignore.case = TRUE, perl = TRUE)
  wrong <- which(!found & !is.na(texts))
  if (length(wrong) > 0L) {
    abort_cell(name, "complex", wrong[1L], texts[wrong[1L]])
  }
  part <- function(which) {
    text <- sub(pattern, which, texts, ignore.case = TRUE, perl = TRUE)
    text <- sub("^[+]|^[+-](?=na)", "", text, ignore.case = TRUE, perl = TRUE)
    text[tolower(text) == "na"] <- NA
    csv_column(csv_of_texts(text, name), 1L, "double", NULL, FALSE)
  }
  values <- complex(real = part("\\1"), imaginary = part("\\2"))
  # complex() of NA and NA computes; the missing value is one of its own
  values[is.na(texts)] <- NA_complex_
  values
}

# Seconds since midnight.
csv_clock <- function(csv, i) {
  texts <- trimws(csv_strings(csv, i))
  pattern <- "^([0-9]{2}):([0-9]{2}):([0-9]{2})(?:[.]([0-9]{1,9}))?$"
  part <- function(which) {
    as.double(sub(pattern, paste0("0", which), texts, perl = TRUE))
  }
  known <- !is.na(texts)
  wrong <- which(known & !grepl(pattern, texts, perl = TRUE))
  if (length(wrong) == 0L) {
    hours <- part("\\1")
    minutes <- part("\\2")
    seconds <- part("\\3")
    wrong <- which(known & (hours > 23 | minutes > 59 | seconds > 59))
  }
  if (length(wrong) > 0L) {
    abort_cell(csv$index$names[i], "time", wrong[1L], texts[wrong[1L]])
  }
  fraction <- sub(pattern, "\\4", texts, perl = TRUE)
  fraction[!known] <- ""
  nanoseconds <- as.double(substr(paste0(fraction, "000000000"), 1L, 9L))
  # one division: both operands are whole and exact, so it rounds once
  values <- ((hours * 60 + minutes) * 60 + seconds) * 1e9 + nanoseconds
  values[!known] <- NA
  values / 1e9
}

csv_robjects <- function(csv, i) {
  texts <- csv_strings(csv, i)
  name <- csv$index$names[i]
  lapply(seq_along(texts), function(row) {
    if (!is.na(texts[row])) {
      bytes <- openssl::base64_decode(texts[row])
      kind <- sprintf("R value (column '%s', row %d)", name, row)
      unserialize_checked(bytes, kind)
    }
  })
}

# ---- after the attributes have been put back

# What is no attribute: POSIXlt that had no original, and the mark of an S4 object.
csv_finish <- function(x, fields) {
  for (i in seq_along(fields)) {
    field <- fields[[i]]
    storage <- field$crossframe$storage
    column <- .subset2(x, i)
    finished <- if (is.data.frame(column)) {
      csv_finish(column, field$fields)
    } else if (identical(storage, "POSIXlt") && inherits(column, "POSIXct")) {
      posixlt_of(column)
    } else if (identical(storage, "S4")) {
      asS4(column)
    } else {
      next
    }
    kept <- attributes(x)
    x <- unclass(x)
    x[[i]] <- finished
    attributes(x) <- kept
  }
  x
}

abort_cell <- function(name, type, row, text) {
  cf_abort(
    "decode",
    sprintf("Can't decode column '%s' as %s.", name, type),
    sprintf("row %.0f holds '%s'", row, substr(text, 1L, 60L)),
    "Does the schema belong to this CSV? schema = FALSE loads it without."
  )
}
