# x: bytes to scan, or a value to serialize first. serialize() warns of packages, which are refused.
scan_result <- function(x, ...) {
  .Call(
    C_scan,
    if (is.raw(x)) x else suppressWarnings(serialize(x, NULL, ...)),
    FALSE
  )
}
scan_status <- function(x, ...) scan_result(x, ...)$status
found_in <- function(x, ...) scan_result(x, ...)$finding

plain_values <- list(
  NULL,
  TRUE,
  NA,
  1L,
  c(1.5, NA, NaN),
  1i,
  c("a", NA, "", "caf\u00e9 \n\\ '"),
  list(as.raw(0:255)),
  list(1, list("a")),
  pairlist(a = 1, 2),
  quote(symbol),
  1:10,
  seq(1, 1e6),
  as.character(1:10),
  factor("a"),
  structure(1, a = 2),
  globalenv(),
  emptyenv(),
  baseenv(),
  y ~ x,
  structure(list(), class = c("a", "b"), note = y ~ x | z)
)

test_that("plain data passes in every form", {
  environment(plain_values[[20]]) <- globalenv()
  values <- c(plain_values[1:20], dataset_frames())
  for (value in values) {
    for (version in 2:3) {
      expect_identical(scan_status(value, version = version), "safe")
      expect_identical(
        scan_status(value, version = version, xdr = FALSE),
        "safe"
      )
      expect_identical(
        scan_status(value, version = version, ascii = TRUE),
        "safe"
      )
      expect_identical(
        scan_status(value, version = version, ascii = NA),
        "safe"
      )
    }
  }
})

test_that("the scan reads exactly what unserialize reads", {
  for (value in c(plain_values[1:19], dataset_frames())) {
    for (ascii in c(FALSE, TRUE)) {
      bytes <- serialize(value, NULL, ascii = ascii)
      # ASCII may end in a line end that nobody reads
      unread <- length(bytes) - scan_result(bytes)$used
      expect_true(unread %in% if (ascii) 0:1 else 0)
    }
  }
})

test_that("formulas are data, other calls are code", {
  home <- function(env) {
    f <- stats::as.formula("y ~ log(x, , z) | g")
    environment(f) <- env
    f
  }
  expect_identical(scan_status(home(globalenv())), "safe")
  expect_identical(scan_status(home(baseenv())), "safe")
  expect_identical(scan_status(home(emptyenv())), "safe")
  expect_identical(scan_status(stats::terms(home(globalenv()))), "safe")
  expect_identical(scan_status(home(new.env())), "unsafe")
  expect_identical(scan_status(quote(f(x))), "unsafe")
  expect_identical(
    scan_status(list(1, structure(quote(f(x)), class = "other"))),
    "unsafe"
  )
  expect_identical(
    scan_status(structure(quote(f(x)), class = "formula")),
    "unsafe"
  )
  expect_match(found_in(quote(f(x)))$what, "a call")
})

test_that("code is refused, wherever it is, and named", {
  active <- new.env()
  makeActiveBinding("x", function() stop("ran"), active)
  promised <- (function(x) environment())(stop("ran"))
  cases <- list(
    list(function(x) x, "function"),
    list(new.env(), "an environment"),
    list(active, "an environment"),
    list(promised, "an environment"),
    list(asNamespace("stats"), "namespace"),
    list(sum, "built-in"),
    list(expression(a), "expression"),
    list(compiler::compile(quote(x + 1)), "byte code"),
    list(as.environment("package:stats"), "package"),
    list(.BaseNamespaceEnv, "namespace")
  )
  for (case in cases) {
    for (ascii in c(FALSE, TRUE)) {
      expect_match(found_in(case[[1]], ascii = ascii)$what, case[[2]])
      deep <- structure(list(1, list(2, case[[1]])), class = "data.frame")
      found <- found_in(deep, ascii = ascii)
      expect_match(found$what, case[[2]])
      expect_match(found$trail, "element 2 > element 2")
      expect_match(
        found_in(structure(1, a = 2, hidden = case[[1]]))$trail,
        "attribute 'hidden'"
      )
    }
  }
})

