# From a URI or path to a store and a key; and the root that relative keys are below.

# list(store, key, whole) of a URI, path or relative key; `whole` where it is not below the root by its
# own words, so that keys given back are whole, too: see shown_keys().
#
# root: what relative keys are below, where not the session's: a URI, a path or a store.
# options: arguments of cf_store_s3() besides the bucket.
resolve <- function(uri, root = NULL, options = list()) {
  if (is_store(uri)) {
    return(new_location(uri, ""))
  }
  parsed <- parse_uri(uri)
  if (parsed$scheme == "file" && !startsWith(parsed$key, "/")) {
    root <- resolve_root(if (is.null(root)) current_root() else root, options)
    return(new_location(root, parsed$key))
  }
  within <- if (parsed$scheme == "file") key_within_root(parsed$key, root)
  if (!is.null(within)) {
    return(within)
  }
  switch(
    parsed$scheme,
    s3 = new_location(
      s3_store_for(parsed$bucket, options),
      parsed$key,
      whole = TRUE
    ),
    file = resolve_path(parsed$key),
    resolve_link(parsed, options)
  )
}

# Why not kept: a signed link is good for one object, and a secret.
resolve_link <- function(parsed, options) {
  url <- paste0(parsed$scheme, "://", parsed$bucket, parsed$key)
  store <- store_https(url, options)
  new_location(store, attr(store, "key"), whole = TRUE)
}

new_location <- function(store, key, whole = FALSE) {
  list(store = store, key = key, whole = whole)
}

# A location's key, or others of its store, as users are given it: what they can pass back.
shown_key <- function(location, key = location$key) {
  if (grepl("^https?:", location$store$uri)) {
    # A link without its query, which is a secret.
    return(paste0(location$store$uri, "/", uri_encode(key, keep_slash = TRUE)))
  }
  shown_keys(location$store$uri, key, location$whole)
}

# Within the root an absolute path is a key, so that both ways to write it are one object; else NULL.
key_within_root <- function(path, root) {
  root <- if (is.null(root)) current_root() else root
  if (is_store(root) || parse_uri(root)$scheme != "file") {
    return(NULL)
  }
  store <- resolve_root(root)
  start <- paste0(substring(store$uri, nchar("file://") + 1), "/")
  if (startsWith(path, start)) {
    new_location(store, substring(path, nchar(start) + 1), whole = TRUE)
  }
}

# An absolute path lies below its folder; of a pattern, below the part without special signs.
resolve_path <- function(path) {
  literal <- sub("[*?{\\[].*$", "", path)
  parent <- sub("/[^/]*$", "", literal)
  new_location(
    cf_store_folder(if (nzchar(parent)) parent else "/"),
    substring(path, nchar(parent) + 2),
    whole = TRUE
  )
}

# The store of a root; what lies below a prefix of a bucket is one, with keys as a folder has them.
resolve_root <- function(root, options = list()) {
  if (is_store(root)) {
    return(root)
  }
  parsed <- parse_uri(root)
  if (parsed$scheme == "s3") {
    store <- s3_store_for(parsed$bucket, options)
    prefix <- sub("/+$", "", parsed$key)
    return(
      if (nzchar(prefix)) store_below(store, paste0(prefix, "/")) else store
    )
  }
  if (parsed$scheme != "file") {
    cf_abort(
      "invalid_uri",
      sprintf(
        "The root must be a folder or s3://bucket/prefix, not '%s'.",
        without_secrets(root)
      )
    )
  }
  cf_store_folder(if (nzchar(parsed$key)) parsed$key else getwd())
}

# The option goes before the variable: what the script says before what the machine says.
current_root <- function() {
  root <- getOption("crossframe.root")
  if (is.null(root)) {
    root <- env_value("CROSSFRAME_ROOT")
  }
  if (is.null(root)) getwd() else root
}

#' Set where relative keys are
#'
#' The same script runs on a folder and on a bucket by changing the root. Without this call it is the
#' option `crossframe.root`, else the environment variable `CROSSFRAME_ROOT`, else the working folder.
#'
#' @param root `"s3://bucket/prefix"`, a folder, a store such as [cf_store_memory()], or `NULL` for
#'   the default.
#' @returns The root that was set before, invisibly.
#' @section Errors:
#' `crossframe_error_invalid_uri`: neither a folder nor an S3 URI.
#' @examples
#' old <- cf_set_root(cf_store_memory())
#' cf_set_root(old)
#' @export
cf_set_root <- function(root) {
  if (!is.null(root)) {
    resolve_root(root)
  }
  old <- options(crossframe.root = root)
  invisible(old$crossframe.root)
}

# ---- S3 stores are kept, with the connection and the region they have found ----

s3_stores <- new.env(parent = emptyenv())

s3_store_for <- function(bucket, options = list()) {
  kept_as <- store_fingerprint(bucket, options)
  if (is.null(s3_stores[[kept_as]])) {
    assign(
      kept_as,
      do.call(cf_store_s3, c(list(bucket = bucket), options)),
      envir = s3_stores
    )
  }
  s3_stores[[kept_as]]
}

# What decides on a store: the variables and files too, since renewed keys must be noticed.
# Why a digest: no secret is to lie about as a name.
store_fingerprint <- function(bucket, options) {
  variables <- Sys.getenv()
  variables <- variables[startsWith(names(variables), "AWS_")]
  files <- file.mtime(profile_files())
  hex_sha256(serialize(
    list(bucket, options, names(variables), unname(variables), files),
    NULL
  ))
}
