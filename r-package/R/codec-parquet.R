# Parquet bytes to data frames and back, by whichever engine is there: the packages arrow or
# nanoparquet, else the Python core's command, `crossframe convert`, which keeps every type exactly.

parquet_engine_names <- c("arrow", "nanoparquet", "python")

# The Parquet file of a data frame.
parquet_encode <- function(x) {
  types <- frame_types(x)
  engine <- parquet_engine(x, types)
  if (engine != "python") {
    check_writable(engine, x, types)
  }
  switch(
    engine,
    arrow = arrow_encode(x, types),
    nanoparquet = nanoparquet_encode(x, types),
    python = python_encode(x)
  )
}

# The data frame in a Parquet file. columns: names of those to read, by default all.
parquet_decode <- function(data, columns = NULL) {
  engine <- parquet_engine()
  foreign <- engine == "nanoparquet" && is.null(nanoparquet_said(data))
  # Why foreign files too: nanoparquet drops time zones, the order of levels and the units of durations.
  if (
    engine != "python" && (foreign || needs_python(data)) && may_use("python")
  ) {
    engine <- "python"
  }
  x <- switch(
    engine,
    arrow = arrow_decode(data),
    nanoparquet = nanoparquet_decode(data),
    python = python_decode(data, columns)
  )
  pick_columns(x, columns)
}

# The engine in use: options(crossframe.parquet = ) names one, else the first that is there. A frame
# that an engine does not keep exactly goes to the next one.
parquet_engine <- function(x = NULL, types = NULL) {
  named <- getOption("crossframe.parquet")
  if (!is.null(named) && !(is_text(named) && named %in% parquet_engine_names)) {
    cf_abort(
      "usage",
      "Can't use option crossframe.parquet.",
      sprintf(
        "it must be one of %s",
        paste(parquet_engine_names, collapse = ", ")
      )
    )
  }
  found <- Filter(
    has_parquet_engine,
    if (is.null(named)) parquet_engine_names else named
  )
  if (length(found) == 0L) {
    cf_abort(
      "engine_missing",
      "Can't read or write Parquet: none of its engines is installed.",
      sprintf(
        "looked for %s",
        paste(
          if (is.null(named)) parquet_engine_names else named,
          collapse = ", "
        )
      ),
      paste(
        "Install R's arrow or nanoparquet (install.packages(\"nanoparquet\")), or the Python package",
        "(pip install crossframe) and name its command in options(crossframe.python = )."
      )
    )
  }
  exact <- if (is.null(x)) {
    found
  } else {
    Filter(function(engine) engine_keeps(engine, x, types), found)
  }
  c(exact, found)[1L]
}

# Whether this engine is there, and none is named.
may_use <- function(engine) {
  is.null(getOption("crossframe.parquet")) && has_parquet_engine(engine)
}

# Whether the Arrow schema in a Parquet file's footer speaks of types or notes of ours, which only the
# Python core understands. The footer ends in its length and "PAR1"; the schema in it is base64.
# Source: https://parquet.apache.org/docs/file-format/.
needs_python <- function(data) {
  size <- length(data)
  if (size < 12L) {
    return(FALSE)
  }
  length <- readBin(data[size - 7:4], "integer", 1L, 4L, endian = "little")
  if (is.na(length) || length < 0L || length > size - 8L) {
    return(FALSE)
  }
  footer <- data[seq.int(size - 7L - length, length.out = length)]
  at <- grepRaw("ARROW:schema", footer, fixed = TRUE)
  if (length(at) == 0L) {
    return(FALSE)
  }
  text <- grepRaw("[A-Za-z0-9+/=]{64,}", footer, offset = at, value = TRUE)
  schema <- openssl::base64_decode(rawToChar(text))
  length(grepRaw("crossframe.", schema, fixed = TRUE)) > 0L
}

has_parquet_engine <- function(engine) {
  if (engine == "python") {
    !is.null(python_command())
  } else {
    requireNamespace(engine, quietly = TRUE)
  }
}

