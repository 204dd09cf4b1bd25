test_that("each row of errors.csv is a condition with its parents' classes", {
  table <- shared_table("errors")
  for (name in setdiff(table$name, "crossframe_error")) {
    error <- tryCatch(cf_abort(name, "Can't."), crossframe_error = identity)
    expect_s3_class(error, paste0("crossframe_error_", name))
    expect_s3_class(error, "error")
    parent <- table$parent[table$name == name]
    expect_s3_class(
      error,
      if (parent == "crossframe_error") {
        parent
      } else {
        paste0("crossframe_error_", parent)
      }
    )
  }
})

test_that("a message is problem, detail and hint, and keeps its fields", {
  error <- tryCatch(
    cf_abort(
      "object_not_found",
      "Can't find it.",
      "Looked everywhere.",
      "Look again?",
      key = "a/b"
    ),
    error = identity
  )
  expect_identical(
    conditionMessage(error),
    "Can't find it.\n  Looked everywhere.\n  Look again?"
  )
  expect_identical(error$key, "a/b")
  expect_null(conditionCall(error))
  expect_identical(
    conditionMessage(cf_error("usage", "Can't.", hint = "Do.")),
    "Can't.\n  Do."
  )
  expect_identical(
    class(cf_error("signature", "Can't.")),
    c(
      "crossframe_error_signature",
      "crossframe_error_credentials",
      "crossframe_error_store",
      "crossframe_error",
      "error",
      "condition"
    )
  )
})

test_that("warnings have their classes", {
  expect_warning(
    cf_warn("stale_schema", "Is stale."),
    class = "crossframe_warning_stale_schema"
  )
  expect_warning(
    cf_warn("lossy_conversion", "Is lossy."),
    class = "crossframe_warning"
  )
})

test_that("a name that is in no row is a mistake of ours", {
  expect_error(cf_abort("no_such_row", "Can't."), "no row 'no_such_row'")
})
