# Which keys are meant: a pattern, less what is left out, by fields, by time of the last write, by size.
# The rules are the vectors of tests/conformance/select.

# Why: each is a request at least; beyond that one listing of what they share is soon cheaper.
most_prefixes <- 100L

# Begins the name of a folder in which keys are written before they are seen together.
saving_folder <- ".saving-"
hidden_expression <- "(^|/)[.]saving-[0-9a-f]{16}/"

# The folder in which each key was written before it is seen, NA where it is no such key.
saving_folders <- function(keys) {
  found <- regexpr(hidden_expression, keys)
  folders <- substr(keys, 1L, found + attr(found, "match.length") - 1L)
  folders[found < 0L] <- NA
  folders
}

# Why not int and float: 7 is also written 007, and 0.5 is 5e-1.
one_text_types <- c("str", "date")

time_expression <- paste0(
  "^([0-9]{4}-[0-9]{2}-[0-9]{2})",
  "(?:[T ]([0-9]{2}):([0-9]{2})(?::([0-9]{2}(?:\\.[0-9]{1,6})?))?",
  "(Z|[+-][0-9]{2}:[0-9]{2})?)?$"
)

# A selection from the arguments of cf_find(), pattern and exclusions without scheme and bucket: a list of
# pattern and excluded (compiled), where (values by field), after, before (seconds since 1970), smallest,
# largest (bytes); NULL for what does not narrow.
#
# filters: list(where, modified_after, modified_before, min_size, max_size).
select_keys <- function(
  pattern,
  regex = FALSE,
  exclude = character(),
  filters = list()
) {
  compiled <- compile_pattern(pattern, regex)
  list(
    pattern = compiled,
    excluded = lapply(exclude, compile_pattern, regex = regex),
    where = where_values(filters$where, compiled),
    after = filter_time(filters$modified_after, "modified_after"),
    before = filter_time(filters$modified_before, "modified_before"),
    smallest = filter_size(filters$min_size, "min_size"),
    largest = filter_size(filters$max_size, "max_size")
  )
}

is_narrowed <- function(selection) {
  any(lengths(selection[names(selection) != "pattern"]) > 0L)
}

# What has to be listed, in byte order; none is within another's listing.
selected_prefixes <- function(selection) {
  if (any(lengths(selection$where) == 0L)) {
    return(character())
  }
  found <- if (length(selection$where)) {
    led_prefixes(selection)
  } else {
    selection$pattern$prefix
  }
  kept <- character()
  for (prefix in sort_keys(found)) {
    if (!length(kept) || !startsWith(prefix, kept[length(kept)])) {
      kept <- c(kept, prefix)
    }
  }
  kept
}

# The literal beginnings, with the known values of fields filled in.
led_prefixes <- function(selection) {
  lead <- selection$pattern$lead
  # A regular expression has no parts, only its prefix.
  if (!length(lead$text)) {
    return(selection$pattern$prefix)
  }
  found <- ""
  for (i in seq_along(lead$text)) {
    text <- lead$text[i]
    if (lead$is_field[i]) {
      known <- selection$pattern$fields[[text]] %in%
        one_text_types &&
        text %in% names(selection$where)
      # A value that is no segment is that of no key.
      values <- if (known) as.character(selection$where[[text]])
      values <- values[nzchar(values) & !grepl("/", values, fixed = TRUE)]
      if (!known || length(found) * length(values) > most_prefixes) {
        break
      }
      found <- paste0(rep(found, each = length(values)), values)
    } else {
      found <- paste0(found, text, recycle0 = TRUE)
    }
  }
  found
}

# As pattern_match(), of a listing: list(matched, fields).
selection_match <- function(selection, listed) {
  found <- pattern_match(selection$pattern, listed$key)
  at <- which(found$matched)
  meant <- is_held(selection, listed[at, ])
  # Whoever means what is being written says so in the literal prefix.
  if (!grepl(saving_folder, selection$pattern$prefix, fixed = TRUE)) {
    meant <- meant & !grepl(hidden_expression, listed$key[at])
  }
  for (name in names(selection$where)) {
    value <- found$fields[[name]]
    # A group that took no part has no value.
    meant <- meant & !is.na(value) & value %in% selection$where[[name]]
  }
  for (pattern in selection$excluded) {
    meant <- meant & !pattern_match(pattern, listed$key[at])$matched
  }
  found$matched[at] <- meant
  list(matched = found$matched, fields = lapply(found$fields, `[`, meant))
}

# Whether objects of their sizes, written then, are meant.
is_held <- function(selection, listed) {
  held <- rep(TRUE, nrow(listed))
  modified <- as.numeric(listed$modified)
  if (!is.null(selection$smallest)) {
    held <- held & listed$size >= selection$smallest
  }
  if (!is.null(selection$largest)) {
    held <- held & listed$size <= selection$largest
  }
  if (!is.null(selection$after)) {
    held <- held & modified >= selection$after
  }
  if (!is.null(selection$before)) {
    held <- held & modified < selection$before
  }
  held
}

