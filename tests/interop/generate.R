# Values for the tests in which both languages share a store: data frames that cover every row of
# the type table in many shapes, and values that are no data frame. Always the same, whoever asks.
#
#   source("generate.R"); generated_frames(); frames_beside_csv(); values()

# ---- pieces

# A data frame of columns that data.frame() would take apart.
frame_of <- function(..., rows = NULL) {
  columns <- list(...)
  if (is.null(rows)) {
    rows <- NROW(columns[[1L]])
  }
  structure(
    columns,
    names = if (length(columns)) names(columns) else character(),
    row.names = .set_row_names(rows),
    class = "data.frame"
  )
}

some_texts <- c(
  "",
  "NA",
  "null",
  "a,b",
  "say \"x\"",
  "line\nend",
  "\r\n",
  "caf\u00e9",
  "\U1F600",
  " x ",
  "007",
  "TRUE",
  "1e5",
  "\\",
  "\001\t"
)

some_doubles <- c(
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
  2^53,
  1e22,
  -2.5e-7
)

sampled <- function(from, n, missing = 0.2) {
  x <- sample(from, n, replace = TRUE)
  x[stats::runif(n) < missing] <- NA
  x
}

sampled_cells <- function(from, n) {
  lapply(seq_len(n), function(i) from[[sample(length(from), 1L)]])
}

integer64_of <- function(texts) {
  if (requireNamespace("bit64", quietly = TRUE)) {
    bit64::as.integer64(texts)
  }
}

hms_of <- function(seconds) {
  structure(seconds, class = c("hms", "difftime"), units = "secs")
}

# One column for each plain row of the type table.
plain_columns <- function(n) {
  columns <- list(
    logical = sampled(c(TRUE, FALSE), n),
    integer = sampled(
      c(-.Machine$integer.max, 0L, 7L, .Machine$integer.max),
      n
    ),
    double = sampled(some_doubles, n),
    character = sampled(some_texts, n),
    factor = factor(
      sampled(some_texts, n),
      levels = c("unused", rev(some_texts))
    ),
    ordered = factor(
      sampled(c("lo", "hi"), n),
      c("lo", "mid", "hi"),
      ordered = TRUE
    ),
    date = as.Date("1970-01-01") + sampled(-800000:2900000, n),
    date_integer = structure(
      sampled(c(-30000L, 0L, 18000L), n),
      class = "Date"
    ),
    posixct = .POSIXct(
      sampled(c(-5e9, -1.5, 0, 1.6e9 + 0.25), n),
      "Europe/Paris"
    ),
    posixct_none = .POSIXct(sampled(c(-1, 0, 1.6e9), n)),
    posixct_integer = .POSIXct(sampled(c(-100L, 1600000000L), n), "UTC"),
    difftime = as.difftime(sampled(c(-1.5, 0, 36.25), n), units = "hours"),
    difftime_integer = structure(
      sampled(-5:5, n),
      class = "difftime",
      units = "days"
    ),
    labelled = structure(
      sampled(c(1, 2.5), n),
      label = "what it is",
      labels = c(no = 1, yes = 2.5),
      class = c("haven_labelled", "vctrs_vctr", "double")
    ),
    units = structure(
      sampled(c(1, 2), n),
      units = structure(
        list(numerator = "m", denominator = character()),
        class = "symbolic_units"
      ),
      class = "units"
    )
  )
  columns$integer64 <- integer64_of(sampled(
    c("9007199254740993", "-1", "0"),
    n
  ))
  columns
}

# One column for each row of the type table that is no plain vector.
nested_columns <- function(n) {
  parts <- c(NaN, Inf, -Inf, NA, 0, -0, 1.5, -1e-300)
  complex <- complex(
    real = sample(parts, n, replace = TRUE),
    imaginary = sample(parts, n, replace = TRUE)
  )
  complex[stats::runif(n) < 0.2] <- NA
  list(
    complex = complex,
    raw = as.raw(sample(0:255, n, replace = TRUE)),
    posixlt = as.POSIXlt(.POSIXct(
      sampled(c(0, -1.25, 1.6e9, 4e9), n),
      "Europe/Paris"
    )),
    hms = hms_of(sampled(c(0, 86399, 3723.5, 0.1), n)),
    hms_far = hms_of(sampled(c(-1, 86400, 1e6), n)),
    list = sampled_cells(list(NULL, numeric(), c(1, NA, NaN, -Inf), 0.1), n),
    list_integer = sampled_cells(list(NULL, integer(), c(1L, NA), -5L), n),
    list_logical = sampled_cells(list(NULL, logical(), c(TRUE, NA), FALSE), n),
    list_character = sampled_cells(
      list(NULL, character(), c(some_texts, NA), "a"),
      n
    ),
    robject = sampled_cells(
      list(
        NULL,
        list(1, list("a", NULL)),
        cars[1:2, ],
        as.Date("2020-01-01"),
        c(a = 1L),
        as.name("symbol"),
        matrix(1:4, 2)
      ),
      n
    ),
    struct = do.call(frame_of, c(plain_columns(n), rows = n)),
    matrix = matrix(
      sampled(some_doubles, 3L * n),
      n,
      3L,
      dimnames = list(NULL, c("a", "b", "c"))
    ),
    matrix_character = matrix(sampled(some_texts, 2L * n), n, 2L)
  )
}

