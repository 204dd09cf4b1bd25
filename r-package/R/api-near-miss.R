# What the user may have meant by a key that holds nothing. Not in the stores: whoever probes
# for a sidecar must not pay for a listing with every answer.

# The condition with the key most like the one asked for as its hint, where there is one; `many` is
# what takes a prefix or a pattern, where who was asked takes one key only.
with_near_miss <- function(condition, location, many = NULL) {
  near <- near_miss(location$store, location$key)
  meant <- if (is.null(near)) location$key else near
  several <- !is.null(many) && grepl("^$|/$|[*?{]", meant)
  if (several || !is.null(near)) {
    shown <- shown_key(location, meant)
    condition$hint <- if (several) {
      sprintf(
        "Did you mean all of '%s'? %s() takes it.",
        if (nzchar(shown)) shown else ".",
        many
      )
    } else {
      sprintf("Did you mean '%s'?", shown)
    }
    parts <- c(condition$problem, condition$detail, condition$hint)
    condition$message <- paste(parts, collapse = "\n  ")
  }
  condition
}

# The most similar key beside `key`; a prefix, ending in a slash, where `key` is one; or NULL.
near_miss <- function(store, key) {
  name <- sub("^.*/", "", key)
  folder <- substring(key, 1L, nchar(key) - nchar(name))
  stem <- function(name) sub("[.].*$", "", name)
  half <- max(1L, nchar(stem(name)) %/% 2L)
  start <- paste0(folder, substring(name, 1L, half))
  keys <- tryCatch(
    store$list(start)$key,
    crossframe_error = function(condition) character()
  )
  if (any(startsWith(keys, paste0(key, "/")))) {
    return(paste0(key, "/"))
  }
  names <- substring(keys, nchar(folder) + 1L)
  beside <- !grepl("/", names, fixed = TRUE)
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
