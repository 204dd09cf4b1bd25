# One frame of many keys, one key after the other, and what is on its way meanwhile.

# A store that notes what was sent for and not taken yet, and what was closed.
watched_store <- function(store, width = 8L) {
  seen <- new.env()
  seen$most <- seen$now <- 0L
  seen$bytes <- 0
  seen$taken <- character()
  seen$closed <- 0L
  store$get_stream <- function(keys) {
    asked <- integer()
    list(
      ask = function(at) {
        asked <<- c(asked, at)
        seen$now <- length(asked)
        seen$most <- max(seen$most, seen$now)
      },
      # Why the last: what comes first is not what was asked for first.
      take = function() {
        if (!length(asked)) {
          return(NULL)
        }
        at <- asked[length(asked)]
        asked <<- asked[-length(asked)]
        seen$now <- length(asked)
        seen$taken <- c(seen$taken, keys[[at]])
        list(
          at = at,
          got = tryCatch(store$get(keys[[at]]), crossframe_error = identity)
        )
      },
      close = function() {
        asked <<- integer()
        seen$now <- 0L
        seen$closed <- seen$closed + 1L
      },
      width = width
    )
  }
  store$seen <- seen
  store
}

small_frames <- function(count) {
  frames <- lapply(seq_len(count), function(i) data.frame(i = i))
  stats::setNames(frames, sprintf("f%03d", seq_len(count)))
}

test_that("many keys are one frame with key and fields", {
  for (root in stores_at_hand()) {
    with_root(root = root, {
      cf_save_many(CO2, "co2/{Type}/{Treatment}.rds")
      # The groups' row names are numbers that begin anywhere, which is nothing to tell.
      expect_no_warning(
        loaded <- cf_load_many(
          "co2/{type}/{treatment}.rds",
          combine = TRUE,
          columns = c("uptake", "conc")
        )
      )
      columns <- c("key", "type", "treatment", "uptake", "conc")
      expect_identical(names(loaded), columns)
      expect_identical(nrow(loaded), nrow(CO2))
      expect_identical(levels(loaded$type), c("Mississippi", "Quebec"))
      expect_identical(sum(loaded$uptake), sum(CO2$uptake))
      expect_s3_class(loaded$key, "factor")
      expect_identical(nlevels(loaded$key), 4L)
    })
  }
})

test_that("row names that not all rows have are not kept, which is told", {
  with_root(root = cf_store_memory(), {
    cf_save_many(list(a = mtcars, b = cars), "x/{name}.rds")
    expect_warning(
      loaded <- cf_load_many("x/{name}.rds", combine = TRUE),
      "Row names",
      class = "crossframe_warning_lossy_conversion"
    )
    expect_identical(nrow(loaded), nrow(mtcars) + nrow(cars))
  })
})

test_that("of the columns asked for, those that a key lacks are missing in its rows", {
  for (root in stores_at_hand()) {
    with_root(root = root, {
      cf_save(data.frame(x = 1:2, g = c("u", "v")), "runs/a.rds")
      cf_save(data.frame(y = TRUE, x = 0.5), "runs/b.csv")
      cf_save(data.frame(other = 1), "runs/c.parquet")
      loaded <- cf_load_many(
        "runs/{n}.*",
        combine = TRUE,
        columns = c("g", "x")
      )
      expect_identical(names(loaded), c("key", "n", "g", "x"))
      expect_identical(as.character(loaded$n), c("a", "a", "b", "c"))
      expect_identical(loaded$g, c("u", "v", NA, NA))
      expect_identical(loaded$x, c(1, 2, 0.5, NA))
      error <- expect_error(
        cf_load_many("runs/*", combine = TRUE, columns = c("x", "z")),
        class = "crossframe_error_usage"
      )
      said <- "Can't find column 'z' of what 'runs/*' matches"
      expect_match(conditionMessage(error), said, fixed = TRUE)
      expect_error(
        cf_load_many("runs/*", combine = TRUE, columns = c("x", "x")),
        class = "crossframe_error_duplicate_column"
      )
      # Frames of their own have all that is asked for.
      expect_error(
        cf_load_many("runs/*", columns = "x"),
        class = "crossframe_error_usage"
      )
    })
  }
})

