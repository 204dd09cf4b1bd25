# The role of the container or machine that this runs on, asked of a server within reach only from there.
# Source: Amazon ECS Developer Guide, "Task IAM role"; Amazon EC2 User Guide, "Instance metadata" (IMDSv2).

# ---- A container's: AWS_CONTAINER_CREDENTIALS_RELATIVE_URI or _FULL_URI ----

container_address <- "http://169.254.170.2"
container_hosts <- c(
  "169.254.170.2",
  "169.254.170.23",
  "[fd00:ec2::23]",
  "localhost"
)

container_credentials <- function(session, profile, by_environment) {
  relative <- env_value("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI")
  full <- env_value("AWS_CONTAINER_CREDENTIALS_FULL_URI")
  if (is.null(relative) && is.null(full)) {
    return(NULL)
  }
  url <- if (is.null(relative)) full else paste0(container_address, relative)
  check_container_url(url)
  token <- container_token()
  headers <- c(
    Accept = "application/json",
    if (!is.null(token)) c(Authorization = token)
  )
  for (attempt in 1:3) {
    answer <- metadata_fetch("GET", url, headers, timeout_s = 2)
    found <- if (answer$status == 200) service_json(answer)
    if (!is.null(found)) {
      break
    }
    if (attempt < 3) Sys.sleep(backoff_s(attempt))
  }
  if (is.null(found)) {
    abort_unusable(sprintf(
      "The container's service at %s %s.",
      without_query(url),
      if (answer$status == 0) {
        "can't be reached"
      } else {
        sprintf("answered %d", answer$status)
      }
    ))
  }
  metadata_credentials(found, "the container's role")
}

# Why: a variable must not have keys asked for, and the token sent, in clear over a network.
check_container_url <- function(url) {
  host <- regmatches(
    url,
    regexec("^http://(\\[[^]]*\\]|[^/:?#@]+)(:[0-9]+)?([/?#]|$)", url)
  )[[1]]
  near <- length(host) &&
    (host[2] %in%
      c(container_hosts, "[::1]") ||
      grepl("^127(\\.[0-9]{1,3}){3}$", host[2]))
  if (!near && !grepl("^https://[^/?#@]+", url)) {
    abort_unusable(
      "AWS_CONTAINER_CREDENTIALS_FULL_URI must be https://, or on this machine."
    )
  }
}

container_token <- function() {
  file <- env_value("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE")
  token <- if (is.null(file)) {
    env_value("AWS_CONTAINER_AUTHORIZATION_TOKEN")
  } else {
    read_secret(file)
  }
  if (!is.null(token) && grepl("[\r\n]", token)) {
    abort_unusable(
      "The container's authorization token has a line's end in it."
    )
  }
  token
}

# ---- A machine's ----

machine_credentials <- function(session, profile, by_environment) {
  if (tolower(Sys.getenv("AWS_EC2_METADATA_DISABLED")) == "true") {
    return(NULL)
  }
  base <- metadata_address(profile)
  token <- metadata_token(base)
  if (isFALSE(token)) {
    return(NULL)
  }
  if (is.null(token) && is_metadata_v1_off(profile)) {
    abort_unusable(sprintf(
      "The machine's service at %s gives no token, and AWS_EC2_METADATA_V1_DISABLED forbids to ask without.",
      base
    ))
  }
  headers <- if (is.null(token)) {
    character()
  } else {
    c("x-aws-ec2-metadata-token" = token)
  }
  path <- paste0(base, "/latest/meta-data/iam/security-credentials/")
  role <- metadata_ask(path, headers)
  if (is.null(role)) {
    return(NULL)
  }
  answer <- metadata_ask(paste0(path, uri_encode(trimws(role))), headers)
  found <- if (!is.null(answer)) {
    tryCatch(parse_json(answer), error = function(error) NULL)
  }
  needed <- c("AccessKeyId", "SecretAccessKey", "Token", "Expiration")
  if (!is.list(found) || !all(needed %in% names(found))) {
    return(NULL)
  }
  machine <- metadata_credentials(found, "the machine's role")
  # Why: a service in trouble goes on giving old keys, which are taken for as long (as botocore does).
  machine$expires <- max(machine$expires, Sys.time() + 20 * 60)
  machine
}

metadata_address <- function(profile) {
  values <- profile$values
  address <- env_value("AWS_EC2_METADATA_SERVICE_ENDPOINT")
  if (is.null(address)) {
    address <- values$ec2_metadata_service_endpoint
  }
  if (is.null(address)) {
    mode <- env_value("AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE")
    if (is.null(mode)) {
      mode <- values$ec2_metadata_service_endpoint_mode
    }
    ipv6 <- !is.null(mode) && tolower(mode) == "ipv6"
    address <- if (ipv6) "http://[fd00:ec2::254]" else "http://169.254.169.254"
  }
  sub("/+$", "", address)
}

is_metadata_v1_off <- function(profile) {
  value <- env_value("AWS_EC2_METADATA_V1_DISABLED")
  if (is.null(value)) {
    value <- profile$values$ec2_metadata_v1_disabled
  }
  !is.null(value) && tolower(value) == "true"
}

# The token of IMDSv2; NULL where there is only the first version, FALSE where nobody is there.
metadata_token <- function(base) {
  headers <- c("x-aws-ec2-metadata-token-ttl-seconds" = "21600")
  answer <- metadata_fetch("PUT", paste0(base, "/latest/api/token"), headers)
  if (answer$status == 200) {
    return(answer_text(answer))
  }
  # Why: no answer in time may be that of a container one hop too far for version 2.
  if (answer$status %in% c(403L, 404L, 405L) || answer$late) NULL else FALSE
}

metadata_ask <- function(url, headers) {
  answer <- metadata_fetch("GET", url, headers)
  if (answer$status == 200 && length(answer$body)) answer_text(answer)
}

# Quick to give up: on most machines nobody is there.
metadata_fetch <- function(method, url, headers, timeout_s = NULL) {
  attempts <- 1
  if (is.null(timeout_s)) {
    timeout_s <- whole_number("AWS_METADATA_SERVICE_TIMEOUT", 1)
    attempts <- whole_number("AWS_METADATA_SERVICE_NUM_ATTEMPTS", 1)
  }
  handle <- curl::new_handle(
    customrequest = method,
    # Why: another machine's role would answer through a proxy.
    noproxy = "*",
    followlocation = FALSE,
    connecttimeout = timeout_s,
    timeout = timeout_s
  )
  curl::handle_setheaders(handle, .list = as.list(headers))
  for (attempt in seq_len(attempts)) {
    answer <- tryCatch(
      {
        fetched <- curl::curl_fetch_memory(url, handle = handle)
        list(status = fetched$status_code, body = fetched$content, late = FALSE)
      },
      error = function(error) {
        pass_interrupt(error)
        late <- grepl("Operation timed out|Timeout", conditionMessage(error))
        list(status = 0L, body = raw(0), late = late)
      }
    )
    if (answer$status > 0) {
      break
    }
  }
  answer
}

whole_number <- function(variable, default) {
  number <- suppressWarnings(as.integer(Sys.getenv(variable)))
  if (is.na(number) || number < 1) default else number
}

metadata_credentials <- function(found, source) {
  credentials(
    found$AccessKeyId,
    found$SecretAccessKey,
    found$Token,
    source,
    aws_time(found$Expiration, "The end of the credentials")
  )
}

without_query <- function(url) sub("[?#].*", "", url)
