round_trip <- function(x) {
  types <- frame_types(x)
  columns <- as.list(unclass(x))
  plain <- lapply(stats::setNames(nm = names(columns)), function(name) {
    column <- columns[[name]]
    kept <- attributes(column)
    attributes(column) <- NULL
    # what the Arrow type brings back
    type <- types[[name]]
    attr(column, "class") <- NULL
    if (type %in% c("factor", "ordered")) {
      attr(column, "levels") <- as.character(kept$levels)
    }
    if (type == "difftime") {
      attr(column, "units") <- kept$units
    }
    if (type == "posixct") {
      attr(column, "tzone") <- if (is_arrow_zone(kept$tzone)) {
        kept$tzone
      } else {
        "UTC"
      }
    }
    class <- implied_class(type)
    if (is.null(class)) column else structure(column, class = class)
  })
  apply_r_metadata(new_frame(plain, frame_rows(x)), r_metadata(x, types))
}

test_that("nothing is said of plain frames", {
  plain <- data.frame(
    a = 1L,
    b = "x",
    f = factor("u"),
    d = as.Date("2020-01-01")
  )
  plain$t <- as.POSIXct("2020-01-01", tz = "Europe/Paris")
  plain$u <- as.difftime(1, units = "days")
  expect_null(r_metadata(plain, frame_types(plain)))
  expect_null(r_metadata(data.frame(), character()))
})

test_that("attributes come back", {
  for (frame in dataset_frames()) {
    expect_identical(round_trip(frame), frame)
  }
  for (seed in 1:8) {
    frame <- generated_frame(c(0, 1, 7)[seed %% 3 + 1], seed)
    expect_identical(round_trip(frame), frame)
  }
})

test_that("the text is what arrow for R reads", {
  said <- unserialize(charToRaw(r_metadata(CO2, frame_types(CO2))))
  expect_named(said, c("attributes", "columns"))
  expect_setequal(
    names(said$attributes),
    c("class", "formula", "outer", "labels", "units")
  )
  expect_named(said$columns, names(CO2))
  exact <- structure(data.frame(a = 1), note = 1 / 3 + 5e-324)
  text <- r_metadata(exact, frame_types(exact))
  expect_identical(
    attr(apply_r_metadata(data.frame(a = 1), text), "note"),
    1 / 3 + 5e-324
  )
})

test_that("time zones: absent, empty and several are kept apart", {
  for (tzone in list(
    NULL,
    "",
    "UTC",
    "Europe/Paris",
    c("", "CET", "CEST"),
    "no/zone"
  )) {
    frame <- data.frame(
      t = structure(0, class = c("POSIXct", "POSIXt"), tzone = tzone)
    )
    expect_identical(round_trip(frame), frame)
  }
})

test_that("long texts are packed", {
  frame <- data.frame(
    a = seq_len(20000),
    row.names = sprintf("row %d", seq_len(20000))
  )
  text <- r_metadata(frame, frame_types(frame))
  expect_lt(nchar(text), 3e5)
  expect_identical(
    apply_r_metadata(data.frame(a = seq_len(20000)), text),
    frame
  )
})

test_that("code in attributes stays behind with a warning and never loads", {
  frame <- structure(data.frame(a = 1), f = function() 1)
  expect_warning(
    text <- r_metadata(frame, frame_types(frame)),
    "Attribute 'f'",
    class = "crossframe_warning_lossy_conversion"
  )
  expect_null(text)
  text <- rawToChar(serialize(
    list(attributes = list(f = function() 1), columns = NULL),
    NULL,
    ascii = TRUE
  ))
  expect_error(
    apply_r_metadata(data.frame(a = 1), text),
    class = "crossframe_error_unsafe_data"
  )
  expect_error(
    apply_r_metadata(data.frame(a = 1), "nonsense"),
    class = "crossframe_error_decode"
  )
})

test_that("attributes that no longer fit are left out with a warning", {
  frame <- data.frame(a = 1:3)
  frame$s <- stats::ts(c(1, 2, 3), start = 1990)
  text <- r_metadata(frame, frame_types(frame))
  expect_warning(
    back <- apply_r_metadata(data.frame(a = 1:2, s = c(1, 2)), text),
    "tsp"
  )
  expect_identical(back$a, 1:2)
})

test_that("columns outside the table are named", {
  cases <- list(
    matrix(list(1, 2, 3, 4), 2),
    expression(a, b),
    structure(list(year = 1), class = c("POSIXlt", "POSIXt")),
    data.frame(inner = I(expression(a, b))),
    structure(1:2, class = "integer64"),
    structure(c(1, 2), class = "difftime", units = "fortnights")
  )
  for (case in cases) {
    frame <- structure(
      list(fine = 1:2, odd = case),
      class = "data.frame",
      row.names = 1:2
    )
    error <- expect_error(
      frame_types(frame),
      class = "crossframe_error_unsupported_type"
    )
    expect_match(conditionMessage(error), "Column 'odd")
  }
})

test_that("column names must be there and differ", {
  expect_error(
    frame_types(stats::setNames(data.frame(a = 1, b = 2), c("a", "a"))),
    "'a'",
    class = "crossframe_error_duplicate_column"
  )
  frame <- data.frame(a = 1)
  names(frame) <- NA
  expect_error(frame_types(frame), class = "crossframe_error_duplicate_column")
})

test_that("every row of the table has columns", {
  bytes <- "\xff"
  Encoding(bytes) <- "bytes"
  types <- c(
    frame_types(generated_frame(2, 1)),
    frame_types(nested_frame(2, 1)),
    frame_types(data.frame(bytes))
  )
  expect_setequal(types, r_types()$type)
})
