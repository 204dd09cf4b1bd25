csv_round_trip <- function(x) {
  encoded <- csv_encode(x)
  csv_decode(encoded$data, encoded$schema)
}

# A text or a list of texts, NA for null.
said_texts <- function(values) {
  vapply(values, FUN.VALUE = "", function(value) {
    if (is.null(value)) NA_character_ else value
  })
}

said_seconds <- function(texts) {
  whole <- as.double(as.POSIXct(
    substr(texts, 1L, 19L),
    tz = "UTC",
    format = "%Y-%m-%dT%H:%M:%S"
  ))
  whole + as.double(sub("^.*\\.", "0.", texts))
}

said_complex <- function(texts) {
  number <- "nan?|inf|[0-9.]+(?:e[+-]?[0-9]+)?"
  pattern <- sprintf("^(-?(?:%s))([+-](?:%s))i$", number, number)
  part <- function(which) {
    text <- sub(
      "^[+]|[+-](?=na)",
      "",
      sub(pattern, which, texts, perl = TRUE),
      perl = TRUE
    )
    text[text == "na"] <- NA
    as.double(text)
  }
  values <- complex(real = part("\\1"), imaginary = part("\\2"))
  values[is.na(texts)] <- NA
  values
}

said_factor <- function(column) {
  levels <- said_texts(column$levels)
  codes <- if (is.null(column$codes)) {
    match(said_texts(column$values), levels)
  } else {
    as.integer(said_texts(column$codes))
  }
  class <- c(if (column$type == "ordered") "ordered", "factor")
  structure(codes, levels = levels, class = class)
}

said_zone <- function(column) if (is.null(column$tz)) "UTC" else column$tz

said_items <- function(item, values) {
  said_column(list(type = item, values = values))
}

# The column that a vector describes.
said_column <- function(column) {
  if (column$type == "struct") {
    return(said_frame(column$columns))
  }
  if (column$type == "list") {
    return(lapply(column$values, function(values) {
      if (!is.null(values)) said_items(column$item, values)
    }))
  }
  if (column$type == "matrix") {
    flat <- said_items(column$item, unlist(column$values, recursive = FALSE))
    size <- as.integer(column$size)
    return(matrix(flat, length(column$values), size, byrow = TRUE))
  }
  if (column$type %in% c("factor", "ordered")) {
    return(said_factor(column))
  }
  texts <- said_texts(column$values)
  switch(
    column$type,
    logical = as.logical(texts),
    integer = as.integer(texts),
    double = as.double(texts),
    integer64 = {
      skip_if_not_installed("bit64")
      bit64::as.integer64(texts)
    },
    character = texts,
    date = as.Date(texts),
    posixct = .POSIXct(said_seconds(texts), tz = said_zone(column)),
    posixlt = as.POSIXlt(.POSIXct(said_seconds(texts), tz = said_zone(column))),
    difftime = as.difftime(as.double(texts), units = column$units),
    hms = structure(
      as.vector(texts, if (is.null(column$storage)) "double" else "integer"),
      class = c("hms", "difftime"),
      units = "secs"
    ),
    complex = said_complex(texts),
    raw = as.raw(texts),
    robject = lapply(unname(texts), function(text) {
      unserialize(openssl::base64_decode(text))
    })
  )
}

said_frame <- function(columns) {
  values <- lapply(columns, said_column)
  names(values) <- vapply(columns, function(column) column$name, "")
  rows <- if (length(values) > 0L) column_rows(values[[1L]]) else 0L
  new_frame(values, as.integer(rows))
}

# The frame that a vector's columns and row names describe.
expected_frame <- function(vector) {
  frame <- said_frame(vector$columns)
  row_names <- vector$row_names
  if (!is.null(row_names)) {
    values <- unlist(row_names$values)
    attr(frame, "row.names") <- if (row_names$type == "integer") {
      as.integer(values)
    } else {
      values
    }
  }
  frame
}

