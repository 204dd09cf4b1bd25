# Who asks which server: credentials, endpoint and region, each with where it came from.
# A session is an environment, because the region is found on the way and credentials may be renewed.

s3_session <- function(
  endpoint = NULL,
  region = NULL,
  profile = NULL,
  access_key = NULL,
  secret_key = NULL,
  session_token = NULL,
  use_https = TRUE,
  path_style = NULL,
  anonymous = FALSE,
  verify = NULL,
  attempts = 4L,
  connect_timeout_s = 10,
  read_timeout_s = 60
) {
  given <- list(
    access_key = access_key,
    secret_key = secret_key,
    session_token = session_token,
    profile = profile
  )
  files <- aws_profile(profile)
  session <- new.env(parent = emptyenv())
  session$find_credentials <- function() {
    if (anonymous) no_credentials else find_credentials(given)
  }
  session$credentials <- NULL
  session$endpoint <- find_endpoint(endpoint, files, use_https)
  found <- find_region(region, files, session$endpoint)
  session$region <- found$value
  session$region_source <- found$source
  session$path_style <- path_style
  session$anonymous <- anonymous
  session$verify <- verify
  session$attempts <- attempts
  session$transport <- curl_transport
  session$connect_timeout_s <- connect_timeout_s
  session$read_timeout_s <- read_timeout_s
  session
}

# The session's credentials, looked up when first needed; renew = TRUE looks again.
session_credentials <- function(session, renew = FALSE) {
  if (renew || is.null(session$credentials)) {
    session$credentials <- session$find_credentials()
  }
  session$credentials
}

# ---- Credentials: arguments, environment, profile files ----

find_credentials <- function(given) {
  if (!is.null(given$access_key) || !is.null(given$secret_key)) {
    return(credentials(
      given$access_key,
      given$secret_key,
      given$session_token,
      "the arguments"
    ))
  }
  # Why: as boto3 does, a profile asked for by argument goes before the environment.
  if (is.null(given$profile) && nzchar(Sys.getenv("AWS_ACCESS_KEY_ID"))) {
    token <- env_value("AWS_SESSION_TOKEN", "AWS_SECURITY_TOKEN")
    secret <- env_value("AWS_SECRET_ACCESS_KEY")
    return(credentials(
      Sys.getenv("AWS_ACCESS_KEY_ID"),
      secret,
      token,
      "the environment (AWS_ACCESS_KEY_ID)"
    ))
  }
  profile <- aws_profile(given$profile)
  values <- profile$values
  if (!is.null(values$aws_access_key_id)) {
    source <- sprintf("profile '%s'", profile$name)
    return(credentials(
      values$aws_access_key_id,
      values$aws_secret_access_key,
      values$aws_session_token,
      source
    ))
  }
  abort_no_credentials(profile)
}

# Of a session that signs nothing, as messages name it.
no_credentials <- list(
  access_key = "none",
  secret_key = "",
  session_token = NULL,
  source = "anonymous = TRUE"
)

credentials <- function(access_key, secret_key, session_token, source) {
  if (
    is.null(access_key) ||
      is.null(secret_key) ||
      !nzchar(access_key) ||
      !nzchar(secret_key)
  ) {
    cf_abort(
      "credentials",
      "Credentials must be an access key and its secret key.",
      sprintf("Only one of the two was found in %s.", source),
      "Set both AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY."
    )
  }
  if (!is.null(session_token) && !nzchar(session_token)) {
    session_token <- NULL
  }
  list(
    access_key = access_key,
    secret_key = secret_key,
    session_token = session_token,
    source = source
  )
}

abort_no_credentials <- function(profile) {
  unsupported <- intersect(
    names(profile$values),
    c("role_arn", "sso_session", "sso_start_url", "credential_process")
  )
  hint <- "Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY (and AWS_SESSION_TOKEN), or name a profile that has them."
  if (length(unsupported)) {
    hint <- sprintf(
      "Profile '%s' uses %s, which this package can't follow: run `aws configure export-credentials --format env`.",
      profile$name,
      unsupported[1]
    )
  }
  cf_abort(
    "credentials",
    "Can't find credentials for S3.",
    sprintf(
      "Looked in the environment and in profile '%s' of %s.",
      profile$name,
      paste(profile$files, collapse = " and ")
    ),
    hint
  )
}

# ---- Endpoint ----

