# What the functions with aws.s3's names share: its words for places, options, files and content.

# Of save(): list and compress are followed, the others change nothing that load() would see.
save_arguments <- c(
  "list",
  "compress",
  "ascii",
  "version",
  "compression_level",
  "eval.promises",
  "precheck",
  "safe"
)

connection_arguments <- c(
  "base_url",
  "use_https",
  "region",
  "key",
  "secret",
  "session_token",
  "check_region",
  "verbose",
  "show_progress",
  "multipart",
  "partsize",
  "acl",
  "headers",
  "dualstack",
  "accelerate",
  "url_style"
)

# list(store, key) of what aws.s3 takes for object and bucket.
aws_location <- function(object, bucket, options = list()) {
  location <- aws_place(object, bucket, aws_options(options))
  if (isTRUE(options$verbose)) {
    message("S3: ", uri_of(location))
  }
  location
}

aws_place <- function(object, bucket, options) {
  if (inherits(object, "s3_object")) {
    bucket <- object$Bucket
    object <- object$Key
  }
  if (!is_string(object)) {
    cf_abort("invalid_key", "The argument 'object' must be one string.")
  }
  if (grepl("^s3://", object)) {
    return(resolve(object, options = options))
  }
  key <- sub("^/+", "", object)
  if (missing(bucket) || is.null(bucket) || identical(bucket, "")) {
    place <- resolve(".", options = options)
    return(list(store = place$store, key = paste0(place$key, key)))
  }
  if (is_store(bucket)) {
    return(list(store = bucket, key = key))
  }
  name <- aws_bucket_name(bucket)
  if (grepl("^[/~.]", name)) {
    return(list(store = cf_store_folder(parse_uri(name)$key), key = key))
  }
  place <- resolve(
    if (grepl("://", name, fixed = TRUE)) name else paste0("s3://", name),
    options = options
  )
  list(store = place$store, key = paste0(place$key, key))
}

aws_bucket_name <- function(bucket) {
  if (missing(bucket) || is.null(bucket)) {
    return(NA_character_)
  }
  if (is_store(bucket)) {
    return(bucket$uri)
  }
  if (inherits(bucket, "s3_bucket")) {
    attr(bucket, "Name")
  } else {
    as.character(bucket)[1L]
  }
}

# aws.s3's words for how to reach a server as arguments of cf_store_s3().
aws_options <- function(given) {
  given <- as.list(given)
  text <- function(name) {
    value <- given[[name]]
    if (is_string(value) && nzchar(value)) value
  }
  host <- text("base_url")
  options <- list(
    # Why: aws.s3's own default, which means AWS.
    endpoint = if (!identical(host, "s3.amazonaws.com")) host,
    region = text("region"),
    access_key = text("key"),
    secret_key = text("secret"),
    session_token = text("session_token"),
    use_https = if (!is.null(given$use_https)) isTRUE(given$use_https)
  )
  Filter(Negate(is.null), options)
}

aws_compression <- function(compress) {
  if (is.null(compress) || isTRUE(compress)) {
    return("gzip")
  }
  if (isFALSE(compress)) NULL else format_row(compress, "compression")$name
}

# TRUE, as aws.s3's put_object(). options: of `...` and `opts`, for what they say of the object.
aws_put <- function(location, data, choice = NULL, options = list()) {
  by_key <- split_extensions(location$key)$format
  if (is.null(choice) && !is.na(by_key)) {
    choice <- list(
      format = by_key,
      compression = sniff_compression(first_bytes(data))
    )
  }
  about <- aws_about(options)
  media_type <- about$media_type
  if (is.null(media_type) && !is.null(choice)) {
    media_type <- format_media_type(choice)
  }
  put <- function() {
    location$store$put(
      location$key,
      data,
      media_type = media_type,
      metadata = about$metadata
    )
  }
  watched(options, length(data), put())
  TRUE
}

aws_put_file <- function(location, path, options = list()) {
  if (!is_string(path) || !is_file(path)) {
    cf_abort(
      "usage",
      sprintf("Can't find the file '%s'.", paste(format(path), collapse = ", "))
    )
  }
  about <- aws_about(options)
  put <- function() {
    put_from(
      path,
      location,
      media_type = about$media_type,
      metadata = about$metadata
    )
  }
  watched(options, file.size(path), put())
  TRUE
}

