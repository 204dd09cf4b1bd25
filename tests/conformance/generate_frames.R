# Writes tests/conformance/frames: data frames as R 4.2 writes them, and beside each what it holds as JSON.
#
#   Rscript --vanilla tests/conformance/generate_frames.R
#
# Everything comes from the frame itself but the reason; see frames/README.md for the form.

if (getRversion() >= "4.3" || getRversion() < "4.2") {
  stop("These files are those of R 4.2: another version writes another header.")
}
suppressPackageStartupMessages(library(bit64))

script <- sub("^--file=", "", grep("^--file=", commandArgs(), value = TRUE))
folder <- file.path(dirname(normalizePath(script)), "frames")

# ---- what a frame holds, as text

# Whole numbers in decimal, others as C's %a: both read back to the very bits.
number_text <- function(x) {
  plain <- is.finite(x) & x == trunc(x) & abs(x) < 2^53 & !(x == 0 & 1 / x < 0)
  text <- ifelse(plain, sprintf("%.0f", x), sprintf("%a", x))
  text[x == 0 & 1 / x < 0] <- "-0"
  text[is.nan(x)] <- "NaN"
  text[!is.na(x) & x == Inf] <- "Inf"
  text[!is.na(x) & x == -Inf] <- "-Inf"
  text[is.na(x) & !is.nan(x)] <- NA
  text
}

# A list with null where a text is missing, so that JSON needs no other value.
texts <- function(x) {
  lapply(x, function(one) if (is.na(one)) NULL else enc2utf8(one))
}

value_texts <- function(x) {
  plain <- x
  attributes(plain) <- NULL
  texts(switch(
    typeof(plain),
    logical = c("false", "true")[plain + 1L],
    integer = as.character(plain),
    double = number_text(plain),
    character = plain,
    raw = as.character(plain)
  ))
}

# An attribute, with its R type: {"type", "values", "attributes"}.
tagged <- function(x) {
  if (is.pairlist(x) && !is.null(x)) {
    x <- as.list(x)
  }
  kind <- typeof(x)
  values <- switch(
    kind,
    "NULL" = list(),
    list = lapply(unname(unclass(x)), tagged),
    language = list(paste(deparse(as.call(as.list(x))), collapse = " ")),
    value_texts(x)
  )
  own <- attributes(x)
  own <- own[setdiff(names(own), if (kind == "language") ".Environment")]
  if (!is.null(own$row.names)) {
    own$row.names <- .row_names_info(x, 0L)
  }
  list(
    type = kind,
    values = values,
    attributes = if (length(own)) lapply(own, tagged)
  )
}

without_null <- function(x) x[!vapply(x, is.null, NA)]

implied_class <- list(
  integer64 = "integer64",
  factor = "factor",
  ordered = c("ordered", "factor"),
  date = "Date",
  posixct = c("POSIXct", "POSIXt"),
  difftime = "difftime"
)

type_of <- function(x) {
  for (type in c(
    "ordered",
    "factor",
    "Date",
    "POSIXct",
    "difftime",
    "integer64"
  )) {
    if (inherits(x, type)) {
      return(tolower(type))
    }
  }
  typeof(x)
}

describe_column <- function(name, x) {
  type <- type_of(x)
  own <- attributes(x)
  if (identical(own$class, implied_class[[type]])) {
    own$class <- NULL
  }
  told <- list(
    factor = "levels",
    ordered = "levels",
    posixct = "tzone",
    difftime = "units"
  )[[type]]
  # Why levels stay where they have names: "levels" below tells their texts only.
  if (is.null(attributes(own$levels))) {
    own$levels <- NULL
  }
  attributes <- own[setdiff(names(own), setdiff(told, "levels"))]
  values <- switch(
    type,
    factor = ,
    ordered = texts(unname(levels(x))[as.integer(x)]),
    integer64 = texts(as.character(structure(
      as.vector(unclass(x)),
      class = "integer64"
    ))),
    value_texts(x)
  )
  timed <- type %in% c("date", "posixct", "difftime")
  # Why as.list: JSON keeps one text apart from a list of one.
  without_null(list(
    name = name,
    type = type,
    values = values,
    codes = if (type %in% c("factor", "ordered") && anyNA(levels(x))) {
      as.list(as.character(as.integer(x)))
    },
    levels = if (type %in% c("factor", "ordered")) texts(unname(levels(x))),
    units = if (type == "difftime") own$units,
    storage = if (timed && is.integer(x)) "integer",
    tzone = if (type == "posixct" && !is.null(own$tzone)) as.list(own$tzone),
    attributes = if (length(attributes)) lapply(attributes, tagged)
  ))
}

