# Patterns that choose keys, and templates that make them: glob, fields, regex.
#
# Glob: * and ? stay within a segment, ** crosses, [a-c], [!a], {csv,rds}. A brace with
# a bare name is a field ({site}, {n:int}, {x:float}, {day:date}). A trailing / means
# everything below. There is no escape character: [*] is a star. Regex: searched for
# anywhere in the key, as grep(perl = TRUE) does; named groups are fields.

field_expressions <- c(
  str = "([^/]+?)",
  int = "(-?[0-9]+)",
  float = "(-?(?:[0-9]+(?:\\.[0-9]*)?|\\.[0-9]+)(?:[eE][-+]?[0-9]+)?)",
  date = "([0-9]{4}-[0-9]{2}-[0-9]{2})"
)

# The other columns that cf_find() answers with.
taken_fields <- c("key", "size", "modified", "etag", "format")

# Whole numbers are exact below this, here and in Python.
int_limit <- 2^53

abort_pattern <- function(text, detail, hint = NULL) {
  cf_abort(
    "invalid_pattern",
    sprintf("Can't use the pattern '%s'.", text),
    detail,
    hint
  )
}

# Compile a pattern or template, without scheme and bucket; "" means every key.
#
# Returns a list: text; expression (PCRE); prefix (literal text every matching key starts
# with: all that has to be listed); fields (types, named); parts (texts, with the logical
# vector is_field, that a key is filled from; NULL where there is a wildcard); lead (the parts up to the
# first wildcard; none of a regular expression).
compile_pattern <- function(text, regex = FALSE) {
  if (!is_utf8(text)) {
    abort_pattern(
      paste(format(text), collapse = ", "),
      "must be one string in UTF-8"
    )
  }
  text <- enc2utf8(text)
  if (regex) {
    return(compile_regex(text))
  }
  glob <- new.env(parent = emptyenv())
  glob$text <- text
  glob$fields <- character()
  glob$parts <- character()
  glob$is_field <- logical()
  glob$fillable <- TRUE
  whole <- if (!nzchar(text) || endsWith(text, "/")) {
    paste0(text, "**")
  } else {
    text
  }
  body <- glob_translate(glob, strsplit(whole, "")[[1L]])
  literal <- cumsum(glob$is_field) == 0L
  # A wildcard is noted as a field without a name.
  leads <- cumsum(glob$is_field & !nzchar(glob$parts)) == 0L
  list(
    text = text,
    expression = paste0("(?s)\\A(?:", body, ")\\z"),
    prefix = paste(glob$parts[literal], collapse = ""),
    fields = glob$fields,
    parts = if (glob$fillable) {
      list(text = glob$parts, is_field = glob$is_field)
    },
    lead = list(text = glob$parts[leads], is_field = glob$is_field[leads])
  )
}

# chars: the glob, a character each. Notes fields and literal text in the environment.
glob_translate <- function(glob, chars, depth = 0L, at_start = TRUE) {
  out <- character()
  i <- 1L
  while (i <= length(chars)) {
    char <- chars[i]
    start <- if (i == 1L) at_start else chars[i - 1L] == "/"
    step <- switch(
      char,
      "*" = glob_star(glob, chars, i, start, depth),
      "?" = glob_wild(glob, depth, list("[^/]", i + 1L)),
      "[" = glob_class(glob, chars, i, depth),
      "{" = glob_brace(glob, chars, i, depth, start),
      "}" = abort_pattern(
        glob$text,
        "a '}' has no '{' before it",
        "Write []] or [}] for the character."
      ),
      glob_literal(glob, char, depth, i + 1L)
    )
    out <- c(out, step[[1L]])
    i <- step[[2L]]
  }
  paste(out, collapse = "")
}

glob_note <- function(glob, part, is_field, depth) {
  if (depth == 0L) {
    glob$parts <- c(glob$parts, part)
    glob$is_field <- c(glob$is_field, is_field)
  }
}

glob_wild <- function(glob, depth, step) {
  glob_note(glob, "", TRUE, depth)
  glob$fillable <- FALSE
  step
}

glob_literal <- function(glob, char, depth, after) {
  glob_note(glob, char, FALSE, depth)
  list(escape_regex(char), after)
}

escape_regex <- function(char) {
  if (utf8ToInt(char) < 128L && !grepl("[A-Za-z0-9_]", char)) {
    paste0("\\", char)
  } else {
    char
  }
}

glob_star <- function(glob, chars, i, start, depth) {
  end <- i
  while (end <= length(chars) && chars[end] == "*") {
    end <- end + 1L
  }
  step <- if (end == i + 1L) {
    list("[^/]*", end)
  } else if (start && end <= length(chars) && chars[end] == "/") {
    list("(?:.*/)?", end + 1L)
  } else if (start && depth == 0L && end > length(chars)) {
    list(".+", end)
  } else {
    list(".*", end)
  }
  glob_wild(glob, depth, step)
}

# Position of the "]" that closes the class opened at i, NA for none.
class_end <- function(chars, i) {
  first <- i + 1L + (i < length(chars) && chars[i + 1L] %in% c("!", "^"))
  close <- which(chars == "]")
  close[close > first][1L]
}