# Types that both packages keep with the attributes beside them.
engine_types <- c(
  "logical",
  "integer",
  "double",
  "character",
  "factor",
  "ordered",
  "date",
  "posixct"
)

# Whether the engine writes every column as the Arrow type of types.csv, and exactly.
engine_keeps <- function(engine, x, types) {
  engine == "python" ||
    length(types) > 0L &&
      !any(refused_columns(engine, x, types)) &&
      !any(types == "difftime") &&
      !any(vapply(as.list(unclass(x))[types == "posixct"], is_fine_time, NA))
}

# Columns that an engine would write as something else. Durations go as plain numbers with their attributes, which
# R reads as they were; both packages would count them in whole seconds.
refused_columns <- function(engine, x, types) {
  written <- c(engine_types, "difftime", if (engine == "arrow") "integer64")
  odd <- function(column) {
    isS4(column) || is.factor(column) && anyNA(levels(column))
  }
  !types %in% written | vapply(as.list(unclass(x)), odd, NA)
}

# Both packages count times in microseconds.
is_fine_time <- function(time) {
  seconds <- as.double(unclass(time))
  !all(is.na(seconds) | seconds == round(seconds * 1e6) / 1e6)
}

# Where no engine keeps the frame exactly: refuse what would be another value, warn of times that are rounded.
check_writable <- function(engine, x, types) {
  refused <- refused_columns(engine, x, types)
  if (length(types) == 0L || any(refused)) {
    cf_abort(
      "engine_missing",
      sprintf("Can't write this data frame as Parquet with %s.", engine),
      if (any(refused)) {
        sprintf(
          "column '%s' is %s",
          names(x)[refused][1L],
          types[refused][1L]
        )
      } else {
        "it has no columns"
      },
      paste(
        "The Python package writes it (pip install crossframe; name its command in",
        "options(crossframe.python = )), and so does rds."
      )
    )
  }
  columns <- as.list(unclass(x))
  for (name in names(x)[types == "posixct"]) {
    if (is_fine_time(columns[[name]])) {
      cf_warn(
        "lossy_conversion",
        sprintf("Column '%s' has times finer than a microsecond.", name),
        sprintf("%s rounds them", engine)
      )
    }
  }
}

# A plain data frame of the columns as an engine takes them.
engine_frame <- function(x, types) {
  columns <- as.list(unclass(x))
  numbers <- types == "difftime"
  columns[numbers] <- lapply(columns[numbers], as.vector, "numeric")
  names(columns) <- enc2utf8(names(columns))
  new_frame(columns, frame_rows(x))
}

# ---- the Python core

python_encode <- function(x) {
  python_convert(rds_encode(x, compression = NULL), ".rds", ".parquet")
}

python_decode <- function(data, columns = NULL) {
  rds_decode(python_convert(data, ".parquet", ".rds", columns))
}

# The bytes that the Python core makes of bytes.
python_convert <- function(data, from, to, columns = NULL) {
  folder <- tempfile("crossframe-")
  dir.create(folder)
  on.exit(unlink(folder, recursive = TRUE))
  source <- file.path(folder, paste0("frame", from))
  target <- file.path(folder, paste0("frame", to))
  writeBin(data, source)
  request <- list(from = source, to = target)
  request$columns <- if (!is.null(columns)) as.list(columns)
  answer <- python_ask(request)
  for (warned in answer$warnings) {
    cf_warn(warned$warning, sub("^Lossy: ", "", warned$message))
  }
  if (!isTRUE(answer$ok)) {
    # Why: the user knows nothing of the file that the bytes passed through.
    detail <- sub("(\n +)?In file:.*$", "", text_or(answer$detail, ""))
    cf_abort(
      text_or(answer$error, "codec"),
      text_or(answer$problem, "Can't convert the frame."),
      if (nzchar(detail)) detail,
      answer$hint
    )
  }
  readBin(target, raw(), file.size(target))
}

text_or <- function(value, other) if (is_text(value)) value else other

# ---- R's arrow. Its own `r` metadata is replaced by ours, which says the same and keeps more.

