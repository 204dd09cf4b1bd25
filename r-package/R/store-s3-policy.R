# Public reading, by statements of our own in the bucket's policy; the others stay as they are.
# Why not by ACL: buckets of AWS have none by default, and some servers none at all.

sid_start <- "CrossframePublic"

# What anybody may read: all below a prefix that is empty or ends in "/", else that key.
s3_publish <- function(session, bucket, prefix) {
  if (grepl("[*?]|\\$\\{", prefix)) {
    cf_abort(
      "usage",
      sprintf(
        "Can't publish '%s': to a bucket's policy '*', '?' and '${' stand for anything.",
        prefix
      )
    )
  }
  policy <- get_policy(session, bucket)
  if (is.null(policy)) {
    policy <- list(Version = "2012-10-17")
  }
  others <- other_statements(policy, prefix)
  if (length(others) == length(statements_of(policy))) {
    policy$Statement <- c(
      others,
      list(public_statement(session, bucket, prefix))
    )
    put_policy(session, bucket, policy)
  }
  address <- s3_address(session, bucket, prefix)
  paste0(session$endpoint$scheme, "://", address$host, address$path)
}

public_statement <- function(session, bucket, prefix) {
  everything <- if (!nzchar(prefix) || endsWith(prefix, "/")) "*"
  list(
    Sid = public_sid(prefix),
    Effect = "Allow",
    Principal = "*",
    Action = "s3:GetObject",
    Resource = paste0(arn_start(session), bucket, "/", prefix, everything)
  )
}

arn_start <- function(session) {
  partition <- if (session$endpoint$custom) {
    "aws"
  } else if (startsWith(session$region, "cn-")) {
    "aws-cn"
  } else if (startsWith(session$region, "us-gov-")) {
    "aws-us-gov"
  } else {
    "aws"
  }
  sprintf("arn:%s:s3:::", partition)
}

s3_unpublish <- function(session, bucket, prefix) {
  policy <- get_policy(session, bucket)
  others <- other_statements(policy, prefix)
  if (length(others) == length(statements_of(policy))) {
    return(invisible(NULL))
  }
  policy$Statement <- others
  if (length(others)) {
    put_policy(session, bucket, policy)
  } else {
    s3_send(session, policy_request("DELETE", bucket, "s3:DeleteBucketPolicy"))
  }
  invisible(NULL)
}

# What was published by us, in byte order.
s3_published <- function(session, bucket) {
  resources <- lapply(
    statements_of(get_policy(session, bucket)),
    function(one) {
      if (is_string(one$Sid) && startsWith(one$Sid, sid_start)) {
        unlist(one$Resource)
      }
    }
  )
  resources <- as.character(unlist(resources))
  start <- regexpr(":s3:::", resources, fixed = TRUE)
  rest <- substring(resources, start + nchar(":s3:::"))
  here <- start > 0 & startsWith(rest, paste0(bucket, "/"))
  prefixes <- sub("[*]$", "", substring(rest[here], nchar(bucket) + 2))
  prefixes[byte_order(prefixes)]
}

public_sid <- function(prefix) paste0(sid_start, short_digest(prefix))

short_digest <- function(prefix) {
  substr(hex_sha256(charToRaw(enc2utf8(prefix))), 1, 12)
}

# A policy with one statement may hold it without a list around it.
statements_of <- function(policy) {
  found <- policy$Statement
  if (!is.null(names(found))) list(found) else found
}

other_statements <- function(policy, prefix) {
  sid <- public_sid(prefix)
  Filter(function(one) !identical(one$Sid, sid), statements_of(policy))
}

policy_request <- function(method, bucket, permission) {
  list(
    method = method,
    bucket = bucket,
    query = c(policy = ""),
    verb = if (method == "GET") {
      "read the policy of"
    } else {
      "change the policy of"
    },
    permission = permission
  )
}

# The policy as lists, NULL where there is none.
get_policy <- function(session, bucket) {
  response <- s3_send_optional(
    session,
    policy_request("GET", bucket, "s3:GetBucketPolicy"),
    "NoSuchBucketPolicy"
  )
  if (is.null(response)) {
    return(NULL)
  }
  text <- rawToChar(response$body)
  Encoding(text) <- "UTF-8"
  policy <- tryCatch(parse_json(text), error = function(error) NULL)
  if (is.null(names(policy)) || !is.list(policy$Statement)) {
    cf_abort(
      "unavailable",
      sprintf("Can't read the policy of s3://%s: it is no policy.", bucket),
      bucket = bucket
    )
  }
  policy
}

put_policy <- function(session, bucket, policy) {
  request <- policy_request("PUT", bucket, "s3:PutBucketPolicy")
  body <- charToRaw(write_json(policy))
  request$body <- body
  request$headers <- c(
    "Content-Type" = "application/json",
    "Content-MD5" = base64_digest(body, "md5")
  )
  tryCatch(
    s3_send(session, request),
    crossframe_error_access_denied = function(error) {
      error$hint <- public_hint
      error$message <- paste(
        c(error$problem, error$detail, error$hint),
        collapse = "\n  "
      )
      stop(error)
    }
  )
}

public_hint <- paste(
  "On AWS the bucket's \"Block public access\" has to be off, too,",
  "for what everybody may read."
)

# The answer, or NULL where the server says that there is no such setting.
s3_send_optional <- function(session, request, code) {
  tryCatch(
    s3_send(session, request),
    crossframe_error_store = function(error) {
      if (identical(error$code, code)) NULL else stop(error)
    }
  )
}
