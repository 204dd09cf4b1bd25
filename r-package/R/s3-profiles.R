# The AWS tools' two files of profiles, ~/.aws/credentials and ~/.aws/config.
# Source: AWS SDKs and Tools Reference Guide, "Shared config and credentials files".

# list(name, values, secret, config, services, asked, all, files) of a profile. values are those of both
# files, credentials before config; all is aws_config().
aws_profile <- function(profile = NULL) {
  asked <- profile
  if (is.null(asked)) {
    # In botocore's order.
    asked <- env_value("AWS_DEFAULT_PROFILE", "AWS_PROFILE")
  }
  name <- if (is.null(asked)) "default" else asked
  all <- aws_config()
  if (!is.null(asked) && !name %in% names(all$profiles)) {
    cf_abort(
      "credentials",
      sprintf("Can't find the profile '%s'.", name),
      sprintf("Looked in %s.", paste(all$files, collapse = " and ")),
      if (is.null(profile)) "Is AWS_PROFILE right?"
    )
  }
  found <- profile_of(all, name)
  c(found, list(asked = asked, all = all, files = all$files))
}

# One profile of aws_config()'s; empty where there is none of that name.
profile_of <- function(all, name) {
  values <- all$profiles[[name]]
  list(
    name = name,
    values = if (is.null(values)) list() else values,
    secret = all$secret[[name]],
    config = all$config[[name]],
    services = services_of(all, values$services)
  )
}

services_of <- function(all, name) {
  if (is.null(name)) {
    return(NULL)
  }
  if (is.null(all$services[[name]])) {
    cf_abort(
      "credentials",
      "Can't read the AWS profile.",
      sprintf("It names the section [services %s], which is not there.", name),
      "Add the section to the config file, or take the line away."
    )
  }
  all$services[[name]]
}

# list(profiles, secret, config, sso_sessions, services, files): both files together, and each by itself.
aws_config <- function() {
  files <- profile_files()
  secret <- read_ini(files[1])
  sections <- read_ini(files[2])
  config <- c(
    sections[names(sections) == "default"],
    named_sections(sections, "profile")
  )
  profiles <- config
  for (name in names(secret)) {
    known <- profiles[[name]]
    added <- secret[[name]]
    profiles[[name]] <- c(added, known[setdiff(names(known), names(added))])
  }
  list(
    profiles = profiles,
    secret = secret,
    config = config,
    sso_sessions = named_sections(sections, "sso-session"),
    services = named_sections(sections, "services"),
    files = files
  )
}

# The sections [kind name] by name, which may be quoted.
named_sections <- function(sections, kind) {
  pattern <- sprintf("^%s\\s+(\"[^\"]*\"|'[^']*'|\\S+)\\s*$", kind)
  found <- sections[grepl(pattern, names(sections), perl = TRUE)]
  name <- sub(pattern, "\\1", names(found), perl = TRUE)
  names(found) <- gsub("^[\"']|[\"']$", "", name)
  found
}

profile_files <- function() {
  c(
    Sys.getenv("AWS_SHARED_CREDENTIALS_FILE", "~/.aws/credentials"),
    Sys.getenv("AWS_CONFIG_FILE", "~/.aws/config")
  )
}
