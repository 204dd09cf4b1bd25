# Runs tests/conformance/select: what cf_find() chooses and lists, and the columns that fields become.

# A store that has a listing and nothing else.
listing_store <- function(rows) {
  rows <- lapply(rows, function(row) {
    if (is.list(row)) row else list(row, 1, "2024-05-01T00:00:00Z")
  })
  whole <- new_listing(
    vapply(rows, `[[`, "", 1L),
    vapply(rows, function(row) as.double(row[[2L]]), 0),
    vapply(rows, function(row) text_seconds(row[[3L]]), 0),
    rep("etag", length(rows))
  )
  store <- cf_store_memory()
  asked <- character()
  store$list <- function(prefix = "") {
    asked <<- c(asked, prefix)
    whole[startsWith(whole$key, prefix), ]
  }
  store$head <- function(key, version = NULL) {
    if (!key %in% whole$key) {
      abort_object_not_found(key, store$uri)
    }
    list(key = key)
  }
  store$asked <- function() asked
  store
}

find_in <- function(vector) {
  arguments <- vector$arguments
  store <- listing_store(vector$listing)
  pattern <- arguments$pattern
  regex <- isTRUE(arguments$regex)
  narrow <- arguments[setdiff(names(arguments), c("pattern", "regex"))]
  found <- with_root(root = store, find_keys(pattern, regex, list(), narrow))
  keys <- lapply(seq_len(nrow(found$rows)), function(i) {
    values <- lapply(found$fields, `[[`, i)
    fields <- tagged(found$types, values)
    list(found$rows$key[i], if (length(fields)) fields else list())
  })
  list(keys = keys, prefixes = as.list(sort_keys(store$asked())))
}

read_field_column <- function(said) {
  switch(
    said$type,
    int = as.integer(said$values),
    date = as.Date(as.character(said$values)),
    read_column(said)
  )
}

error_name <- function(condition) {
  sub("^crossframe_error_", "", class(condition)[1L])
}

test_that("vectors of select: which keys are chosen", {
  for (vector in conformance_vectors("select", "select.json")) {
    got <- tryCatch(find_in(vector), crossframe_error = error_name)
    if (!is.null(vector$error)) {
      expect_identical(got, vector$error, info = vector$name)
      next
    }
    wanted <- lapply(vector$expected$keys, function(one) {
      # A JSON object of nothing still has names.
      list(one[[1L]], if (length(one[[2L]])) one[[2L]] else list())
    })
    expect_identical(got$keys, wanted, info = vector$name)
    expect_identical(got$prefixes, vector$expected$prefixes, info = vector$name)
  }
})

test_that("vectors of select: times", {
  for (vector in conformance_vectors("select", "times.json")) {
    got <- tryCatch(
      filter_time(vector$input, "modified_after"),
      crossframe_error = error_name
    )
    expected <- if (!is.null(vector$error)) {
      vector$error
    } else {
      text_seconds(vector$expected)
    }
    if (is.numeric(got)) {
      got <- trunc(got)
    }
    expect_identical(got, expected, info = vector$name)
  }
})

test_that("vectors of select: fields become columns", {
  skip_if_not_installed("bit64")
  for (vector in conformance_vectors("select", "fields.json")) {
    with_root(root = cf_store_memory(), {
      for (frame in vector$frames) {
        columns <- list(
          columns = frame[[2L]],
          rows = length(frame[[2L]][[1L]]$values)
        )
        cf_save(read_frame(columns), frame[[1L]])
      }
      combined <- cf_load_many(vector$pattern, combine = TRUE)
    })
    expected <- lapply(vector$expected$columns, read_field_column)
    names(expected) <- vapply(vector$expected$columns, `[[`, "", "name")
    expect_identical(as.list(combined), expected, info = vector$name)
  }
})
