# The AWS tools' two files of profiles, ~/.aws/credentials and ~/.aws/config.
# Source: AWS SDKs and Tools Reference Guide, "Shared config and credentials files".

# list(name, values, services, files) of a profile; credentials go before config.
aws_profile <- function(profile = NULL) {
  asked <- profile
  if (is.null(asked)) {
    asked <- env_value("AWS_PROFILE", "AWS_DEFAULT_PROFILE")
  }
  name <- if (is.null(asked)) "default" else asked
  files <- profile_files()
  secret <- read_ini(files[1])
  config <- read_ini(files[2])
  section <- if (name == "default" && !is.null(config[["default"]])) {
    "default"
  } else {
    paste("profile", name)
  }
  in_config <- config[[section]]
  in_secret <- secret[[name]]
  if (!is.null(asked) && is.null(in_config) && is.null(in_secret)) {
    cf_abort(
      "credentials",
      sprintf("Can't find the profile '%s'.", name),
      sprintf("Looked in %s.", paste(files, collapse = " and ")),
      if (is.null(profile)) "Is AWS_PROFILE right?"
    )
  }
  values <- c(in_secret, in_config[setdiff(names(in_config), names(in_secret))])
  services <- if (!is.null(values$services)) {
    config[[paste("services", values$services)]]
  }
  list(name = name, values = values, services = services, files = files)
}

profile_files <- function() {
  c(
    Sys.getenv("AWS_SHARED_CREDENTIALS_FILE", "~/.aws/credentials"),
    Sys.getenv("AWS_CONFIG_FILE", "~/.aws/config")
  )
}

# Sections as lists by name. A value that starts on an indented line belongs to the name
# above it: "s3 =" and below it "  endpoint_url = ...".
read_ini <- function(path) {
  path <- path.expand(path)
  if (!file.exists(path) || dir.exists(path)) {
    return(list())
  }
  sections <- list()
  section <- outer <- NULL
  for (line in readLines(path, warn = FALSE, encoding = "UTF-8")) {
    if (!nzchar(trimws(line)) || grepl("^[[:space:]]*[#;]", line)) {
      next
    }
    if (grepl("^\\[.*\\]", line)) {
      section <- gsub(
        "[[:space:]]+",
        " ",
        trimws(sub("^\\[([^]]*)\\].*", "\\1", line))
      )
      sections[[section]] <- as.list(sections[[section]])
      outer <- NULL
      next
    }
    at <- regexpr("=", line, fixed = TRUE)
    if (is.null(section) || at < 0) {
      next
    }
    name <- tolower(trimws(substr(line, 1, at - 1)))
    value <- trimws(substring(line, at + 1))
    above <- if (!is.null(outer)) sections[[section]][[outer]]
    # Why the empty value: some people indent a whole section, which nests nothing.
    if (
      grepl("^[[:space:]]", line) && (is.list(above) || identical(above, ""))
    ) {
      sections[[section]][[outer]] <- c(
        if (is.list(above)) above,
        structure(list(value), names = name)
      )
    } else {
      outer <- name
      sections[[section]][[name]] <- value
    }
  }
  sections
}
