# Values that are no data frame: RDS and RData hold any, CSV and Parquet none.

no_frames <- function() {
  setClass("CrossframeValue", representation(a = "numeric", b = "list"))
  latin1 <- "caf\xe9"
  Encoding(latin1) <- "latin1"
  list(
    null = NULL,
    empty = list(),
    logical = c(TRUE, NA),
    named = c(a = 1L, b = NA),
    double = c(1, NA, NaN, -Inf),
    complex = c(1i, NA),
    text = c(latin1, NA, "\U1F600"),
    raw = as.raw(0:3),
    date = as.Date("2020-01-01"),
    posixlt = as.POSIXlt("2020-01-01", tz = "UTC"),
    factor = addNA(factor(c("a", NA))),
    matrix = matrix(1:6, 2, dimnames = list(c("a", "b"), NULL)),
    array = array(1:24, 2:4),
    table = table(c("a", "b", "a")),
    series = ts(1:24, start = 1990, frequency = 12),
    nested = list(a = list(b = list(NULL, 1), list()), c = cars),
    unnamed = list(1, "a", NULL),
    formula = attr(CO2, "formula"),
    s4 = new("CrossframeValue", a = 1, b = list(NULL))
  )
}

test_that("they come back from RDS and RData", {
  values <- no_frames()
  on.exit(removeClass("CrossframeValue"))
  with_root({
    for (name in names(values)) {
      value <- values[[name]]
      saved <- cf_save(value, "v.rds")
      expect_identical(saved$rows, NA_integer_)
      expect_same(cf_load("v.rds"), value, info = name)
      # in a list of its own: a named list would become objects
      cf_save(list(v = value), "v.RData")
      expect_same(cf_load("v.RData"), value, info = name)
    }
    cf_save(values, "all.RData")
    expect_identical(cf_load("all.RData"), values)
    expect_identical(cf_load("all.RData", name = "null"), NULL)
    expect_identical(cf_load("all.RData", name = "s4"), values$s4)
    for (key in c("v.csv", "v.parquet")) {
      for (name in c("null", "double", "matrix", "nested")) {
        expect_error(
          cf_save(values[[name]], key),
          class = "crossframe_error_unsupported_type",
          info = name
        )
      }
    }
  })
})

test_that("cf_info() tells what they are", {
  values <- no_frames()
  on.exit(removeClass("CrossframeValue"))
  with_root({
    cf_save(c(list(d = cars), values), "all.RData")
    info <- cf_info("all.RData")
    expect_identical(info$names, c("d", names(values)))
    rows <- info$frames
    row.names(rows) <- rows$name
    expect_identical(
      rows[c("d", "null", "matrix", "array", "nested", "s4"), "r"],
      c(
        "data.frame",
        "NULL",
        "matrix/array",
        "array",
        "list",
        "CrossframeValue"
      )
    )
    expect_identical(
      rows[c("d", "null", "array", "text"), "dim"],
      c("50 x 2", NA, "2 x 3 x 4", NA)
    )
    expect_identical(
      rows[c("d", "null", "text", "nested"), "length"],
      c(2, 0, 3, 2)
    )
    expect_identical(
      rows[c("factor", "posixlt", "s4"), "storage"],
      c("integer", "list", "S4")
    )
    expect_output(print(info), "array: array, 2 x 3 x 4")
    expect_output(print(info), "text: character, 3")
  })
})

test_that("cf_info() tells the rows of the type table", {
  with_root({
    nested <- nested_frame(4, 2)
    cf_save(nested, "d.rds")
    columns <- cf_info("d.rds")$columns
    expect_identical(columns$type, unname(frame_types(nested)))
    expect_identical(
      columns$arrow[5:9],
      c(
        "list<item: double>",
        "list<item: string>",
        "extension<crossframe.robject>",
        "struct",
        "fixed_size_list<item: double>[3]"
      )
    )
    nulls <- sum(vapply(nested$list, is.null, TRUE))
    expect_identical(columns$missing[5], nulls)
  })
})
