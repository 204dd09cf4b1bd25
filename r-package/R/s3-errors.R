# S3's answers as our errors; s3_errors.csv says which is which.

# list(error, code, message, status, region, time) of an answer that is no success.
s3_error_of <- function(response, request) {
  fields <- s3_error_fields(response$body)
  region <- response$headers["x-amz-bucket-region"]
  if (is.na(region)) {
    region <- fields["Region"]
  }
  list(
    error = if (is_no_such_version(response, request, fields[["Code"]])) {
      "object_not_found"
    } else {
      s3_error_name(fields, response$status)
    },
    code = fields[["Code"]],
    message = fields[["Message"]],
    status = response$status,
    region = if (!is.na(region)) unname(region),
    request_time = fields["RequestTime"],
    server_time = c(fields["ServerTime"], response$headers["date"]),
    location = response$headers["location"]
  )
}

# The children of <Error>; "" for what is missing. Not XML at all: a proxy's page, kept out of messages.
s3_error_fields <- function(body) {
  fields <- c(Code = "", Message = "")
  document <- tryCatch(xml2::read_xml(body), error = function(error) NULL)
  if (!is.null(document) && xml2::xml_name(document) == "Error") {
    nodes <- xml2::xml_children(document)
    found <- xml2::xml_text(nodes)
    names(found) <- xml2::xml_name(nodes)
    fields <- c(found, fields)
  }
  fields
}

# A version id that no server could have given, and one that is the mark of a deletion.
is_no_such_version <- function(response, request, code) {
  "versionId" %in%
    names(request$query) &&
    (code %in%
      c("InvalidArgument", "NoSuchVersion") ||
      identical(unname(response$headers["x-amz-delete-marker"]), "true"))
}

s3_error_name <- function(fields, status) {
  code <- fields[["Code"]]
  table <- shared_table("s3_errors")
  row <- if (nzchar(code)) match(code, table$code) else NA
  if (is.na(row) && grepl("hecksum", paste(code, fields[["Message"]]))) {
    return("not_supported")
  }
  if (is.na(row)) {
    row <- which(table$code == "" & table$status == as.character(status))[1]
  }
  if (is.na(row)) "unavailable" else table$error[row]
}

# What a caller needs to be allowed, by method; a listing has no key.
s3_permission <- function(request) {
  if (!is.null(request$permission)) {
    return(request$permission)
  }
  if (!nzchar(request$bucket)) {
    return("s3:ListAllMyBuckets")
  }
  if (!nzchar(request$key)) {
    return("s3:ListBucket")
  }
  switch(
    request$method,
    PUT = ,
    POST = "s3:PutObject",
    DELETE = "s3:DeleteObject",
    "s3:GetObject"
  )
}

s3_verb <- function(request) {
  if (!is.null(request$verb)) {
    return(request$verb)
  }
  if (!nzchar(request$key)) {
    return("list")
  }
  switch(
    request$method,
    PUT = ,
    POST = "write",
    DELETE = "delete",
    HEAD = "look at",
    "read"
  )
}

# Stop with our error for an answer. `failed` is what s3_judge() made of it.
s3_abort <- function(session, request, failed) {
  words <- s3_words(session, request, failed)
  cf_abort(
    failed$error,
    words$problem,
    words$detail,
    words$hint,
    key = request$key,
    bucket = request$bucket,
    endpoint = endpoint_text(session),
    status = failed$status,
    code = failed$code,
    attempts = failed$attempts
  )
}

# Problem, detail and hint, in the words of python/crossframe/stores/s3_answers.py and
# s3_failures.py.
s3_words <- function(session, request, failed) {
  uri <- if (nzchar(request$bucket)) {
    paste0("s3://", request$bucket)
  } else {
    "the buckets"
  }
  problem <- paste(
    "Can't",
    s3_verb(request),
    if (nzchar(request$key)) paste0("'", request$key, "' in"),
    uri
  )
  problem <- gsub(" +", " ", problem)
  server <- sprintf(
    "The endpoint is %s (from %s).",
    endpoint_text(session),
    session$endpoint$source
  )
  caller <- sprintf(
    "Used access key '%s' from %s.",
    session$credentials$access_key,
    session$credentials$source
  )
  answer <- s3_answer_text(failed)
  switch(
    failed$error,
    object_not_found = list(
      problem = sprintf("Can't find %s in %s.", s3_object_text(request), uri)
    ),
    bucket_not_found = list(
      problem = sprintf("Can't find the bucket %s.", uri),
      detail = server,
      hint = "Is the name right, and the endpoint the one that has it? List the buckets to see which there are."
    ),
    access_denied = denied_words(problem, request, failed, answer, caller),
    credentials = list(
      problem = paste0(problem, ": the store does not accept the credentials."),
      detail = paste(answer, caller, server),
      hint = "Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY (and AWS_SESSION_TOKEN), or name a profile by AWS_PROFILE."
    ),
    signature = list(
      problem = paste0(problem, ": the signature does not match."),
      detail = paste(caller, server),
      hint = "Is AWS_SECRET_ACCESS_KEY right, and the one of this AWS_ACCESS_KEY_ID?"
    ),
    expired_token = list(
      problem = paste0(problem, ": the session token has expired."),
      detail = paste0(answer, " ", caller, token_end(session)),
      hint = "Get new keys from where these came (for single sign-on: `aws sso login`), and set all three of them."
    ),
    clock_skew = list(
      problem = paste0(problem, ": this machine's clock is wrong."),
      detail = skew_text(failed),
      hint = "Set the clock, e.g. by `timedatectl set-ntp true`."
    ),
    store = list(
      problem = paste0(problem, ": the file can't be written."),
      detail = answer,
      hint = "Is the disk full?"
    ),
    endpoint = endpoint_words(problem, failed, answer, server),
    corrupt_object = list(
      problem = paste0(
        problem,
        if (request$method == "PUT") damaged_upload else damaged_download
      ),
      detail = answer,
      hint = if (request$method == "PUT") "Write it again."
    ),
    precondition_failed = conflict_words(problem, failed, answer),
    unavailable = unavailable_words(problem, failed, paste(answer, server)),
    not_supported = list(
      problem = paste0(problem, ": the server can't."),
      detail = answer,
      hint = old_server
    ),
    list(problem = paste0(problem, "."), detail = answer)
  )
}

