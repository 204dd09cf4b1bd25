test_that("keys of s3save() end as the objects in them", {
  for (root in stores_at_hand()) {
    with_root(root = root, {
      d <- cars
      e <- women
      f <- CO2
      s3save(d, object = "foo/bar/baz/d")
      s3save(e, object = "foo/bar/baz/e")
      s3save(f, object = "foo/bar/baz/f")
      s3save(e, object = "foo/other/e")
      expected <- list(d = cars, e = women, f = CO2)
      expect_identical(cf_load_many("foo/bar/baz/"), expected)
      expect_identical(cf_load_many("foo/bar/baz/*"), expected)
      expect_identical(nrow(cf_find("")), 4L)
      expect_identical(cf_load_many("foo/*/baz/?"), expected)
      expect_identical(cf_load_many("^foo/bar/baz/", regex = TRUE), expected)
      expect_identical(cf_load_many("bar/ba", regex = TRUE), expected)
      expect_named(
        cf_load_many("foo/bar/baz/", names = "key"),
        paste0("foo/bar/baz/", c("d", "e", "f"))
      )
      session <- new.env()
      listed <- get_bucket_df(resolve(".")$store)$Key
      for (match in listed[grep("^foo/bar/baz/", listed)]) {
        s3load(object = match, envir = session)
      }
      expect_identical(mget(ls(session), session), expected)
    })
  }
})

test_that("formats mix, and sidecars are no data", {
  with_root({
    cf_save(CO2, "x/a.csv")
    cf_save(CO2, "x/b.rds")
    cf_save(list(c1 = cars, c2 = women), "x/c.RData")
    cf_save(CO2, "x/d.csv.gz")
    loaded <- cf_load_many("x/")
    expect_identical(
      loaded,
      list(a = CO2, b = CO2, c1 = cars, c2 = women, d = CO2)
    )
    by_key <- cf_load_many("x/", names = "key")
    expect_identical(by_key[["x/c.RData"]], list(c1 = cars, c2 = women))
    expect_identical(
      cf_load_many("x/{a,b}.*", columns = "uptake")$b,
      cf_load("x/b.rds", columns = "uptake")
    )
  })
})

test_that("cf_find() shows keys, formats and fields", {
  for (root in stores_at_hand()) {
    with_root(root = root, {
      keys <- c(
        "zh/run_2_2024-02-29.rds",
        "be/run_10_2024-01-01.csv",
        "zh/run_10_2024-01-02.rds",
        "zh/notes.txt",
        "df"
      )
      for (key in keys) {
        cf_save(cars, key, format = "rds") |> suppressWarnings()
      }
      found <- cf_find("{site}/run_{n:int}_{day:date}.*")
      expect_named(
        found,
        c("key", "size", "modified", "etag", "format", "site", "n", "day")
      )
      expect_identical(found$key, sort(keys[1:3], method = "radix"))
      expect_identical(found$site, c("be", "zh", "zh"))
      expect_identical(found$n, c(10L, 10L, 2L))
      expect_identical(
        found$day,
        as.Date(c("2024-01-01", "2024-01-02", "2024-02-29"))
      )
      expect_identical(found$format, c("csv", "rds", "rds"))
      expect_identical(cf_find("df")$format, NA_character_)
      expect_identical(
        cf_find("^(?<where>zh)/", regex = TRUE)$where,
        rep("zh", 3)
      )
      none <- cf_find("none/{n:int}/{day:date}")
      expect_identical(nrow(none), 0L)
      expect_identical(
        vapply(none, function(x) class(x)[1], ""),
        c(
          key = "character",
          size = "numeric",
          modified = "POSIXct",
          etag = "character",
          format = "character",
          n = "integer",
          day = "Date"
        )
      )
    })
  }
})

test_that("only the literal prefix is listed", {
  root <- cf_store_memory()
  asked <- character()
  watched <- root
  watched$list <- function(prefix = "") {
    asked <<- c(asked, prefix)
    root$list(prefix)
  }
  with_root(root = watched, {
    cf_find("foo/bar*/x")
    cf_find("foo/{site}.csv")
    cf_find("^foo/b", regex = TRUE)
    cf_find("foo/")
  })
  expect_identical(asked, c("foo/bar", "foo/", "foo/b", "foo/"))
})

test_that("no match, clashes and bad patterns have their errors", {
  with_root({
    cf_save(cars, "a/d.csv")
    cf_save(cars, "b/d.rds")
    expect_error(
      cf_load_many("none/*"),
      "'none/\\*'",
      class = "crossframe_error_no_match"
    )
    expect_error(
      cf_load_many("^a/d"),
      "regex = TRUE",
      class = "crossframe_error_no_match"
    )
    expect_error(
      cf_load_many("*/d.*"),
      "'a/d.csv' and 'b/d.rds'",
      class = "crossframe_error_name_clash"
    )
    expect_named(cf_load_many("*/d.*", names = "key"), c("a/d.csv", "b/d.rds"))
    cf_save(list(d = 1), "c/x.RData")
    expect_error(
      cf_load_many("{b,c}/*"),
      "'b/d.rds' and 'c/x.RData'",
      class = "crossframe_error_name_clash"
    )
    expect_error(cf_find("a[b"), class = "crossframe_error_invalid_pattern")
    expect_error(
      cf_find("(a", regex = TRUE),
      class = "crossframe_error_invalid_pattern"
    )
    expect_error(
      cf_load_many("*", names = "keys"),
      class = "crossframe_error_usage"
    )
    expect_error(
      cf_load_many("*", on_error = "stop"),
      class = "crossframe_error_usage"
    )
  })
})

