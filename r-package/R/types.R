# The type table (types.csv) as R sees it: which row a column belongs to, and the Arrow type it
# has in a sidecar and in Parquet.

# Seconds in each unit that a difftime can have.
difftime_units <- c(
  secs = 1,
  mins = 60,
  hours = 3600,
  days = 86400,
  weeks = 604800
)

# Nanoseconds since 1970 beyond which 64 bits overflow, in seconds; Arrow then counts microseconds.
nanosecond_limit <- 9223372036

# types.csv as a data frame, rows named by type.
r_types <- function() {
  table <- shared_table("types")
  rownames(table) <- table$type
  table
}

# The row of types.csv a column belongs to. S3 classes outside the table are attributes of their
# base type, and so is what an S4 object has besides its data.
column_type <- function(x, name) {
  if (is.data.frame(x)) {
    return(struct_type(x, name))
  }
  if (length(dim(x)) > 1L) {
    return(matrix_type(x, name))
  }
  for (class in names(class_types)) {
    if (inherits(x, class) && !isS4(x)) {
      return(class_types[[class]](x, name))
    }
  }
  if (typeof(x) == "list") {
    return(if (is.null(list_item_type(x))) "robject" else "list")
  }
  if (!typeof(x) %in% plain_types) {
    abort_type(name, paste(class(x), collapse = "/"))
  }
  if (is.character(x) && !is_all_text(x)) "bytes" else typeof(x)
}

# The first class that a column inherits from decides.
class_types <- list(
  factor = function(x, name) {
    levels <- levels(x)
    if (typeof(x) != "integer" || !is.character(levels)) {
      abort_type(name, "factor without integer codes or levels")
    }
    if (anyDuplicated(levels)) {
      abort_type(name, "factor with a repeated level")
    }
    codes <- unclass(x)
    if (any(codes < 1L | codes > length(levels), na.rm = TRUE)) {
      abort_type(name, "factor with codes outside its levels")
    }
    if (inherits(x, "ordered")) "ordered" else "factor"
  },
  Date = function(x, name) numeric_type("date", x, name),
  POSIXct = function(x, name) numeric_type("posixct", x, name),
  POSIXlt = function(x, name) posixlt_type(x, name),
  hms = function(x, name) {
    if (is_time_of_day(x)) "hms" else class_types$difftime(x, name)
  },
  difftime = function(x, name) {
    units <- attr(x, "units", exact = TRUE)
    if (
      !is.character(units) ||
        length(units) != 1L ||
        !units %in% names(difftime_units)
    ) {
      abort_type(
        name,
        paste("difftime in units", paste(format(units), collapse = ", "))
      )
    }
    numeric_type("difftime", x, name)
  },
  integer64 = function(x, name) {
    if (typeof(x) != "double") {
      abort_type(name, paste("integer64 kept as", typeof(x)))
    }
    "integer64"
  }
)

# Types of a vector that are a row of types.csv by themselves.
plain_types <- c("logical", "integer", "double", "complex", "character", "raw")

numeric_type <- function(type, x, name) {
  if (!typeof(x) %in% c("integer", "double")) {
    abort_type(
      name,
      paste(typeof(x), "with class", paste(class(x), collapse = "/"))
    )
  }
  type
}

abort_type <- function(name, got) {
  cf_abort(
    "unsupported_type",
    sprintf(
      "Column '%s' must have a type listed in types.csv, not %s.",
      name,
      got
    ),
    NULL,
    "Drop or convert the column first, or save the frame as rds, which holds any value."
  )
}

# The rows of types.csv for all columns of a frame, by name; its names must be there and differ.
frame_types <- function(x) {
  check_column_names(names(x))
  columns <- as.list(unclass(x))
  types <- mapply(column_type, columns, names(columns), USE.NAMES = FALSE)
  types <- stats::setNames(as.character(types), names(columns))
  rows <- vapply(columns, column_rows, 0)
  if (any(rows != frame_rows(x))) {
    wrong <- which(rows != frame_rows(x))[1L]
    cf_abort(
      "conversion",
      "Can't save a data frame whose columns differ in length.",
      sprintf(
        "column '%s' has %.0f values, the frame %d rows",
        names(x)[wrong],
        rows[wrong],
        frame_rows(x)
      )
    )
  }
  types
}

frame_rows <- function(x) {
  .row_names_info(x, 2L)
}

# The rows that a column has in its frame.
column_rows <- function(x) {
  if (is.data.frame(x)) {
    return(frame_rows(x))
  }
  as.double(if (length(dim(x)) > 1L) dim(x)[1L] else length(x))
}

check_column_names <- function(names, n = length(names)) {
  if (n > 0L && (!is.character(names) || anyNA(names))) {
    cf_abort(
      "duplicate_column",
      "Column names must be text.",
      "a column has no name"
    )
  }
  twice <- anyDuplicated(names)
  if (twice > 0L) {
    cf_abort(
      "duplicate_column",
      "Column names must differ.",
      sprintf("'%s' names two columns", names[twice]),
      "Rename one of them, e.g. with names(x) <- make.unique(names(x))."
    )
  }
}

# The Arrow type of a column, as text.
arrow_type <- function(x, type) {
  if (type == "posixlt") {
    return(arrow_type(as.POSIXct(x), "posixct"))
  }
  if (type == "list") {
    return(sprintf("list<item: %s>", arrow_type(NULL, list_item_type(x))))
  }
  if (type == "matrix") {
    item <- arrow_type(NULL, matrix_item_type(x))
    return(sprintf("fixed_size_list<item: %s>[%.0f]", item, matrix_size(x)))
  }
  if (type == "posixct") {
    return(sprintf("timestamp[%s, tz=%s]", tick_unit(x, 1), arrow_zone(x)))
  }
  if (type == "difftime") {
    return(sprintf(
      "duration[%s]",
      tick_unit(x, difftime_units[[attr(x, "units")]])
    ))
  }
  r_types()[type, "arrow"]
}

# ns, or us where the values overflow nanoseconds in 64 bits.
tick_unit <- function(x, seconds) {
  values <- abs(as.double(unclass(x)) * seconds)
  if (any(values > nanosecond_limit & is.finite(values))) "us" else "ns"
}

# The Arrow zone of a POSIXct: its tzone where that is one known zone, else UTC.
arrow_zone <- function(x) {
  tzone <- attr(x, "tzone", exact = TRUE)
  if (is_arrow_zone(tzone)) tzone else "UTC"
}

is_arrow_zone <- function(tzone) {
  is.character(tzone) &&
    length(tzone) == 1L &&
    is.null(attributes(tzone)) &&
    tzone %in% known_zones()
}

known_zones <- function() {
  if (is.null(zone_cache$zones)) {
    assign("zones", OlsonNames(), envir = zone_cache)
  }
  zone_cache$zones
}

# OlsonNames() reads a folder; a frame may ask for it many times.
zone_cache <- new.env(parent = emptyenv())
