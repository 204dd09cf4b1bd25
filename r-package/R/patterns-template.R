# Templates make keys: the same text that, as a pattern, reads their fields back.

# Make the key that a template gives for these fields (a named list or vector); matching
# the key gives them back.
fill_template <- function(template, fields) {
  pattern <- if (is.list(template)) template else compile_pattern(template)
  if (is.null(pattern$parts)) {
    abort_pattern(
      pattern$text,
      "it has wildcards, so it names no single key to write",
      "Is it a template such as runs/{site}.rds?"
    )
  }
  if (
    !setequal(names(fields), names(pattern$fields)) ||
      anyDuplicated(names(fields))
  ) {
    listed <- function(names) {
      if (length(names)) paste(names, collapse = ", ") else "none"
    }
    cf_abort(
      "usage",
      sprintf("Can't fill the template '%s'.", pattern$text),
      sprintf(
        "its fields are %s; got %s",
        listed(names(pattern$fields)),
        listed(names(fields))
      )
    )
  }
  texts <- vapply(names(pattern$fields), FUN.VALUE = "", function(name) {
    format_field(fields[[name]], pattern$fields[[name]], name, pattern$text)
  })
  parts <- pattern$parts$text
  parts[pattern$parts$is_field] <- texts[parts[pattern$parts$is_field]]
  key <- paste(parts, collapse = "")
  found <- regexpr(pattern$expression, key, perl = TRUE)
  back <- unlist(pattern_texts(pattern, key, found))
  if (
    !pattern_match(pattern, key)$matched ||
      !identical(as.character(back), as.character(texts))
  ) {
    cf_abort(
      "invalid_key",
      sprintf("Can't fill the template '%s'.", pattern$text),
      sprintf("key '%s' would be read back with other values", key),
      "Could a character that no value has stand between the fields?"
    )
  }
  check_key(key)
  key
}

format_field <- function(value, type, name, template) {
  text <- text_of_value(value, type)
  if (is.na(text) || !nzchar(text) || grepl("/", text, fixed = TRUE)) {
    shown <- paste(format(value), collapse = ", ")
    cf_abort(
      "invalid_key",
      sprintf("Can't fill the template '%s'.", template),
      sprintf(
        "field '%s' must be %s, not empty and without a slash; got '%s'",
        name,
        type,
        shown
      )
    )
  }
  text
}

# Text of one value; NA where it does not fit the type.
text_of_value <- function(value, type) {
  if (length(value) != 1L || is.list(value) || is.na(value)) {
    return(NA_character_)
  }
  if (is.character(value) || is.factor(value)) {
    return(enc2utf8(as.character(value)))
  }
  if (inherits(value, c("Date", "POSIXt"))) {
    at <- as.POSIXlt(value)
    midnight <- at$hour == 0L && at$min == 0L && at$sec == 0
    fits <- midnight && type %in% c("str", "date")
    day <- sprintf("%04d-%02d-%02d", at$year + 1900L, at$mon + 1L, at$mday)
    return(if (fits) day else NA_character_)
  }
  if (!is.numeric(value) || is.object(value) || type == "date") {
    return(NA_character_)
  }
  whole <- value == trunc(value) && abs(value) < int_limit
  if (whole && (type == "int" || is.integer(value))) {
    return(sprintf("%.0f", value))
  }
  if (type == "int" || !is.finite(value)) {
    NA_character_
  } else {
    shortest_text(value)
  }
}

# The shortest decimal text that reads back as the number.
shortest_text <- function(number) {
  texts <- sprintf(c("%.15g", "%.16g", "%.17g"), number)
  texts[c(which(as.numeric(texts) == number), 3L)[1L]]
}
