# Roles: temporary credentials of AWS's Security Token Service, for a profile's role_arn or by a token
# that another identity provider has left in a file.
# Source: AWS STS API Reference, AssumeRole and AssumeRoleWithWebIdentity.

role_credentials <- function(session, profile, by_environment) {
  if (is_role(profile$values)) {
    assume_role(session, profile, visited = profile$name)
  }
}

is_role <- function(values) {
  !is.null(values$role_arn) && is.null(values$web_identity_token_file)
}

assume_role <- function(session, profile, visited) {
  values <- profile$values
  source <- role_source(session, profile, visited)
  duration <- suppressWarnings(as.integer(values$duration_seconds))
  parameters <- c(
    RoleArn = values$role_arn,
    RoleSessionName = role_session_name(values$role_session_name),
    ExternalId = values$external_id,
    DurationSeconds = if (length(duration) && !is.na(duration)) {
      as.character(duration)
    },
    mfa_parameters(values$mfa_serial)
  )
  answer <- sts_ask(session, "AssumeRole", parameters, source)
  sts_credentials(answer, sprintf("profile '%s' (role_arn)", profile$name))
}

# The credentials that ask for the role.
role_source <- function(session, profile, visited) {
  values <- profile$values
  named <- values$credential_source
  from <- values$source_profile
  if (is.null(named) == is.null(from)) {
    abort_unusable(sprintf(
      "Profile '%s' has role_arn with %s of source_profile and credential_source.",
      profile$name,
      if (is.null(from)) "neither" else "both"
    ))
  }
  if (!is.null(named)) {
    return(named_source(session, profile, named))
  }
  if (!from %in% names(profile$all$profiles)) {
    abort_unusable(sprintf(
      "Profile '%s' has source_profile '%s', which does not exist.",
      profile$name,
      from
    ))
  }
  source <- c(profile_of(profile$all, from), list(all = profile$all))
  static <- any(
    c("aws_access_key_id", "aws_secret_access_key") %in% names(source$values)
  )
  # A profile may be its own source where it has keys; any other circle has no end.
  if (from %in% visited && !(from == profile$name && static)) {
    abort_unusable(sprintf(
      "The source_profile of these leads back to itself: %s.",
      paste(c(visited, from), collapse = ", ")
    ))
  }
  if (is_role(source$values) && !static) {
    return(assume_role(session, source, c(visited, from)))
  }
  found <- profile_credentials(session, source)
  if (is.null(found)) {
    abort_unusable(sprintf(
      "Profile '%s' has source_profile '%s', which has no credentials.",
      profile$name,
      from
    ))
  }
  found
}

named_source <- function(session, profile, name) {
  provider <- switch(
    name,
    Environment = environment_credentials,
    EcsContainer = container_credentials,
    Ec2InstanceMetadata = machine_credentials,
    abort_unusable(sprintf(
      "Profile '%s' has credential_source '%s', not Environment, EcsContainer or Ec2InstanceMetadata.",
      profile$name,
      name
    ))
  )
  found <- provider(session, profile, TRUE)
  if (is.null(found)) {
    abort_unusable(sprintf(
      "Profile '%s' has credential_source '%s', which has no credentials.",
      profile$name,
      name
    ))
  }
  found
}

mfa_parameters <- function(serial) {
  if (is.null(serial)) {
    return(NULL)
  }
  if (!interactive()) {
    abort_unusable(
      sprintf(
        "The role wants a code of the device %s, and nobody is there to type it.",
        serial
      ),
      "Run `aws configure export-credentials --format env` in a terminal first."
    )
  }
  code <- trimws(readline(sprintf("MFA code for %s: ", serial)))
  c(SerialNumber = serial, TokenCode = code)
}

role_session_name <- function(name) {
  if (is.null(name)) {
    sprintf("crossframe-%.0f", as.numeric(Sys.time()))
  } else {
    name
  }
}

# ---- Web identity: AWS_WEB_IDENTITY_TOKEN_FILE and AWS_ROLE_ARN, or the profile's ----

web_identity_credentials <- function(session, profile, by_environment) {
  setting <- function(name, variable) {
    value <- if (by_environment) env_value(variable)
    if (is.null(value)) profile$values[[name]] else value
  }
  path <- setting("web_identity_token_file", "AWS_WEB_IDENTITY_TOKEN_FILE")
  if (is.null(path)) {
    return(NULL)
  }
  role <- setting("role_arn", "AWS_ROLE_ARN")
  if (is.null(role)) {
    abort_unusable(
      "There is a web identity token file, and neither AWS_ROLE_ARN nor role_arn."
    )
  }
  name <- setting("role_session_name", "AWS_ROLE_SESSION_NAME")
  parameters <- c(
    RoleArn = role,
    RoleSessionName = role_session_name(name),
    WebIdentityToken = read_secret(path)
  )
  answer <- sts_ask(session, "AssumeRoleWithWebIdentity", parameters)
  from_environment <- by_environment &&
    !is.null(env_value("AWS_WEB_IDENTITY_TOKEN_FILE"))
  source <- if (from_environment) {
    "the environment (AWS_WEB_IDENTITY_TOKEN_FILE)"
  } else {
    sprintf("profile '%s' (web identity)", profile$name)
  }
  sts_credentials(answer, source)
}

# The text of a file that holds a token.
read_secret <- function(path) {
  path <- expand_home(path)
  size <- file.size(path)
  if (is.na(size) || dir.exists(path) || file.access(path, 4) != 0) {
    abort_unusable(sprintf("There is no file %s that can be read.", path))
  }
  readChar(path, size, useBytes = TRUE)
}

# ---- STS ----

# The answer's XML without namespaces. credentials NULL signs nothing.
sts_ask <- function(session, action, parameters, credentials = NULL) {
  endpoint <- service_endpoint(session, "sts")
  body <- canonical_query(c(
    Action = action,
    Version = "2011-06-15",
    parameters
  ))
  headers <- c("Content-Type" = "application/x-www-form-urlencoded")
  path <- if (nzchar(endpoint$path)) endpoint$path else "/"
  if (!is.null(credentials)) {
    request <- list(
      method = "POST",
      host = endpoint$host,
      path = path,
      query = character(),
      headers = headers,
      payload_hash = hex_sha256(charToRaw(body))
    )
    region <- session$region
    headers <- sigv4_sign(request, credentials, region, service = "sts")
  }
  url <- paste0(endpoint$scheme, "://", endpoint$host, path)
  answer <- service_fetch(session, "POST", url, headers, body)
  document <- tryCatch(
    xml2::xml_ns_strip(xml2::read_xml(answer$body)),
    error = function(error) NULL
  )
  if (answer$status != 200 || is.null(document)) {
    field <- function(name) {
      if (is.null(document)) {
        return("")
      }
      found <- xml2::xml_find_first(document, paste0(".//", name))
      text <- xml2::xml_text(found)
      if (is.na(text)) "" else text
    }
    abort_service(
      answer,
      url,
      paste0("sts:", action),
      code = field("Code"),
      message = field("Message"),
      about = parameters["RoleArn"]
    )
  }
  document
}

sts_credentials <- function(document, source) {
  field <- function(name) {
    xml2::xml_text(xml2::xml_find_first(
      document,
      paste0(".//Credentials/", name)
    ))
  }
  credentials(
    field("AccessKeyId"),
    field("SecretAccessKey"),
    field("SessionToken"),
    source,
    aws_time(field("Expiration"), "The end of the credentials")
  )
}