test_that("what is no frame, and columns that do not mix, are told with their keys", {
  with_root(root = cf_store_memory(), {
    cf_save(cars, "a/1.rds")
    cf_save(1:3, "a/2.rds")
    cf_save(list(x = cars, y = women), "a/3.RData")
    expect_error(
      cf_load_many("a/{n:int}.rds", combine = TRUE),
      "'a/2.rds'",
      class = "crossframe_error_unsupported_type"
    )
    error <- expect_error(
      cf_load_many("a/", combine = TRUE, on_error = "collect"),
      class = "crossframe_error_batch"
    )
    expect_named(error$errors, c("a/2.rds", "a/3.RData"))
    expect_s3_class(error$errors[[2L]], "crossframe_error_usage")
    expect_identical(error$loaded$dist, cars$dist)
    cf_save(data.frame(speed = "fast"), "a/2.rds")
    expect_error(
      cf_load_many("a/*.rds", combine = TRUE),
      "Can't combine column 'speed'.*numeric .double. in 'a/1.rds', character .string. in 'a/2.rds'",
      class = "crossframe_error_schema_mismatch"
    )
    for (flag in list(NA, "yes", 1, NULL)) {
      expect_error(
        cf_load_many("a/", combine = flag),
        "'combine'",
        class = "crossframe_error_usage"
      )
    }
  })
})

test_that("results come in key order, whatever comes first, and one bad key stops the rest", {
  root <- watched_store(cf_store_memory())
  with_root(root = root, {
    frames <- small_frames(40)
    cf_save_many(frames, "x/{name}.rds")
    expect_identical(cf_load_many("x/"), frames)
    expect_identical(root$seen$most, 8L)
    expect_identical(root$seen$closed, 1L)
    root$put("x/f010.rds", charToRaw("bad"))
    root$put("x/f012.rds", charToRaw("bad"))
    root$seen$taken <- character()
    expect_error(
      cf_load_many("x/"),
      "f010.rds",
      class = "crossframe_error_decode"
    )
    # What was on its way with it, and nothing after.
    expect_true(length(root$seen$taken) <= 20L)
    expect_identical(root$seen$closed, 2L)
  })
})

test_that("bytes on their way are bounded, and one object is always asked for", {
  root <- watched_store(cf_store_memory())
  with_root(root = root, {
    cf_save_many(small_frames(10), "x/{name}.rds", compression = "none")
    size <- cf_find("x/f001.rds")$size
    with_internal(list(held_bytes = 3 * size), {
      expect_length(cf_load_many("x/"), 10L)
    })
    expect_identical(root$seen$most, 3L)
    root$seen$most <- 0L
    with_internal(list(held_bytes = size / 2), {
      expect_length(cf_load_many("x/"), 10L)
    })
    expect_identical(root$seen$most, 1L)
  })
})

test_that("a sidecar that has gone leaves types to be inferred, one that is refused is told", {
  root <- watched_store(cf_store_memory())
  with_root(root = root, {
    cf_save(typed(), "x/a.csv")
    lost <- function(name) {
      force(name)
      changed <- root
      changed$get_stream <- function(keys) {
        stream <- root$get_stream(keys)
        take <- stream$take
        stream$take <- function() {
          one <- take()
          if (!is.null(one) && endsWith(keys[[one$at]], sidecar_suffix)) {
            one$got <- cf_error(name, "As told.")
          }
          one
        }
        stream
      }
      changed
    }
    with_root(root = lost("object_not_found"), {
      expect_identical(cf_load_many("x/")$a, data.frame(x = c("a", "b")))
    })
    with_root(root = lost("access_denied"), {
      expect_error(cf_load_many("x/"), class = "crossframe_error_access_denied")
    })
    expect_identical(cf_load_many("x/")$a, typed())
  })
})

