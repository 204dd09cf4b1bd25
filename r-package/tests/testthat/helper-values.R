# Values that several codecs are tested with.

# identical() itself: expect_identical() looks at the real parts of complex numbers only.
expect_same <- function(object, expected, info = NULL) {
  expect_true(identical(object, expected), info = info)
  expect_identical(object, expected, info = info)
}

# The data frames of R's datasets package, by name.
dataset_frames <- function() {
  names <- ls("package:datasets")
  values <- mget(names, envir = as.environment("package:datasets"))
  Filter(is.data.frame, values)
}

# A serialized value of hand-made bytes: the header of XDR version 2, then words (integers, four
# bytes each) and raw vectors as given.
serialized <- function(...) {
  words <- function(x) {
    if (is.raw(x)) x else writeBin(as.integer(x), raw(), endian = "big")
  }
  header <- c(charToRaw("X\n"), words(c(2L, 262658L, 131840L)))
  c(header, unlist(lapply(list(...), words)))
}

# A symbol as it is written: its type, a string's flags, length and bytes.
symbol_bytes <- function(name) {
  c(
    writeBin(c(1L, 262153L, nchar(name)), raw(), endian = "big"),
    charToRaw(name)
  )
}

# A generated data frame of every column type that CSV and Parquet hold.
generated_frame <- function(n, seed) {
  set.seed(seed)
  some_missing <- function(x) {
    x[sample(c(TRUE, FALSE), n, replace = TRUE, prob = c(0.2, 0.8))] <- NA
    x
  }
  texts <- c(
    "",
    "NA",
    "a,b",
    "say \"x\"",
    "line\nend",
    "\r\n",
    "caf\u00e9",
    "\U1F600",
    " x ",
    "007",
    "TRUE",
    "1e5"
  )
  pick <- function(from) sample(from, n, replace = TRUE)
  special <- c(
    NaN,
    Inf,
    -Inf,
    -0,
    0,
    1,
    0.1,
    1 / 3,
    5e-324,
    .Machine$double.xmax,
    1e15,
    123456789.123,
    1e22,
    -2.5e-7
  )
  frame <- data.frame(row.names = if (n > 0L) seq_len(n) else integer())
  frame$logical <- some_missing(pick(c(TRUE, FALSE)))
  frame$integer <- some_missing(pick(c(
    -.Machine$integer.max,
    0L,
    7L,
    .Machine$integer.max
  )))
  frame$double <- some_missing(ifelse(
    stats::runif(n) < 0.5,
    pick(special),
    stats::rnorm(n) * 10^pick(-20:20)
  ))
  frame$character <- some_missing(pick(texts))
  frame$factor <- factor(
    some_missing(pick(texts)),
    levels = c("unused", rev(texts))
  )
  frame$ordered <- factor(
    some_missing(pick(c("lo", "hi"))),
    levels = c("lo", "mid", "hi"),
    ordered = TRUE
  )
  frame$date <- some_missing(as.Date("1970-01-01") + pick(-800000:2900000))
  frame$date_integer <- structure(
    some_missing(pick(c(-30000L, -1L, 0L, 18000L))),
    class = "Date"
  )
  frame$posixct <- .POSIXct(
    some_missing(stats::runif(n, -5e9, 5e9)),
    tz = "Europe/Paris"
  )
  frame$posixct_whole <- .POSIXct(some_missing(round(stats::runif(
    n,
    -5e9,
    5e9
  ))))
  frame$posixct_integer <- .POSIXct(
    some_missing(pick(c(-100L, 0L, 1600000000L))),
    tz = "UTC"
  )
  frame$difftime <- as.difftime(some_missing(stats::rnorm(n)), units = "hours")
  frame$difftime_integer <- structure(
    some_missing(pick(-5:5)),
    class = "difftime",
    units = "days"
  )
  frame$integer64 <- structure(
    some_missing(pick(c(5e-324, 4.94e-320, -0, 1, 2.5e100))),
    class = "integer64"
  )
  # bit64's missing value is the smallest integer, whose bits are those of -0
  frame$integer64[is.na(unclass(frame$integer64))] <- structure(
    -0,
    class = "integer64"
  )
  frame$labelled <- structure(
    some_missing(pick(c(1, 2.5))),
    label = "what it is",
    class = c("labelled", "numeric")
  )
  if (n > 0L) {
    frame$series <- structure(
      some_missing(stats::rnorm(n)),
      tsp = c(1990, 1990 + (n - 1) / 12, 12),
      class = "ts"
    )
  }
  frame
}

# A generated data frame of the column types that are no plain vectors, in the order of types.csv.
nested_frame <- function(n, seed) {
  set.seed(seed)
  pick <- function(from) sample(from, n, replace = TRUE)
  cells <- function(from) {
    lapply(seq_len(n), function(i) from[[sample(length(from), 1L)]])
  }
  frame <- new_frame(list(), n)
  parts <- c(NaN, Inf, -Inf, NA, 0, -0, 1.5, -1e-300, 1 / 3)
  frame$complex <- complex(real = pick(parts), imaginary = pick(parts))
  frame$complex[pick(c(TRUE, FALSE))] <- NA
  frame$raw <- as.raw(pick(0:255))
  times <- .POSIXct(
    pick(c(NA, 0, -1.25, 1600000000, 4e9 + 0.5)),
    tz = "Europe/Paris"
  )
  frame$posixlt <- as.POSIXlt(times)
  frame$hms <- structure(
    pick(c(NA, 0, 86399, 3723.5, 0.1)),
    class = c("hms", "difftime"),
    units = "secs"
  )
  frame$list <- cells(list(NULL, numeric(), c(1, NA, NaN, -0), Inf, 0.1))
  texts <- c(
    "",
    NA,
    "NA",
    "null",
    "a,b",
    "say \"x\"",
    "line\nend",
    "\\",
    "\001\r",
    "\U1F600"
  )
  frame$texts <- cells(list(NULL, character(), texts, rev(texts), "a"))
  frame$robject <- cells(list(
    NULL,
    list(1, list("a")),
    cars[1:2, ],
    as.Date("2020-01-01"),
    c(a = 1L),
    as.name("symbol")
  ))
  frame$struct <- generated_frame(n, seed)
  frame$matrix <- matrix(
    sample(c(1, NA, NaN, -Inf), n * 3L, replace = TRUE),
    n,
    3L,
    dimnames = list(NULL, c("a", "b", "c"))
  )
  frame
}

# A path for a file that the test makes; it goes with the session's folder.
temporary_path <- function(extension) {
  tempfile("crossframe-", fileext = extension)
}

# A file that holds bytes, for tools that want one.
write_bytes <- function(bytes) {
  path <- temporary_path("")
  writeBin(bytes, path)
  path
}

# The vectors of a file that both languages run.
conformance_vectors <- function(...) {
  jsonlite::fromJSON(conformance(...), simplifyVector = FALSE)
}
