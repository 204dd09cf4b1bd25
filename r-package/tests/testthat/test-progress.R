# Transfers that take long show how far they are, and may be broken off.

watching <- function(code) {
  old <- options(crossframe.progress = TRUE)
  on.exit(options(old))
  bars_told(code)
}

test_that("files go up and down under one bar of all their bytes", {
  here <- tempfile("files-")
  dir.create(here)
  for (n in 1:3) {
    writeBin(raw(n * 100), file.path(here, paste0(n, ".bin")))
  }
  with_root({
    up <- watching(cf_upload(paste0(here, "/"), "in/"))
    expect_identical(up, list(c(600, 100, 300, 600)))
    down <- watching(cf_download("in/*.bin", paste0(tempfile(), "/")))
    expect_identical(down, up)
  })
})

test_that("a large object tells of its parts", {
  skip_on_cran()
  server <- start_server("moto")
  bucket <- new_bucket("moto")
  size <- 2 * part_bytes + 1
  path <- local_file(raw(size))
  uri <- sprintf("s3://%s/large.bin", bucket)
  with_env(server, {
    up <- watching(cf_upload(path, uri))[[1L]]
    down <- watching(cf_download(uri, tempfile()))[[1L]]
  })
  for (told in list(up, down)) {
    expect_gt(length(told), 4L)
    expect_false(is.unsorted(told[-1L]))
    expect_identical(told[c(1L, length(told))], c(size, size))
  }
})

test_that("no bar is shown where nobody watches, or for what is soon done", {
  path <- text_file("hello")
  with_root({
    expect_identical(bars_told(cf_upload(path, "a.txt")), list())
    with_internal(list(bar_shown = function(total) stop("shown")), {
      old <- options(crossframe.progress = TRUE)
      on.exit(options(old))
      expect_identical(cf_upload(path, "b.txt")$bytes, 5)
    })
  })
  expect_null(progress_state$bar)
})

test_that("a transfer that fails takes its bar along", {
  with_root({
    watching(expect_error(
      with_progress(10, stop("broken off")),
      "broken off"
    ))
  })
  expect_null(progress_state$bar)
})

test_that("both bars draw", {
  said <- capture.output(type = "message", {
    bar <- text_bar(10)
    bar$set(5)
    bar$close()
  })
  expect_match(paste(said, collapse = ""), "50%", fixed = TRUE)
  if (requireNamespace("cli", quietly = TRUE)) {
    said <- capture.output(type = "message", {
      bar <- cli_bar(10)
      bar$set(5)
      bar$close()
    })
    expect_match(paste(said, collapse = ""), "=>", fixed = TRUE)
  }
})

# Serves headers and the first bytes of a large object, then nothing more for a minute.
stalling_server <- "
import socket, sys, time
server = socket.create_server(('127.0.0.1', 0))
print(server.getsockname()[1], flush=True)
while True:
    connection, _ = server.accept()
    connection.recv(65536)
    connection.sendall(b'HTTP/1.1 200 OK\\r\\nContent-Length: 100000000\\r\\n\\r\\n' + b'0' * 100000)
    time.sleep(60)
"

test_that("an interrupted download ends at once and leaves nothing", {
  skip_on_cran()
  python <- test_python()
  folder <- tempfile("landing-")
  dir.create(folder)
  at <- function(name) shQuote(file.path(folder, name))
  code <- sprintf(
    "tryCatch(crossframe::cf_download('http://127.0.0.1:%%s/big.bin', %s), interrupt = function(i) cat('interrupted'))",
    at("big.bin")
  )
  # Why a shell: it ends the server whatever becomes of the download.
  script <- c(
    sprintf(
      "env -u LD_LIBRARY_PATH %s -u -c %s > %s & server=$!",
      shQuote(python),
      shQuote(stalling_server),
      at("port")
    ),
    sprintf("until [ -s %s ]; do sleep 0.1; done", at("port")),
    sprintf("code=$(printf %s \"$(cat %s)\")", shQuote(code), at("port")),
    sprintf(
      "timeout --signal=INT --kill-after=20 4 %s --vanilla -e \"$code\"; kill $server",
      shQuote(file.path(R.home("bin"), "Rscript"))
    )
  )
  file <- tempfile(fileext = ".sh")
  writeLines(script, file)
  said <- system2("sh", file, stdout = TRUE, stderr = FALSE)
  expect_identical(said, "interrupted")
  expect_identical(list.files(folder, all.files = TRUE, no.. = TRUE), "port")
})