describe_frame <- function(name, why, x, files) {
  own <- attributes(x)
  names <- if (!identical(own$row.names, seq_len(.row_names_info(x, 2L)))) {
    list(type = typeof(own$row.names), values = value_texts(own$row.names))
  }
  pointers <- vapply(own, typeof, "") == "externalptr"
  own <- own[setdiff(names(own)[!pointers], c("names", "row.names"))]
  if (identical(own$class, "data.frame")) {
    own$class <- NULL
  }
  columns <- lapply(seq_along(x), function(i) {
    describe_column(names(x)[i], unclass(x)[[i]])
  })
  list(
    name = name,
    why = why,
    files = as.list(files),
    rows = as.character(.row_names_info(x, 2L)),
    row_names = names,
    columns = columns,
    attributes = if (length(own)) lapply(own, tagged)
  )
}

# ---- writing

write_file <- function(x, file, name) {
  path <- file.path(folder, file)
  ending <- sub("^[^.]*", "", file)
  switch(
    ending,
    ".rds" = saveRDS(x, path, compress = FALSE),
    ".v2.rds" = saveRDS(x, path, compress = FALSE, version = 2),
    ".gz.rds" = saveRDS(x, path),
    ".bz2.rds" = saveRDS(x, path, compress = "bzip2"),
    ".xz.rds" = saveRDS(x, path, compress = "xz"),
    ".ascii.rds" = saveRDS(x, path, ascii = TRUE, compress = FALSE),
    ".hex.rds" = {
      connection <- file(path, "wb")
      serialize(x, connection, ascii = NA)
      close(connection)
    },
    ".native.rds" = {
      connection <- file(path, "wb")
      serialize(x, connection, xdr = FALSE)
      close(connection)
    },
    {
      assign(name, x)
      switch(
        ending,
        ".RData" = save(list = name, file = path),
        ".v2.RData" = save(list = name, file = path, version = 2),
        ".ascii.RData" = save(
          list = name,
          file = path,
          ascii = TRUE,
          compress = FALSE
        ),
        stop(ending)
      )
    }
  )
}

# R's ASCII form keeps 16 digits of a double, which is one too few for some; its hexadecimal form keeps
# all, but not the bits of a NaN, and integer64 lies in such bits.
exact_forms <- c(
  ".rds",
  ".v2.rds",
  ".gz.rds",
  ".bz2.rds",
  ".xz.rds",
  ".native.rds",
  ".RData",
  ".v2.RData"
)
every_form <- c(exact_forms, ".hex.rds", ".ascii.rds", ".ascii.RData")

frame <- function(name, why, x, forms = ".rds") {
  stopifnot(is.data.frame(x))
  files <- paste0(name, forms)
  for (file in files) {
    write_file(x, file, name)
  }
  json <- jsonlite::toJSON(
    describe_frame(name, why, x, files),
    auto_unbox = TRUE,
    null = "null",
    pretty = 1
  )
  writeLines(json, file.path(folder, paste0(name, ".json")), useBytes = TRUE)
}

# A frame of these very columns: data.frame() would touch some of them.
columns <- function(..., row.names = NULL, class = "data.frame") {
  x <- list(...)
  n <- if (length(x)) length(x[[1L]]) else 0L
  attr(x, "class") <- class
  attr(x, "row.names") <- if (is.null(row.names)) {
    .set_row_names(n)
  } else {
    row.names
  }
  x
}

unlink(list.files(folder, "[.](rds|RData|json)$", full.names = TRUE))

# ---- the types

