# What two threads make of blocks is one gzip member, which any reader takes.

# Bytes that hardly repeat, without R's random numbers; and bytes that do.
noise <- function(n) {
  as.raw((cumsum(as.double(seq_len(n)) %% 65537) %/% 7) %% 251)
}
repeats <- function(n) rep_len(charToRaw("one,two,three,four\n"), n)

# By R's own reader, which compares length and checksum.
gunzip <- function(data) {
  path <- temporary_path(".gz")
  writeBin(data, path)
  file <- gzfile(path, "rb")
  on.exit(close(file))
  readBin(file, raw(), 1e8)
}

block <- 2^20

test_that("gzip is one member at every size around its blocks", {
  for (n in c(0, 1, 100, block - 1, block, block + 1, 3.5 * block)) {
    for (data in list(noise(n), repeats(n), c(repeats(n), noise(n)))) {
      stored <- compress_bytes(data, "gzip")
      expect_identical(gunzip(stored), data)
      expect_identical(decompress_bytes(stored, "gzip"), data)
      # The trailer's length would be the last member's, were there several.
      size <- readBin(utils::tail(stored, 4L), "integer", endian = "little")
      expect_identical(size, length(data))
      expect_identical(compress_bytes(data, "gzip"), stored)
    }
  }
})

test_that("matches go across blocks, and noise grows by next to nothing", {
  long <- rep(noise(block %/% 2^7), 2^9)
  whole <- length(compress_bytes(long, "gzip"))
  one <- length(compress_bytes(long[seq_len(block)], "gzip"))
  expect_lt(whole, 4 * one)
  random <- unlist(lapply(1:200, function(i) openssl::rand_bytes(2^14)))
  expect_lt(length(compress_bytes(random, "gzip")), 1.001 * length(random))
})

test_that("a frame takes at most a tenth more than saveRDS() makes of it", {
  set.seed(1)
  n <- 2e5
  frame <- data.frame(
    id = seq_len(n),
    count = sample.int(1000L, n, TRUE),
    value = rnorm(n),
    price = round(runif(n) * 100, 2),
    sample = sprintf("id%05d", sample.int(20000L, n, TRUE)),
    letter = factor(sample(letters, n, TRUE)),
    day = as.Date("2020-01-01") + sample.int(2000L, n, TRUE)
  )
  path <- temporary_path(".rds")
  saveRDS(frame, path)
  stored <- rds_encode(frame)
  expect_lt(length(stored), 1.1 * file.size(path))
  expect_identical(unserialize(gunzip(stored)), frame)
})

test_that("decompressed bytes are like any others until they are released", {
  data <- noise(1e5)
  for (stored in list(
    compress_bytes(data, "gzip"),
    memCompress(data, "gzip")
  )) {
    name <- sniff_compression(first_bytes(stored))
    opened <- decompress_bytes(stored, name)
    expect_identical(opened, data)
    part <- opened[1:10]
    changed <- opened
    changed[1] <- as.raw(255L)
    release(opened)
    expect_length(opened, 0)
    # What was made of them stays.
    expect_identical(part, data[1:10])
    expect_identical(changed[-1], data[-1])
    release(opened)
    expect_length(opened, 0)
  }
  release(data)
  expect_identical(data, noise(1e5))
})

test_that("room grows with what comes, beyond what gzip says of its length", {
  twice <- c(
    compress_bytes(noise(1e6), "gzip"),
    compress_bytes(noise(10), "gzip")
  )
  expect_identical(decompress_bytes(twice, "gzip"), c(noise(1e6), noise(10)))
  expect_error(
    decompress_bytes(twice, "gzip", limit = 1e6 + 9),
    "more than",
    class = "crossframe_error_decode"
  )
  expect_length(decompress_bytes(twice, "gzip", limit = 1e6 + 10), 1e6 + 10)
})
