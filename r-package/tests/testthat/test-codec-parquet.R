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
  expect_false(keeps("arrow", mtcars[0L]))
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

test_that("without an engine that keeps a frame it is refused, or warned of", {
  refuses <- function(x, says) {
    expect_error(
      check_writable("nanoparquet", x, frame_types(x)),
      says,
      class = "crossframe_error_engine_missing"
    )
  }
  refuses(
    data.frame(a = 1, f = addNA(factor(NA))),
    "'f' is factor.*pip install crossframe"
  )
  refuses(generated_frame(3, 1)["integer64"], "'integer64' is integer64")
  refuses(nested_frame(3, 1)["struct"], "'struct' is struct")
  refuses(mtcars[0L], "no columns")
  fine <- data.frame(t = .POSIXct(1e-7))
  expect_warning(
    check_writable("arrow", fine, frame_types(fine)),
    "'t'.*finer",
    class = "crossframe_warning_lossy_conversion"
  )
  expect_silent(check_writable("arrow", CO2, frame_types(CO2)))
})

test_that("durations go as plain numbers, with all of their attributes", {
  x <- data.frame(d = as.difftime(c(1.5, NA), units = "hours"))
  types <- frame_types(x)
  expect_identical(engine_frame(x, types), data.frame(d = c(1.5, NA)))
  text <- r_metadata(x, types, whole = TRUE)
  expect_identical(apply_r_metadata(engine_frame(x, types), text), x)
})

test_that("what is said of columns' storage is used for those columns only", {
  said <- '{"names": ["a", "b"], "storage": ["integer", "double"]}'
  expect_identical(stored_as(said, c("a", "b")), c("integer", "double"))
  expect_null(stored_as(said, c("a", "c")))
  expect_null(stored_as(said, "a"))
  expect_null(stored_as(sub("double", "closure", said), c("a", "b")))
  expect_null(stored_as(NULL, "a"))
  expect_null(stored_as("no JSON", "a"))
  expect_null(stored_as('{"names": ["a"], "storage": [{}]}', "a"))
  expect_null(stored_as(
    '{"names": ["a"], "storage": ["double", "double"]}',
    "a"
  ))
  expect_identical(as_numbers_said(as.Date("2020-01-01"), "integer"), 18262L)
  expect_identical(as_numbers_said("text", "integer"), "text")
})

# The frames of tests/conformance/frames, those of R, and one with durations.
engine_frames <- function() {
  files <- list.files(conformance("frames"), "[.]rds$", full.names = TRUE)
  vectors <- lapply(stats::setNames(files, basename(files)), cf_load)
  durations <- data.frame(
    d = as.difftime(c(1.5, NA, -3), units = "mins"),
    i = as.difftime(1:3, units = "weeks"),
    row.names = c("x", "y", "z")
  )
  Filter(is.data.frame, c(vectors, dataset_frames(), list(durations)))
}

# Whether a frame comes back, is refused or warned of, as the engine's columns in check_writable() say.
expect_kept <- function(engine, frame) {
  types <- frame_types(frame)
  refused <- engine != "python" &&
    (!length(types) || any(refused_columns(engine, frame, types)))
  if (refused) {
    expect_error(
      parquet_encode(frame),
      class = "crossframe_error_engine_missing"
    )
  } else if (engine_keeps(engine, frame, types) || "difftime" %in% types) {
    expect_true(
      identical(parquet_round_trip(frame), frame, attrib.as.set = TRUE)
    )
  } else {
    expect_warning(
      parquet_encode(frame),
      class = "crossframe_warning_lossy_conversion"
    )
  }
}

test_that("every engine that is installed keeps the vectors identical", {
  skip_if_not_installed("bit64")
  old <- options(crossframe.python = use_python())
  on.exit(options(old))
  for (engine in Filter(has_parquet_engine, parquet_engine_names)) {
    with_engine(crossframe.parquet = engine, code = {
      for (frame in engine_frames()) {
        expect_kept(engine, frame)
      }
    })
  }
})

test_that("the Python core reads what arrow and nanoparquet write", {
  command <- use_python()
  engines <- Filter(has_parquet_engine, c("arrow", "nanoparquet"))
  expect_identical(engine_frame(CO2, frame_types(CO2))$uptake, CO2$uptake)
  for (engine in engines) {
    for (frame in dataset_frames()) {
      written <- with_engine(
        crossframe.parquet = engine,
        code = parquet_encode(frame)
      )
      read <- with_engine(
        crossframe.parquet = "python",
        crossframe.python = command,
        code = parquet_decode(written)
      )
      # The Arrow types of these packages, which are not ours, are noted.
      attr(read, "crossframe") <- NULL
      expect_true(identical(read, frame, attrib.as.set = TRUE))
    }
  }
})
