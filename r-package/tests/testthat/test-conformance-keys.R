# Runs tests/conformance/keys and choose: a known gap is a row of gaps.csv, and a gap that passes fails.

conformance <- function() {
  path <- Sys.getenv("CROSSFRAME_CONFORMANCE", "../../../tests/conformance")
  skip_if_not(dir.exists(path), "the shared vectors, outside the repository")
  path
}

compiled <- function(input) {
  compile_pattern(input$pattern, isTRUE(input$regex))
}

run_match <- function(input) {
  pattern <- compiled(input)
  keys <- as.character(unlist(input$keys))
  found <- pattern_match(pattern, keys)
  matched <- keys[found$matched]
  expect_true(all(startsWith(matched, pattern$prefix)))
  rows <- lapply(seq_along(matched), function(i) {
    tagged(pattern$fields, lapply(found$fields, `[[`, i))
  })
  stats::setNames(rows, matched)
}

field_value <- function(tagged) {
  text <- tagged[[2L]]
  if (is.null(text)) {
    return(NA)
  }
  switch(
    tagged[[1L]],
    str = text,
    int = if (abs(as.numeric(text)) < 2^31) {
      as.integer(text)
    } else {
      as.numeric(text)
    },
    float = as.numeric(text),
    date = as.Date(text)
  )
}

warned <- function(code) {
  given <- FALSE
  value <- withCallingHandlers(
    code,
    crossframe_warning_format_mismatch = function(condition) {
      given <<- TRUE
      invokeRestart("muffleWarning")
    }
  )
  c(value, warning = given)
}

raw_of <- function(hex) {
  at <- seq_len(nchar(hex) %/% 2L) * 2L
  as.raw(strtoi(vapply(at, function(i) substr(hex, i - 1L, i), ""), 16L))
}

# A whole number as jsonlite reads it.
as_in_json <- function(x) if (x <= .Machine$integer.max) as.integer(x) else x

run <- list(
  "keys/check_key" = function(input) if (is.character(check_key(input))) "ok",
  "keys/days" = function(input) as_in_json(days_of(input)),
  "keys/durations" = function(input) as_in_json(seconds_of(input)),
  "keys/folder" = function(input) folder_names(input),
  "keys/fill" = function(input) {
    fill_template(input$template, lapply(input$fields, field_value))
  },
  "keys/match" = run_match,
  "keys/name_of" = function(input) name_of(input),
  "keys/names" = function(input) {
    as.list(name_keys(
      unlist(input$keys),
      if (is.null(input$names)) "name" else input$names
    ))
  },
  "keys/parse_uri" = function(input) unclass(parse_uri(input)),
  "keys/parts" = function(input) {
    sets <- group_parts(unlist(input))
    lapply(names(sets), function(key) list(key, as.list(sets[[key]])))
  },
  "keys/prefix" = function(input) compiled(input)$prefix,
  "keys/shown_key" = function(input) {
    shown_keys(input$base, input$key, isTRUE(input$whole))
  },
  "keys/sort" = function(input) as.list(sort_keys(as.character(unlist(input)))),
  "choose/sniff" = function(input) {
    head <- raw_of(input)
    list(compression = sniff_compression(head), format = sniff_format(head))
  },
  "choose/choose" = function(input) {
    warned(choose_format(
      input$key,
      raw_of(input$head),
      input$format,
      input$compression
    ))
  },
  "choose/for_writing" = function(input) {
    warned({
      choice <- format_for_writing(input$key, input$format, input$compression)
      c(choice, media_type = format_media_type(choice))
    })
  }
)

# What a vector gives; its error's name where it stops with one of ours.
outcome <- function(suite, vector) {
  tryCatch(
    list(value = run[[suite]](vector$input)),
    crossframe_error = function(condition) {
      list(error = sub("^crossframe_error_", "", class(condition)[1L]))
    }
  )
}

expectation <- function(vector) {
  if (!is.null(vector$error)) {
    return(list(error = vector$error))
  }
  # Why: "warning" stands in those vectors only that may warn.
  list(value = vector$expected)
}

same <- function(got, expected) {
  is_map <- function(x) is.list(x) && !is.null(names(x))
  if (is_map(got) || is_map(expected)) {
    got <- Filter(Negate(is.null), got)
    expected <- Filter(Negate(is.null), expected)
    return(
      setequal(names(got), names(expected)) &&
        all(vapply(
          names(expected),
          function(n) same(got[[n]], expected[[n]]),
          TRUE
        ))
    )
  }
  identical(got, expected) ||
    is.list(got) &&
      length(got) == length(expected) &&
      all(unlist(Map(same, got, expected)))
}

for (suite in names(run)) {
  test_that(paste("vectors of", suite), {
    home <- Sys.getenv("HOME")
    Sys.setenv(HOME = "/home/lab")
    on.exit(Sys.setenv(HOME = home))
    gaps <- utils::read.csv(
      file.path(conformance(), "gaps.csv"),
      colClasses = "character"
    )
    gaps <- gaps$name[gaps$suite == suite & gaps$language == "r"]
    vectors <- jsonlite::fromJSON(
      file.path(conformance(), paste0(suite, ".json")),
      simplifyVector = FALSE
    )
    for (vector in vectors) {
      passed <- same(outcome(suite, vector), expectation(vector))
      expect_equal(passed, !vector$name %in% gaps, info = vector$name)
    }
  })
}

test_that("text that is not UTF-8 is no URI, key or pattern", {
  bad <- "a\xff"
  Encoding(bad) <- "UTF-8"
  expect_error(parse_uri(bad), class = "crossframe_error_invalid_uri")
  expect_error(check_key(bad), class = "crossframe_error_invalid_key")
  expect_error(compile_pattern(bad), class = "crossframe_error_invalid_pattern")
  for (no_text in list(NULL, NA_character_, 1, c("a", "b"))) {
    expect_error(parse_uri(no_text), class = "crossframe_error_invalid_uri")
    expect_error(check_key(no_text), class = "crossframe_error_invalid_key")
    expect_error(
      compile_pattern(no_text),
      class = "crossframe_error_invalid_pattern"
    )
  }
})

test_that("latin1 keys are the same keys", {
  key <- "donn\xe9es.csv"
  Encoding(key) <- "latin1"
  expect_identical(check_key(key), "donn\u00e9es.csv")
  expect_identical(name_of(key), "donn\u00e9es")
  expect_true(pattern_match(compile_pattern("donn?es.*"), key)$matched)
})

test_that("filling a template and matching the key gives the fields back", {
  set.seed(1)
  pattern <- compile_pattern("x/{site}-{n:int}_{x:float}/{day:date}.csv")
  for (i in 1:200) {
    fields <- list(
      site = paste(
        sample(c(letters, "_", ".", " ", "\u00e9"), 5, TRUE),
        collapse = ""
      ),
      n = as.integer(runif(1, -1e9, 1e9)),
      x = rnorm(1) * 10^sample(-20:20, 1),
      day = as.Date("1970-01-01") + sample(-700000:2900000, 1)
    )
    key <- fill_template(pattern, fields)
    expect_identical(
      lapply(pattern_match(pattern, key)$fields, unname),
      fields,
      info = key
    )
  }
})