frame(
  "logical",
  "each value of a logical, NA too",
  columns(x = c(TRUE, FALSE, NA)),
  every_form
)
frame(
  "logical_long",
  "a missing value in the last of many bits",
  columns(x = c(rep(c(TRUE, FALSE), 4500), NA))
)
frame(
  "integer",
  "the ends of an integer; R's own NA lies beyond the lower one",
  columns(
    x = c(0L, 1L, -1L, .Machine$integer.max, -.Machine$integer.max, NA),
    y = 6:1
  ),
  every_form
)
na_quiet <- readBin(
  as.raw(c(0x7f, 0xf8, 0, 0, 0, 0, 0x07, 0xa2)),
  "double",
  endian = "big"
)
nan_other <- readBin(
  as.raw(c(0xff, 0xf8, 0, 0, 0, 0, 0, 0)),
  "double",
  endian = "big"
)
frame(
  "double",
  "NA is no NaN; -0, the largest, the smallest and denormal doubles, and some that decimals miss",
  columns(
    x = c(
      NA,
      NaN,
      Inf,
      -Inf,
      0,
      -0,
      1,
      -1.5,
      0.1,
      1 / 3,
      pi,
      .Machine$double.xmax,
      -.Machine$double.xmax,
      .Machine$double.xmin,
      2^-1074,
      -2^-1074,
      2^-1030,
      1e22,
      2^53,
      2^53 + 2,
      1e-5,
      123456789.123456789
    )
  ),
  c(exact_forms, ".hex.rds")
)
frame(
  "double_na_bits",
  "NA is any NaN whose low word is 1954; a NaN may have its sign set",
  columns(x = c(na_quiet, nan_other, NA, NaN, 1))
)
frame(
  "integer64",
  "both ends of integer64, and values that are NaN or NA as the doubles they lie in",
  columns(
    x = as.integer64(c(
      NA,
      "0",
      "1",
      "-1",
      "9223372036854775807",
      "-9223372036854775807",
      "9007199254740993",
      "9218868437227407266",
      "9221120237041090560",
      "-4503599627370496"
    ))
  ),
  exact_forms
)
frame(
  "character",
  "the empty text is not NA, NA is not \"NA\"; line ends, quotes, a backslash; a text of 300 letters",
  columns(
    x = c(
      "",
      NA,
      "NA",
      "a",
      " a ",
      "a,b",
      "\"q\"",
      "'",
      "\\n",
      "\n\r\t",
      "\001\177",
      strrep("x", 300)
    )
  ),
  every_form
)
latin1 <- "caf\xe9 \xfcber"
Encoding(latin1) <- "latin1"
frame(
  "character_unicode",
  "texts marked UTF-8: accents composed and not, scripts, beyond the BMP, a byte order mark",
  columns(
    x = c(
      "caf\u00e9",
      "cafe\u0301",
      "\u65e5\u672c",
      "\U1F600",
      "\u05d0\u05d1",
      "\ufeffx",
      "\u20ac",
      "\u00a0",
      "\U10FFFF"
    )
  ),
  every_form
)
frame(
  "character_latin1",
  "a text marked latin1 beside its UTF-8 twin",
  columns(x = c(latin1, enc2utf8(latin1), "plain", NA)),
  c(".rds", ".v2.rds", ".ascii.rds")
)
frame(
  "character_all_missing",
  "no text at all",
  columns(x = c(NA_character_, NA_character_))
)
frame(
  "factor",
  "levels in an order of their own, one unused, one NA among the values; a level of empty text",
  columns(
    x = factor(c("b", "a", NA, "", "b"), levels = c("b", "unused", "", "a"))
  ),
  every_form
)
frame(
  "factor_no_levels",
  "a factor of missing values only, without levels",
  columns(x = factor(c(NA, NA)))
)
frame(
  "factor_na_level",
  "NA as a level, which is not a missing value",
  columns(x = addNA(factor(c("a", NA, "b"))))
)
frame(
  "factor_unicode",
  "levels in UTF-8 and latin1",
  columns(x = factor(c("\u65e5", latin1), levels = c(latin1, "\u65e5")))
)
frame(
  "factor_named_levels",
  "levels that have names of their own",
  columns(
    x = structure(c(1L, 2L), levels = c(one = "a", two = "b"), class = "factor")
  )
)
frame(
  "ordered",
  "an ordered factor with an unused level",
  columns(
    x = factor(c("lo", "hi", NA), levels = c("lo", "mid", "hi"), ordered = TRUE)
  ),
  every_form
)
frame(
  "date",
  "whole days far apart, and before 1970",
  columns(
    x = as.Date(c(
      "1970-01-01",
      "1969-12-31",
      "2024-02-29",
      NA,
      "0001-01-01",
      "9999-12-31"
    ))
  ),
  every_form
)
frame(
  "date_integer",
  "days kept as integers, as seq() gives",
  columns(x = structure(c(0L, -1L, NA, 19782L), class = "Date"))
)
times <- c(
  0,
  -1,
  1700000000,
  1700000000.5,
  1700000000.123456,
  -1700000000.25,
  1e-9,
  NA,
  -0.5,
  2^31
)
for (zone in list(
  NULL,
  "",
  "UTC",
  "Europe/Vienna",
  "GMT",
  "America/New_York"
)) {
  name <- if (is.null(zone)) {
    "none"
  } else if (zone == "") {
    "empty"
  } else {
    tolower(gsub("[^A-Za-z]", "_", zone))
  }
  x <- structure(times, class = c("POSIXct", "POSIXt"), tzone = zone)
  frame(
    paste0("posixct_", name),
    "whole seconds and fractions; the zone says how to show them",
    columns(x = x),
    if (name %in% c("none", "utc")) every_form else ".rds"
  )
}
frame(
  "posixct_three_zones",
  "the tzone that as.POSIXlt() leaves: zone and its two abbreviations",
  columns(
    x = structure(
      c(0, 1),
      class = c("POSIXct", "POSIXt"),
      tzone = c("Europe/Vienna", "CET", "CEST")
    )
  )
)
frame(
  "posixct_unknown_zone",
  "a tzone that is no zone known elsewhere",
  columns(
    x = structure(
      c(0, 1),
      class = c("POSIXct", "POSIXt"),
      tzone = "Mars/Olympus"
    )
  )
)
frame(
  "posixct_integer",
  "seconds kept as integers",
  columns(
    x = structure(
      c(0L, -5L, NA, 1700000000L),
      class = c("POSIXct", "POSIXt"),
      tzone = "UTC"
    )
  )
)
frame(
  "posixct_far",
  "beyond the years that nanoseconds reach: microseconds hold them",
  columns(
    x = structure(
      c(-62135596800, 253402300799, NA, 1700000000.5),
      class = c("POSIXct", "POSIXt"),
      tzone = "UTC"
    )
  )
)
frame(
  "difftime",
  "all units, whole and not",
  columns(
    secs = as.difftime(c(1, -0.5, NA, 0), units = "secs"),
    mins = as.difftime(c(1, 0.25, NA, -2), units = "mins"),
    hours = as.difftime(c(1.5, 0, NA, 1e5), units = "hours"),
    days = as.difftime(c(0.5, 1, NA, 365.25), units = "days"),
    weeks = as.difftime(c(1, 52.5, NA, -1), units = "weeks")
  ),
  every_form
)
frame(
  "difftime_integer",
  "days kept as integers",
  columns(x = structure(c(1L, NA, -3L), class = "difftime", units = "days"))
)

