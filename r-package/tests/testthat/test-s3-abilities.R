# What a bucket can do beside the five verbs: copies, versions, links, publishing, expiry, many deletions.

versioned_store <- function(kind) {
  server <- start_server(kind)
  session <- do.call(s3_session, server_arguments(server))
  bucket_count <<- bucket_count + 1
  bucket <- sprintf("kept-%d-%d", Sys.getpid(), bucket_count)
  s3_make_bucket(session, bucket)
  do.call(cf_store_s3, c(list(bucket), server_arguments(server)))
}

expect_link_works <- function(store, key, link) {
  got <- fetch(link)
  expect_identical(got$status_code, 200L)
  expect_identical(got$content, hello)
  expect_identical(fetch(sub("a%20b", "new", link))$status_code, 403L)
  expect_identical(fetch(sub("=60", "=61", link))$status_code, 403L)
  put <- store$sign("new", "put", 60, media_type = "text/csv")
  handle <- curl::new_handle(
    customrequest = "PUT",
    postfields = "a,b",
    httpheader = c("Content-Type: text/csv", "Expect:")
  )
  sent <- curl::curl_fetch_memory(as.character(put), handle)
  expect_identical(sent$status_code, 200L)
  expect_identical(rawToChar(store$get("new")), "a,b")
  expect_identical(store$head("new")$media_type, "text/csv")
}

fetch <- function(url) curl::curl_fetch_memory(as.character(url))