s3_object_text <- function(request) {
  object <- sprintf("object '%s'", request$key)
  if (!"versionId" %in% names(request$query)) {
    return(object)
  }
  sprintf("version '%s' of %s", request$query[["versionId"]], object)
}

denied_words <- function(problem, request, failed, answer, caller) {
  if (identical(failed$code, "InvalidObjectState")) {
    return(list(
      problem = paste0(problem, ": it is archived."),
      detail = answer,
      hint = "Restore it from the archive first."
    ))
  }
  permission <- s3_permission(request)
  list(
    problem = paste0(problem, ": access denied."),
    detail = sprintf("It needs the permission %s. %s", permission, caller),
    hint = if (startsWith(permission, "s3:GetObject")) {
      "A key that does not exist is denied, too, without s3:ListBucket."
    }
  )
}

old_server <- paste(
  "If the server does not know the newer checksums:",
  "set AWS_REQUEST_CHECKSUM_CALCULATION=when_required."
)

# Nobody knows who was first, so nothing is said of what is there.
conflict_words <- function(problem, failed, answer) {
  if (!identical(failed$code, "ConditionalRequestConflict")) {
    return(list(problem = paste0(problem, "."), detail = answer))
  }
  list(
    problem = paste0(problem, ": others write to it all the time."),
    detail = answer,
    hint = "Try again later."
  )
}

# A refusal that we do not know the reason of is no failure that passes.
unavailable_words <- function(problem, failed, detail) {
  if (failed$attempts == 1 && failed$status >= 300 && failed$status < 500) {
    return(list(
      problem = paste0(problem, ": the server refuses."),
      detail = detail
    ))
  }
  list(
    problem = sprintf(
      "%s: the server failed %s.",
      problem,
      count_times(failed$attempts)
    ),
    detail = detail,
    hint = "Try again later."
  )
}

# When the token ended, where that is known: those of a role or of single sign-on tell.
token_end <- function(session) {
  end <- session$credentials$expires
  if (is.null(end) || is.na(end)) {
    return("")
  }
  sprintf(" It ended at %s.", format(end, "%Y-%m-%dT%H:%M:%SZ", tz = "UTC"))
}

skew_text <- function(failed) {
  here <- failed$request_time
  if (is.null(here) || is.na(here)) {
    here <- format(Sys.time(), "%Y-%m-%dT%H:%M:%SZ", tz = "UTC")
  }
  there <- c(failed$server_time[!is.na(failed$server_time)], "not known")[1]
  sprintf("Time of the request: %s; time of the server: %s.", here, there)
}

damaged_upload <- ": the bytes were damaged on their way."
damaged_download <- ": the bytes that came are not those that were stored, twice."

# Status, code and message as one sentence; or what broke the connection, or what is wrong with the bytes.
s3_answer_text <- function(failed) {
  if (is.null(failed$code)) {
    return(sprintf("Got: %s.", sub("\\.$", "", failed$message)))
  }
  head <- trimws(paste(failed$status, failed$code))
  message <- sub("\\.$", "", failed$message)
  sprintf(
    "The server answered %s%s.",
    head,
    if (nzchar(message)) paste0(": ", message) else ""
  )
}

endpoint_words <- function(problem, failed, answer, server) {
  if (failed$status > 0) {
    hint <- "Set the bucket's region by AWS_REGION, or its endpoint."
    return(list(
      problem = paste0(problem, ": the bucket is elsewhere."),
      detail = paste(answer, server),
      hint = hint
    ))
  }
  if (grepl("proxy", failed$message, ignore.case = TRUE)) {
    hint <- "Is HTTPS_PROXY (for http:// HTTP_PROXY) right? NO_PROXY names the hosts that need none."
    return(list(
      problem = paste0(problem, ": the proxy can't be reached."),
      detail = paste(server, answer),
      hint = hint
    ))
  }
  if (grepl("certificate|SSL|TLS|CA cert", failed$message)) {
    return(list(
      problem = paste0(problem, ": no trusted connection."),
      detail = paste(answer, server),
      hint = trust_hint(failed$message)
    ))
  }
  hint <- "Is the endpoint right, and the network up?"
  list(
    problem = paste0(problem, ": the server can't be reached."),
    detail = paste(server, answer),
    hint = hint
  )
}

trust_hint <- function(message) {
  if (grepl("wrong version number", message, fixed = TRUE)) {
    return(
      "Does the server speak plain http? Then write http:// in front of the endpoint."
    )
  }
  # As different versions of libcurl and OpenSSL have it.
  unread <- "verify locations|setting certificate|CA cert|[Ee]rror adding trust"
  if (grepl(unread, message)) {
    return(
      "Is there a certificate in the file that verify= or AWS_CA_BUNDLE names?"
    )
  }
  "Name the authority's certificate by AWS_CA_BUNDLE."
}

count_times <- function(n) if (n == 1) "once" else paste(n, "times")
