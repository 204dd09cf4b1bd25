# Columns as the CSV writer (src/csv-write.c) takes them: plain vectors and what kind of text they
# become. The forms are those of tests/conformance/csv/README.md.

# list(values, kind) of a column; whose: what it is called in messages.
csv_cells <- function(x, type, arrow, whose) {
  plain <- function(values, kind = type) {
    attributes(values) <- NULL
    list(values = values, kind = kind)
  }
  if (isS4(x)) {
    x <- asS4(x, FALSE)
  }
  switch(
    type,
    character = plain(csv_text(x, whose)),
    bytes = plain(bytes_text(x, whose), "character"),
    factor = ,
    ordered = {
      cells <- plain(unclass(x), "factor")
      attr(cells$values, "levels") <- csv_text(levels(x), whose)
      cells
    },
    date = plain(as.double(unclass(x))),
    posixct = plain(as.double(unclass(x)), csv_time_kind(arrow)),
    posixlt = plain(as.double(as.POSIXct(x)), csv_time_kind(arrow)),
    difftime = plain(as.double(unclass(x)), "double"),
    raw = plain(as.integer(x), "integer"),
    hms = plain(clock_text(x), "bare"),
    complex = plain(complex_text(x), "bare"),
    robject = plain(robject_text(x, whose), "character"),
    list = plain(list_text(x, arrow, whose), "character"),
    matrix = plain(matrix_text(x, arrow, whose), "character"),
    struct = plain(struct_text(x, whose), "character"),
    plain(unclass(x))
  )
}

# A time without a zone has no Z.
csv_time_kind <- function(arrow) {
  if (grepl("tz=", arrow, fixed = TRUE)) "posixct" else "naive"
}

csv_write <- function(cells, names, separator = ",") {
  values <- lapply(cells, function(cell) cell$values)
  kinds <- vapply(cells, function(cell) cell$kind, "")
  .Call(C_csv_write, values, kinds, as.character(names), separator)
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

# What the cells of a column hold, as strings; NA where missing.
cell_texts <- function(x, type, arrow, whose) {
  cells <- csv_cells(x, type, arrow, whose)
  switch(
    cells$kind,
    character = ,
    bare = cells$values,
    factor = attr(cells$values, "levels")[as.vector(cells$values)],
    {
      written <- csv_write(list(cells), "x")
      warn_lost(stats::setNames(list(x), whose), written[[2L]], written[[3L]])
      csv_column(csv_source(written[[1L]]), 1L, "character", NULL, FALSE)
    }
  )
}

number_texts <- function(x) {
  cell_texts(as.double(x), "double", "double", "numbers")
}

# `<re><sign><im>i`; a part that alone is missing is na.
complex_text <- function(x) {
  attributes(x) <- NULL
  part <- function(values) {
    text <- number_texts(values)
    text[is.na(text)] <- "na"
    text
  }
  imaginary <- part(Im(x))
  sign <- ifelse(startsWith(imaginary, "-"), "", "+")
  text <- paste0(part(Re(x)), sign, imaginary, "i", recycle0 = TRUE)
  text[text == "na+nai"] <- NA
  text
}

# HH:MM:SS, with nine digits of the second's fraction where a value has one.
clock_text <- function(x) {
  values <- as.double(unclass(x))
  seconds <- floor(values)
  nanoseconds <- round((values - seconds) * 1e9)
  over <- which(nanoseconds == 1e9)
  seconds[over] <- seconds[over] + 1
  nanoseconds[over] <- 0
  text <- sprintf(
    "%02.0f:%02.0f:%02.0f",
    seconds %/% 3600,
    seconds %/% 60 %% 60,
    seconds %% 60
  )
  if (any(nanoseconds > 0, na.rm = TRUE)) {
    text <- sprintf("%s.%09.0f", text, nanoseconds)
  }
  text[is.na(values)] <- NA
  text
}

# Each cell's serialization in base64. Code would not load again.
robject_text <- function(x, whose) {
  cells <- unclass(x)
  attributes(cells) <- NULL
  vapply(seq_along(cells), FUN.VALUE = "", function(i) {
    bytes <- suppressWarnings(
      serialize(cells[[i]], NULL, xdr = TRUE, version = 3L)
    )
    found <- .Call(C_scan, bytes, FALSE)
    if (found$status != "safe") {
      cf_abort(
        "unsafe_data",
        sprintf("Can't save %s: it holds code, not only data.", whose),
        sprintf("row %d: %s", i, describe_finding(found$finding, 0)),
        "Code is kept in rds, and loads from there with trust = TRUE."
      )
    }
    openssl::base64_encode(bytes)
  })
}

# Base64 of text that is no text in any encoding known. Its mark is told from the bytes on the way back.
bytes_text <- function(x, whose) {
  text <- as.vector(x)
  is_text <- Encoding(text) != "bytes" & validEnc(text)
  text[is_text] <- enc2utf8(text[is_text])
  marked <- Encoding(text) == "bytes"
  lost <- which(!is_text & marked == validUTF8(text))
  if (length(lost) > 0L) {
    cf_warn(
      "lossy_conversion",
      sprintf(
        "Text of %s: %d strings come back with another encoding.",
        whose,
        length(lost)
      ),
      sprintf("the first is in row %d", lost[1L])
    )
  }
  known <- !is.na(text)
  coded <- rep(NA_character_, length(text))
  coded[known] <- vapply(text[known], FUN.VALUE = "", function(one) {
    openssl::base64_encode(charToRaw(one))
  })
  coded
}
