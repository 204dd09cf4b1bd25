# Access for others. Links are opened by curl as it is, without our signer; on SeaweedFS, since moto, told to
# check signatures, answers 500 to a signed link.

fetch_link <- function(link, ...) {
  handle <- curl::new_handle(...)
  curl::curl_fetch_memory(as.character(link), handle)
}

upload_link <- function(link, bytes) {
  handle <- curl::new_handle(upload = TRUE, infilesize = length(bytes))
  at <- 0
  curl::handle_setopt(handle, readfunction = function(size) {
    piece <- bytes[seq_len(length(bytes)) > at][seq_len(min(
      size,
      length(bytes) - at
    ))]
    at <<- at + length(piece)
    piece
  })
  curl::curl_fetch_memory(as.character(link), handle)
}

on_roots(
  "a link fetches one object, for an hour",
  kinds = "seaweedfs",
  function(kind) {
    cf_save(typed(), "a b/d+1.rds")
    link <- cf_share("a b/d+1.rds", "1h")
    expect_s3_class(link, "crossframe_link")
    expect_identical(attr(link, "verb"), "get")
    left <- as.numeric(attr(link, "expires")) - as.numeric(Sys.time())
    expect_gt(left, 3500)
    expect_lt(left, 3700)
    got <- fetch_link(link)
    expect_identical(got$status_code, 200L)
    expect_identical(cf_load(link), typed())
    expect_identical(cf_load(as.character(link)), typed())
  }
)

on_roots(
  "a link is downloaded, copied, opened and converted",
  kinds = "seaweedfs",
  function(kind) {
    put_text("a b/d.txt", "x\n1\n")
    link <- cf_share("a b/d.txt")
    down <- paste0(tempfile(), "/")
    expect_identical(text_in(cf_download(link, down)), "x\n1\n")
    expect_identical(list.files(down), "d.txt")
    cf_copy(link, "copies/")
    expect_identical(text_at("copies/d.txt"), "x\n1\n")
    con <- cf_open(link)
    expect_identical(readLines(con), c("x", "1"))
    close(con)
    expect_identical(cf_read_using(read.csv, link)$x, 1L)
    cf_convert(link, "d.rds")
    expect_identical(cf_load("d.rds")$x, 1L)
    expect_error(
      cf_move(link, "e.txt"),
      class = "crossframe_error_not_supported"
    )
    said <- tryCatch(cf_move(link, "e.txt"), error = conditionMessage)
    expect_no_match(said, "Signature")
    saved <- tryCatch(cf_save(cars, link), error = identity)
    expect_s3_class(saved, "crossframe_error_not_supported")
    expect_no_match(conditionMessage(saved), "Signature")
  }
)

on_roots("a link uploads to one key", kinds = "seaweedfs", function(kind) {
  link <- cf_request("in/new.txt", 3600)
  expect_identical(attr(link, "verb"), "put")
  expect_true(
    upload_link(link, charToRaw("from afar"))$status_code %in% 200:204
  )
  expect_identical(text_at("in/new.txt"), "from afar")
})

on_roots("a link may be to a version", kinds = "seaweedfs", function(kind) {
  cf_save(cars, "d.rds")
  cf_save(women, "d.rds")
  id <- cf_versions("d.rds")$version[2]
  expect_identical(cf_load(cf_share("d.rds", version = id)), cars)
})

on_roots(
  "a link that expired or was tampered with is refused",
  kinds = "seaweedfs",
  function(kind) {
    put_text("a.txt", "a")
    link <- cf_share("a.txt", "1s")
    Sys.sleep(2.2)
    expect_identical(fetch_link(link)$status_code, 403L)
    expired <- tryCatch(cf_load(link, format = "csv"), error = identity)
    expect_s3_class(expired, "crossframe_error_expired_token")
    expect_no_match(conditionMessage(expired), "Signature=")
    other <- sub("a.txt", "b.txt", cf_share("a.txt"), fixed = TRUE)
    expect_identical(fetch_link(other)$status_code, 403L)
  }
)

on_roots(
  "what is public anybody may read, until it is not",
  kinds = "seaweedfs",
  function(kind) {
    cf_save(typed(), "open/d.rds")
    cf_save(typed(), "shut/d.rds")
    url <- cf_publish("open/")
    expect_identical(cf_load(paste0(url, "d.rds")), typed())
    shut <- sub("open/$", "shut/d.rds", url)
    expect_identical(fetch_link(shut)$status_code, 403L)
    cf_unpublish("open/")
    expect_identical(fetch_link(paste0(url, "d.rds"))$status_code, 403L)
    cf_unpublish("open/")
  }
)

on_roots(
  "lengths of time and keys are checked",
  kinds = "moto",
  function(kind) {
    put_text("a.txt", "a")
    for (make in list(cf_share, cf_request)) {
      expect_error(make("a.txt", "8d"), class = "crossframe_error_usage")
      expect_error(make("a.txt", "soon"), class = "crossframe_error_usage")
    }
    expect_error(
      cf_share("b.txt"),
      class = "crossframe_error_object_not_found"
    )
    expect_error(cf_request("b//c"), class = "crossframe_error_invalid_key")
  }
)

test_that("a warning of the store reaches the caller", {
  store <- cf_store_memory()
  store$sign <- function(...) {
    new_link("https://h/k", 1, "get", "ends with the session, at noon")
  }
  with_root(root = store, {
    put_text("a.txt", "a")
    expect_warning(
      cf_share("a.txt"),
      "at noon",
      class = "crossframe_warning_link"
    )
  })
})

test_that("a folder gives no links and says what to do", {
  with_root({
    put_text("a.txt", "a")
    for (verb in list(cf_share, cf_request, cf_publish)) {
      expect_error(
        verb("a.txt"),
        "crossframe serve",
        class = "crossframe_error_not_supported"
      )
    }
  })
})