glob_class <- function(glob, chars, i, depth) {
  end <- class_end(chars, i)
  if (is.na(end)) {
    abort_pattern(
      glob$text,
      "a '[' is never closed",
      "Write [[] for the character."
    )
  }
  negated <- chars[i + 1L] %in% c("!", "^")
  body <- chars[seq(i + 1L + negated, end - 1L)]
  if (!negated && length(body) == 1L) {
    return(glob_literal(glob, body, depth, end + 1L))
  }
  code <- character()
  at <- 1L
  while (at <= length(body)) {
    if (at + 2L <= length(body) && body[at + 1L] == "-") {
      if (utf8ToInt(body[at]) > utf8ToInt(body[at + 2L])) {
        shown <- paste(body, collapse = "")
        abort_pattern(
          glob$text,
          sprintf("a range in [%s] runs backwards", shown)
        )
      }
      code <- c(
        code,
        escape_in_class(body[at]),
        "-",
        escape_in_class(body[at + 2L])
      )
      at <- at + 3L
    } else {
      code <- c(code, escape_in_class(body[at]))
      at <- at + 1L
    }
  }
  expression <- paste0(
    "(?!/)[",
    if (negated) "^",
    paste(code, collapse = ""),
    "]"
  )
  glob_wild(glob, depth, list(expression, end + 1L))
}

escape_in_class <- function(char) {
  if (char %in% c("\\", "]", "^", "-", "[")) paste0("\\", char) else char
}

max_depth <- 8L

glob_brace <- function(glob, chars, i, depth, start) {
  edges <- brace_edges(glob, chars, i)
  end <- edges[length(edges)]
  if (length(edges) == 2L) {
    body <- paste(chars[seq_len(end - i - 1L) + i], collapse = "")
    return(list(glob_field(glob, body, depth), end + 1L))
  }
  if (depth == max_depth) {
    abort_pattern(
      glob$text,
      sprintf("alternatives are nested more than %d deep", max_depth)
    )
  }
  glob_wild(glob, depth, NULL)
  options <- vapply(seq_len(length(edges) - 1L), FUN.VALUE = "", function(k) {
    option <- chars[seq_len(edges[k + 1L] - edges[k] - 1L) + edges[k]]
    glob_translate(glob, option, depth + 1L, start)
  })
  list(paste0("(?:", paste(options, collapse = "|"), ")"), end + 1L)
}

# Positions of the brace at i, of its own commas, and of the brace that closes it.
brace_edges <- function(glob, chars, i) {
  edges <- i
  level <- 0L
  at <- i
  while (at <= length(chars)) {
    if (chars[at] == "[" && !is.na(class_end(chars, at))) {
      at <- class_end(chars, at)
    } else if (chars[at] == "{") {
      level <- level + 1L
    } else if (chars[at] == "," && level == 1L) {
      edges <- c(edges, at)
    } else if (chars[at] == "}") {
      level <- level - 1L
      if (level == 0L) {
        return(c(edges, at))
      }
    }
    at <- at + 1L
  }
  abort_pattern(
    glob$text,
    "a '{' is never closed",
    "Write [{] for the character."
  )
}

glob_field <- function(glob, body, depth) {
  found <- regmatches(
    body,
    regexec("^([A-Za-z_][A-Za-z0-9_]*)(:([A-Za-z_][A-Za-z0-9_]*))?$", body)
  )
  if (!length(found[[1L]])) {
    abort_pattern(
      glob$text,
      sprintf("{%s} is neither a field nor a list of alternatives", body),
      "Is it {name}, {name:int} or {csv,rds}?"
    )
  }
  name <- found[[1L]][2L]
  type <- if (nzchar(found[[1L]][4L])) found[[1L]][4L] else "str"
  if (!type %in% names(field_expressions)) {
    types <- paste(names(field_expressions), collapse = ", ")
    abort_pattern(
      glob$text,
      sprintf("field '%s' has type '%s', not one of %s", name, type, types)
    )
  }
  if (depth > 0L) {
    abort_pattern(
      glob$text,
      sprintf("field '%s' can't stand within alternatives", name)
    )
  }
  check_field(glob$text, name, names(glob$fields))
  glob$fields[name] <- type
  glob_note(glob, name, TRUE, depth)
  field_expressions[[type]]
}

check_field <- function(text, name, fields) {
  if (name %in% fields) {
    abort_pattern(text, sprintf("field '%s' stands twice", name))
  }
  if (name %in% taken_fields) {
    abort_pattern(
      text,
      sprintf(
        "a field can't be called '%s': cf_find() has a column of that name",
        name
      )
    )
  }
}

compile_regex <- function(text) {
  probe <- tryCatch(
    regexpr(text, "", perl = TRUE),
    error = identity,
    warning = identity
  )
  if (inherits(probe, "condition")) {
    # Why: R tells the reason in its warning only.
    abort_pattern(
      text,
      paste("not a regular expression:", conditionMessage(probe))
    )
  }
  names <- attr(probe, "capture.names")
  names <- names[nzchar(names)]
  for (i in seq_along(names)) {
    check_field(text, names[i], names[seq_len(i - 1L)])
  }
  list(
    text = text,
    expression = text,
    prefix = regex_prefix(text),
    fields = stats::setNames(rep("str", length(names)), names),
    parts = NULL,
    lead = list(text = character(), is_field = logical())
  )
}

# The literal text after "^" that every match starts with.
regex_prefix <- function(text) {
  literal <- "^\\^((?:[^\\\\.^$*+?{}\\[\\]|()]|\\\\[^A-Za-z0-9])*)([*?{])?"
  found <- regexpr(literal, text, perl = TRUE)
  if (found < 0L || grepl("|", text, fixed = TRUE)) {
    return("")
  }
  start <- attr(found, "capture.start")
  length <- attr(found, "capture.length")
  body <- substring(text, start[1L], start[1L] + length[1L] - 1L)
  pieces <- regmatches(body, gregexpr("(?s)\\\\?.", body, perl = TRUE))[[1L]]
  if (length[2L] > 0L) {
    pieces <- pieces[-length(pieces)]
  }
  paste(sub("^\\\\(?=.)", "", pieces, perl = TRUE), collapse = "")
}
