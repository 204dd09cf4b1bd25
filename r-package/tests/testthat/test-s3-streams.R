# Objects larger than memory: to and from files, in parts and in ranges, and what is left where that fails.

# A file of so many bytes that repeat nowhere.
new_file <- function(size) {
  path <- tempfile("stream-")
  writeBin(as.raw((seq_len(size) * 7919) %/% 13 %% 256), path)
  path
}

file_md5 <- function(path) unname(tools::md5sum(path))

large <- 20 * 1024^2 + 1

for (kind in c("moto", "seaweedfs")) {
  test_that(paste0(kind, ": a large file goes up in parts and comes back"), {
    store <- new_test_store(kind)
    path <- new_file(large)
    meta <- store$put_from(
      "big file",
      path,
      media_type = "text/x-big",
      metadata = c(site = "north")
    )
    expect_match(meta$etag, "-3$")
    expect_identical(meta$size, large)
    expect_identical(meta$metadata, c(site = "north"))
    back <- tempfile()
    got <- store$get_to("big file", back)
    expect_identical(file_md5(back), file_md5(path))
    expect_identical(got$etag, meta$etag)
    expect_identical(got$media_type, "text/x-big")
    expect_identical(got$metadata, c(site = "north"))
    expect_identical(nrow(store$uploads()), 0L)
    # In memory by the same way.
    bytes <- readBin(path, raw(), large)
    expect_identical(store$get("big file"), bytes)
    again <- store$put("big too", bytes)
    expect_identical(again$etag, meta$etag)
    unlink(c(path, back))
  })

  test_that(paste0(kind, ": small and empty files do, too"), {
    store <- new_test_store(kind)
    for (size in c(0, 5)) {
      path <- new_file(size)
      expect_identical(store$put_from("k", path)$size, size)
      back <- tempfile()
      expect_identical(store$get_to("k", back)$size, size)
      expect_identical(file_md5(back), file_md5(path))
    }
    expect_error(
      store$get_to("none", back),
      class = "crossframe_error_object_not_found"
    )
    expect_false(file.exists(back))
    expect_error(
      store$put_from("k", tempfile()),
      class = "crossframe_error_usage"
    )
  })

  test_that(paste0(kind, ": conditions hold for what is sent in parts"), {
    store <- new_test_store(kind)
    path <- new_file(large)
    first <- store$put_from("k", path, if_absent = TRUE)
    expect_error(
      store$put_from("k", path, if_absent = TRUE),
      class = "crossframe_error_object_exists"
    )
    expect_error(
      store$put_from("k", path, if_match = "0123"),
      class = "crossframe_error_precondition_failed"
    )
    expect_identical(
      store$put_from("k", path, if_match = first$etag)$etag,
      first$etag
    )
    expect_identical(nrow(store$uploads()), 0L)
    unlink(path)
  })

  test_that(paste0(kind, ": an upload that fails leaves nothing"), {
    store <- new_test_store(kind)
    session <- attr(store, "s3")$session
    path <- new_file(large)
    store$put("k", hello)
    # The file becomes another one between its parts.
    source <- file_source(path)
    real <- source$bytes
    source$bytes <- function(start, length) {
      if (start > 0) {
        Sys.setFileTime(path, Sys.time() + 60)
      }
      real(start, length)
    }
    write <- new_write(
      attr(store, "s3")$bucket,
      "k",
      source,
      about_headers(),
      FALSE,
      NULL
    )
    expect_error(
      s3_write(session, write),
      "changed meanwhile",
      class = "crossframe_error_store"
    )
    expect_identical(nrow(store$uploads()), 0L)
    expect_identical(store$get("k"), hello)
    unlink(path)
  })

  test_that(paste0(kind, ": what somebody began is listed and ended"), {
    store <- new_test_store(kind)
    session <- attr(store, "s3")$session
    begin <- function(key) {
      request <- list(
        method = "POST",
        bucket = attr(store, "s3")$bucket,
        key = key,
        query = c(uploads = ""),
        body = raw(0)
      )
      s3_send(session, request)
    }
    begin("tmp/a b+c%20")
    begin("other")
    found <- store$uploads("tmp/")
    expect_identical(found$key, "tmp/a b+c%20")
    expect_s3_class(found$started, "POSIXct")
    if (kind == "seaweedfs") {
      age <- as.numeric(Sys.time()) - as.numeric(found$started)
      expect_lt(abs(age), 600)
    }
    store$abort(found[1, ])
    store$abort(found[1, ])
    expect_identical(store$uploads()$key, "other")
  })

  test_that(
    paste0(kind, ": what others stored in parts is verified by its parts"),
    {
      store <- new_test_store(kind)
      session <- attr(store, "s3")$session
      bucket <- attr(store, "s3")$bucket
      bytes <- as.raw(rep_len(0:250, 5 * 1024^2 + 10))
      where <- new_write(bucket, "k", NULL, character(), FALSE, NULL)
      sizes <- c(5 * 1024^2, 10)
      in_parts(
        session,
        where,
        c("Content-Type" = "text/plain"),
        2,
        function(at, id) {
          start <- c(0, sizes[1])[at]
          list(
            method = "PUT",
            query = c(partNumber = format(at), id),
            headers = c("Content-Type" = "text/plain"),
            body = bytes[(start + 1):(start + sizes[at])],
            part = function(response) {
              c(ETag = clean_etag(response$headers["etag"]))
            }
          )
        }
      )
      expect_identical(store$get("k"), bytes)
      answer <- s3_head_answer(session, bucket, "k")
      answer$body <- rev(bytes)
      check <- check_parts(session, bucket, "k")
      for (exact in c(FALSE, TRUE)) {
        told <- part_sizes(session, bucket, "k", answer$headers, 2, exact)
        expect_identical(told, sizes)
      }
      doubt <- check(answer)
      expect_match(doubt, "md5 of the parts")
      # What comes twice alike is what such a server has.
      expect_null(check(answer))
    }
  )
}

