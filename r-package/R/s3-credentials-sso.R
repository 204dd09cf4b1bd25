# Single sign-on: `aws sso login` leaves a token in ~/.aws/sso/cache, which AWS IAM Identity Center takes
# for the credentials of a role.
# Source: AWS IAM Identity Center Portal API Reference, GetRoleCredentials; OIDC API, CreateToken.

sso_credentials <- function(session, profile, by_environment) {
  settings <- sso_settings(profile)
  if (is.null(settings)) {
    return(NULL)
  }
  token <- sso_token(session, profile, settings)
  endpoint <- service_endpoint(session, "sso", settings$sso_region)
  query <- canonical_query(c(
    account_id = settings$sso_account_id,
    role_name = settings$sso_role_name
  ))
  url <- paste0(endpoint_address(endpoint), "/federation/credentials")
  headers <- c("x-amz-sso_bearer_token" = token$access)
  answer <- service_fetch(session, "GET", paste0(url, "?", query), headers)
  if (answer$status == 401) {
    abort_sign_in(
      profile$name,
      sprintf("%s does not take the token any more.", url)
    )
  }
  body <- service_json(answer)
  found <- body$roleCredentials
  if (answer$status != 200 || is.null(found)) {
    abort_service(
      answer,
      url,
      "sso:GetRoleCredentials",
      message = json_text(body$message)
    )
  }
  credentials(
    found$accessKeyId,
    found$secretAccessKey,
    found$sessionToken,
    sprintf("profile '%s' (single sign-on)", profile$name),
    if (is.numeric(found$expiration)) {
      .POSIXct(found$expiration / 1000, tz = "UTC")
    }
  )
}

# list(sso_start_url, sso_region, sso_role_name, sso_account_id, sso_session or NULL) of a profile that
# signs in so, else NULL.
sso_settings <- function(profile) {
  values <- profile$values
  if (is.null(values$sso_role_name) && is.null(values$sso_account_id)) {
    return(NULL)
  }
  name <- values$sso_session
  if (!is.null(name)) {
    shared <- profile$all$sso_sessions[[name]]
    if (is.null(shared)) {
      abort_unusable(sprintf(
        "Profile '%s' names the section [sso-session %s], which is not there.",
        profile$name,
        name
      ))
    }
    values <- c(shared, values[setdiff(names(values), names(shared))])
  }
  needed <- c("sso_role_name", "sso_account_id", "sso_start_url", "sso_region")
  missing <- setdiff(needed, names(values))
  if (length(missing)) {
    abort_unusable(sprintf(
      "Profile '%s' signs in by single sign-on and lacks %s.",
      profile$name,
      paste(missing, collapse = ", ")
    ))
  }
  values[c(needed, "sso_session")]
}

# list(access): the token of the last sign-in, renewed where it can be.
sso_token <- function(session, profile, settings) {
  path <- sso_cache_file(settings)
  kept <- tryCatch(
    parse_json(paste(readLines(path, warn = FALSE), collapse = "\n")),
    error = function(error) NULL,
    warning = function(warning) NULL
  )
  if (!is_filled_text(kept$accessToken) || !is_filled_text(kept$expiresAt)) {
    abort_sign_in(profile$name, "There has been no sign-in on this machine.")
  }
  end <- aws_time(kept$expiresAt, "The end of the sign-in")
  if (!is.null(settings$sso_session) && end < Sys.time() + 15 * 60) {
    renewed <- renew_sso_token(session, settings, kept)
    if (!is.null(renewed)) {
      keep_sso_token(path, renewed)
      return(list(access = renewed$accessToken))
    }
  }
  if (end <= Sys.time()) {
    source <- sprintf("profile '%s' (single sign-on)", profile$name)
    abort_ended(source, end, sign_in_again(profile$name))
  }
  list(access = kept$accessToken)
}

sso_cache_file <- function(settings) {
  name <- settings$sso_session
  if (is.null(name)) {
    name <- settings$sso_start_url
  }
  digest <- hex_text(openssl::sha1(charToRaw(enc2utf8(name))))
  expand_home(sprintf("~/.aws/sso/cache/%s.json", digest))
}

# The renewed file's content; NULL where the sign-in has to be done by hand.
renew_sso_token <- function(session, settings, kept) {
  needed <- c("clientId", "clientSecret", "refreshToken")
  if (!all(vapply(kept[needed], is_filled_text, NA))) {
    return(NULL)
  }
  endpoint <- service_endpoint(session, "sso_oidc", settings$sso_region)
  body <- write_json(list(
    grantType = "refresh_token",
    clientId = kept$clientId,
    clientSecret = kept$clientSecret,
    refreshToken = kept$refreshToken
  ))
  url <- paste0(endpoint_address(endpoint), "/token")
  headers <- c("Content-Type" = "application/json")
  answer <- tryCatch(
    service_fetch(session, "POST", url, headers, body),
    crossframe_error = function(error) list(status = 0L)
  )
  found <- if (answer$status == 200) service_json(answer)
  if (!is_filled_text(found$accessToken) || !is.numeric(found$expiresIn)) {
    return(NULL)
  }
  kept$accessToken <- found$accessToken
  kept$expiresAt <- time_text(Sys.time() + found$expiresIn)
  if (is_filled_text(found$refreshToken)) {
    kept$refreshToken <- found$refreshToken
  }
  kept
}

# Whole or not at all, and for nobody else's eyes. A folder that can't be written keeps the old.
keep_sso_token <- function(path, content) {
  part <- tempfile("crossframe-", dirname(path))
  old <- Sys.umask("077")
  on.exit(Sys.umask(old))
  tryCatch(
    {
      writeLines(write_json(content), part)
      file.rename(part, path)
    },
    error = function(error) unlink(part),
    warning = function(warning) unlink(part)
  )
}

abort_sign_in <- function(profile, detail) {
  cf_abort(
    "expired_token",
    "Can't get credentials for S3: the sign-in has ended.",
    sprintf("Profile '%s' signs in by single sign-on. %s", profile, detail),
    sign_in_again(profile)
  )
}

sign_in_again <- function(profile) {
  sprintf("Sign in again: `aws sso login --profile %s`.", profile)
}