vector_bytes <- function(vector) {
  if (is.null(vector[["csv"]])) {
    openssl::base64_decode(vector$csv_base64)
  } else {
    charToRaw(enc2utf8(vector[["csv"]]))
  }
}

test_that("vectors without a sidecar", {
  for (vector in conformance_vectors("csv", "infer.json")) {
    expect_identical(
      csv_decode(vector_bytes(vector)),
      expected_frame(vector),
      info = vector$name
    )
  }
})

test_that("vectors with a sidecar", {
  for (vector in conformance_vectors("csv", "sidecar.json")) {
    bytes <- vector_bytes(vector)
    schema <- csv_schema_for(write_json(vector$schema), bytes)
    read <- csv_decode(bytes, schema)
    attr(read, origin_attribute) <- NULL
    expected <- expected_frame(vector)
    expect_same(read, expected, info = vector$name)
    if (isTRUE(vector$written)) {
      written <- csv_encode(expected)
      expect_identical(
        rawToChar(written$data),
        rawToChar(bytes),
        info = vector$name
      )
      fields <- parse_json(written$schema)$fields
      expect_identical(fields, vector$schema$fields, info = vector$name)
    }
  }
})

test_that("vectors of bad input", {
  for (vector in conformance_vectors("csv", "bad.json")) {
    class <- paste0("crossframe_error_", vector$error)
    expect_error(
      csv_decode(vector_bytes(vector)),
      class = class,
      info = vector$name
    )
  }
})

test_that("the data frames of datasets come back identical", {
  for (name in names(dataset_frames())) {
    frame <- dataset_frames()[[name]]
    expect_identical(csv_round_trip(frame), frame, info = name)
  }
})

test_that("generated frames come back identical", {
  for (seed in 1:60) {
    frame <- generated_frame(c(0, 1, 2, 7, 40)[seed %% 5 + 1], seed)
    expect_identical(csv_round_trip(frame), frame, info = paste("seed", seed))
    one <- frame[sample(length(frame), 1L)]
    expect_identical(
      csv_round_trip(one),
      one,
      info = paste("one column, seed", seed)
    )
  }
})

test_that("doubles come back bit for bit", {
  set.seed(7)
  bits <- readBin(
    as.raw(sample(0:255, 8 * 20000, replace = TRUE)),
    "double",
    20000
  )
  frame <- data.frame(
    x = c(
      bits,
      runif(20000),
      round(runif(20000), 3),
      2^(-1074:1023),
      -0,
      0.1 + 0.2
    )
  )
  frame$x[is.nan(frame$x)] <- NaN
  expect_identical(csv_round_trip(frame), frame)
  expect_identical(1 / csv_round_trip(data.frame(x = -0))$x, -Inf)
})

test_that("times come back bit for bit", {
  set.seed(8)
  times <- .POSIXct(c(
    runif(20000, -1e11, 1e11),
    runif(2000, -9e12, 9e12),
    0.1,
    -0.25,
    -1e-9,
    253402300800,
    -62135596801
  ))
  frame <- data.frame(t = times)
  expect_no_warning(back <- csv_round_trip(frame))
  expect_identical(back, frame)
})

test_that("the text is the one that the format promises", {
  frame <- data.frame(
    l = c(TRUE, NA),
    i = c(1L, NA),
    d = c(0.1, NaN),
    s = c("a \"b\"", NA),
    e = c("", "NA"),
    f = factor(c("u", NA)),
    date = as.Date(c("2020-02-29", NA)),
    t = .POSIXct(c(0.5, 1), tz = "CET")
  )
  frame$u <- as.difftime(c(1.5, NA), units = "hours")
  lines <- strsplit(rawToChar(csv_encode(frame)$data), "\n")[[1]]
  expect_identical(
    lines[1],
    "\"l\",\"i\",\"d\",\"s\",\"e\",\"f\",\"date\",\"t\",\"u\""
  )
  expect_identical(
    lines[2],
    "true,1,0.1,\"a \"\"b\"\"\",\"\",\"u\",2020-02-29,1970-01-01 00:00:00.500000000Z,1.5"
  )
  expect_identical(lines[3], ",,nan,,\"NA\",,,1970-01-01 00:00:01.000000000Z,")
})

