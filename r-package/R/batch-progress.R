# How far a batch is: a bar of its keys.

# A list of functions: step() once for each key, end() at the end, however that comes.
progress_bar <- function(progress, what, count) {
  if (!is.null(progress)) {
    check_flag(progress, "progress")
  }
  shown <- if (is.null(progress)) is_watched() else progress
  if (!shown || count == 0L) {
    return(list(step = function() NULL, end = function() NULL))
  }
  bar <- if (has_cli()) cli_bar(count, "tasks", what) else text_bar(count)
  done <- 0L
  list(
    step = function() {
      done <<- done + 1L
      bar$set(done)
    },
    end = function() bar$close()
  )
}

is_watched <- function() {
  isTRUE(getOption("crossframe.progress", interactive() || isatty(stderr())))
}

# Why the terminal: elsewhere cli shows a bar only when it has ended.
has_cli <- function() {
  requireNamespace("cli", quietly = TRUE) && cli::is_dynamic_tty(stderr())
}
