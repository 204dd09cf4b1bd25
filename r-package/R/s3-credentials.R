# Credentials as boto3 finds them, in botocore's order (its credentials.py), and renewed before their end.
#
# Credentials are list(access_key, secret_key, session_token or NULL, source, expires or NULL): expires is
# the POSIXct after which no server takes them. session$profile, region and verify say whom to ask.

# The session's credentials: found when first needed, kept in the session and nowhere else, found again
# near their end or for renew = TRUE.
session_credentials <- function(session, renew = FALSE) {
  kept <- session$credentials
  near <- !is.null(session$renew_at) && Sys.time() >= session$renew_at
  if (!renew && !is.null(kept) && !near) {
    return(kept)
  }
  found <- tryCatch(
    session$find_credentials(),
    crossframe_error = function(error) {
      # Why: with the last half of the time to renew still left, the next request may have more luck.
      if (renew || is.null(kept) || !has_time_left(session, kept)) {
        stop(error)
      }
      kept
    }
  )
  if (has_ended(found)) {
    abort_ended(found$source, found$expires, how_to_renew(found))
  }
  session$credentials <- found
  session$renew_at <- time_to_renew(found$expires)
  found
}

# A quarter of an hour before the end, or a quarter of what is left of shorter ones.
time_to_renew <- function(expires) {
  if (is.null(expires)) {
    return(NULL)
  }
  left <- as.numeric(expires) - as.numeric(Sys.time())
  expires - min(15 * 60, left / 4)
}

has_time_left <- function(session, kept) {
  half <- (as.numeric(kept$expires) - as.numeric(session$renew_at)) / 2
  as.numeric(Sys.time()) < as.numeric(kept$expires) - half
}

has_ended <- function(found) {
  !is.null(found$expires) && found$expires <= Sys.time()
}

# given: list(access_key, secret_key, session_token, profile), the arguments.
find_credentials <- function(session, given) {
  if (!is.null(given$access_key) || !is.null(given$secret_key)) {
    return(credentials(
      given$access_key,
      given$secret_key,
      given$session_token,
      "the arguments"
    ))
  }
  profile <- aws_profile(given$profile)
  # Why: as boto3 does, a profile asked for by argument goes before the environment.
  by_environment <- is.null(given$profile)
  for (provider in credential_providers) {
    found <- provider(session, profile, by_environment)
    if (!is.null(found)) {
      return(found)
    }
  }
  abort_no_credentials(profile)
}

# Those of one profile only, for the role that it is the source of.
profile_credentials <- function(session, profile) {
  for (provider in profile_providers) {
    found <- provider(session, profile, FALSE)
    if (!is.null(found)) {
      return(found)
    }
  }
  NULL
}

# ---- The order: providers are asked one after the other until one has credentials ----

profile_providers <- list(
  function(...) web_identity_credentials(...),
  function(...) sso_credentials(...),
  function(...) secret_file_credentials(...),
  function(...) login_credentials(...),
  function(...) process_credentials(...),
  function(...) config_file_credentials(...)
)

credential_providers <- c(
  list(
    function(...) environment_credentials(...),
    function(...) role_credentials(...)
  ),
  profile_providers,
  list(
    function(...) old_file_credentials(...),
    function(...) container_credentials(...),
    function(...) machine_credentials(...)
  )
)

# ---- Providers that ask nobody: credentials or NULL, of a session, a profile, and whether the
# environment counts ----

environment_credentials <- function(session, profile, by_environment = TRUE) {
  if (!by_environment || !nzchar(Sys.getenv("AWS_ACCESS_KEY_ID"))) {
    return(NULL)
  }
  end <- env_value("AWS_CREDENTIAL_EXPIRATION")
  credentials(
    Sys.getenv("AWS_ACCESS_KEY_ID"),
    env_value("AWS_SECRET_ACCESS_KEY"),
    env_value("AWS_SECURITY_TOKEN", "AWS_SESSION_TOKEN"),
    "the environment (AWS_ACCESS_KEY_ID)",
    if (!is.null(end)) aws_time(end, "AWS_CREDENTIAL_EXPIRATION")
  )
}

secret_file_credentials <- function(session, profile, by_environment) {
  static_credentials(profile$secret, profile$name)
}

config_file_credentials <- function(session, profile, by_environment) {
  static_credentials(profile$config, profile$name)
}

static_credentials <- function(values, name) {
  if (is.null(values$aws_access_key_id)) {
    return(NULL)
  }
  token <- c(values$aws_security_token, values$aws_session_token)
  credentials(
    values$aws_access_key_id,
    values$aws_secret_access_key,
    if (length(token)) token[1],
    sprintf("profile '%s'", name)
  )
}

# What `aws login` leaves behind is signed for by a key that only the AWS tools hold.
login_credentials <- function(session, profile, by_environment) {
  if (!is.null(profile$values$login_session)) {
    cf_abort(
      "credentials",
      "Can't get credentials for S3 from `aws login`.",
      sprintf("Profile '%s' has login_session.", profile$name),
      sprintf(
        "Run `aws configure export-credentials --profile %s --format env`, or make that the profile's credential_process.",
        profile$name
      )
    )
  }
}

