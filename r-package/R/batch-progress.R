# How far a batch is: a bar on standard error, by cli where that is installed.

# A list of functions: step() once for each key, end() at the end, however that comes.
progress_bar <- function(progress, what, count) {
  if (!is.null(progress)) {
    check_flag(progress, "progress")
  }
  shown <- if (is.null(progress)) isatty(stderr()) else progress
  if (!shown || count == 0L) {
    return(list(step = function() NULL, end = function() NULL))
  }
  if (has_cli()) cli_bar(what, count) else base_bar(count)
}

# Why the terminal: elsewhere cli shows a bar only when it has ended.
has_cli <- function() {
  requireNamespace("cli", quietly = TRUE) && cli::is_dynamic_tty(stderr())
}

cli_bar <- function(what, count) {
  owner <- environment()
  bar <- cli::cli_progress_bar(
    what,
    total = count,
    .auto_close = FALSE,
    .envir = owner
  )
  list(
    step = function() cli::cli_progress_update(id = bar, .envir = owner),
    end = function() cli::cli_progress_done(id = bar, .envir = owner)
  )
}

base_bar <- function(count) {
  bar <- utils::txtProgressBar(max = count, style = 3, file = stderr())
  done <- 0L
  list(
    step = function() {
      done <<- done + 1L
      utils::setTxtProgressBar(bar, done)
    },
    end = function() close(bar)
  )
}