test_that("a damaged download is asked for again once, and leaves no file", {
  path <- tempfile()
  damaged <- function(signed) {
    writeBin(charToRaw("hellO"), signed$to)
    list(
      status = 200L,
      headers = c(etag = hello_md5),
      body = raw(0),
      file = signed$to
    )
  }
  good <- function(signed) {
    writeBin(hello, signed$to)
    list(
      status = 200L,
      headers = c(
        etag = hello_md5,
        "content-length" = "5",
        "last-modified" = "Sun, 22 Nov 2026 09:00:00 GMT"
      ),
      body = raw(0),
      file = signed$to
    )
  }
  meta <- s3_get_to(fake_session(damaged, good), "lab", "k", path)
  expect_identical(meta$size, 5)
  expect_identical(readBin(path, raw(), 9), hello)
  session <- fake_session(damaged)
  expect_error(
    s3_get_to(session, "lab", "k", path),
    class = "crossframe_error_corrupt_object"
  )
  expect_length(session$sent, 2)
  expect_false(file.exists(path))
})

test_that("a full disk is said, and not waited for", {
  full <- function(signed) {
    stop("Failed writing received data to disk/application")
  }
  session <- fake_session(full)
  expect_error(
    s3_get_to(session, "lab", "k", tempfile()),
    "Is the disk full",
    class = "crossframe_error_store"
  )
  expect_length(session$sent, 1)
})

# A large object as a server has it that answers ranges; `spoil` changes an answer.
range_server <- function(bytes, spoil = function(answer, signed) answer) {
  md5 <- sprintf("\"%s\"", hex_text(openssl::md5(bytes)))
  about <- c(
    etag = md5,
    "content-length" = format(length(bytes), scientific = FALSE),
    "last-modified" = "Sun, 22 Nov 2026 09:00:00 GMT"
  )
  function(signed) {
    range <- signed$headers["Range"]
    made <- if (signed$method == "HEAD") {
      list(status = 200L, headers = about, body = raw(0))
    } else if (is.na(range)) {
      list(exceeded = TRUE, status = 200L, headers = about)
    } else {
      ends <- as.numeric(strsplit(sub("bytes=", "", range), "-")[[1]])
      piece <- bytes[(ends[1] + 1):(ends[2] + 1)]
      told <- sprintf("bytes %.0f-%.0f/%d", ends[1], ends[2], length(bytes))
      list(status = 206L, headers = c("content-range" = told), body = piece)
    }
    spoil(made, signed)
  }
}

test_that("ranges that are damaged, cut or of another object are never returned", {
  bytes <- as.raw(rep_len(0:250, range_bytes + 5))
  path <- tempfile()
  expect_error(
    s3_get_to(
      fake_session(range_server(bytes, function(answer, signed) {
        if (answer$status == 206L) {
          answer$body[1] <- xor(answer$body[1], as.raw(1))
        }
        answer
      })),
      "lab",
      "k",
      path
    ),
    class = "crossframe_error_corrupt_object"
  )
  expect_false(file.exists(path))
  expect_error(
    s3_get_to(
      fake_session(range_server(bytes, function(answer, signed) {
        if (answer$status == 206L) {
          answer$body <- answer$body[-1]
        }
        answer
      })),
      "lab",
      "k",
      path
    ),
    class = "crossframe_error_corrupt_object"
  )
  expect_error(
    s3_get_to(
      fake_session(range_server(bytes, function(made, signed) {
        if (identical(made$status, 206L)) {
          return(s3_says(412, "PreconditionFailed"))
        }
        made
      })),
      "lab",
      "k",
      path
    ),
    "replaced while it was read",
    class = "crossframe_error_unavailable"
  )
  once <- TRUE
  session <- fake_session(range_server(bytes, function(answer, signed) {
    if (answer$status == 206L && once) {
      once <<- FALSE
      answer$body[1] <- xor(answer$body[1], as.raw(1))
    }
    answer
  }))
  s3_get_to(session, "lab", "k", path)
  expect_identical(readBin(path, raw(), length(bytes)), bytes)
  unlink(path)
})

test_that("many keys by few handles: each gets its own bytes, in whatever order they come", {
  store <- new_test_store("seaweedfs")
  bytes <- lapply(seq_len(80), function(at) charToRaw(strrep("x", 37 * at)))
  bytes[[7]] <- raw(0)
  keys <- sprintf("k %02d", seq_along(bytes))
  for (at in seq_along(keys)[-50]) {
    store$put(keys[at], bytes[[at]])
  }
  stream <- store$get_stream(keys)
  got <- vector("list", length(keys))
  asked <- 0
  repeat {
    while (asked < length(keys) && asked < sum(lengths(got) > 0) + 10) {
      asked <- asked + 1
      stream$ask(asked)
    }
    one <- stream$take()
    if (is.null(one)) {
      break
    }
    got[[one$at]] <- list(one$got)
  }
  stream$close()
  expect_s3_class(got[[50]][[1]], "crossframe_error_object_not_found")
  expect_identical(lapply(got[-50], `[[`, 1), bytes[-50])
})
