# A web server of the test's own on this machine, in a process beside this one: it answers with bytes as they
# are given, so that it can lie, stop in the middle and redirect.

# answers: a list by path ("/a.csv?x=1" is "/a.csv"); each a list of answers, raw vectors, sent one a request,
# the last one again and again. code(url, requests): requests() are the requests so far, a line each.
scripted_server <- function(answers, code) {
  folder <- tempfile("http-")
  dir.create(folder)
  at <- function(name) file.path(folder, name)
  files <- lapply(seq_along(answers), function(i) {
    names <- sprintf("answer-%d-%d", i, seq_along(answers[[i]]))
    Map(writeBin, answers[[i]], at(names))
    as.list(names)
  })
  names(files) <- names(answers)
  writeLines(write_json(files), at("answers.json"))
  start <- c(
    test_python(),
    file.path(checkout(), "tests", "answers.py"),
    folder,
    Sys.getpid()
  )
  start <- c("-u", "LD_LIBRARY_PATH", start)
  system2("env", shQuote(start), wait = FALSE, stdout = FALSE, stderr = FALSE)
  for (waited in seq_len(400)) {
    if (file.exists(at("port"))) {
      break
    }
    Sys.sleep(0.05)
  }
  listening <- scan(at("port"), quiet = TRUE)
  on.exit({
    tools::pskill(listening[2])
    unlink(folder, recursive = TRUE)
  })
  code(sprintf("http://127.0.0.1:%d", listening[1]), function() {
    if (file.exists(at("log"))) readLines(at("log")) else character()
  })
}

# An answer with its length; further headers as "Name: value".
http_answer <- function(body = raw(0), ..., status = "200 OK", size = NULL) {
  body <- if (is.character(body)) charToRaw(body) else body
  length <- if (is.null(size)) length(body) else size
  lines <- c(
    paste("HTTP/1.1", status),
    sprintf("Content-Length: %.0f", length),
    "Connection: close",
    ...
  )
  c(charToRaw(paste0(paste0(lines, "\r\n", collapse = ""), "\r\n")), body)
}