test_that("items that R code can't make by hand are refused", {
  expect_match(found_in(serialized(5L, 254L, 254L, 254L))$what, "promise")
  expect_match(found_in(serialized(17L, 254L, 254L))$what, "\\.\\.\\.")
  expect_match(
    found_in(serialized(247L, 0L, 1L, 262153L, 1L, charToRaw("a")))$what,
    "persistent"
  )
  expect_match(found_in(serialized(240L, 254L))$what, "a call")
  altrep <- function(class, package) {
    serialized(
      238L,
      2L,
      symbol_bytes(class),
      2L,
      symbol_bytes(package),
      2L,
      13L,
      1L,
      13L,
      254L,
      254L,
      254L
    )
  }
  expect_match(found_in(altrep("mmap_real", "base"))$what, "mmap_real")
  expect_match(
    found_in(altrep("compact_intseq", "evil"))$what,
    "package 'evil'"
  )
})

test_that("what is truncated is damaged, at every length", {
  bytes <- serialize(
    list(a = 1:3, b = c("x", NA), c = list(2.5, factor("u"))),
    NULL
  )
  for (n in seq_len(length(bytes)) - 1L) {
    expect_identical(scan_status(bytes[seq_len(n)]), "damaged")
  }
  bytes <- serialize(list(a = c(1L, 5L), b = c("x", NA)), NULL, ascii = TRUE)
  for (n in seq_len(length(bytes) - 2L)) {
    expect_identical(scan_status(bytes[seq_len(n)]), "damaged")
  }
})

test_that("a changed byte never stops the scan or R", {
  frame <- data.frame(
    a = 1:3,
    b = c("x", NA, "z"),
    c = factor(c("u", "v", "u"))
  )
  bytes <- serialize(frame, NULL)
  set.seed(1)
  for (i in seq_len(3000)) {
    changed <- bytes
    at <- sample(length(bytes), sample(3, 1))
    changed[at] <- as.raw(sample(0:255, length(at), replace = TRUE))
    if (scan_status(changed) == "safe") {
      expect_no_error(suppressWarnings(tryCatch(
        unserialize(changed),
        error = function(e) NULL
      )))
    }
  }
})

test_that("claimed lengths are checked before anything is made of them", {
  expect_match(
    found_in(serialized(14L, 2147483632L))$what,
    "length 2147483632 exceeds the 0 bytes left"
  )
  expect_match(
    found_in(serialized(
      16L,
      5L,
      262153L,
      1000L,
      charToRaw("abcdefghijklm")
    ))$what,
    "exceeds"
  )
  expect_match(
    found_in(serialized(19L, -1L, 100L, 0L))$what,
    "a list of length 429496729600 exceeds"
  )
  expect_identical(scan_status(serialized(13L, -2L)), "damaged")
  expect_identical(
    scan_status(serialized(bitwOr(bitwShiftL(7L, 8L), 255L))),
    "damaged"
  )
  expect_identical(scan_status(serialized(99L)), "damaged")
})

test_that("nesting is bounded, and what passes can be unserialized", {
  nest <- function(n) serialized(rep(c(19L, 1L), n), 254L)
  expect_identical(scan_status(nest(15000)), "safe")
  expect_no_error(unserialize(nest(15000)))
  expect_match(found_in(nest(100000))$what, "nested")
  chain <- function(n) serialized(rep(c(2L, 254L), n), 254L)
  expect_identical(scan_status(chain(15000)), "safe")
  expect_match(found_in(chain(100000))$what, "cells")
})

test_that("a full report names every refused item and counts the types", {
  value <- list(
    eval(quote(function() 1), globalenv()),
    2,
    quote(f(x)),
    structure(1, e = new.env(hash = FALSE, parent = emptyenv()))
  )
  attributes(value[[1]]) <- NULL
  report <- scan_serialized(serialize(value, NULL))
  expect_identical(report$status, "unsafe")
  expect_match(vapply(report$refused, `[[`, "", "what")[1], "function")
  expect_length(report$refused, 3L)
  expect_identical(report$counts[19 + 1], 1L)
})

test_that("the scan takes less than a quarter of unserialize's own time", {
  skip_on_cran()
  n <- 2e5
  frame <- data.frame(
    i = sample(n),
    d = runif(n),
    s = as.character(runif(n)),
    f = factor(sample(letters, n, TRUE))
  )
  bytes <- serialize(frame, NULL)
  fastest <- function(f) {
    min(vapply(1:5, function(i) system.time(f())[["elapsed"]], 1))
  }
  expect_lt(
    fastest(function() {
      for (i in 1:5) {
        .Call(C_scan, bytes, FALSE)
      }
    }),
    fastest(function() {
      for (i in 1:5) {
        unserialize(bytes)
      }
    }) /
      4
  )
})
