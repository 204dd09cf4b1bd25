# The sidecar of a CSV, <key>.schema.json: a Frictionless Table Schema that keeps what CSV text
# can't say. `arrow` holds each column's Arrow type and decides; `type` is for readers that know
# only Frictionless. Source: https://datapackage.org/standard/table-schema/.

frictionless_types <- c(
  logical = "boolean",
  integer = "integer",
  integer64 = "integer",
  double = "number",
  character = "string",
  factor = "string",
  ordered = "string",
  date = "date",
  posixct = "datetime",
  difftime = "number",
  bytes = "string",
  complex = "string",
  raw = "integer",
  posixlt = "datetime",
  hms = "time",
  list = "array",
  robject = "string",
  struct = "object",
  matrix = "array"
)

# The text of the sidecar of a frame. data: its CSV.
csv_schema_write <- function(x, types, arrow, data) {
  columns <- as.list(unclass(x))
  document <- list(
    fields = unname(Map(
      csv_field_write,
      names(columns),
      columns,
      types,
      arrow
    )),
    missingValues = list("")
  )
  if (length(columns) == 0L) {
    document$rows <- frame_rows(x)
  }
  document <- c(document, csv_stamp(data))
  document$r <- r_metadata(x, types, rows_told = TRUE)
  pandas <- origin_pandas(x)
  if (!is.null(pandas)) {
    document$metadata <- list(pandas = pandas)
  }
  paste0(write_json(document, pretty = TRUE), "\n")
}

# The sidecar for other stored bytes of the same data, such as compressed ones.
csv_schema_for <- function(schema, stored) {
  document <- parse_json(schema)
  stamp <- csv_stamp(stored)
  document[names(stamp)] <- stamp
  paste0(write_json(document, pretty = TRUE), "\n")
}

csv_stamp <- function(stored) {
  list(bytes = length(stored), hash = paste0("md5:", csv_md5(stored)))
}

csv_md5 <- function(stored) {
  paste(as.character(openssl::md5(stored)), collapse = "")
}

csv_field_write <- function(name, x, type, arrow) {
  whole <- grepl("^u?int[0-9]+$", arrow)
  field <- list(
    name = enc2utf8(name),
    type = if (whole) "integer" else frictionless_types[[type]],
    arrow = arrow
  )
  notes <- csv_field_notes(x, type, arrow)
  if (length(notes) > 0L) {
    field$crossframe <- notes
  }
  if (type %in% c("robject", "bytes")) {
    field$format <- "binary"
  }
  if (type %in% c("factor", "ordered")) {
    levels <- as.list(enc2utf8(as.character(levels(x))))
    levels[is.na(levels)] <- list(NULL)
    field$constraints <- list(enum = levels)
    field$categoriesOrdered <- type == "ordered"
  }
  if (type == "struct") {
    columns <- as.list(unclass(x))
    types <- frame_types(x)
    arrow <- as.character(mapply(arrow_type, columns, types))
    field$fields <- unname(Map(
      csv_field_write,
      names(columns),
      columns,
      types,
      arrow
    ))
  }
  field
}

# What the Arrow type and the attributes do not say.
csv_field_notes <- function(x, type, arrow) {
  notes <- list()
  if (type == "difftime") {
    notes$units <- attr(x, "units")
  }
  if (type %in% c("date", "posixct", "difftime", "hms") && is.integer(x)) {
    notes$storage <- "integer"
  }
  if (inherits(x, "integer64") && grepl("\\bint64\\b", arrow)) {
    notes$storage <- "integer64"
  }
  if (type == "bytes") {
    notes$storage <- "bytes"
  }
  if (is.raw(x)) {
    notes$storage <- "raw"
  }
  if (type == "posixlt") {
    notes$storage <- "POSIXlt"
  }
  if (isS4(x)) {
    notes$storage <- "S4"
  }
  if (type %in% c("factor", "ordered") && anyNA(levels(x))) {
    missing <- which(is.na(unclass(x)))
    notes$missing <- if (length(missing)) as.list(missing - 1L)
  }
  notes
}

# list(names, fields, rows, bytes, hash, r, metadata) of a sidecar's text.
csv_schema_read <- function(text) {
  document <- tryCatch(
    parse_json(if (is.raw(text)) rawToChar(text) else text),
    error = function(e) {
      abort_schema(paste("it is not JSON:", conditionMessage(e)))
    }
  )
  if (!is.list(document) || !is.list(document$fields)) {
    abort_schema("it has no list of fields")
  }
  check_fields(document$fields)
  names <- vapply(document$fields, function(field) field$name, "")
  check_column_names(names)
  if (!is.null(document[["r"]]) && !is_text(document[["r"]])) {
    abort_schema("r must be text")
  }
  if (
    !is.null(document$rows) &&
      !(is.numeric(document$rows) && length(document$rows) == 1L)
  ) {
    abort_schema("rows must be a number")
  }
  c(
    list(names = names),
    document[c("fields", "rows", "bytes", "hash", "r", "metadata")]
  )
}

# Structs in structs, and lists in lists, that a schema may speak of.
field_depth <- 32L

check_fields <- function(fields, depth = 0L) {
  if (!is.list(fields)) {
    abort_schema("fields are no list")
  }
  if (depth > field_depth) {
    abort_schema("its fields are nested too deeply")
  }
  for (field in fields) {
    if (!is.list(field) || !is_text(field$name) || !is_text(field$arrow)) {
      abort_schema("a field has no name or no Arrow type")
    }
    if (nchar(gsub("[^<]", "", field$arrow)) > field_depth) {
      abort_schema("an Arrow type is nested too deeply")
    }
    if (!is.null(field$crossframe) && !is.list(field$crossframe)) {
      abort_schema("crossframe of a field must be an object")
    }
    check_fields(c(list(), field$fields), depth + 1L)
  }
}

# Whether a sidecar belongs to these stored bytes.
csv_schema_fits <- function(sidecar, stored) {
  if (
    !is.null(sidecar$bytes) &&
      !identical(as.double(sidecar$bytes), as.double(length(stored)))
  ) {
    return(FALSE)
  }
  is.null(sidecar$hash) ||
    identical(sub("^md5:", "", sidecar$hash), csv_md5(stored))
}

is_text <- function(x) {
  is.character(x) && length(x) == 1L && !is.na(x)
}

abort_schema <- function(detail) {
  cf_abort(
    "decode",
    "Can't decode the CSV's schema.",
    detail,
    "schema = FALSE loads the CSV without it."
  )
}
