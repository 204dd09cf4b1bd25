# The Python core as a helper process: started when first needed, kept for the session, asked in lines of
# JSON. Why kept: Python takes half a second to start and a hundredth of that to convert a frame.
#
# Requests go through a pipe; answers are lines of a file, since base R can't both write to a process and
# read from it. The file's last line says that the process has ended, however it did.

python_state <- new.env(parent = emptyenv())

# The words that start the command: from options(crossframe.python = ), the environment's
# CROSSFRAME_PYTHON or PATH; NULL where there is none. A python stands for its own crossframe.
python_command <- function() {
  named <- getOption("crossframe.python", Sys.getenv("CROSSFRAME_PYTHON"))
  path <- Sys.which(if (nzchar(named)) path.expand(named) else "crossframe")[[
    1L
  ]]
  if (!nzchar(path)) {
    return(NULL)
  }
  if (grepl("^python[0-9.]*(\\.exe)?$", basename(path))) {
    return(c(path, "-c", "from crossframe.cli import main; main()"))
  }
  path
}

# The answer to a request, both lists.
python_ask <- function(request) {
  line <- write_json(request)
  answered <- FALSE
  # Why: an answer that nobody waited for would be taken for the next one's.
  on.exit(if (!answered) python_stop())
  worker <- python_worker()
  if (!send_line(worker, line)) {
    python_stop()
    worker <- python_worker()
    if (!send_line(worker, line)) abort_worker_ended(worker)
  }
  answer <- python_answer(worker)
  answered <- TRUE
  answer
}

# Whether there was somebody to take the line.
send_line <- function(worker, line) {
  sent <- function() {
    writeLines(line, worker$requests, useBytes = TRUE)
    flush(worker$requests)
    TRUE
  }
  tryCatch(sent(), error = function(e) FALSE)
}

# The running worker of this process and command; a fork must not share its parent's.
python_worker <- function() {
  worker <- python_state$worker
  command <- python_command()
  if (!is.null(worker)) {
    if (
      identical(worker$process, Sys.getpid()) &&
        identical(worker$command, command)
    ) {
      if (!worker_has_ended(worker)) {
        return(worker)
      }
    }
    python_stop()
  }
  python_state$worker <- start_worker(command)
  python_state$worker
}

start_worker <- function(command) {
  if (is.null(command)) {
    cf_abort(
      "engine_missing",
      "Can't run the Python core.",
      "there is no command 'crossframe'",
      "Install the Python package (pip install crossframe) and name its command in options(crossframe.python = )."
    )
  }
  folder <- tempfile("crossframe-python-")
  dir.create(folder, mode = "0700")
  worker <- list2env(
    list(
      command = command,
      process = Sys.getpid(),
      folder = folder,
      answers = file.path(folder, "answers"),
      said = file.path(folder, "said"),
      read = 0
    ),
    parent = emptyenv()
  )
  file.create(worker$answers)
  script <- sprintf(
    "{ %s%s worker; echo '{\"ended\": true}'; } >>%s 2>%s",
    outside_r(),
    paste(shQuote(command), collapse = " "),
    shQuote(worker$answers),
    shQuote(worker$said)
  )
  worker$requests <- pipe(script, "w")
  reg.finalizer(worker, close_worker, onexit = TRUE)
  worker
}

python_stop <- function() {
  worker <- python_state$worker
  python_state$worker <- NULL
  if (!is.null(worker)) {
    close_worker(worker)
  }
}

# The process ends when its requests do.
close_worker <- function(worker) {
  if (!is.null(worker$requests) && identical(worker$process, Sys.getpid())) {
    try(close(worker$requests), silent = TRUE)
    unlink(worker$folder, recursive = TRUE)
  }
  worker$requests <- NULL
}

worker_has_ended <- function(worker) {
  file.size(worker$answers) > worker$read
}

# The next line of the file of answers.
python_answer <- function(worker) {
  repeat {
    size <- file.size(worker$answers)
    if (size > worker$read) {
      bytes <- read_from(worker$answers, worker$read, size - worker$read)
      line_end <- match(as.raw(10L), bytes)
      if (!is.na(line_end)) {
        worker$read <- worker$read + line_end
        answer <- parse_json(rawToChar(bytes[seq_len(line_end - 1L)]))
        if (isTRUE(answer$ended)) {
          abort_worker_ended(worker)
        }
        return(answer)
      }
    }
    Sys.sleep(0.001)
  }
}

read_from <- function(path, start, size) {
  file <- file(path, "rb")
  on.exit(close(file))
  seek(file, start)
  readBin(file, raw(), size)
}

abort_worker_ended <- function(worker) {
  said <- readLines(worker$said, warn = FALSE, encoding = "UTF-8")
  cf_abort(
    "engine_missing",
    "Can't convert with the Python core: it ended.",
    paste(utils::tail(said, 5L), collapse = "\n  "),
    sprintf("Does this work in a terminal: %s --help?", worker$command[1L])
  )
}

# R puts folders of its own before LD_LIBRARY_PATH (etc/ldpaths), where a python built elsewhere
# would find another python's library. The words that start a command without them.
outside_r <- function() {
  given <- strsplit(Sys.getenv("LD_LIBRARY_PATH"), ":", fixed = TRUE)[[1L]]
  if (length(given) == 0L) {
    return("")
  }
  kept <- setdiff(given, r_library_folders())
  sprintf("LD_LIBRARY_PATH=%s ", shQuote(paste(kept, collapse = ":")))
}

# What etc/ldpaths of this R adds, as it is not exported.
r_library_folders <- function() {
  ldpaths <- file.path(R.home("etc"), "ldpaths")
  if (.Platform$OS.type != "unix" || !file.exists(ldpaths)) {
    return(character())
  }
  script <- "unset LD_LIBRARY_PATH; R_HOME=%s; . %s; printf %%s \"$LD_LIBRARY_PATH\""
  filled <- sprintf(script, shQuote(R.home()), shQuote(ldpaths))
  said <- suppressWarnings(
    system2("sh", c("-c", shQuote(filled)), stdout = TRUE, stderr = FALSE)
  )
  strsplit(paste(said, collapse = ""), ":", fixed = TRUE)[[1L]]
}
