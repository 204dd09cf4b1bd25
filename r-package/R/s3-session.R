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
  checksums = NULL,
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
  session$profile <- files
  session$find_credentials <- function() {
    if (anonymous) no_credentials else find_credentials(session, given)
  }
  session$credentials <- NULL
  session$endpoint <- find_endpoint(endpoint, files, use_https)
  found <- find_region(region, files, session$endpoint)
  session$region <- found$value
  session$region_source <- found$source
  session$path_style <- path_style
  session$anonymous <- anonymous
  session$verify <- if (is.null(verify)) profile_authorities(files) else verify
  session$checksums <- find_checksums(checksums, files)
  session$attempts <- attempts
  session$transport <- curl_transport
  session$connect_timeout_s <- connect_timeout_s
  session$read_timeout_s <- read_timeout_s
  session
}

# ---- Endpoint ----

# list(scheme, host, path, custom, source); AWS's own where nothing is set (host NULL).
find_endpoint <- function(argument, profile, use_https = TRUE) {
  found <- if (is_filled_text(argument)) {
    list(url = argument, source = "the endpoint argument")
  } else {
    configured_endpoint("s3", profile)
  }
  if (!is.null(found)) {
    return(parse_endpoint(found$url, found$source, use_https))
  }
  list(
    scheme = if (use_https) "https" else "http",
    host = NULL,
    path = "",
    custom = FALSE,
    source = "AWS's default"
  )
}

# list(url, source) of a service's endpoint by variable or profile, or NULL.
# service: "s3", "sts", "sso", "sso_oidc", as in the profile's section of services.
configured_endpoint <- function(service, profile) {
  variable <- paste0("AWS_ENDPOINT_URL_", toupper(service))
  named <- sprintf("profile '%s'", profile$name)
  candidates <- list(
    list(env_value(variable), variable, TRUE),
    list(env_value("AWS_ENDPOINT_URL"), "AWS_ENDPOINT_URL", TRUE),
    # aws.s3's variable: a host without a scheme.
    list(
      if (service == "s3") env_value("AWS_S3_ENDPOINT"),
      "AWS_S3_ENDPOINT",
      FALSE
    ),
    list(
      as.list(profile$services[[service]])$endpoint_url,
      paste("the services of", named),
      TRUE
    ),
    list(profile$values$endpoint_url, named, TRUE)
  )
  ignored <- are_endpoints_ignored(profile)
  for (candidate in candidates) {
    if (is_filled_text(candidate[[1]]) && !(ignored && candidate[[3]])) {
      return(list(url = candidate[[1]], source = candidate[[2]]))
    }
  }
  NULL
}

are_endpoints_ignored <- function(profile) {
  said <- env_value("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS")
  if (is.null(said)) {
    said <- profile$values$ignore_configured_endpoint_urls
  }
  is_filled_text(said) && tolower(said) == "true"
}

# The profile's file of authorities; the variable goes before it, see trust().
profile_authorities <- function(profile) {
  named <- profile$values$ca_bundle
  if (is.null(env_value("AWS_CA_BUNDLE")) && is_filled_text(named)) {
    expand_home(named)
  }
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
  paste0("s3.", region, ".", aws_domain(region))
}

aws_domain <- function(region) {
  paste0("amazonaws.com", if (startsWith(region, "cn-")) ".cn")
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
