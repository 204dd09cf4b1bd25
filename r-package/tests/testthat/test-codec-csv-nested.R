# The rows of the type table that are no plain vectors, in CSV and back.

csv_round_trip <- function(x) {
  encoded <- csv_encode(x)
  csv_decode(encoded$data, encoded$schema)
}

frame_of <- function(column) {
  frame <- new_frame(list(id = integer()), column_rows(column))
  frame$id <- seq_len(column_rows(column))
  frame$x <- column
  frame
}

expect_kept <- function(column, info = NULL) {
  frame <- frame_of(column)
  expect_same(csv_round_trip(frame), frame, info = info)
}

cells_of <- function(frame) {
  utils::read.csv(
    text = rawToChar(csv_encode(frame)$data),
    colClasses = "character"
  )$x
}

test_that("generated frames come back identical", {
  for (seed in 1:40) {
    frame <- nested_frame(c(0L, 1L, 2L, 7L, 30L)[seed %% 5 + 1], seed)
    expect_same(csv_round_trip(frame), frame, info = paste("seed", seed))
    one <- frame[sample(length(frame), 1L)]
    expect_same(csv_round_trip(one), one, info = paste("seed", seed))
  }
})

test_that("zeros in lists keep their sign", {
  back <- csv_round_trip(frame_of(list(-0, c(0, -0))))
  expect_identical(1 / unlist(back$x), c(-Inf, Inf, -Inf))
})

test_that("POSIXlt of several zones", {
  times <- c("2020-07-01 12:00:00", "1969-12-31 23:59:59.25", NA, "2100-01-01")
  for (zone in c("UTC", "Europe/Paris", "America/New_York", "", "GMT")) {
    expect_kept(as.POSIXlt(times, tz = zone), zone)
  }
  expect_kept(as.POSIXlt(character(), tz = "UTC"))
  expect_kept(strptime("01.02.2003", "%d.%m.%Y", tz = "UTC"))
})

test_that("POSIXlt whose instants have changed is made anew", {
  frame <- frame_of(as.POSIXlt(c("2020-01-01", "2020-01-02"), tz = "UTC"))
  encoded <- csv_encode(frame)
  data <- charToRaw(sub("01-02", "01-03", rawToChar(encoded$data)))
  back <- csv_decode(data, csv_schema_for(encoded$schema, data))
  expect_s3_class(back$x, "POSIXlt")
  expect_identical(format(back$x), c("2020-01-01", "2020-01-03"))
})

test_that("times of day, and those outside a day", {
  hms <- function(x) structure(x, class = c("hms", "difftime"), units = "secs")
  expect_identical(
    cells_of(frame_of(hms(c(0, 86399, NA)))),
    c("00:00:00", "23:59:59", "")
  )
  expect_identical(
    cells_of(frame_of(hms(c(0.1, 3723)))),
    c("00:00:00.100000000", "01:02:03.000000000")
  )
  cases <- list(
    c(0, NA, 0.1),
    c(60L, NA),
    c(-1, 86400),
    1 / 3,
    c(NaN, 1),
    NA_real_,
    numeric()
  )
  for (case in cases) {
    expect_kept(hms(case), format(case))
  }
  expect_kept(structure(
    5,
    class = c("mine", "hms", "difftime"),
    units = "secs"
  ))
  expect_identical(column_type(hms(86400), "x"), "difftime")
})

test_that("lists with attributes of their own", {
  expect_kept(I(list(1:2, NULL, integer())))
  expect_kept(list(a = 1, b = c(2, NA)))
  expect_kept(structure(
    list("a", NULL),
    ptype = character(),
    class = c("vctrs_list_of", "list")
  ))
  expect_kept(list(NULL, NULL))
  latin1 <- "caf\xe9"
  Encoding(latin1) <- "latin1"
  expect_kept(list(latin1, "b"))
  bytes <- "\xff"
  Encoding(bytes) <- "bytes"
  frame <- frame_of(list(bytes, "b"))
  expect_identical(frame_types(frame)[["x"]], "robject")
  expect_same(csv_round_trip(frame), frame)
})

test_that("opaque lists", {
  setClass("CrossframeTest", representation(a = "list"))
  on.exit(removeClass("CrossframeTest"))
  point <- function(x) structure(c(x, 0), class = c("XY", "POINT", "sfg"))
  expect_kept(list(
    new("CrossframeTest", a = list(1)),
    cars,
    NULL,
    1:10,
    as.name("a"),
    attr(CO2, "formula")
  ))
  expect_kept(structure(
    list(point(1), point(2)),
    class = c("sfc_POINT", "sfc"),
    precision = 0,
    bbox = structure(c(xmin = 1, ymin = 0, xmax = 2, ymax = 0), class = "bbox"),
    crs = structure(
      list(input = NA_character_, wkt = NA_character_),
      class = "crs"
    ),
    n_empty = 0L
  ))
})

