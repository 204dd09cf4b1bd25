rds_round_trip <- function(x, ...) rds_decode(rds_encode(x, ...))

test_that("RDS gives back what it was given", {
  values <- c(
    dataset_frames(),
    list(
      NULL,
      1:3,
      list(a = 1, b = list("x")),
      matrix(1:4, 2),
      c(NA, NaN),
      "caf\u00e9"
    )
  )
  for (value in values) {
    expect_identical(rds_round_trip(value), value)
  }
  for (seed in 1:20) {
    frame <- generated_frame(c(0, 1, 7, 50)[seed %% 4 + 1], seed)
    expect_identical(rds_round_trip(frame), frame)
  }
})

test_that("R reads the files, R's files are read", {
  path <- temporary_path(".rds")
  for (compression in list(NULL, "gzip", "bzip2", "xz")) {
    writeBin(rds_encode(CO2, compression), path)
    expect_identical(readRDS(path), CO2)
  }
  for (compress in list(FALSE, "gzip", "bzip2", "xz")) {
    for (version in 2:3) {
      for (ascii in c(FALSE, TRUE, NA)) {
        if (is.na(ascii)) {
          # Why by hand: R 4.5's saveRDS() takes no NA here.
          writeBin(serialize(CO2, NULL, ascii, version = version), path)
        } else {
          saveRDS(
            CO2,
            path,
            compress = compress,
            version = version,
            ascii = ascii
          )
        }
        expect_identical(rds_decode(readBin(path, raw(), 1e6)), CO2)
      }
    }
  }
})

test_that("the zlib streams of old aws.s3 are read", {
  expect_identical(
    rds_decode(memCompress(serialize(mtcars, NULL), "gzip")),
    mtcars
  )
})

test_that("gzip files of several members are one", {
  bytes <- serialize(mtcars, NULL)
  half <- length(bytes) %/% 2
  two <- c(
    compress_bytes(bytes[1:half], "gzip"),
    compress_bytes(bytes[-(1:half)], "gzip")
  )
  expect_identical(rds_decode(two), mtcars)
  expect_identical(
    decompress_bytes(compress_bytes(raw(), "gzip"), "gzip"),
    raw()
  )
})

test_that("RData keeps names and order", {
  objects <- list(zeta = mtcars, alpha = CO2, null = NULL, "odd name" = 1:3)
  expect_identical(rdata_decode(rdata_encode(objects)), objects)
  path <- temporary_path(".RData")
  writeBin(rdata_encode(objects), path)
  env <- new.env()
  expect_identical(load(path, env), names(objects))
  expect_identical(mget(names(objects), env), objects)
  zeta <- objects$zeta
  alpha <- objects$alpha
  for (ascii in c(FALSE, TRUE)) {
    for (version in 2:3) {
      save(zeta, alpha, file = path, ascii = ascii, version = version)
      expect_identical(rdata_decode(readBin(path, raw(), 1e6)), objects[1:2])
    }
  }
  expect_identical(rdata_decode(rdata_encode(list())), list())
})

test_that("external pointers are dropped", {
  pointer <- methods::new("externalptr")
  frame <- structure(data.frame(a = 1:2), .internal.selfref = pointer)
  expect_identical(rds_round_trip(frame), data.frame(a = 1:2))
  nested <- list(a = list(structure(1, p = pointer)), b = pointer)
  expect_identical(rds_round_trip(nested), list(a = list(1), b = NULL))
  skip_if_not_installed("data.table")
  table <- data.table::data.table(a = 1:2, b = c("x", NA), key = "a")
  back <- rds_round_trip(table)
  expect_null(attr(back, ".internal.selfref"))
  expect_identical(as.data.frame(back), as.data.frame(table))
  expect_identical(class(back), class(table))
})

test_that("damage that is seen while pointers are dropped is told as any other", {
  value <- structure(list(methods::new("externalptr")), zz = 1)
  text <- rawToChar(serialize(value, NULL, ascii = TRUE))
  # The attribute loses its name.
  damaged <- sub("1026\n1\n262153\n2\nzz\n", "2\n", text, fixed = TRUE)
  expect_error(
    rds_decode(charToRaw(damaged)),
    "zero-length variable name",
    class = "crossframe_error_decode"
  )
})