# The files of the first tools for EC2, and of boto 2.
old_file_credentials <- function(session, profile, by_environment) {
  path <- env_value("AWS_CREDENTIAL_FILE")
  if (!is.null(path) && file.exists(expand_home(path))) {
    lines <- readLines(expand_home(path), warn = FALSE)
    value <- function(name) {
      line <- grep(sprintf("^\\s*%s\\s*=", name), lines, value = TRUE)
      if (length(line)) trimws(sub("^[^=]*=", "", line[1]))
    }
    if (!is.null(value("AWSAccessKeyId"))) {
      source <- "the file AWS_CREDENTIAL_FILE"
      return(credentials(
        value("AWSAccessKeyId"),
        value("AWSSecretKey"),
        NULL,
        source
      ))
    }
  }
  paths <- env_value("BOTO_CONFIG")
  for (path in if (is.null(paths)) c("/etc/boto.cfg", "~/.boto") else paths) {
    values <- read_ini(path)[["Credentials"]]
    if (!is.null(values$aws_access_key_id)) {
      return(credentials(
        values$aws_access_key_id,
        values$aws_secret_access_key,
        NULL,
        sprintf("the file %s", path)
      ))
    }
  }
  NULL
}

# ---- What all of them return, and what they stop with ----

# Of a session that signs nothing, as messages name it.
no_credentials <- list(
  access_key = "none",
  secret_key = "",
  session_token = NULL,
  source = "anonymous = TRUE"
)

credentials <- function(
  access_key,
  secret_key,
  session_token,
  source,
  expires = NULL
) {
  if (!is_filled_text(access_key) || !is_filled_text(secret_key)) {
    cf_abort(
      "credentials",
      "Credentials must be an access key and its secret key.",
      sprintf("Only one of the two was found in %s.", source),
      "Set both AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY."
    )
  }
  check_sendable("access key", access_key, source)
  check_sendable("secret key", secret_key, source)
  check_sendable("token", session_token, source)
  list(
    access_key = access_key,
    secret_key = secret_key,
    session_token = if (is_filled_text(session_token)) session_token,
    source = source,
    expires = expires
  )
}

# Why: a line's end would begin another header.
check_sendable <- function(name, text, source) {
  if (
    is_filled_text(text) &&
      (grepl("[[:cntrl:]]", text) || text != trimws(text))
  ) {
    abort_unusable(
      sprintf(
        "The %s from %s has a space or a line's end before, in or after it.",
        name,
        source
      ),
      "Copy it again, without what stands around it."
    )
  }
}

is_filled_text <- function(x) {
  is.character(x) && length(x) == 1 && !is.na(x) && nzchar(x)
}

abort_no_credentials <- function(profile) {
  cf_abort(
    "credentials",
    "Can't find credentials for S3.",
    sprintf(
      "Looked in the environment, in profile '%s' of %s, and for a role of this machine.",
      profile$name,
      paste(profile$files, collapse = " and ")
    ),
    "Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY (and AWS_SESSION_TOKEN), or name a profile by AWS_PROFILE."
  )
}

abort_ended <- function(source, end, hint) {
  cf_abort(
    "expired_token",
    "Can't get credentials for S3: the session has ended.",
    sprintf(
      "That from %s ended at %s; it is %s now.",
      source,
      time_text(end),
      time_text(Sys.time())
    ),
    hint
  )
}

how_to_renew <- function(found) {
  if (grepl("AWS_ACCESS_KEY_ID", found$source, fixed = TRUE)) {
    return(
      "Get new keys from where these came, and set all three of them and AWS_CREDENTIAL_EXPIRATION."
    )
  }
  "Get new ones from where these came."
}

time_text <- function(time) format(time, "%Y-%m-%dT%H:%M:%SZ", tz = "UTC")

# POSIXct of an ISO 8601 time, as the services and files have it; source names it where it is none.
aws_time <- function(text, source) {
  form <- "^([0-9]{4}-[0-9]{2}-[0-9]{2})[T ]([0-9:]{8})(\\.[0-9]+)?(Z|UTC|[+-][0-9]{2}:?[0-9]{2})?$"
  parts <- if (is_filled_text(text)) regmatches(text, regexec(form, text))[[1]]
  time <- if (length(parts)) {
    as.POSIXct(paste(parts[2], parts[3]), tz = "UTC", optional = TRUE)
  }
  if (is.null(time) || is.na(time)) {
    cf_abort(
      "credentials",
      "Can't get credentials for S3: they can't be read.",
      sprintf("%s is no time, as 2030-01-31T10:00:00Z is.", source)
    )
  }
  offset <- gsub("[^0-9+-]", "", parts[5])
  if (nzchar(offset)) {
    minutes <- as.integer(substr(offset, 2, 3)) *
      60 +
      as.integer(substr(offset, 4, 5))
    time <- time - (if (startsWith(offset, "-")) -60 else 60) * minutes
  }
  time
}

# What can't be used as credentials, for a reason that the reader can look up.
abort_unusable <- function(detail, hint = NULL) {
  cf_abort(
    "credentials",
    "Can't get credentials for S3: they can't be read.",
    detail,
    if (is.null(hint)) {
      "Look at the file, program or service that the AWS_ variables and the profile name for credentials."
    } else {
      hint
    }
  )
}
