# What is in an object, in the words of R, Arrow and pandas.

#' Describe an object: its format, its data frames and their columns
#'
#' A data set of parts ([cf_load()]) is described as one data frame, with the size of all its objects and the time of
#' the last written.
#'
#' @inheritParams cf_load
#' @returns A list of class `cf_info`: `key`, `uri`, `format`, `compression` (`NA` for none), `size`
#'   (bytes, as stored), `modified` (POSIXct, UTC), `etag`, `version`, `versions` (how many contents of the key are
#'   kept, this one included; `NA` where that is not told), `media_type`, `metadata` (a named character vector);
#'   `names`, those of the objects;
#'   `frames`, a data frame of `name`, `rows`, `columns` (`NA` for what is no data frame), `r` (class),
#'   `storage` ([typeof()]), `length`, `dim` (such as `"2 x 3"`, `NA` without dimensions); `columns`, a
#'   data frame of `frame`, `name`, `type` (a row of the type table, `NA` outside it), `r` (class),
#'   `arrow` (type), `pandas` (the dtype that Python loads it as), `missing` (count).
#' @section Errors:
#' As [cf_load()].
#' @section Source:
#' As of [cf_load()].
#' @examples
#' old <- cf_set_root(tempfile())
#' cf_save(CO2, "co2.rds")
#' cf_info("co2.rds")
#' cf_set_root(old)
#' @export
cf_info <- function(uri, ..., version = NULL, options = list()) {
  check_empty(...)
  location <- resolve(uri, options = options)
  source <- fetch_or_find(location, version)
  if (!is.null(source$set)) {
    return(structure(class = "cf_info", describe_data_set(source$set)))
  }
  stored <- source$stored
  opened <- placing(location, open_stored(location$key, stored))
  release(opened$data)
  values <- decode_stored(
    location,
    stored,
    NULL,
    NULL,
    NULL,
    FALSE,
    function() {
      read_sidecar(location, version, stored)
    }
  )
  meta <- location$store$head(location$key, version = version)
  compression <- opened$choice$compression
  columns <- Map(describe_columns, names(values), values)
  size <- function(how) {
    vapply(
      values,
      function(value) if (is.data.frame(value)) how(value) else NA_integer_,
      0L,
      USE.NAMES = FALSE
    )
  }
  structure(
    class = "cf_info",
    list(
      key = shown_key(location),
      uri = uri_of(location),
      format = opened$choice$format,
      compression = if (is.null(compression)) NA_character_ else compression,
      size = meta$size,
      modified = meta$modified,
      etag = meta$etag,
      version = meta$version,
      versions = count_versions(location, meta),
      media_type = meta$media_type,
      metadata = meta$metadata,
      names = names(values),
      frames = data.frame(
        name = names(values),
        rows = size(frame_rows),
        columns = size(length),
        describe_values(unname(values))
      ),
      columns = do.call(rbind, c(list(no_columns()), unname(columns)))
    )
  )
}

# How many contents of the key are kept; NA where none are, or it is not told.
count_versions <- function(location, meta) {
  if (is.na(meta$version)) {
    return(NA_integer_)
  }
  tryCatch(
    sum(!location$store$versions(location$key, exact = TRUE)$deleted),
    crossframe_error_access_denied = function(condition) NA_integer_,
    crossframe_error_not_supported = function(condition) NA_integer_
  )
}

# What each value is, data frame or not, without a look at its elements.
describe_values <- function(values) {
  dims <- lapply(values, dim)
  data.frame(
    r = vapply(values, function(value) paste(class(value), collapse = "/"), ""),
    storage = vapply(values, typeof, ""),
    length = vapply(values, function(value) as.double(length(value)), 0),
    dim = vapply(dims, FUN.VALUE = "", function(dim) {
      if (is.null(dim)) NA_character_ else paste(dim, collapse = " x ")
    })
  )
}

no_columns <- function() {
  data.frame(
    frame = character(),
    name = character(),
    type = character(),
    r = character(),
    arrow = character(),
    pandas = character(),
    missing = integer()
  )
}

describe_columns <- function(frame, value) {
  if (!is.data.frame(value) || !length(value)) {
    return(no_columns())
  }
  # Why unclass: a class's own [[, such as a time series frame's, may mean something else.
  described <- Map(
    describe_column,
    unclass(value),
    names(value),
    origin_entries(value),
    origin_dtypes(value)
  )
  data.frame(
    frame = frame,
    name = names(value),
    do.call(rbind, described),
    row.names = NULL
  )
}

