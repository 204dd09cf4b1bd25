# Matching keys with compiled patterns: which match, and the values of their fields.

# Match keys: a list of matched (logical, one a key) and fields (a named list of
# vectors, one value a matched key). int is integer, or double where a number
# needs it; date is Date. A day or number that does not exist does not match.
pattern_match <- function(pattern, keys) {
  keys <- enc2utf8(as.character(keys))
  found <- regexpr(pattern$expression, keys, perl = TRUE)
  # A key that ends in a slash is a folder marker, not an object of data.
  matched <- found > 0L & nzchar(keys) & !endsWith(keys, "/")
  texts <- pattern_texts(pattern, keys, found)
  fields <- list()
  for (name in names(pattern$fields)) {
    text <- texts[[name]]
    value <- parse_field(text, pattern$fields[[name]], matched, name, keys)
    matched <- matched & (is.na(text) | !is.na(value))
    fields[[name]] <- value
  }
  list(matched = as.logical(matched), fields = lapply(fields, `[`, matched))
}

# Text of each field, one a key; NA where a group took no part.
pattern_texts <- function(pattern, keys, found) {
  start <- attr(found, "capture.start")
  length <- attr(found, "capture.length")
  groups <- attr(found, "capture.names")
  at <- if (is.null(pattern$parts) && any(nzchar(groups))) {
    match(names(pattern$fields), groups)
  } else {
    seq_along(pattern$fields)
  }
  texts <- lapply(at, function(k) {
    text <- substring(keys, start[, k], start[, k] + length[, k] - 1L)
    as.character(ifelse(start[, k] > 0L, text, NA_character_))
  })
  stats::setNames(texts, names(pattern$fields))
}

parse_field <- function(text, type, matched, name, keys) {
  text[!matched] <- NA_character_
  switch(
    type,
    str = text,
    int = {
      number <- as.numeric(text)
      beyond <- which(abs(number) >= int_limit | nchar(text) > 17L)[1L]
      if (!is.na(beyond)) {
        cf_abort(
          "invalid_pattern",
          sprintf(
            "Can't read field '%s' of key '%s' as int.",
            name,
            keys[beyond]
          ),
          sprintf("%s is not below 2^53", text[beyond]),
          sprintf("Write {%s} to have it as text.", name)
        )
      }
      small <- all(abs(number) <= .Machine$integer.max, na.rm = TRUE)
      if (small) as.integer(number) else number
    },
    float = {
      number <- as.numeric(text)
      as.numeric(ifelse(is.finite(number), number, NA_real_))
    },
    date = {
      day <- as.Date(text, "%Y-%m-%d")
      day[startsWith(text, "0000")] <- NA
      day
    }
  )
}
