# cf_check(): what a file holds and what would run, without loading it.

# A function that does not drag the test along.
at_home <- function(f) {
  environment(f) <- globalenv()
  attr(f, "srcref") <- NULL
  f
}

test_that("a safe file is told so", {
  with_root({
    cf_save(CO2, "co2.rds", compression = "xz")
    report <- cf_check("co2.rds")
    expect_identical(report$status, "safe")
    expect_identical(report$format, "rds")
    expect_identical(report$compression, "xz")
    expect_true(report$complete)
    expect_identical(
      report$objects,
      data.frame(
        name = "co2",
        type = "list",
        class = paste(class(CO2), collapse = "/"),
        length = 5
      )
    )
    expect_identical(nrow(report$refused), 0L)
    expect_identical(
      report$formulas,
      c("attribute 'formula'", "attribute 'outer'")
    )
    expect_output(print(report), "safe: nothing in it would run")
    expect_output(print(report), "attribute 'outer'")
  })
})

test_that("everything that would run is named, with its place", {
  with_root({
    values <- list(
      d = cars,
      f = at_home(function(x) x),
      n = 1:10,
      s = c(a = "x"),
      nothing = NULL,
      deep = list(1, list(quote(a + b), as.formula("y ~ x", globalenv()))),
      factor = factor("a"),
      environment = new.env(parent = emptyenv())
    )
    cf_save(values, "mixed.RData", compression = "none")
    report <- cf_check("mixed.RData")
    expect_identical(report$status, "unsafe")
    expect_identical(report$compression, NA_character_)
    expect_identical(
      report$objects,
      data.frame(
        name = names(values),
        type = c(
          "list",
          "closure",
          "integer",
          "character",
          "NULL",
          "list",
          "integer",
          "environment"
        ),
        class = c("data.frame", NA, NA, NA, NA, NA, "factor", NA),
        length = c(2, NA, 10, 1, 0, 2, 1, NA)
      )
    )
    expect_identical(
      report$refused$kind,
      c("a function (closure)", "a call", "an environment")
    )
    expect_identical(
      report$refused$where,
      c(
        "object 'f'",
        "object 'deep' > element 2 > element 1",
        "object 'environment'"
      )
    )
    expect_identical(
      report$formulas,
      "object 'deep' > element 2 > element 2"
    )
    # the offset is where the item's type stands in the file
    bytes <- readBin(
      file.path(sub("^file://", "", dirname(report$uri)), "mixed.RData"),
      "raw",
      1e5
    )
    expect_identical(
      as.integer(bytes[report$refused$offset + 4]),
      c(3L, 6L, 4L)
    )
    printed <- utils::capture.output(print(report))
    expect_match(printed, "UNSAFE", all = FALSE)
    expect_match(
      printed,
      "object 'f': a function (closure)",
      fixed = TRUE,
      all = FALSE
    )
    expect_match(
      printed,
      "factor: integer[1] <factor>",
      fixed = TRUE,
      all = FALSE
    )
  })
})

test_that("every form of a vector is described", {
  value <- list(a = 1:3, b = as.character(1:5), c = sort(c(2.5, 1)))
  for (version in 2:3) {
    for (ascii in c(FALSE, TRUE)) {
      bytes <- c(
        charToRaw(sprintf("RD%s%d\n", if (ascii) "A" else "X", version)),
        serialize(as.pairlist(value), NULL, ascii = ascii, version = version)
      )
      found <- check_findings(scan_serialized(bytes), "rdata", "x")$objects
      expect_identical(found$name, names(value))
      expect_identical(found$type, c("integer", "character", "double"))
      expect_identical(found$length, c(3, 5, 2))
    }
  }
})

test_that("byte code ends the look into a file", {
  with_root({
    cf_save(compiler::cmpfun(function(x) x + 1), "f.rds")
    report <- cf_check("f.rds")
    expect_false(report$complete)
    expect_output(print(report), "more may follow")
    expect_output(print(report), "the value itself")
  })
})

test_that("damage is an error, code is none", {
  with_root({
    root <- cf_store_memory()
    bytes <- serialize(cars, NULL)
    root$put("cut.rds", utils::head(bytes, 300))
    root$put("cut.RData", c(charToRaw("RDX3\n"), utils::head(bytes, 300)))
    with_root(root = root, {
      expect_error(
        cf_check("cut.rds"),
        "offset",
        class = "crossframe_error_decode"
      )
      expect_error(cf_check("cut.RData"), class = "crossframe_error_decode")
      expect_error(
        cf_check("none.rds"),
        class = "crossframe_error_object_not_found"
      )
      cf_save(cars, "d.csv")
      expect_error(cf_check("d.csv"), "csv", class = "crossframe_error_usage")
    })
  })
})

test_that("no file of the collection of bad ones runs, all are told or damaged", {
  folder <- conformance("bad")
  for (path in list.files(folder, "[.](rds|RData)$", full.names = TRUE)) {
    report <- tryCatch(cf_check(path), crossframe_error_decode = function(e) {
      NULL
    })
    if (!is.null(report) && startsWith(basename(path), "code_")) {
      expect_identical(report$status, "unsafe", info = basename(path))
      expect_gt(nrow(report$refused), 0L)
    }
  }
  expect_identical(length(list.files(folder, "marker")), 0L)
})

test_that("trust = TRUE loads what was refused, and says so", {
  with_root({
    cf_save(list(f = function(x) x + 1, d = cars), "mixed.RData")
    expect_error(cf_load("mixed.RData"), class = "crossframe_error_unsafe_data")
    expect_warning(
      loaded <- cf_load("mixed.RData", trust = TRUE),
      "object 'f'",
      class = "crossframe_warning_trusted"
    )
    expect_identical(loaded$f(1), 2)
    expect_identical(loaded$d, cars)
  })
})