every_row <- function(n) {
  do.call(frame_of, c(plain_columns(n), nested_columns(n), rows = n))
}

# ---- data frames

# A named list of data frames for all formats.
generated_frames <- function() {
  set.seed(20)
  frames <- list(
    no_rows_no_columns = frame_of(rows = 0L),
    no_columns = frame_of(rows = 3L),
    no_columns_named_rows = data.frame(row.names = c("a", "b")),
    plain_no_rows = do.call(frame_of, c(plain_columns(0L), rows = 0L)),
    nested_no_rows = do.call(frame_of, c(nested_columns(0L), rows = 0L)),
    one_cell = data.frame(x = 1),
    one_missing_cell = data.frame(x = NA_character_),
    one_empty_text = data.frame(x = ""),
    one_row = every_row(1L),
    two_rows = every_row(2L),
    seven_rows = every_row(7L),
    plain_rows = do.call(frame_of, c(plain_columns(200L), rows = 200L)),
    nested_rows = do.call(frame_of, c(nested_columns(100L), rows = 100L)),
    all_missing = frame_of(
      logical = c(NA, NA),
      integer = c(NA_integer_, NA),
      double = c(NA_real_, NA),
      nan = c(NaN, NaN),
      character = c(NA_character_, NA),
      factor = factor(c(NA, NA), levels = "a"),
      date = as.Date(c(NA, NA)),
      time = .POSIXct(c(NA_real_, NA), "UTC"),
      complex = c(NA_complex_, NA),
      hms = hms_of(c(NA_real_, NA)),
      posixlt = as.POSIXlt(as.POSIXct(c(NA, NA), tz = "UTC"))
    ),
    factors = frame_of(
      missing_level = addNA(factor(c("a", NA, "b"))),
      no_levels = factor(c(NA, NA, NA)),
      empty_level = factor(c("", "a", NA), levels = c("a", "")),
      text_na = factor(c("NA", NA, "a"), levels = c("NA", "a")),
      contrasts = structure(
        factor(c("a", "b", "a")),
        contrasts = matrix(c(0, 1), 2, dimnames = list(c("a", "b"), "b"))
      )
    ),
    times = frame_of(
      none = .POSIXct(c(0.5, NA)),
      empty = structure(c(0, 1), class = c("POSIXct", "POSIXt"), tzone = ""),
      three = structure(
        c(0, 1),
        class = c("POSIXct", "POSIXt"),
        tzone = c("", "CET", "CEST")
      ),
      unknown = .POSIXct(c(0, 1), "Nowhere/Land"),
      far = .POSIXct(c(-6e10, 2e11), "UTC"),
      micro = .POSIXct(c(1.6e9 + 1e-6, -0.25), "America/New_York")
    ),
    broken_down_times = frame_of(
      utc = as.POSIXlt(c("2020-07-01 12:00:00", NA), tz = "UTC"),
      paris = as.POSIXlt(
        c("1969-12-31 23:59:59.25", "2100-01-01"),
        tz = "Europe/Paris"
      ),
      read = strptime(c("01.02.2003", "04.05.2006"), "%d.%m.%Y", tz = "UTC")
    ),
    durations = do.call(
      frame_of,
      lapply(
        c(
          secs = "secs",
          mins = "mins",
          hours = "hours",
          days = "days",
          weeks = "weeks"
        ),
        function(units) as.difftime(c(1.5, NA, -3), units = units)
      )
    ),
    times_of_day = frame_of(
      whole = hms_of(c(0, 86399, NA)),
      fraction = hms_of(c(0.1, 3723.5, NA)),
      integer = hms_of(c(60L, NA, 0L)),
      beyond = hms_of(c(86400, -1, NA)),
      mine = structure(
        c(1, 2, 3),
        class = c("mine", "hms", "difftime"),
        units = "secs"
      )
    ),
    doubles = data.frame(
      x = c(some_doubles, NA, 2^(-1074 + 100 * 0:20), -stats::runif(20))
    ),
    texts = data.frame(x = c(some_texts, NA, strrep("long ", 1000))),
    latin1 = data.frame(
      x = iconv(c("caf\u00e9", "na\u00efve", NA), "UTF-8", "latin1")
    ),
    row_names = data.frame(
      x = 1:3,
      row.names = c("first", "second \"2\"", "\u00e4")
    ),
    integer_row_names = data.frame(x = 1:3)[c(3L, 1L), , drop = FALSE],
    odd_names = structure(
      list(1, 2, 3, 4),
      names = c("", "a b", "say \"x\"\n", "\u00e9"),
      row.names = 1L,
      class = "data.frame"
    ),
    attributes = structure(
      frame_of(
        named = c(u = 1, v = NA),
        commented = structure(
          1:2,
          comment = "why",
          nested = list(a = list(1), b = NULL)
        ),
        series = stats::ts(c(1, 2), start = c(1990, 3), frequency = 12),
        as_is = I(c("a", "b")),
        my_date = structure(c(0, 1), class = c("mine", "Date")),
        array = array(1:2, 2L)
      ),
      note = "about the frame",
      list = list(1, "a")
    ),
    lists = frame_of(
      as_is = I(list(1:2, NULL, integer())),
      named = list(a = 1, b = c(2, NA), c = NULL),
      of = structure(
        list("a", NULL, character()),
        ptype = character(),
        class = c("vctrs_list_of", "vctrs_vctr", "list")
      ),
      nulls = list(NULL, NULL, NULL),
      texts = list(some_texts, NULL, NA_character_),
      mixed = list(1L, 2, "a"),
      named_items = list(c(a = 1), 2, NULL),
      dates = list(as.Date("2020-01-01"), NULL, as.Date(NA))
    ),
    opaque = frame_of(
      frames = list(cars[1:3, ], CO2[1:2, ], frame_of(rows = 0L)),
      deep = list(list(list(list(1))), list(), list(NULL)),
      vectors = list(1:10, letters, 1i)
    ),
    structs = local({
      inner <- data.frame(
        a = 1:2,
        f = factor(c("u", NA)),
        row.names = c("x", "y")
      )
      inner$deep <- data.frame(d = as.Date("2020-01-01") + 0:1, s = c("a", NA))
      inner$list <- list(1:2, NULL)
      inner$matrix <- matrix(c(1, NA, 3, 4), 2)
      frame_of(
        id = 1:2,
        inner = inner,
        no_columns = frame_of(rows = 2L),
        classed = structure(
          cars[1:2, ],
          class = c("tbl_df", "tbl", "data.frame")
        )
      )
    }),
    matrices = frame_of(
      named = matrix(
        c(1, NA, NaN, Inf),
        2,
        dimnames = list(c("a", "b"), c("x", "y"))
      ),
      logical = matrix(c(TRUE, NA), 2),
      integer = matrix(c(1:5, NA), 2),
      complex = matrix(c(1i, NA, 2, 3), 2),
      raw = matrix(as.raw(1:4), 2),
      array = array(1:12, c(2L, 2L, 3L)),
      scaled = scale(matrix(c(1, 2, 4, 8), 2))
    ),
    geometry = local({
      point <- function(x, y) {
        structure(c(x, y), class = c("XY", "POINT", "sfg"))
      }
      geometry <- structure(
        list(point(1, 2), point(3, 4)),
        class = c("sfc_POINT", "sfc"),
        precision = 0,
        bbox = structure(
          c(xmin = 1, ymin = 2, xmax = 3, ymax = 4),
          class = "bbox"
        ),
        crs = structure(
          list(input = NA_character_, wkt = NA_character_),
          class = "crs"
        ),
        n_empty = 0L
      )
      structure(
        frame_of(id = 1:2, geometry = geometry),
        sf_column = "geometry",
        agr = structure(
          factor(NA, c("constant", "aggregate", "identity")),
          names = "id"
        ),
        class = c("sf", "data.frame")
      )
    }),
    s4 = frame_of(period = period_of(c(1, 2.5), c(3, 4))),
    formula = structure(data.frame(x = 1:2), formula = attr(CO2, "formula")),
    grouped = structure(
      data.frame(g = c("a", "b", "a"), x = 1:3),
      class = c("grouped_df", "tbl_df", "tbl", "data.frame"),
      groups = structure(
        frame_of(g = c("a", "b"), .rows = list(c(1L, 3L), 2L)),
        class = c("tbl_df", "tbl", "data.frame"),
        .drop = TRUE
      )
    ),
    many_columns = as.data.frame(
      stats::setNames(lapply(1:300, function(i) c(i, NA)), paste0("c", 1:300))
    ),
    sequences = data.frame(compact = 1:1000, text = as.character(1:1000))
  )
  c(frames, frames_of_packages())
}

