# Runs tests/conformance/combine; then what only R's frames have.

parts_of <- function(frames) {
  lapply(seq_along(frames), function(i) {
    columns <- frames[[i]]
    frame <- read_frame(list(
      columns = columns,
      rows = length(columns[[1L]]$values)
    ))
    list(key = paste0("k", i), frame = frame)
  })
}

combined <- function(...) {
  frames <- list(...)
  parts <- Map(
    frames,
    paste0("k", seq_along(frames)),
    f = function(frame, key) {
      list(key = key, frame = frame)
    }
  )
  combine_frames(unname(parts))
}

test_that("vectors of combine", {
  skip_if_not_installed("bit64")
  for (vector in conformance_vectors("combine", "combine.json")) {
    parts <- parts_of(vector$frames)
    if (!is.null(vector$error)) {
      error <- expect_error(
        combine_frames(parts),
        class = "crossframe_error_schema_mismatch",
        info = vector$name
      )
      said <- vector$error
      words <- c(
        paste0("'", c(said$column, said$keys), "'"),
        unlist(said$types)
      )
      for (word in words) {
        expect_match(
          conditionMessage(error),
          word,
          fixed = TRUE,
          info = vector$name
        )
      }
      next
    }
    expected <- lapply(vector$expected, read_column)
    names(expected) <- vapply(vector$expected, `[[`, "", "name")
    expect_no_warning(got <- combine_frames(parts, list()))
    rows <- vapply(parts, function(part) nrow(part$frame), 0L)
    keys <- vapply(parts, `[[`, "", "key")
    expect_identical(as.character(got$key), rep(keys, rows), info = vector$name)
    expect_true(
      identical(as.list(got)[-1L], expected, attrib.as.set = TRUE),
      label = vector$name
    )
  }
})

test_that("vectors of attributes", {
  for (vector in conformance_vectors("combine", "attributes.json")) {
    frames <- lapply(vector$frames, read_frame)
    expect_no_warning(got <- do.call(combined, frames))
    expect_true(
      identical(got, read_frame(vector$expected), attrib.as.set = TRUE),
      label = vector$name
    )
  }
})

test_that("attributes stay where all agree, and what differs is told", {
  x <- structure(1:2, label = "x in kg")
  y <- function(label) structure(c(1, 2), label = label)
  one <- data.frame(x = x, y = y("one"))
  two <- data.frame(x = x, y = y("two"))
  expect_warning(
    both <- combined(one, two),
    "Attribute 'label' of column 'y'",
    class = "crossframe_warning_lossy_conversion"
  )
  expect_identical(both$x, structure(c(1:2, 1:2), label = "x in kg"))
  expect_identical(both$y, c(1, 2, 1, 2))
  expect_identical(combined(one), one)
})

test_that("row names stay where they name every row", {
  one <- data.frame(x = 1:2, row.names = c("a", "b"))
  two <- data.frame(x = 3L, row.names = "c")
  expect_identical(
    combined(one, two),
    data.frame(x = 1:3, row.names = c("a", "b", "c"))
  )
  for (other in list(one, data.frame(x = 9L))) {
    expect_warning(
      both <- combined(one, other),
      "Row names",
      class = "crossframe_warning_lossy_conversion"
    )
    expect_identical(attr(both, "row.names"), seq_len(nrow(both)))
  }
})

test_that("classes of frames stay, but for what is true of one part's rows only", {
  one <- structure(
    data.frame(x = 1:2),
    class = c("data.table", "data.frame"),
    sorted = "x"
  )
  expect_s3_class(combined(one, one), "data.table")
  expect_null(attr(combined(one, one), "sorted"))
  grouped <- structure(
    data.frame(x = 1:2),
    class = c("grouped_df", "tbl_df", "tbl", "data.frame"),
    groups = data.frame(x = 1:2)
  )
  both <- combined(grouped, grouped)
  expect_identical(class(both), c("tbl_df", "tbl", "data.frame"))
})

test_that("what a promotion loses is told", {
  skip_if_not_installed("bit64")
  numbers <- bit64::as.integer64(c(
    "9007199254740993",
    "5",
    NA,
    "-18014398509481984"
  ))
  expect_warning(
    both <- combined(data.frame(x = numbers), data.frame(x = 0.5)),
    "1 whole numbers do not fit into double",
    class = "crossframe_warning_lossy_conversion"
  )
  expect_identical(both$x, c(2^53, 5, NA, -2^54, 0.5))
  expect_identical(
    combined(data.frame(x = c(-1L, NA, 7L)), data.frame(x = numbers[2])),
    data.frame(x = bit64::as.integer64(c("-1", NA, "7", "5")))
  )
})

test_that("every type of column joins with itself, and has missing values where a frame lacks it", {
  frame <- cbind(generated_frame(20L, 1), nested_frame(20L, 2))
  # What R itself does not keep of some rows.
  frame[c("series", "labelled")] <- NULL
  frame$struct[c("series", "labelled")] <- NULL
  half <- rows_of(frame, 1:10)
  rest <- rows_of(frame, 11:20)
  attr(rest, "row.names") <- .set_row_names(10L)
  attr(rest$struct, "row.names") <- .set_row_names(10L)
  both <- combined(half, rest)
  for (name in names(frame)) {
    kind <- column_kind(frame[[name]], name)
    if (kind$type %in% c("struct", "posixlt")) {
      expect_equal(both[[name]], frame[[name]], info = name)
    } else {
      expect_true(
        identical(both[[name]], frame[[name]], attrib.as.set = TRUE),
        label = name
      )
    }
  }
  lacking <- combined(half, data.frame(other = 1:2))
  expect_identical(nrow(lacking), 12L)
  for (name in setdiff(
    names(frame),
    c("struct", "matrix", "robject", "list", "texts")
  )) {
    expect_true(all(is.na(lacking[[name]][11:12])), label = name)
  }
  expect_identical(lacking$list[11:12], list(NULL, NULL))
  expect_true(all(is.na(lacking$matrix[11:12, ])))
})

test_that("columns of data frames, lists and matrices must be alike", {
  nest <- function(value) {
    frame <- data.frame(x = 1:2)
    frame$column <- value
    frame
  }
  values <- list(
    data.frame(a = 1:2),
    data.frame(b = 1:2),
    list(1L, 2L),
    list(1.5, 2),
    matrix(1:2, 2, 1),
    matrix(1:4, 2, 2),
    matrix(c(1.5, 2, 3, 4), 2, 2)
  )
  for (i in seq_along(values)) {
    for (j in seq_along(values)) {
      if (i == j) {
        expect_identical(
          nrow(combined(nest(values[[i]]), nest(values[[i]]))),
          4L
        )
      } else {
        expect_error(
          combined(nest(values[[i]]), nest(values[[j]])),
          "'column'",
          class = "crossframe_error_schema_mismatch"
        )
      }
    }
  }
})
