# The Python core of this checkout, if it is installed there.
use_python <- function() {
  if (is.null(python_command()) && !is.null(checkout())) {
    command <- file.path(checkout(), ".venv", "bin", "crossframe")
    if (file.exists(command)) {
      return(command)
    }
  }
  skip_if(is.null(python_command()), "no crossframe command")
  getOption("crossframe.python")
}

parquet_round_trip <- function(x) parquet_decode(parquet_encode(x))

with_engine <- function(code, ...) {
  old <- options(...)
  on.exit(options(old))
  force(code)
}

test_that("without an engine the error says what to install", {
  missing <- function(code) {
    with_engine(
      expect_error(
        code,
        "nanoparquet.*pip install crossframe",
        class = "crossframe_error_engine_missing"
      ),
      crossframe.parquet = "python",
      crossframe.python = "/nowhere/crossframe"
    )
  }
  missing(parquet_encode(mtcars))
  missing(parquet_decode(charToRaw("PAR1")))
  with_engine(
    expect_error(parquet_encode(mtcars), class = "crossframe_error_usage"),
    crossframe.parquet = "feather"
  )
})

test_that("columns outside the table are refused before any engine is asked", {
  frame <- data.frame(a = 1:2)
  frame$l <- matrix(list(1, 2, 3, 4), 2)
  expect_error(
    parquet_encode(frame),
    "'l'",
    class = "crossframe_error_unsupported_type"
  )
})

test_that("frames that an engine does not keep go to one that does", {
  keeps <- function(engine, x) engine_keeps(engine, x, frame_types(x))
  expect_true(keeps("arrow", mtcars))
  expect_true(keeps("arrow", data.frame(t = .POSIXct(c(0.5, NA)))))
  expect_false(keeps("arrow", data.frame(t = .POSIXct(1e-7))))
  expect_false(keeps("arrow", data.frame(d = as.difftime(1, units = "days"))))
  expect_true(keeps("python", data.frame(d = as.difftime(1, units = "days"))))
  nested <- nested_frame(3, 1)
  for (name in names(nested)) {
    expect_false(keeps("arrow", nested[name]), info = name)
    expect_false(keeps("nanoparquet", nested[name]), info = name)
  }
  expect_false(keeps("arrow", data.frame(f = addNA(factor(c("a", NA))))))
})

test_that("the Python core keeps frames identical", {
  command <- use_python()
  generated <- generated_frame(40, 3)
  lossy <- generated["difftime"] # finer than Arrow's nanoseconds
  frames <- c(
    dataset_frames()[c("CO2", "mtcars", "infert", "quakes")],
    list(generated[names(generated) != "difftime"])
  )
  with_engine(
    crossframe.parquet = "python",
    crossframe.python = command,
    code = {
      for (frame in frames) {
        expect_identical(parquet_round_trip(frame), frame)
      }
      expect_warning(
        parquet_encode(lossy),
        "Column|column",
        class = "crossframe_warning_lossy_conversion"
      )
      expect_identical(
        names(parquet_decode(parquet_encode(CO2), columns = "uptake")),
        "uptake"
      )
    }
  )
})

test_that("columns that are no plain vectors go through the Python core", {
  command <- use_python()
  with_engine(
    crossframe.parquet = "python",
    crossframe.python = command,
    code = {
      for (n in c(1L, 30L)) {
        frame <- nested_frame(n, 5)
        # finer than Arrow's nanoseconds
        frame$struct[c("difftime", "posixct")] <- NULL
        # pyarrow's files keep a complex number missing as a whole
        half <- function(x) is.na(x) & !is.nan(x)
        either <- half(Re(frame$complex)) | half(Im(frame$complex))
        frame$complex[either] <- NA
        expect_same(parquet_round_trip(frame), frame)
      }
      for (name in c("complex", "raw", "posixlt", "robject")) {
        expect_true(needs_python(parquet_encode(frame[name])), info = name)
      }
      expect_false(needs_python(parquet_encode(mtcars)))
    }
  )
  expect_false(needs_python(charToRaw("PAR1")))
  expect_false(needs_python(as.raw(rep(255, 40))))
})

test_that("what the Python core refuses is our error", {
  command <- use_python()
  with_engine(
    crossframe.parquet = "python",
    crossframe.python = command,
    code = {
      expect_error(
        parquet_decode(charToRaw("PAR1 but no more")),
        class = "crossframe_error_decode"
      )
    }
  )
})

test_that("arrow and nanoparquet keep frames identical", {
  for (engine in c("arrow", "nanoparquet")) {
    if (!requireNamespace(engine, quietly = TRUE)) {
      next
    }
    with_engine(crossframe.parquet = engine, code = {
      for (frame in dataset_frames()) {
        expect_identical(parquet_round_trip(frame), frame)
      }
    })
  }
  expect_true(all(c("arrow", "nanoparquet") %in% parquet_engine_names))
})
