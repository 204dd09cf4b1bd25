# RDS and RData: serialized R values, compressed or not. What guards the reading is in serialized.R.

# The first lines of an RData file; the serialized pairlist of its objects follows.
rdata_headers <- lapply(
  c("RDX2\n", "RDX3\n", "RDA2\n", "RDA3\n", "RDB2\n", "RDB3\n"),
  charToRaw
)

# The bytes of an RDS file. compression: a name of formats.csv, or NULL for none.
rds_encode <- function(x, compression = "gzip") {
  compress_if(serialize(x, NULL, xdr = TRUE, version = 3L), compression)
}

# The value in an RDS file. trust: load code too, with a warning.
rds_decode <- function(data, trust = FALSE) {
  data <- decompress_all(data)
  if (is_rdata(data)) {
    cf_abort(
      "decode",
      "Can't decode these bytes as RDS: they are an RData file.",
      NULL,
      'Could format = "rdata" be meant?'
    )
  }
  checked_frame(unserialize_checked(data, "RDS", trust), "the RDS")
}

# The bytes of an RData file, as save() writes it. x: a named list of objects.
rdata_encode <- function(x, compression = "gzip") {
  check_object_names(names(x), length(x))
  body <- serialize(as.pairlist(x), NULL, xdr = TRUE, version = 3L)
  compress_if(c(charToRaw("RDX3\n"), body), compression)
}

# The objects in an RData file: a named list in the file's order.
rdata_decode <- function(data, trust = FALSE) {
  data <- decompress_all(data)
  if (!is_rdata(data)) {
    cf_abort(
      "decode",
      "Can't decode these bytes as RData: the first line of such a file is missing.",
      sprintf("they begin with %s", shown_bytes(data)),
      'Could it be an RDS file? Then say format = "rds".'
    )
  }
  tail <- .Call(C_raw_tail, data, 5)
  on.exit(release(tail))
  objects <- unserialize_checked(tail, "RData", trust, offset = 5)
  if (
    !is.null(objects) && !(is.pairlist(objects) && all(nzchar(names(objects))))
  ) {
    cf_abort(
      "decode",
      "Can't decode these bytes as RData: they hold no named objects."
    )
  }
  objects <- as.list(objects)
  for (name in names(objects)) {
    checked_frame(objects[[name]], sprintf("object '%s'", name))
  }
  objects
}

# The value itself. Why checked: R's own reader makes data frames and factors that R then stumbles over,
# and a damaged byte in the right place is all that takes.
checked_frame <- function(x, what) {
  force(x)
  # Why caught: attributes may be of any type, and R's own functions stop at what they can't use.
  problem <- tryCatch(
    if (is.data.frame(x)) frame_problem(unclass(x), .row_names_info(x, 2L)),
    error = function(e) sprintf("R says: %s", conditionMessage(e))
  )
  if (is.null(problem)) {
    return(x)
  }
  cf_abort("decode", sprintf("Can't decode %s as a data frame.", what), problem)
}

# What is wrong with a data frame's columns, or NULL.
frame_problem <- function(columns, rows) {
  if (!is.list(columns)) {
    return(sprintf("it is of type %s", typeof(columns)))
  }
  names <- names(columns)
  if (length(names) != length(columns) || anyNA(names)) {
    return(sprintf(
      "it has %d columns and %d names",
      length(columns),
      length(names)
    ))
  }
  first_problem(columns, sprintf("column '%s'", names), rows)
}

# The first problem of columns, or NULL. shown: what each is called.
first_problem <- function(columns, shown, rows) {
  for (at in seq_along(columns)) {
    problem <- column_problem(columns[[at]], shown[[at]], rows)
    if (!is.null(problem)) {
      return(problem)
    }
  }
  NULL
}

# What is wrong with a column of so many rows, or NULL.
column_problem <- function(column, name, rows) {
  if (is.data.frame(column)) {
    own <- .row_names_info(column, 2L)
    if (own != rows && !is.null(.row_names_info(column, 0L))) {
      return(sprintf("%s has %.0f rows, the frame %.0f", name, own, rows))
    }
    inner <- unclass(column)
    shown <- sprintf("%s, '%s'", name, names(inner))
    return(first_problem(inner, shown, rows))
  }
  length <- length_of_column(column)
  if (length != rows) {
    sprintf("%s has %.0f values, the frame %.0f rows", name, length, rows)
  } else if (is.factor(column)) {
    factor_problem(unclass(column), name)
  } else {
    matrix_problem(column, name)
  }
}

# Why: R takes a dim at its word, and reads beyond the values.
matrix_problem <- function(column, name) {
  dims <- attr(column, "dim")
  if (is.null(dims)) {
    return(NULL)
  }
  length <- length(unclass(column))
  if (prod(dims) != length) {
    sprintf("%s has %.0f values, its dim says %.0f", name, length, prod(dims))
  }
}

length_of_column <- function(column) {
  dims <- attr(column, "dim")
  # Why length(): a POSIXlt is a list of its fields, and says how many times it holds.
  if (is.null(dims)) length(column) else dims[1L]
}

factor_problem <- function(codes, name) {
  levels <- attr(codes, "levels")
  if (typeof(codes) != "integer" || typeof(levels) != "character") {
    sprintf(
      "%s is a factor whose codes are no integers, or without levels",
      name
    )
  } else if (anyDuplicated(levels)) {
    sprintf(
      "%s is a factor with two levels '%s'",
      name,
      levels[anyDuplicated(levels)]
    )
  } else if (
    # Why not compared one by one: that makes three more vectors of the column's length.
    min(codes, 1L, na.rm = TRUE) < 1L ||
      max(codes, 0L, na.rm = TRUE) > length(levels)
  ) {
    sprintf(
      "%s is a factor with a code beyond its %d levels",
      name,
      length(levels)
    )
  }
}

# What the scan finds in RDS or RData bytes: a list of status ("safe", "damaged", "unsafe"), the
# first finding, format, version, the number of items of each type; with a report also all refused
# items, formulas, and name, type code, class and length of what the file holds.
scan_serialized <- function(data, report = TRUE) {
  data <- decompress_all(data)
  rdata <- is_rdata(data)
  if (rdata) {
    data <- .Call(C_raw_tail, data, 5)
    on.exit(release(data))
  }
  .Call(C_scan, data, if (report) 1L + rdata else 0L)
}

is_rdata <- function(data) {
  length(data) >= 5L && list(data[1:5]) %in% rdata_headers
}

compress_if <- function(data, compression) {
  if (is.null(compression)) data else compress_bytes(data, compression)
}

check_object_names <- function(names, n) {
  if (
    n == 0L ||
      (length(names) == n &&
        !anyNA(names) &&
        all(nzchar(names)) &&
        !anyDuplicated(names))
  ) {
    return(invisible())
  }
  cf_abort(
    "usage",
    "Can't save these objects as RData: each needs a name of its own.",
    sprintf(
      "got %s",
      paste0(
        "'",
        if (is.null(names)) rep("", n) else names,
        "'",
        collapse = ", "
      )
    ),
    "Save a list with unique names, such as list(d = d, e = e)."
  )
}

shown_bytes <- function(data) {
  if (length(data) == 0L) {
    return("nothing: no byte was given")
  }
  paste(utils::head(data, 8L), collapse = " ")
}
