# What is temporary, what was left behind, and new buckets.

aged <- function(root, key, days) {
  Sys.setFileTime(file.path(root, key), Sys.time() - days * 86400)
}

test_that("a folder's rules are carried out by cf_cleanup()", {
  root <- tempfile("root-")
  with_root(root = root, {
    for (key in c("tmp/old.txt", "tmp/new.txt", "tmpx.txt", "one.txt")) {
      put_text(key, key)
      aged(root, key, if (key == "tmp/new.txt") 1 else 40)
    }
    cf_expire("tmp/", "30d")
    cf_expire("one.txt", as.difftime(2, units = "weeks"))
    planned <- cf_cleanup(dry_run = TRUE)
    expect_named(planned, c("kind", "key", "modified", "size", "done"))
    expect_identical(planned$kind, c("expired", "expired"))
    expect_setequal(planned$key, c("one.txt", "tmp/old.txt"))
    expect_identical(planned$done, c(FALSE, FALSE))
    expect_length(keys_there(), 4)
    expect_identical(cf_cleanup("tmp/")$key, "tmp/old.txt")
    expect_identical(keys_there(), c("one.txt", "tmp/new.txt", "tmpx.txt"))
    cf_expire("one.txt", NULL)
    expect_identical(nrow(cf_cleanup()), 0L)
    expect_true("one.txt" %in% keys_there())
    # what went by a rule can be brought back
    cf_restore("tmp/old.txt")
    expect_identical(text_at("tmp/old.txt"), "tmp/old.txt")
  })
})

test_that("what a killed writer left in a folder goes when it is old", {
  root <- tempfile("root-")
  with_root(root = root, {
    put_text("a/b.txt", "b")
    left <- file.path(root, "a", ".crossframe-tmp-0123")
    writeLines("half", left)
    expect_identical(nrow(cf_cleanup()), 0L)
    aged(root, "a/.crossframe-tmp-0123", 8)
    expect_identical(cf_cleanup()$kind, "temporary")
    expect_false(file.exists(left))
    expect_identical(text_at("a/b.txt"), "b")
  })
})

# Writes its keys, and waits where it would show them; its first argument is the root, its second a file to tell
# in.
saves_and_waits <- quote({
  arguments <- commandArgs(TRUE)
  library(crossframe)
  store <- getNamespace("crossframe")$resolve_root(arguments[1])
  store$copy <- function(...) {
    writeLines(as.character(Sys.getpid()), paste0(arguments[2], ".new"))
    file.rename(paste0(arguments[2], ".new"), arguments[2])
    Sys.sleep(3600)
  }
  cf_set_root(store)
  cf_save_many(list(a = cars, b = women), "d/{name}.csv", atomic = TRUE)
})

# Kill a process in the middle of an atomic batch, and return what it left behind.
kill_while_saving <- function(root) {
  script <- tempfile(fileext = ".R")
  told <- tempfile()
  writeLines(deparse(saves_and_waits), script)
  rscript <- file.path(R.home("bin"), "Rscript")
  arguments <- shQuote(c("--vanilla", script, root, told))
  system2(rscript, arguments, wait = FALSE, stdout = FALSE, stderr = FALSE)
  for (waited in seq_len(1200)) {
    if (file.exists(told)) {
      break
    }
    Sys.sleep(0.05)
  }
  tools::pskill(as.integer(readLines(told)), tools::SIGKILL)
  grep(".saving-", keys_there(), fixed = TRUE, value = TRUE)
}

on_roots("what a killed batch left behind goes for good", function(kind) {
  cf_save(cars, "d/c.csv")
  kept <- keys_there()
  left <- kill_while_saving(current_root())
  expect_identical(
    basename(left),
    c("a.csv", "a.csv.schema.json", "b.csv", "b.csv.schema.json")
  )
  expect_identical(cf_find("**")$key, "d/c.csv")
  expect_identical(nrow(cf_cleanup()), 0L)
  expect_identical(nrow(cf_cleanup("e/", older_than = 0)), 0L)
  planned <- cf_cleanup(older_than = 0, dry_run = TRUE)
  expect_identical(planned$key, left)
  expect_identical(unique(planned$kind), "batch")
  expect_true(all(planned$size > 0))
  expect_false(any(planned$done))
  expect_true(all(cf_cleanup("d", older_than = 0)$done))
  expect_identical(nrow(cf_cleanup(older_than = 0)), 0L)
  expect_identical(keys_there(), kept)
  # nor is it kept as older versions
  expect_identical(unique(cf_versions("d/")$key), kept)
})

test_that("a folder that is not there is told", {
  expect_error(
    cf_cleanup(tempfile("nowhere-")),
    "nowhere-",
    class = "crossframe_error_bucket_not_found"
  )
})

test_that("a batch is as old as its last key", {
  root <- tempfile("root-")
  with_root(root = root, {
    left <- paste0("d/.saving-0123456789abcdef/", c("a.txt", "b.txt"))
    for (key in left) {
      put_text(key, key)
    }
    aged(root, left[1], 8)
    # nor do rules reach what is not there yet
    cf_expire("d/", "1d")
    expect_identical(nrow(cf_cleanup()), 0L)
    aged(root, left[2], 9)
    expect_identical(cf_cleanup()$key, left)
    expect_length(keys_there(), 0)
  })
})

on_roots(
  "an upload that was left behind is aborted",
  kinds = "seaweedfs",
  function(kind) {
    location <- resolve("a/big.bin")
    session <- do.call(s3_session, server_arguments(start_server(kind)))
    bucket <- sub("^s3://([^/]*).*$", "\\1", location$store$uri)
    s3_send(
      session,
      list(
        method = "POST",
        bucket = bucket,
        key = "lab/a/big.bin",
        query = c(uploads = "")
      )
    )
    expect_identical(nrow(cf_cleanup()), 0L)
    planned <- cf_cleanup(older_than = 0, dry_run = TRUE)
    expect_identical(planned$kind, "upload")
    expect_identical(planned$key, "a/big.bin")
    expect_true(cf_cleanup("a", older_than = "0s")$done)
    expect_identical(nrow(cf_cleanup(older_than = 0)), 0L)
  }
)

on_roots("a bucket's rules are its own", kinds = "moto", function(kind) {
  cf_expire("tmp/", "30d")
  location <- resolve("tmp/")
  expect_equal(location$store$expiries(), c("tmp/" = 30))
  cf_expire("tmp/", NULL)
  expect_length(location$store$expiries(), 0)
  expect_error(cf_expire("tmp/", "36h"), class = "crossframe_error_usage")
})

test_that("a bucket is made with versions", {
  for (kind in c("moto", "seaweedfs")) {
    with_env(start_server(kind), {
      bucket <- sprintf("made-%s-%d", kind, Sys.getpid())
      uri <- cf_make_bucket(paste0("s3://", bucket))
      expect_identical(uri, paste0("s3://", bucket))
      key <- paste0(uri, "/a.rds")
      cf_save(1, key)
      cf_save(2, key)
      expect_identical(nrow(cf_versions(key)), 2L)
      expect_error(
        cf_make_bucket(paste0(uri, "/prefix/")),
        class = "crossframe_error_usage"
      )
    })
  }
})

test_that("a folder is made", {
  path <- file.path(tempfile(), "lab")
  expect_identical(cf_make_bucket(path), paste0("file://", path))
  expect_true(dir.exists(path))
  expect_silent(cf_make_bucket(path))
})