test_that("the sidecar is Frictionless and says what the data is", {
  encoded <- csv_encode(CO2)
  schema <- jsonlite::fromJSON(encoded$schema, simplifyVector = FALSE)
  expect_identical(
    schema$fields[[1]]$constraints$enum,
    as.list(levels(CO2$Plant))
  )
  expect_true(schema$fields[[1]]$categoriesOrdered)
  expect_identical(
    schema$fields[[4]][c("type", "arrow")],
    list(type = "number", arrow = "double")
  )
  expect_identical(schema$bytes, length(encoded$data))
  expect_identical(
    schema$hash,
    paste0("md5:", unname(tools::md5sum(write_bytes(encoded$data))))
  )
  stored <- compress_bytes(encoded$data, "gzip")
  sealed <- csv_schema_for(encoded$schema, stored)
  expect_identical(csv_decode(encoded$data, sealed, stored = stored), CO2)
})

test_that("a stale sidecar is not used, with a warning", {
  encoded <- csv_encode(data.frame(a = c("1", "2")))
  changed <- charToRaw("\"a\"\n3\n")
  expect_warning(
    back <- csv_decode(changed, encoded$schema),
    class = "crossframe_warning_stale_schema"
  )
  expect_identical(back, data.frame(a = 3L))
})

test_that("a sidecar that is none is an error", {
  data <- charToRaw("a\n1\n")
  for (schema in c(
    "",
    "[]",
    "{",
    "{\"fields\": 1}",
    "{\"fields\": [{\"name\": \"a\"}]}"
  )) {
    expect_error(csv_decode(data, schema), class = "crossframe_error_decode")
  }
  schema <- "{\"fields\": [{\"name\": \"a\", \"type\": \"any\", \"arrow\": \"struct<x: int32>\"}]}"
  expect_error(
    csv_decode(data, schema),
    "struct",
    class = "crossframe_error_decode"
  )
  schema <- "{\"fields\": [{\"name\": \"a\", \"type\": \"boolean\", \"arrow\": \"bool\"}]}"
  error <- expect_error(
    csv_decode(data, schema),
    class = "crossframe_error_decode"
  )
  expect_match(conditionMessage(error), "column 'a'.*row 1 holds '1'")
})

test_that("frames without columns or rows", {
  frames <- list(
    data.frame(),
    data.frame(row.names = 1:3),
    data.frame(row.names = c("a", "b")),
    data.frame(a = integer()),
    mtcars[0, ],
    mtcars[0],
    data.frame(a = NA),
    data.frame(a = c(NA_character_, "", NA))
  )
  for (frame in frames) {
    expect_identical(csv_round_trip(frame), frame)
  }
})

test_that("text in other encodings becomes UTF-8, text in none stays bytes", {
  latin1 <- "caf\xe9"
  Encoding(latin1) <- "latin1"
  expect_identical(
    csv_round_trip(data.frame(a = latin1)),
    data.frame(a = "caf\u00e9")
  )
  bytes <- "caf\xe9"
  Encoding(bytes) <- "bytes"
  frame <- data.frame(a = c(bytes, NA, "", "caf\u00e9", latin1))
  back <- csv_round_trip(frame)
  expect_identical(back, frame)
  expect_identical(Encoding(back$a)[c(1, 4)], c("bytes", "UTF-8"))
  utf8 <- "caf\u00e9"
  Encoding(utf8) <- "bytes"
  expect_warning(
    csv_encode(data.frame(a = c("x", utf8))),
    "column 'a'.*\n.*row 2",
    class = "crossframe_warning_lossy_conversion"
  )
  expect_error(
    csv_encode(data.frame(a = factor(1, labels = bytes))),
    "column 'a'",
    class = "crossframe_error_unsupported_type"
  )
})

