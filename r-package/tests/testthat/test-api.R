test_that("what is saved is loaded, in every format and store", {
  for (root in stores_at_hand()) {
    with_root(root = root, {
      for (extension in c("rds", "RData", "csv", "csv.gz", "rda")) {
        key <- paste0("foo/co2.", extension)
        saved <- cf_save(CO2, key)
        expect_identical(cf_load(key), CO2, info = key)
        expect_identical(saved$rows, 84L)
        expect_identical(saved$columns, 5L)
      }
    })
  }
})

test_that("cf_save() says invisibly what was written", {
  root <- cf_store_memory()
  with_root(root = root, {
    expect_invisible(cf_save(cars, "a/cars.rds"))
    saved <- cf_save(cars, "a/cars.rds")
    names <- c(
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
    expect_named(saved, names)
    expect_identical(saved$key, "a/cars.rds")
    expect_identical(saved$uri, "memory://memory/a/cars.rds")
    expect_identical(saved$format, "rds")
    expect_identical(saved$compression, "gzip")
    expect_identical(saved$bytes, as.double(length(root$get("a/cars.rds"))))
    expect_identical(saved$etag, root$head("a/cars.rds")$etag)
    saved <- cf_save(1:3, "x.rds", compression = "none")
    expect_identical(saved$rows, NA_integer_)
    expect_identical(saved$compression, NA_character_)
    expect_identical(root$get("x.rds")[1:2], charToRaw("X\n"))
  })
})

test_that("RDS and RData hold any value", {
  with_root({
    for (value in list(NULL, 1:3, "a", list(1, "b"), matrix(1:4, 2), list())) {
      cf_save(value, "v.rds")
      expect_identical(cf_load("v.rds"), value)
      cf_save(value, "v.RData", name = "v")
      expect_identical(cf_load("v.RData"), value)
    }
  })
})

test_that("an RData holds one object by the key's name, or those of a list", {
  with_root({
    cf_save(cars, "foo/my cars.RData")
    expect_named(cf_info("foo/my cars.RData")$names, NULL)
    expect_identical(cf_info("foo/my cars.RData")$names, "my cars")
    cf_save(cars, "foo/cars.RData", name = "d")
    expect_identical(cf_info("foo/cars.RData")$names, "d")
    cf_save(list(d = cars, e = women), "foo/both.RData")
    expect_identical(cf_load("foo/both.RData"), list(d = cars, e = women))
    expect_identical(cf_load("foo/both.RData", name = "e"), women)
    expect_error(
      cf_load("foo/both.RData", name = "f"),
      "'d', 'e'",
      class = "crossframe_error_usage"
    )
    expect_error(
      cf_load("foo/cars.RData", name = "cars"),
      class = "crossframe_error_usage"
    )
  })
})

test_that("name= is good for formats that hold one value too", {
  with_root({
    cf_save(cars, "cars.rds")
    expect_identical(cf_load("cars.rds", name = "cars"), cars)
    expect_error(
      cf_load("cars.rds", name = "d"),
      "holds one value",
      class = "crossframe_error_usage"
    )
  })
})

test_that("columns are picked in the order asked for", {
  with_root({
    cf_save(CO2, "co2.rds")
    cf_save(CO2, "co2.csv")
    for (key in c("co2.rds", "co2.csv")) {
      loaded <- cf_load(key, columns = c("uptake", "Plant"))
      expect_named(loaded, c("uptake", "Plant"))
      expect_identical(loaded$Plant, CO2$Plant)
      expect_error(
        cf_load(key, columns = c("Plant", "Plant")),
        "'Plant'",
        class = "crossframe_error_duplicate_column"
      )
      expect_error(
        cf_load(key, columns = "none"),
        "'none'",
        class = "crossframe_error_usage"
      )
    }
    cf_save(1:3, "v.rds")
    expect_error(
      cf_load("v.rds", columns = "a"),
      class = "crossframe_error_usage"
    )
  })
})

test_that("keys without extension are sniffed, and magic goes before the extension", {
  with_root({
    cf_save(CO2, "co2", format = "rds")
    expect_identical(cf_load("co2"), CO2)
    cf_save(CO2, "co2b", format = "rdata", compression = "xz")
    expect_identical(cf_load("co2b"), CO2)
    expect_warning(
      cf_save(CO2, "co2.csv", format = "rds"),
      class = "crossframe_warning_format_mismatch"
    )
    expect_warning(
      loaded <- cf_load("co2.csv"),
      class = "crossframe_warning_format_mismatch"
    )
    expect_identical(loaded, CO2)
  })
})

test_that("a CSV's sidecar is written, left out, removed, and refused when stale", {
  root <- cf_store_memory()
  with_root(root = root, {
    cf_save(CO2, "co2.csv")
    expect_identical(root$list()$key, c("co2.csv", "co2.csv.schema.json"))
    cf_save(CO2, "co2.csv", schema = FALSE)
    expect_identical(root$list()$key, "co2.csv")
    expect_type(cf_load("co2.csv")$Plant, "character")
    cf_save(CO2, "co2.csv")
    root$put("co2.csv", charToRaw("a\n1\n"))
    expect_warning(
      loaded <- cf_load("co2.csv"),
      class = "crossframe_warning_stale_schema"
    )
    expect_identical(loaded, data.frame(a = 1L))
  })
})

test_that("overwrite = FALSE and if_match= guard what is there, sidecar and all", {
  for (root in stores_at_hand()) {
    with_root(root = root, {
      saved <- cf_save(cars, "d.csv")
      expect_error(
        cf_save(women, "d.csv", overwrite = FALSE),
        class = "crossframe_error_object_exists"
      )
      expect_error(
        cf_save(women, "d.csv", if_match = "none"),
        class = "crossframe_error_precondition_failed"
      )
      expect_identical(cf_load("d.csv"), cars)
      cf_save(women, "d.csv", if_match = saved$etag)
      expect_identical(cf_load("d.csv"), women)
    })
  }
})

test_that("what can't be saved is named, and nothing is written", {
  root <- cf_store_memory()
  twice <- stats::setNames(data.frame(1, 2), c("a", "a"))
  with_root(root = root, {
    for (key in c("d.rds", "d.RData", "d.csv", "d.parquet")) {
      expect_error(
        cf_save(twice, key),
        "'a'",
        class = "crossframe_error_duplicate_column"
      )
    }
    expect_error(
      cf_save(1:3, "d.csv"),
      "class 'integer'",
      class = "crossframe_error_unsupported_type"
    )
    expect_error(
      cf_save(1:3, "d.parquet"),
      class = "crossframe_error_unsupported_type"
    )
    expect_error(
      cf_save(cars, "d.xlsx"),
      class = "crossframe_error_unknown_format"
    )
    expect_error(
      cf_save(cars, "a//d.csv"),
      class = "crossframe_error_invalid_key"
    )
    expect_error(cf_save(cars, "a/"), class = "crossframe_error_invalid_key")
    expect_error(
      cf_save(cars, "../d.csv"),
      class = "crossframe_error_invalid_key"
    )
    expect_error(cf_save(cars, ""), class = "crossframe_error_invalid_uri")
    expect_error(
      cf_save(cars, "d.csv", "rds"),
      class = "crossframe_error_usage"
    )
    expect_error(
      cf_save(cars, "d.csv", fromat = "rds"),
      "fromat",
      class = "crossframe_error_usage"
    )
    expect_error(
      cf_save(list(a = cars), "d.csv"),
      class = "crossframe_error_unsupported_type"
    )
  })
  expect_identical(nrow(root$list()), 0L)
})

test_that("a missing key is told, with the one that may be meant", {
  for (root in stores_at_hand()) {
    with_root(root = root, {
      cf_save(cars, "runs/cars.csv.gz")
      expect_error(
        cf_load("runs/cars.csv"),
        "Did you mean 'runs/cars.csv.gz'",
        class = "crossframe_error_object_not_found"
      )
      expect_error(
        cf_load("runs/cars.csv.xz"),
        "Did you mean",
        class = "crossframe_error_object_not_found"
      )
      cf_save(cars, "runs/d.rds")
      expect_error(cf_load("runs/dd.rds"), "Did you mean 'runs/d.rds'")
      meant <- c(runs = "runs/", "runs/" = "runs/", "runs/*" = "runs/*")
      for (key in names(meant)) {
        expect_error(
          cf_load(key),
          sprintf("Did you mean all of '%s'? cf_load_many()", meant[[key]]),
          fixed = TRUE,
          class = "crossframe_error_object_not_found"
        )
      }
      expect_error(
        cf_save("a.rds", cars),
        "What is saved comes first",
        class = "crossframe_error_invalid_uri"
      )
      condition <- tryCatch(cf_load("zzz"), error = identity)
      expect_s3_class(condition, "crossframe_error_object_not_found")
      expect_no_match(conditionMessage(condition), "Did you mean")
    })
  }
  expect_error(
    cf_load(file.path(tempfile(), "a.csv")),
    class = "crossframe_error_store"
  )
})

test_that("what can't be decoded is told with the object it is in", {
  root <- cf_store_memory()
  root$put("bad.rds", charToRaw("hello"))
  root$put("cut.rds", serialize(cars, NULL)[1:100])
  root$put("code.rds", serialize(function(x) x, NULL))
  root$put("text", charToRaw("a,b\n1,2\n"))
  with_root(root = root, {
    expect_error(
      cf_load("bad.rds"),
      "memory://memory/bad.rds",
      class = "crossframe_error_decode"
    )
    expect_error(
      cf_load("cut.rds"),
      "memory://memory/cut.rds",
      class = "crossframe_error_decode"
    )
    expect_error(cf_load("code.rds"), class = "crossframe_error_unsafe_data")
    expect_warning(
      loaded <- cf_load("code.rds", trust = TRUE),
      class = "crossframe_warning_trusted"
    )
    expect_type(loaded, "closure")
    expect_error(
      cf_load("text"),
      "format=",
      class = "crossframe_error_unknown_format"
    )
    expect_identical(
      cf_load("text", format = "csv"),
      data.frame(a = 1L, b = 2L)
    )
  })
})

test_that("cf_ls() lists a level or everything, in byte order", {
  for (root in stores_at_hand()) {
    with_root(root = root, {
      for (key in c("b.rds", "a/x.rds", "a/y/z.rds", "B.rds", "ab/x.rds")) {
        cf_save(1, key)
      }
      listed <- cf_ls()
      expect_named(
        listed,
        c("key", "size", "modified", "etag", "storage_class")
      )
      expect_identical(listed$key, c("B.rds", "a/", "ab/", "b.rds"))
      expect_identical(is.na(listed$size), c(FALSE, TRUE, TRUE, FALSE))
      expect_s3_class(listed$modified, "POSIXct")
      expect_identical(attr(listed$modified, "tzone"), "UTC")
      expect_identical(cf_ls(""), listed)
      expect_identical(cf_ls("a")$key, c("a/x.rds", "a/y/"))
      expect_identical(cf_ls("a/")$key, c("a/x.rds", "a/y/"))
      expect_identical(
        cf_ls("a", recursive = TRUE)$key,
        c("a/x.rds", "a/y/z.rds")
      )
      expect_identical(nrow(cf_ls("none")), 0L)
      expect_named(cf_ls("none"), names(listed))
    })
  }
})

test_that("cf_info() describes columns in three languages", {
  with_root({
    frame <- data.frame(
      l = c(TRUE, NA),
      i = 1:2,
      d = c(NaN, NA),
      s = c("a", NA),
      f = factor(c("x", "y")),
      o = factor(c("x", "y"), ordered = TRUE),
      day = as.Date(c("2024-01-01", NA)),
      at = .POSIXct(c(0, 1), tz = "Europe/Paris"),
      open = .POSIXct(c(0, 1)),
      took = as.difftime(1:2, units = "mins")
    )
    frame$big <- structure(c(0, 0), class = "integer64")
    frame$series <- ts(1:2)
    frame$cells <- list(1, "a")
    cf_save(frame, "d.rds")
    info <- cf_info("d.rds")
    expect_identical(info$format, "rds")
    expect_identical(info$compression, "gzip")
    expect_identical(
      info$frames,
      data.frame(
        name = "d",
        rows = 2L,
        columns = 13L,
        r = "data.frame",
        storage = "list",
        length = 13,
        dim = "2 x 13"
      )
    )
    types <- c(
      "logical",
      "integer",
      "double",
      "character",
      "factor",
      "ordered",
      "date"
    )
    types <- c(
      types,
      "posixct",
      "posixct",
      "difftime",
      "integer64",
      "integer",
      "robject"
    )
    expect_identical(info$columns$type, types)
    expect_identical(
      info$columns$missing,
      c(1L, 0L, 1L, 1L, 0L, 0L, 1L, rep(0L, 6))
    )
    expect_identical(
      info$columns$arrow[8:9],
      c("timestamp[ns, tz=Europe/Paris]", "timestamp[ns, tz=UTC]")
    )
    expect_identical(info$columns$pandas[8], "datetime64[ns, Europe/Paris]")
    expect_identical(
      info$columns$r[c(1, 6, 8)],
      c("logical", "ordered/factor", "POSIXct/POSIXt")
    )
    expect_output(print(info), "13 columns")
    cf_save(list(a = cars, b = 1), "d.RData")
    info <- cf_info("d.RData")
    expect_identical(info$names, c("a", "b"))
    expect_identical(info$frames$rows, c(50L, NA))
    expect_identical(info$columns$frame, c("a", "a"))
    expect_output(print(info), "a: 50 rows x 2 columns")
  })
})

test_that("cf_info() tells pandas' dtypes as Python loads them", {
  with_root({
    numbers <- list(arrow = "int64", r = "integer")
    whole <- data.frame(i = 1:2, m = c(1L, NA), u = c(1L, 300L), f = 0.5)
    whole$t <- .POSIXct(c(0, 1), tz = "Europe/Oslo")
    whole$s <- "a"
    whole$l <- c(TRUE, NA)
    dtype <- function(name, dtype) {
      list(field_name = name, numpy_type = dtype)
    }
    origin <- list(
      columns = list(
        i = numbers,
        m = numbers,
        u = list(arrow = "uint8", r = "integer"),
        f = list(arrow = "float", r = "double"),
        t = list(arrow = "timestamp[us, tz=Europe/Oslo]", r = "posixct")
      ),
      pandas = list(
        columns = list(
          dtype("i", "int64"),
          dtype("m", "int64"),
          dtype("u", "uint8"),
          dtype("s", "string"),
          dtype("l", "bool[pyarrow]")
        )
      )
    )
    attr(whole, "crossframe") <- write_json(origin)
    cf_save(whole, "d.rds")
    columns <- cf_info("d.rds")$columns
    expect_identical(
      columns$pandas,
      c(
        "int64",
        "Int64",
        "Int32",
        "float32",
        "datetime64[us, Europe/Oslo]",
        "string",
        "bool[pyarrow]"
      )
    )
    expect_identical(columns$arrow[1:4], c("int64", "int64", "int32", "float"))
    expect_identical(columns$r[1:2], c("integer", "integer"))
    for (odd in c("{", '{"columns": 1, "pandas": {"columns": [1, {}]}}')) {
      attr(whole, "crossframe") <- odd
      cf_save(whole, "d.rds")
      expect_identical(
        cf_info("d.rds")$columns$pandas[1:2],
        c("Int32", "Int32")
      )
    }
  })
})

test_that("every frame of datasets comes back identical as RDS and RData", {
  with_root(root = cf_store_memory(), {
    frames <- dataset_frames()
    for (name in names(frames)) {
      cf_save(frames[[name]], "d.rds")
      expect_identical(cf_load("d.rds"), frames[[name]], info = name)
    }
    cf_save(frames, "all.RData")
    expect_identical(cf_load("all.RData"), frames)
  })
})

test_that("Parquet goes through whichever engine is there", {
  engines <- Filter(has_parquet_engine, parquet_engine_names)
  skip_if(length(engines) == 0L, "no Parquet engine is installed")
  with_root({
    saved <- cf_save(CO2, "x/co2.parquet")
    expect_identical(saved$compression, NA_character_)
    expect_identical(cf_load("x/co2.parquet"), CO2)
    expect_identical(
      cf_load("x/co2.parquet", columns = c("uptake", "Plant"))$Plant,
      CO2$Plant
    )
    expect_identical(cf_load_many("x/*.parquet"), list(co2 = CO2))
    expect_identical(cf_info("x/co2.parquet")$columns$name, names(CO2))
    expect_error(
      cf_save(CO2, "y.parquet", compression = "gzip"),
      class = "crossframe_error_usage"
    )
  })
})