for (kind in c("moto", "seaweedfs")) {
  test_that(
    paste0(kind, ": replaced and deleted contents are listed and come back"),
    {
      store <- versioned_store(kind)
      key <- "a/odd +%20\u00e9"
      first <- store$put(key, charToRaw("one"))
      second <- store$put(key, charToRaw("two"), metadata = c(n = "2"))
      store$put(paste0(key, "x"), hello)
      store$delete(key)
      found <- store$versions(key, exact = TRUE)
      expect_identical(found$key, rep(key, 3))
      expect_identical(found$deleted, c(TRUE, FALSE, FALSE))
      expect_identical(found$latest, c(TRUE, FALSE, FALSE))
      expect_identical(found$version[2:3], c(second$version, first$version))
      expect_identical(found$size, c(0, 3, 3))
      expect_identical(found$etag[3], first$etag)
      expect_identical(nrow(store$versions("a/")), 4L)
      expect_identical(
        store$get(key, version = first$version),
        charToRaw("one")
      )
      path <- tempfile()
      store$get_to(key, path, version = first$version)
      expect_identical(readLines(path, warn = FALSE), "one")

      back <- store$restore(key)
      expect_identical(store$get(key), charToRaw("two"))
      expect_identical(back$metadata, c(n = "2"))
      # Nothing to do: what is there stays.
      expect_identical(store$restore(key)$version, back$version)
      store$restore(key, first$version)
      expect_identical(store$get(key), charToRaw("one"))
      expect_identical(nrow(store$versions(key, exact = TRUE)), 5L)

      for (version in c("nonsense", first$version)) {
        expect_error(
          store$restore("never", version),
          class = "crossframe_error_object_not_found"
        )
      }
      expect_error(
        store$restore("never"),
        "No version",
        class = "crossframe_error_object_not_found"
      )
      expect_error(
        store$get(key, version = "nonsense"),
        "version 'nonsense'",
        class = "crossframe_error_object_not_found"
      )
      marker <- found$version[1]
      expect_error(
        store$restore(key, marker),
        class = "crossframe_error_object_not_found"
      )
    }
  )

  test_that(paste0(kind, ": a listing of versions is read to its end"), {
    store <- versioned_store(kind)
    at <- attr(store, "s3")
    for (key in sprintf("p/%d+ x", c(1, 1, 2, 2, 3))) {
      store$put(key, hello)
    }
    page <- marked_pages
    few <- function(session, request, query, ...) {
      page(session, request, c(query, "max-keys" = "2"), ...)
    }
    with_internal(list(marked_pages = few), {
      found <- store$versions("p/")
      one <- store$versions("p/1+ x", exact = TRUE)
    })
    expect_identical(found$key, sprintf("p/%d+ x", c(1, 1, 2, 2, 3)))
    expect_identical(nrow(one), 2L)
  })

  test_that(paste0(kind, ": one version is deleted for ever"), {
    store <- versioned_store(kind)
    first <- store$put("k", charToRaw("one"))
    store$put("k", charToRaw("two"))
    store$delete("k", version = first$version)
    expect_identical(nrow(store$versions("k")), 1L)
    expect_identical(store$get("k"), charToRaw("two"))
  })

  test_that(
    paste0(kind, ": the server copies, within a bucket and between two"),
    {
      store <- new_test_store(kind)
      store$put(
        "a b+%20",
        hello,
        media_type = "text/x-a",
        metadata = c(site = "n")
      )
      meta <- store$copy("a b+%20", "c/\u00e9")
      expect_identical(store$get("c/\u00e9"), hello)
      head <- store$head("c/\u00e9")
      expect_identical(head$media_type, "text/x-a")
      expect_identical(head$metadata, c(site = "n"))
      expect_identical(
        meta[c("etag", "size", "metadata")],
        head[c("etag", "size", "metadata")]
      )
      expect_error(
        store$copy("a b+%20", "c/\u00e9", if_absent = TRUE),
        class = "crossframe_error_object_exists"
      )
      expect_error(
        store$copy("none", "x"),
        class = "crossframe_error_object_not_found"
      )
      other <- new_test_store(kind)
      other$copy("a b+%20", "there", source = store)
      expect_identical(other$get("there"), hello)
      expect_error(
        other$copy("k", "k", source = cf_store_memory()),
        class = "crossframe_error_not_supported"
      )
    }
  )

  test_that(
    paste0(kind, ": what is large is copied in parts, with its metadata"),
    {
      store <- new_test_store(kind)
      bytes <- as.raw(rep_len(0:250, 17 * 1024^2))
      store$put("big", bytes, media_type = "text/x-a", metadata = c(site = "n"))
      with_internal(
        list(copy_bytes = 10 * 1024^2, copy_part_bytes = 8 * 1024^2),
        store$copy("big", "too")
      )
      head <- store$head("too")
      expect_match(head$etag, "-3$")
      expect_identical(head$metadata, c(site = "n"))
      expect_identical(head$media_type, "text/x-a")
      expect_identical(store$get("too"), bytes)
    }
  )

  test_that(paste0(kind, ": many objects are deleted in one request"), {
    store <- new_test_store(kind)
    keys <- c("a b", "a+b", "<&>", "\u00e9", "a%20b")
    for (key in keys) {
      store$put(key, hello)
    }
    store$put("kept", hello)
    expect_length(store$delete_many(c(keys, "never", keys[1])), 0)
    expect_identical(store$list()$key, "kept")
    expect_length(store$delete_many(character()), 0)
  })

  test_that(paste0(kind, ": a link reads, or writes, for whoever has it"), {
    store <- new_test_store(kind)
    key <- "a b+%20&=\u00e9"
    store$put(key, hello)
    link <- store$sign(key, expires_s = 60)
    expect_s3_class(link, "crossframe_link")
    expect_identical(attr(link, "verb"), "get")
    expect_lt(
      abs(as.numeric(attr(link, "expires")) - as.numeric(Sys.time()) - 60),
      5
    )
    # Why not of moto: where it checks signatures it fails on links.
    if (kind == "seaweedfs") {
      expect_link_works(store, key, link)
    }
  })

  test_that(
    paste0(
      kind,
      ": a prefix is public until it is not, and others' statements stay"
    ),
    {
      store <- new_test_store(kind)
      at <- attr(store, "s3")
      theirs <- list(
        Version = "2012-10-17",
        Id = "lab",
        Statement = list(
          list(
            Sid = "Theirs",
            Effect = "Allow",
            Principal = list(AWS = list("*")),
            Action = list("s3:GetObject"),
            Resource = list(sprintf("arn:aws:s3:::%s/x/*", at$bucket)),
            Condition = list(IpAddress = list("aws:SourceIp" = "10.0.0.0/8"))
          )
        )
      )
      put_policy(at$session, at$bucket, theirs)
      store$put("open/k", hello)
      store$put("shut/k", hello)
      url <- store$publish("open/")
      expect_match(url, "/open/$")
      store$publish("open/")
      expect_identical(store$published(), "open/")
      expect_identical(
        store$publish("shut/one k"),
        sub("open/$", "shut/one%20k", url)
      )
      expect_identical(store$published(), c("open/", "shut/one k"))
      now <- get_policy(at$session, at$bucket)
      # Why unlisted: servers write a list of one as its element.
      expect_identical(
        unlist(now$Statement[[1]])[names(unlist(theirs$Statement[[1]]))],
        unlist(theirs$Statement[[1]])
      )
      expect_length(now$Statement, 3)
      if (kind == "seaweedfs") {
        expect_identical(fetch(paste0(url, "k"))$content, hello)
        expect_identical(
          fetch(sub("open/$", "shut/k", url))$status_code,
          403L
        )
      }
      store$unpublish("shut/one k")
      store$unpublish("open/")
      store$unpublish("never/")
      expect_identical(store$published(), character())
      expect_length(get_policy(at$session, at$bucket)$Statement, 1)
      expect_error(
        store$publish("a*"),
        class = "crossframe_error_usage"
      )
    }
  )

  test_that(
    paste0(kind, ": what is temporary has a rule, and others' rules stay"),
    {
      store <- new_test_store(kind)
      at <- attr(store, "s3")
      expect_length(store$expiries(), 0)
      theirs <- xml2::read_xml(paste0(
        "<LifecycleConfiguration xmlns='http://s3.amazonaws.com/doc/2006-03-01/'>",
        "<Rule><ID>theirs</ID><Filter><Prefix>logs/</Prefix></Filter>",
        "<Status>Enabled</Status><Expiration><Days>3</Days></Expiration></Rule>",
        "</LifecycleConfiguration>"
      ))
      put_rules(at$session, at$bucket, theirs, character())
      store$expire("tmp/", 30)
      store$expire("a b&/", 2)
      store$expire("tmp/", 7)
      expect_identical(store$expiries(), c("a b&/" = 2L, "tmp/" = 7L))
      ids <- function() {
        rules <- lifecycle_rules(at$session, at$bucket)$rules
        vapply(rules, rule_text, "", child = "ID")
      }
      expect_identical(
        sort(ids()),
        # From sha256sum: of "a b&/" and "tmp/".
        sort(c(
          "theirs",
          paste0("crossframe-expire-", short_digest("a b&/")),
          paste0("crossframe-expire-", short_digest("tmp/"))
        ))
      )
      store$expire("tmp/", NULL)
      store$expire("a b&/", NULL)
      store$expire("never/", NULL)
      expect_identical(ids(), "theirs")
      expect_error(store$expire("x/", 0), class = "crossframe_error_usage")
    }
  )

  test_that(paste0(kind, ": a bucket is made once, with versions"), {
    session <- do.call(s3_session, server_arguments(start_server(kind)))
    bucket_count <<- bucket_count + 1
    bucket <- sprintf("made-%d-%d", Sys.getpid(), bucket_count)
    s3_make_bucket(session, bucket)
    status <- xml_field(
      s3_send(
        session,
        list(method = "GET", bucket = bucket, query = c(versioning = ""))
      )$body,
      "Status"
    )
    expect_identical(status, "Enabled")
    expect_error(
      s3_make_bucket(session, bucket),
      "there is a bucket",
      class = "crossframe_error_object_exists"
    )
  })
}

