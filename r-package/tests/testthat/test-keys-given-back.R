# A key that comes back can be passed in again, and is the same on a folder and on a bucket.

given_keys <- c("foo/a.rds", "foo/b c.csv", "foo/bar/d%20{x}.rds")

# Run `code(root)` on each kind of root, with three frames below it.
each_root <- function(promise, code) {
  for (kind in c("folder", "bucket", "prefix")) {
    test_that(paste0(kind, ": ", promise), {
      if (kind == "folder") {
        root <- tempfile("root-")
        server <- character()
      } else {
        root <- paste0("s3://", new_bucket("moto"))
        root <- paste0(root, if (kind == "prefix") "/lab")
        server <- start_server("moto")
      }
      with_env(
        server,
        with_root(root = root, {
          for (i in seq_along(given_keys)) {
            saved <- cf_save(data.frame(x = i), given_keys[i])
            expect_identical(saved$key, given_keys[i])
          }
          code(root)
        })
      )
    })
  }
}

expect_loads <- function(keys) {
  expect_identical(
    vapply(keys, function(key) cf_load(key)$x, 0L, USE.NAMES = FALSE),
    1:3
  )
}

each_root("what is found is loaded", function(root) {
  for (pattern in c("", "foo/", "**", "{a}/**", "^foo")) {
    found <- cf_find(pattern, regex = startsWith(pattern, "^"))
    expect_identical(found$key, given_keys)
    expect_loads(found$key)
  }
})

each_root("what is asked for whole comes back whole", function(root) {
  for (there in c(root, tempfile("elsewhere-"))) {
    cf_set_root(there)
    for (pattern in c("/", "/foo/", "/**", "/{a}/**")) {
      found <- cf_find(paste0(root, pattern))
      expect_identical(found$key, paste0(root, "/", given_keys))
      expect_loads(found$key)
    }
  }
})

each_root("many go by their keys", function(root) {
  expect_named(cf_load_many("foo/", names = "key"), given_keys)
  whole <- paste0(root, "/", given_keys)
  expect_named(cf_load_many(paste0(root, "/foo/"), names = "key"), whole)
  frames <- list(p = data.frame(x = 1L), q = data.frame(x = 2L))
  saved <- cf_save_many(frames, paste0(root, "/many/{name}.rds"))
  expect_identical(saved$key, paste0(root, c("/many/p.rds", "/many/q.rds")))
  saved <- cf_save_many(frames, "many/{name}.rds")
  expect_identical(saved$key, c("many/p.rds", "many/q.rds"))
  expect_identical(cf_load("many/q.rds"), frames$q)
})

each_root("listings tell what can be listed", function(root) {
  for (top in c("", ".", "./")) {
    expect_identical(cf_ls(top)$key, "foo/")
  }
  expect_identical(cf_ls()$key, "foo/")
  sidecar <- "foo/b c.csv.schema.json"
  expect_identical(
    cf_ls("foo")$key,
    c("foo/a.rds", "foo/b c.csv", sidecar, "foo/bar/")
  )
  expect_identical(cf_ls("foo/bar/")$key, given_keys[3])
  expect_identical(cf_ls("foo/bar", recursive = TRUE)$key, given_keys[3])
  expect_identical(cf_ls(root)$key, paste0(root, "/foo/"))
  expect_identical(cf_ls(paste0(root, "/"))$key, paste0(root, "/foo/"))
  below <- cf_ls(paste0(root, "/foo"))$key
  expect_identical(cf_ls(below[4])$key, paste0(root, "/", given_keys[3]))
})

each_root("hints can be typed", function(root) {
  for (start in c("", paste0(root, "/"))) {
    missing <- tryCatch(cf_load(paste0(start, "foo/a.csv")), error = identity)
    expect_s3_class(missing, "crossframe_error_object_not_found")
    expect_match(missing$problem, "foo/a.csv'", fixed = TRUE)
    expect_identical(
      missing$hint,
      sprintf("Did you mean '%sfoo/a.rds'?", start)
    )
  }
})

each_root("errors go by the key given", function(root) {
  at <- resolve("foo/z.rds")
  expect_identical(
    sub("^file://", "", uri_of(at)),
    paste0(root, "/foo/z.rds")
  )
  at$store$put(at$key, charToRaw("X\nno more"))
  for (start in c("", paste0(root, "/"))) {
    key <- paste0(start, "foo/z.rds")
    pattern <- paste0(start, "foo/*.rds")
    condition <- tryCatch(
      cf_load_many(pattern, on_error = "collect"),
      error = identity
    )
    expect_named(condition$errors, key)
    expect_warning(
      cf_load_many(pattern, on_error = "skip"),
      sprintf("Skipped '%s'", key),
      fixed = TRUE
    )
  }
  # Of two roots nobody has to guess which: the whole URI is told.
  condition <- tryCatch(cf_load("foo/z.rds"), error = identity)
  expect_match(conditionMessage(condition), uri_of(at), fixed = TRUE)
})

each_root("the functions of aws.s3 are below the root, too", function(root) {
  expect_true(all(given_keys %in% get_bucket_df()$Key))
  for (object in get_bucket()) {
    expect_true(object_exists(object$Key))
  }
})

test_that("a key that would be something else comes back whole", {
  with_env(start_server("moto"), {
    session <- do.call(s3_session, server_arguments(start_server("moto")))
    for (start in c("", "lab/")) {
      bucket <- new_bucket("moto")
      root <- sub("/$", "", paste0("s3://", bucket, "/", start))
      odd <- c("odd/~/x.rds", "~/x.rds", "./x.rds", "ab://x.rds")
      for (key in paste0(start, odd)) {
        request <- list(method = "PUT", bucket = bucket, key = key)
        request$headers <- c("Content-Type" = "application/octet-stream")
        request$body <- rds_encode(cars, "gzip")
        s3_send(session, request)
      }
      with_root(root = root, {
        found <- cf_find("**/x.rds")$key
        expect_setequal(found, c(odd[1], paste0(root, "/", odd[-1])))
        for (key in found) {
          expect_identical(cf_load(key), cars)
        }
      })
    }
  })
})

test_that("the mark of an empty folder is no key", {
  bucket <- new_bucket("moto")
  with_env(start_server("moto"), {
    session <- do.call(s3_session, server_arguments(start_server("moto")))
    mark <- list(method = "PUT", bucket = bucket, key = "lab/")
    s3_send(session, mark)
    with_root(root = sprintf("s3://%s/lab//", bucket), {
      expect_identical(nrow(cf_ls()), 0L)
      expect_identical(nrow(cf_find("")), 0L)
      saved <- cf_save(cars, "x.rds")
      expect_identical(saved$uri, sprintf("s3://%s/lab/x.rds", bucket))
    })
  })
})
