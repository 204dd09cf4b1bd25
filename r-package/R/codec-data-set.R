# The list of a data set's parts, _crossframe.json beside them: which keys belong to it, and its schema.
# tests/conformance/datasets/README.md says what stands in it.

data_set_name <- "_crossframe.json"
data_set_version <- 1

# The list's bytes as list(format, parts, schema): parts is a data frame of key (the last segment), rows,
# size (bytes) and md5 (hexadecimal), in the order of their rows; schema is a Table Schema, or NULL.
data_set_decode <- function(data) {
  document <- data_set_document(data)
  version <- document$crossframe
  if (!identical(as.double(version), data_set_version)) {
    abort_data_set(
      sprintf("its version is not %d", data_set_version),
      "Is crossframe too old for it?"
    )
  }
  if (isTRUE(document$unfinished)) {
    cf_abort(
      "corrupt_object",
      "The data set is not whole.",
      "writing it was begun and has not ended",
      "Wait for its writer; if that is gone, save the data set again."
    )
  }
  formats <- format_table()
  formats <- formats$name[formats$layer == "format"]
  if (!is_string(document$format) || !document$format %in% formats) {
    abort_data_set("its format is no name of a format")
  }
  list(
    format = document$format,
    parts = listed_parts(document$parts),
    schema = listed_schema(document$schema)
  )
}

data_set_document <- function(data) {
  text <- rawToChar(data[data != as.raw(0L)])
  Encoding(text) <- "UTF-8"
  if (!validUTF8(text)) {
    abort_data_set("it is no text in UTF-8")
  }
  document <- tryCatch(parse_json(text), error = function(e) {
    abort_data_set(paste("it is not JSON:", conditionMessage(e)))
  })
  version <- if (is.list(document)) document[["crossframe"]]
  if (is.null(version)) {
    abort_data_set("it is no list of a data set's parts")
  }
  if (!is.numeric(version)) {
    abort_data_set("its version is no number")
  }
  document
}

abort_data_set <- function(detail, hint = NULL) {
  cf_abort(
    "decode",
    sprintf("Can't read the data set's %s.", data_set_name),
    detail,
    hint
  )
}

listed_parts <- function(entries) {
  if (!is.list(entries) || !is.null(names(entries)) || !length(entries)) {
    abort_data_set("it lists no parts")
  }
  parts <- lapply(seq_along(entries), function(at) {
    listed_part(entries[[at]], at)
  })
  parts <- do.call(rbind, parts)
  if (anyDuplicated(parts$key)) {
    abort_data_set("it lists a part twice")
  }
  parts
}

listed_part <- function(entry, at) {
  if (!is.list(entry)) {
    abort_data_set(sprintf("part %d is no object", at))
  }
  hash <- entry[["hash"]]
  if (!is_string(hash) || !grepl("^md5:[0-9a-f]{32}$", hash)) {
    abort_data_set(sprintf("the hash of part %d is no MD5", at))
  }
  for (name in c("rows", "size")) {
    if (!is_count(entry[[name]])) {
      abort_data_set(sprintf("the %s of part %d is no count", name, at))
    }
  }
  # Why so strict: a part must lie beside the list, whatever the list says.
  key <- entry[["key"]]
  beside <- is_string(key) &&
    !grepl("/", key, fixed = TRUE) &&
    tryCatch(is_string(check_key(key)), crossframe_error = function(e) FALSE)
  if (!beside) {
    abort_data_set(
      sprintf("the key of part %d is no name of an object beside it", at)
    )
  }
  data.frame(
    key = enc2utf8(key),
    rows = as.double(entry$rows),
    size = as.double(entry$size),
    md5 = sub("^md5:", "", hash)
  )
}

is_count <- function(x) {
  is.numeric(x) && length(x) == 1L && isTRUE(x >= 0 & x == trunc(x) & x < 2^53)
}

listed_schema <- function(schema) {
  if (is.null(schema)) {
    return(NULL)
  }
  tryCatch(
    data_set_like(schema),
    crossframe_error = function(condition) {
      abort_data_set(paste(
        "its schema can't be read:",
        paste(c(condition$problem, condition$detail), collapse = " ")
      ))
    }
  )
  schema
}

# A data frame without rows that has the columns of a Table Schema.
data_set_like <- function(schema) {
  text <- write_json(schema)
  names <- csv_schema_read(text)$names
  quoted <- paste0('"', gsub('"', '""', names, fixed = TRUE), '"')
  header <- paste0(paste(quoted, collapse = ","), "\n")
  csv_decode(charToRaw(enc2utf8(header)), text, NULL)
}