# ---- The arguments ----

# The patterns of `exclude`: one, several or none.
excluded_texts <- function(exclude) {
  texts <- if (is.list(exclude)) exclude else as.list(exclude)
  for (text in texts) {
    if (!is_string(text)) {
      abort_filter("exclude", "be a pattern, or several", text)
    }
  }
  as.character(texts)
}

abort_filter <- function(argument, must, got, hint = NULL) {
  cf_abort(
    "usage",
    sprintf("Argument '%s' must %s.", argument, must),
    sprintf("got %s", paste(deparse(got, nlines = 1L), collapse = "")),
    hint
  )
}

where_values <- function(where, pattern) {
  given <- as.list(where)
  if (!length(given)) {
    return(list())
  }
  fields <- names(given)
  if (is.null(fields) || anyNA(fields) || !all(nzchar(fields))) {
    hint <- 'Is it list(site = "oslo")?'
    abort_filter("where", "be a list of values named by fields", where, hint)
  }
  unknown <- setdiff(fields, names(pattern$fields))
  if (length(unknown)) {
    shown <- paste(names(pattern$fields), collapse = ", ")
    cf_abort(
      "usage",
      sprintf(
        "Argument 'where' names '%s', which is no field of the pattern.",
        unknown[1L]
      ),
      sprintf("its fields: %s", if (nzchar(shown)) shown else "none")
    )
  }
  Map(where_field, given, fields, pattern$fields[fields])
}

# The values of a field, each once, in its type.
where_field <- function(given, name, type) {
  values <- if (is.list(given) && !is.object(given)) {
    given
  } else {
    lapply(seq_along(given), function(i) given[i])
  }
  texts <- vapply(values, FUN.VALUE = "", function(value) {
    text <- text_of_value(value, type)
    if (is.na(text) || !is_field_text(text, type)) {
      abort_filter("where", sprintf("give field '%s' as %s", name, type), value)
    }
    text
  })
  unique(parse_field(texts, type, rep(TRUE, length(texts)), name, texts))
}

is_field_text <- function(text, type) {
  if (type == "str") {
    return(TRUE)
  }
  whole <- paste0("\\A", field_expressions[[type]], "\\z")
  grepl(whole, text, perl = TRUE) &&
    !is.na(parse_field(text, type, TRUE, type, text))
}

# Seconds since 1970 of a time; without a zone it is in UTC, and a day is its beginning. NULL for none.
filter_time <- function(given, argument) {
  if (is.null(given)) {
    return(NULL)
  }
  time <- if (length(given) == 1L) {
    if (inherits(given, "POSIXt")) {
      as.numeric(as.POSIXct(given))
    } else if (inherits(given, "Date")) {
      as.numeric(given) * 86400
    } else if (is.character(given) && !is.na(given)) {
      text_seconds(given)
    }
  }
  if (is.null(time) || !is.finite(time)) {
    hint <- "Is it a POSIXct, or 2024-05-01T12:30:00Z?"
    abort_filter(argument, "be a time", given, hint)
  }
  time
}

# Seconds since 1970 of a time as ISO 8601 writes it, NULL where it is none.
text_seconds <- function(text) {
  found <- regexpr(time_expression, text, perl = TRUE)
  if (found < 0L) {
    return(NULL)
  }
  start <- attr(found, "capture.start")
  end <- start + attr(found, "capture.length") - 1L
  parts <- substring(text, start, end)
  day <- as.Date(parts[1L], "%Y-%m-%d")
  clock <- as.numeric(ifelse(nzchar(parts[2:4]), parts[2:4], "0"))
  zone <- if (parts[5L] %in% c("", "Z")) "+00:00" else parts[5L]
  offset <- as.numeric(c(substr(zone, 2L, 3L), substr(zone, 5L, 6L)))
  exists <- !is.na(day) &&
    !startsWith(text, "0000") &&
    all(clock < c(24, 60, 60)) &&
    all(offset < c(24, 60))
  if (!exists) {
    return(NULL)
  }
  ahead <- sum(offset * c(3600, 60)) * if (startsWith(zone, "-")) -1 else 1
  as.numeric(day) * 86400 + sum(clock * c(3600, 60, 1)) - ahead
}

# A whole number of bytes, NULL for none.
filter_size <- function(given, argument) {
  if (is.null(given)) {
    return(NULL)
  }
  whole <- is.numeric(given) &&
    length(given) == 1L &&
    isTRUE(given >= 0 & given == trunc(given) & is.finite(given))
  if (!whole) {
    abort_filter(argument, "be a whole number of bytes", given)
  }
  as.double(given)
}