test_that("an iterator gives one after the other and never holds more than prefetch", {
  root <- watched_store(cf_store_memory())
  with_root(root = root, {
    frames <- small_frames(12)
    cf_save_many(frames, "x/{name}.rds")
    for (prefetch in c(1L, 3L)) {
      root$seen$most <- 0L
      next_frame <- cf_iter_many("x/", prefetch = prefetch)
      expect_identical(root$seen$most, 0L)
      got <- list()
      repeat {
        one <- next_frame()
        if (is.null(one)) {
          break
        }
        held <- length(environment(next_frame)$ready) + root$seen$now
        expect_true(held <= prefetch)
        got[[one$name]] <- one$value
      }
      expect_identical(got, frames)
      expect_null(next_frame())
      expect_identical(root$seen$most, prefetch)
    }
    cf_save(list(b = cars, a = women), "x/f005.RData")
    next_frame <- cf_iter_many("x/f005.*", names = "key")
    expect_identical(next_frame()$value, list(b = cars, a = women))
    expect_identical(next_frame()$name, "x/f005.rds")
    for (prefetch in list(0, 1.5, "a", NA, c(1, 2))) {
      expect_error(
        cf_iter_many("x/", prefetch = prefetch),
        "'prefetch'",
        class = "crossframe_error_usage"
      )
    }
    expect_error(cf_iter_many("none/"), class = "crossframe_error_no_match")
  })
})

test_that("an iterator raises, skips or collects what fails", {
  root <- cf_store_memory()
  with_root(root = root, {
    cf_save_many(small_frames(4), "x/{name}.rds")
    root$put("x/f002.rds", charToRaw("bad"))
    names_of <- function(next_frame) {
      names <- character()
      repeat {
        one <- next_frame()
        if (is.null(one)) {
          return(names)
        }
        names <- c(names, one$name)
      }
    }
    next_frame <- cf_iter_many("x/")
    expect_identical(next_frame()$name, "f001")
    expect_error(next_frame(), "f002.rds", class = "crossframe_error_decode")
    expect_null(next_frame())
    expect_warning(
      names <- names_of(cf_iter_many("x/", on_error = "skip")),
      "f002.rds",
      class = "crossframe_warning_skipped_key"
    )
    expect_identical(names, c("f001", "f003", "f004"))
    next_frame <- cf_iter_many("x/", on_error = "collect")
    for (name in c("f001", "f003", "f004")) {
      expect_identical(next_frame()$name, name)
    }
    error <- expect_error(next_frame(), class = "crossframe_error_batch")
    expect_named(error$errors, "x/f002.rds")
    expect_null(next_frame())
    cf_save(list(f003 = 1), "x/a.RData")
    next_frame <- cf_iter_many("x/{a,f003}.*")
    next_frame()
    expect_error(
      next_frame(),
      "'x/a.RData'",
      class = "crossframe_error_name_clash"
    )
  })
})

test_that("bytes stay bytes below each other where none is missing, and are integers elsewhere", {
  with_root(root = cf_store_memory(), {
    bytes <- data.frame(a = as.raw(c(1, 255)))
    bytes$m <- matrix(as.raw(1:4), 2L)
    cf_save(bytes, "x/1.rds")
    cf_save(data.frame(b = integer()), "x/2.rds")
    whole <- cf_load_many("x/", combine = TRUE)
    expect_identical(whole$a, bytes$a)
    expect_identical(whole$m, bytes$m)
    cf_save(data.frame(b = 1L), "x/2.rds")
    missing <- cf_load_many("x/", combine = TRUE)
    expect_identical(missing$a, c(1L, 255L, NA))
    expect_identical(missing$m, matrix(c(1L, 2L, NA, 3L, 4L, NA), 3L))
  })
})