# ---- row names and shapes

frame(
  "row_names_character",
  "as mtcars has them",
  columns(x = c(1, 2), row.names = c("Mazda RX4", "caf\u00e9")),
  every_form
)
frame(
  "row_names_integer",
  "left by taking rows: 3, 1, 7",
  columns(x = c("c", "a", "g"), row.names = c(3L, 1L, 7L))
)
frame(
  "zero_rows",
  "columns of every type and no row",
  columns(
    l = logical(),
    i = integer(),
    d = double(),
    s = character(),
    f = factor(character(), levels = c("a", "b")),
    day = as.Date(character()),
    time = as.POSIXct(character(), tz = "UTC"),
    big = integer64(),
    u = as.difftime(double(), units = "mins")
  ),
  every_form
)
frame(
  "zero_columns",
  "five rows and no column",
  structure(
    list(),
    names = character(),
    row.names = .set_row_names(5L),
    class = "data.frame"
  ),
  c(".rds", ".RData")
)
frame(
  "zero_columns_named_rows",
  "two row names and no column",
  structure(
    list(),
    names = character(),
    row.names = c("a", "b"),
    class = "data.frame"
  )
)
frame(
  "empty",
  "no row and no column: data.frame()",
  data.frame(),
  c(".rds", ".RData")
)
frame(
  "names_odd",
  "column names with spaces, quotes, unicode, a dot first, and an empty one",
  structure(
    list(1, 2, 3, 4, 5, 6),
    names = c("a b", "\"q\"", "\u00fcber", ".hidden", "", "row.names"),
    row.names = .set_row_names(1L),
    class = "data.frame"
  ),
  every_form
)
frame(
  "names_latin1",
  "a column name marked latin1",
  structure(
    list(1),
    names = latin1,
    row.names = .set_row_names(1L),
    class = "data.frame"
  )
)

