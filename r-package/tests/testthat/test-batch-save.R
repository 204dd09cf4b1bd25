# Many keys saved: several at a time, and all or nothing.

# A store on which writing fails for keys that match.
failing_store <- function(store, pattern, verb) {
  whole <- store[[verb]]
  refuse <- function(key) {
    if (grepl(pattern, key)) {
      cf_abort("access_denied", sprintf("Can't write '%s'.", key))
    }
  }
  if (verb == "copy") {
    store$copy <- function(key, target, ...) {
      refuse(target)
      whole(key, target, ...)
    }
  } else {
    store$put_stream <- function() {
      stream_of(function(at, item) {
        refuse(item$key)
        put_item(store$put, item)
      })
    }
  }
  store
}

three <- list(a = cars, b = typed(), c = women)

on_roots("all are saved, or none, and nothing temporary stays", function(kind) {
  expected <- paste0("x/", c("a.csv", "b.csv", "c.csv"))
  saved <- cf_save_many(three, "x/{name}.csv", atomic = TRUE)
  expect_identical(saved$key, expected)
  expect_identical(saved$rows, c(50L, 2L, 15L))
  there <- sort(c(expected, paste0(expected, sidecar_suffix)), method = "radix")
  expect_identical(keys_there(), there)
  expect_identical(saved$etag, cf_find("x/")$etag)
  expect_identical(cf_load_many("x/"), three)
  cf_save_many(list(a = women), "x/{name}.csv", atomic = TRUE, schema = FALSE)
  expect_false("x/a.csv.schema.json" %in% keys_there())
  error <- expect_error(
    cf_save_many(
      list(a = cars, d = cars),
      "x/{name}.csv",
      atomic = TRUE,
      overwrite = FALSE
    ),
    "1 of 2",
    class = "crossframe_error_batch"
  )
  expect_s3_class(error$errors[["x/a.csv"]], "crossframe_error_object_exists")
  expect_identical(error$done, character())
  expect_identical(nrow(cf_find("x/d.csv")), 0L)
  versions <- cf_versions("x/b.csv")
  expect_identical(nrow(versions), 1L)
  current <- resolve(".")$store
  hidden <- current$versions("x/.saving-")
  expect_identical(nrow(hidden[!hidden$deleted, ]), 0L)
})

test_that("what can't be written leaves everything as it was", {
  root <- cf_store_memory()
  with_root(root = root, cf_save(women, "x/b.rds"))
  with_root(root = failing_store(root, "/b.rds$", "put"), {
    error <- expect_error(
      cf_save_many(three, "x/{name}.rds", atomic = TRUE),
      class = "crossframe_error_batch"
    )
    expect_named(error$errors, "x/b.rds")
    expect_identical(error$done, character())
    expect_identical(root$list()$key, "x/b.rds")
    expect_identical(cf_load("x/b.rds"), women)
    expect_error(
      cf_save_many(three, "x/{name}.rds"),
      "x/b.rds",
      class = "crossframe_error_access_denied"
    )
    expect_identical(root$list()$key, c("x/a.rds", "x/b.rds"))
  })
})

test_that("a copy that fails tells which keys were written", {
  root <- cf_store_memory()
  with_root(root = failing_store(root, "^x/b.rds$", "copy"), {
    error <- expect_error(
      cf_save_many(three, "x/{name}.rds", atomic = TRUE),
      "Done nonetheless: 'x/a.rds'",
      class = "crossframe_error_batch"
    )
  })
  expect_named(error$errors, "x/b.rds")
  expect_identical(error$done, "x/a.rds")
  expect_identical(root$list()$key, "x/a.rds")
})

test_that("a schema whose copy fails does not unwrite its data", {
  root <- cf_store_memory()
  failing <- failing_store(root, "^x/b.csv.schema.json$", "copy")
  with_root(root = failing, {
    error <- expect_error(
      cf_save_many(three, "x/{name}.csv", atomic = TRUE),
      "Done nonetheless: 'x/a.csv', 'x/b.csv'",
      class = "crossframe_error_batch"
    )
  })
  expect_named(error$errors, "x/b.csv")
  expect_identical(error$done, c("x/a.csv", "x/b.csv"))
  expect_true("x/b.csv" %in% root$list()$key)
})

test_that("an interrupt leaves nothing temporary", {
  root <- cf_store_memory()
  stopped <- root
  stopped$put_stream <- function() {
    stream_of(function(at, item) {
      if (at == 2L) {
        signalCondition(structure(class = c("interrupt", "condition"), list()))
      }
      put_item(root$put, item)
    })
  }
  with_root(root = stopped, {
    interrupted <- tryCatch(
      cf_save_many(three, "x/{name}.rds", atomic = TRUE),
      interrupt = identity
    )
  })
  expect_s3_class(interrupted, "interrupt")
  expect_identical(nrow(root$list()), 0L)
})

test_that("an empty list saves nothing", {
  with_root(root = cf_store_memory(), {
    nothing <- stats::setNames(list(), character())
    expect_null(cf_save_many(nothing, "x/{name}.rds"))
    expect_null(cf_save_many(nothing, "x/{name}.rds", atomic = TRUE))
  })
})

test_that("many go up at once, large ones and conditions among them", {
  skip_on_cran()
  bucket <- new_bucket("moto")
  arguments <- server_arguments(start_server("moto"))
  store <- do.call(cf_store_s3, c(list(bucket), arguments))
  with_root(
    root = store,
    with_internal(list(part_bytes = 5 * 1024^2), {
      frames <- lapply(1:40, function(i) data.frame(i = i))
      names(frames) <- sprintf("f%02d", 1:40)
      frames$f20 <- data.frame(x = stats::rnorm(1e6))
      saved <- cf_save_many(frames, "x/{name}.rds", compression = "none")
      expect_identical(saved$key, sprintf("x/f%02d.rds", 1:40))
      expect_true(saved$bytes[20] > 8e6)
      expect_identical(cf_load_many("x/"), frames)
      expect_error(
        cf_save_many(frames["f01"], "x/{name}.rds", overwrite = FALSE),
        "'x/f01.rds'",
        class = "crossframe_error_object_exists"
      )
      cf_save_many(list(new = cars), "x/{name}.rds", overwrite = FALSE)
      expect_identical(cf_load("x/new.rds"), cars)
    })
  )
})
