# Copies, moves and deletions of objects as they are.

on_roots("a copy is the object, with all that is known of it", function(kind) {
  put_text("a/one.bin", "one", metadata = c(who = "me"), media_type = "x/y")
  told <- cf_copy("a/one.bin", "b/two.bin")
  expect_identical(text_at("b/two.bin"), "one")
  expect_identical(told$bytes, 3)
  expect_true(endsWith(told$target, "/b/two.bin"))
  location <- resolve("b/two.bin")
  meta <- location$store$head(location$key)
  expect_identical(meta$media_type, "x/y")
  expect_identical(meta$metadata, c(who = "me"))
})

on_roots("a pattern keeps names and levels below its prefix", function(kind) {
  put_text("a/x/1.txt", "1")
  put_text("a/x/y/2.txt", "2")
  put_text("a/x/3.dat", "3")
  cf_copy("a/x/**.txt", "b/")
  expect_identical(keys_there("b"), c("b/1.txt", "b/y/2.txt"))
  cf_copy("a", "c/")
  expect_identical(keys_there("c"), c("c/x/1.txt", "c/x/3.dat", "c/x/y/2.txt"))
  cf_copy("a/x/3.dat", "d/")
  expect_identical(keys_there("d"), "d/3.dat")
  expect_error(cf_copy("a/", "b/1.txt"), class = "crossframe_error_usage")
  expect_error(cf_copy("a/*.rds", "e/"), class = "crossframe_error_no_match")
})

on_roots("a CSV keeps its types where it goes", function(kind) {
  cf_save(typed(), "a/d.csv")
  cf_save(typed("c"), "a/e.tsv")
  cf_copy("a/d.csv", "b/f.csv")
  cf_copy("a/", "c/")
  cf_move("a/e.tsv", "g.tsv")
  expect_silent({
    expect_identical(cf_load("b/f.csv"), typed())
    expect_identical(cf_load("c/d.csv"), typed())
    expect_identical(cf_load("c/e.tsv"), typed("c"))
    expect_identical(cf_load("g.tsv"), typed("c"))
  })
  expect_identical(keys_there("a"), c("a/d.csv", "a/d.csv.schema.json"))
  cf_delete("c/*.csv")
  cf_delete("g.tsv")
  expect_identical(keys_there("c"), c("c/e.tsv", "c/e.tsv.schema.json"))
  expect_false("g.tsv.schema.json" %in% keys_there())
})

on_roots("an old sidecar does not outlive its data", function(kind) {
  cf_save(typed(), "old.csv")
  cf_save(cars, "plain.csv", schema = FALSE)
  cf_copy("plain.csv", "old.csv")
  expect_silent(expect_identical(nrow(cf_load("old.csv")), 50L))
  expect_false("old.csv.schema.json" %in% keys_there())
})

on_roots("overwrite = FALSE refuses, and changes nothing", function(kind) {
  put_text("a.txt", "a")
  put_text("b.txt", "b")
  for (transfer in list(cf_copy, cf_move)) {
    expect_error(
      transfer("a.txt", "b.txt", overwrite = FALSE),
      class = "crossframe_error_object_exists"
    )
  }
  expect_identical(text_at("b.txt"), "b")
  expect_identical(text_at("a.txt"), "a")
})

on_roots("a move leaves nothing behind", function(kind) {
  cf_save(typed(), "a/d.csv")
  put_text("a/1.txt", "1")
  told <- cf_move("a/", "b/")
  expect_identical(nrow(told), 2L)
  expect_identical(
    keys_there(),
    c("b/1.txt", "b/d.csv", "b/d.csv.schema.json")
  )
  expect_identical(cf_load("b/d.csv"), typed())
})

test_that("a move from a store to another streams", {
  put_in <- cf_store_folder(tempfile("one-"))
  into <- tempfile("two-")
  with_root(root = put_in, {
    put_text("d.txt", "d", metadata = c(k = "v"))
    cf_move("d.txt", paste0(into, "/"))
    expect_identical(keys_there(), character())
  })
  expect_identical(text_at(file.path(into, "d.txt")), "d")
  store <- cf_store_folder(into)
  expect_identical(store$head("d.txt")$metadata, c(k = "v"))
})