arrow_encode <- function(x, types) {
  table <- arrow::arrow_table(engine_frame(x, types))
  # Why whole with durations: their Arrow type says nothing of them.
  text <- r_metadata(x, types, whole = any(types == "difftime"))
  table$metadata <- if (is.null(text)) list() else list(r = text)
  sink <- arrow::BufferOutputStream$create()
  arrow::write_parquet(table, sink)
  as.raw(sink$finish())
}

arrow_decode <- function(data) {
  table <- read_with(
    "arrow",
    arrow::read_parquet(arrow::buffer(data), as_data_frame = FALSE)
  )
  text <- table$metadata[["r"]]
  table$metadata <- list()
  x <- as.data.frame(table)
  apply_r_metadata(new_frame(as.list(unclass(x)), frame_rows(x)), text)
}

# ---- nanoparquet. It drops time zones, the order of levels and how a value was stored, so all attributes go into
# the `r` metadata, and the storage of each column beside them.

nanoparquet_key <- "crossframe.nanoparquet"

nanoparquet_encode <- function(x, types) {
  text <- r_metadata(x, types, whole = TRUE)
  storage <- vapply(as.list(unclass(x)), typeof, "")
  said <- list(
    names = as.list(enc2utf8(names(x))),
    storage = as.list(unname(storage))
  )
  metadata <- c(structure(write_json(said), names = nanoparquet_key), r = text)
  nanoparquet::write_parquet(
    engine_frame(x, types),
    ":raw:",
    metadata = metadata
  )
}

nanoparquet_decode <- function(data) {
  path <- temporary_parquet(data)
  on.exit(unlink(path))
  x <- read_with("nanoparquet", nanoparquet::read_parquet(path))
  columns <- as.list(unclass(x))
  pairs <- nanoparquet_pairs(path)
  storage <- stored_as(pairs[[nanoparquet_key]], names(columns))
  if (!is.null(storage)) {
    columns <- Map(as_numbers_said, columns, storage)
  }
  x <- apply_r_metadata(new_frame(columns, frame_rows(x)), pairs[["r"]])
  checked_frame(x, "the Parquet")
}

# What nanoparquet_encode() said of the columns' storage, NULL where it said nothing, or of other columns.
stored_as <- function(text, names) {
  # Why caught: a file may say anything under our key.
  said <- tryCatch(parse_json(text), error = function(e) NULL)
  storage <- if (is.list(said)) unlist(said$storage)
  known <- c("logical", "integer", "double", "character")
  fits <- is.character(storage) &&
    length(storage) == length(names) &&
    all(storage %in% known) &&
    identical(unlist(said$names), names)
  if (fits) storage
}

# Values without attributes, as the numbers they were; what is no number stays what it is.
as_numbers_said <- function(x, storage) {
  numbers <- c("logical", "integer", "double")
  plain <- as.vector(unclass(x))
  if (all(c(typeof(plain), storage) %in% numbers)) {
    storage.mode(plain) <- storage
  }
  plain
}

# The text under our key, NULL for none and where the bytes are no Parquet.
nanoparquet_said <- function(data) {
  path <- temporary_parquet(data)
  on.exit(unlink(path))
  tryCatch(nanoparquet_pairs(path)[[nanoparquet_key]], error = function(e) NULL)
}

temporary_parquet <- function(data) {
  path <- tempfile("crossframe-", fileext = ".parquet")
  writeBin(data, path)
  path
}

# The file's metadata as a list of texts by key.
nanoparquet_pairs <- function(path) {
  metadata <- nanoparquet::read_parquet_metadata(path)
  pairs <- metadata$file_meta_data$key_value_metadata[[1L]]
  stats::setNames(as.list(pairs$value), pairs$key)
}

read_with <- function(engine, value) {
  tryCatch(value, error = function(e) {
    cf_abort(
      "decode",
      "Can't decode these bytes as Parquet.",
      sprintf("%s says: %s", engine, conditionMessage(e)),
      "Was the object stored completely, and is it what its name says?"
    )
  })
}
