# What is public is listed, and each name has a page with what it gives, what can go wrong and an example.

# Sorted; the names of aws.s3 are those of tests/conformance/aws_s3.csv.
public_names <- c(
  "cf_buckets",
  "cf_check",
  "cf_cleanup",
  "cf_convert",
  "cf_copy",
  "cf_delete",
  "cf_doctor",
  "cf_download",
  "cf_expire",
  "cf_find",
  "cf_info",
  "cf_iter_many",
  "cf_load",
  "cf_load_many",
  "cf_ls",
  "cf_make_bucket",
  "cf_move",
  "cf_open",
  "cf_publish",
  "cf_read_using",
  "cf_request",
  "cf_restore",
  "cf_save",
  "cf_save_many",
  "cf_set_root",
  "cf_share",
  "cf_store_folder",
  "cf_store_memory",
  "cf_store_s3",
  "cf_unpublish",
  "cf_upload",
  "cf_versions",
  "cf_write_using"
)

# Conventions of this package's own: there is nothing to cite.
own_pages <- c(
  "cf_find",
  "cf_iter_many",
  "cf_load_many",
  "cf_save_many",
  "cf_set_root",
  "cf_store_memory"
)

test_that("NAMESPACE is the list of public names", {
  exported <- getNamespaceExports("crossframe")
  expect_setequal(grep("^cf_", exported, value = TRUE), public_names)
  table <- utils::read.csv(conformance("aws_s3.csv"), check.names = FALSE)
  expect_setequal(exported, c(public_names, table$`function`))
})

help_pages <- function() {
  conformance()
  folder <- file.path(checkout(), "r-package", "man")
  pages <- lapply(
    list.files(folder, "[.]Rd$", full.names = TRUE),
    function(path) {
      tools::parse_Rd(path)
    }
  )
  name <- function(page) as.character(section(page, "\\name")[[1L]])
  names(pages) <- vapply(pages, name, "")
  pages
}

section <- function(page, tag) {
  tags <- vapply(page, attr, "", "Rd_tag")
  page[tags == tag]
}

test_that("each public name has a page with value, errors, source and example", {
  pages <- help_pages()
  aliases <- lapply(pages, function(page) {
    vapply(section(page, "\\alias"), as.character, "")
  })
  expect_true(all(
    getNamespaceExports("crossframe") %in% unlist(aliases, use.names = FALSE)
  ))
  for (name in names(pages)) {
    page <- pages[[name]]
    expect_length(section(page, "\\value"), 1L)
    expect_length(section(page, "\\examples"), 1L)
    titles <- vapply(section(page, "\\section"), "", FUN = function(one) {
      paste(unlist(one[[1L]]), collapse = "")
    })
    expect_true("Errors" %in% titles, label = paste(name, "tells its errors"))
    expect_true(
      "Source" %in% titles || name %in% own_pages,
      label = paste(name, "cites its source")
    )
  }
})

test_that("each argument is told, and no other", {
  for (page in help_pages()) {
    told <- section(page, "\\arguments")
    items <- if (length(told)) section(told[[1L]], "\\item") else list()
    names <- unlist(lapply(items, function(item) {
      text <- paste(unlist(item[[1L]]), collapse = "")
      # An ellipsis is a tag of its own in Rd.
      strsplit(if (nzchar(text)) text else "...", ",\\s*")[[1L]]
    }))
    aliases <- vapply(section(page, "\\alias"), as.character, "")
    # Methods of generics are internal names.
    namespace <- asNamespace("crossframe")
    functions <- Filter(function(name) exists(name, namespace), aliases)
    arguments <- unlist(lapply(functions, function(name) {
      names(formals(get(name, namespace)))
    }))
    expect_identical(
      sort(setdiff(names, "...")),
      sort(setdiff(unique(arguments), "...")),
      label = aliases[1L]
    )
  }
})

test_that("the vignettes are there, and name each function of aws.s3", {
  conformance()
  folder <- file.path(checkout(), "r-package", "vignettes")
  entries <- vapply(
    list.files(folder, "[.]Rmd$", full.names = TRUE),
    "",
    FUN = function(path) {
      lines <- readLines(path)
      sub(
        ".*IndexEntry[{](.*)[}]",
        "\\1",
        grep("IndexEntry", lines, value = TRUE)
      )
    }
  )
  expect_setequal(
    entries,
    c(
      "Getting started",
      "Coming from aws.s3",
      "Types between R and Python",
      "Batch loading"
    )
  )
  text <- paste(readLines(file.path(folder, "aws-s3.Rmd")), collapse = "\n")
  table <- utils::read.csv(conformance("aws_s3.csv"), check.names = FALSE)
  for (name in unique(table$`function`)) {
    expect_match(text, paste0(name, "("), fixed = TRUE)
  }
})

test_that("the package is there at once", {
  # Why by what it loads: time is no test. Loading takes a tenth of a second.
  code <- "library(crossframe); cat(setdiff(loadedNamespaces(), c(rownames(installed.packages(.Library, priority = 'base')))))"
  said <- system2(
    file.path(R.home("bin"), "Rscript"),
    c("--vanilla", "-e", shQuote(code)),
    stdout = TRUE
  )
  loaded <- strsplit(said, " ")[[1L]]
  # The imports wait until they are used.
  expect_identical(setdiff(loaded, "compiler"), "crossframe")
})
