# Versions: listed, loaded, brought back.

on_roots(
  "what was there before can be listed, loaded and brought back",
  function(kind) {
    cf_save(cars, "d.rds")
    cf_save(women, "d.rds")
    found <- cf_versions("d.rds")
    expect_named(
      found,
      c("key", "version", "modified", "size", "etag", "latest", "deleted")
    )
    expect_identical(found$key, c("d.rds", "d.rds"))
    expect_identical(found$latest, c(TRUE, FALSE))
    expect_identical(found$deleted, c(FALSE, FALSE))
    expect_identical(cf_load("d.rds", version = found$version[2]), cars)
    told <- cf_restore("d.rds", found$version[2])
    expect_identical(told$key, "d.rds")
    expect_identical(cf_load("d.rds"), cars)
    # nothing is lost by it
    expect_identical(nrow(cf_versions("d.rds")), 3L)
    expect_identical(cf_load("d.rds", version = found$version[1]), women)
  }
)

on_roots("a deletion is undone", function(kind) {
  cf_save(typed(), "d.csv")
  cf_delete("d.csv")
  expect_error(cf_load("d.csv"), class = "crossframe_error_object_not_found")
  expect_true(cf_versions("d.csv")$deleted[1])
  cf_restore("d.csv")
  expect_silent(expect_identical(cf_load("d.csv"), typed()))
  before <- cf_versions("d.csv")
  cf_restore("d.csv")
  expect_identical(cf_versions("d.csv"), before)
})

on_roots("a CSV's version has the types of that version", function(kind) {
  # Of one size and shape, so that nothing but the hash tells the sidecars apart.
  cf_save(typed("b"), "d.csv")
  cf_save(typed("c"), "d.csv")
  found <- cf_versions("d.csv")
  expect_silent({
    expect_identical(cf_load("d.csv", version = found$version[2]), typed("b"))
    expect_identical(cf_load("d.csv", version = found$version[1]), typed("c"))
  })
  expect_identical(
    cf_info("d.csv", version = found$version[2])$columns$r,
    "factor"
  )
  down <- tempfile(fileext = ".csv")
  cf_download("d.csv", down, version = found$version[2])
  expect_silent(expect_identical(cf_load(down), typed("b")))
  cf_restore("d.csv", found$version[2])
  expect_silent(expect_identical(cf_load("d.csv"), typed("b")))
})

on_roots(
  "the same text with other types gets the sidecar of its time",
  function(kind) {
    cf_save(data.frame(x = c("a", "b")), "d.csv")
    # Why: a server tells times in whole seconds.
    Sys.sleep(if (kind == "folder") 0.05 else 1.1)
    cf_save(data.frame(x = factor(c("a", "b"))), "d.csv")
    found <- cf_versions("d.csv")
    classes <- vapply(found$version, FUN.VALUE = "", function(version) {
      class(cf_load("d.csv", version = version)$x)
    })
    expect_identical(unname(classes), c("factor", "character"))
    cf_restore("d.csv", found$version[2])
    expect_identical(class(cf_load("d.csv")$x), "character")
  }
)

on_roots("versions below a prefix, keys in byte order", function(kind) {
  put_text("a/2.txt", "2")
  put_text("a/1.txt", "1")
  put_text("a/1.txt", "one")
  put_text("ab.txt", "no")
  found <- cf_versions("a/")
  expect_identical(found$key, c("a/1.txt", "a/1.txt", "a/2.txt"))
  expect_error(
    cf_versions("a/3.txt"),
    class = "crossframe_error_object_not_found"
  )
  expect_error(
    cf_load("a/1.txt", version = "0", format = "csv"),
    class = "crossframe_error_object_not_found"
  )
  missing <- tryCatch(
    cf_load("a/1.txt", version = "0", format = "csv"),
    error = identity
  )
  expect_null(missing$hint)
})

test_that("where versions may not be listed the types are not made up", {
  store <- cf_store_folder(tempfile())
  with_root(root = store, {
    cf_save(typed(), "d.csv")
    id <- cf_versions("d.csv")$version[1]
  })
  store$versions <- function(...) {
    cf_abort("access_denied", "Can't list versions: s3:ListBucketVersions.")
  }
  with_root(root = store, {
    expect_warning(
      loaded <- cf_load("d.csv", version = id),
      "ListBucketVersions",
      class = "crossframe_warning_stale_schema"
    )
    expect_identical(loaded$x, c("a", "b"))
  })
})