# ---- compact forms (ALTREP), which version 3 writes for ordinary data

frame(
  "altrep_sequence",
  "1:n is three numbers in the file, up and down",
  columns(up = 1:100, down = 100:1, offset = -3:96),
  c(".rds", ".v2.rds", ".RData")
)
frame(
  "altrep_real_sequence",
  "a compact sequence of doubles",
  columns(x = as.double(2147483648:2147483651)),
  c(".rds", ".v2.rds")
)
frame(
  "altrep_deferred_string",
  "as.character(1:n) is not spelled out until used",
  columns(x = as.character(1:50), y = as.character(c(5L, NA, -7L, 50:4))),
  c(".rds", ".v2.rds", ".ascii.rds")
)
doubles <- c(
  1,
  1.5,
  0.1,
  100000,
  123456,
  1e15,
  1e5 + 0.1,
  1 / 3,
  NA,
  NaN,
  Inf,
  -Inf,
  1e-5,
  0.0001,
  1e300,
  -2.5,
  0,
  1e16,
  123456.7,
  123456789012345678,
  2^60,
  0.1 + 0.2,
  -0,
  1234567890.12345678,
  99999.99999999999
)
frame(
  "altrep_deferred_doubles",
  "texts of doubles, in R's 15 digits, fixed or scientific",
  columns(x = as.character(doubles)),
  c(".rds", ".v2.rds")
)
options(scipen = 100)
frame(
  "altrep_deferred_scipen",
  "texts of doubles under scipen = 100, which the file tells",
  columns(x = as.character(c(1e5, 1e15, 0.00001, 123456.7, 1e200))),
  c(".rds", ".v2.rds")
)
options(scipen = -100)
frame(
  "altrep_deferred_scipen_negative",
  "texts of doubles under scipen = -100: all scientific",
  columns(x = as.character(c(1e5, 12, 0.5, 0))),
  c(".rds", ".v2.rds")
)
options(scipen = 0)
wrapped <- function(x) .Internal(wrap_meta(x, 1L, TRUE))
frame(
  "altrep_wrapped",
  "vectors wrapped with the note that they are sorted",
  columns(
    i = wrapped(c(1L, 3L, 9L)),
    d = wrapped(c(1, 2.5, 3)),
    s = wrapped(c("a", "b", "c")),
    l = wrapped(c(FALSE, FALSE, TRUE))
  ),
  c(".rds", ".v2.rds", ".ascii.rds")
)
sorted_dates <- sort(structure(c(3, 1, 2) + 19000, class = "Date"))
frame(
  "altrep_wrapped_attributes",
  "sorting wraps the vector below its class",
  columns(
    x = sorted_dates,
    y = structure(wrapped(c(1L, 2L, 3L)), class = "Date")
  )
)

# ---- attributes of columns