test_that("one bad key stops, is collected or is skipped", {
  root <- cf_store_memory()
  with_root(root = root, {
    cf_save_many(list(a = cars, c = women, e = CO2), "x/{name}.rds")
    root$put("x/b.rds", charToRaw("bad"))
    root$put("x/d", charToRaw("bad"))
    expect_error(
      cf_load_many("x/"),
      "x/b.rds",
      class = "crossframe_error_decode"
    )
    condition <- tryCatch(
      cf_load_many("x/", on_error = "collect"),
      error = identity
    )
    expect_s3_class(condition, "crossframe_error_batch")
    expect_match(conditionMessage(condition), "2 of 5")
    expect_named(condition$errors, c("x/b.rds", "x/d"))
    expect_s3_class(condition$errors[["x/b.rds"]], "crossframe_error_decode")
    expect_s3_class(
      condition$errors[["x/d"]],
      "crossframe_error_unknown_format"
    )
    expect_identical(condition$loaded, list(a = cars, c = women, e = CO2))
    warnings <- capture_warnings({
      loaded <- cf_load_many("x/", on_error = "skip")
    })
    expect_identical(loaded, list(a = cars, c = women, e = CO2))
    expect_match(warnings[1], "x/b.rds")
    expect_match(warnings[2], "x/d")
  })
})

test_that("a key that vanishes after the listing is one key's error", {
  root <- cf_store_memory()
  with_root(root = root, {
    cf_save_many(list(a = cars, b = women), "x/{name}.rds")
    gone <- root
    gone$list <- function(prefix = "") {
      listed <- root$list(prefix)
      root$delete("x/a.rds")
      listed
    }
    with_root(root = gone, {
      expect_error(
        cf_load_many("x/"),
        "x/a.rds",
        class = "crossframe_error_object_not_found"
      )
      cf_save(cars, "x/a.rds")
      expect_warning(
        loaded <- cf_load_many("x/", on_error = "skip"),
        class = "crossframe_warning_skipped_key"
      )
      expect_identical(loaded, list(b = women))
    })
  })
})

test_that("what is saved by a template is loaded by it", {
  for (root in stores_at_hand()) {
    with_root(root = root, {
      frames <- list(b = cars, a = CO2, "c d" = women)
      expect_invisible(cf_save_many(frames, "x/{name}.csv.gz"))
      saved <- cf_save_many(frames, "x/{name}.csv.gz")
      columns <- c(
        "key",
        "uri",
        "format",
        "compression",
        "bytes",
        "rows",
        "columns",
        "etag",
        "version"
      )
      expect_named(saved, columns)
      expect_identical(saved$key, c("x/a.csv.gz", "x/b.csv.gz", "x/c d.csv.gz"))
      expect_identical(saved$rows, c(84L, 50L, 15L))
      expect_identical(cf_find("x/{name}.csv.gz")$name, c("a", "b", "c d"))
      expect_identical(
        cf_load_many("x/{name}.csv.gz"),
        frames[c("a", "b", "c d")]
      )
    })
  }
})

test_that("of keys that all fail there is no frame to make", {
  root <- cf_store_memory()
  with_root(root = root, {
    root$put("x/a.rds", charToRaw("bad"))
    root$put("x/b.rds", charToRaw("bad"))
    failed <- expect_error(
      cf_load_many("x/", combine = TRUE, on_error = "skip"),
      class = "crossframe_error_batch"
    )
    expect_named(failed$errors, c("x/a.rds", "x/b.rds"))
  })
})

test_that("rows that are only counted are counted anew in each group", {
  with_root(root = cf_store_memory(), {
    x <- data.frame(g = c("u", "v", "u"))
    cf_save_many(x, "g/{g}.rds")
    expect_identical(cf_load("g/u.rds"), data.frame(g = c("u", "u")))
    rownames(x) <- c("a", "b", "c")
    cf_save_many(x, "named/{g}.rds")
    expect_identical(rownames(cf_load("named/u.rds")), c("a", "c"))
  })
})

