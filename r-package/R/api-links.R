# Access for others: links that carry their own permission, and what anybody may read.

#' Links for others: to fetch an object, or to upload one
#'
#' `cf_share()` gives a link that fetches one object; `cf_request()` one that uploads to one key. Whoever
#' has the link needs no account, R or Python: [cf_load()] takes it, so does a browser or `curl`. Treat it as a
#' password: it is not printed in messages of this package. It can't be taken back before it ends, but
#' the object can be deleted. The link is to one object: a CSV goes without its sidecar, of which a warning of class
#' `crossframe_warning_lossy_conversion` tells.
#'
#' An upload: `curl --upload-file d.csv "<link>"`.
#'
#' @inheritParams cf_save
#' @param expires How long the link works: `"45s"`, `"30m"`, `"12h"`, `"1d"`, `"2w"`, a number of seconds,
#'   or a difftime; at most 7 days.
#' @param version String; version id, by default what is newest when the link is used.
#' @returns A string of class `crossframe_link`, with attributes `expires` (POSIXct, UTC: its true end, which is
#'   that of the session token where it ends earlier; then a warning of class `crossframe_warning_link` says so)
#'   and `verb` (`"get"` or `"put"`).
#' @section Errors:
#' `crossframe_error_usage` (no length of time, or more than 7 days), `crossframe_error_object_not_found` (nothing
#' to share), `crossframe_error_not_supported` (a folder gives no links), `crossframe_error_credentials` and other
#' kinds of `crossframe_error_store`.
#' @section Source:
#' Amazon S3 API Reference, "Authenticating Requests: Using Query Parameters (AWS Signature Version 4)".
#' @seealso [cf_publish()] for links that stay
#' @examples
#' \dontrun{
#' link <- cf_share("s3://lab-data/runs/a.csv", "2d")
#' attr(link, "expires")
#' cf_load(link)
#' cf_request("s3://lab-data/incoming/b.csv", "12h")
#' }
#' old <- cf_set_root(tempfile())
#' cf_save(cars, "cars.csv")
#' tryCatch(cf_share("cars.csv"), crossframe_error_not_supported = conditionMessage)
#' cf_set_root(old)
#' @export
cf_share <- function(
  uri,
  expires = "1d",
  ...,
  version = NULL,
  options = list()
) {
  check_empty(...)
  seconds <- seconds_of(expires)
  location <- one_object(uri, options)
  link <- location$store$sign(
    location$key,
    verb = "get",
    expires_s = seconds,
    version = version
  )
  # Why: a link to a misspelt key would fail with somebody else.
  head_of(location, version)
  if (length(sidecar_there(location))) {
    cf_warn(
      "lossy_conversion",
      sprintf(
        "The link gives '%s' without its schema, so that types are guessed on loading.",
        shown_key(location)
      ),
      hint = "A .parquet or .rds keeps them."
    )
  }
  told_link(link)
}

#' @rdname cf_share
#' @export
cf_request <- function(uri, expires = "1d", ..., options = list()) {
  check_empty(...)
  seconds <- seconds_of(expires)
  location <- one_object(uri, options)
  check_key(location$key)
  told_link(location$store$sign(
    location$key,
    verb = "put",
    expires_s = seconds
  ))
}

one_object <- function(uri, options) {
  location <- resolve(uri, options = options)
  if (goes_into(location)) {
    cf_abort(
      "usage",
      sprintf("Can't make a link to '%s'.", shown_key(location)),
      "A link is to one object; this is a prefix.",
      "Publish it instead, or share the objects below it."
    )
  }
  location
}

told_link <- function(link) {
  if (!is.null(attr(link, "warning"))) {
    cf_warn("link", attr(link, "warning"))
  }
  link
}

#' Let anybody read an object or all below a prefix
#'
#' By a statement of its own in the bucket's policy; other statements are left as they are. The sidecar of a CSV is
#' published with it. The bucket's administrator may have forbidden it.
#'
#' @inheritParams cf_save
#' @param uri String; a key, or a prefix ending in `/` for all that is and will be below it.
#' @returns `cf_publish()`: the public URL, a string. `cf_unpublish()`: `NULL`, invisibly; no error where it was
#'   not public.
#' @section Errors:
#' `crossframe_error_access_denied`, `crossframe_error_not_supported` (a folder), and other kinds of
#' `crossframe_error_store`.
#' @section Source:
#' Amazon S3 User Guide, "Examples of Amazon S3 bucket policies".
#' @seealso [cf_share()] for links that end
#' @examples
#' \dontrun{
#' cf_publish("s3://lab-data/open/")
#' cf_unpublish("s3://lab-data/open/")
#' }
#' @export
cf_publish <- function(uri, ..., options = list()) {
  check_empty(...)
  location <- resolve(uri, options = options)
  if (!goes_into(location)) {
    head_of(location)
    for (sidecar in sidecar_there(location)) {
      location$store$publish(sidecar)
    }
  }
  location$store$publish(location$key)
}

#' @rdname cf_publish
#' @export
cf_unpublish <- function(uri, ..., options = list()) {
  check_empty(...)
  location <- resolve(uri, options = options)
  location$store$unpublish(location$key)
  if (!goes_into(location) && has_sidecar(location$key)) {
    location$store$unpublish(beside(location)$key)
  }
  invisible(NULL)
}
