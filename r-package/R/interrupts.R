# The user's Ctrl-C during a request. The R package curl makes an error of it, which would be taken for a broken
# connection and asked again.

# Signal the interrupt that curl's error stands for, if it does; a later Ctrl-C is not waited for.
pass_interrupt <- function(error) {
  # Source: libcurl's text of CURLE_ABORTED_BY_CALLBACK.
  aborted <- "aborted by an application callback"
  if (grepl(aborted, conditionMessage(error), fixed = TRUE)) {
    signal_interrupt()
  }
}

signal_interrupt <- function() {
  signalCondition(structure(
    class = c("interrupt", "condition"),
    list(message = "", call = NULL)
  ))
  # Nobody has caught it: back to the prompt.
  invokeRestart("abort")
}