frame(
  "ts",
  "a time series as a column: class and tsp come back",
  columns(x = stats::ts(c(1, NA, 3, 4), start = c(1999, 2), frequency = 4)),
  every_form
)
frame(
  "labelled",
  "label, value labels and a class, as haven and Hmisc write them",
  columns(
    x = structure(
      c(1, 2, NA),
      label = "Sex",
      labels = c(male = 1, female = 2),
      format.spss = "F8.0",
      class = c("haven_labelled", "vctrs_vctr", "double")
    ),
    y = structure(c("a", "b", NA), label = "Name"),
    z = structure(
      c(1L, 5L, 9L),
      label = c("unit" = "mm"),
      class = c("labelled", "integer")
    )
  ),
  every_form
)
frame(
  "class_on_date",
  "a class of its own before Date keeps the base",
  columns(x = structure(c(0, 1), class = c("my_date", "Date")))
)
frame(
  "class_on_factor",
  "a class of its own before factor",
  columns(
    x = structure(c(1L, NA), levels = "a", class = c("my_factor", "factor"))
  )
)
frame(
  "factor_contrasts",
  "a factor with contrasts by name, as CO2 might have",
  columns(x = structure(factor(c("a", "b")), contrasts = "contr.sum"))
)
frame("names_on_values", "values that have names", columns(x = c(a = 1, b = 2)))
frame(
  "array_one_dim",
  "an array of one dimension, as table() leaves it",
  columns(x = array(c(1L, 2L), dim = 2L, dimnames = list(c("a", "b"))))
)
frame(
  "attribute_kinds",
  "attributes of each kind: NULL can't be, lists, raw, NA, nested",
  columns(
    x = structure(
      c(1, 2),
      a = TRUE,
      b = NA,
      c = c(4L, 2L),
      d = c(x = 1.5),
      e = c("u", NA),
      f = list(1L, list("deep", NULL)),
      g = as.raw(1:3),
      h = factor("v")
    )
  )
)

# ---- attributes and classes of frames

grouped <- columns(
  Plant = factor(c("Qn1", "Qn2"), ordered = TRUE),
  uptake = c(16, 30.4),
  class = c("nfnGroupedData", "nfGroupedData", "groupedData", "data.frame")
)
attr(grouped, "formula") <- uptake ~ conc | Plant
environment(attr(grouped, "formula")) <- emptyenv()
attr(grouped, "outer") <- ~ Treatment * Type
environment(attr(grouped, "outer")) <- globalenv()
attr(grouped, "labels") <- list(
  x = "Ambient carbon dioxide concentration",
  y = "CO2 uptake rate"
)
frame(
  "grouped_data",
  "formulas with the empty and the global environment: inert, and in CO2",
  grouped,
  every_form
)
frame(
  "tibble",
  "a tibble is its class",
  columns(
    x = c(1, 2),
    y = c("a", NA),
    class = c("tbl_df", "tbl", "data.frame")
  ),
  every_form
)
frame(
  "grouped_df",
  "dplyr's groups: a frame within the attributes",
  structure(
    columns(
      x = c(1, 2),
      class = c("grouped_df", "tbl_df", "tbl", "data.frame")
    ),
    groups = columns(x = c(1, 2), class = c("tbl_df", "tbl", "data.frame"))
  )
)
if (requireNamespace("data.table", quietly = TRUE)) {
  frame(
    "data_table",
    "carries an external pointer that means nothing elsewhere: it is dropped",
    data.table::data.table(x = 1:3, y = c("a", "b", NA), key = "x"),
    every_form
  )
}
frame(
  "comment",
  "an attribute of the frame that R itself uses",
  structure(columns(x = 1), comment = c("made by hand", "twice"))
)
frame(
  "everything",
  "one frame with a column of each type",
  columns(
    logical = c(TRUE, NA, FALSE),
    integer = c(1L, NA, -1L),
    double = c(0.1, NA, NaN),
    character = c("a", NA, "\u00e9"),
    factor = factor(c("u", NA, "v")),
    ordered = factor(c("u", NA, "v"), ordered = TRUE),
    date = as.Date(c("2020-01-01", NA, "1960-06-01")),
    posixct = as.POSIXct(
      c(0.5, NA, 1e9),
      origin = "1970-01-01",
      tz = "Europe/Vienna"
    ),
    difftime = as.difftime(c(1, NA, 2), units = "hours"),
    integer64 = as.integer64(c("1", NA, "-2"))
  ),
  exact_forms
)