test_that("code in a cell is neither saved nor loaded", {
  expect_error(
    csv_encode(frame_of(list(1, function(x) x))),
    "row 2",
    class = "crossframe_error_unsafe_data"
  )
  frame <- frame_of(list(1, "a"))
  encoded <- csv_encode(frame)
  cell <- openssl::base64_encode(serialize(list(function() 1), NULL))
  data <- charToRaw(sprintf("\"id\",\"x\"\n1,\"%s\"\n", cell))
  expect_error(
    csv_decode(data, csv_schema_for(encoded$schema, data)),
    "column 'x', row 1",
    class = "crossframe_error_unsafe_data"
  )
  data <- charToRaw("\"id\",\"x\"\n1,\"AAAA\"\n")
  expect_error(
    csv_decode(data, csv_schema_for(encoded$schema, data)),
    class = "crossframe_error_decode"
  )
})

test_that("data frames as columns", {
  inner <- data.frame(
    f = factor(c("u", NA)),
    d = as.Date("2020-01-01") + 0:1,
    row.names = c("first", "second")
  )
  inner$deep <- data.frame(
    x = c(1.5, NA),
    "odd, \"name\"" = 1:2,
    check.names = FALSE
  )
  inner$list <- list(1:2, NULL)
  expect_kept(inner)
  expect_kept(data.frame(row.names = 1:3))
  expect_kept(cars[0, ])
  expect_kept(structure(cars[1:2, ], class = c("tbl_df", "tbl", "data.frame")))
  twice <- frame_of(stats::setNames(data.frame(a = 1, b = 2), c("a", "a")))
  expect_error(csv_encode(twice), class = "crossframe_error_duplicate_column")
})

test_that("matrices and arrays", {
  expect_kept(matrix(
    c(1, NA, NaN, Inf),
    2,
    dimnames = list(c("a", "b"), c("x", "y"))
  ))
  expect_kept(matrix(c(TRUE, NA, FALSE), 3))
  expect_kept(matrix(c("a", "say \"x\"", NA, ""), 2))
  expect_kept(matrix(c(1i, NA, 2, 3), 2))
  expect_kept(matrix(as.raw(1:4), 2))
  expect_kept(matrix(numeric(), 2, 0))
  expect_kept(matrix(integer(), 0, 3))
  expect_kept(array(1:12, c(2, 2, 3)))
  expect_kept(scale(matrix(c(1, 2, 4, 8), 2)))
  expect_kept(structure(-0, dim = c(1L, 1L), class = "integer64"))
})

test_that("a matrix of other rows keeps what still fits", {
  frame <- frame_of(matrix(1:4, 2, dimnames = list(c("a", "b"), c("x", "y"))))
  encoded <- csv_encode(frame)
  data <- charToRaw("\"id\",\"x\"\n1,\"[5,6]\"\n")
  back <- csv_decode(data, csv_schema_for(encoded$schema, data))
  expect_identical(back$x, matrix(5:6, 1, dimnames = list(NULL, c("x", "y"))))
})

test_that("factors with a missing level", {
  expect_kept(addNA(factor(c("a", NA, "b"))))
  codes <- addNA(factor(c("a", NA, "b")))
  is.na(codes) <- 3
  expect_kept(codes)
  expect_kept(factor(c("NA", NA, ""), exclude = NULL, ordered = TRUE))
})

test_that("S4 objects over a vector", {
  setClass(
    "CrossframePeriod",
    contains = "numeric",
    representation(year = "numeric")
  )
  on.exit(removeClass("CrossframePeriod"))
  period <- new("CrossframePeriod", c(1, 2), year = c(3, 4))
  back <- csv_round_trip(frame_of(period))
  expect_true(isS4(back$x))
  expect_identical(back$x, period)
})

test_that("classes on vectors", {
  expect_kept(structure(
    c(1, NA),
    label = "l",
    labels = c(a = 1),
    class = c("haven_labelled", "vctrs_vctr", "double")
  ))
  units <- structure(
    list(numerator = "m", denominator = character()),
    class = "symbolic_units"
  )
  expect_kept(structure(c(1, 2), units = units, class = "units"))
  expect_kept(I(c(1i, NA)))
})

test_that("frame classes", {
  skip_if_not_installed("tibble")
  frame <- tibble::tibble(
    a = 1:2,
    l = list(1, c(2, NA)),
    p = tibble::tibble(x = 1:2)
  )
  expect_same(csv_round_trip(frame), frame)
  skip_if_not_installed("data.table")
  table <- data.table::data.table(a = 1:2, l = list(1, c(2, NA)))
  expect_identical(csv_round_trip(table), drop_pointers(table))
})

test_that("many columns", {
  frame <- as.data.frame(stats::setNames(
    rep(list(1:2), 5000L),
    paste0("c", 1:5000)
  ))
  expect_same(csv_round_trip(frame), frame)
})