# list(scheme, host, path, custom, source); AWS's own where nothing is set (host NULL).
find_endpoint <- function(argument, profile, use_https = TRUE) {
  candidates <- list(
    list(argument, "the endpoint argument"),
    list(env_value("AWS_ENDPOINT_URL_S3"), "AWS_ENDPOINT_URL_S3"),
    list(env_value("AWS_ENDPOINT_URL"), "AWS_ENDPOINT_URL"),
    # aws.s3's variable: a host without a scheme.
    list(env_value("AWS_S3_ENDPOINT"), "AWS_S3_ENDPOINT"),
    list(
      profile$services$s3$endpoint_url,
      sprintf("the services of profile '%s'", profile$name)
    ),
    list(profile$values$endpoint_url, sprintf("profile '%s'", profile$name))
  )
  for (candidate in candidates) {
    if (!is.null(candidate[[1]]) && nzchar(candidate[[1]])) {
      return(parse_endpoint(candidate[[1]], candidate[[2]], use_https))
    }
  }
  list(
    scheme = if (use_https) "https" else "http",
    host = NULL,
    path = "",
    custom = FALSE,
    source = "AWS's default"
  )
}

parse_endpoint <- function(text, source, use_https) {
  full <- text
  if (!grepl("://", text, fixed = TRUE)) {
    full <- paste0(if (use_https) "https://" else "http://", text)
  }
  parts <- regmatches(
    full,
    regexec("^(https?)://([^/?#@[:space:]]+)(/[^?#[:space:]]*)?$", full)
  )[[1]]
  if (length(parts) == 0) {
    cf_abort(
      "endpoint",
      sprintf("Endpoint must be http(s)://host[:port], not '%s'.", text),
      sprintf("It came from %s.", source)
    )
  }
  # Why: libcurl leaves a scheme's own port out of the Host header, and what is sent must be signed.
  own_port <- if (parts[2] == "https") ":443$" else ":80$"
  host <- sub(own_port, "", parts[3])
  # Why: aws.s3's users set this one, which stands for every region's host.
  aws <- host == "s3.amazonaws.com"
  list(
    scheme = parts[2],
    host = if (!aws) host,
    path = sub("/+$", "", parts[4]),
    custom = !aws,
    source = source
  )
}

endpoint_text <- function(session) {
  endpoint <- session$endpoint
  host <- if (is.null(endpoint$host)) {
    aws_host(session$region)
  } else {
    endpoint$host
  }
  paste0(endpoint$scheme, "://", host, endpoint$path)
}

aws_host <- function(region) {
  paste0("s3.", region, ".amazonaws.com", if (startsWith(region, "cn-")) ".cn")
}

# Host and path of a request. Path-style for custom endpoints, as boto3 does for hosts that
# have no name for each bucket; a bucket with a dot has no valid certificate as a host name.
s3_address <- function(session, bucket, key) {
  endpoint <- session$endpoint
  host <- if (is.null(endpoint$host)) {
    aws_host(session$region)
  } else {
    endpoint$host
  }
  path_style <- session$path_style
  if (is.null(path_style)) {
    path_style <- endpoint$custom ||
      !grepl("^[a-z0-9][a-z0-9-]+[a-z0-9]$", bucket)
  }
  if (nzchar(bucket) && !path_style) {
    host <- paste0(bucket, ".", host)
    bucket <- ""
  }
  path <- paste0(
    endpoint$path,
    "/",
    if (nzchar(bucket)) paste0(uri_encode(bucket), "/"),
    uri_encode(key, keep_slash = TRUE)
  )
  list(host = host, path = path)
}

# ---- Region ----

# Never demanded: a wrong one is corrected by the server's answer (s3-request.R).
find_region <- function(argument, profile, endpoint) {
  in_host <- regmatches(
    endpoint$host,
    regexec("^s3[.-]([a-z0-9-]+)\\.amazonaws\\.com", endpoint$host)
  )
  in_host <- if (length(in_host) && length(in_host[[1]])) in_host[[1]][2]
  candidates <- list(
    list(argument, "the region argument"),
    list(in_host, "the endpoint"),
    list(env_value("AWS_REGION"), "AWS_REGION"),
    list(env_value("AWS_DEFAULT_REGION"), "AWS_DEFAULT_REGION"),
    list(profile$values$region, sprintf("profile '%s'", profile$name))
  )
  for (candidate in candidates) {
    if (!is.null(candidate[[1]]) && nzchar(candidate[[1]])) {
      return(list(value = candidate[[1]], source = candidate[[2]]))
    }
  }
  list(value = "us-east-1", source = "the default")
}

# The first of these variables that is set and not empty, or NULL.
env_value <- function(...) {
  for (name in c(...)) {
    value <- Sys.getenv(name)
    if (nzchar(value)) {
      return(value)
    }
  }
  NULL
}
