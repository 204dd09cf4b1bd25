# Runs tests/conformance/datasets.

uri_of_set <- function(vector) {
  paste0(conformance("datasets", "sets"), "/", vector$uri)
}

test_that("vectors of datasets", {
  for (vector in conformance_vectors("datasets", "datasets.json")) {
    columns <- if (!is.null(vector$columns)) as.character(vector$columns)
    if (!is.null(vector$error)) {
      error <- tryCatch(
        cf_load(uri_of_set(vector), columns = columns),
        crossframe_error = identity
      )
      expect_identical(
        class(error)[1L],
        paste0("crossframe_error_", vector$error),
        info = vector$name
      )
      for (text in vector$says) {
        said <- conditionMessage(error)
        expect_match(said, text, fixed = TRUE, info = vector$name)
      }
      next
    }
    expect_no_warning(loaded <- cf_load(uri_of_set(vector), columns = columns))
    expected <- lapply(vector$expected, read_column)
    names(expected) <- vapply(vector$expected, `[[`, "", "name")
    expect_true(
      identical(as.list(loaded), expected, attrib.as.set = TRUE),
      label = vector$name
    )
    expect_identical(
      attr(loaded, "row.names"),
      seq_along(expected[[1L]]),
      info = vector$name
    )
  }
})

test_that("a data set is described as one frame", {
  for (vector in conformance_vectors("datasets", "datasets.json")) {
    if (is.null(vector$expected) || length(vector$columns)) {
      next
    }
    told <- cf_info(uri_of_set(vector))
    loaded <- cf_load(uri_of_set(vector))
    expect_identical(told$frames$name, vector$name, info = vector$name)
    expect_identical(told$frames$rows, nrow(loaded), info = vector$name)
    expect_identical(told$columns$name, names(loaded), info = vector$name)
    expect_identical(
      told$columns$r,
      vapply(
        loaded,
        function(x) paste(class(x), collapse = "/"),
        "",
        USE.NAMES = FALSE
      ),
      info = vector$name
    )
    expect_output(print(told), "rows x")
  }
})

test_that("a pattern takes each part for itself", {
  expected <- list(
    numbers = c("part.0", "part.1", "part.10", "part.2"),
    listed_parquet = c("part.0", "part.1")
  )
  for (name in names(expected)) {
    uri <- paste0(conformance("datasets", "sets"), "/", name, "/")
    frames <- cf_load_many(uri)
    expect_named(frames, expected[[name]])
    rows <- vapply(frames, nrow, 0L)
    expect_identical(sum(rows), nrow(cf_load(uri)))
  }
})
