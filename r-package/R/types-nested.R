# The rows of types.csv whose columns are no plain vectors: lists, data frames, matrices, and times
# that need a look at their values.

# The type of the items of a list column whose cells are NULL or vectors of one type without
# attributes; NULL for any other list. Cells that are all NULL could be of any type.
list_item_type <- function(x) {
  cells <- unclass(x)
  if (length(dim(cells)) > 1L) {
    return(NULL)
  }
  type <- setdiff(unique(vapply(cells, typeof, "")), "NULL")
  if (length(type) == 0L) {
    return("logical")
  }
  if (
    length(type) > 1L ||
      !type %in% c("logical", "integer", "double", "character") ||
      !all(vapply(cells, function(cell) is.null(attributes(cell)), TRUE))
  ) {
    return(NULL)
  }
  if (type == "character" && !is_all_text(unlist(cells))) NULL else type
}

# Whether strings are text in an encoding that R knows.
is_all_text <- function(x) {
  all(Encoding(x) != "bytes" & validEnc(x))
}

# The items of a row of a matrix, or of an array of more dimensions.
matrix_size <- function(x) {
  prod(dim(x)[-1L])
}

matrix_item_type <- function(x) {
  if (inherits(x, "integer64") && typeof(x) == "double") {
    return("integer64")
  }
  typeof(x)
}

matrix_type <- function(x, name) {
  if (!typeof(x) %in% plain_types) {
    abort_type(name, paste(typeof(x), "with dimensions"))
  }
  "matrix"
}

# A data frame as a column: its own columns must have a row of the table too.
struct_type <- function(x, name) {
  names <- names(x)
  check_column_names(names, length(x))
  columns <- as.list(unclass(x))
  for (i in seq_along(columns)) {
    inner <- paste0(name, "$", names[i])
    column_type(columns[[i]], inner)
    if (column_rows(columns[[i]]) != frame_rows(x)) {
      abort_type(inner, "of another length than its frame")
    }
  }
  "struct"
}

posixlt_type <- function(x, name) {
  seconds <- tryCatch(as.POSIXct(x), error = function(e) NULL)
  if (typeof(x) != "list" || length(seconds) != length(x)) {
    abort_type(name, "POSIXlt with damaged fields")
  }
  "posixlt"
}

# Whether all values are times of day that nanoseconds say exactly.
is_time_of_day <- function(x) {
  if (
    !identical(attr(x, "units", exact = TRUE), "secs") ||
      !typeof(x) %in% c("integer", "double")
  ) {
    return(FALSE)
  }
  values <- as.double(unclass(x))
  if (any(is.nan(values))) {
    return(FALSE)
  }
  values <- values[!is.na(values)]
  all(values >= 0 & values < 86400 & round(values * 1e9) / 1e9 == values)
}

# The item type of `list<item: T>`, `large_list<...>` and `fixed_size_list<...>[n]`; NULL for others.
arrow_item <- function(arrow) {
  found <- regmatches(arrow, regexec(item_pattern, arrow))[[1L]]
  if (length(found)) sub(" not null$", "", found[3L])
}

item_pattern <- "^(list|large_list|fixed_size_list)<[^:]+: (.+)>(\\[[0-9]+\\])?$"

# The items a row that `fixed_size_list<item: T>[n]` has.
arrow_size <- function(arrow) {
  as.integer(sub("^.*\\[([0-9]{1,9})\\]$", "\\1", arrow))
}