# What aws.s3's headers and acl say of an object, as list(media_type =, metadata =).
aws_about <- function(options) {
  headers <- c(character(), unlist(options$headers))
  names(headers) <- tolower(names(headers))
  noted <- startsWith(names(headers), "x-amz-meta-")
  metadata <- headers[noted]
  names(metadata) <- substring(names(metadata), nchar("x-amz-meta-") + 1L)
  acl <- c(options$acl, headers["x-amz-acl"])
  acl <- setdiff(acl[!is.na(acl)], "private")
  known <- c("content-type", "content-length", "content-md5", "x-amz-acl")
  unknown <- setdiff(names(headers)[!noted], known)
  if (length(acl)) {
    warn_ignored(
      sprintf("the ACL '%s'", acl[1L]),
      "cf_publish() lets anybody read an object."
    )
  }
  if (length(unknown)) {
    warn_ignored(sprintf("the header '%s'", unknown[1L]))
  }
  list(
    media_type = if ("content-type" %in% names(headers)) {
      headers[["content-type"]]
    },
    metadata = if (any(noted)) metadata
  )
}

# Why a warning: a script that asks for encryption or a reader must learn that it got neither.
warn_ignored <- function(what, hint = NULL) {
  cf_warn("ignored", sprintf("Stored without %s.", what), NULL, hint)
}

# Run code that moves `total` bytes under a bar, where `show_progress` asks for one.
watched <- function(options, total, code) {
  moved <- function() {
    value <- code
    progress_complete(total)
    value
  }
  with_progress(total, moved(), show = isTRUE(options$show_progress))
}

size_there <- function(location) {
  meta <- head_if_there(location)
  if (is.null(meta)) 0 else meta$size
}

# The path behind a connection to a file, by which aws.s3 names the object.
connected_file <- function(what) {
  if (inherits(what, "connection")) {
    about <- summary(what)
    if (about$class == "file") about$description
  }
}

aws_tempfile <- function(key, filename = NULL) {
  if (is_string(filename)) {
    file.path(tempdir(TRUE), basename(filename))
  } else {
    temporary_for(key)
  }
}

content_of <- function(what) {
  if (is.raw(what)) {
    return(what)
  }
  if (inherits(what, "connection")) {
    return(read_connection(what))
  }
  if (!is.character(what)) {
    cf_abort(
      "usage",
      sprintf("Can't put a value of class '%s'.", class(what)[1L]),
      "must be raw, text or a file"
    )
  }
  if (
    length(what) == 1L &&
      !is.na(split_extensions(what)$format) &&
      !grepl("[[:space:]]", what)
  ) {
    # Why: a file's name spelt wrongly must not become the object.
    cf_abort(
      "usage",
      sprintf("Can't find the file '%s'.", what),
      NULL,
      "Is it the content? Then use charToRaw()."
    )
  }
  charToRaw(enc2utf8(paste(what, collapse = "\n")))
}

read_connection <- function(connection) {
  if (!isOpen(connection)) {
    open(connection, "rb")
    on.exit(close(connection))
  }
  pieces <- list()
  repeat {
    piece <- readBin(connection, "raw", 2^20)
    if (!length(piece)) {
      return(do.call(c, c(list(raw()), pieces)))
    }
    pieces[[length(pieces) + 1L]] <- piece
  }
}

# Why the checks: R only warns on a full disk.
write_file <- function(data, path) {
  refuse <- function(condition) {
    cf_abort(
      "unavailable",
      sprintf("Can't write the file '%s'.", path),
      conditionMessage(condition)
    )
  }
  tryCatch(writeBin(data, path), error = refuse, warning = refuse)
  if (!identical(as.numeric(file.size(path)), as.numeric(length(data)))) {
    cf_abort(
      "unavailable",
      sprintf("Can't write the file '%s' whole.", path),
      "the disk may be full"
    )
  }
}

format_count <- function(count) {
  format(count, scientific = FALSE, trim = TRUE, digits = 15L)
}
