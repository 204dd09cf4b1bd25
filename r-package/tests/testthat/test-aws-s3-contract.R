# Names, order and defaults of aws.s3's arguments, as tests/conformance/aws_s3.csv has them from aws.s3 0.3.22
# (in 0.3.21 put_object() began with `file`, and all else was the same).

aws_signatures <- function() {
  table <- utils::read.csv(
    conformance("aws_s3.csv"),
    check.names = FALSE,
    colClasses = "character"
  )
  split(table, table$`function`)
}

default_text <- function(default) {
  paste(deparse(default, width.cutoff = 500L), collapse = " ")
}

test_that("the table has each drop-in, and no more", {
  signatures <- aws_signatures()
  files <- list.files(
    file.path(checkout(), "r-package", "R"),
    "^aws-s3-.*[.]R$",
    full.names = TRUE
  )
  lines <- unlist(lapply(files, readLines))
  at <- which(lines == "#' @rdname aws.s3") + 2L
  documented <- sub(" <- function.*$", "", lines[at])
  expect_setequal(documented, names(signatures))
  expect_true(all(documented %in% getNamespaceExports("crossframe")))
})

test_that("names, order and defaults of all arguments are aws.s3's", {
  for (signature in aws_signatures()) {
    name <- signature$`function`[1L]
    arguments <- formals(getExportedValue("crossframe", name))
    expect_identical(names(arguments), signature$argument, label = name)
    for (at in seq_along(arguments)) {
      wanted <- signature$default[at]
      info <- sprintf("%s(%s =)", name, signature$argument[at])
      # Why parsed: the same value may be written in two ways.
      wanted <- if (nzchar(wanted)) default_text(str2lang(wanted)) else ""
      expect_identical(default_text(arguments[[at]]), wanted, label = info)
    }
  }
})

test_that("every drop-in takes the arguments that say how to reach a server", {
  connection <- list(
    base_url = "s3.amazonaws.com",
    region = "",
    use_https = FALSE,
    key = "k",
    secret = "s",
    session_token = "t",
    check_region = TRUE,
    verbose = FALSE,
    show_progress = FALSE
  )
  x <- 1
  lab <- tempfile("lab-")
  with <- function(f, ...) do.call(f, c(list(...), connection))
  reach <- function(f, ...) f(..., opts = connection)
  expect_true(with(put_bucket, lab)[[1L]])
  expect_true(with(bucket_exists, lab))
  expect_true(with(put_object, charToRaw("y <- 1"), "t.R", lab))
  expect_true(with(put_folder, "f", lab))
  expect_true(with(s3saveRDS, 1, "x.rds", lab))
  expect_identical(with(s3readRDS, "x.rds", lab), 1)
  expect_true(reach(s3save, x, object = "x", bucket = lab))
  expect_null(with(s3load, "x", lab, new.env()))
  expect_true(reach(s3save_image, "image", lab))
  expect_true(reach(
    s3write_using,
    cars,
    write.csv,
    object = "c.csv",
    bucket = lab
  ))
  expect_identical(
    nrow(reach(s3read_using, read.csv, object = "c.csv", bucket = lab)),
    50L
  )
  expect_identical(
    reach(s3source, "t.R", lab, local = new.env())$value,
    1
  )
  expect_type(with(get_object, "x", lab), "raw")
  expect_true(file.exists(with(save_object, "x", lab, tempfile())))
  expect_length(with(get_bucket, lab), 5L)
  expect_identical(nrow(with(get_bucket_df, lab)), 5L)
  expect_true(isTRUE(as.logical(with(head_object, "x", lab))))
  expect_true(with(object_exists, "x", lab))
  expect_type(with(object_size, "x", lab), "integer")
  expect_named(
    with(copy_object, "x", "z", lab, lab),
    c("LastModified", "ETag")
  )
  here <- dirname(text_file("one"))
  quiet <- connection[names(connection) != "verbose"]
  expect_true(do.call(s3sync, c(list(here, lab, verbose = FALSE), quiet)))
  expect_true(with(delete_object, c("x", "z"), lab))
})

test_that("what is said of a result is what aws.s3 gives", {
  lab <- cf_store_memory()
  x <- 1
  expect_visible(put_object(as.raw(1), "x", lab))
  expect_invisible(s3save(x, object = "x", bucket = lab))
  expect_invisible(s3load("x", lab, new.env()))
  expect_invisible(s3saveRDS(x, "x.rds", lab))
  expect_invisible(s3write_using(x, saveRDS, object = "y.rds", bucket = lab))
  expect_visible(s3readRDS("x.rds", lab))
  expect_visible(save_object("x", lab, tempfile()))
})