test_that("an interrupt ends what is on its way", {
  root <- watched_store(cf_store_memory())
  with_root(root = root, {
    cf_save_many(small_frames(20), "x/{name}.rds")
    stopped <- root
    stopped$get_stream <- function(keys) {
      stream <- root$get_stream(keys)
      take <- stream$take
      stream$take <- function() {
        if (length(root$seen$taken) == 5L) {
          signalCondition(structure(
            class = c("interrupt", "condition"),
            list()
          ))
        }
        take()
      }
      stream
    }
    with_root(root = stopped, {
      interrupted <- tryCatch(cf_load_many("x/"), interrupt = identity)
    })
    expect_s3_class(interrupted, "interrupt")
    expect_identical(root$seen$closed, 1L)
    expect_identical(root$seen$now, 0L)
  })
})

test_that("one after the other goes on after an interrupt, and leaves nothing out", {
  root <- cf_store_memory()
  with_root(root = root, {
    cf_save_many(small_frames(12), "x/{name}.csv")
    stopped <- root
    count <- 0L
    # Each third of what was taken is lost.
    stopped$get_stream <- function(keys) {
      stream <- root$get_stream(keys)
      take <- stream$take
      stream$take <- function() {
        one <- take()
        count <<- count + 1L
        if (count %% 3L == 0L) {
          signalCondition(structure(
            class = c("interrupt", "condition"),
            list()
          ))
        }
        one
      }
      stream
    }
    with_root(root = stopped, {
      next_frame <- cf_iter_many("x/", prefetch = 3L)
      seen <- character()
      interrupts <- 0L
      repeat {
        one <- tryCatch(next_frame(), interrupt = identity)
        if (is.null(one)) {
          break
        }
        if (inherits(one, "interrupt")) {
          interrupts <- interrupts + 1L
        } else {
          seen <- c(seen, one$name)
        }
      }
    })
  })
  expect_gt(interrupts, 2L)
  expect_identical(seen, names(small_frames(12)))
})

test_that("a bar is shown where it is asked for, and not where there is no terminal", {
  with_root({
    cf_save_many(small_frames(3), "x/{name}.rds")
    shown <- function(...) {
      path <- tempfile()
      script <- sprintf(
        "library(crossframe); invisible(cf_load_many('%s/', progress = %s))",
        file.path(current_root(), "x"),
        list(...)[[1L]]
      )
      command <- c("--vanilla", "-e", shQuote(script))
      system2(
        file.path(R.home("bin"), "Rscript"),
        command,
        stdout = path,
        stderr = path
      )
      paste(readLines(path, warn = FALSE), collapse = "")
    }
    expect_match(shown("TRUE"), "100%")
    expect_identical(shown("NULL"), "")
    expect_identical(shown("FALSE"), "")
    expect_error(
      cf_load_many("x/", progress = "yes"),
      "'progress'",
      class = "crossframe_error_usage"
    )
  })
})

test_that("more keys than a page of a listing come all, on S3 and by a root in it", {
  skip_on_cran()
  bucket <- new_bucket("moto")
  server <- start_server("moto")
  store <- do.call(cf_store_s3, c(list(bucket), server_arguments(server)))
  bytes <- rds_encode(data.frame(x = 1))
  stream <- store$put_stream()
  keys <- sprintf("many/site=%02d/%04d.rds", 1:1005 %% 3, 1:1005)
  for (at in seq_along(keys)) {
    stream$ask(at, list(key = keys[at], data = bytes, if_absent = FALSE))
    if (at > 16L) {
      expect_false(inherits(stream$take()$got, "condition"))
    }
  }
  for (at in 1:16) {
    expect_false(inherits(stream$take()$got, "condition"))
  }
  expect_null(stream$take())
  with_root(root = store, {
    expect_identical(cf_find("many/")$key, sort(keys, method = "radix"))
    loaded <- cf_load_many("many/site={site}/{n:int}.rds", combine = TRUE)
    expect_identical(nrow(loaded), 1005L)
    expect_identical(as.vector(table(loaded$site)), c(335L, 335L, 335L))
    some <- cf_find(
      "many/site={site}/*.rds",
      where = list(site = c("00", "02"))
    )
    expect_identical(nrow(some), 670L)
  })
})