test_that("code is refused unless trusted, and then named", {
  f <- function(x) x + 1
  environment(f) <- globalenv()
  bytes <- rds_encode(list(a = 1, f = f))
  error <- expect_error(
    rds_decode(bytes),
    class = "crossframe_error_unsafe_data"
  )
  expect_match(
    conditionMessage(error),
    "function.*offset \\d+.*element 2.*trust = TRUE"
  )
  expect_warning(
    value <- rds_decode(bytes, trust = TRUE),
    "trust",
    class = "crossframe_warning"
  )
  expect_identical(value$f(1), 2)
  error <- expect_error(
    rdata_decode(rdata_encode(list(d = mtcars, f = f))),
    class = "crossframe_error_unsafe_data"
  )
  expect_match(conditionMessage(error), "object 'f'")
})

test_that("promises do not run", {
  ran <- FALSE
  promised <- local({
    make <- function(x) environment()
    make({
      ran <<- TRUE
    })
  })
  expect_error(
    rds_decode(serialize(promised, NULL)),
    class = "crossframe_error_unsafe_data"
  )
  expect_false(ran)
})

test_that("damaged and foreign bytes are decode errors", {
  bytes <- rds_encode(mtcars)
  bad <- list(
    raw(),
    charToRaw("a,b\n1,2\n"),
    bytes[seq_len(length(bytes) - 30)],
    c(bytes, as.raw(1:3)),
    bytes[1:5],
    rds_encode(mtcars, NULL)[1:500],
    rdata_encode(list(d = 1)),
    compress_bytes(charToRaw("X\n"), "xz"),
    rds_encode(mtcars, "bzip2")[1:300],
    rds_encode(mtcars, "xz")[1:300],
    as.raw(rep(0:255, 4))
  )
  for (one in bad) {
    expect_error(rds_decode(one), class = "crossframe_error_decode")
  }
  expect_error(rdata_decode(bytes), class = "crossframe_error_decode")
  expect_error(
    rdata_decode(c(charToRaw("RDX3\n"), serialize(1, NULL))),
    class = "crossframe_error_decode"
  )
})

test_that("decompression is bounded", {
  bomb <- compress_bytes(raw(1e7), "gzip")
  old <- Sys.getenv("CROSSFRAME_MAX_BYTES", NA)
  on.exit(
    if (is.na(old)) {
      Sys.unsetenv("CROSSFRAME_MAX_BYTES")
    } else {
      Sys.setenv(CROSSFRAME_MAX_BYTES = old)
    }
  )
  Sys.setenv(CROSSFRAME_MAX_BYTES = "1000000")
  expect_error(
    rds_decode(bomb),
    "more than 1000000 bytes",
    class = "crossframe_error_decode"
  )
  expect_length(decompress_bytes(bomb, "gzip", limit = 1e7), 1e7)
})

test_that("objects of an RData need names", {
  expect_error(rdata_encode(list(1)), class = "crossframe_error_usage")
  expect_error(
    rdata_encode(stats::setNames(list(1, 2), c("a", "a"))),
    class = "crossframe_error_usage"
  )
})

test_that("zstd says what is missing", {
  skip_if("zstd" %in% eval(formals(memDecompress)$type))
  expect_error(
    rds_decode(as.raw(c(0x28, 0xb5, 0x2f, 0xfd, 0))),
    "4.5",
    class = "crossframe_error_engine_missing"
  )
})

test_that("a factor's codes are looked at, missing ones and no ones at all too", {
  frame <- function(codes) {
    codes <- structure(codes, levels = c("a", "b"), class = "factor")
    new_frame(list(f = codes), length(codes))
  }
  for (codes in list(c(1L, 2L, NA), rep(NA_integer_, 3), integer())) {
    expect_identical(rds_decode(rds_encode(frame(codes))), frame(codes))
  }
  for (codes in list(c(1L, 0L, NA), c(1L, 3L, NA), c(-1L, 1L, 1L))) {
    expect_error(
      rds_decode(rds_encode(frame(codes))),
      "column 'f' is a factor with a code beyond its 2 levels",
      class = "crossframe_error_decode"
    )
  }
})