# Frames of classes whose package is here.
frames_of_packages <- function() {
  frames <- list()
  if (requireNamespace("tibble", quietly = TRUE)) {
    frames$tibble <- tibble::tibble(
      a = 1:2,
      l = list(1, c(2, NA)),
      p = tibble::tibble(x = 1:2, y = c("a", NA))
    )
  }
  if (requireNamespace("data.table", quietly = TRUE)) {
    table <- data.table::data.table(
      k = c("a", "b"),
      l = list(1, NULL),
      key = "k"
    )
    # a pointer of this session
    attr(table, ".internal.selfref") <- NULL
    frames$data_table <- table
  }
  if (requireNamespace("hms", quietly = TRUE)) {
    frames$hms <- data.frame(t = hms::hms(c(1, NA, 86399.5)))
  }
  if (requireNamespace("bit64", quietly = TRUE)) {
    frames$integer64 <- data.frame(
      x = bit64::as.integer64(c(
        "9223372036854775807",
        "-9223372036854775807",
        NA,
        "0"
      ))
    )
  }
  frames
}

# Frames for RDS and RData alone: text that has no encoding.
frames_beside_csv <- function() {
  bytes <- c("\xff\xfe", "ok")
  Encoding(bytes) <- "bytes"
  list(bytes = frame_of(x = bytes))
}