on_roots("from a bucket to a folder and back", kinds = "moto", function(kind) {
  folder <- tempfile("local-")
  cf_save(typed(), "a/d.csv")
  cf_copy("a/", paste0(folder, "/"))
  expect_identical(cf_load(file.path(folder, "d.csv")), typed())
  cf_copy(file.path(folder, "*.csv"), "b/")
  expect_identical(cf_load("b/d.csv"), typed())
})

test_that("nothing is copied over itself or what is still to be copied", {
  with_root({
    put_text("a/a/x.txt", "1")
    put_text("a/x.txt", "2")
    expect_error(
      cf_move("a/x.txt", "a/x.txt"),
      class = "crossframe_error_usage"
    )
    expect_error(cf_move("a/x.txt", "a/"), class = "crossframe_error_usage")
    expect_error(cf_move("a/", "a/a/"), class = "crossframe_error_usage")
    expect_identical(text_at("a/x.txt"), "2")
    expect_identical(text_at("a/a/x.txt"), "1")
  })
})

test_that("two names of one file are one object", {
  root <- tempfile("root-")
  alias <- tempfile("alias-")
  with_root(root = root, {
    put_text("x.txt", "kept")
    file.symlink(root, alias)
    expect_error(
      cf_move(file.path(alias, "x.txt"), "x.txt"),
      "to itself",
      class = "crossframe_error_usage"
    )
    expect_identical(text_at("x.txt"), "kept")
  })
})

test_that("two objects to one key are refused before the first", {
  with_root({
    put_text("a/x.txt", "1")
    put_text("b/x.txt", "2")
    expect_error(
      cf_copy("{d}/x.txt", "c/x.txt"),
      class = "crossframe_error_usage"
    )
    expect_identical(keys_there(), c("a/x.txt", "b/x.txt"))
  })
})

test_that("a path with a dot is this machine's, whatever the root is", {
  path <- text_file("here")
  old <- setwd(dirname(path))
  on.exit(setwd(old))
  with_root(root = cf_store_memory(), {
    put_text("hello.txt", "there")
    cf_copy("./hello.txt", "copy.txt")
    expect_identical(text_at("copy.txt"), "here")
    cf_copy("hello.txt", "../")
    expect_identical(text_in("../hello.txt"), "there")
    unlink("../hello.txt")
  })
})

on_roots("what is deleted is named", function(kind) {
  put_text("a/1.txt", "1")
  put_text("a/2.txt", "2")
  put_text("a/3.dat", "3")
  put_text("b.txt", "b")
  expect_identical(cf_delete("b.txt"), "b.txt")
  expect_identical(cf_delete("a/*.txt"), c("a/1.txt", "a/2.txt"))
  expect_identical(cf_delete("^a/3", regex = TRUE), "a/3.dat")
  expect_identical(keys_there(), character())
  expect_error(cf_delete("b.txt"), class = "crossframe_error_object_not_found")
  expect_error(cf_delete("b/"), class = "crossframe_error_no_match")
})

test_that("a misspelt key is answered with the one most like it", {
  with_root({
    put_text("runs/one.txt", "1")
    for (verb in list(cf_delete, cf_versions, cf_download, cf_open)) {
      missed <- tryCatch(verb("runs/one.tx"), error = identity)
      expect_s3_class(missed, "crossframe_error_object_not_found")
      expect_match(missed$hint, "runs/one.txt", fixed = TRUE)
    }
  })
})

test_that("what could not be deleted is named, with the reason", {
  store <- cf_store_memory()
  store$delete_many <- function(keys) {
    denied <- cf_error("access_denied", "Can't delete it.")
    list("a/1.txt" = denied, "a/3.txt" = denied)
  }
  with_root(root = store, {
    put_text("a/1.txt", "1")
    put_text("a/2.txt", "2")
    put_text("a/3.txt", "3")
    failed <- tryCatch(cf_delete("a/"), error = identity)
    expect_s3_class(failed, "crossframe_error_batch")
    expect_named(failed$errors, c("a/1.txt", "a/3.txt"))
    expect_match(conditionMessage(failed), "Can't delete 2 of 3 keys")
  })
})