test_that("the names of what is ours are those that Python gives", {
  # sha256("tmp/") = a1f7f1e6...: from `printf tmp/ | sha256sum`.
  expect_identical(
    short_digest("tmp/"),
    substr(hex_sha256(charToRaw("tmp/")), 1, 12)
  )
  expect_identical(short_digest(""), "e3b0c44298fc")
  expect_identical(public_sid(""), "CrossframePublice3b0c44298fc")
})

test_that("a link's time is checked, against the session token's own end, too", {
  session <- fake_session(answer(200))
  sign <- function(...) s3_sign(session, "lab", "k", ...)
  for (seconds in list(0, 7 * 86400 + 1, NA, "1")) {
    expect_error(sign(expires_s = seconds), class = "crossframe_error_usage")
  }
  expect_error(
    sign(verb = "delete", expires_s = 1),
    class = "crossframe_error_usage"
  )
  expect_error(
    sign(verb = "put", version = "v", expires_s = 1),
    class = "crossframe_error_usage"
  )
  expect_null(attr(sign(expires_s = 7 * 86400), "warning"))
  now <- Sys.time()
  token <- function(expires) {
    session$credentials <- list(
      access_key = "AK",
      secret_key = "SK",
      session_token = "TOKEN",
      source = "the test",
      expires = expires
    )
  }
  token(NULL)
  unknown <- sign(expires_s = 3600)
  expect_match(attr(unknown, "warning"), "session")
  expect_match(unknown, "X-Amz-Security-Token=TOKEN")
  token(now + 600)
  early <- sign(expires_s = 3600)
  expect_lt(abs(as.numeric(attr(early, "expires")) - as.numeric(now) - 600), 2)
  expect_match(attr(early, "warning"), "The link ends at")
  expect_null(attr(sign(expires_s = 60), "warning"))
  token(now - 1)
  expect_error(
    sign(expires_s = 60),
    class = "crossframe_error_expired_token"
  )
  session$anonymous <- TRUE
  expect_error(sign(expires_s = 60), class = "crossframe_error_credentials")
})

