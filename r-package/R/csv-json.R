# Lists, matrices and data frames in the cells of a CSV: JSON, made and taken apart a whole column at
# a time. The forms are those of tests/conformance/csv/README.md.

# ---- towards text

# A column's values as JSON; null where missing.
json_items <- function(x, type, arrow, whose) {
  text <- cell_texts(x, type, arrow, whose)
  missing <- is.na(text)
  if (arrow %in% c("int64", "uint64") || !type %in% json_bare_types) {
    text <- json_string(text)
  } else if (type %in% c("double", "difftime")) {
    special <- match(text, names(json_numbers))
    text <- ifelse(is.na(special), text, json_numbers[special])
  }
  text[missing] <- "null"
  text
}

# Types that need no quotes in JSON.
json_bare_types <- c(
  "logical",
  "integer",
  "double",
  "difftime",
  "raw",
  "list",
  "matrix",
  "struct"
)

# JSON has no such numbers; and -0 would be read as a whole number, which has no sign there.
json_numbers <- c(
  "nan" = "\"NaN\"",
  "inf" = "\"Inf\"",
  "-inf" = "\"-Inf\"",
  "-0" = "-0.0"
)

json_string <- function(text) {
  odd <- grep("[\"\\\\\001-\037]", text)
  text[odd] <- vapply(text[odd], json_escape, "", USE.NAMES = FALSE)
  paste0("\"", text, "\"", recycle0 = TRUE)
}

json_escape <- function(text) {
  codes <- utf8ToInt(text)
  characters <- intToUtf8(codes, multiple = TRUE)
  named <- match(codes, c(34L, 92L, 8L, 12L, 10L, 13L, 9L))
  escapes <- c("\\\"", "\\\\", "\\b", "\\f", "\\n", "\\r", "\\t")
  other <- is.na(named) & codes < 32L
  characters[other] <- sprintf("\\u%04x", codes[other])
  characters[!is.na(named)] <- escapes[named[!is.na(named)]]
  paste(characters, collapse = "")
}

list_text <- function(x, arrow, whose) {
  cells <- unclass(x)
  type <- list_item_type(x)
  flat <- unlist(cells, use.names = FALSE)
  if (is.null(flat)) {
    flat <- vector(type, 0L)
  }
  text <- join_items(
    json_items(flat, type, arrow_item(arrow), whose),
    lengths(cells, use.names = FALSE)
  )
  text[vapply(cells, is.null, TRUE)] <- NA
  text
}

# JSON arrays of so many items each. JSON holds no control characters: one of them marks the ends.
join_items <- function(items, lengths) {
  text <- rep("[]", length(lengths))
  filled <- lengths > 0L
  if (any(filled)) {
    between <- rep(",", length(items))
    between[cumsum(lengths[filled])] <- "\001"
    joined <- paste0(items, between, collapse = "")
    inner <- strsplit(joined, "\001", fixed = TRUE)[[1L]]
    text[filled] <- paste0("[", inner, "]")
  }
  text
}

matrix_text <- function(x, arrow, whose) {
  rows <- dim(x)[1L]
  type <- matrix_item_type(x)
  flat <- as.vector(unclass(x))
  if (type == "integer64") {
    class(flat) <- "integer64"
  }
  items <- json_items(flat, type, arrow_item(arrow), whose)
  dim(items) <- c(rows, matrix_size(x))
  columns <- lapply(seq_len(ncol(items)), function(i) items[, i])
  join_columns("[", columns, "]", rows)
}

struct_text <- function(x, whose) {
  columns <- as.list(unclass(x))
  names <- names(columns)
  items <- Map(
    function(column, name) {
      type <- column_type(column, name)
      json_items(column, type, arrow_type(column, type), whose)
    },
    columns,
    names
  )
  keys <- json_string(csv_text(names, sprintf("a name in %s", whose)))
  pairs <- Map(function(key, item) paste0(key, ":", item), keys, items)
  join_columns("{", unname(pairs), "}", frame_rows(x))
}

join_columns <- function(open, columns, close, rows) {
  if (length(columns) == 0L || rows == 0L) {
    return(rep(paste0(open, close), rows))
  }
  paste0(open, do.call(paste, c(columns, sep = ",")), close)
}

# ---- from text

# What the cells of a column say, a list by row; NULL where missing. whose: for messages.
json_cells <- function(texts, whose) {
  missing <- is.na(texts)
  texts[missing] <- "null"
  document <- paste0("[", paste(texts, collapse = ","), "]")
  cells <- tryCatch(parse_json(document), error = function(e) {
    abort_json(whose, conditionMessage(e))
  })
  if (length(cells) != length(texts)) {
    abort_json(whose, "a cell is not one value")
  }
  cells
}

abort_json <- function(whose, detail) {
  cf_abort(
    "decode",
    sprintf("Can't decode %s: its cells must be JSON.", whose),
    substr(detail, 1L, 200L),
    "Does the schema belong to this CSV? schema = FALSE loads it without."
  )
}

# list(items, lengths) of cells that are arrays of numbers or logicals, without a look at JSON's
# grammar: these have no comma within; NULL where a cell is something else. A missing cell has length NA.
split_arrays <- function(texts) {
  inner <- sub("^[ \t\r\n]*\\[(.*)\\][ \t\r\n]*$", "\\1", texts)
  missing <- is.na(texts)
  if (any(nchar(inner[!missing]) == nchar(texts[!missing]))) {
    return(NULL)
  }
  empty <- !grepl("[^ \t\r\n]", inner)
  inner[missing | empty] <- ""
  items <- strsplit(inner, ",", fixed = TRUE)
  lengths <- lengths(items)
  items <- trimws(unlist(items, use.names = FALSE), whitespace = "[\" \t\r\n]")
  if (!all(nzchar(items)) || any(endsWith(inner, ","))) {
    return(NULL)
  }
  items[items == "null"] <- NA
  lengths[missing] <- NA
  list(items = items, lengths = lengths)
}

# JSON scalars as the text that a CSV cell would hold; NA where missing.
json_texts <- function(items, whose) {
  texts <- rep(NA_character_, length(items))
  kinds <- vapply(items, typeof, "")
  if (any(kinds == "list")) {
    abort_json(whose, "a list stands where one value is due")
  }
  is_text <- kinds == "character"
  is_true <- kinds == "logical"
  is_number <- kinds %in% c("integer", "double")
  texts[is_text] <- as.character(unlist(items[is_text]))
  texts[is_true] <- ifelse(unlist(items[is_true]), "true", "false")
  texts[is_number] <- number_texts(unlist(items[is_number]))
  texts
}

# A vector or data frame cut into pieces of so many values; NULL for a length of NA.
cut_values <- function(values, lengths) {
  counts <- ifelse(is.na(lengths), 0L, lengths)
  groups <- structure(
    rep(seq_along(counts), counts),
    levels = as.character(seq_along(counts)),
    class = "factor"
  )
  if (is.data.frame(values)) {
    pieces <- unname(split(values, groups))
  } else {
    kept <- attributes(values)
    attributes(values) <- NULL
    pieces <- unname(split(values, groups))
    if (!is.null(kept)) {
      pieces <- lapply(pieces, `attributes<-`, kept)
    }
  }
  pieces[is.na(lengths)] <- list(NULL)
  pieces
}