test_that("Arrow types that R does not have are read as what comes next to them", {
  read <- function(cell, ...) {
    data <- charToRaw(sprintf("x\n%s\n", cell))
    csv_decode(data, write_json(list(fields = list(list(name = "x", ...)))))
  }
  expect_warning(
    frame <- read("1.50", arrow = "decimal128(10, 2)"),
    "decimal",
    class = "crossframe_warning_lossy_conversion"
  )
  expect_identical(frame$x, 1.5)
  expect_identical(read("", arrow = "null")$x, NA)
  expect_identical(
    read("2020-01-01", arrow = "date64[ms]")$x,
    as.Date("2020-01-01")
  )
  expect_identical(read("AP8=", arrow = "binary")$x, list(as.raw(c(0, 255))))
  expect_error(
    read("AP8=", arrow = "binary", crossframe = list(storage = "bytes")),
    class = "crossframe_error_decode"
  )
})

test_that("values that don't come back are named", {
  expect_warning(
    csv_encode(data.frame(d = structure(c(1, 1.5), class = "Date"))),
    "Column 'd': 1 values.*\n.*1.5 in row 2",
    class = "crossframe_warning_lossy_conversion"
  )
  expect_warning(csv_encode(data.frame(t = .POSIXct(c(Inf, 1)))), "Column 't'")
  expect_warning(csv_encode(data.frame(t = .POSIXct(1 / 3))), "Column 't'")
})

test_that("columns can be chosen", {
  encoded <- csv_encode(CO2)
  expect_identical(
    names(csv_decode(
      encoded$data,
      encoded$schema,
      columns = c("uptake", "Type")
    )),
    c("uptake", "Type")
  )
  expect_error(
    csv_decode(encoded$data, encoded$schema, columns = "none"),
    "'none'",
    class = "crossframe_error_usage"
  )
})

test_that("Arrow types that R does not have come back", {
  data <- charToRaw(
    "i8,i64,u32,f,t,n,s\n1,5,4294967295,0.5,2020-01-01 00:00:00Z,2020-01-01 00:00:00,\"a\"\n"
  )
  arrow <- c(
    "int8",
    "int64",
    "uint32",
    "float",
    "timestamp[ms, tz=UTC]",
    "timestamp[ns]",
    "large_string"
  )
  fields <- Map(
    function(name, arrow) list(name = name, type = "any", arrow = arrow),
    c("i8", "i64", "u32", "f", "t", "n", "s"),
    arrow
  )
  schema <- write_json(list(
    fields = unname(fields),
    metadata = list(pandas = "{\"index_columns\": []}")
  ))
  x <- csv_decode(data, schema)
  expect_identical(x$i64, 5L)
  expect_identical(x$u32, 4294967295)
  encoded <- csv_encode(x)
  again <- parse_json(encoded$schema)
  expect_identical(vapply(again$fields, `[[`, "", "arrow"), arrow)
  expect_identical(
    parse_json(again$metadata$pandas),
    list(index_columns = list())
  )
  expect_identical(csv_decode(encoded$data, encoded$schema), x)
  x$i8 <- 1000L
  expect_identical(parse_json(csv_encode(x)$schema)$fields[[1]]$arrow, "int32")
})

test_that("other separators", {
  expect_identical(
    csv_decode(charToRaw("a\tb\n1\tx,y\n"), separator = "\t"),
    data.frame(a = 1L, b = "x,y")
  )
})

test_that("columns of classes outside the table keep their attributes", {
  frame <- data.frame(
    named = c(1, 2),
    text = I(c("a", "b")),
    time = structure(c(1, 2), class = c("hms", "difftime"), units = "secs")
  )
  frame$named <- c(u = 1, v = NA)
  frame$array <- array(1:2, 2L)
  frame$mine <- structure(c(0, 1), class = c("mine", "Date"))
  frame$levels <- structure(factor(c("a", "b")), levels = c(x = "a", y = "b"))
  expect_identical(csv_round_trip(frame), frame)
})
