# What a key held before: listed, loaded (version =), brought back; a CSV's sidecar goes with its data.

#' List versions, bring one back
#'
#' A folder keeps the last ten contents of each key (`CROSSFRAME_VERSIONS`, 0 for none); a bucket keeps them where
#' versioning is on ([cf_make_bucket()]). [cf_load()] and [cf_download()] take `version=`. Nothing is lost by bringing a
#' version back: it becomes the newest, before those that were newer. The sidecar of a CSV comes back with its data.
#'
#' @inheritParams cf_save
#' @param uri String; a key; for `cf_versions()` also a prefix ending in `/`, for everything below.
#' @param version String; which version, by default the last content, so that a deletion is undone; a key that
#'   was not deleted is left as it is.
#' @returns `cf_versions()`: a data frame, keys in byte order and the newest version first: `key`, `version` (id),
#'   `modified` (POSIXct, UTC: written, or deleted), `size` (bytes), `etag`, `latest` (what the key holds now),
#'   `deleted` (the mark of a deletion). `cf_restore()`: invisibly a list of `key`, `uri`, `bytes`, `etag`, `version`.
#' @section Errors:
#' `crossframe_error_object_not_found` (no version of that key, or no such version), `crossframe_error_not_supported`
#' and other kinds of `crossframe_error_store`.
#' @section Source:
#' Amazon S3 API Reference, "ListObjectVersions".
#' @examples
#' old <- cf_set_root(tempfile())
#' cf_save(cars, "cars.csv")
#' cf_save(women, "cars.csv")
#' kept <- cf_versions("cars.csv")
#' cf_load("cars.csv", version = kept$version[2])
#' cf_delete("cars.csv")
#' cf_restore("cars.csv", kept$version[2])
#' identical(cf_load("cars.csv"), cars)
#' cf_set_root(old)
#' @export
cf_versions <- function(uri, ..., options = list()) {
  check_empty(...)
  location <- resolve(uri, options = options)
  one <- !goes_into(location)
  found <- location$store$versions(location$key, exact = one)
  if (one && !nrow(found)) {
    stop(with_near_miss(
      cf_error(
        "object_not_found",
        sprintf(
          "Can't find a version of '%s' in %s.",
          location$key,
          location$store$uri
        ),
        key = location$key,
        uri = location$store$uri
      ),
      location
    ))
  }
  found$key <- shown_key(location, found$key)
  found
}

#' @rdname cf_versions
#' @export
cf_restore <- function(uri, version = NULL, ..., options = list()) {
  check_empty(...)
  location <- resolve(uri, options = options)
  written <- if (has_sidecar(location$key)) when_written(location, version)
  meta <- location$store$restore(location$key, version)
  if (has_sidecar(location$key)) {
    restore_sidecar(location, written)
  }
  invisible(told(meta, location))
}

# When a version, by default the last content, was written; NULL where there is none.
when_written <- function(location, version) {
  kept <- location$store$versions(location$key, exact = TRUE)
  kept <- kept[!kept$deleted & (is.null(version) | kept$version == version), ]
  if (nrow(kept)) kept$modified[1L]
}

restore_sidecar <- function(location, written) {
  digest <- with_fetched(location, NULL, function(path, meta) file_md5(path))
  sidecar <- beside(location)
  found <- fitting_sidecar(
    sidecar,
    sidecar_versions(sidecar, written),
    digest
  )
  if (!is.null(found) && !identical(found$text, read_sidecar(location))) {
    sidecar$store$restore(sidecar$key, found$version)
  }
}

# The versions of a sidecar with content, that which was written right after its data first. Why those
# after it: what is written twice with other types may have the same bytes.
sidecar_versions <- function(sidecar, written) {
  kept <- sidecar$store$versions(sidecar$key, exact = TRUE)
  kept <- kept[rev(which(!kept$deleted)), ]
  if (is.null(written)) {
    return(kept)
  }
  away <- as.numeric(kept$modified) - as.numeric(written)
  kept[order(away < 0, abs(away)), ]
}

# Why a limit: each is a request. The one written next to the data comes first, so that it is nearly always it.
most_sidecars_tried <- 20L

# The version, list(version, text), that says by its hash that it belongs to the data; NULL for none.
fitting_sidecar <- function(sidecar, kept, digest) {
  for (at in seq_len(min(nrow(kept), most_sidecars_tried))) {
    text <- sidecar_text(sidecar$store$get(
      sidecar$key,
      version = kept$version[at]
    ))
    if (identical(hash_in_sidecar(text), digest)) {
      return(list(version = kept$version[at], text = text))
    }
  }
  NULL
}

# NULL where the text is no sidecar that says it.
hash_in_sidecar <- function(text) {
  document <- tryCatch(parse_json(text), error = function(condition) NULL)
  hash <- if (is.list(document)) document[["hash"]]
  if (is_string(hash)) sub("^md5:", "", hash)
}

# The text of the sidecar that was written for a version of a CSV; NULL for none.
sidecar_of_version <- function(location, digest, meta) {
  sidecar <- beside(location)
  kept <- tryCatch(
    sidecar_versions(sidecar, meta$modified),
    crossframe_error_not_supported = function(condition) NULL,
    crossframe_error_access_denied = function(condition) {
      cf_warn(
        "stale_schema",
        sprintf(
          "Can't look for the schema of that version of '%s': %s",
          shown_key(location),
          condition$problem
        )
      )
      NULL
    }
  )
  if (!is.null(kept)) {
    fitting_sidecar(sidecar, kept, digest)$text
  }
}

file_md5 <- function(path) {
  connection <- file(path, "rb", raw = TRUE)
  on.exit(close(connection))
  hex_text(openssl::md5(connection))
}
