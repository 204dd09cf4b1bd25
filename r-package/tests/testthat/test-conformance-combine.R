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
