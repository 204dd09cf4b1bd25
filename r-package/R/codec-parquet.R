# Parquet bytes to data frames and back, by whichever engine is there: the packages arrow or
# nanoparquet, else the Python core's command, `crossframe convert`, which keeps every type exactly.

parquet_engine_names <- c("arrow", "nanoparquet", "python")

# The Parquet file of a data frame.
parquet_encode <- function(x) {
  types <- frame_types(x)
  engine <- parquet_engine(x, types)
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
  if (engine != "python" && needs_python(data) && may_use("python")) {
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

# Both packages count times in microseconds, and durations in whole seconds.
engine_keeps <- function(engine, x, types) {
  if (engine == "python") {
    return(TRUE)
  }
  columns <- as.list(unclass(x))
  kept <- c(engine_types, if (engine == "arrow") "integer64")
  odd <- function(column) {
    isS4(column) || is.factor(column) && anyNA(levels(column))
  }
  if (
    length(types) == 0L ||
      !all(types %in% kept) ||
      any(vapply(columns, odd, TRUE))
  ) {
    return(FALSE)
  }
  all(vapply(
    as.list(unclass(x))[types == "posixct"],
    FUN.VALUE = TRUE,
    function(time) {
      seconds <- as.double(unclass(time))
      all(is.na(seconds) | seconds == round(seconds * 1e6) / 1e6)
    }
  ))
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
  table <- arrow::arrow_table(new_frame(as.list(unclass(x)), frame_rows(x)))
  text <- r_metadata(x, types)
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

# ---- nanoparquet

nanoparquet_encode <- function(x, types) {
  plain <- new_frame(as.list(unclass(x)), frame_rows(x))
  text <- r_metadata(x, types)
  nanoparquet::write_parquet(
    plain,
    ":raw:",
    metadata = if (!is.null(text)) c(r = text)
  )
}

nanoparquet_decode <- function(data) {
  path <- tempfile("crossframe-", fileext = ".parquet")
  on.exit(unlink(path))
  writeBin(data, path)
  x <- read_with("nanoparquet", nanoparquet::read_parquet(path))
  pairs <- nanoparquet::read_parquet_metadata(
    path
  )$file_meta_data$key_value_metadata[[1L]]
  text <- pairs$value[match("r", pairs$key)]
  apply_r_metadata(
    new_frame(as.list(unclass(x)), frame_rows(x)),
    if (!is.na(text)) text
  )
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
