# credential_process: a program of the user's choice prints credentials as JSON.
# Source: AWS SDKs and Tools Reference Guide, "Process credential provider".

process_credentials <- function(session, profile, by_environment) {
  command <- profile$values$credential_process
  if (is.null(command)) {
    return(NULL)
  }
  printed <- run_program(split_command(command), profile$name)
  found <- tryCatch(parse_json(printed), error = function(error) NULL)
  if (!is.list(found) || !identical(as.numeric(found$Version), 1)) {
    abort_unusable(sprintf(
      "The credential_process of profile '%s' did not print credentials of Version 1 as JSON.",
      profile$name
    ))
  }
  credentials(
    found$AccessKeyId,
    found$SecretAccessKey,
    found$SessionToken,
    sprintf("profile '%s' (credential_process)", profile$name),
    if (!is.null(found$Expiration)) {
      aws_time(found$Expiration, "Expiration of the credential_process")
    }
  )
}

# What a program prints; its words on standard error where it fails.
run_program <- function(words, profile) {
  said <- tempfile("crossframe-")
  on.exit(unlink(said))
  found <- length(words) && nzchar(Sys.which(words[1]))
  printed <- if (found) {
    suppressWarnings(system2(
      words[1],
      shQuote(words[-1]),
      stdout = TRUE,
      stderr = said,
      stdin = ""
    ))
  }
  status <- attr(printed, "status")
  if (!found || !is.null(status)) {
    reason <- if (!found) {
      "There is no such program."
    } else {
      lines <- readLines(said, warn = FALSE)
      sprintf("It ended with %d: %s", status, toString(utils::tail(lines, 3)))
    }
    abort_unusable(sprintf(
      "The credential_process of profile '%s' failed. %s",
      profile,
      reason
    ))
  }
  paste(printed, collapse = "\n")
}

# The words of a command as a shell takes them apart: quotes and backslashes, nothing else.
split_command <- function(text) {
  quoted <- "'[^']*'|\"(?:[^\"\\\\]|\\\\.)*\"|\\\\.|[^\\s'\"\\\\]+"
  pattern <- sprintf("(?:%s)+", quoted)
  words <- regmatches(text, gregexpr(pattern, text, perl = TRUE))[[1]]
  vapply(words, FUN.VALUE = "", USE.NAMES = FALSE, function(word) {
    parts <- regmatches(word, gregexpr(quoted, word, perl = TRUE))[[1]]
    paste(vapply(parts, unquote, ""), collapse = "")
  })
}

unquote <- function(part) {
  inner <- substr(part, 2, nchar(part) - 1)
  switch(
    substr(part, 1, 1),
    "'" = inner,
    "\"" = gsub("\\\\([\"\\\\])", "\\1", inner, perl = TRUE),
    "\\" = substring(part, 2),
    part
  )
}
