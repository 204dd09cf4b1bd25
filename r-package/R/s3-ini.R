# The syntax of ~/.aws/credentials and ~/.aws/config, as Python's configparser has it: botocore reads by that.

# Sections as lists by name; an empty list where there is no file. A value that starts on an indented
# line holds values of its own: "s3 =" and below it "  endpoint_url = ...".
read_ini <- function(path) {
  path <- expand_home(path)
  if (!file.exists(path) || dir.exists(path)) {
    return(list())
  }
  lines <- readLines(path, warn = FALSE, encoding = "UTF-8")
  state <- new.env(parent = emptyenv())
  state$sections <- list()
  state$indent <- 0L
  for (at in seq_along(lines)) {
    wrong <- read_ini_line(state, lines[at])
    if (!is.null(wrong)) {
      cf_abort(
        "credentials",
        "Can't read the AWS profile.",
        sprintf("%s, line %d: %s.", path, at, wrong),
        "Put it right, or name another file by AWS_CONFIG_FILE and AWS_SHARED_CREDENTIALS_FILE."
      )
    }
  }
  lapply(state$sections, function(section) lapply(section, ini_value))
}

# NULL, or what is wrong with the line.
read_ini_line <- function(state, line) {
  text <- trimws(line)
  if (!nzchar(text) || grepl("^[#;]", text)) {
    return(NULL)
  }
  indent <- regexpr("[^[:space:]]", line)[[1]] - 1L
  if (!is.null(state$option) && indent > state$indent) {
    held <- state$sections[[state$section]][[state$option]]
    state$sections[[state$section]][[state$option]] <- c(held, text)
    return(NULL)
  }
  state$indent <- indent
  if (grepl("^\\[.+\\]", text)) {
    return(open_ini_section(state, sub("^\\[(.+)\\].*", "\\1", text)))
  }
  if (is.null(state$section)) {
    return("no [section] before it")
  }
  delimiter <- regexpr("[=:]", text)
  if (delimiter < 2) {
    return("neither [section] nor name = value")
  }
  name <- tolower(trimws(substr(text, 1, delimiter - 1)))
  if (!is.null(state$sections[[state$section]][[name]])) {
    return(sprintf("'%s' for the second time", name))
  }
  state$option <- name
  value <- trimws(substring(text, delimiter + 1))
  state$sections[[state$section]][[name]] <- value
  NULL
}

open_ini_section <- function(state, name) {
  if (name %in% names(state$sections)) {
    return(sprintf("section [%s] for the second time", name))
  }
  state$sections[[name]] <- list()
  state$section <- name
  state$option <- NULL
  NULL
}

# The lines of one value: itself, or values by name where it starts on the second.
ini_value <- function(lines) {
  if (length(lines) == 1 || nzchar(lines[1])) {
    return(paste(lines, collapse = "\n"))
  }
  inner <- lines[-1]
  at <- regexpr("=", inner, fixed = TRUE)
  inner <- inner[at > 0]
  at <- at[at > 0]
  values <- as.list(trimws(substring(inner, at + 1)))
  names(values) <- trimws(substr(inner, 1, at - 1))
  values
}

# Why not path.expand(): R remembers the home folder that it found first.
expand_home <- function(path) {
  home <- Sys.getenv("HOME", path.expand("~"))
  sub("^~(?=/|$)", gsub("\\", "\\\\", home, fixed = TRUE), path, perl = TRUE)
}