# An S4 object over a vector, as lubridate's periods are. The class is defined on first use.
period_of <- function(seconds, year) {
  if (!methods::isClass("InteropPeriod")) {
    methods::setClass(
      "InteropPeriod",
      contains = "numeric",
      slots = c(year = "numeric"),
      where = globalenv()
    )
  }
  methods::new("InteropPeriod", seconds, year = year)
}

# ---- values that are no data frame

values <- function() {
  list(
    null = NULL,
    empty_list = list(),
    logical = c(TRUE, NA, FALSE),
    integer = c(1L, NA, -5L),
    one_integer = 7L,
    no_integer = integer(),
    named_integer = c(a = 1L, b = NA),
    double = c(some_doubles, NA),
    complex = c(1 + 2i, NA, complex(real = NaN, imaginary = -Inf)),
    character = c(some_texts, NA),
    latin1 = iconv("caf\u00e9", "UTF-8", "latin1"),
    raw = as.raw(0:255),
    factor = addNA(factor(c("a", NA, "b"))),
    ordered = factor(c("lo", "hi"), c("lo", "mid", "hi"), ordered = TRUE),
    date = as.Date(c("2020-02-29", NA)),
    posixct = .POSIXct(c(0.5, NA), "Europe/Paris"),
    posixlt = as.POSIXlt("2020-07-01 12:00:00", tz = "UTC"),
    difftime = as.difftime(c(1.5, NA), units = "hours"),
    sequence = 1:10,
    matrix = matrix(c(1:5, NA), 2),
    named_matrix = matrix(
      c(1, NA, NaN, 4),
      2,
      dimnames = list(c("a", "b"), c("x", "y"))
    ),
    text_matrix = matrix(c("a", NA, "", "d"), 2),
    array = array(as.double(1:24), 2:4),
    table = table(c("a", "b", "a")),
    series = stats::ts(c(1, 2, 3), start = 1990),
    unnamed_list = list(1L, "a", NULL, TRUE),
    named_list = list(a = 1, b = "x", c = NULL, d = list(e = 1:3)),
    partly_named_list = list(a = 1, 2),
    list_of_frames = list(cars = cars, women = women),
    nested_list = list(list(list(list()))),
    formula = attr(CO2, "formula"),
    s4 = period_of(1, 2)
  )
}
