# A bar for transfers that take long: one at a time, told by whoever moves the bytes.

# Why not at once: what is done within a second needs no bar.
progress_delay_s <- 1

progress_state <- new.env(parent = emptyenv())

# Run code that moves `total` bytes under a bar. Lazy: the total is not asked for where no bar is shown.
with_progress <- function(total, code, show = progress_wanted()) {
  if (!show || !is.null(progress_state$bar) || !isTRUE(total > 0)) {
    return(code)
  }
  progress_state$bar <- new_bar(total)
  # Whatever ends it, an interrupt included.
  on.exit({
    progress_state$bar$close()
    progress_state$bar <- NULL
  })
  code
}

progress_wanted <- function() {
  isTRUE(getOption("crossframe.progress", interactive()))
}

# So many bytes of the object under way have come, or gone.
progress_add <- function(bytes) {
  if (!is.null(progress_state$bar)) {
    progress_state$bar$add(bytes)
  }
}

# An object of so many bytes is complete, however much was told of it.
progress_complete <- function(bytes) {
  if (!is.null(progress_state$bar)) {
    progress_state$bar$complete(bytes)
  }
}

new_bar <- function(total) {
  started <- Sys.time()
  complete <- 0
  partly <- 0
  shown <- NULL
  show <- function() {
    late <- difftime(Sys.time(), started, units = "secs") >= progress_delay_s
    if (is.null(shown) && late) {
      shown <<- bar_shown(total)
    }
    if (!is.null(shown)) {
      shown$set(min(complete + partly, total))
    }
  }
  list(
    add = function(bytes) {
      partly <<- partly + bytes
      show()
    },
    complete = function(bytes) {
      complete <<- complete + bytes
      partly <<- 0
      show()
    },
    close = function() if (!is.null(shown)) shown$close()
  )
}

# By cli where it is installed; both write to the place of messages.
bar_shown <- function(total) {
  if (requireNamespace("cli", quietly = TRUE)) {
    cli_bar(total)
  } else {
    text_bar(total)
  }
}

text_bar <- function(total) {
  bar <- utils::txtProgressBar(max = total, style = 3L, file = stderr())
  list(
    set = function(bytes) utils::setTxtProgressBar(bar, bytes),
    close = function() close(bar)
  )
}

cli_bar <- function(total) {
  frame <- environment()
  # Why no delay of its own: ours has passed.
  old <- options(cli.progress_show_after = 0)
  on.exit(options(old))
  id <- cli::cli_progress_bar(
    type = "download",
    total = total,
    .auto_close = FALSE,
    .envir = frame
  )
  list(
    set = function(bytes) {
      cli::cli_progress_update(set = bytes, id = id, .envir = frame)
    },
    close = function() cli::cli_progress_done(id = id, .envir = frame)
  )
}
