# What the user may have meant by a key that holds nothing. Not in the stores: whoever probes
# for a sidecar must not pay for a listing with every answer.

# The condition with the key most like the one asked for as its hint, where there is one.
with_near_miss <- function(condition, location) {
  near <- near_miss(location$store, location$key)
  if (!is.null(near)) {
    condition$hint <- sprintf("Did you mean '%s'?", shown_key(location, near))
    parts <- c(condition$problem, condition$detail, condition$hint)
    condition$message <- paste(parts, collapse = "\n  ")
  }
  condition
}

# The most similar key beside `key`; a prefix, ending in a slash, where `key` is one; or NULL.
near_miss <- function(store, key) {
  name <- sub("^.*/", "", key)
  folder <- substring(key, 1L, nchar(key) - nchar(name))
  start <- paste0(folder, substring(name, 1L, max(1L, nchar(name) %/% 2L)))
  keys <- tryCatch(
    store$list(start)$key,
    crossframe_error = function(condition) character()
  )
  if (any(startsWith(keys, paste0(key, "/")))) {
    return(paste0(key, "/"))
  }
  names <- substring(keys, nchar(folder) + 1L)
  beside <- !grepl("/", names, fixed = TRUE)
  stem <- function(name) sub("[.].*$", "", name)
  same_stem <- beside & stem(names) == stem(name)
  candidates <- which(if (any(same_stem)) same_stem else beside)
  if (!length(candidates)) {
    return(NULL)
  }
  # Why on names alone: a long shared prefix would make any two keys alike.
  distance <- utils::adist(name, names[candidates])
  best <- which.min(distance)
  close <- any(same_stem) || distance[best] <= 0.4 * nchar(name)
  if (close) keys[candidates[best]]
}