# A column in the words of types.csv, NA where it has no row.
#
# noted: what is noted of the Arrow type that it came from, NULL for nothing; dtype: of the one it had in pandas,
# NA for nothing.
describe_column <- function(x, name, noted, dtype) {
  type <- tryCatch(
    column_type(x, name),
    crossframe_error_unsupported_type = function(condition) NA_character_
  )
  arrow <- if (is.na(type)) NA_character_ else origin_type(x, type, noted)
  missing <- missing_count(x, type)
  usual <- usual_dtype(type, arrow)
  data.frame(
    type = type,
    r = paste(class(x), collapse = "/"),
    arrow = arrow,
    pandas = if (is.na(dtype) || is.na(type)) {
      usual
    } else {
      noted_dtype(arrow, usual, dtype, missing)
    },
    missing = missing
  )
}

# The pandas dtype of a column by its row of types.csv and its Arrow type.
usual_dtype <- function(type, arrow) {
  if (grepl("^u?int[0-9]+$", arrow)) {
    return(sub("int", "Int", sub("^u", "U", arrow)))
  }
  if (grepl("^(timestamp|duration)\\[", arrow)) {
    words <- c(timestamp = "datetime64", duration = "timedelta64")
    word <- words[[sub("\\[.*$", "", arrow)]]
    return(paste0(word, sub("tz=", "", sub("^[a-z]+", "", arrow))))
  }
  if (identical(arrow, "float")) "float32" else r_types()[type, "pandas"]
}

# The dtypes that pandas may have noted in place of the usual one, beside numpy's and Arrow's.
other_dtypes <- list(
  float32 = c("Float32", "Float64"),
  float64 = c("Float32", "Float64"),
  str = "string"
)

# The pandas dtype that a column loads as where one was noted.
noted_dtype <- function(arrow, usual, noted, missing) {
  if (endsWith(noted, "[pyarrow]")) {
    made_here <- usual %in% c("category", "complex128", "object")
    keeps <- endsWith(usual, "[pyarrow]") || made_here
    return(if (keeps) usual else paste0(arrow, "[pyarrow]"))
  }
  # numpy's whole numbers and truths hold no missing value
  numpy <- if (usual == "boolean") "bool" else tolower(usual)
  is_numpy <- grepl("^(boolean|U?Int[0-9]+)$", usual) &&
    noted == numpy &&
    !isTRUE(missing > 0L)
  if (is_numpy || noted %in% other_dtypes[[usual]]) noted else usual
}

# NULL cells of a list; rows of a data frame or matrix are never missing as such.
missing_count <- function(x, type) {
  if (type %in% c("list", "robject")) {
    return(sum(vapply(unclass(x), is.null, TRUE)))
  }
  if (type %in% c("struct", "matrix", NA)) {
    return(NA_integer_)
  }
  if (type == "posixlt") {
    return(sum(is.na(x)))
  }
  if (isS4(x)) {
    x <- asS4(x, FALSE)
  }
  sum(is.na(x) & !(is.double(x) & is.nan(x)))
}

#' @export
print.cf_info <- function(x, ...) {
  compressed <- if (is.na(x$compression)) "" else paste(" in", x$compression)
  cat("<", x$uri, ">\n", sep = "")
  cat(
    "  ",
    x$format,
    compressed,
    ", ",
    format(x$size, big.mark = ","),
    " bytes, ",
    sep = ""
  )
  cat(format(x$modified, "%Y-%m-%d %H:%M:%S UTC"), "\n", sep = "")
  for (i in seq_along(x$names)) {
    frame <- x$frames[i, ]
    if (is.na(frame$rows)) {
      extent <- if (is.na(frame$dim)) {
        format(frame$length, big.mark = ",")
      } else {
        frame$dim
      }
      cat("  ", frame$name, ": ", frame$r, ", ", extent, "\n", sep = "")
    } else {
      cat(
        "  ",
        frame$name,
        ": ",
        frame$rows,
        " rows x ",
        frame$columns,
        " columns\n",
        sep = ""
      )
    }
    columns <- x$columns[
      x$columns$frame == frame$name,
      c("name", "r", "arrow", "pandas", "missing")
    ]
    if (nrow(columns)) {
      print(columns, row.names = FALSE, right = FALSE)
    }
  }
  invisible(x)
}