test_that("a copy that fails after 200 is an error, and a lost answer is none", {
  head <- answer(
    200,
    etag = hello_md5,
    "content-length" = "5",
    "last-modified" = "Sun, 22 Nov 2026 09:00:00 GMT"
  )
  late <- answer(
    200,
    "<Error><Code>AccessDenied</Code><Message>Late</Message></Error>"
  )
  session <- fake_session(head, late)
  expect_error(
    s3_copy(session, "lab", "a", "b"),
    "s3:PutObject, and s3:GetObject",
    class = "crossframe_error_access_denied"
  )
  cut <- answer(200, "<CopyObjectResult><ETag>")
  good <- answer(
    200,
    sprintf("<CopyObjectResult><ETag>%s</ETag></CopyObjectResult>", hello_md5),
    date = "Sun, 22 Nov 2026 09:00:00 GMT"
  )
  failing <- answer(
    200,
    "<Error><Code>InternalError</Code><Message>Late</Message></Error>"
  )
  session <- fake_session(head, cut, failing, good)
  expect_identical(
    s3_copy(session, "lab", "a", "b")$etag,
    "5d41402abc4b2a76b9719d911017c592"
  )
  expect_length(session$sent, 4)
  # if_absent: HEAD of the source, HEAD of the target, the copy twice, HEAD to compare.
  none <- s3_says(404, "NoSuchKey")
  lost <- function(signed) stop("Empty reply from server")
  refused <- s3_says(412, "PreconditionFailed")
  session <- fake_session(head, none, none, lost, refused, head)
  expect_identical(
    s3_copy(session, "lab", "a", "b", if_absent = TRUE)$size,
    5
  )
  session <- fake_session(head, none, none, refused, head)
  expect_error(
    s3_copy(session, "lab", "a", "b", if_absent = TRUE),
    class = "crossframe_error_object_exists"
  )
})

test_that("deleting many tells what failed, and why", {
  some <- answer(
    200,
    paste0(
      "<DeleteResult><Deleted><Key>a</Key></Deleted>",
      "<Error><Key>b</Key><Code>AccessDenied</Code><Message>No</Message></Error>",
      "<Error><Key>c</Key><Code>SlowDown</Code><Message>Later</Message></Error>",
      "</DeleteResult>"
    )
  )
  gone <- answer(204)
  session <- fake_session(some, gone)
  # Of "d" nothing is said, and of "c" nothing final: both are asked for alone.
  failed <- s3_delete_many(session, "lab", c("a", "b", "c", "d"))
  expect_named(failed, "b")
  expect_s3_class(failed$b, "crossframe_error_access_denied")
  expect_match(conditionMessage(failed$b), "'b' in s3://lab")
  expect_match(conditionMessage(failed$b), "s3:DeleteObject")
  expect_length(session$sent, 3)
  expect_identical(
    session$sent[[1]]$headers[["Content-MD5"]],
    base64_digest(session$sent[[1]]$body, "md5")
  )
  session <- fake_session(s3_says(501, "NotImplemented"), gone)
  expect_length(s3_delete_many(session, "lab", c("a", "b")), 0)
  expect_length(session$sent, 3)
  session <- fake_session(s3_says(404, "NoSuchBucket"))
  keys <- sprintf("%04d", 1:1500)
  failed <- s3_delete_many(session, "lab", keys)
  expect_identical(names(failed), keys)
  expect_s3_class(failed[[1500]], "crossframe_error_bucket_not_found")
  expect_length(session$sent, 1)
})

test_that("a listing of versions that is cut short is an error", {
  page <- "<ListVersionsResult>%s<Version><Key>a</Key><VersionId>1</VersionId></Version></ListVersionsResult>"
  says <- function(text) fake_session(answer(200, sprintf(page, text)))
  expect_error(
    s3_versions(says(""), "lab"),
    "whether it is all",
    class = "crossframe_error_unavailable"
  )
  expect_error(
    s3_versions(says("<IsTruncated>true</IsTruncated>"), "lab"),
    "does not say how to go on",
    class = "crossframe_error_unavailable"
  )
  again <- "<IsTruncated>true</IsTruncated><NextKeyMarker>a</NextKeyMarker>"
  expect_error(
    s3_versions(says(again), "lab"),
    "twice",
    class = "crossframe_error_unavailable"
  )
})