test_that("a frame is saved by its groups", {
  with_root(root = cf_store_memory(), {
    saved <- cf_save_many(CO2, "co2/{Type}/{Treatment}.rds")
    expect_identical(saved$key[1], "co2/Mississippi/chilled.rds")
    expect_identical(saved$rows, rep(21L, 4))
    found <- cf_find("co2/{type}/{treatment}.rds")
    expect_identical(found$type, rep(c("Mississippi", "Quebec"), each = 2))
    loaded <- cf_load("co2/Quebec/nonchilled.rds")
    expect_identical(class(loaded), class(CO2))
    expect_identical(attributes(loaded$Plant), attributes(CO2$Plant))
    frame <- data.frame(
      n = c(2L, 10L, 2L),
      day = as.Date("2024-01-01") + c(0, 0, 1),
      v = 1:3
    )
    cf_save_many(frame, "d/{n:int}_{day:date}.csv", by = c("day", "n"))
    expect_identical(
      cf_find("d/")$key,
      c("d/10_2024-01-01.csv", "d/2_2024-01-01.csv", "d/2_2024-01-02.csv")
    )
    expect_identical(
      cf_load("d/2_2024-01-02.csv"),
      data.frame(frame[3, ], row.names = NULL)
    )
    expect_error(
      cf_save_many(frame, "{n}.csv", by = "v"),
      "'by'",
      class = "crossframe_error_usage"
    )
    expect_error(
      cf_save_many(frame, "{w}.csv"),
      "'w'",
      class = "crossframe_error_usage"
    )
    frame$n[1] <- NA
    expect_error(
      cf_save_many(frame, "{n}.csv"),
      class = "crossframe_error_invalid_key"
    )
  })
})

test_that("cf_save_many() checks everything before it writes", {
  root <- cf_store_memory()
  with_root(root = root, {
    expect_error(
      cf_save_many(1:3, "{name}.rds"),
      class = "crossframe_error_usage"
    )
    expect_error(cf_save_many(cars, "x.rds"), class = "crossframe_error_usage")
    expect_error(
      cf_save_many(list(cars), "{name}.rds"),
      class = "crossframe_error_usage"
    )
    expect_error(
      cf_save_many(list(a = cars), "{name}.rds", by = "a"),
      class = "crossframe_error_usage"
    )
    expect_error(
      cf_save_many(list(a = cars), "a.rds"),
      "0 fields",
      class = "crossframe_error_usage"
    )
    expect_error(
      cf_save_many(list(a = cars), "{x}/{y}.rds"),
      class = "crossframe_error_usage"
    )
    expect_error(
      cf_save_many(list(a = cars, "b/c" = cars), "{name}.rds"),
      class = "crossframe_error_invalid_key"
    )
    expect_error(
      cf_save_many(
        stats::setNames(list(cars, cars), c("a", "a")),
        "{name}.rds"
      ),
      class = "crossframe_error_name_clash"
    )
    expect_error(
      cf_save_many(list(a = cars, b = 1), "{name}.csv"),
      class = "crossframe_error_unsupported_type"
    )
    expect_error(
      cf_save_many(list(a = cars), "*/{name}.csv"),
      class = "crossframe_error_invalid_pattern"
    )
    expect_error(
      cf_save_many(list(a = cars), "{name}.xyz"),
      class = "crossframe_error_unknown_format"
    )
  })
  expect_identical(nrow(root$list()), 0L)
})

test_that("more keys than a chunk come in key order", {
  with_root(root = cf_store_memory(), {
    values <- as.list(1:150)
    names(values) <- paste0("v", 1:150)
    cf_save_many(values, "x/{name}.rds", compression = "none")
    loaded <- cf_load_many("x/")
    expect_named(loaded, sort(names(values), method = "radix"))
    expect_identical(loaded[names(values)], values)
  })
})

test_that("patterns work from an absolute path, and regex in a bucket", {
  folder <- tempfile("root-")
  with_root(root = folder, cf_save_many(list(a = 1, b = 2), "x/{name}.rds"))
  expect_identical(
    cf_load_many(file.path(folder, "x", "*.rds")),
    list(a = 1, b = 2)
  )
  expect_identical(
    cf_load_many(paste0("file://", folder, "/x/")),
    list(a = 1, b = 2)
  )
})

test_that("batches run on S3", {
  skip_on_cran()
  bucket <- new_bucket("moto")
  options <- server_arguments(start_server("moto"))
  with_env(character(), {
    template <- sprintf("s3://%s/foo/{name}.csv", bucket)
    cf_save_many(list(d = cars, e = CO2), template, options = options)
    pattern <- sprintf("s3://%s/^foo/[de]", bucket)
    expect_identical(
      cf_load_many(pattern, regex = TRUE, options = options),
      list(d = cars, e = CO2)
    )
    expect_identical(
      cf_load_many(template, options = options),
      list(d = cars, e = CO2)
    )
    expect_identical(cf_find(template, options = options)$name, c("d", "e"))
    expect_true(bucket %in% cf_buckets(options = options)$bucket)
    expect_identical(
      cf_ls(sprintf("s3://%s", bucket), options = options)$key,
      sprintf("s3://%s/foo/", bucket)
    )
    expect_identical(
      cf_info(
        sprintf("s3://%s/foo/e.csv", bucket),
        options = options
      )$frames$rows,
      84L
    )
    with_root(root = sprintf("s3://%s/foo", bucket), {
      do.call(
        with_env,
        list(
          start_server("moto"),
          quote({
            expect_identical(cf_load("d.csv"), cars)
            expect_identical(cf_load_many("*.csv"), list(d = cars, e = CO2))
            expect_identical(
              cf_load_many("^[de]", regex = TRUE),
              list(d = cars, e = CO2)
            )
          })
        )
      )
    })
  })
})