test_that("cells that do not fit are errors", {
  schema_of <- function(column) csv_encode(frame_of(column))$schema
  hms <- structure(1, class = c("hms", "difftime"), units = "secs")
  cases <- list(
    list(1i, c("1+2", "i", "1i+2", "1..2+1i")),
    list(hms, c("24:00:00", "1:00:00", "00:60:00", "00:00", "x")),
    list(as.raw(1), c("a", "1.5")),
    list(list(1), c("1", "[1", "[1,]", "[1 2]", "[[1]]", "{}", "[\"x\"]")),
    list(list("a"), c("a", "[1", "[\"a\"],[\"b\"]", "{\"a\":1}", "[[\"a\"]]")),
    list(matrix(1:2, 1), c("[1]", "[1,2,3]", "[1,2.5]", "1")),
    list(data.frame(a = 1), c("[1]", "1", "{\"a\":[1]}", "{\"a\":\"x\"}", "{"))
  )
  for (case in cases) {
    schema <- schema_of(case[[1L]])
    for (cell in case[[2L]]) {
      quoted <- gsub("\"", "\"\"", cell, fixed = TRUE)
      data <- charToRaw(sprintf("\"id\",\"x\"\n1,\"%s\"\n", quoted))
      expect_error(
        csv_decode(data, csv_schema_for(schema, data)),
        "'x'|'a'",
        class = "crossframe_error_decode",
        info = cell
      )
    }
  }
})

test_that("hostile nesting and cells are errors of ours", {
  data <- charToRaw("\"id\",\"x\"\n1,\"%%%\"\n")
  schema <- csv_encode(frame_of(list(1, "a")))$schema
  expect_error(
    csv_decode(data, csv_schema_for(schema, data)),
    class = "crossframe_error_decode"
  )
  deep <- strrep("[", 1e5)
  data <- charToRaw(sprintf("\"id\",\"x\"\n1,\"%s\"\n", deep))
  schema <- csv_encode(frame_of(list("a")))$schema
  expect_error(
    csv_decode(data, csv_schema_for(schema, data)),
    class = "crossframe_error_decode"
  )
  lists <- paste0(strrep("list<item: ", 40), "int32", strrep(">", 40))
  field <- list(name = "x", type = "array", arrow = lists)
  structs <- list(name = "a", arrow = "int32")
  for (i in 1:40) {
    structs <- list(name = "x", arrow = "struct", fields = list(structs))
  }
  for (nested in list(field, structs)) {
    expect_error(
      csv_decode(charToRaw("x\n\n"), write_json(list(fields = list(nested)))),
      "nested too deeply",
      class = "crossframe_error_decode"
    )
  }
})

test_that("what other programs nest is read", {
  read <- function(cell, field) {
    data <- charToRaw(sprintf(
      "x\n\"%s\"\n",
      gsub("\"", "\"\"", cell, fixed = TRUE)
    ))
    schema <- write_json(list(fields = list(c(list(name = "x"), field))))
    csv_decode(data, schema)$x
  }
  expect_identical(
    read("[[1,2],null,[]]", list(arrow = "list<item: list<item: int64>>")),
    list(list(1:2, NULL, integer()))
  )
  expect_identical(
    read(
      "[\"2020-01-01\",null]",
      list(arrow = "large_list<element: date32[day]>")
    ),
    list(as.Date(c("2020-01-01", NA)))
  )
  expect_identical(
    read("[3000000000]", list(arrow = "list<item: uint32 not null>")),
    list(3e9)
  )
  inner <- list(list(name = "a", arrow = "time32[s]"))
  expect_identical(
    read("{\"a\":\"01:00:00\"}", list(arrow = "struct", fields = inner))$a,
    structure(3600, class = c("hms", "difftime"), units = "secs")
  )
  expect_identical(
    read("[\"a\",\"b\"]", list(arrow = "list<item: large_string>")),
    list(c("a", "b"))
  )
})

test_that("item types that the lists came from are written again", {
  data <- charToRaw("k,m\n\"[1,2]\",\"[1,2]\"\n,\"[3,4]\"\n")
  arrow <- c("list<item: int64>", "fixed_size_list<item: uint8>[2]")
  fields <- Map(
    function(name, arrow) list(name = name, arrow = arrow),
    c("k", "m"),
    arrow
  )
  frame <- csv_decode(data, write_json(list(fields = unname(fields))))
  expect_identical(frame$k, list(1:2, NULL))
  again <- csv_encode(frame)
  fields <- parse_json(again$schema)$fields
  expect_identical(vapply(fields, function(field) field$arrow, ""), arrow)
  expect_match(rawToChar(again$data), "[\"\"1\"\",\"\"2\"\"]", fixed = TRUE)
  expect_identical(csv_decode(again$data, again$schema), frame)
  frame$k[[1L]] <- c(1.5, 2)
  fields <- parse_json(csv_encode(frame)$schema)$fields
  expect_identical(fields[[1L]]$arrow, "list<item: double>")
})
