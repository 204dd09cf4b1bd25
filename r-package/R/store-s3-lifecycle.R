# Objects that go by themselves, by rules of our own in the bucket's lifecycle; the others stay.
# Source: Amazon S3 API Reference, "PutBucketLifecycleConfiguration".

rule_start <- "crossframe-expire-"

# Remove what lies below `prefix` so many days after it was written; NULL takes that back.
s3_expire <- function(session, bucket, prefix, days = NULL) {
  check_days(days)
  found <- lifecycle_rules(session, bucket)
  id <- paste0(rule_start, short_digest(prefix))
  ours <- vapply(
    found$rules,
    function(rule) identical(rule_text(rule, "ID"), id),
    NA
  )
  if (is.null(days) && !any(ours)) {
    return(invisible(NULL))
  }
  document <- xml2::xml_new_root(
    "LifecycleConfiguration",
    xmlns = "http://s3.amazonaws.com/doc/2006-03-01/"
  )
  others <- found$rules[!ours]
  for (rule in others) {
    xml2::xml_add_child(document, rule)
  }
  if (!is.null(days)) {
    add_rule(document, id, prefix, days, others)
  }
  put_rules(session, bucket, document, found$headers)
}

put_rules <- function(session, bucket, document, headers) {
  if (length(xml2::xml_children(document)) == 0) {
    s3_send(session, lifecycle_request("DELETE", bucket))
    return(invisible(NULL))
  }
  body <- charToRaw(enc2utf8(as.character(document)))
  request <- lifecycle_request("PUT", bucket)
  request$body <- body
  request$headers <- c(
    "Content-Type" = "application/xml",
    "Content-MD5" = base64_digest(body, "md5"),
    headers
  )
  s3_send(session, request)
  invisible(NULL)
}

add_rule <- function(document, id, prefix, days, others) {
  rule <- xml2::xml_add_child(document, "Rule")
  xml2::xml_add_child(rule, "ID", id)
  # Why: AWS takes no mixture of the older form of rules with the newer one.
  older <- any(vapply(
    others,
    function(one) !is.na(one_text(one, "Prefix")),
    NA
  ))
  where <- if (older) rule else xml2::xml_add_child(rule, "Filter")
  xml2::xml_add_child(where, "Prefix", prefix)
  xml2::xml_add_child(rule, "Status", "Enabled")
  expiration <- xml2::xml_add_child(rule, "Expiration")
  xml2::xml_add_child(expiration, "Days", format(days, scientific = FALSE))
}

# The days of our own rules, named by prefix.
s3_expiries <- function(session, bucket) {
  rules <- Filter(
    function(rule) {
      startsWith(rule_text(rule, "ID"), rule_start) &&
        rule_text(rule, "Status") == "Enabled" &&
        nzchar(rule_text(rule, "Expiration/Days"))
    },
    lifecycle_rules(session, bucket)$rules
  )
  prefixes <- vapply(rules, "", FUN = function(rule) {
    paste0(rule_text(rule, "Filter/Prefix"), rule_text(rule, "Prefix"))
  })
  days <- vapply(rules, rule_text, "", child = "Expiration/Days")
  found <- stats::setNames(as.integer(days), prefixes)
  found[byte_order(prefixes)]
}

# "" where it has none.
rule_text <- function(rule, child) {
  found <- one_text(rule, child)
  if (is.na(found)) "" else found
}

# list(rules, headers): the rules as XML, as they are, and what else is to be put back with them.
lifecycle_rules <- function(session, bucket) {
  request <- lifecycle_request("GET", bucket)
  request$root <- "LifecycleConfiguration"
  response <- s3_send_optional(
    session,
    request,
    "NoSuchLifecycleConfiguration"
  )
  if (is.null(response)) {
    return(list(rules = list(), headers = character()))
  }
  minimum <- "x-amz-transition-default-minimum-object-size"
  list(
    rules = as.list(xml2::xml_find_all(xml_root(response$body), "./Rule")),
    headers = response$headers[names(response$headers) == minimum]
  )
}

lifecycle_request <- function(method, bucket) {
  reads <- method == "GET"
  list(
    method = method,
    bucket = bucket,
    query = c(lifecycle = ""),
    verb = if (reads) {
      "read the lifecycle rules of"
    } else {
      "write the lifecycle rules of"
    },
    permission = if (reads) {
      "s3:GetLifecycleConfiguration"
    } else {
      "s3:PutLifecycleConfiguration"
    }
  )
}
